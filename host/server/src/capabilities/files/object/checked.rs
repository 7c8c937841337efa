//! What the configuration says of an object store, checked. Pure: nothing is reached.

use object_store::aws::AmazonS3Builder;
use url::{Host, Url};
use zeroize::Zeroizing;

use super::super::FileName;
use super::credentials::SecretKey;
use crate::config;

/// The region where none is given; servers that only speak like S3 take it as well.
const USUAL_REGION: &str = "us-east-1";

/// A key that is at fault.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) struct Fault {
    pub(in super::super) key: &'static str,
    /// As it may be shown.
    pub(in super::super) found: String,
    pub(in super::super) why: String,
}

/// Where an object store is, and who this server is there.
#[derive(Debug)]
pub(in super::super) struct Settings {
    pub(super) bucket: String,
    /// What the names of all objects begin with: empty, or with a slash at its end.
    pub(super) prefix: String,
    region: String,
    /// None: Amazon's own.
    endpoint: Option<Url>,
    path_style: bool,
    pub(super) access_key_id: String,
    pub(super) secret_key: SecretKey,
}

impl Settings {
    /// Reads what stands below `folders.LABEL` for an address that begins with `s3:`.
    ///
    /// # Errors
    /// The first key that cannot be used, and why.
    pub(in super::super) fn read(folder: &config::Folder) -> Result<Self, Fault> {
        let (bucket, prefix) = address(&folder.url)?;
        let endpoint = endpoint(folder)?;
        let region = if folder.region.is_empty() { USUAL_REGION } else { &folder.region };
        if !region.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return Err(fault("region", &folder.region, "write a region such as eu-central-1"));
        }
        let path_style = folder.path_style.unwrap_or(endpoint.is_some());
        let has_name = endpoint.as_ref().is_none_or(|url| matches!(url.host(), Some(Host::Domain(_))));
        if !path_style && !has_name {
            let why = "the bucket cannot be part of an address without a name: leave path_style out";
            return Err(Fault { key: "path_style", found: "false".to_owned(), why: why.to_owned() });
        }
        if !path_style && bucket.contains('.') && endpoint.as_ref().is_none_or(|url| url.scheme() == "https") {
            let why = "no certificate covers a bucket with a dot in its name as part of a host: set path_style = true";
            return Err(Fault { key: "path_style", found: "false".to_owned(), why: why.to_owned() });
        }
        Ok(Self {
            access_key_id: access_key_id(folder)?,
            secret_key: secret_key(folder)?,
            region: region.to_owned(),
            bucket,
            prefix,
            endpoint,
            path_style,
        })
    }

    /// What tells two places apart, whatever their prefixes.
    pub(in super::super) fn place(&self) -> String {
        let endpoint = self.endpoint.as_ref().map_or("https://s3.amazonaws.com/", Url::as_str);
        format!("{endpoint} {}", self.bucket)
    }

    /// Whether the two hold a file in common.
    pub(in super::super) fn overlaps(&self, other: &Self) -> bool {
        let share = self.prefix.starts_with(&other.prefix) || other.prefix.starts_with(&self.prefix);
        self.place() == other.place() && share
    }

    /// A client with all that stands here but the credentials.
    pub(super) fn builder(&self) -> AmazonS3Builder {
        let builder = AmazonS3Builder::new()
            .with_bucket_name(&self.bucket)
            .with_region(&self.region)
            .with_virtual_hosted_style_request(!self.path_style);
        match &self.endpoint {
            None => builder,
            Some(url) => builder.with_endpoint(self.written(url)).with_allow_http(url.scheme() == "http"),
        }
    }

    /// The library wants the bucket in the host where it is to be there.
    fn written(&self, url: &Url) -> String {
        let text = url.as_str().trim_end_matches('/');
        match text.split_once("://") {
            Some((scheme, rest)) if !self.path_style => format!("{scheme}://{}.{rest}", self.bucket),
            _ => text.to_owned(),
        }
    }
}

fn fault(key: &'static str, found: &str, why: &str) -> Fault {
    Fault { key, found: format!("{found:?}"), why: why.to_owned() }
}

