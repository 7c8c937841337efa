//! What is wrong with parameters beyond what their schema says.

use chrono_tz::Tz;
use sandglass_sdk::{FileName, Problems, query};

use crate::parameters::{DateRange, Destination, Parameters, ReportType};
use crate::time::{Edge, MOST_GROUPS, Period};

/// Stages that no report may have; what else the host's database knows is its own matter.
const WRITING: [&str; 2] = ["$out", "$merge"];

/// Everything that is wrong, each with its place.
pub fn of(parameters: &Parameters) -> Problems {
    let mut problems = Problems::none();
    check_source(parameters, &mut problems);
    check_pipeline(parameters, &mut problems);
    check_time(parameters, &mut problems);
    check_destination(parameters, &mut problems);
    if !(1..=100).contains(&parameters.top) {
        problems.add("/top", format!("is {}: choose from 1 to 100", parameters.top));
    }
    if parameters.title.as_ref().is_some_and(|title| is_not_one_line(title)) {
        problems.add("/title", "is empty or holds control characters: write one line");
    }
    problems
}

fn is_not_one_line(text: &str) -> bool {
    text.trim().is_empty() || text.chars().any(char::is_control)
}

fn check_source(parameters: &Parameters, problems: &mut Problems) {
    let source = &parameters.source;
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
    if parameters.connection.is_empty() || !parameters.connection.chars().all(is_plain) {
        problems.add("/connection", "is no name of a connection: letters, digits, `_` and `-` are");
    }
    let collections = [
        ("/source/collection", source.collection.as_ref()),
        ("/source/users_collection", Some(&source.users_collection)),
    ];
    for (pointer, name) in collections {
        let Some(name) = name else { continue };
        if name.contains('/') {
            problems.add(pointer, "names a connection: that belongs into the parameter connection");
        } else if name.trim().is_empty() || name.chars().any(|letter| letter.is_control() || letter == '\\') {
            problems.add(pointer, "is no name of a collection: name one of yours");
        } else if name.starts_with("system.") || name.contains('$') {
            problems.add(pointer, format!("{name} belongs to the database itself: name one of your collections"));
        }
    }
    let fields = [
        ("/source/date_field", source.date_field.as_ref()),
        ("/source/user_field", Some(&source.user_field)),
        ("/source/event_field", Some(&source.event_field)),
        ("/source/users_id_field", Some(&source.users_id_field)),
        ("/source/users_date_field", Some(&source.users_date_field)),
        ("/source/users_name_field", Some(&source.users_name_field)),
    ];
    for (pointer, name) in fields {
        let is_path = |name: &String| {
            name.split('.').all(|part| !part.is_empty() && !part.starts_with('$'))
                && !name.chars().any(char::is_control)
        };
        if name.is_some_and(|name| !is_path(name)) {
            problems.add(pointer, "is no field: write it as in `created_at` or `meta.created_at`");
        }
    }
}

fn check_pipeline(parameters: &Parameters, problems: &mut Problems) {
    if parameters.report_type != ReportType::Custom {
        if !parameters.pipeline.is_empty() {
            problems.add("/pipeline", "is only used by a custom report: leave it out, or choose custom");
        }
        return;
    }
    if parameters.source.collection.is_none() {
        problems.add("/source/collection", "is missing: a custom report has to name what its pipeline reads");
    }
    if parameters.pipeline.is_empty() {
        problems.add("/pipeline", "is empty: a custom report needs at least one stage, such as {\"$limit\": 100}");
    }
    for (place, stage) in parameters.pipeline.iter().enumerate() {
        let pointer = format!("/pipeline/{place}");
        match stage.keys().collect::<Vec<_>>().as_slice() {
            [name] if !name.starts_with('$') => {
                problems.add(pointer, format!("{name} is no stage: their names begin with $, as in $match"));
            }
            [name] if WRITING.contains(&name.as_str()) => {
                problems.add(pointer, format!("{name} writes, and a report only reads: take it out"));
            }
            [name] => {
                let value = stage.get(name.as_str()).unwrap_or(&serde_json::Value::Null);
                query::check_stage(problems, &pointer, name, value);
            }
            keys => {
                problems
                    .add(pointer, format!("has {} names where a stage has one, as in {{\"$match\": …}}", keys.len()));
            }
        }
    }
}

