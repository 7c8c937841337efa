//! A running server over REST, for every command that talks to one. Turns its refusals into exit codes and its problems
//! into lines that a person can act on.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::Value;
use url::{Host, Url};
use zeroize::Zeroizing;

use super::CliError;

/// For an answer as a whole; compiling a large component takes its time.
const PATIENCE: Duration = Duration::from_secs(180);
/// Where the interface stands below a server's address.
const BASE: [&str; 3] = ["api", "admin", "scheduler"];
/// Variables that hold a token, the first that is set counts.
const TOKENS: [&str; 2] = ["SANDGLASS_TOKEN", "SANDGLASS_ADMIN_TOKEN"];

/// Which server, and who asks.
#[derive(Debug, Clone, Args)]
pub(super) struct Server {
    /// Address of the server.
    #[arg(long, env = "SANDGLASS_URL", value_name = "URL", default_value = "http://127.0.0.1:8000")]
    server: Url,
    /// File with the token. Without it the environment is asked: SANDGLASS_TOKEN, then SANDGLASS_ADMIN_TOKEN. There is no
    /// option for the token itself, for others could read it in the list of processes.
    #[arg(long, env = "SANDGLASS_TOKEN_FILE", value_name = "FILE")]
    token_file: Option<PathBuf>,
}

/// A server that can be asked.
pub(super) struct Remote {
    base: Url,
    token: Zeroizing<String>,
    client: reqwest::Client,
}

impl Server {
    /// # Errors
    /// When there is no token, or the address is none.
    pub(super) fn open(&self) -> Result<Remote, CliError> {
        crate::app::install_tls();
        if !["http", "https"].contains(&self.server.scheme()) || self.server.cannot_be_a_base() {
            return Err(CliError::Usage(format!(
                "--server {}: an address such as http://127.0.0.1:8000 is expected",
                self.server
            )));
        }
        let token = Zeroizing::new(match &self.token_file {
            Some(file) => std::fs::read_to_string(file)
                .map_err(|error| CliError::Usage(format!("--token-file {}: {error}", file.display())))?,
            None => TOKENS.iter().find_map(|name| std::env::var(name).ok()).unwrap_or_default(),
        });
        let token = Zeroizing::new(token.trim().to_owned());
        if token.is_empty() {
            return Err(CliError::NotAllowed(format!(
                "a token is needed: put it into {} or a file for --token-file. The server printed one at its first start",
                TOKENS.join(" or ")
            )));
        }
        let mut builder = reqwest::Client::builder().timeout(PATIENCE);
        if is_here(&self.server) {
            // A proxy would not find this machine.
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(|error| CliError::while_doing("make a client", error))?;
        Ok(Remote { base: self.server.clone(), token, client })
    }
}

fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

impl Remote {
    /// A request to a path below the interface's base; the parts of path and query are given as they are meant.
    pub(super) fn request(&self, method: Method, path: &[&str], query: &[(&str, &str)]) -> RequestBuilder {
        let mut url = self.base.clone();
        if let Ok(mut parts) = url.path_segments_mut() {
            parts.pop_if_empty().extend(BASE).extend(path);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        self.client.request(method, url).bearer_auth(self.token.as_str())
    }

    /// Sends it and reads the answer.
    ///
    /// # Errors
    /// A server that does not answer, or its refusal with every problem that it names.
    pub(super) async fn send(&self, request: RequestBuilder) -> Result<Value, CliError> {
        let answer = request
            .send()
            .await
            .map_err(|error| CliError::Failure(format!("{} does not answer: {}", self.base, innermost(&error))))?;
        let status = answer.status();
        let text = answer.text().await.map_err(|error| CliError::while_doing("read the answer", error))?;
        let value = serde_json::from_str::<Value>(&text);
        if status.is_success() {
            return value
                .map_err(|error| CliError::Failure(format!("the answer of {} is no JSON: {error}", self.base)));
        }
        Err(refusal(status, &value.unwrap_or_default()))
    }
}

/// What is at the bottom of an error: "Connection refused" says more than "error sending request".
fn innermost(error: &dyn std::error::Error) -> String {
    let mut inner = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}

/// A problem (RFC 9457) as an exit code and a text.
fn refusal(status: StatusCode, problem: &Value) -> CliError {
    let word = |key: &str| problem.get(key).and_then(Value::as_str).unwrap_or_default();
    let mut text = match (word("detail"), word("title")) {
        ("", "") => format!("the server answered {status}"),
        ("", title) => title.to_owned(),
        (detail, _) => detail.to_owned(),
    };
    for item in problem.get("errors").and_then(Value::as_array).into_iter().flatten() {
        let word = |key: &str| item.get(key).and_then(Value::as_str).unwrap_or_default();
        text.push_str(&format!("\n  {}: {}", word("pointer"), word("message")));
    }
    if status.is_server_error() && !word("request_id").is_empty() {
        text.push_str(&format!(" (request {}; the server's log says more)", word("request_id")));
    }
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => CliError::NotAllowed(text),
        StatusCode::NOT_FOUND => CliError::NotFound(text),
        StatusCode::CONFLICT | StatusCode::PRECONDITION_FAILED => CliError::Conflict(text),
        _ => CliError::Failure(text),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_refusal_names_every_problem_and_becomes_an_exit_code() {
        let problem = json!({"title": "Invalid", "detail": "the grant is refused", "errors": [
            {"pointer": "/rights/0/access", "code": "required", "message": "name at least one"},
        ]});
        let error = refusal(StatusCode::UNPROCESSABLE_ENTITY, &problem);
        assert_eq!(error.to_string(), "the grant is refused\n  /rights/0/access: name at least one");
        for (status, exit_code) in [(422, 1), (401, 5), (403, 5), (404, 3), (409, 4), (412, 4), (500, 1)] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(refusal(status, &Value::Null).exit_code(), exit_code, "{status}");
        }
        assert!(refusal(StatusCode::BAD_GATEWAY, &Value::Null).to_string().contains("502"));
    }

    #[test]
    fn a_server_may_stand_below_a_path_and_names_are_escaped() {
        crate::app::install_tls();
        let base = "https://example.com/sandglass/".parse().unwrap();
        let remote = Remote { base, token: Zeroizing::new("t".into()), client: reqwest::Client::new() };
        let request = remote.request(Method::GET, &["templates", "a/b"], &[("digest", "a&b")]).build().unwrap();
        assert_eq!(
            request.url().as_str(),
            "https://example.com/sandglass/api/admin/scheduler/templates/a%2Fb?digest=a%26b"
        );
    }
}
