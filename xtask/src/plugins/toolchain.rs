//! Where the compiler for guests comes from.
//!
//! Three sources, in this order: the target of the installed toolchain, the same target fetched by rustup, and
//! the packages of Debian or Ubuntu, whose compiler builds the standard library from its source. A machine that
//! reaches crates.io but not the server of rustup gets by with the third.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use super::guest::Guest;
use super::step::Steps;

const TARGET: &str = "wasm32-unknown-unknown";
const PROFILE: &str = "plugin";

/// What Debian calls the compiler, cargo, the source of std and the linker.
const DEBIAN_PACKAGES: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "lld-22"];
const DEBIAN_LINKER: &str = "/usr/bin/wasm-ld-22";
const DEBIAN_STD: &str = "/usr/lib/rustlib/src/rust/library/std/Cargo.toml";

/// A source that a person asked for.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Choice {
    /// The target that is there already
    Installed,
    /// The target, fetched by rustup
    Rustup,
    /// The packages of the distribution
    Debian,
}

/// A compiler that can make guests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Toolchain {
    /// The target was there.
    Installed,
    /// rustup fetched the target just now.
    Rustup,
    /// The distribution's own compiler.
    Debian,
}

impl fmt::Display for Toolchain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Installed => "the installed target wasm32-unknown-unknown",
            Self::Rustup => "the target wasm32-unknown-unknown, which rustup fetched",
            Self::Debian => {
                "Debian's compiler (the standard library is built from source, about a minute the first time)"
            }
        })
    }
}

impl Toolchain {
    /// The first source that works, or the one that was asked for.
    ///
    /// # Errors
    /// Says what was tried and what a person can do.
    pub fn choose(asked: Option<Choice>, root: &Path, steps: &Steps) -> anyhow::Result<Self> {
        match asked {
            Some(Choice::Installed) if has_target() => Ok(Self::Installed),
            Some(Choice::Installed) => bail!("the target {TARGET} is not installed"),
            Some(Choice::Rustup) => fetch_target(steps).map(|()| Self::Rustup),
            Some(Choice::Debian) => install_debian(steps).map(|()| Self::Debian),
            None => Self::first_that_works(root, steps),
        }
    }

    fn first_that_works(root: &Path, steps: &Steps) -> anyhow::Result<Self> {
        if has_target() {
            return Ok(Self::Installed);
        }
        // Remembered, because a server that cannot be reached costs its time-out on every build.
        let unreachable = root.join("target/guests/rustup-unreachable");
        let rustup = if unreachable.exists() && debian_is_installed() {
            Err(anyhow::anyhow!("did not work before ({} remembers it)", unreachable.display()))
        } else {
            fetch_target(steps)
        };
        let Err(rustup) = rustup else { return Ok(Self::Rustup) };
        steps.say(&format!("rustup: {rustup:#}"));
        match install_debian(steps) {
            Ok(()) => {
                std::fs::create_dir_all(root.join("target/guests"))?;
                std::fs::write(unreachable, format!("{rustup:#}\n"))?;
                Ok(Self::Debian)
            }
            Err(debian) => bail!(
                "no compiler for {TARGET}.\n  rustup: {rustup:#}\n  Debian: {debian:#}\nEither install the target \
                 (`rustup target add {TARGET}`) or, as root, the packages {}",
                DEBIAN_PACKAGES.join(" ")
            ),
        }
    }

    /// Compiles the crates into core modules and returns the folder that holds them.
    ///
    /// # Errors
    /// When a crate does not compile; cargo has told which by then.
    pub fn compile(self, root: &Path, guests: &[Guest]) -> anyhow::Result<PathBuf> {
        // Two compilers in one folder would rebuild everything at each change between them.
        let folder = root.join(if self == Self::Debian { "target/guests/debian" } else { "target/guests" });
        let (foreign, members): (Vec<&Guest>, Vec<&Guest>) =
            guests.iter().partition(|guest| guest.foreign_manifest().is_some());
        if !members.is_empty() {
            let mut cargo = self.cargo();
            cargo.current_dir(root).arg("build").arg("--locked");
            for guest in members {
                cargo.args(["-p", guest.package()]);
            }
            compile_into(&folder, &mut cargo)?;
        }
        for manifest in foreign.iter().filter_map(|guest| guest.foreign_manifest()) {
            // From here too, so that the same toolchain is chosen.
            let mut cargo = self.cargo();
            cargo.current_dir(root).arg("build").arg("--manifest-path").arg(manifest);
            compile_into(&folder, &mut cargo)?;
        }
        Ok(folder.join(TARGET).join(PROFILE))
    }

