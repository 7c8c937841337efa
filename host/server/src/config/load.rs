//! Where values come from, and the errors that name the key and the way out.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use config::{Environment, File, FileFormat, Value, ValueKind};
use sandglass_database::mongo::masked;

use super::{Config, REFERENCE};

/// Keys whose values are never shown.
const SECRET_KEYS: [&str; 8] = [
    "admin_token",
    "uri",
    "password",
    "secrets.key",
    "secrets__key",
    "previous_key",
    "access_key_id",
    "secret_access_key",
];
/// Secrets that are taken as they are: the environment's other values are parsed, and one of digits only would become
/// a number.
const TEXTS: [(&str, &str); 3] = [
    ("SANDGLASS_ADMIN_TOKEN", "admin_token"),
    ("SANDGLASS_SECRETS__KEY", "secrets.key"),
    ("SANDGLASS_SECRETS__PREVIOUS_KEY", "secrets.previous_key"),
];
/// Names that begin like ours but steer tests, tools and the commands that talk to a server, not the server.
const FOREIGN: [&str; 6] = [
    "SANDGLASS_CONFIG",
    "SANDGLASS_TEST_",
    "SANDGLASS_CONFORMANCE_",
    "SANDGLASS_WRITE_",
    "SANDGLASS_URL",
    "SANDGLASS_TOKEN",
];
const PREFIX: &str = "SANDGLASS_";
const MONGODB: &str = "mongodb://";
/// The connection that is always there.
const DEFAULT: &str = "default";
const IDENTITIES: &str = "SANDGLASS_EMAIL__IDENTITIES__";
/// Keys with names in them whose values are taken as they are: what they begin and what they end with.
const NAMED_TEXTS: [(&str, &str); 5] = [
    (IDENTITIES, "__PASSWORD"),
    (IDENTITIES, "__PASSWORD_SECRET"),
    (FOLDERS, "__ACCESS_KEY_ID"),
    (FOLDERS, "__SECRET_ACCESS_KEY"),
    (FOLDERS, "__SECRET_ACCESS_KEY_SECRET"),
];
const FOLDERS: &str = "SANDGLASS_FOLDERS__";

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("the configuration is not right: {0}. Every key and its meaning: sandglass config reference")]
    Invalid(#[from] config::ConfigError),
    #[error("{variable} names {path}, which cannot be read: {error}")]
    SecretFile { variable: String, path: PathBuf, error: std::io::Error },
    #[error("{key} is {found}: {expected}")]
    Value { key: &'static str, found: String, expected: &'static str },
}

/// Values from the command line; they go before everything else.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    pub file: Option<PathBuf>,
    pub data_dir: Option<PathBuf>,
    pub listen: Option<String>,
}

/// One value in force, as text, and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    pub key: String,
    pub value: String,
    pub origin: String,
}

/// Reads the configuration from flags, the environment given, the file and the defaults.
///
/// # Errors
/// The key at fault, what was found, and where it came from.
pub fn load(flags: &Flags, environment: HashMap<String, String>) -> Result<Config, ConfigError> {
    let mut config: Config = merge(flags, environment)?.try_deserialize()?;
    // A variable that is set to nothing is an empty list, not a list of one empty text.
    config.http.allowed_networks.retain(|network| !network.trim().is_empty());
    check(&config)?;
    Ok(config)
}

/// Every value in force with its origin, secrets left out.
///
/// # Errors
/// As [`load`].
pub fn redacted(flags: &Flags, environment: HashMap<String, String>) -> Result<Vec<Source>, ConfigError> {
    let merged = merge(flags, environment)?;
    let mut sources = Vec::new();
    flatten("", &merged.cache, &mut sources);
    sources.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(sources)
}

fn merge(flags: &Flags, environment: HashMap<String, String>) -> Result<config::Config, ConfigError> {
    let mut builder = config::Config::builder().add_source(File::from_str(REFERENCE, FileFormat::Toml));
    if let Some(file) = &flags.file {
        builder = builder.add_source(File::from(file.as_path()).format(FileFormat::Toml));
    }
    let mut variables = with_secret_files(environment)?;
    let texts = TEXTS.map(|(variable, key)| (key, variables.remove(variable)));
    let named_texts = named_texts(&mut variables);
    let lists = lists(&variables);
    let mut environment = Environment::with_prefix("SANDGLASS")
        .prefix_separator("_")
        .separator("__")
        .try_parsing(true)
        .list_separator(",")
        .with_list_parse_key("http.allowed_networks");
    for key in lists {
        environment = environment.with_list_parse_key(&key);
    }
    builder = builder.add_source(environment.source(Some(variables)));
    for (key, text) in texts {
        builder = builder.set_override_option(key, text)?;
    }
    for (key, text) in named_texts {
        builder = builder.set_override(key, text)?;
    }
    if let Some(data_dir) = &flags.data_dir {
        builder = builder.set_override("data_dir", data_dir.display().to_string())?;
    }
    if let Some(listen) = &flags.listen {
        builder = builder.set_override("server.listen", listen.as_str())?;
    }
    Ok(builder.build()?)
}

