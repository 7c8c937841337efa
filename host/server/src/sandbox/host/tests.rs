//! Every function that a component can import is in the linker, and every one that reaches outside asks the gate.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sandglass_database::memory::Memory;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::Instant;
use wasmtime::component::Resource;
use wit_parser::{Resolve, WorldItem};

use super::Refusal;
use crate::capabilities::documents::{Collection, Cursor, RawCursor};
use crate::capabilities::files::{Folder, Writer};
use crate::capabilities::http::Response;
use crate::capabilities::secrets::SecretHandle;
use crate::capabilities::{Bounds, EmailClient, Facts, Folders, Gates, GrantTable, HttpClient, Parts};
use crate::config;
use crate::model::grant::{Grant, Limits, Right};
use crate::model::template::Need;
use crate::model::{Digest, ExecutionId, Incarnation, JobId, Lease, SystemClock};
use crate::repository::audit::Audit;
use crate::repository::{Keyring, NewSecret, Secrets};
use crate::sandbox::bindings::sandglass::base::types;
use crate::sandbox::bindings::sandglass::documents::{manage, read, write};
use crate::sandbox::bindings::sandglass::email::sender;
use crate::sandbox::bindings::sandglass::files::{read as files, write as file_writer};
use crate::sandbox::bindings::sandglass::http::client;
use crate::sandbox::bindings::sandglass::insight::runs;
use crate::sandbox::bindings::sandglass::secrets::{reveal, store};
use crate::sandbox::contract::Contract;
use crate::sandbox::engine;
use crate::sandbox::environment::Kind;
use crate::sandbox::limiter::Limiter;
use crate::sandbox::log::RunLog;
use crate::sandbox::state::{RunFacts, State};

/// `(interface, function)` of everything that the world `full` imports, without types and resource drops.
fn contract() -> Vec<(String, String)> {
    let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit");
    let mut resolve = Resolve::default();
    let packages = ["base", "documents", "secrets", "http", "email", "files", "insight", "template"];
    let packages = packages.map(|package| resolve.push_path(wit.join(package)).unwrap().0);
    let world = resolve.select_world(&packages, Some("sandglass:template/full")).unwrap();
    let mut functions = Vec::new();
    for (key, item) in &resolve.worlds[world].imports {
        let WorldItem::Interface { id, .. } = item else { panic!("the world imports something that is no interface") };
        let names = resolve.interfaces[*id].functions.keys();
        functions.extend(names.map(|name| (resolve.name_world_key(key), name.clone())));
    }
    functions
}

#[test]
fn the_linker_has_every_function_of_the_contract() {
    let engine = engine::unpooled(Kind::Plain).unwrap();
    let mut linker = Contract::V0_1_0.linker(&engine).unwrap();
    let functions = contract();
    assert!(functions.len() > 40, "{} functions", functions.len());
    for (interface, function) in functions {
        let again = linker.instance(&interface).unwrap().func_wrap(&function, |_, (): ()| Ok(()));
        assert!(again.is_err(), "{interface} {function} was not there before");
    }
}

struct World {
    state: State,
    grants: Arc<GrantTable>,
    collection: Resource<Collection>,
    cursor: Resource<Cursor>,
    raw_cursor: Resource<RawCursor>,
    response: Resource<Response>,
    folder: Resource<Folder>,
    writer: Resource<Writer>,
    /// Where its folder stands.
    data: tempfile::TempDir,
    secret: Resource<SecretHandle>,
}

