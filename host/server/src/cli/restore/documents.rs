//! The documents of a file, one after the other, each with its place.

use std::io::{BufReader, Read};

use indicatif::ProgressBar;
use sandglass_database::bson::{Document, RawDocumentBuf};

use super::CliError;
use super::dump::Part;
use super::file::File;
use super::metadata::{self, Indexes};

/// Largest document, with the room that MongoDB leaves for its own fields; the database refuses beyond 16 MiB.
const LARGEST_DOCUMENT: usize = (16 << 20) + (16 << 10);
/// Documents that are handed over together.
const BATCH_DOCUMENTS: usize = 1_000;
const BATCH_BYTES: usize = 4 << 20;

/// Documents, and the byte at which each begins in what is not packed.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub documents: Vec<RawDocumentBuf>,
    pub offsets: Vec<u64>,
}

impl Part {
    /// Compares both files with a manifest.
    pub fn compare(&self) -> Result<(), CliError> {
        self.metadata.as_ref().map_or(Ok(()), File::compare)?;
        self.data.compare()
    }

    /// The indexes that can be made, and what cannot be kept.
    pub fn indexes(&self) -> Result<Indexes, CliError> {
        self.metadata.as_ref().map(metadata::indexes).transpose().map(Option::unwrap_or_default)
    }

    /// Says that a manifest counted otherwise.
    pub fn check_count(&self, documents: u64) -> Result<(), CliError> {
        match self.documents {
            Some(expected) if expected != documents => {
                Err(self.data.fault(format!("it holds {documents} documents, and the manifest says {expected}")))
            }
            _ => Ok(()),
        }
    }

    /// Looks into every document.
    ///
    /// # Errors
    /// The first that is damaged, with its place.
    pub fn check(&self, batch: &Batch) -> Result<(), CliError> {
        let mut all = batch.documents.iter().zip(&batch.offsets);
        let damaged = all.find_map(|(document, offset)| Some((*offset, damage(document)?)));
        damaged.map_or(Ok(()), |(offset, what)| Err(self.fault(offset, what)))
    }

    /// A fault of the document that begins at `offset`.
    pub fn fault(&self, offset: u64, what: impl std::fmt::Display) -> CliError {
        self.data.fault(format!("the document at byte {offset}: {what}"))
    }

    /// Hands all documents over, batch by batch.
    ///
    /// # Errors
    /// Those of `take`; what is damaged, with its place.
    pub fn each_batch(
        &self,
        bar: &ProgressBar,
        take: &mut dyn FnMut(Batch) -> Result<(), CliError>,
    ) -> Result<(), CliError> {
        let mut reader = self.reader(bar)?;
        while let Some(batch) = reader.next_batch()? {
            take(batch)?;
        }
        Ok(())
    }

    /// Reads the documents from the beginning.
    pub fn reader(&self, bar: &ProgressBar) -> Result<Reader<'_>, CliError> {
        let input = BufReader::with_capacity(1 << 18, self.data.unpacked(bar)?);
        Ok(Reader { part: self, input, offset: 0 })
    }
}

/// The documents of a file, one after the other.
pub(super) struct Reader<'p> {
    part: &'p Part,
    input: BufReader<Box<dyn Read>>,
    offset: u64,
}

impl Reader<'_> {
    /// The next documents; nothing at the end.
    pub fn next_batch(&mut self) -> Result<Option<Batch>, CliError> {
        let (mut batch, mut bytes) = (Batch::default(), 0);
        while batch.documents.len() < BATCH_DOCUMENTS && bytes < BATCH_BYTES {
            let Some(document) = self.next()? else { break };
            batch.offsets.push(self.offset);
            self.offset += document.as_bytes().len() as u64;
            bytes += document.as_bytes().len();
            batch.documents.push(document);
        }
        Ok((!batch.documents.is_empty()).then_some(batch))
    }

    fn next(&mut self) -> Result<Option<RawDocumentBuf>, CliError> {
        let fault = |what: &dyn std::fmt::Display| self.part.fault(self.offset, what);
        let mut head = Vec::with_capacity(4);
        self.input.by_ref().take(4).read_to_end(&mut head).map_err(|error| fault(&error))?;
        if head.is_empty() {
            return Ok(None);
        }
        let Some(length) = head.first_chunk::<4>().map(|head| i32::from_le_bytes(*head)) else {
            return Err(fault(&"the file ends in the middle of its length"));
        };
        let Some(size) = usize::try_from(length).ok().filter(|size| (5..=LARGEST_DOCUMENT).contains(size)) else {
            return Err(fault(&format_args!("its length says {length} bytes, which no document has")));
        };
        let mut bytes = head;
        self.input.by_ref().take(size as u64 - 4).read_to_end(&mut bytes).map_err(|error| fault(&error))?;
        if bytes.len() < size {
            return Err(fault(&format_args!("it has {size} bytes, and the file ends after {} of them", bytes.len())));
        }
        let document = RawDocumentBuf::from_bytes(bytes).map_err(|error| fault(&error))?;
        Ok(Some(document))
    }
}

/// What is wrong inside a document, if anything. Costs as much as decoding it.
fn damage(document: &RawDocumentBuf) -> Option<String> {
    Document::try_from(&**document).err().map(|error| error.to_string())
}
