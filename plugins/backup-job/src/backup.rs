//! From the database into files.

use sandglass_sdk::chrono::{DateTime, SecondsFormat, Utc};
use sandglass_sdk::documents::{Collection, FindOptions, collections};
use sandglass_sdk::files::Folder;
use sandglass_sdk::{Error, Failure, FailureKind, Outcome, clock, execution, log};
use serde_json::{Value, json};

use crate::documents::Counter;
use crate::manifest::{CollectionEntry, FileEntry, JobEntry, Manifest, State, Versions};
use crate::parameters::{Compression, Parameters};
use crate::retention::{self, Swept};
use crate::sink::Sink;
use crate::{metadata, name, verify};

/// Bytes of documents that are asked for at a time; the host may give fewer.
const BATCH: u32 = 1 << 20;

/// A collection as it was at the beginning.
#[derive(Debug)]
pub struct Wanted {
    pub name: String,
    documents: u64,
}

/// One backup on its way.
struct Backup<'a> {
    parameters: &'a Parameters,
    folder: Folder,
    name: String,
    /// Documents that are stored, and how many there were to store.
    done: u64,
    total: u64,
    warnings: Vec<String>,
}

pub fn run(parameters: &Parameters) -> Result<Outcome, Failure> {
    let started_at = clock::now();
    let job = execution::job();
    let folder = Folder::open(&parameters.folder).map_err(during("opening the folder"))?;
    let wanted = wanted(parameters)?;
    let name = name::of_backup(&job.name, execution::scheduled_at(), &execution::id(), execution::attempt());
    let total = wanted.iter().map(|collection| collection.documents).sum();
    log::info(
        format!("backing up to {}/{name}", parameters.folder),
        &[("collections", &wanted.len()), ("documents", &total)],
    );
    let mut backup = Backup { parameters, folder, name, done: 0, total, warnings: Vec::new() };
    let mut entries = Vec::new();
    for collection in &wanted {
        entries.extend(backup.collection(collection)?);
    }
    if entries.is_empty() {
        return Err(Failure::permanent("every collection vanished while it was being read: nothing was backed up"));
    }
    let manifest = backup.finish(entries, JobEntry { id: job.id, name: job.name }, started_at)?;
    let swept = parameters
        .retention
        .map(|retention| retention::sweep(&backup.folder, &manifest.job.id, &manifest.name, retention, clock::now()));
    Ok(outcome(parameters, &manifest, swept))
}

/// What was being done when a call failed.
pub fn during(what: &str) -> impl Fn(Error) -> Failure + use<> {
    let what = what.to_owned();
    move |error| Failure::from(error).during(&what)
}

/// What is to be backed up. Whatever is listed has to be there before anything is written.
fn wanted(parameters: &Parameters) -> Result<Vec<Wanted>, Failure> {
    let mut present = present(parameters)?;
    if let Some(listed) = parameters.listed() {
        let missing = listed.iter().filter(|name| !present.iter().any(|found| found.name == **name));
        let missing = missing.map(String::as_str).collect::<Vec<_>>();
        if !missing.is_empty() {
            let text = missing.join(", ");
            return Err(Failure::permanent(format!(
                "nothing was backed up: {text} cannot be found in the connection {}. Correct the list, or grant the \
                 template to read it",
                parameters.connection
            ))
            .details(json!({ "missing": missing })));
        }
        present.retain(|found| listed.contains(&found.name));
    }
    if present.is_empty() {
        return Err(Failure::permanent(format!(
            "the connection {} holds no collection that this template may read: there is nothing to back up",
            parameters.connection
        )));
    }
    present.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(present)
}

/// The collections of the connection that this template may reach.
pub fn present(parameters: &Parameters) -> Result<Vec<Wanted>, Failure> {
    let found = collections(&parameters.connection).map_err(during("listing the collections"))?;
    let read = |info: &Value| {
        let name = info.get("name")?.as_str()?.to_owned();
        Some(Wanted { name, documents: info.get("count").and_then(Value::as_u64).unwrap_or_default() })
    };
    Ok(found.iter().filter_map(read).collect())
}

