//! Templates of a running server: list, install, grant, approve, remove.

use std::path::PathBuf;

use clap::Args;
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::super::CliError;
use super::super::remote::{Remote, Server};
use super::words::size;

#[derive(Debug, Args)]
pub(in crate::cli) struct List {
    #[command(flatten)]
    server: Server,
    /// Print JSON for programs.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Install {
    /// The component.
    file: PathBuf,
    #[command(flatten)]
    server: Server,
    /// Print JSON for programs.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Grant {
    /// Type of the template, as jobs name it.
    template_type: String,
    /// A grant: {"rights": […], "limits": {…}}. Without it and without an option the present grant is printed.
    #[arg(value_name = "FILE", group = "what")]
    file: Option<PathBuf>,
    /// Grant exactly what it asks for.
    #[arg(long, group = "what")]
    as_needed: bool,
    /// Take every right away.
    #[arg(long, group = "what")]
    nothing: bool,
    /// The version that is meant; the one in force, if not given.
    #[arg(long, value_name = "SHA-256")]
    digest: Option<String>,
    #[command(flatten)]
    server: Server,
    /// Print JSON for programs.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Approve {
    /// Type of the template, as jobs name it.
    template_type: String,
    /// The version that was looked at; whichever waits, if not given.
    #[arg(long, value_name = "SHA-256")]
    digest: Option<String>,
    /// Grant what it asks for beyond the version before. Otherwise that is denied until it is granted.
    #[arg(long)]
    grant_needs: bool,
    #[command(flatten)]
    server: Server,
    /// Print JSON for programs.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Remove {
    /// Type of the template, as jobs name it.
    template_type: String,
    /// Also when jobs use it: they are blocked until it is back.
    #[arg(long)]
    force: bool,
    /// Only the version that waits for approval.
    #[arg(long, value_name = "SHA-256")]
    digest: Option<String>,
    #[command(flatten)]
    server: Server,
    /// Print JSON for programs.
    #[arg(long)]
    json: bool,
}

