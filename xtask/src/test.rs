//! `cargo xtask test`: everything, installing what the tests need.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};

use crate::process::{cargo, step, workspace};

/// Python packages that tests use as independent readers and as sources of public data.
const PYTHON_PACKAGES: [&str; 38] = [
    "vega_datasets==0.9.0",
    "aiosmtpd==1.4.6",
    "atpublic==9.0.0",
    "attrs==26.1.0",
    "openpyxl==3.1.5",
    "et_xmlfile==2.0.0",
    "pymongo==4.20.1",
    "dnspython==2.9.2",
    // A server that speaks S3, a client for it, and what the two need.
    "moto==5.2.5",
    "boto3==1.44.8",
    "botocore==1.44.8",
    "s3transfer==0.19.3",
    "jmespath==1.1.0",
    "urllib3==2.8.0",
    "python-dateutil==2.9.0.post0",
    "six==1.17.0",
    "requests==2.34.2",
    "certifi==2026.10.19.post1",
    "charset-normalizer==3.5.2",
    "idna==3.20",
    "responses==0.26.3",
    "xmltodict==1.0.4",
    "Werkzeug==3.1.9",
    "MarkupSafe==3.0.4",
    "Jinja2==3.1.6",
    "Flask==3.1.3",
    "flask-cors==6.0.5",
    "blinker==1.9.0",
    "click==8.5.1",
    "itsdangerous==2.2.0",
    "py-partiql-parser==0.6.3",
    "PyYAML==6.0.4",
    // A server that speaks MongoDB's wire protocol, a process of its own and never linked, and what it imports.
    "secantusdb==0.7.0b3",
    "shapely==2.2.0",
    "numpy==2.4.6",
    "s2sphere==0.2.5",
    "future==1.0.0",
    "tzdata==2026.6",
];

/// Checks, builds and tests everything.
///
/// # Errors
/// Names the first step that fails.
pub fn run() -> anyhow::Result<()> {
    eprintln!("Checks, builds and tests everything; some minutes, the first time more.");
    crate::plugins::build()?;
    crate::plugins::examples::build()?;
    crate::ui::build()?;
    crate::check::run(&crate::check::Arguments::default())?;
    crate::ui::test()?;
    let packages = python_packages()?;
    browser()?;
    eprintln!("==> all tests");
    let mut tests = cargo(&["test", "--locked", "--workspace", "--no-fail-fast"])?
        .env("SANDGLASS_TEST_PYTHON", packages)
        .stdout(Stdio::piped())
        .spawn()
        .context("cargo test cannot be started")?;
    let mut sum = Sum::default();
    for line in BufReader::new(tests.stdout.take().context("its output is piped")?).lines() {
        let line = line?;
        println!("{line}");
        sum.add(&line);
    }
    let status = tests.wait()?;
    println!("{} passed, {} failed", sum.passed, sum.failed);
    if !status.success() {
        bail!("the tests failed ({status})");
    }
    Ok(())
}

/// Where Debian puts the browser that the tests of the interface drive.
const BROWSER: &str = "/usr/bin/chromium";

/// Installs the browser where it is missing.
fn browser() -> anyhow::Result<()> {
    if std::path::Path::new(BROWSER).exists() {
        return Ok(());
    }
    let install = ["install", "--yes", "--no-install-recommends", "chromium"];
    step("lists of Debian's packages", Command::new("apt-get").args(["update", "--quiet"]))?;
    step("a browser for the tests (as root)", Command::new("apt-get").args(install))
}

/// Over all test binaries.
#[derive(Debug, Default, PartialEq, Eq)]
struct Sum {
    passed: u64,
    failed: u64,
}

impl Sum {
    /// Counts a line such as `test result: ok. 3 passed; 0 failed; …`; leaves others alone.
    fn add(&mut self, line: &str) {
        let Some(result) = line.strip_prefix("test result: ") else { return };
        let number = |what: &str| {
            let words: Vec<&str> = result.split([' ', ';', '.']).filter(|word| !word.is_empty()).collect();
            let place = words.iter().position(|word| *word == what)?;
            words.get(place.checked_sub(1)?)?.parse::<u64>().ok()
        };
        self.passed += number("passed").unwrap_or(0);
        self.failed += number("failed").unwrap_or(0);
    }
}

/// A folder with the Python packages, for `PYTHONPATH`. What is in it stands in a file beside them, so that another
/// list is installed anew.
fn python_packages() -> anyhow::Result<PathBuf> {
    let folder = workspace()?.join("target/test-data");
    let marker = folder.join("installed.txt");
    let wanted = PYTHON_PACKAGES.join("\n");
    if std::fs::read_to_string(&marker).is_ok_and(|installed| installed == wanted) {
        return Ok(folder);
    }
    std::fs::create_dir_all(&folder)?;
    step(
        "Python packages for the tests",
        Command::new("python3")
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--no-deps",
                "--upgrade",
                "--root-user-action=ignore",
                "--target",
            ])
            .arg(&folder)
            .args(PYTHON_PACKAGES),
    )?;
    std::fs::write(&marker, wanted).with_context(|| format!("cannot write {}", marker.display()))?;
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_several_binaries_are_summed() {
        let mut sum = Sum::default();
        sum.add("test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.06s");
        sum.add("test something_that_failed ... ok");
        sum.add("test result: FAILED. 28 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 50.35s");
        assert_eq!(sum, Sum { passed: 31, failed: 2 });
    }
}