/// Bucket and prefix of `s3://bucket/prefix`.
fn address(text: &str) -> Result<(String, String), Fault> {
    let refuse = |why: &str| fault("url", text, why);
    let url = Url::parse(text).map_err(|error| refuse(&format!("{error}; write it as s3://bucket/prefix")))?;
    if !url.username().is_empty() || url.password().is_some() {
        let why = "no key belongs into an address: use access_key_id and secret_access_key".to_owned();
        return Err(Fault { key: "url", found: "an address with a key in it".to_owned(), why });
    }
    if url.port().is_some() || url.query().is_some() || url.fragment().is_some() {
        return Err(refuse("it has more than a bucket and a prefix; the server is named by endpoint"));
    }
    let bucket = url.host_str().unwrap_or_default();
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.' | b'_');
    if !(3..=63).contains(&bucket.len()) || !bucket.bytes().all(is_plain) {
        return Err(refuse("a bucket has 3 to 63 small letters, digits, dots and hyphens: s3://bucket/prefix"));
    }
    let prefix = url.path().trim_matches('/');
    if prefix.is_empty() {
        return Ok((bucket.to_owned(), String::new()));
    }
    // An address is encoded, the name of an object is not.
    let decoded = || {
        let path = Url::parse(&format!("file:///{prefix}")).ok()?.to_file_path().ok()?;
        path.to_str().map(|path| path.trim_start_matches('/').to_owned())
    };
    let decoded = decoded().ok_or_else(|| refuse("its prefix is no text"))?;
    let name = FileName::parse(&decoded).map_err(|error| refuse(&format!("its prefix is not plain: {error}")))?;
    Ok((bucket.to_owned(), format!("{}/", name.as_str())))
}

fn endpoint(folder: &config::Folder) -> Result<Option<Url>, Fault> {
    let text = &folder.endpoint;
    if text.is_empty() {
        return Ok(None);
    }
    let refuse = |why: &str| fault("endpoint", text, why);
    let usual = "write it as https://s3.example.com";
    let url = Url::parse(text).map_err(|error| refuse(&format!("{error}; {usual}")))?;
    if !url.username().is_empty() || url.password().is_some() {
        let why = "no key belongs into an address: use access_key_id and secret_access_key".to_owned();
        return Err(Fault { key: "endpoint", found: "an address with a key in it".to_owned(), why });
    }
    match url.scheme() {
        "https" => {}
        "http" if folder.allow_cleartext => {}
        "http" => {
            return Err(refuse(
                "everything would go over the network in the clear: use https, or set allow_cleartext = true",
            ));
        }
        _ => return Err(refuse(usual)),
    }
    if !url.has_host() || url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err(refuse(&format!("it is a scheme, a host and perhaps a port: {usual}")));
    }
    Ok(Some(url))
}

fn access_key_id(folder: &config::Folder) -> Result<String, Fault> {
    if folder.access_key_id.is_empty() {
        return Err(fault("access_key_id", "", "an object store asks who comes: give the id of an access key"));
    }
    if !folder.access_key_id.bytes().all(|byte| byte.is_ascii_graphic()) {
        let why = "it has a character that no id of a key has, perhaps a space or the end of a line".to_owned();
        return Err(Fault { key: "access_key_id", found: "(set)".to_owned(), why });
    }
    Ok(folder.access_key_id.clone())
}

