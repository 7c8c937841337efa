//! `sandglass audit`: is the record of effects and changes as it was written?

use clap::{Args, Subcommand};

use super::CliError;
use crate::config::Config;
use crate::repository::Hosts;
use crate::repository::audit::{self, Head};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Walk every chain of the audit, while no server runs: edited, missing, reordered and cut entries show.
    Verify(Verify),
}

#[derive(Debug, Args)]
pub(super) struct Verify {
    /// What a log line says of a chain's head: INCARNATION:LENGTH:HASH. More than one may be given. With one that was
    /// kept elsewhere, an audit that was written anew as a whole shows too.
    #[arg(long = "head", value_name = "HEAD", value_parser = noted)]
    heads: Vec<(String, Head)>,
    /// Print JSON for programs.
    #[arg(long)]
    json: bool,
}

fn noted(text: &str) -> Result<(String, Head), String> {
    let mut parts = text.split(':');
    let (Some(host), Some(length), Some(hash), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return Err("must have the form INCARNATION:LENGTH:HASH, as the log line has it".to_owned());
    };
    let length = length.parse().map_err(|_| format!("the length {length:?} is no whole number"))?;
    Ok((host.to_owned(), Head { length, hash: hash.to_owned() }))
}

pub(super) fn run(config: &Config, command: Command) -> Result<(), CliError> {
    let Command::Verify(verify) = command;
    super::block_on(async move {
        let database = super::store::open(config, false).await?;
        let failed = |error: &dyn std::fmt::Display| CliError::while_doing("read the audit", error);
        let mut heads = Hosts::new(database.clone()).heads().await.map_err(|error| failed(&error))?;
        for (host, head) in verify.heads {
            heads.entry(host).or_default().push(head);
        }
        let reports = audit::verify(&*database, &heads).await.map_err(|error| failed(&error))?;
        let faults = reports.iter().filter(|report| report.fault.is_some()).count();
        if verify.json {
            let chains: Vec<_> = reports
                .iter()
                .map(|report| {
                    serde_json::json!({"host": report.host, "entries": report.length,
                        "fault": report.fault.as_ref().map(ToString::to_string)})
                })
                .collect();
            println!("{:#}", serde_json::json!({ "chains": chains, "faults": faults }));
        } else {
            for report in &reports {
                let outcome = report.fault.as_ref().map_or_else(|| "whole".to_owned(), ToString::to_string);
                println!("{}  {:>9} entries  {outcome}", report.host, report.length);
            }
        }
        let entries: i64 = reports.iter().map(|report| report.length).sum();
        if faults == 0 {
            eprintln!("{} chains, {entries} entries: nothing is edited, missing, reordered or cut off", reports.len());
            Ok(())
        } else {
            Err(CliError::Failure(format!(
                "{faults} of {} chains of the audit are not as they were written",
                reports.len()
            )))
        }
    })
}
