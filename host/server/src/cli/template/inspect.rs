//! `template inspect`: what a component is, can call, and says of itself.

use clap::Args;
use serde_json::{Value, json};

use super::super::CliError;
use super::words::{abilities, size};
use super::workbench::Workbench;
use super::{Component, refused};
use crate::config::Config;
use crate::model::template::{Metadata, OnLost};
use crate::registry::{AdmitError, Trial};
use crate::sandbox::{Inspection, Sandbox};

#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    component: Component,
    /// Print JSON for programs.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(config: &Config, arguments: &Arguments) -> Result<(), CliError> {
    let file = &arguments.component.file;
    let bytes = super::read(file)?;
    super::super::block_on(async move {
        let inspection = Sandbox::inspect(&bytes).map_err(|error| refused(&AdmitError::Refused(error.to_string())))?;
        let bench = Workbench::set_up(config, None, &[]).await?;
        let trial = Trial::of(&bench.sandbox, &bytes).await;
        if arguments.json {
            println!("{:#}", as_json(&inspection, trial.as_ref()));
        } else {
            bytes_say(&file.display().to_string(), &inspection);
            if let Ok(trial) = &trial {
                it_says(&trial.metadata, &trial.schema);
                trial.warnings.iter().for_each(|warning| println!("Warning: {warning}"));
            }
        }
        trial.map(drop).map_err(|error| refused(&error))
    })
}

/// The version of the contract that an export names.
pub(super) fn contract(inspection: &Inspection) -> Option<&str> {
    let of_contract = |name: &&String| name.starts_with("sandglass:template/");
    inspection.exports.iter().find(of_contract)?.rsplit_once('@').map(|(_, version)| version)
}

fn as_json(inspection: &Inspection, trial: Result<&Trial, &AdmitError>) -> Value {
    let abilities: Vec<Value> = abilities(&inspection.imports)
        .into_iter()
        .map(|ability| json!({ "words": ability.words, "functions": ability.functions }))
        .collect();
    json!({
        "digest": inspection.digest,
        "size_bytes": inspection.size_bytes,
        "contract": contract(inspection),
        "imports": inspection.imports,
        "wasi": inspection.wasi,
        "abilities": abilities,
        "exports": inspection.exports,
        "metadata": trial.ok().map(|trial| &trial.metadata),
        "schema": trial.ok().map(|trial| &trial.schema),
        "warnings": trial.ok().map(|trial| &trial.warnings),
        "error": trial.err().map(ToString::to_string),
    })
}

fn bytes_say(file: &str, inspection: &Inspection) {
    println!("file      {file}, {}", size(inspection.size_bytes));
    println!("digest    {}", inspection.digest);
    println!("contract  {}", contract(inspection).unwrap_or("none: it exports nothing that a server calls"));
    println!("exports   {}", inspection.exports.join(", "));
    println!("It can");
    for ability in abilities(&inspection.imports) {
        println!("  {}: {}", ability.words, ability.functions.join(", "));
    }
    if !inspection.wasi.is_empty() {
        println!(
            "  It was made by a tool that imports everything, so what it asks for says more. Its {} imports of WASI lead \
             nowhere.",
            inspection.wasi.len()
        );
    }
}

fn it_says(metadata: &Metadata, schema: &Value) {
    println!("It calls itself");
    println!("  {} {}: {} {} ({})", metadata.name, metadata.version, metadata.icon, metadata.title, metadata.category);
    println!("  {}", metadata.description);
    let lost = match metadata.on_lost {
        OnLost::Retry => "is tried again",
        OnLost::Fail => "ends as lost",
    };
    println!("  A run whose host died {lost}.");
    if let Some(pointer) = &metadata.dry_run {
        println!("  {pointer} makes a run harmless.");
    }
    println!("It asks for");
    if metadata.needs.is_empty() {
        println!("  nothing");
    }
    for need in &metadata.needs {
        let optional = if need.optional { " (can do without)" } else { "" };
        println!("  {} {} {}{optional}: {}", need.capability, need.access, need.target, need.reason);
    }
    println!("Its parameters");
    let lines = parameters(schema);
    if lines.is_empty() {
        println!("  none");
    }
    lines.iter().for_each(|line| println!("  {line}"));
}

/// One line a parameter of the first level.
fn parameters(schema: &Value) -> Vec<String> {
    let required: Vec<&str> =
        schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
    let line = |(name, property): (&String, &Value)| {
        let kind = match property.get("type") {
            Some(Value::String(kind)) => kind.clone(),
            _ if property.get("enum").is_some() => "one of a list".to_owned(),
            _ => "one of several kinds".to_owned(),
        };
        let presence = match property.get("default") {
            _ if required.contains(&name.as_str()) => ", required".to_owned(),
            Some(default) => format!(", {default} if not given"),
            None => String::new(),
        };
        let description = property.get("description").and_then(Value::as_str).unwrap_or_default();
        format!("{name} ({kind}{presence}): {description}")
    };
    properties.map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_told_in_a_line() {
        let schema = json!({"required": ["a"], "properties": {
            "a": {"type": "string", "description": "First."},
            "b": {"type": "integer", "default": 3, "description": "Second."},
            "c": {"oneOf": []},
        }});
        assert_eq!(
            parameters(&schema),
            ["a (string, required): First.", "b (integer, 3 if not given): Second.", "c (one of several kinds): "]
        );
    }
}
