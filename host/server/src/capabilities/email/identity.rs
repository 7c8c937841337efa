//! Who mail is from, and by which server it goes: the configuration's `[email]`, checked at the start.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use lettre::transport::smtp::client::{Certificate, CertificateStore, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use zeroize::Zeroizing;

use super::address::{Address, AddressFault, Mailbox, ascii_domain};
use super::message::{Draft, MessageBounds};
use super::recipients::Pattern;
use super::sign_in::{Password, SignIn};
use crate::capabilities::{ErrorKind, GateError};
use crate::config::{self, MailTls};

const PEM_MARK: &[u8] = b"-----BEGIN CERTIFICATE-----";

/// What is wrong with the configuration of mail.
#[derive(Debug, thiserror::Error)]
pub enum EmailSetupError {
    #[error("email.identities.{identity}.{key} is {found}: {expected}")]
    Value { identity: String, key: &'static str, found: String, expected: String },
    #[error("email.identities.{identity}.{key} names {path}, which cannot be used: {reason}")]
    File { identity: String, key: &'static str, path: PathBuf, reason: String },
    #[error("email.{key} is 0: at least 1 is needed")]
    Zero { key: &'static str },
    #[error("email.identities.{identity}: TLS cannot be set up: {reason}. `ca_file` can name certificates to trust")]
    Tls { identity: String, reason: String },
}

/// How a connection is kept from others.
#[derive(Clone)]
pub(super) enum Security {
    /// Begins in the clear and must be turned (RFC 3207).
    StartTls(TlsParameters),
    /// From the first byte (RFC 8314).
    Implicit(TlsParameters),
    /// None.
    Clear {
        /// Connect to loopback addresses only, whatever the name says.
        is_local: bool,
    },
}

/// A mail server and how to sign in there.
pub(super) struct MailServer {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) security: Security,
    pub(super) sign_in: Option<SignIn>,
    pub(super) hello: ClientId,
    /// Of one command and its answer.
    pub(super) timeout: Duration,
}

/// Somebody mail may be from.
pub(super) struct Identity {
    pub(super) server: MailServer,
    pub(super) from: Mailbox,
    pub(super) reply_to: Option<Mailbox>,
    pub(super) bounds: MessageBounds,
    /// Messages of one run.
    pub(super) messages: u64,
    allowed: Vec<Pattern>,
    pub(super) label: String,
}

impl Identity {
    /// Reads one identity.
    ///
    /// # Errors
    /// The key at fault, what was found, and the way out.
    pub(super) fn new(
        label: &str,
        settings: &config::EmailIdentity,
        common: &config::Email,
    ) -> Result<Self, EmailSetupError> {
        let reader = Reader { label };
        let from = reader.mailbox("from", &settings.from)?;
        let from = if settings.from_name.is_empty() {
            from
        } else {
            Mailbox::named(&settings.from_name, from.address)
                .map_err(|fault| reader.fault("from_name", &settings.from_name, &fault))?
        };
        let reply_to = (!settings.reply_to.is_empty()).then(|| reader.mailbox("reply_to", &settings.reply_to));
        let timeout = settings.timeout_seconds.unwrap_or(common.timeout_seconds);
        let recipients = settings.recipients.unwrap_or(common.recipients);
        let messages = settings.messages.unwrap_or(common.messages);
        for (key, value) in [("timeout_seconds", timeout), ("recipients", recipients as u64), ("messages", messages)] {
            if value == 0 {
                return Err(reader.value(key, "0", "at least 1 is needed"));
            }
        }
        Ok(Self {
            server: reader.server(settings, Duration::from_secs(timeout))?,
            from,
            reply_to: reply_to.transpose()?,
            bounds: MessageBounds { recipients, bytes: common.message_bytes },
            messages,
            allowed: reader.allowed(&settings.allowed_recipients)?,
            label: label.to_owned(),
        })
    }

    /// Whether this identity may send the message.
    ///
    /// # Errors
    /// `denied` for a recipient, `limit` for how much it is.
    pub(super) fn admits(&self, draft: &Draft) -> Result<(), GateError> {
        draft.within(self.bounds)?;
        let is_allowed = |address: &Address| self.allowed.iter().any(|pattern| pattern.covers(address));
        match draft.recipients().iter().find(|address| !is_allowed(address)) {
            None => Ok(()),
            Some(address) => Err(GateError::denied(
                "recipient-not-allowed",
                format!(
                    "{address} gets no mail from this identity; email.identities.{}.allowed_recipients would have to \
                     cover it",
                    self.label
                ),
            )),
        }
    }
}

/// Every identity, by its label.
#[derive(Default)]
pub(super) struct Identities(BTreeMap<String, std::sync::Arc<Identity>>);

impl Identities {
    pub(super) fn new(settings: &config::Email) -> Result<Self, EmailSetupError> {
        for (key, value) in [
            ("recipients", settings.recipients as u64),
            ("messages", settings.messages),
            ("message_bytes", settings.message_bytes as u64),
            ("timeout_seconds", settings.timeout_seconds),
            ("connections", settings.connections as u64),
        ] {
            if value == 0 {
                return Err(EmailSetupError::Zero { key });
            }
        }
        let read = |(label, identity): (&String, &config::EmailIdentity)| {
            Ok((label.clone(), std::sync::Arc::new(Identity::new(label, identity, settings)?)))
        };
        Ok(Self(settings.identities.iter().map(read).collect::<Result<_, EmailSetupError>>()?))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&String, &std::sync::Arc<Identity>)> {
        self.0.iter()
    }
}

/// An identity that is not there.
pub(super) fn unknown(label: &str) -> GateError {
    GateError::new(
        ErrorKind::NotFound,
        "unknown-identity",
        format!("no e-mail identity {label:?}: an operator has to add [email.identities.{label}] with host and from"),
    )
}

struct Reader<'a> {
    label: &'a str,
}

impl Reader<'_> {
    fn value(&self, key: &'static str, found: &str, expected: &str) -> EmailSetupError {
        let found = if found.is_empty() { "empty".to_owned() } else { format!("{found:?}") };
        EmailSetupError::Value { identity: self.label.to_owned(), key, found, expected: expected.to_owned() }
    }

