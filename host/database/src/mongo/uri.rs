//! The URI: what is taken from it, what is set in code whatever it says, and how it is shown without its password.

use std::fmt::Display;

use mongodb::{
    error::Result as DriverResult,
    options::{ClientOptions, ReadConcern, ReadPreference, SelectionCriteria},
};

use super::{Options, server::write_concern};
use crate::{Error, Result};

/// How the server lists us among its clients.
const NAME: &str = "sandglass";

/// Settings of the driver, and the name of the database.
///
/// # Errors
/// [`Error::Invalid`] with the fault, without the password.
pub(super) async fn settings(uri: &str, default_database: &str, options: &Options) -> Result<(ClientOptions, String)> {
    if uri.starts_with("mongodb+srv://") {
        return Err(Error::invalid(
            "mongodb+srv:// is not supported, because it asks name servers for the hosts; name them in a mongodb:// URI",
        ));
    }
    let parsed: DriverResult<ClientOptions> = ClientOptions::parse(uri).await;
    let mut settings = parsed.map_err(|error| Error::invalid(without_password(uri, &error)))?;
    let name = settings.default_database.clone().unwrap_or_else(|| default_database.to_owned());
    settings.app_name.get_or_insert_with(|| NAME.to_owned());
    settings.write_concern = Some(write_concern(options));
    settings.read_concern = Some(ReadConcern::majority());
    settings.selection_criteria = Some(SelectionCriteria::ReadPreference(ReadPreference::Primary));
    settings.retry_writes = Some(true);
    settings.retry_reads = Some(true);
    settings.server_selection_timeout = Some(options.selection_timeout);
    settings.connect_timeout = Some(options.selection_timeout);
    settings.max_pool_size = Some(options.connections);
    settings.max_connecting = Some(8);
    Ok((settings, name))
}

/// The URI as it may be shown: the password as `****`.
pub fn masked(uri: &str) -> String {
    match password(uri) {
        Some((from, until)) => {
            format!("{}****{}", uri.get(..from).unwrap_or_default(), uri.get(until..).unwrap_or_default())
        }
        None => uri.to_owned(),
    }
}

/// What somebody says about the URI, with its password taken out.
pub(super) fn without_password(uri: &str, said: &dyn Display) -> String {
    let said = said.to_string();
    match password(uri).and_then(|(from, until)| uri.get(from..until)).filter(|password| !password.is_empty()) {
        Some(password) => said.replace(password, "****"),
        None => said,
    }
}

/// Where the password stands. Seen more widely than by the grammar, so that a URI with a fault gives nothing away: from
/// the first `:` behind the scheme to the last `@`.
fn password(uri: &str) -> Option<(usize, usize)> {
    let start = uri.find("://").map_or(0, |at| at + 3);
    let end = start + uri.get(start..)?.rfind('@')?;
    let colon = start + uri.get(start..end)?.find(':')?;
    Some((colon + 1, end))
}

#[cfg(test)]
mod tests {
    use super::{masked, settings, without_password};
    use crate::mongo::Options;

    #[test]
    fn a_password_is_never_shown() {
        for (uri, shown) in [
            ("mongodb://u:secret@h:27017/db?tls=true", "mongodb://u:****@h:27017/db?tls=true"),
            ("mongodb://u:p@ss:word@h/db", "mongodb://u:****@h/db"),
            ("mongodb://u:p/w@h,h2/db", "mongodb://u:****@h,h2/db"),
            ("u:secret@h", "u:****@h"),
            ("mongodb://u@h:27017", "mongodb://u@h:27017"),
            ("mongodb://h:27017/db", "mongodb://h:27017/db"),
        ] {
            assert_eq!(masked(uri), shown);
        }
        assert_eq!(without_password("mongodb://u:secret@h", &"what is secret here?"), "what is **** here?");
    }

    #[tokio::test]
    async fn durability_is_not_for_the_uri_to_decide() {
        let uri =
            "mongodb://h/shop?w=1&journal=false&readConcernLevel=local&readPreference=secondary&retryWrites=false";
        let (settings, name) = settings(uri, "other", &Options::default()).await.unwrap();
        assert_eq!(name, "shop");
        let concern = settings.write_concern.unwrap();
        assert_eq!(concern.w, Some(mongodb::options::Acknowledgment::Majority));
        assert_eq!(concern.journal, Some(true));
        assert_eq!(settings.read_concern, Some(mongodb::options::ReadConcern::majority()));
        assert_eq!(settings.retry_writes, Some(true));
        let primary = mongodb::options::ReadPreference::Primary;
        assert_eq!(settings.selection_criteria, Some(mongodb::options::SelectionCriteria::ReadPreference(primary)));
    }

    #[tokio::test]
    async fn a_uri_with_a_fault_is_refused_without_its_password() {
        for uri in ["mongodb://u:sec/ret@h/db", "mongodb+srv://u:sec@h/db", "http://u:sec@h", "mongodb://u:sec%zz@h"] {
            let error = settings(uri, "other", &Options::default()).await.unwrap_err().to_string();
            assert!(!error.contains("sec"), "{error}");
        }
    }
}