impl World {
    /// A run that holds one handle of each kind, and whose grant has been revoked since.
    async fn revoked() -> Self {
        let database = Memory::new();
        let grants = Arc::new(GrantTable::default());
        let digest = Digest::of(b"");
        let targets = ["documents", "http", "email", "files", "secrets", "insight"];
        let accesses = ["read", "write", "manage", "send", "use", "reveal"];
        let right = |capability: &&str| Right {
            capability: (*capability).into(),
            target: "*".into(),
            access: accesses.map(str::to_owned).to_vec(),
            extra: None,
        };
        let needs = targets.iter().flat_map(|capability| {
            accesses.map(|access| Need {
                capability: (*capability).into(),
                target: "*".into(),
                access: access.into(),
                reason: String::new(),
                optional: false,
                extra: None,
            })
        });
        grants.set(Grant {
            template_type: "test".into(),
            digest: digest.clone(),
            rights: targets.iter().map(right).collect(),
            limits: Limits::default(),
        });
        let clock = Arc::new(SystemClock);
        let data = tempfile::tempdir().unwrap();
        let key = config::Secrets { key: "5e".repeat(32), previous_key: String::new() };
        let keyring = Keyring::read(&key, Path::new("/nonexistent")).unwrap();
        let secrets = Secrets::open(Arc::new(database.clone()), keyring).await.unwrap();
        let text = zeroize::Zeroizing::new("hunter2-and-more".to_owned());
        let new = NewSecret { label: "shop".parse().unwrap(), text, description: None, hosts: Vec::new() };
        secrets.set(&new, "test", chrono::DateTime::UNIX_EPOCH).await.unwrap();
        let gates = Gates::new(Parts {
            database: Arc::new(database.clone()),
            connections: Default::default(),
            audit: Audit::start(Arc::new(database), Incarnation::generate()),
            grants: grants.clone(),
            http: HttpClient::new(&config::Http {
                allow_private_networks: false,
                allowed_networks: vec!["127.0.0.1".into()],
                requests: 10,
                body_bytes: 1_000,
                redirects: 0,
                timeout_seconds: 20,
            })
            .unwrap(),
            folders: folders(data.path()),
            email: EmailClient::default(),
            secrets,
            bounds: Bounds { batch_bytes: 1_000_000, batch_documents: 1_000 },
            clock: clock.clone(),
        });
        let deadline = Instant::now() + Duration::from_secs(60);
        let execution = ExecutionId::generate();
        let gate = gates.open(
            Facts {
                execution,
                job: JobId::generate(),
                attempt: 1,
                template_type: "test".into(),
                digest: digest.clone(),
                parameters: Arc::from("{}"),
                lease: Arc::new(Lease::default()),
                deadline,
            },
            needs.collect(),
        );
        let facts = RunFacts::of_nobody(deadline, chrono::DateTime::UNIX_EPOCH);
        let mut state = State {
            facts,
            gate,
            table: wasmtime::component::ResourceTable::new(),
            limiter: Limiter::new(0, 0),
            log: RunLog::new(None, clock.clone(), 100, 100),
            watcher: None,
            clock,
            host_calls: 0,
            last_progress: None,
            held_progress: None,
            wasi: None,
        };
        let collection = read::HostCollection::open(&mut state, "orders".into()).await.unwrap();
        let borrow = || Resource::new_borrow(collection.rep());
        let cursor = read::HostCollection::find(&mut state, borrow(), "{}".into(), options()).await.unwrap();
        let raw_cursor = read::HostCollection::find_raw(&mut state, borrow(), "{}".into(), options()).await.unwrap();
        let response = client::Host::send(&mut state, request(answer_once().await)).await.unwrap();
        let folder = files::HostFolder::open(&mut state, "exports".into()).await.unwrap();
        let borrow = Resource::new_borrow(folder.rep());
        let writer =
            file_writer::HostWriter::create(&mut state, borrow, "orders".into(), writer_options()).await.unwrap();
        let secret = store::Host::get(&mut state, "shop".into()).await.unwrap();
        let epoch = types::Instant { seconds: 0, nanoseconds: 0 };
        runs::Host::statistics(&mut state, epoch, epoch, "{}".into()).await.unwrap();
        grants.revoke("test", &digest);
        Self { state, grants, collection, cursor, raw_cursor, response, folder, writer, data, secret }
    }

