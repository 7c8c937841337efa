//! Turning a component into machine code, in a process of its own: a compiler that is fed hostile input may take as much
//! time and memory as it likes there.

use std::io::{Read as _, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;

use super::environment::Kind;
use super::{SandboxError, engine};
use crate::config;

/// The hidden subcommand that [`compile_child`] is the body of.
pub const SUBCOMMAND: &str = "compile-component";

/// Largest machine code that is taken back, as a multiple of the component's size; with a floor for small ones.
const MOST_GROWTH: usize = 64;
const FLOOR: usize = 1 << 20;

/// Who compiles.
#[derive(Debug, Clone)]
pub enum Compiler {
    /// This program, started anew with [`SUBCOMMAND`]: what production uses.
    Child(PathBuf),
    /// This process. For tests of code that is trusted.
    InProcess,
}

/// Bounds of one compilation.
#[derive(Debug, Clone, Copy)]
pub(super) struct CompileBounds {
    pub(super) seconds: u64,
    pub(super) memory_bytes: u64,
    kind: Kind,
    /// Where the two are configured.
    keys: [&'static str; 2],
}

impl CompileBounds {
    pub(super) fn of(kind: Kind, settings: &config::Sandbox) -> Self {
        match kind {
            Kind::Plain => Self {
                seconds: settings.compile_seconds,
                memory_bytes: settings.compile_memory_bytes,
                kind,
                keys: ["sandbox.compile_seconds", "sandbox.compile_memory_bytes"],
            },
            Kind::Large => Self {
                seconds: settings.large_compile_seconds,
                memory_bytes: settings.large_compile_memory_bytes,
                kind,
                keys: ["sandbox.large_compile_seconds", "sandbox.large_compile_memory_bytes"],
            },
        }
    }
}

impl Compiler {
    /// Machine code for a component that was validated.
    ///
    /// # Errors
    /// [`SandboxError::Compile`].
    pub(super) async fn compile(&self, bytes: &[u8], bounds: CompileBounds) -> Result<Vec<u8>, SandboxError> {
        match self {
            Self::InProcess => {
                let bytes = bytes.to_vec();
                let work = tokio::task::spawn_blocking(move || {
                    engine::unpooled(bounds.kind).and_then(|engine| engine.precompile_component(&bytes))
                });
                let code = work.await.map_err(|error| SandboxError::Compile(error.to_string()))?;
                code.map_err(|error| SandboxError::Compile(format!("{error:#}")))
            }
            Self::Child(program) => in_child(program, bytes, bounds).await,
        }
    }
}

async fn in_child(program: &PathBuf, bytes: &[u8], bounds: CompileBounds) -> Result<Vec<u8>, SandboxError> {
    let fault = |what: String| SandboxError::Compile(what);
    let mut child = tokio::process::Command::new(program)
        .arg(SUBCOMMAND)
        .arg(bounds.seconds.to_string())
        .arg(bounds.memory_bytes.to_string())
        .arg(bounds.kind.word())
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| fault(format!("{} cannot be started: {error}", program.display())))?;
    let most = bytes.len().saturating_mul(MOST_GROWTH).max(FLOOR);
    let (Some(mut stdin), Some(stdout), Some(stderr)) = (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(fault("the compiling process has no pipes".to_owned()));
    };
    let talk = async {
        let feed = async {
            // A child that ended early closes the pipe; its status tells why.
            let _broken = stdin.write_all(bytes).await;
            drop(stdin);
        };
        let (_, code, complaint, status) =
            tokio::join!(feed, take(stdout, most + 1), take(stderr, 4_096), child.wait());
        (code, complaint, status)
    };
    // Processor time is bounded inside the child; this is for one that sleeps.
    let bound = Duration::from_secs(bounds.seconds.saturating_mul(2).saturating_add(5));
    let [seconds, memory] = bounds.keys;
    let limits = format!("the limits are {seconds} = {}, {memory} = {}", bounds.seconds, bounds.memory_bytes);
    let Ok((code, complaint, status)) = tokio::time::timeout(bound, talk).await else {
        return Err(fault(format!("it took longer than {} s; {limits}", bound.as_secs())));
    };
    let status = status.map_err(|error| fault(error.to_string()))?;
    if !status.success() {
        let complaint = String::from_utf8_lossy(&complaint);
        let complaint: Vec<&str> = complaint.lines().filter(|line| !line.starts_with("note: run with")).collect();
        let what = match status.signal() {
            Some(libc::SIGXCPU) => "it takes more computing than is allowed".to_owned(),
            Some(libc::SIGABRT) => "it takes more memory than is allowed".to_owned(),
            _ => format!("the compiling process ended with {status}"),
        };
        return Err(fault(format!("{what}; {limits}. {}", complaint.join("\n").trim()).trim_end().to_owned()));
    }
    if code.len() > most {
        return Err(fault(format!("its machine code is larger than {most} bytes")));
    }
    Ok(code)
}

/// Reads to the end, keeps at most `most` bytes.
async fn take(mut source: impl tokio::io::AsyncRead + Unpin, most: usize) -> Vec<u8> {
    use tokio::io::AsyncReadExt as _;
    let mut kept = Vec::new();
    let mut buffer = vec![0; 64 << 10];
    while let Ok(length @ 1..) = source.read(&mut buffer).await {
        let room = most.saturating_sub(kept.len());
        kept.extend(buffer.iter().take(length.min(room)));
    }
    kept
}

/// The body of the hidden subcommand: component on standard input, machine code on standard output. To be called before
/// anything else is started, with the arguments behind the subcommand: seconds of CPU, bytes of memory, and the kind of engine.
pub fn compile_child(arguments: &[String]) -> ExitCode {
    match compile_here(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            let _nobody_listens = writeln!(std::io::stderr(), "{message}");
            ExitCode::FAILURE
        }
    }
}

fn compile_here(arguments: &[String]) -> Result<(), String> {
    let number = |place: usize| arguments.get(place).and_then(|text| text.parse::<u64>().ok());
    let kind = arguments.get(2).and_then(|word| Kind::from_word(word));
    let (Some(seconds), Some(memory_bytes), Some(kind)) = (number(0), number(1), kind) else {
        return Err(format!("usage: {SUBCOMMAND} CPU_SECONDS MEMORY_BYTES plain|large < component > code"));
    };
    // A signal of its own tells the parent which limit was met; one second later it would be killed anyway.
    limit(libc::RLIMIT_CPU, seconds, seconds.saturating_add(1))?;
    limit(libc::RLIMIT_AS, memory_bytes, memory_bytes)?;
    limit(libc::RLIMIT_CORE, 0, 0)?;
    limit(libc::RLIMIT_FSIZE, 0, 0)?;
    limit(libc::RLIMIT_NOFILE, 64, 64)?;
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    let engine = engine::unpooled(kind).map_err(|error| format!("{error:#}"))?;
    let code = engine.precompile_component(&bytes).map_err(|error| format!("{error:#}"))?;
    std::io::stdout().write_all(&code).map_err(|error| error.to_string())
}

/// Lowers a limit of this process for good.
fn limit(resource: libc::__rlimit_resource_t, soft: u64, hard: u64) -> Result<(), String> {
    let bound = libc::rlimit { rlim_cur: soft, rlim_max: hard };
    #[expect(unsafe_code, reason = "std cannot set limits of a process; the call only reads the struct it is given")]
    // SAFETY: `bound` is a valid rlimit for the whole call.
    let failed = unsafe { libc::setrlimit(resource, &raw const bound) } != 0;
    if failed { Err(format!("a limit cannot be set: {}", std::io::Error::last_os_error())) } else { Ok(()) }
}
