//! A server process on a port of its own, with a folder of its own.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::Client;

/// Administrator's token of every server that tests start.
const TOKEN: &str = "test-token-0123456789-0123456789-0123456789";

/// Runs every test of a server on another store: `mongodb`.
const STORE: &str = "SANDGLASS_TEST_STORE";

/// The database on the wire server that belongs to a data directory.
pub fn mongodb_uri(folder: &Path) -> String {
    let name: String =
        folder.display().to_string().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    // Names have 63 bytes at most; what tells folders apart stands at their end.
    let tail = name.get(name.len().saturating_sub(40)..).unwrap_or(&name);
    crate::WireServer::get().database(&format!("sandglass_{}_{tail}", std::process::id()))
}

/// How to start one.
#[derive(Debug, Clone)]
pub struct Setup {
    folder: PathBuf,
    environment: Vec<(String, String)>,
    arguments: Vec<String>,
}

impl Setup {
    /// On `folder`, which may hold the data of an earlier one. Loopback may be reached by templates.
    pub fn on(folder: &Path) -> Self {
        let environment = [
            ("SANDGLASS_SERVER__LISTEN", "127.0.0.1:0"),
            ("SANDGLASS_ADMIN_TOKEN", TOKEN),
            ("SANDGLASS_HTTP__ALLOWED_NETWORKS", "127.0.0.0/8"),
        ];
        let setup = Self {
            folder: folder.to_owned(),
            environment: environment.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
            arguments: Vec::new(),
        };
        match std::env::var(STORE).as_deref() {
            Ok("mongodb") => setup.on_mongodb(),
            Ok("" | "embedded") | Err(_) => setup,
            Ok(other) => panic!("{STORE} is {other}: mongodb or embedded"),
        }
    }

    /// With everything on the wire server, in a database that belongs to the folder.
    #[must_use]
    pub fn on_mongodb(self) -> Self {
        let uri = mongodb_uri(&self.folder);
        self.with("SANDGLASS_DATABASE__URI", &uri)
    }

    /// One configuration value through the environment.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.retain(|(there, _)| there != name);
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// One more argument of `sandglass serve`.
    #[must_use]
    pub fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// What a server says that does not start.
    ///
    /// # Panics
    /// When it starts.
    pub fn refused(self) -> String {
        let mut command = command(&self.folder);
        command.arg("serve").args(&self.arguments).envs(self.environment);
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().expect("the server starts");
        let mut lines = BufReader::new(child.stderr.take().expect("stderr is piped")).lines().map_while(Result::ok);
        let mut said = String::new();
        let has_come_up = lines.any(|line| {
            said.push_str(&line);
            said.push('\n');
            line.trim_start().starts_with("REST")
        });
        // It may have ended already; then there is nothing to do.
        drop(child.kill());
        let status = child.wait().expect("it ends");
        assert!(!has_come_up && !status.success(), "it came up, or ended well: {said}");
        said
    }

    /// Starts it and waits until it is ready.
    pub async fn start(self) -> Server {
        Server::start(self).await
    }
}

/// A running server; killed when dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    base: String,
    log: Arc<Mutex<String>>,
}

impl Server {
    async fn start(setup: Setup) -> Self {
        let mut child = command(&setup.folder)
            .arg("serve")
            .args(&setup.arguments)
            .envs(setup.environment)
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("the server starts");
        let (found, address) = mpsc::channel();
        let log = Arc::new(Mutex::new(String::new()));
        let lines = BufReader::new(child.stderr.take().expect("stderr is piped")).lines();
        let kept = Arc::clone(&log);
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if let Some(rest) = line.trim_start().strip_prefix("REST") {
                    let base = rest.trim().split("/api/").next().unwrap_or_default().to_owned();
                    drop(found.send(base));
                }
                let mut kept = kept.lock().expect("no thread panicked here");
                kept.push_str(&line);
                kept.push('\n');
            }
        });
        let base = tokio::task::spawn_blocking(move || address.recv_timeout(Duration::from_secs(120)))
            .await
            .expect("the waiting thread lives");
        let Ok(base) = base else { panic!("the server did not come up:\n{}", log.lock().expect("log")) };
        let server = Self { child, base, log };
        let client = server.client();
        crate::wait_for("ready server", 120, || {
            let client = client.clone();
            async move { (client.get("/readyz").await.status == 200).then_some(()) }
        })
        .await;
        server
    }

    /// Its address, such as `http://127.0.0.1:4711`.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// A client with the administrator's token.
    pub fn client(&self) -> Client {
        Client::new(&self.base, Some(TOKEN))
    }

    /// A client without any.
    pub fn stranger(&self) -> Client {
        Client::new(&self.base, None)
    }

    /// What it said on stderr so far.
    pub fn log(&self) -> String {
        self.log.lock().expect("no thread panicked here").clone()
    }

    pub fn process_id(&self) -> u32 {
        self.child.id()
    }

    /// `kill -9`.
    pub fn kill(mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
    }

    /// SIGTERM, and its exit code within the time given.
    pub async fn terminate(mut self, seconds: u64) -> Option<i32> {
        self.signal(libc::SIGTERM);
        crate::wait_for("end of the server", seconds, || {
            let status = self.child.try_wait().expect("its state can be asked");
            async move { status }
        })
        .await
        .code()
    }

    fn signal(&self, signal: libc::c_int) {
        let id = libc::pid_t::try_from(self.child.id()).expect("a process id");
        #[expect(unsafe_code, reason = "std can only kill")]
        // SAFETY: plain system call on our own child, which has not been waited for.
        let result = unsafe { libc::kill(id, signal) };
        assert_eq!(result, 0, "the signal was sent");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already; then there is nothing to do.
        if self.child.kill().is_ok() {
            drop(self.child.wait());
        }
        if std::thread::panicking() {
            eprintln!("--- server {} ---\n{}", self.base, self.log());
        }
    }
}

/// `sandglass --data-dir FOLDER`, without what the environment of the tests would add to its configuration.
pub fn command(folder: &Path) -> Command {
    let program =
        std::env::var_os("SANDGLASS_TEST_BINARY").map_or_else(|| root().join("target/debug/sandglass"), PathBuf::from);
    assert!(program.exists(), "{} is not built: cargo xtask test builds it", program.display());
    let mut command = Command::new(program);
    for (name, _) in std::env::vars() {
        if name.starts_with("SANDGLASS_") {
            command.env_remove(name);
        }
    }
    command.arg("--data-dir").arg(folder);
    if std::env::var(STORE).is_ok_and(|store| store == "mongodb") {
        command.env("SANDGLASS_DATABASE__URI", mongodb_uri(folder));
    }
    command
}

/// The folder of the workspace.
///
/// # Panics
/// Never: this crate stands in it.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests stands in the workspace").to_owned()
}
