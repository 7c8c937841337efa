//! What every operation of the OpenAPI document gets beside what its handler says: a name of its own, and the answers
//! that any route may give, entered into the OpenAPI document in one place: without a token, with a query
//! that is not understood, in a bad moment. What only some routes refuse stands with their handlers.

use axum::http::Method;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder};

use super::access::{Need, RULES};

/// Name in `components`, status, meaning.
const COMMON: &[(&str, &str, &str)] = &[
    ("BadRequest", "400", "The request, its query or a header is not understood"),
    ("Unauthenticated", "401", "A token or session is required"),
    ("Forbidden", "403", "This role may not do that, or a browser sent it from another site"),
    ("NotFound", "404", "There is no such thing"),
    ("Timeout", "408", "The request took too long"),
    ("Conflict", "409", "It cannot be done as things stand"),
    ("TooLarge", "413", "The body is too large"),
    ("MediaType", "415", "The body must be JSON"),
    ("Invalid", "422", "Something in the body is not right; `errors` says where"),
    ("Busy", "429", "Too many runs are waiting, or too many attempts were made; try again after `Retry-After` seconds"),
    ("Internal", "500", "The server failed; its log has the request id"),
    ("Unavailable", "503", "The server cannot do that now; try again after `Retry-After` seconds"),
];

/// Adds to each operation its name and what it may answer beside what its handler says.
pub(super) fn enter(document: &mut OpenApi) {
    let components = document.components.get_or_insert_default();
    for (name, _, meaning) in COMMON {
        components.responses.insert((*name).to_owned(), RefOr::T(response(meaning)));
    }
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            operation.operation_id = Some(name(&method, path));
            let need = RULES.iter().find(|(known, of, _)| *known == method && of == path).map(|(.., need)| *need);
            for status in common(need.unwrap_or(Need::Define), path, operation) {
                let Some((name, ..)) = COMMON.iter().find(|(_, of, _)| *of == status) else { continue };
                let known = RefOr::Ref(Ref::from_response_name(*name));
                operation.responses.responses.entry(status.to_owned()).or_insert(known);
            }
        }
    }
}

/// A name that no other operation has: generators of clients make a function or a type of each. Handlers would give the
/// names of their functions, and there is a `list` in every file.
fn name(method: &Method, path: &str) -> String {
    let tail = path.strip_prefix("/api/admin/scheduler").unwrap_or(path);
    let words = tail.split(|sign: char| !sign.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.fold(method.as_str().to_ascii_lowercase(), |name, word| format!("{name}_{word}"))
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (Method, &mut Operation)> {
    let PathItem { get, post, put, delete, .. } = item;
    [(Method::GET, get), (Method::POST, post), (Method::PUT, put), (Method::DELETE, delete)]
        .into_iter()
        .filter_map(|(method, operation)| operation.as_mut().map(|operation| (method, operation)))
}

fn common(need: Need, path: &str, operation: &Operation) -> Vec<&'static str> {
    let mut statuses = vec!["400", "408"];
    if need != Need::Open {
        statuses.extend(["401", "403", "500", "503"]);
    }
    let names_one = path.contains('{');
    if names_one {
        statuses.push("404");
    }
    // A stored document may be damaged.
    if names_one && path.contains("/jobs/") {
        statuses.push("409");
    }
    if operation.request_body.is_some() {
        statuses.extend(["413", "415", "422"]);
    }
    statuses
}

fn response(meaning: &str) -> Response {
    let body = Ref::from_schema_name("Problem");
    let content = ContentBuilder::new().schema(Some(body)).build();
    ResponseBuilder::new().description(meaning).content("application/problem+json", content).build()
}
