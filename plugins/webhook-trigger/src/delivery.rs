//! Sends the request until it has arrived or there is no point in going on.

use std::time::Duration;

use sandglass_sdk::chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use sandglass_sdk::http::Request;
use sandglass_sdk::secrets::Secret;
use sandglass_sdk::{Error, ErrorKind, Failure, Outcome, clock, execution, log};
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::parameters::Parameters;
use crate::retry::Cause;
use crate::{backoff, message};

/// Waits that come to this within one attempt are left to the host, which holds no slot meanwhile.
const LONGEST_WAITS: Duration = Duration::from_secs(30);

/// What is the same in every try.
struct Plan<'a> {
    parameters: &'a Parameters,
    url: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
    secret: Option<Secret>,
}

/// Why a try did not succeed.
enum Refusal {
    /// It may pass: another try is worth it where the job says so.
    Passing { cause: Cause, message: String, retry_after: Option<Duration> },
    /// It will not.
    Final(Failure),
}

/// What is told about each try.
struct Record {
    tries: Vec<Value>,
    waited: Duration,
    began_at: DateTime<Utc>,
    answer: Option<Answer>,
}

pub fn run(parameters: &Parameters) -> Result<Outcome, Failure> {
    let plan = Plan::new(parameters)?;
    let mut record = Record { tries: Vec::new(), waited: Duration::ZERO, began_at: clock::now(), answer: None };
    match deliver(&plan, &mut record) {
        Ok(()) => Ok(outcome(parameters, &record)),
        Err(failure) => {
            let mut details = record.details(parameters);
            if let (Some(details), Some(Value::Object(known))) = (details.as_object_mut(), failure.details.clone()) {
                details.extend(known);
            }
            log::error(&failure.message, &[("tries", &record.tries.len())]);
            Err(failure.details(details))
        }
    }
}

fn deliver(plan: &Plan<'_>, record: &mut Record) -> Result<(), Failure> {
    let retry = &plan.parameters.retry;
    let shown = format!("{} {}", plan.parameters.method.name(), message::shown_url(plan.parameters));
    for number in 1.. {
        let (cause, message, retry_after) = match attempt(plan, record, number) {
            Ok(()) => return Ok(()),
            Err(Refusal::Final(failure)) => return Err(failure),
            Err(Refusal::Passing { cause, message, retry_after }) => (cause, message, retry_after),
        };
        if !retry.covers(cause) {
            return Err(Failure::permanent(format!("{shown}: {message}")));
        }
        let delay = backoff::delay(retry, number, retry_after);
        let given_up = Failure::retryable(format!("{shown}: {message} (tried {number} times)"));
        if number >= retry.max_attempts {
            return Err(match retry_after {
                Some(wait) => given_up.retry_after(wait),
                None => given_up,
            });
        }
        if record.waited + delay >= LONGEST_WAITS || ends_before(delay) {
            return Err(given_up.retry_after(delay));
        }
        log::warn(format!("{message}; trying again"), &[("try", &number), ("wait_ms", &delay.as_millis())]);
        execution::progress(number.into(), Some(retry.max_attempts.into()), "waiting to try again");
        if !execution::wait(delay) {
            return Err(Failure::interrupted(format!("{shown}: stopped between two tries, as the host asked")));
        }
        record.waited += delay;
    }
    Ok(())
}

/// Whether the attempt would be over by the end of such a wait.
fn ends_before(delay: Duration) -> bool {
    let end = TimeDelta::from_std(delay).ok().and_then(|delay| clock::now().checked_add_signed(delay));
    end.is_none_or(|end| end >= execution::deadline())
}

/// One try.
fn attempt(plan: &Plan<'_>, record: &mut Record, number: u32) -> Result<(), Refusal> {
    let started_at = clock::now();
    record.answer = None;
    let sent = plan.request().send();
    let result = match sent {
        Err(error) => Err(refused(error)),
        Ok(response) => {
            let answer = Answer::read(&response, plan.parameters);
            let result = judge(plan.parameters, &answer, response.header("retry-after"));
            record.answer = Some(answer);
            result
        }
    };
    let duration_ms = (clock::now() - started_at).num_milliseconds();
    let status = record.answer.as_ref().map(|answer| answer.status);
    record.tries.push(json!({
        "number": number,
        "started_at": started_at.to_rfc3339_opts(SecondsFormat::Millis, true),
        "duration_ms": duration_ms,
        "status": status,
        "error": result.as_ref().err().map(Refusal::message),
    }));
    let shown_status = status.map_or_else(|| "none".to_owned(), |status| status.to_string());
    log::debug("sent the request", &[("try", &number), ("status", &shown_status), ("duration_ms", &duration_ms)]);
    result
}