    /// Calls a function by its name in the contract; what it answered if it refused.
    async fn call(&mut self, interface: &str, function: &str) -> Result<(), Refusal> {
        let state = &mut self.state;
        let collection = || Resource::new_borrow(self.collection.rep());
        let text = || "{}".to_owned();
        let name = || "orders".to_owned();
        let folder = || Resource::new_borrow(self.folder.rep());
        match (interface, function) {
            ("documents/read", "[static]collection.open") => read::HostCollection::open(state, name()).await.map(drop),
            ("documents/read", "[method]collection.find") => {
                read::HostCollection::find(state, collection(), text(), options()).await.map(drop)
            }
            ("documents/read", "[method]collection.find-one") => {
                read::HostCollection::find_one(state, collection(), text(), options()).await.map(drop)
            }
            ("documents/read", "[method]collection.find-raw") => {
                read::HostCollection::find_raw(state, collection(), text(), options()).await.map(drop)
            }
            ("documents/read", "[method]collection.count") => {
                read::HostCollection::count(state, collection(), text()).await.map(drop)
            }
            ("documents/read", "[method]collection.distinct") => {
                read::HostCollection::distinct(state, collection(), name(), text()).await.map(drop)
            }
            ("documents/read", "[method]collection.aggregate") => {
                read::HostCollection::aggregate(state, collection(), "[]".into(), text()).await.map(drop)
            }
            ("documents/read", "[method]collection.indexes") => {
                read::HostCollection::indexes(state, collection()).await.map(drop)
            }
            ("documents/read", "[method]cursor.next") => {
                let cursor = Resource::new_borrow(self.cursor.rep());
                read::HostCursor::next(state, cursor, 0).await.map(drop)
            }
            ("documents/read", "[method]raw-cursor.next") => {
                let cursor = Resource::new_borrow(self.raw_cursor.rep());
                read::HostRawCursor::next(state, cursor, 0).await.map(drop)
            }
            ("documents/read", "collections") => read::Host::collections(state, "default".into()).await.map(drop),
            ("documents/write", "insert") => write::Host::insert(state, collection(), vec![text()]).await.map(drop),
            ("documents/write", "insert-raw") => write::Host::insert_raw(state, collection(), vec![]).await.map(drop),
            ("documents/write", "update") => {
                let options = write::UpdateOptions { many: false, limit: None, upsert: false, array_filters: None };
                write::Host::update(state, collection(), text(), text(), options).await.map(drop)
            }
            ("documents/write", "delete") => write::Host::delete(state, collection(), text(), None).await.map(drop),
            ("documents/manage", "create") => manage::Host::create(state, name(), text()).await,
            ("documents/manage", "drop") => manage::Host::drop(state, name()).await,
            ("documents/manage", "rename") => manage::Host::rename(state, name(), "other".into(), false).await,
            ("documents/manage", "create-index") => manage::Host::create_index(state, name(), text()).await,
            ("documents/manage", "drop-index") => manage::Host::drop_index(state, name(), name()).await,
            ("secrets/store", "get") => store::Host::get(state, name()).await.map(drop),
            ("secrets/reveal", "plaintext") => {
                let secret = Resource::new_borrow(self.secret.rep());
                reveal::Host::plaintext(state, secret).await.map(drop)
            }
            ("http/client", "send") => client::Host::send(state, request("http://127.0.0.1:9/".into())).await.map(drop),
            ("http/client", "[method]response.read") => {
                let response = Resource::new_borrow(self.response.rep());
                client::HostResponse::read(state, response, 10).await.map(drop)
            }
            ("email/sender", "send") => sender::Host::send(state, name(), message()).await.map(drop),
            ("files/read", "[static]folder.open") => files::HostFolder::open(state, "exports".into()).await.map(drop),
            ("files/read", "[method]folder.info") => files::HostFolder::info(state, folder(), name()).await.map(drop),
            ("files/read", "[method]folder.entries") => {
                files::HostFolder::entries(state, folder(), name(), None, 1).await.map(drop)
            }
            ("files/read", "[method]folder.read") => {
                files::HostFolder::read(state, folder(), name(), 0, 1).await.map(drop)
            }
            ("files/write", "[static]writer.create") => {
                file_writer::HostWriter::create(state, folder(), name(), writer_options()).await.map(drop)
            }
            ("files/write", "[method]writer.write") => {
                file_writer::HostWriter::write(state, Resource::new_borrow(self.writer.rep()), vec![1]).await
            }
            ("files/write", "[static]writer.finish") => {
                file_writer::HostWriter::finish(state, Resource::new_own(self.writer.rep())).await.map(drop)
            }
            ("files/write", "delete") => file_writer::Host::delete(state, folder(), name()).await,
            ("insight/runs", "statistics") => {
                let at = types::Instant { seconds: 0, nanoseconds: 0 };
                runs::Host::statistics(state, at, at, text()).await.map(drop)
            }
            _ => panic!("sandglass:{interface} {function} is new: say here how to call it"),
        }
    }
}

fn folders(data_dir: &Path) -> Folders {
    let exports = config::Folder::default();
    let limits = config::Files { file_bytes: 1_000, files_per_run: 10 };
    Folders::open(&[("exports".to_owned(), exports)].into(), &limits, data_dir, None).unwrap()
}

fn writer_options() -> file_writer::WriterOptions {
    file_writer::WriterOptions { overwrite: false, content_type: None }
}

fn options() -> read::FindOptions {
    read::FindOptions { sort: None, projection: None, skip: 0, limit: None, batch: None }
}

fn request(url: String) -> client::Request {
    let (headers, auth) = (Vec::new(), client::Auth::None);
    client::Request { method: "GET".into(), url, headers, auth, body: None, timeout_ms: None, follow_redirects: false }
}

fn message() -> sender::Message {
    sender::Message {
        to: vec![],
        cc: vec![],
        bcc: vec![],
        reply_to: None,
        subject: String::new(),
        text: String::new(),
        html: None,
        priority: sender::Priority::Normal,
        headers: vec![],
        attachments: vec![],
    }
}