    fn cargo(self) -> Command {
        if self != Self::Debian {
            let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
            // Flags that are meant for this machine's processor or for coverage do not fit guests.
            for name in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_RUSTFLAGS"] {
                cargo.env_remove(name);
            }
            return cargo;
        }
        let mut cargo = Command::new("/usr/bin/cargo");
        // The calling cargo leaves its own compiler in the environment.
        for (name, _) in std::env::vars_os() {
            let named = name.to_string_lossy();
            if named.starts_with("RUST")
                || (named.starts_with("CARGO") && named != "CARGO_HOME" && named != "CARGO_BUILD_JOBS")
            {
                cargo.env_remove(&name);
            }
        }
        cargo.env("PATH", "/usr/bin:/bin");
        cargo.env("RUSTC", "/usr/bin/rustc");
        // Building std is unstable everywhere; here it is the only way to have one that fits the compiler.
        cargo.env("RUSTC_BOOTSTRAP", "1");
        cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", DEBIAN_LINKER);
        cargo.arg("-Zbuild-std=std,panic_abort");
        cargo
    }
}

fn compile_into(folder: &Path, cargo: &mut Command) -> anyhow::Result<()> {
    cargo.args(["--target", TARGET, "--profile", PROFILE]).arg("--target-dir").arg(folder);
    let status = cargo.status().with_context(|| format!("cannot start {:?}", cargo.get_program()))?;
    if !status.success() {
        bail!("the crates do not compile ({status}); the lines above say which and why");
    }
    Ok(())
}

/// Whether the compiler that builds this workspace has the target.
fn has_target() -> bool {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| OsString::from("rustc"));
    let output = Command::new(rustc).args(["--print", "target-libdir", "--target", TARGET]).output();
    output.is_ok_and(|output| {
        let folder = String::from_utf8_lossy(&output.stdout);
        Path::new(folder.trim()).read_dir().is_ok_and(|mut files| files.next().is_some())
    })
}

fn fetch_target(steps: &Steps) -> anyhow::Result<()> {
    steps.say(&format!("asking rustup for {TARGET}"));
    let mut rustup = Command::new("rustup");
    rustup.args(["target", "add", TARGET]);
    if let Some(toolchain) = std::env::var_os("RUSTUP_TOOLCHAIN") {
        rustup.arg("--toolchain").arg(toolchain);
    }
    succeed(&mut rustup)?;
    if !has_target() {
        bail!("rustup gave the target to another toolchain than the one in use");
    }
    Ok(())
}

fn debian_is_installed() -> bool {
    ["/usr/bin/cargo", "/usr/bin/rustc", DEBIAN_LINKER, DEBIAN_STD].iter().all(|file| Path::new(file).exists())
}

fn install_debian(steps: &Steps) -> anyhow::Result<()> {
    if debian_is_installed() {
        return Ok(());
    }
    if !Path::new("/usr/bin/apt-get").exists() {
        bail!("this is no Debian: there is no apt-get");
    }
    steps.say("asking apt for its list of packages");
    // A list that cannot be renewed, of whatever source, is no reason not to try with the one that is there.
    if let Err(error) = succeed(apt().args(["update", "-q"])) {
        steps.say(&format!("going on with the list as it is: {error:#}"));
    }
    steps.say(&format!("installing {} (145 MB)", DEBIAN_PACKAGES.join(", ")));
    let mut install = apt();
    install.args(["install", "-q", "-y", "--no-install-recommends"]).args(DEBIAN_PACKAGES);
    succeed(&mut install).context("not as root, or a package that this distribution does not have")?;
    if !debian_is_installed() {
        bail!(
            "the packages are installed, but one of /usr/bin/cargo, /usr/bin/rustc, {DEBIAN_LINKER} and {DEBIAN_STD} is missing"
        );
    }
    Ok(())
}

fn apt() -> Command {
    let mut apt = Command::new("apt-get");
    apt.env("DEBIAN_FRONTEND", "noninteractive");
    // Another installation may be under way.
    apt.args(["-o", "DPkg::Lock::Timeout=120"]);
    apt
}

fn succeed(command: &mut Command) -> anyhow::Result<()> {
    let status = command.status().with_context(|| format!("cannot start {:?}", command.get_program()))?;
    if !status.success() {
        bail!("{:?} ended with {status}", command.get_program());
    }
    Ok(())
}
