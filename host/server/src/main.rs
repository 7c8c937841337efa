//! The `sandglass` program: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some(sandglass::sandbox::SUBCOMMAND) {
        return sandglass::sandbox::compile_child(&arguments.collect::<Vec<_>>());
    }
    sandglass::cli::main()
}