    fn fault(&self, key: &'static str, found: &str, fault: &AddressFault) -> EmailSetupError {
        self.value(key, found, &format!("it {fault}"))
    }

    fn mailbox(&self, key: &'static str, text: &str) -> Result<Mailbox, EmailSetupError> {
        Mailbox::parse(text).map_err(|fault| self.fault(key, text, &fault))
    }

    fn allowed(&self, patterns: &[String]) -> Result<Vec<Pattern>, EmailSetupError> {
        let key = "allowed_recipients";
        if patterns.is_empty() {
            return Err(self.value(key, "", "nobody could get mail; use \"*\" for everybody, or *@example.com"));
        }
        let read = |text: &String| {
            Pattern::parse(text)
                .ok_or_else(|| self.value(key, text, "use \"*\", an address, *@example.com or *@*.example.com"))
        };
        patterns.iter().map(read).collect()
    }

    fn server(&self, settings: &config::EmailIdentity, timeout: Duration) -> Result<MailServer, EmailSetupError> {
        let (host, is_local) = self.host(&settings.host)?;
        let security = match settings.tls {
            MailTls::Required => Security::StartTls(self.tls(&host, settings)?),
            MailTls::Implicit => Security::Implicit(self.tls(&host, settings)?),
            MailTls::None if is_local || settings.allow_cleartext => Security::Clear { is_local },
            MailTls::None => {
                return Err(self.value(
                    "tls",
                    "none",
                    "mail and password would cross the network in the clear; use `required` or `implicit`, or set \
                     allow_cleartext = true if that is wanted",
                ));
            }
        };
        let default = if settings.tls == MailTls::Implicit { 465 } else { 587 };
        let port = settings.port.unwrap_or(default);
        if port == 0 {
            return Err(self.value("port", "0", "usual ones are 587, 465 and 25"));
        }
        Ok(MailServer {
            port,
            security,
            sign_in: self.sign_in(settings)?,
            hello: self.hello(&settings.hello_name)?,
            timeout,
            host,
        })
    }

    /// The host's name or address, and whether it is this machine.
    fn host(&self, text: &str) -> Result<(String, bool), EmailSetupError> {
        let literal = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
        if let Ok(address) = literal.parse::<IpAddr>() {
            return Ok((literal.to_owned(), address.is_loopback()));
        }
        // A name without a dot is usual inside a company.
        let name = if text.contains('.') {
            ascii_domain(text)
        } else {
            ascii_domain(&format!("{text}.internal")).and_then(|name| name.strip_suffix(".internal").map(str::to_owned))
        };
        let name = name.ok_or_else(|| {
            self.value("host", text, "the name or address of a mail server, such as smtp.example.com")
        })?;
        let is_local = name == "localhost";
        Ok((name, is_local))
    }