fn judge(parameters: &Parameters, answer: &Answer, retry_after: Option<&str>) -> Result<(), Refusal> {
    let status = answer.status;
    if !parameters.expected_status.iter().any(|range| range.contains(status)) {
        let retry_after = retry_after.and_then(|value| backoff::retry_after(value, clock::now()));
        let message = format!("answered with status {status}, which is not expected");
        return Err(Refusal::Passing { cause: Cause::Status(status), message, retry_after });
    }
    match &answer.cut_short {
        // Without the body there is no telling whether it says what it should.
        Some(error) if !parameters.expect.is_empty() => Err(refused(error.clone())),
        _ => answer.check(parameters).map_err(|problem| Refusal::Final(Failure::permanent(problem))),
    }
}

fn refused(error: Error) -> Refusal {
    let cause = match error.kind {
        ErrorKind::Timeout => Cause::Timeout,
        ErrorKind::Unavailable => Cause::Connection,
        _ => return Refusal::Final(Failure::from(error).during("sending the request")),
    };
    let retry_after = error.retry_after_ms.map(Duration::from_millis);
    Refusal::Passing { cause, message: error.message, retry_after }
}

impl Refusal {
    fn message(&self) -> &str {
        match self {
            Self::Passing { message, .. } => message,
            Self::Final(failure) => &failure.message,
        }
    }
}

impl<'a> Plan<'a> {
    fn new(parameters: &'a Parameters) -> Result<Self, Failure> {
        let body = parameters.body.as_ref().map(|body| message::encode(body, parameters.body_format)).transpose();
        Ok(Self {
            parameters,
            url: message::full_url(parameters),
            headers: message::headers(parameters),
            body: body.map_err(|problem| Failure::permanent(format!("the body {problem}")))?,
            secret: parameters.auth.secret().map_err(|error| Failure::from(error).during("looking up the secret"))?,
        })
    }

    fn request(&self) -> Request<'_> {
        let mut request = Request::new(self.parameters.method.name(), &self.url)
            .timeout(Duration::from_secs(self.parameters.timeout_seconds.into()))
            .follow_redirects(self.parameters.follow_redirects)
            .auth(self.parameters.auth.with(self.secret.as_ref()));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some(body) = &self.body {
            request = request.body(body.as_slice());
        }
        message::traced(request, self.parameters)
    }
}

impl Record {
    fn details(&self, parameters: &Parameters) -> Value {
        let answer = self.answer.as_ref();
        json!({
            "method": parameters.method.name(),
            "url": message::shown_url(parameters),
            "status": answer.map(|answer| answer.status),
            "attempts": self.tries,
            "duration_ms": (clock::now() - self.began_at).num_milliseconds(),
            "waited_ms": self.waited.as_millis() as u64,
            "size_bytes": answer.map(Answer::size_bytes),
            "response": answer.map(|answer| answer.kept(parameters)),
        })
    }
}

fn outcome(parameters: &Parameters, record: &Record) -> Outcome {
    let details = record.details(parameters);
    let status = record.answer.as_ref().map_or(0, |answer| answer.status);
    let tries = record.tries.len();
    let mut message =
        format!("{} {} answered with status {status}", parameters.method.name(), message::shown_url(parameters));
    if tries > 1 {
        message.push_str(&format!(" at try {tries}"));
    }
    log::info(&message, &[("status", &status), ("tries", &tries)]);
    let mut outcome = Outcome::new(message).details(details).processed(1).affected(1);
    if let Some(error) = record.answer.as_ref().and_then(|answer| answer.cut_short.as_ref()) {
        outcome = outcome.warning(format!("the answer could not be read to its end: {}", error.message));
    }
    outcome
}
