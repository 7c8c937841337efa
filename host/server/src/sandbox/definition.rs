//! `describe`, `schema` and `validate`: pure functions of a component, called with every capability denied.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;
use wasmtime::Store;

use super::SandboxError;
use super::bindings::{Full, exports::sandglass::template::definition as wire};
use super::call::{Calls, HOSTCALL_BYTES};
use super::library::{Described, Loaded};
use super::meter::Metered;
use super::mismatch::wrong_export;
use super::state::{RunFacts, State};
use crate::capabilities::Facts;
use crate::model::template::{Metadata, Need, OnLost, Problem};
use crate::model::{Digest, Lease};

/// Bound of one such call, both in time and in computing.
const BOUND: Duration = Duration::from_secs(1);
/// Problems and needs that are taken from one answer.
const MOST_ITEMS: usize = 100;
/// Largest text in metadata.
const LONGEST_TEXT: usize = 64 << 10;

/// What wasmtime says when an exported function has another type than it is called with.
const NOT_THE_TYPE: &str = "failed to convert function to given type";

/// A future that borrows the store it works on.
type Answer<'a, T> = std::pin::Pin<Box<dyn Future<Output = wasmtime::Result<T>> + Send + 'a>>;

impl Calls {
    pub(super) async fn describe<'l>(
        &self,
        loaded: &'l Loaded,
        digest: &Digest,
    ) -> Result<&'l Described, SandboxError> {
        let described = loaded.described.get_or_try_init(|| async {
            let metadata = self.describe_anew(loaded, digest).await?;
            let needs = Arc::from(metadata.needs.clone());
            Ok(Described { metadata, needs })
        });
        described.await
    }

    /// What it says of itself in a fresh instance, whatever it has said before.
    pub(super) async fn describe_anew(&self, loaded: &Loaded, digest: &Digest) -> Result<Metadata, SandboxError> {
        let answer = self.ask(loaded, digest, "describe", |full, store| {
            Box::pin(full.sandglass_template_definition().call_describe(store))
        });
        metadata(answer.await?)
    }

    pub(super) async fn schema(&self, loaded: &Loaded, digest: &Digest) -> Result<Value, SandboxError> {
        let answer = self.ask(loaded, digest, "schema", |full, store| {
            Box::pin(full.sandglass_template_definition().call_schema(store))
        });
        json("schema", &answer.await?)
    }

    pub(super) async fn validate(
        &self,
        loaded: &Loaded,
        digest: &Digest,
        parameters: &str,
    ) -> Result<Vec<Problem>, SandboxError> {
        let bound = self.settings.parameters_bytes;
        if parameters.len() > bound {
            let message = format!("{} bytes, at most {bound} (sandbox.parameters_bytes)", parameters.len());
            return Ok(vec![Problem { pointer: String::new(), code: "too-large".into(), message }]);
        }
        let parameters = parameters.to_owned();
        let answer = self.ask(loaded, digest, "validate", move |full, store| {
            Box::pin(async move { full.sandglass_template_definition().call_validate(store, &parameters).await })
        });
        let problems = answer.await?.err().unwrap_or_default().into_iter().take(MOST_ITEMS);
        let problem = |problem: wire::Problem| Problem {
            pointer: problem.pointer,
            code: "template".into(),
            message: problem.message,
        };
        Ok(problems.map(problem).collect())
    }

    async fn ask<T>(
        &self,
        loaded: &Loaded,
        digest: &Digest,
        function: &'static str,
        call: impl for<'a> FnOnce(&'a Full, &'a mut Store<State>) -> Answer<'a, T> + Send,
    ) -> Result<T, SandboxError> {
        // Never closed: the semaphore lives as long as its environment.
        let _permit = loaded.environment.questions.acquire().await;
        let fault = |message: String| SandboxError::Definition { function, message };
        let deadline = Instant::now() + BOUND;
        let facts = RunFacts::of_nobody(deadline, self.clock.now() + BOUND);
        let gate = self.gates.closed(Facts {
            execution: facts.execution,
            job: facts.job,
            attempt: 0,
            template_type: String::new(),
            digest: digest.clone(),
            parameters: Arc::from("{}"),
            lease: Arc::new(Lease::default()),
            deadline,
        });
        let mut store = self.store_for(loaded, facts, gate);
        let mut cpu = Duration::ZERO;
        let outcome = {
            let asked = Box::pin(async {
                let full = loaded.pre.instantiate_async(&mut store).await?;
                call(&full, &mut store).await
            });
            let _active = loaded.environment.ticker.run();
            tokio::time::timeout_at(deadline, Metered::new(asked, &mut cpu, BOUND, deadline)).await
        };
        match outcome {
            Ok(Ok(Ok(answer))) => Ok(answer),
            Ok(Ok(Err(error))) => {
                let chain = format!("{error:#}");
                if chain.contains(NOT_THE_TYPE) {
                    return Err(SandboxError::Contract(wrong_export(&error.root_cause().to_string())));
                }
                store.data_mut().log_output(true);
                Err(fault(broke(&error, store.data())))
            }
            Ok(Err(_)) | Err(_) => Err(fault(format!("it did not answer within {} s", BOUND.as_secs()))),
        }
    }
}

