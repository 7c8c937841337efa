//! Reads what is asked for, field by field; every problem has its pointer, and none shows a password.

use serde_json::Value;
use zeroize::Zeroizing;

use super::AccessError;
use crate::model::{Role, UserName, password};
use crate::registry::fields::{Fields, Given, Problems, wrong_type};

const ROLES: [&str; 3] = ["admin", "operator", "auditor"];

/// Takes a text out of the body, so that no copy of it stays there.
pub(super) fn take(body: &mut Value, field: &'static str, problems: &mut Problems) -> Option<Zeroizing<String>> {
    match body.as_object_mut().and_then(|members| members.remove(field)) {
        Some(Value::String(text)) => Some(Zeroizing::new(text)),
        None | Some(Value::Null) => None,
        Some(other) => {
            wrong_type(problems, &format!("/{field}"), "a text", &other);
            // It is told already; as a text it would be told again.
            Some(Zeroizing::default())
        }
    }
}

/// As [`take`], where it has to be there.
pub(super) fn need(body: &mut Value, field: &'static str, what: &str, problems: &mut Problems) -> Zeroizing<String> {
    take(body, field, problems).unwrap_or_else(|| {
        problems.add(format!("/{field}"), "required", what);
        Zeroizing::default()
    })
}

pub(super) fn name(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<UserName> {
    let before = problems.len();
    let Some(text) = fields.text("name", problems) else {
        if problems.len() == before {
            problems.add("/name", "required", "the name by which the person signs in is needed");
        }
        return None;
    };
    let parsed = text.parse::<UserName>();
    parsed.map_err(|error| problems.add("/name", "invalid_name", error.to_string())).ok()
}

pub(super) fn role(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<Role> {
    fields.word("role", &ROLES, problems)
}

/// A new password in the form in which it is hashed. An empty one is told already, or not given.
pub(super) fn new_password(
    text: &str,
    field: &'static str,
    user: &UserName,
    problems: &mut Problems,
) -> Option<Zeroizing<String>> {
    if text.is_empty() && !problems.is_empty() {
        return None;
    }
    let accepted = password::accept(text, user);
    accepted.map_err(|weak| problems.add(format!("/{field}"), weak.code(), weak.to_string())).ok()
}

/// What a new user is.
pub(super) struct NewUser {
    pub name: UserName,
    pub role: Role,
    /// None: the person chooses one by a link.
    pub password: Option<Zeroizing<String>>,
}

/// `name`, `password`, and `role` where it is not given by what is done. Where it is not, `invite` may stand in the place
/// of the password.
pub(super) fn new_user(mut body: Value, given: Option<Role>) -> Result<NewUser, AccessError> {
    let mut problems = Problems::default();
    let text = take(&mut body, "password", &mut problems);
    let Some(mut fields) = Fields::of(&body, "", &mut problems) else { return invalid(problems) };
    fields.given("password");
    let is_invited = given.is_none() && fields.boolean("invite", &mut problems).unwrap_or(false);
    match (&text, is_invited) {
        (None, false) => problems.add("/password", "required", "a password is needed"),
        (Some(_), true) => problems.add("/invite", "conflict", "goes without `password`, or `password` without it"),
        _ => {}
    }
    let name = name(&mut fields, &mut problems);
    let role = match given {
        Some(role) => Some(role),
        None => {
            let is_absent = matches!(fields.given("role"), Given::Absent | Given::Null);
            if is_absent {
                problems.add("/role", "required", "a role is needed: `admin`, `operator` or `auditor`");
            }
            self::role(&mut fields, &mut problems)
        }
    };
    fields.finish(&mut problems);
    let password = match (&text, &name) {
        (Some(text), Some(name)) => new_password(text, "password", name, &mut problems),
        _ => None,
    };
    match (name, role) {
        (Some(name), Some(role)) if problems.is_empty() => Ok(NewUser { name, role, password }),
        _ => invalid(problems),
    }
}

pub(super) fn invalid<T>(problems: Problems) -> Result<T, AccessError> {
    Err(AccessError::Invalid(problems.into_vec()))
}