/// The address of a server that answers one request.
async fn answer_once() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut buffer = [0; 1024];
        let _request = socket.read(&mut buffer).await.unwrap();
        socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await.unwrap();
    });
    url
}

#[tokio::test]
async fn every_function_that_reaches_outside_asks_the_gate() {
    let mut world = World::revoked().await;
    let mut asked = 0;
    for (interface, function) in contract() {
        let interface = interface.trim_start_matches("sandglass:").trim_end_matches("@0.1.0");
        if interface.starts_with("base/") {
            continue;
        }
        let before = world.state.gate.consultations();
        match function.as_str() {
            // What was handed over already cannot be taken back; it is looked at through the gate all the same.
            "[method]response.status" => {
                let response = Resource::new_borrow(world.response.rep());
                assert_eq!(client::HostResponse::status(&mut world.state, response).unwrap(), 200);
            }
            "[method]response.headers" => {
                let response = Resource::new_borrow(world.response.rep());
                client::HostResponse::headers(&mut world.state, response).unwrap();
            }
            _ => match world.call(interface, &function).await {
                Err(Refusal::Error(error)) => {
                    assert_eq!(error.reason, "not-granted", "{interface} {function}: {error}")
                }
                other => panic!("{interface} {function} was not refused: {other:?}"),
            },
        }
        assert!(world.state.gate.consultations() > before, "{interface} {function} did not ask the gate");
        asked += 1;
    }
    assert!(asked > 30, "{asked} functions");
    assert!(!world.data.path().join("exports/orders").exists(), "a file was finished without a right");
    drop(world.grants);
}

/// Everything that a denial can be met with: what asks the gate, without what was handed over already.
fn refusable() -> impl Iterator<Item = (String, String)> {
    contract().into_iter().filter_map(|(interface, function)| {
        let interface = interface.trim_start_matches("sandglass:").trim_end_matches("@0.1.0").to_owned();
        let is_own = interface.starts_with("base/") || function.ends_with(".status") || function.ends_with(".headers");
        (!is_own).then_some((interface, function))
    })
}

#[tokio::test]
async fn the_grant_that_a_denial_names_is_valid_and_allows_the_call() {
    let mut world = World::revoked().await;
    let mut allowed = 0;
    for (interface, function) in refusable() {
        let mut rights: Vec<Right> = Vec::new();
        // Renaming takes a right to both names.
        let mut left = 3;
        loop {
            let (template_type, digest, limits) = ("test".to_owned(), Digest::of(b""), Limits::default());
            world.grants.set(Grant { template_type, digest, rights: rights.clone(), limits });
            let Err(Refusal::Error(error)) = world.call(&interface, &function).await else { break };
            if error.reason != "not-granted" {
                break;
            }
            assert!(left > 0, "{interface} {function} is still denied under {rights:?}: {error}");
            left -= 1;
            let details = error.details.unwrap();
            assert!(error.message.contains(&details["grant"].to_string()), "{}", error.message);
            let right: Right = serde_json::from_value(details["grant"].clone()).unwrap();
            assert_eq!(crate::capabilities::right::check(&right), [], "{right:?}");
            rights.push(right);
        }
        assert!(!rights.is_empty(), "{interface} {function} was never denied");
        allowed += 1;
    }
    assert!(allowed > 30, "{allowed} functions");
}

