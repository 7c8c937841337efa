//! What a job says about overlap, misfire, retries, loss, notifications and hooks.

use std::collections::BTreeMap;

use sandglass_schedule::misfire;
use serde_json::Value;
use url::Url;

use crate::capabilities::email;
use crate::model::Job;
use crate::model::job::{Backoff, Hook, Hooks, HttpHook, Misfire, Notifications, OverlapPolicy, RetryPolicy};
use crate::model::template::OnLost;
use crate::registry::fields::{Fields, Given, Problems, shown, wrong_type};

const MOST_RETRIES: u32 = 100;
/// A day.
const MOST_DELAY: u32 = 86_400;
/// A year.
const MOST_WINDOW: u32 = 31_536_000;
const MOST_RECIPIENTS: usize = 20;
const MOST_HOOKS: usize = 10;
const MOST_HEADERS: usize = 50;

pub(super) fn read(fields: &mut Fields<'_>, job: &mut Job, problems: &mut Problems) {
    match fields.given("overlap_policy") {
        Given::Absent => {}
        Given::Null => job.overlap_policy = OverlapPolicy::default(),
        Given::Value(_) => {
            let words = ["skip", "queue_one", "allow", "replace"];
            job.overlap_policy = fields.word("overlap_policy", &words, problems).unwrap_or(job.overlap_policy);
        }
    }
    match fields.given("on_lost") {
        Given::Absent => {}
        Given::Null => job.on_lost = None,
        Given::Value(_) => job.on_lost = fields.word::<OnLost>("on_lost", &["retry", "fail"], problems),
    }
    part(fields, "misfire", &mut job.misfire, problems, misfire);
    part(fields, "retry_policy", &mut job.retry_policy, problems, retry_policy);
    part(fields, "notifications", &mut job.notifications, problems, notifications);
    part(fields, "hooks", &mut job.hooks, problems, hooks);
}

/// One object; null is its default.
fn part<T: Default>(
    fields: &mut Fields<'_>,
    field: &'static str,
    place: &mut T,
    problems: &mut Problems,
    read: impl FnOnce(&mut Fields<'_>, &mut Problems) -> T,
) {
    match fields.given(field) {
        Given::Absent => {}
        Given::Null => *place = T::default(),
        Given::Value(value) => {
            let Some(mut inner) = Fields::of(value, fields.pointer(field), problems) else { return };
            *place = read(&mut inner, problems);
            inner.finish(problems);
        }
    }
}

fn misfire(fields: &mut Fields<'_>, problems: &mut Problems) -> Misfire {
    let default = Misfire::default();
    Misfire {
        policy: fields
            .word::<misfire::Policy>("policy", &["latest", "all", "none"], problems)
            .unwrap_or(default.policy),
        window_seconds: fields.whole("window_seconds", 0, MOST_WINDOW, problems).unwrap_or(default.window_seconds),
    }
}

fn retry_policy(fields: &mut Fields<'_>, problems: &mut Problems) -> RetryPolicy {
    let default = RetryPolicy::default();
    RetryPolicy {
        max_retries: fields.whole("max_retries", 0, MOST_RETRIES, problems).unwrap_or(default.max_retries),
        retry_delay_seconds: fields
            .whole("retry_delay_seconds", 0, MOST_DELAY, problems)
            .unwrap_or(default.retry_delay_seconds),
        backoff: fields.word::<Backoff>("backoff", &["fixed", "exponential"], problems).unwrap_or(default.backoff),
        max_delay_seconds: fields.whole("max_delay_seconds", 1, MOST_DELAY, problems),
        jitter: fields.boolean("jitter", problems).unwrap_or(default.jitter),
    }
}

fn notifications(fields: &mut Fields<'_>, problems: &mut Problems) -> Notifications {
    Notifications {
        on_success: recipients(fields, "on_success", problems),
        on_failure: recipients(fields, "on_failure", problems),
    }
}

fn recipients(fields: &mut Fields<'_>, field: &'static str, problems: &mut Problems) -> Vec<String> {
    let items = fields.list(field, MOST_RECIPIENTS, problems).unwrap_or_default();
    items
        .into_iter()
        .filter_map(|(pointer, item)| {
            let Some(text) = item.as_str() else {
                wrong_type(problems, &pointer, "a text", item);
                return None;
            };
            if !is_web_address(text)
                && let Err(fault) = email::check_address(text)
            {
                let what = format!("{} is neither an http(s) URL nor an e-mail address: it {fault}", shown(text));
                problems.add(&pointer, "invalid_recipient", what);
            }
            Some(text.to_owned())
        })
        .collect()
}

fn is_web_address(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| ["http", "https"].contains(&url.scheme()) && url.has_host())
}