/// Opens the server, asks it, and shows the answer: as it is, or by `show`.
fn ask<F>(
    server: &Server,
    json: bool,
    asked: impl FnOnce(Remote) -> F,
    show: impl FnOnce(&Value),
) -> Result<(), CliError>
where
    F: Future<Output = Result<Value, CliError>>,
{
    let remote = server.open()?;
    let answer = super::super::block_on(asked(remote))?;
    if json {
        println!("{answer:#}")
    } else {
        show(&answer)
    }
    Ok(())
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn items<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

pub(super) fn list(arguments: &List) -> Result<(), CliError> {
    let asked = async |remote: Remote| remote.send(remote.request(Method::GET, &["templates"], &[])).await;
    ask(&arguments.server, arguments.json, asked, |answer| {
        let templates: Vec<&Value> = items(answer, "templates").collect();
        let width = templates.iter().map(|template| text(template, "type").len()).max().unwrap_or(0);
        for template in &templates {
            let digest: String = text(template, "digest").chars().take(12).collect();
            let (kind, version, state) = (text(template, "type"), text(template, "version"), text(template, "state"));
            println!("{kind:width$}  {version:<8}  {digest}  {state:<12}  {}", text(template, "name"));
            if let Some(waiting) = template.get("waiting").filter(|waiting| waiting.is_object()) {
                println!("{:width$}  version {} waits for approval", "", text(waiting, "version"));
            }
        }
        for template in items(answer, "retired") {
            println!("{:width$}  {:<8}  was taken away", text(template, "type"), text(template, "version"));
        }
        for problem in items(answer, "problems") {
            eprintln!("{}: {}", text(problem, "file"), text(problem, "reason"));
        }
    })
}

pub(super) fn install(arguments: &Install) -> Result<(), CliError> {
    let bytes = super::read(&arguments.file)?;
    let sent = size(bytes.len() as u64);
    let digest = crate::model::Digest::of(&bytes).to_string();
    let for_people = !arguments.json;
    let asked = async |remote: Remote| {
        eprintln!("sending {sent}; the server compiles it");
        let request = remote.request(Method::POST, &["templates"], &[]).header("Content-Type", "application/wasm");
        let installed = remote.send(request.body(bytes)).await?;
        // What it asks for beside the version in force stands with that one.
        if for_people && text(&installed, "state") == "awaiting_approval" {
            return remote.send(remote.request(Method::GET, &["templates", text(&installed, "type")], &[])).await;
        }
        Ok(installed)
    };
    ask(&arguments.server, arguments.json, asked, |template| {
        let kind = text(template, "type");
        match template.get("waiting").filter(|waiting| text(waiting, "digest") == digest) {
            Some(waiting) => {
                println!("{kind} {} waits for approval: {}", text(waiting, "version"), text(waiting, "reason"));
                items(waiting, "changes").filter_map(Value::as_str).for_each(|change| println!("  {change}"));
                println!(
                    "sandglass template approve {kind} lets it take over, with --grant-needs and what is new granted"
                );
                items(waiting, "warnings").filter_map(Value::as_str).for_each(|warning| println!("Warning: {warning}"));
            }
            None => {
                println!("{kind} {} is in force ({digest}).", text(template, "version"));
                if text(template, "state") == "not_granted" {
                    println!("Nothing is granted to it yet. It asks for");
                    items(template, "needs").for_each(need);
                    println!("sandglass template grant {kind} --as-needed grants just that");
                }
            }
        }
        if text(template, "digest") == digest {
            items(template, "warnings").filter_map(Value::as_str).for_each(|warning| println!("Warning: {warning}"));
        }
    })
}

fn need(need: &Value) {
    let optional = if need.get("optional") == Some(&Value::Bool(true)) { " (can do without)" } else { "" };
    let word = |key| text(need, key);
    println!("  {} {} {}{optional}: {}", word("capability"), word("access"), word("target"), word("reason"));
}

pub(super) fn grant(arguments: &Grant) -> Result<(), CliError> {
    let kind = arguments.template_type.as_str();
    let mut body = match &arguments.file {
        None => Map::new(),
        Some(file) => match serde_json::from_slice::<Value>(&super::read(file)?) {
            Ok(Value::Object(body)) => body,
            Ok(_) => return Err(CliError::Usage(format!("{} must hold a JSON object", file.display()))),
            Err(error) => return Err(CliError::Usage(format!("{} is not JSON: {error}", file.display()))),
        },
    };
    if arguments.as_needed {
        body.insert("as_asked".to_owned(), Value::Bool(true));
    }
    let method = match (arguments.nothing, body.is_empty()) {
        (true, _) => Method::DELETE,
        (false, true) if arguments.file.is_none() => Method::GET,
        (false, _) => Method::PUT,
    };
    let asked = async |remote: Remote| {
        let digest = arguments.digest.as_deref();
        if method == Method::PUT {
            if let Some(digest) = digest {
                body.insert("digest".to_owned(), json!(digest));
            }
            return remote.send(remote.request(method, &["templates", kind, "grant"], &[]).json(&body)).await;
        }
        let query: Vec<_> = digest.map(|digest| ("digest", digest)).into_iter().collect();
        remote.send(remote.request(method, &["templates", kind, "grant"], &query)).await
    };
    ask(&arguments.server, arguments.json, asked, |grant| {
        let mut rights = items(grant, "rights").peekable();
        if rights.peek().is_none() {
            println!("Nothing is granted to {kind}.");
        } else {
            println!("{kind} may");
        }
        for right in rights {
            let access: Vec<&str> = items(right, "access").filter_map(Value::as_str).collect();
            let extra = right.get("extra").map(|extra| format!(" {extra}")).unwrap_or_default();
            println!("  {} {} {}{extra}", text(right, "capability"), access.join(", "), text(right, "target"));
        }
        let limits = grant.get("limits").and_then(Value::as_object).into_iter().flatten();
        limits.filter(|(_, value)| !value.is_null()).for_each(|(name, value)| println!("  {name} at most {value}"));
        for warning in items(grant, "warnings") {
            println!("Warning: {}: {}", text(warning, "pointer"), text(warning, "message"));
        }
    })
}

pub(super) fn approve(arguments: &Approve) -> Result<(), CliError> {
    let kind = arguments.template_type.as_str();
    let mut body = json!({ "grant_needs": arguments.grant_needs });
    if let (Some(digest), Some(fields)) = (&arguments.digest, body.as_object_mut()) {
        fields.insert("digest".to_owned(), json!(digest));
    }
    let asked = async |remote: Remote| {
        remote.send(remote.request(Method::POST, &["templates", kind, "approve"], &[]).json(&body)).await
    };
    ask(&arguments.server, arguments.json, asked, |answer| {
        let version = answer.get("template").map(|template| text(template, "version")).unwrap_or_default();
        let moved = answer.get("jobs_moved").and_then(Value::as_u64).unwrap_or_default();
        println!("{kind} {version} is in force; {moved} jobs moved to it.");
        for job in items(answer, "jobs_left") {
            println!("  {} stays with the version before:", text(job, "name"));
            items(job, "problems").for_each(|problem| {
                println!("    {}: {}", text(problem, "pointer"), text(problem, "message"));
            });
        }
    })
}

pub(super) fn remove(arguments: &Remove) -> Result<(), CliError> {
    let kind = arguments.template_type.as_str();
    let asked = async |remote: Remote| {
        let force = arguments.force.then_some(("force", "true"));
        let query: Vec<_> =
            force.into_iter().chain(arguments.digest.as_deref().map(|digest| ("digest", digest))).collect();
        remote.send(remote.request(Method::DELETE, &["templates", kind], &query)).await
    };
    ask(&arguments.server, arguments.json, asked, |answer| {
        println!("{kind} is taken away; its history stays.");
        items(answer, "jobs").for_each(|job| println!("  the job {:?} is blocked until it is back", text(job, "name")));
    })
}
