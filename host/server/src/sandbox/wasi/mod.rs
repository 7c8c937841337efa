//! The inert WASI 0.2: what interpreters of other languages import, with nothing behind it.
//!
//! No files, no environment, no arguments, no sockets, no names resolved; an empty standard input. Standard output and
//! standard error become lines of the run's log. Clocks and random numbers are real, and a wait ends with the run. What
//! a template may do comes from the contract alone. Host functions here are `wasmtime-wasi`'s, linked one interface at a
//! time, but for those that meet a person: what is written, what is read, and what the process is told of itself.

mod output;
mod streams;

use std::sync::Arc;
use std::time::Duration;

use wasmtime::component::{HasData, HasSelf, Linker, Resource, ResourceTable};
use wasmtime_wasi::cli::{WasiCli, WasiCliView as _};
use wasmtime_wasi::clocks::{WasiClocks, WasiClocksView as _};
use wasmtime_wasi::filesystem::{WasiFilesystem, WasiFilesystemView as _};
use wasmtime_wasi::p2::bindings::{cli, clocks, filesystem, random, sockets};
use wasmtime_wasi::p2::pipe::ClosedInputStream;
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream};
use wasmtime_wasi::random::{WasiRandom, WasiRandomView as _};
use wasmtime_wasi::sockets::{WasiSockets, WasiSocketsView as _};
use wasmtime_wasi::{HostWallClock, WasiCtx, WasiCtxView, WasiView};

use self::output::{Output, Source};
use super::state::State;
use crate::model::Clock;

/// The interfaces that are there. Any other is refused when a component is admitted.
const INTERFACES: [&str; 27] = [
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stderr",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stderr",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/wall-clock",
    "wasi:filesystem/preopens",
    "wasi:filesystem/types",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:random/insecure",
    "wasi:random/insecure-seed",
    "wasi:random/random",
    "wasi:sockets/instance-network",
    "wasi:sockets/ip-name-lookup",
    "wasi:sockets/network",
    "wasi:sockets/tcp",
    "wasi:sockets/tcp-create-socket",
    "wasi:sockets/udp",
    "wasi:sockets/udp-create-socket",
];
/// The track whose versions are compatible with each other: a function that is missing in ours fails the link test.
const TRACK: &str = "0.2.";
/// Random bytes that one call may ask for, as in the contract.
const MOST_RANDOM: u64 = 65_536;

/// Whether an import such as `wasi:cli/stdout@0.2.12` is one that has an inert counterpart.
pub(super) fn is_offered(import: &str) -> bool {
    import.split_once('@').is_some_and(|(interface, version)| {
        let patch = version.strip_prefix(TRACK);
        INTERFACES.contains(&interface)
            && patch.is_some_and(|patch| !patch.is_empty() && patch.bytes().all(|digit| digit.is_ascii_digit()))
    })
}

/// What one run has of it; made at the first call.
pub(super) struct Inert {
    context: WasiCtx,
    output: Output,
}

impl Inert {
    fn new(clock: Arc<dyn Clock>) -> Self {
        // What a builder is not asked for stays away: no folder, variable, argument or stream of the host's.
        let context = WasiCtx::builder()
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false)
            .max_random_size(MOST_RANDOM)
            .wall_clock(Wall(clock))
            .build();
        Self { context, output: Output::default() }
    }
}

/// The host's clock as WASI's.
struct Wall(Arc<dyn Clock>);

impl HostWallClock for Wall {
    fn resolution(&self) -> Duration {
        Duration::from_nanos(1)
    }

    fn now(&self) -> Duration {
        // Before 1970, which WASI cannot say, it is 1970.
        let now = self.0.now();
        let seconds = u64::try_from(now.timestamp()).unwrap_or(0);
        Duration::new(seconds, now.timestamp_subsec_nanos().min(999_999_999))
    }
}

/// The table of handles, for host functions that need nothing else.
struct Table;

impl HasData for Table {
    type Data<'a> = &'a mut ResourceTable;
}

