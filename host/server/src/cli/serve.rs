//! `sandglass serve`: the server until it is told to stop.

use std::io::IsTerminal;

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use tracing::info;
use tracing_subscriber::EnvFilter;

use super::CliError;
use crate::app::App;
use crate::config::{Flags, Log, LogFormat};

#[derive(Debug, Default, Args)]
pub(super) struct Arguments {
    /// Address and port, such as 127.0.0.1:8000.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Fill an empty database with collections to try jobs on.
    #[arg(long)]
    demo: bool,
}

pub(super) fn run(flags: Flags, arguments: Arguments) -> Result<(), CliError> {
    let config = super::load(&Flags { listen: arguments.listen, ..flags })?;
    start_tracing(&config.log)?;
    super::block_on(async move {
        let mut terminate =
            signal(SignalKind::terminate()).map_err(|error| CliError::while_doing("listen for SIGTERM", error))?;
        let app = App::start(config).await.map_err(|error| CliError::Failure(error.to_string()))?;
        if arguments.demo {
            let made = super::demo::fill(app.database(), chrono::Utc::now())
                .await
                .map_err(|error| CliError::while_doing("fill in demo data", error))?;
            info!(documents = made, "demo data");
        }
        announce(&app);
        let stop = async move {
            tokio::select! {
                _ = terminate.recv() => info!("SIGTERM: stopping"),
                _ = tokio::signal::ctrl_c() => info!("interrupted: stopping"),
            }
        };
        app.run(stop).await.map_err(|error| CliError::Failure(error.to_string()))
    })
}

/// What a person needs to go on; on stderr, for stdout belongs to programs.
fn announce(app: &App) {
    let base = format!("http://{}", app.address());
    eprintln!();
    eprintln!("Sandglass is running.");
    eprintln!("  Interface {base}/");
    eprintln!("  REST      {base}/api/admin/scheduler");
    eprintln!("  Reference {base}/docs");
    match app.new_token() {
        Some(token) => {
            eprintln!("  Token     {token}\n            (shown this once; send it as `Authorization: Bearer …`)")
        }
        None => eprintln!("  Token     the one that was set or shown at the first start"),
    }
    if let Some(link) = app.setup_link() {
        eprintln!(
            "  Set up    {link}\n            (makes the first admin; good once, for a day, until the next start)"
        );
    }
    eprintln!();
}

fn start_tracing(log: &Log) -> Result<(), CliError> {
    let filter = EnvFilter::try_new(&log.level)
        .map_err(|error| CliError::Usage(format!("log.level is {:?}: {error}", log.level)))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    match log.format {
        LogFormat::Text => builder.with_ansi(colour).try_init(),
        LogFormat::Json => builder.json().try_init(),
    }
    .map_err(|error| CliError::while_doing("start the log", error))
}