#[tokio::test]
async fn every_function_of_documents_is_denied_what_lies_beyond_the_granted_fields() {
    let mut world = World::revoked().await;
    let right = |access: &[&str]| Right {
        capability: "documents".into(),
        target: "*".into(),
        access: access.iter().map(|word| (*word).to_owned()).collect(),
        extra: Some(serde_json::json!({ "fields": ["name"] })),
    };
    let mut denied = 0;
    for (interface, function) in refusable().filter(|(interface, _)| interface.starts_with("documents/")) {
        let (template_type, digest, limits) = ("test".to_owned(), Digest::of(b""), Limits::default());
        let rights = vec![right(&["read", "write", "manage"])];
        world.grants.set(Grant { template_type, digest, rights, limits });
        let secret = || r#"{"secret": 1}"#.to_owned();
        let collection = || Resource::new_borrow(world.collection.rep());
        let state = &mut world.state;
        let answer = match function.as_str() {
            "[method]collection.find" => {
                read::HostCollection::find(state, collection(), secret(), options()).await.map(drop)
            }
            "[method]collection.find-one" => {
                let options = read::FindOptions { sort: Some(secret()), ..options() };
                read::HostCollection::find_one(state, collection(), "{}".into(), options).await.map(drop)
            }
            "[method]collection.find-raw" => {
                let options = read::FindOptions { projection: Some(secret()), ..options() };
                read::HostCollection::find_raw(state, collection(), "{}".into(), options).await.map(drop)
            }
            "[method]collection.count" => read::HostCollection::count(state, collection(), secret()).await.map(drop),
            "[method]collection.aggregate" => {
                let pipeline = r#"[{"$group": {"_id": "$secret"}}]"#.to_owned();
                read::HostCollection::aggregate(state, collection(), pipeline, "{}".into()).await.map(drop)
            }
            "insert" => write::Host::insert(state, collection(), vec![secret()]).await.map(drop),
            "insert-raw" => {
                let bytes = bson::doc! { "secret": 1 }.to_vec().unwrap();
                write::Host::insert_raw(state, collection(), bytes).await.map(drop)
            }
            // Names of collections and of indexes are no fields.
            "[static]collection.open" | "collections" | "[method]collection.indexes" => continue,
            // The rest asks for the field `orders`, replaces, deletes or manages, or goes on with a cursor from before.
            _ => world.call(&interface, &function).await,
        };
        match answer {
            Err(Refusal::Error(error)) => {
                assert_eq!(error.reason, "field-not-granted", "{interface} {function}: {error}")
            }
            other => panic!("{interface} {function} was not refused: {other:?}"),
        }
        denied += 1;
    }
    assert_eq!(denied, 17, "functions of documents");
}

#[tokio::test]
async fn figures_about_runs_are_a_read_under_a_grant_of_their_own_and_a_denial_names_it() {
    let mut world = World::revoked().await;
    let epoch = types::Instant { seconds: 0, nanoseconds: 0 };
    let Err(Refusal::Error(error)) = runs::Host::statistics(&mut world.state, epoch, epoch, "{}".into()).await else {
        panic!("a revoked grant still gives figures");
    };
    let grant = error.details.unwrap()["grant"].to_string();
    assert!(grant.contains("insight") && grant.contains("runs") && grant.contains("read"), "{grant}");
    let sums = world.state.gate.finish();
    let reads: Vec<_> = sums.iter().filter(|sum| sum.capability == "insight").collect();
    let [read] = reads.as_slice() else { panic!("{reads:?}") };
    assert_eq!((read.operation.as_str(), read.target.as_str(), read.calls), ("statistics", "runs", 1));
}

#[tokio::test]
async fn a_secret_in_hand_is_of_no_use_once_its_right_is_gone() {
    let mut world = World::revoked().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let right = |capability: &str, access: &str| Right {
        capability: capability.into(),
        target: "*".into(),
        access: vec![access.into()],
        extra: None,
    };
    let grant = |rights: Vec<Right>| Grant {
        template_type: "test".into(),
        digest: Digest::of(b""),
        rights,
        limits: Limits::default(),
    };
    let mut tried = 0;
    for rights in [vec![right("http", "send")], vec![right("http", "send"), right("secrets", "other")]] {
        world.grants.set(grant(rights));
        let handle = || Resource::new_borrow(world.secret.rep());
        for auth in [
            client::Auth::Bearer(handle()),
            client::Auth::Basic(("ann".into(), handle())),
            client::Auth::Header(("X-Key".into(), handle())),
            client::Auth::HmacSha256(("X-Signature".into(), handle())),
        ] {
            let refused = client::Host::send(&mut world.state, client::Request { auth, ..request(url.clone()) }).await;
            match refused {
                Err(Refusal::Error(error)) => {
                    assert_eq!(error.reason, "not-granted");
                    assert!(error.message.contains(r#""capability":"secrets","target":"shop""#), "{error}");
                }
                other => panic!("it was sent: {other:?}"),
            }
            tried += 1;
        }
    }
    assert_eq!(tried, 8);
    let nobody = tokio::time::timeout(Duration::from_millis(20), listener.accept()).await;
    assert!(nobody.is_err(), "the listener was reached");

    // Using is not seeing.
    world.grants.set(grant(vec![right("secrets", "use")]));
    let secret = Resource::new_borrow(world.secret.rep());
    match reveal::Host::plaintext(&mut world.state, secret).await {
        Err(Refusal::Error(error)) => assert_eq!(error.reason, "not-granted"),
        other => panic!("it was shown: {other:?}"),
    }
    world.grants.set(grant(vec![right("secrets", "reveal")]));
    let secret = Resource::new_borrow(world.secret.rep());
    assert_eq!(reveal::Host::plaintext(&mut world.state, secret).await.unwrap(), "hunter2-and-more");
}
