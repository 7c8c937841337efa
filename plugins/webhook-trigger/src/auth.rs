//! Who the request says it is from.

use sandglass_sdk::Error;
use sandglass_sdk::http::Auth as HostAuth;
use sandglass_sdk::secrets::Secret;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who the request says it is from. The secrets stay with the host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Auth {
    /// The request says nothing about who sends it.
    #[default]
    #[schemars(title = "None")]
    None,
    /// A token in the header `Authorization`.
    #[schemars(title = "Bearer token")]
    Bearer {
        /// Label of the secret that holds the token.
        #[schemars(title = "Token", length(min = 1, max = 64), example = &"crm-token", extend("writeOnly" = true, "x-ui" = {"order": 1, "widget": "secret"}))]
        secret: String,
    },
    /// User name and password in the header `Authorization`.
    #[schemars(title = "User name and password")]
    Basic {
        /// The user name.
        #[schemars(title = "User name", length(min = 1, max = 200), example = &"sandglass", extend("x-ui" = {"order": 1, "widget": "text"}))]
        username: String,
        /// Label of the secret that holds the password.
        #[schemars(title = "Password", length(min = 1, max = 64), example = &"crm-password", extend("writeOnly" = true, "x-ui" = {"order": 2, "widget": "secret"}))]
        secret: String,
    },
    /// A secret in a header of your choice.
    #[schemars(title = "Header")]
    Header {
        /// Name of the header.
        #[schemars(title = "Header", length(min = 1, max = 200), example = &"X-Api-Key", extend("x-ui" = {"order": 1, "widget": "text"}))]
        name: String,
        /// Label of the secret that is its value.
        #[schemars(title = "Value", length(min = 1, max = 64), example = &"api-key", extend("writeOnly" = true, "x-ui" = {"order": 2, "widget": "secret"}))]
        secret: String,
    },
    /// A signature over the body: `sha256=` and the HMAC-SHA256 of its bytes in hexadecimal digits.
    #[schemars(title = "Signature (HMAC)")]
    Hmac {
        /// The header that carries the signature.
        #[serde(default = "default_header")]
        #[schemars(title = "Header", length(min = 1, max = 200), example = &"X-Signature-256", extend("x-ui" = {"order": 1, "widget": "text"}))]
        header: String,
        /// Label of the secret that is the key.
        #[schemars(title = "Key", length(min = 1, max = 64), example = &"webhook-key", extend("writeOnly" = true, "x-ui" = {"order": 2, "widget": "secret"}))]
        secret: String,
    },
}

fn default_header() -> String {
    "X-Signature-256".to_owned()
}

impl Auth {
    /// The header that this fills, and where in the parameters its name stands.
    pub fn header(&self) -> Option<(&str, &'static str)> {
        match self {
            Self::None => None,
            Self::Bearer { .. } | Self::Basic { .. } => Some(("Authorization", "/auth/type")),
            Self::Header { name, .. } => Some((name, "/auth/name")),
            Self::Hmac { header, .. } => Some((header, "/auth/header")),
        }
    }

    /// What is wrong with the label of the secret, if anything.
    pub fn label_problem(&self) -> Option<String> {
        let (Self::Bearer { secret: label }
        | Self::Basic { secret: label, .. }
        | Self::Header { secret: label, .. }
        | Self::Hmac { secret: label, .. }) = self
        else {
            return None;
        };
        let begins = label.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric());
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        let is_label = begins && label.len() <= 64 && label.bytes().all(is_plain);
        // What is no label may be the secret itself: it is not repeated.
        let problem = "is no label of a secret: give the label under which an administrator stored it, never its text";
        (!is_label).then(|| problem.to_owned())
    }

    /// The handle of the secret it needs.
    pub fn secret(&self) -> Result<Option<Secret>, Error> {
        match self {
            Self::None => Ok(None),
            Self::Bearer { secret }
            | Self::Basic { secret, .. }
            | Self::Header { secret, .. }
            | Self::Hmac { secret, .. } => Secret::get(secret).map(Some),
        }
    }

    /// What the host shall add.
    pub fn with<'a>(&self, secret: Option<&'a Secret>) -> HostAuth<'a> {
        match (self, secret) {
            (Self::None, _) | (_, None) => HostAuth::None,
            (Self::Bearer { .. }, Some(secret)) => HostAuth::Bearer(secret),
            (Self::Basic { username, .. }, Some(secret)) => HostAuth::Basic { username: username.clone(), secret },
            (Self::Header { name, .. }, Some(secret)) => HostAuth::Header { name: name.clone(), secret },
            (Self::Hmac { header, .. }, Some(secret)) => HostAuth::HmacSha256 { header: header.clone(), secret },
        }
    }
}