/// Takes the passwords of identities and the keys of folders out, and the labels of those that are stored.
fn named_texts(variables: &mut HashMap<String, String>) -> Vec<(String, String)> {
    let is_text = |name: &String| NAMED_TEXTS.iter().any(|(start, end)| name.starts_with(start) && name.ends_with(end));
    let names: Vec<String> = variables.keys().filter(|name| is_text(name)).cloned().collect();
    names.into_iter().filter_map(|name| Some((key(&name), variables.remove(&name)?))).collect()
}

/// Keys with names in them whose values are lists.
fn lists(variables: &HashMap<String, String>) -> Vec<String> {
    let is_list = |name: &&String| name.starts_with(IDENTITIES) && name.ends_with("__ALLOWED_RECIPIENTS");
    variables.keys().filter(is_list).map(|name| key(name)).collect()
}

fn key(variable: &str) -> String {
    variable.trim_start_matches(PREFIX).to_lowercase().replace("__", ".")
}

/// Reads what `…_FILE` names, for keys that hold secrets.
fn with_secret_files(environment: HashMap<String, String>) -> Result<HashMap<String, String>, ConfigError> {
    let ours = environment
        .into_iter()
        .filter(|(name, _)| name.starts_with(PREFIX) && !FOREIGN.iter().any(|foreign| name.starts_with(foreign)));
    let mut values = HashMap::new();
    for (name, value) in ours {
        match name.strip_suffix("_FILE").filter(|base| is_secret(&base.to_lowercase())) {
            Some(base) => {
                let text = std::fs::read_to_string(Path::new(&value)).map_err(|error| ConfigError::SecretFile {
                    variable: name.clone(),
                    path: PathBuf::from(&value),
                    error,
                })?;
                values.insert(base.to_owned(), text.trim_end_matches(['\r', '\n']).to_owned());
            }
            None => {
                values.insert(name, value);
            }
        }
    }
    Ok(values)
}

/// Scheme, host, perhaps a port; no path, for every path is the server's own.
fn is_address(text: &str) -> bool {
    let Ok(url) = url::Url::parse(text) else { return false };
    let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && is_bare
        && url.username().is_empty()
        && url.password().is_none()
}

fn is_secret(key: &str) -> bool {
    SECRET_KEYS.iter().any(|secret| key.ends_with(secret))
}

/// URIs of databases: only as far as their beginning goes; what is wrong with the rest is said where they are opened.
fn uris(config: &Config) -> Result<(), ConfigError> {
    let uri = &config.database.uri;
    if !uri.is_empty() && !uri.starts_with(MONGODB) {
        return Err(ConfigError::Value {
            key: "database.uri (SANDGLASS_DATABASE__URI)",
            found: masked(uri),
            expected: "use mongodb://HOST:PORT/DATABASE, or leave it empty for the embedded database",
        });
    }
    for (name, connection) in &config.connections {
        if name == DEFAULT {
            return Err(ConfigError::Value {
                key: "connections",
                found: format!("one named {name}"),
                expected: "choose another name: this is the database that Sandglass itself uses, at database.uri",
            });
        }
        if !connection.uri.starts_with(MONGODB) {
            return Err(ConfigError::Value {
                key: "uri of a connection",
                found: format!("{} for {name}", masked(&connection.uri)),
                expected: "use mongodb://HOST:PORT/DATABASE",
            });
        }
    }
    Ok(())
}

fn check(config: &Config) -> Result<(), ConfigError> {
    let token = &config.admin_token;
    if !token.is_empty() && token.len() < 32 {
        return Err(ConfigError::Value {
            key: "admin_token (SANDGLASS_ADMIN_TOKEN)",
            found: format!("{} characters long", token.len()),
            expected: "use 32 or more, for example the output of `openssl rand -hex 32`",
        });
    }
    if !config.server.public_url.is_empty() && !is_address(&config.server.public_url) {
        return Err(ConfigError::Value {
            key: "server.public_url",
            found: format!("{:?}", config.server.public_url),
            expected: "use http:// or https://, a host, and nothing behind it, such as https://jobs.example.com",
        });
    }
    uris(config)?;
    for (key, found) in [
        ("execution.slots", config.execution.slots),
        ("execution.job_share_percent", config.execution.job_share_percent),
        ("database.group_size", config.database.group_size),
        ("database.readers", config.database.readers),
        ("scheduler.group_size", config.scheduler.group_size),
        ("scheduler.queue", config.scheduler.queue),
    ] {
        if found == 0 {
            return Err(ConfigError::Value { key, found: "0".into(), expected: "at least 1 is needed" });
        }
    }
    if config.execution.job_share_percent > 100 {
        return Err(ConfigError::Value {
            key: "execution.job_share_percent",
            found: config.execution.job_share_percent.to_string(),
            expected: "at most 100",
        });
    }
    Ok(())
}