fn secret_key(folder: &config::Folder) -> Result<SecretKey, Fault> {
    match (folder.secret_access_key.as_str(), folder.secret_access_key_secret.as_str()) {
        ("", "") => Err(fault(
            "secret_access_key",
            "",
            "the key with that id is needed too: secret_access_key_secret names a stored secret, or the environment sets \
             it (SANDGLASS_FOLDERS__LABEL__SECRET_ACCESS_KEY, or …_FILE for a file that holds it)",
        )),
        ("", label) => match label.parse() {
            Ok(label) => Ok(SecretKey::Stored(label)),
            Err(error) => {
                Err(fault("secret_access_key_secret", label, &format!("it is the label of a secret, and {error}")))
            }
        },
        (text, "") => Ok(SecretKey::Configured(Zeroizing::new(text.to_owned()))),
        (_, label) => {
            Err(fault("secret_access_key_secret", label, "there is a secret_access_key too: keep one of them"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(change: impl FnOnce(&mut config::Folder)) -> config::Folder {
        let mut folder = config::Folder {
            url: "s3://archive/daily/a b".into(),
            access_key_id: "AKIA".into(),
            secret_access_key: "hush".into(),
            ..config::Folder::default()
        };
        change(&mut folder);
        folder
    }

    #[test]
    fn a_bucket_is_found_by_its_address_and_its_server() {
        let settings = Settings::read(&folder(|_| {})).unwrap();
        assert_eq!((settings.bucket.as_str(), settings.prefix.as_str()), ("archive", "daily/a b/"));
        assert!(!settings.path_style && settings.endpoint.is_none());

        let own = Settings::read(&folder(|folder| {
            folder.url = "s3://archive".into();
            folder.endpoint = "https://s3.example.com:9000".into();
        }))
        .unwrap();
        assert!(own.path_style && own.prefix.is_empty());
        assert_eq!(own.written(own.endpoint.as_ref().unwrap()), "https://s3.example.com:9000");
        let own = Settings { path_style: false, ..own };
        assert_eq!(own.written(own.endpoint.as_ref().unwrap()), "https://archive.s3.example.com:9000");
    }

    #[test]
    fn a_key_that_cannot_be_used_is_named_and_no_secret_is_shown() {
        type Change = fn(&mut config::Folder);
        let cases: [(Change, &str, &str); 15] = [
            (|f| f.url = "s3://".into(), "url", "s3://bucket/prefix"),
            (|f| f.url = "s3://ab".into(), "url", "3 to 63"),
            (|f| f.url = "s3://bucket/a/../b?x".into(), "url", "more than a bucket"),
            (|f| f.url = "s3://bucket/a//b".into(), "url", "not plain"),
            (|f| f.url = "s3://bucket/.hidden".into(), "url", "not plain"),
            (|f| f.url = "s3://AKIA:hush@bucket/x".into(), "url", "no key belongs"),
            (|f| f.endpoint = "http://127.0.0.1:9000".into(), "endpoint", "allow_cleartext"),
            (|f| f.endpoint = "ftp://host".into(), "endpoint", "https://"),
            (|f| f.endpoint = "https://host/path".into(), "endpoint", "a scheme, a host"),
            (|f| f.endpoint = "s3.example.com".into(), "endpoint", "https://"),
            (|f| f.region = "eu central".into(), "region", "eu-central-1"),
            (|f| f.access_key_id = String::new(), "access_key_id", "asks who comes"),
            (|f| f.secret_access_key = String::new(), "secret_access_key", "stored secret"),
            (|f| f.secret_access_key_secret = "s3".into(), "secret_access_key_secret", "keep one"),
            (
                |f| {
                    f.endpoint = "https://127.0.0.1".into();
                    f.path_style = Some(false);
                },
                "path_style",
                "without a name",
            ),
        ];
        for (change, key, why) in cases {
            let fault = Settings::read(&folder(change)).unwrap_err();
            assert_eq!(fault.key, key, "{fault:?}");
            assert!(fault.why.contains(why), "{fault:?}");
            assert!(!format!("{fault:?}").contains("hush"), "{fault:?}");
        }
        let shown = format!("{:?}", Settings::read(&folder(|_| {})).unwrap());
        assert!(!shown.contains("hush"), "{shown}");
    }

    #[test]
    fn folders_share_files_only_below_the_same_prefix_of_one_bucket() {
        let at = |url: &str, endpoint: &str| {
            Settings::read(&folder(|folder| {
                folder.url = url.into();
                folder.endpoint = endpoint.into();
            }))
            .unwrap()
        };
        assert!(at("s3://archive/a", "").overlaps(&at("s3://archive/a/b", "")));
        assert!(at("s3://archive", "").overlaps(&at("s3://archive/b", "")));
        assert!(!at("s3://archive/a", "").overlaps(&at("s3://archive/ab", "")));
        assert!(!at("s3://archive/a", "").overlaps(&at("s3://other/a", "")));
        assert!(!at("s3://archive/a", "").overlaps(&at("s3://archive/a", "https://s3.example.com")));
    }
}