fn check_time(parameters: &Parameters, problems: &mut Problems) {
    let zone = parameters.timezone.parse::<Tz>().ok();
    if zone.is_none() {
        problems.add(
            "/timezone",
            format!("{:?} is no IANA time zone: write it as in Europe/Berlin or UTC", parameters.timezone),
        );
    }
    let mut edge = |pointer: &str, text: &Option<String>| {
        let text = text.as_deref()?;
        let edge = Edge::parse(text);
        if edge.is_none() {
            let way = "2026-11-01, 2026-11-01T08:00 or 2026-11-01T08:00:00+01:00, from 1970 to 2200";
            problems.add(pointer, format!("{text:?} is no date: write {way}"));
        }
        edge
    };
    let (start, end) = (edge("/start_date", &parameters.start_date), edge("/end_date", &parameters.end_date));
    if parameters.date_range != DateRange::Custom {
        for (pointer, given) in [("/start_date", &parameters.start_date), ("/end_date", &parameters.end_date)] {
            if given.is_some() {
                problems.add(pointer, "is only used by the time custom: leave it out, or set date_range to custom");
            }
        }
        return;
    }
    if parameters.start_date.is_none() {
        problems.add("/start_date", "is missing: the time custom needs its beginning");
    }
    if let (Some(zone), Some(_), Some(_)) = (zone, start, end) {
        // With both edges the present instant plays no part.
        let period = Period::of(parameters, zone, sandglass_sdk::chrono::DateTime::UNIX_EPOCH);
        if period.end <= period.start {
            problems.add("/end_date", "is not after start_date: the earlier one comes first");
        } else if uses_groups(parameters.report_type) && parameters.group_by.groups(&period).is_none() {
            problems.add(
                "/group_by",
                format!(
                    "{} makes more than {MOST_GROUPS} rows of this time: choose a longer one",
                    parameters.group_by.name()
                ),
            );
        }
    }
}

fn uses_groups(report: ReportType) -> bool {
    matches!(report, ReportType::UserActivity | ReportType::Engagement | ReportType::SystemStats)
}

fn check_destination(parameters: &Parameters, problems: &mut Problems) {
    for fault in FileName::parse(&parameters.file_name, parameters.format.ending()).err().into_iter().flatten() {
        problems.add("/file_name", fault);
    }
    if parameters.folder.is_empty() || parameters.folder.contains(['/', '\\']) {
        problems.add("/folder", "is no label of a folder: folders inside of it belong into file_name");
    }
    let is_email = parameters.destination == Destination::Email;
    if is_email && parameters.recipients.is_empty() {
        problems.add("/recipients", "is empty: a report by e-mail needs at least one address");
    }
    if !is_email && !parameters.recipients.is_empty() {
        problems.add("/recipients", "is only used by the destination email: leave it out, or choose email");
    }
    for (place, address) in parameters.recipients.iter().enumerate() {
        if !is_address(address) {
            problems.add(format!("/recipients/{place}"), format!("{address:?} is no e-mail address"));
        } else if parameters.recipients.iter().take(place).any(|earlier| earlier.eq_ignore_ascii_case(address)) {
            problems.add(format!("/recipients/{place}"), format!("{address} is there twice"));
        }
    }
    if parameters.subject.as_ref().is_some_and(|subject| is_not_one_line(subject)) {
        problems.add("/subject", "is empty or holds control characters: write one line");
    }
}

/// What every address has. Whether a server takes it, the server says.
fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let is_word = |letter: char| !letter.is_whitespace() && !letter.is_control() && !"<>()[],;:\\\"@".contains(letter);
    let is_label = |label: &str| {
        !label.is_empty() && label.len() <= 63 && label.chars().all(|letter| letter.is_alphanumeric() || letter == '-')
    };
    !local.is_empty()
        && local.len() <= 64
        && local.chars().all(is_word)
        && domain.len() <= 253
        && domain.split('.').all(is_label)
}
