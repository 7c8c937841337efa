//! `template check`: what an admission says, what the template says against parameters, and what grants would deny.

use clap::Args;
use serde_json::{Value, json};

use super::super::CliError;
use super::words::size;
use super::workbench::Workbench;
use super::{Component, grants, parameters, refused};
use crate::capabilities::forecast::{Denial, forecast};
use crate::config::Config;
use crate::model::template::Problem;
use crate::registry::Trial;

#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    component: Component,
    /// Parameters to check: JSON, or a file with it. Without them the examples of the schema are checked.
    #[arg(long, value_name = "JSON|FILE")]
    params: Option<String>,
    /// A grant as PUT /templates/{type}/grant takes it, or as-needed: what would it deny?
    #[arg(long, value_name = "FILE|as-needed")]
    grants: Option<String>,
    /// Print JSON for programs.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(config: &Config, arguments: &Arguments) -> Result<(), CliError> {
    let bytes = super::read(&arguments.component.file)?;
    let given = arguments.params.as_deref().map(|option| parameters::read(Some(option))).transpose()?;
    super::super::block_on(async move {
        let bench = Workbench::set_up(config, None, &[]).await?;
        let trial = match Trial::of(&bench.sandbox, &bytes).await {
            Ok(trial) => trial,
            Err(error) => {
                if arguments.json {
                    println!("{:#}", json!({ "admitted": false, "error": error.to_string() }));
                }
                return Err(refused(&error));
            }
        };
        let mut report = Report { trial: &trial, checked: Vec::new(), denied: None };
        let examples: Vec<Value> = match &given {
            Some(given) => vec![given.clone()],
            None => trial.examples().cloned().collect(),
        };
        let mut filled = None;
        for parameters in examples {
            let checked = trial.check(&bench.sandbox, parameters.clone()).await.map_err(|error| refused(&error))?;
            filled.get_or_insert(checked.parameters);
            report.checked.push((parameters, checked.problems));
        }
        let digest = &trial.inspection.digest;
        let grant = grants::read(arguments.grants.as_deref(), &trial.metadata, digest)?;
        // Without parameters nothing can be said of what follows them.
        let known = filled.unwrap_or_else(|| json!({}));
        report.denied = Some(forecast(&trial.metadata.needs, &grant.rights, &known));
        if arguments.json {
            report.as_json()
        } else {
            report.print(arguments.grants.is_some())
        }
        report.verdict(arguments.grants.is_some())
    })
}

struct Report<'a> {
    trial: &'a Trial,
    checked: Vec<(Value, Vec<Problem>)>,
    denied: Option<Vec<Denial>>,
}

impl Report<'_> {
    fn as_json(&self) {
        let checked: Vec<Value> = self
            .checked
            .iter()
            .map(|(parameters, problems)| json!({ "parameters": parameters, "problems": problems }))
            .collect();
        let inspection = &self.trial.inspection;
        println!(
            "{:#}",
            json!({
                "admitted": true, "type": self.trial.metadata.name, "version": self.trial.metadata.version,
                "digest": inspection.digest, "warnings": self.trial.warnings, "checked": checked, "denied": self.denied,
            })
        );
    }

    fn print(&self, is_granted: bool) {
        let (inspection, metadata) = (&self.trial.inspection, &self.trial.metadata);
        println!("{} {} would be admitted ({}).", metadata.name, metadata.version, size(inspection.size_bytes));
        println!("digest {}", inspection.digest);
        self.trial.warnings.iter().for_each(|warning| println!("Warning: {warning}"));
        if self.checked.is_empty() {
            println!("The schema has no examples; --params checks parameters.");
        }
        for (parameters, problems) in &self.checked {
            match problems.as_slice() {
                [] => println!("Parameters {parameters}: good"),
                problems => println!("Parameters {parameters}: refused\n{}", parameters::told(problems)),
            }
        }
        let denied = self.denied.iter().flatten();
        match (denied.clone().next(), is_granted) {
            (None, _) => println!("Nothing that it asks for would be denied."),
            (Some(_), true) => println!("These grants would deny:"),
            (Some(_), false) => println!("With these parameters it needs grants for:"),
        }
        for denial in denied {
            let mut notes = String::new();
            if denial.optional {
                notes.push_str(" (can do without)");
            }
            if !denial.is_certain {
                notes.push_str(" (a part is granted, and the run decides whether that is enough)");
            }
            let Denial { capability, access, target, reason, .. } = denial;
            println!("  {capability} {access} {target}{notes}: {reason}");
            match &denial.grant {
                Some(right) => println!("      {} would allow it", json!(right)),
                None => println!("      no grant can allow it"),
            }
        }
    }

    fn verdict(&self, is_granted: bool) -> Result<(), CliError> {
        let refused = self.checked.iter().filter(|(_, problems)| !problems.is_empty()).count();
        if refused > 0 {
            return Err(CliError::Failure(format!(
                "{refused} of {} sets of parameters are refused",
                self.checked.len()
            )));
        }
        let needed = self.denied.iter().flatten().filter(|denial| !denial.optional && denial.is_certain).count();
        if is_granted && needed > 0 {
            return Err(CliError::Failure(format!("{needed} things that it cannot do without would be denied")));
        }
        Ok(())
    }
}