/// Why a question broke: the limit that was met, what the component said last, or what wasmtime says.
fn broke(error: &wasmtime::Error, state: &State) -> String {
    if let Some(limit) = state.limiter.refused() {
        return format!("{} limit reached", limit.as_str());
    }
    let text = error.root_cause().to_string();
    if text.contains("fuel allocated for hostcalls") {
        return format!("its answer has more than {HOSTCALL_BYTES} bytes");
    }
    state.last_words().unwrap_or(text)
}

fn metadata(metadata: wire::Metadata) -> Result<Metadata, SandboxError> {
    let fault = |message: String| SandboxError::Definition { function: "describe", message };
    let texts =
        [&metadata.name, &metadata.version, &metadata.title, &metadata.description, &metadata.icon, &metadata.category];
    if texts.iter().any(|text| text.len() > LONGEST_TEXT) || metadata.tags.len() > MOST_ITEMS {
        return Err(fault(format!("texts have at most {LONGEST_TEXT} bytes, and there are at most {MOST_ITEMS} tags")));
    }
    let mut letters = metadata.name.chars();
    let begins = letters.next().is_some_and(|letter| letter.is_ascii_lowercase());
    let is_plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    if !begins || !letters.all(is_plain) || metadata.name.len() > 64 {
        return Err(fault(format!(
            "the name {:?} must consist of small letters, digits and `_`, begin with a letter, and have at most 64",
            metadata.name
        )));
    }
    if metadata.needs.len() > MOST_ITEMS {
        return Err(fault(format!("{} needs, at most {MOST_ITEMS} are taken", metadata.needs.len())));
    }
    let extra = |text: Option<String>| text.map(|text| json("describe", &text)).transpose();
    let needs = metadata.needs.into_iter().map(|need| {
        let wire::Need { capability, target, access, reason, optional, extra: more } = need;
        Ok(Need { capability, target, access, reason, optional, extra: extra(more)? })
    });
    Ok(Metadata {
        name: metadata.name,
        version: metadata.version,
        title: metadata.title,
        description: metadata.description,
        icon: metadata.icon,
        category: metadata.category,
        tags: metadata.tags,
        needs: needs.collect::<Result<_, SandboxError>>()?,
        on_lost: match metadata.on_lost {
            wire::OnLost::Retry => OnLost::Retry,
            wire::OnLost::Fail => OnLost::Fail,
        },
        dry_run: metadata.dry_run,
        extra: extra(metadata.extra)?,
    })
}

fn json(function: &'static str, text: &str) -> Result<Value, SandboxError> {
    serde_json::from_str(text)
        .map_err(|error| SandboxError::Definition { function, message: format!("its answer is no JSON: {error}") })
}
