//! `sandglass health`: one request to `/readyz`, for probes.

use std::time::Duration;

use clap::Args;

use super::CliError;
use crate::config::Config;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Address of the server; the configured one, if not given.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

pub(super) fn run(config: &Config, arguments: Arguments) -> Result<(), CliError> {
    crate::app::install_tls();
    let base = arguments.url.unwrap_or_else(|| format!("http://{}", config.server.listen));
    super::block_on(async move {
        let client = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(5))
            .build()
            .map_err(|error| CliError::while_doing("make a client", error))?;
        let answer = client
            .get(format!("{}/readyz", base.trim_end_matches('/')))
            .send()
            .await
            .map_err(|error| CliError::Failure(format!("{base} does not answer: {error}")))?;
        let status = answer.status();
        let text = answer.text().await.map_err(|error| CliError::while_doing("read the answer", error))?;
        println!("{text}");
        if status.is_success() { Ok(()) } else { Err(CliError::Failure(format!("{base} is not ready: {status}"))) }
    })
}