fn hooks(fields: &mut Fields<'_>, problems: &mut Problems) -> Hooks {
    Hooks { pre: hook_list(fields, "pre", problems), post: hook_list(fields, "post", problems) }
}

fn hook_list(fields: &mut Fields<'_>, field: &'static str, problems: &mut Problems) -> Vec<Hook> {
    let items = fields.list(field, MOST_HOOKS, problems).unwrap_or_default();
    items.into_iter().filter_map(|(pointer, item)| hook(item, &pointer, problems)).collect()
}

/// `{http: {…}}` or `{template, parameters}`.
fn hook(value: &Value, pointer: &str, problems: &mut Problems) -> Option<Hook> {
    let mut fields = Fields::of(value, pointer, problems)?;
    let http = fields.value("http");
    let template = fields.text("template", problems);
    let parameters = fields.value("parameters");
    let hook = match (http, template) {
        (Some(value), None) => Fields::of(value, fields.pointer("http"), problems).and_then(|mut inner| {
            let request = http_hook(&mut inner, problems);
            inner.finish(problems);
            request.map(|http| Hook::Http { http })
        }),
        (None, Some(template)) => {
            let parameters = parameters.cloned().unwrap_or_else(|| Value::Object(serde_json::Map::new()));
            if !parameters.is_object() {
                wrong_type(problems, &fields.pointer("parameters"), "an object", &parameters);
            }
            Some(Hook::Template { template: template.to_owned(), parameters })
        }
        _ => {
            problems.add(pointer, "invalid_hook", "must hold either `http` or `template`");
            None
        }
    };
    if http.is_some() && parameters.is_some() {
        problems.add(fields.pointer("parameters"), "unknown_field", "belongs to `template`, not to `http`");
    }
    fields.finish(problems);
    hook
}

fn http_hook(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<HttpHook> {
    let url = fields.text("url", problems);
    match url {
        Some(text) if !is_web_address(text) => {
            problems.add(fields.pointer("url"), "invalid_url", format!("{} is no http(s) URL", shown(text)));
        }
        None if fields.value("url").is_none() => problems.add(fields.pointer("url"), "required", "is missing"),
        _ => {}
    }
    let method = fields
        .word::<String>("method", &["GET", "POST", "PUT", "PATCH", "DELETE"], problems)
        .unwrap_or_else(|| "POST".to_owned());
    let headers = headers(fields, problems);
    let body = fields.value("body").cloned();
    Some(HttpHook { url: url?.to_owned(), method, headers, body })
}

fn headers(fields: &mut Fields<'_>, problems: &mut Problems) -> BTreeMap<String, String> {
    let mut read = BTreeMap::new();
    let Some(value) = fields.value("headers") else { return read };
    let pointer = fields.pointer("headers");
    let Value::Object(given) = value else {
        wrong_type(problems, &pointer, "an object of texts", value);
        return read;
    };
    if given.len() > MOST_HEADERS {
        problems.add(
            &pointer,
            "too_many",
            format!("holds {} headers, at most {MOST_HEADERS} are allowed", given.len()),
        );
        return read;
    }
    for (name, value) in given {
        let at = crate::registry::fields::join(&pointer, name);
        match value.as_str() {
            Some(text) if !text.contains(['\r', '\n', '\0']) && !name.is_empty() => {
                read.insert(name.clone(), text.to_owned());
            }
            Some(_) => problems.add(&at, "invalid_header", "holds a line break, or has no name"),
            None => wrong_type(problems, &at, "a text", value),
        }
    }
    read
}