impl Backup<'_> {
    /// Stores one collection; nothing when it vanished meanwhile.
    fn collection(&mut self, wanted: &Wanted) -> Result<Option<CollectionEntry>, Failure> {
        let reading = during(&format!("reading {}", wanted.name));
        let writing = during(&format!("storing {}", wanted.name));
        let gz = if self.parameters.compression == Compression::Gzip { ".gz" } else { "" };
        let stem = format!("{}/{}/{}", self.name, self.parameters.connection, name::of_collection(&wanted.name));
        let source = Collection::open(&self.parameters.full_name(&wanted.name)).map_err(&reading)?;
        let indexes = if self.parameters.include_indexes { source.indexes().map_err(&reading)? } else { Vec::new() };
        let mut sink = Sink::create(&self.folder, &format!("{stem}.bson{gz}"), self.parameters.compression, "bson")
            .map_err(&writing)?;
        let cursor = source.find_raw(&json!({}), &FindOptions::default()).map_err(&reading)?;
        let (mut counter, before) = (Counter::default(), self.done);
        loop {
            self.go_on(&wanted.name)?;
            let batch = cursor.next_bytes(BATCH).map_err(&reading)?;
            if batch.is_empty() {
                break;
            }
            counter
                .feed(&batch)
                .and_then(|()| counter.end())
                .map_err(|damage| Failure::permanent(format!("{} cannot be read as BSON {damage}", wanted.name)))?;
            sink.write(&batch).map_err(&writing)?;
            self.done = before + counter.documents();
            execution::progress(self.done, Some(self.total.max(self.done)), &wanted.name);
        }
        // A collection that is dropped looks as if it ended. Without `finish` the file stores nothing.
        let has_vanished = counter.documents() < wanted.documents
            && !present(self.parameters)?.iter().any(|found| found.name == wanted.name);
        if has_vanished {
            let found = counter.documents();
            self.warn(format!("{} vanished after {found} documents were read and is not in this backup", wanted.name));
            self.done = before;
            return Ok(None);
        }
        let data = sink.finish().map_err(&writing)?;
        let text = metadata::text(&self.parameters.connection, &wanted.name, &indexes);
        let mut sink =
            Sink::create(&self.folder, &format!("{stem}.metadata.json{gz}"), self.parameters.compression, "json")
                .map_err(&writing)?;
        sink.write(text.as_bytes()).map_err(&writing)?;
        let metadata = sink.finish().map_err(&writing)?;
        let (documents, bytes) = (counter.documents(), counter.bytes());
        let entry = CollectionEntry {
            name: wanted.name.clone(),
            documents,
            bytes,
            indexes: indexes.len() as u64,
            data,
            metadata,
        };
        if self.parameters.verify {
            execution::progress(self.done, Some(self.total.max(self.done)), &format!("verifying {}", wanted.name));
            verify::collection(&self.folder, &entry).map_err(not_as_written)?;
        }
        log::info(
            format!("backed up {}", wanted.name),
            &[("documents", &documents), ("bytes", &bytes), ("stored_bytes", &entry.data.size)],
        );
        Ok(Some(entry))
    }

    fn go_on(&self, collection: &str) -> Result<(), Failure> {
        if !execution::should_stop() {
            return Ok(());
        }
        Err(Failure::interrupted(format!("stopped while backing up {collection}, as the host asked"))
            .details(json!({ "backup": self.name, "documents": self.done })))
    }

    fn warn(&mut self, warning: String) {
        log::warn(&warning, &[]);
        self.warnings.push(warning);
    }

    /// Writes the manifest, with which the backup is complete.
    fn finish(
        &self,
        mut collections: Vec<CollectionEntry>,
        job: JobEntry,
        started_at: DateTime<Utc>,
    ) -> Result<Manifest, Failure> {
        let within = format!("{}/", self.name);
        let inside = |file: &mut FileEntry| {
            if let Some(name) = file.name.strip_prefix(&within) {
                file.name = name.to_owned();
            }
        };
        for entry in &mut collections {
            inside(&mut entry.data);
            inside(&mut entry.metadata);
        }
        let (format, version) = Manifest::format();
        let manifest = Manifest {
            format,
            version,
            state: State::Complete,
            name: self.name.clone(),
            job,
            execution: execution::id(),
            attempt: execution::attempt(),
            connection: self.parameters.connection.clone(),
            scheduled_at: text(execution::scheduled_at()),
            started_at: text(started_at),
            finished_at: text(clock::now()),
            versions: Versions { backup_job: env!("CARGO_PKG_VERSION").to_owned() },
            compression: self.parameters.compression,
            include_indexes: self.parameters.include_indexes,
            verified: self.parameters.verify,
            documents: collections.iter().map(|entry| entry.documents).sum(),
            bytes: collections.iter().map(|entry| entry.bytes).sum(),
            stored_bytes: collections.iter().map(|entry| entry.data.size + entry.metadata.size).sum(),
            collections,
            warnings: self.warnings.clone(),
        };
        manifest.write(&self.folder, &self.name).map_err(during("writing the manifest"))?;
        Ok(manifest)
    }
}

/// Another attempt writes everything anew, and may meet a better disk.
fn not_as_written(failure: Failure) -> Failure {
    match failure.kind {
        FailureKind::Permanent => Failure::retryable(format!(
            "what was stored is not what was written: {}. This backup is not kept",
            failure.message
        )),
        _ => failure,
    }
}

fn text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

fn outcome(parameters: &Parameters, manifest: &Manifest, swept: Option<Swept>) -> Outcome {
    let plural = |count: u64, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let count = manifest.collections.len() as u64;
    let mut message = format!(
        "backed up {} of {} to {}/{}",
        plural(manifest.documents, "document"),
        plural(count, "collection"),
        parameters.folder,
        manifest.name
    );
    let (kept, deleted) = match &swept {
        Some(swept) => (Some(swept.kept), swept.deleted.clone()),
        None => (None, Vec::new()),
    };
    if !deleted.is_empty() {
        message.push_str(&format!(" and deleted {}", plural(deleted.len() as u64, "old backup")));
    }
    let collections = manifest.collections.iter().map(|entry| {
        json!({
            "name": entry.name, "documents": entry.documents, "bytes": entry.bytes, "indexes": entry.indexes,
            "stored_bytes": entry.data.size, "sha256": entry.data.sha256,
        })
    });
    let mut outcome = Outcome::new(message)
        .details(json!({
            "backup": manifest.name, "folder": parameters.folder, "connection": manifest.connection,
            "documents": manifest.documents, "bytes": manifest.bytes, "stored_bytes": manifest.stored_bytes,
            "verified": manifest.verified, "collections": collections.collect::<Vec<_>>(),
            "deleted": deleted, "kept": kept,
        }))
        .processed(manifest.documents)
        .affected(manifest.documents);
    let warnings = manifest.warnings.iter().chain(swept.iter().flat_map(|swept| &swept.warnings));
    for warning in warnings {
        outcome = outcome.warning(warning);
    }
    log::info(&outcome.message, &[("stored_bytes", &manifest.stored_bytes), ("deleted", &deleted.len())]);
    outcome
}