    fn sign_in(&self, settings: &config::EmailIdentity) -> Result<Option<SignIn>, EmailSetupError> {
        let given = [
            ("password", !settings.password.is_empty()),
            ("password_secret", !settings.password_secret.is_empty()),
            ("password_file", settings.password_file.is_some()),
        ];
        let mut given = given.into_iter().filter_map(|(key, is_given)| is_given.then_some(key));
        let key = given.next();
        if let (Some(key), Some(other)) = (key, given.next()) {
            let found = if key == "password" { "(set)" } else { &settings.password_secret };
            return Err(self.value(key, found, &format!("there is a {other} too: keep one of them")));
        }
        let password = match (key, &settings.password_file) {
            (Some("password_secret"), _) => {
                let label = settings.password_secret.parse();
                let label = label.map_err(|error| {
                    let expected = format!("it is the label of a secret, and {error}");
                    self.value("password_secret", &settings.password_secret, &expected)
                })?;
                Some(Password::Secret(label))
            }
            (Some("password_file"), Some(path)) => {
                let text = std::fs::read_to_string(path).map_err(|error| self.file("password_file", path, &error))?;
                let text = Zeroizing::new(text);
                let text = text.trim_end_matches(['\r', '\n']);
                if text.is_empty() {
                    return Err(self.file("password_file", path, &"it is empty"));
                }
                Some(Password::Configured(Zeroizing::new(text.to_owned())))
            }
            (Some(_), _) => Some(Password::Configured(Zeroizing::new(settings.password.clone()))),
            (None, _) => None,
        };
        match (settings.username.is_empty(), password) {
            (true, None) => Ok(None),
            (false, Some(password)) => Ok(Some(SignIn { username: settings.username.clone(), password })),
            (true, Some(_)) => Err(self.value("username", "", "there is a password, so a name is needed too")),
            (false, None) => Err(self.value(
                "password",
                "",
                "there is a username, so a password is needed too: password_secret, password_file or password",
            )),
        }
    }

    fn hello(&self, name: &str) -> Result<ClientId, EmailSetupError> {
        if name.is_empty() {
            return Ok(ClientId::default());
        }
        let name = ascii_domain(name).ok_or_else(|| self.value("hello_name", name, "the full name of this machine"))?;
        Ok(ClientId::Domain(name))
    }

    fn tls(&self, host: &str, settings: &config::EmailIdentity) -> Result<TlsParameters, EmailSetupError> {
        let mut builder = TlsParameters::builder(host.to_owned());
        if let Some(path) = &settings.ca_file {
            let pem = std::fs::read(path).map_err(|error| self.file("ca_file", path, &error))?;
            if !pem.windows(PEM_MARK.len()).any(|bytes| bytes == PEM_MARK) {
                return Err(self.file("ca_file", path, &"it holds no certificate in PEM form"));
            }
            let certificates = Certificate::from_pem(&pem).map_err(|error| self.file("ca_file", path, &error))?;
            // Whoever names certificates trusts these, and nobody else.
            builder = builder.certificate_store(CertificateStore::None).add_root_certificate(certificates);
        }
        builder
            .build()
            .map_err(|error| EmailSetupError::Tls { identity: self.label.to_owned(), reason: error.to_string() })
    }

