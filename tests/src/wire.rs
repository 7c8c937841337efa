//! A server that speaks MongoDB's wire protocol, as a process of its own on a loopback port and in a temporary folder: what
//! the tests of the MongoDB engine talk to where nobody names a real one. Self-contained, for two crates include it.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{OnceLock, mpsc};
use std::time::Duration;

/// Another server to run the same tests on; its databases of the names that tests make up are written and dropped.
pub const VARIABLE: &str = "SANDGLASS_TEST_MONGODB_URI";

/// Ends with whoever started it, however that ends: then its input closes.
const SCRIPT: &str = r#"
import os, resource, shutil, sys, threading
# A command that takes all memory should end this server and not the machine.
resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
folder = sys.argv[1]
def follow():
    sys.stdin.buffer.read()
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)
threading.Thread(target=follow, daemon=True).start()
sys.argv = ["secantusd-py", "--host", "127.0.0.1", "--port", sys.argv[2], "--storage-path", folder, "--sync-on-commit"]
from secantus.cli import main
main()
"#;

/// The server of this test process; started when it is first asked for.
#[derive(Debug)]
pub struct WireServer {
    base: String,
    is_ours: bool,
    _child: Option<Child>,
}

impl WireServer {
    /// # Panics
    /// When it does not come up, with what it said.
    pub fn get() -> &'static Self {
        static SERVER: OnceLock<WireServer> = OnceLock::new();
        SERVER.get_or_init(|| match std::env::var(VARIABLE) {
            Ok(base) => Self { base, is_ours: false, _child: None },
            Err(_) => Self::start(),
        })
    }

    /// The URI of a database that no other test uses.
    pub fn new_database(&self, prefix: &str) -> String {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        self.database(&format!("{prefix}_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)))
    }

    /// The URI of the database of this name.
    pub fn database(&self, name: &str) -> String {
        let (before, options) =
            self.base.split_once('?').map_or((self.base.as_str(), ""), |(uri, options)| (uri, options));
        let start = before.find("://").map_or(0, |at| at + 3);
        let end = before.get(start..).and_then(|rest| rest.find('/')).map_or(before.len(), |at| start + at);
        let hosts = before.get(..end).unwrap_or_default();
        if options.is_empty() { format!("{hosts}/{name}") } else { format!("{hosts}/{name}?{options}") }
    }

    /// Whether it is the one that is started here, whose faults are known.
    pub fn is_ours(&self) -> bool {
        self.is_ours
    }

    fn start() -> Self {
        let packages = std::env::var_os("SANDGLASS_TEST_PYTHON").map_or_else(
            || {
                let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
                let root = here.ancestors().find(|folder| folder.join("Cargo.lock").exists());
                root.expect("this stands in the workspace").join("target/test-data")
            },
            PathBuf::from,
        );
        let folder = std::env::temp_dir().join(format!("sandglass-wire-{}", std::process::id()));
        // Found by asking the system; nobody else takes it in the moment between.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let port = listener.local_addr().expect("it has an address").port();
        drop(listener);
        let mut child = Command::new("python3")
            .env("PYTHONPATH", &packages)
            .env("PYTHONUNBUFFERED", "1")
            .args(["-c", SCRIPT])
            .arg(&folder)
            .arg(port.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("python3 starts");
        let lines = BufReader::new(child.stderr.take().expect("stderr is piped")).lines();
        let (said, listening) = mpsc::channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                // Nobody listening any more is no fault.
                drop(said.send(line));
            }
        });
        let mut log = String::new();
        loop {
            match listening.recv_timeout(Duration::from_secs(120)) {
                Ok(line) if line.contains("listening on") => break,
                Ok(line) => {
                    log.push_str(&line);
                    log.push('\n');
                }
                Err(_) => panic!("the wire server did not come up (cargo xtask test installs it):\n{log}"),
            }
        }
        // Its input stays open in `child` until this process ends.
        Self { base: format!("mongodb://127.0.0.1:{port}"), is_ours: true, _child: Some(child) }
    }
}