/// Adds every interface of [`INTERFACES`].
///
/// # Errors
/// When two functions have one name, which a test would have found.
pub(super) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    use wasmtime_wasi::p2::bindings::io;
    type Own = HasSelf<State>;

    let l = linker;
    io::error::add_to_linker::<State, Table>(l, |state| state.ctx().table)?;
    io::poll::add_to_linker::<State, Table>(l, |state| state.ctx().table)?;
    io::streams::add_to_linker::<State, Own>(l, |state| state)?;

    cli::environment::add_to_linker::<State, WasiCli>(l, State::cli)?;
    cli::exit::add_to_linker::<State, WasiCli>(l, State::cli)?;
    cli::stdin::add_to_linker::<State, Own>(l, |state| state)?;
    cli::stdout::add_to_linker::<State, Own>(l, |state| state)?;
    cli::stderr::add_to_linker::<State, Own>(l, |state| state)?;
    cli::terminal_input::add_to_linker::<State, WasiCli>(l, State::cli)?;
    cli::terminal_output::add_to_linker::<State, WasiCli>(l, State::cli)?;
    cli::terminal_stdin::add_to_linker::<State, WasiCli>(l, State::cli)?;
    cli::terminal_stdout::add_to_linker::<State, WasiCli>(l, State::cli)?;
    cli::terminal_stderr::add_to_linker::<State, WasiCli>(l, State::cli)?;

    clocks::monotonic_clock::add_to_linker::<State, WasiClocks>(l, State::clocks)?;
    clocks::wall_clock::add_to_linker::<State, WasiClocks>(l, State::clocks)?;
    random::random::add_to_linker::<State, WasiRandom>(l, State::random)?;
    random::insecure::add_to_linker::<State, WasiRandom>(l, State::random)?;
    random::insecure_seed::add_to_linker::<State, WasiRandom>(l, State::random)?;

    filesystem::preopens::add_to_linker::<State, WasiFilesystem>(l, State::filesystem)?;
    filesystem::types::add_to_linker::<State, WasiFilesystem>(l, State::filesystem)?;

    let options = sockets::network::LinkOptions::default();
    sockets::instance_network::add_to_linker::<State, WasiSockets>(l, State::sockets)?;
    sockets::ip_name_lookup::add_to_linker::<State, WasiSockets>(l, State::sockets)?;
    sockets::network::add_to_linker::<State, WasiSockets>(l, &options, State::sockets)?;
    sockets::tcp::add_to_linker::<State, WasiSockets>(l, State::sockets)?;
    sockets::tcp_create_socket::add_to_linker::<State, WasiSockets>(l, State::sockets)?;
    sockets::udp::add_to_linker::<State, WasiSockets>(l, State::sockets)?;
    sockets::udp_create_socket::add_to_linker::<State, WasiSockets>(l, State::sockets)?;
    Ok(())
}

impl State {
    fn inert(&mut self) -> &mut Inert {
        let Self { wasi, clock, .. } = self;
        wasi.get_or_insert_with(|| Box::new(Inert::new(clock.clone())))
    }

    /// What a component said last before it broke: at level error, or else on its standard error.
    pub(super) fn last_words(&self) -> Option<String> {
        let written = || self.wasi.as_ref().and_then(|inert| inert.output.last_words());
        self.log.last_error().map(str::to_owned).or_else(written)
    }

    /// Passes on what was written since: whole lines, or with `rest` everything.
    pub(super) fn log_output(&mut self, rest: bool) {
        let Some(inert) = &mut self.wasi else { return };
        for (source, line) in inert.output.lines(rest) {
            // Before the line is cut and escaped: half a secret would not be found.
            let line = self.gate.mask().text(&line).into_owned();
            self.log.write(source.level(), &line, &[]);
            inert.output.said(source, line);
        }
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        self.called();
        let Self { wasi, table, clock, .. } = self;
        let inert = wasi.get_or_insert_with(|| Box::new(Inert::new(clock.clone())));
        WasiCtxView { ctx: &mut inert.context, table }
    }
}

impl cli::stdin::Host for State {
    fn get_stdin(&mut self) -> wasmtime::Result<Resource<DynInputStream>> {
        self.called();
        let stream: DynInputStream = Box::new(ClosedInputStream);
        Ok(self.table.push(stream)?)
    }
}

impl cli::stdout::Host for State {
    fn get_stdout(&mut self) -> wasmtime::Result<Resource<DynOutputStream>> {
        self.called();
        let stream = self.inert().output.stream(Source::Output);
        Ok(self.table.push(stream)?)
    }
}

impl cli::stderr::Host for State {
    fn get_stderr(&mut self) -> wasmtime::Result<Resource<DynOutputStream>> {
        self.called();
        let stream = self.inert().output.stream(Source::Errors);
        Ok(self.table.push(stream)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_compatible_track_of_known_interfaces_is_offered() {
        for import in ["wasi:cli/stdout@0.2.0", "wasi:io/streams@0.2.12", "wasi:random/insecure-seed@0.2.9"] {
            assert!(is_offered(import), "{import}");
        }
        for import in [
            "wasi:cli/stdout",
            "wasi:cli/stdout@0.3.0",
            "wasi:cli/stdout@0.2.",
            "wasi:cli/stdout@0.2.x",
            "wasi:cli/run@0.2.0",
            "wasi:http/outgoing-handler@0.2.0",
            "wasi:keyvalue/store@0.2.0",
        ] {
            assert!(!is_offered(import), "{import}");
        }
    }

    #[test]
    fn a_clock_before_1970_is_no_panic() {
        #[derive(Debug)]
        struct Early;
        impl Clock for Early {
            fn boot_time(&self) -> Duration {
                Duration::ZERO
            }

            fn now(&self) -> chrono::DateTime<chrono::Utc> {
                chrono::DateTime::from_timestamp(-5, 0).unwrap()
            }
        }
        assert_eq!(Wall(Arc::new(Early)).now(), Duration::ZERO);
    }
}