    fn file(&self, key: &'static str, path: &std::path::Path, reason: &dyn std::fmt::Display) -> EmailSetupError {
        EmailSetupError::File {
            identity: self.label.to_owned(),
            key,
            path: path.to_owned(),
            reason: reason.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::message::EmailMessage;
    use super::*;

    fn common() -> config::Email {
        config::load(&config::Flags::default(), std::collections::HashMap::new()).unwrap().email
    }

    fn settings(change: impl FnOnce(&mut config::EmailIdentity)) -> config::EmailIdentity {
        let mut settings = config::EmailIdentity {
            host: "smtp.example.com".into(),
            from: "s@example.com".into(),
            // Needs no certificates of this machine.
            tls: MailTls::None,
            allow_cleartext: true,
            ..config::EmailIdentity::default()
        };
        change(&mut settings);
        settings
    }

    fn read(change: impl FnOnce(&mut config::EmailIdentity)) -> Result<Identity, EmailSetupError> {
        Identity::new("default", &settings(change), &common())
    }

    fn refusal(change: impl FnOnce(&mut config::EmailIdentity)) -> String {
        read(change).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn each_bad_value_is_named_with_the_way_out() {
        type Change = fn(&mut config::EmailIdentity);
        let cases: [(Change, &str, &str); 27] = [
            (|it| it.host = String::new(), "host is empty", "smtp.example.com"),
            (|it| it.host = "smtp example".into(), "host", "smtp.example.com"),
            (|it| it.host = "smtp://x".into(), "host", "smtp.example.com"),
            (|it| it.host = "x\r\n".into(), "host", "smtp.example.com"),
            (|it| it.port = Some(0), "port", "587"),
            (|it| it.from = String::new(), "from is empty", "name@example.com"),
            (|it| it.from = "s@example.com, t@example.com".into(), "from", "it "),
            (|it| it.from_name = "a\nb".into(), "from_name", "line break"),
            (|it| it.reply_to = "x".into(), "reply_to", "name@example.com"),
            (|it| it.allow_cleartext = false, "tls is \"none\"", "allow_cleartext"),
            (|it| it.username = "u".into(), "password is empty", "username"),
            (|it| it.password = "p".into(), "username is empty", "password"),
            (|it| it.password_file = Some("/nowhere".into()), "password_file", "/nowhere"),
            (|it| (it.password, it.password_file) = ("p".into(), Some("/x".into())), "password", "keep one"),
            (|it| it.password_secret = "smtp".into(), "username is empty", "password"),
            (
                |it| (it.username, it.password_secret) = ("u".into(), "no label".into()),
                "password_secret is \"no label\"",
                "letters",
            ),
            (|it| (it.password, it.password_secret) = ("p".into(), "x".into()), "password is", "password_secret too"),
            (
                |it| (it.password_secret, it.password_file) = ("x".into(), Some("/x".into())),
                "password_secret is \"x\"",
                "password_file too",
            ),
            (
                |it| (it.username, it.password_file) = ("u".into(), Some("/dev/null".into())),
                "password_file",
                "it is empty",
            ),
            (|it| it.allowed_recipients.clear(), "allowed_recipients", "nobody"),
            (|it| it.allowed_recipients = vec!["example.com".into()], "allowed_recipients", "*@example.com"),
            (|it| it.recipients = Some(0), "recipients", "at least 1"),
            (|it| it.messages = Some(0), "messages", "at least 1"),
            (|it| it.timeout_seconds = Some(0), "timeout_seconds", "at least 1"),
            (|it| it.hello_name = "x y".into(), "hello_name", "full name"),
            (|it| (it.tls, it.ca_file) = (MailTls::Required, Some("/nowhere".into())), "ca_file", "/nowhere"),
            (|it| (it.tls, it.ca_file) = (MailTls::Implicit, Some("/etc/hostname".into())), "ca_file", "PEM"),
        ];
        for (number, (change, key, way_out)) in cases.into_iter().enumerate() {
            let said = refusal(change);
            let key = format!("email.identities.default.{key}");
            assert!(said.contains(&key) && said.contains(way_out), "{number}: {said:?} lacks {key} or {way_out}");
            assert!(!said.contains("\"p\""), "{said}");
        }
    }

    #[test]
    fn clear_text_is_for_this_machine_unless_it_is_asked_for() {
        for host in ["localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]"] {
            let identity = read(|it| (it.host, it.allow_cleartext) = (host.into(), false)).unwrap();
            assert!(matches!(identity.server.security, Security::Clear { is_local: true }), "{host}");
        }
        for host in ["mail", "10.0.0.1", "localhost.example.com", "127.0.0.1.example.com"] {
            assert!(refusal(|it| (it.host, it.allow_cleartext) = (host.into(), false)).contains("tls"), "{host}");
        }
    }

    #[test]
    fn ports_follow_the_kind_of_tls_and_names_may_be_short() {
        assert_eq!(read(|_| {}).unwrap().server.port, 587);
        let identity = read(|it| (it.host, it.port) = ("mail".into(), Some(25))).unwrap();
        assert_eq!((identity.server.host.as_str(), identity.server.port), ("mail", 25));
    }

    #[test]
    fn recipients_outside_the_list_get_no_mail_and_the_key_is_named() {
        let identity = read(|it| it.allowed_recipients = vec!["*@example.com".into(), "x@example.org".into()]).unwrap();
        let draft = |to: &[&str]| {
            let to = to.iter().map(|to| (*to).to_owned()).collect();
            Draft::new(EmailMessage { to, ..EmailMessage::default() }).unwrap()
        };
        assert!(identity.admits(&draft(&["a@example.com", "X <x@example.org>"])).is_ok());
        let error = identity.admits(&draft(&["a@example.com", "y@example.org"])).unwrap_err();
        assert_eq!((error.kind, error.reason), (ErrorKind::Denied, "recipient-not-allowed"));
        assert!(error.message.contains("y@example.org") && error.message.contains("allowed_recipients"), "{error}");
        let many: Vec<String> = (0..51).map(|number| format!("a{number}@example.com")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(identity.admits(&draft(&many)).unwrap_err().reason, "recipients");
    }
}