fn flatten(key: &str, value: &Value, into: &mut Vec<Source>) {
    match &value.kind {
        ValueKind::Table(table) => {
            for (name, inner) in table {
                let key = if key.is_empty() { name.clone() } else { format!("{key}.{name}") };
                flatten(&key, inner, into);
            }
        }
        kind => {
            let text = match kind {
                ValueKind::Array(items) => {
                    format!("[{}]", items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
                }
                other => other.to_string(),
            };
            let shown = if is_secret(key) && !text.is_empty() { "(set)".to_owned() } else { text };
            let origin = value.origin().unwrap_or("default").to_owned();
            into.push(Source { key: key.to_owned(), value: shown, origin });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> HashMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn the_defaults_are_a_whole_configuration() {
        let config = load(&Flags::default(), HashMap::new()).unwrap();
        assert_eq!(config.server.listen.to_string(), "127.0.0.1:8000");
        assert_eq!(config.execution.slots, 64);
    }

    #[test]
    fn a_flag_goes_before_the_environment_and_that_before_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("sandglass.toml");
        std::fs::write(&file, "[execution]\nslots = 3\nqueue = 7\n[server]\nlisten = \"127.0.0.1:1\"\n").unwrap();
        let flags = Flags { file: Some(file), data_dir: None, listen: Some("127.0.0.1:3".into()) };
        let variables =
            environment(&[("SANDGLASS_EXECUTION__SLOTS", "5"), ("SANDGLASS_SERVER__LISTEN", "127.0.0.1:2")]);
        let config = load(&flags, variables).unwrap();
        assert_eq!((config.execution.slots, config.execution.queue), (5, 7));
        assert_eq!(config.server.listen.port(), 3);
    }

    #[test]
    fn an_unknown_key_is_refused_by_name() {
        let error = load(&Flags::default(), environment(&[("SANDGLASS_SERVER__LISTNE", "x")])).unwrap_err().to_string();
        assert!(error.contains("listne"), "{error}");
    }

    #[test]
    fn a_wrong_type_names_its_key() {
        let error =
            load(&Flags::default(), environment(&[("SANDGLASS_EXECUTION__SLOTS", "many")])).unwrap_err().to_string();
        assert!(error.contains("slots") && error.contains("many"), "{error}");
    }

    #[test]
    fn a_short_token_is_refused_and_a_file_can_hold_it() {
        let error =
            load(&Flags::default(), environment(&[("SANDGLASS_ADMIN_TOKEN", "short")])).unwrap_err().to_string();
        assert!(error.contains("32") && !error.contains("short\""), "{error}");
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        std::fs::write(&file, format!("{}\n", "t".repeat(40))).unwrap();
        let path = file.display().to_string();
        let config = load(&Flags::default(), environment(&[("SANDGLASS_ADMIN_TOKEN_FILE", &path)])).unwrap();
        assert_eq!(config.admin_token, "t".repeat(40));
    }

    #[test]
    fn keys_of_secrets_are_texts_whatever_they_look_like_and_are_never_shown() {
        let folder = tempfile::tempdir().unwrap();
        let (digits, file) = ("1".repeat(64), folder.path().join("key"));
        std::fs::write(&file, format!("{}\n", "2".repeat(64))).unwrap();
        let path = file.display().to_string();
        let variables = environment(&[
            ("SANDGLASS_SECRETS__KEY", digits.as_str()),
            ("SANDGLASS_SECRETS__PREVIOUS_KEY_FILE", path.as_str()),
        ]);
        let config = load(&Flags::default(), variables.clone()).unwrap();
        assert_eq!((&config.secrets.key, &config.secrets.previous_key), (&digits, &"2".repeat(64)));
        let shown = redacted(&Flags::default(), variables).unwrap();
        let of_secrets: Vec<_> = shown.iter().filter(|source| source.key.starts_with("secrets.")).collect();
        assert_eq!(of_secrets.len(), 2);
        assert!(of_secrets.iter().all(|source| source.value == "(set)"), "{of_secrets:?}");
        assert!(!format!("{config:?}").contains(&digits));
    }

    #[test]
    fn shown_values_hold_no_secret_and_say_where_they_come_from() {
        let variables = environment(&[("SANDGLASS_ADMIN_TOKEN", &"s".repeat(40)), ("SANDGLASS_EXECUTION__SLOTS", "9")]);
        let shown = redacted(&Flags::default(), variables).unwrap();
        assert!(shown.iter().all(|source| !source.value.contains("sss")));
        let slots = shown.iter().find(|source| source.key == "execution.slots").unwrap();
        assert_eq!((slots.value.as_str(), slots.origin.contains("environment")), ("9", true));
    }

    #[test]
    fn an_identity_may_come_from_the_environment_and_its_password_stays_text_and_hidden() {
        let variables = environment(&[
            ("SANDGLASS_EMAIL__IDENTITIES__DEFAULT__HOST", "smtp.example.com"),
            ("SANDGLASS_EMAIL__IDENTITIES__DEFAULT__PORT", "2525"),
            ("SANDGLASS_EMAIL__IDENTITIES__DEFAULT__FROM", "s@example.com"),
            ("SANDGLASS_EMAIL__IDENTITIES__DEFAULT__TLS", "none"),
            ("SANDGLASS_EMAIL__IDENTITIES__DEFAULT__USERNAME", "s"),
            ("SANDGLASS_EMAIL__IDENTITIES__DEFAULT__PASSWORD", "007"),
            ("SANDGLASS_EMAIL__IDENTITIES__DEFAULT__ALLOWED_RECIPIENTS", "*@example.com,x@example.org"),
        ]);
        let config = load(&Flags::default(), variables.clone()).unwrap();
        let identity = &config.email.identities["default"];
        assert_eq!((identity.password.as_str(), identity.port), ("007", Some(2525)));
        assert_eq!(identity.allowed_recipients, ["*@example.com", "x@example.org"]);
        let shown = redacted(&Flags::default(), variables).unwrap();
        assert!(shown.iter().all(|source| !source.value.contains("007")), "{shown:?}");
        assert!(!format!("{config:?}").contains("007"));
    }

    #[test]
    fn the_label_of_a_password_is_text_and_may_be_seen() {
        let variables = environment(&[("SANDGLASS_EMAIL__IDENTITIES__OPS__PASSWORD_SECRET", "007")]);
        let config = load(&Flags::default(), variables.clone()).unwrap();
        assert_eq!(config.email.identities["ops"].password_secret, "007");
        let shown = redacted(&Flags::default(), variables).unwrap();
        assert!(shown.iter().any(|one| one.key.ends_with("ops.password_secret") && one.value == "007"), "{shown:?}");
    }

    #[test]
    fn the_key_of_a_folder_may_come_from_the_environment_or_a_file_and_is_never_shown() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        std::fs::write(&file, "31337e5\n").unwrap();
        let path = file.display().to_string();
        let variables = environment(&[
            ("SANDGLASS_FOLDERS__ARCHIVE__URL", "s3://bucket/daily"),
            ("SANDGLASS_FOLDERS__ARCHIVE__PATH_STYLE", "true"),
            ("SANDGLASS_FOLDERS__ARCHIVE__ACCESS_KEY_ID", "00700"),
            ("SANDGLASS_FOLDERS__ARCHIVE__SECRET_ACCESS_KEY_FILE", &path),
            ("SANDGLASS_FOLDERS__OTHER__SECRET_ACCESS_KEY_SECRET", "bucket-key"),
        ]);
        let config = load(&Flags::default(), variables.clone()).unwrap();
        let archive = &config.folders["archive"];
        assert_eq!((archive.access_key_id.as_str(), archive.secret_access_key.as_str()), ("00700", "31337e5"));
        assert_eq!((archive.url.as_str(), archive.path_style), ("s3://bucket/daily", Some(true)));
        let shown = redacted(&Flags::default(), variables).unwrap();
        let hidden = |source: &Source| source.value.contains("00700") || source.value.contains("31337");
        assert!(!shown.iter().any(hidden), "{shown:?}");
        let label = |source: &Source| source.key.ends_with("secret_access_key_secret") && source.value == "bucket-key";
        assert!(shown.iter().any(label), "{shown:?}");
        assert!(!format!("{config:?}").contains("31337"));
    }

    #[test]
    fn the_password_of_an_identity_may_stand_in_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        std::fs::write(&file, "1e5\n").unwrap();
        let path = file.display().to_string();
        let variables = environment(&[
            ("SANDGLASS_EMAIL__IDENTITIES__OPS__HOST", "smtp.example.com"),
            ("SANDGLASS_EMAIL__IDENTITIES__OPS__PASSWORD_FILE", &path),
        ]);
        let config = load(&Flags::default(), variables).unwrap();
        assert_eq!(config.email.identities["ops"].password, "1e5");
    }
}
