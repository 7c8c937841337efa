//! BSON documents that stand one after the other, told apart by their lengths.

/// Largest document of a database, with the room that MongoDB leaves for its own fields.
pub const LARGEST: usize = (16 << 20) + (16 << 10);
/// An empty document: its length and the byte that ends it.
const SMALLEST: usize = 5;

/// Where bytes stop being documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// Counted from the beginning of what is not compressed.
    pub offset: u64,
    pub what: String,
}

impl std::fmt::Display for Damage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "at byte {}: {}", self.offset, self.what)
    }
}

/// The length of the document that begins with these four bytes.
pub fn length(head: [u8; 4]) -> Result<usize, String> {
    let found = i32::from_le_bytes(head);
    match usize::try_from(found) {
        Ok(length) if (SMALLEST..=LARGEST).contains(&length) => Ok(length),
        _ => Err(format!("no document has a length of {found} bytes")),
    }
}

/// Counts the documents of a stream that comes in pieces of any size. Holds none of them.
#[derive(Debug, Default)]
pub struct Counter {
    head: Vec<u8>,
    /// Bytes that the present document still lacks.
    left: usize,
    documents: u64,
    bytes: u64,
}

impl Counter {
    pub fn feed(&mut self, mut piece: &[u8]) -> Result<(), Damage> {
        while let Some((first, rest)) = piece.split_first() {
            if self.left == 0 {
                self.head.push(*first);
                self.bytes += 1;
                piece = rest;
                if let [a, b, c, d] = self.head.as_slice() {
                    self.left = length([*a, *b, *c, *d]).map_err(|what| Damage { offset: self.bytes - 4, what })? - 4;
                    self.head.clear();
                }
                continue;
            }
            let taken = self.left.min(piece.len());
            let (part, rest) = piece.split_at(taken);
            self.left -= taken;
            self.bytes += taken as u64;
            if self.left == 0 {
                if part.last() != Some(&0) {
                    let what = "the document that ends here has no zero byte at its end".to_owned();
                    return Err(Damage { offset: self.bytes - 1, what });
                }
                self.documents += 1;
            }
            piece = rest;
        }
        Ok(())
    }

    /// The stream is over.
    pub fn end(&self) -> Result<(), Damage> {
        if self.left == 0 && self.head.is_empty() {
            return Ok(());
        }
        Err(Damage { offset: self.bytes, what: "the stream ends in the middle of a document".to_owned() })
    }

    pub fn documents(&self) -> u64 {
        self.documents
    }

    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(length: u8) -> Vec<u8> {
        let mut bytes = vec![0; length.into()];
        bytes[0] = length;
        bytes
    }

    #[test]
    fn documents_are_counted_however_the_stream_is_cut() {
        let stream = [document(5), document(9), document(200)].concat();
        for size in 1..=stream.len() {
            let mut counter = Counter::default();
            stream.chunks(size).for_each(|piece| counter.feed(piece).unwrap());
            counter.end().unwrap();
            assert_eq!((counter.documents(), counter.bytes()), (3, 214), "pieces of {size}");
        }
    }

    #[test]
    fn damage_is_named_with_its_place() {
        let stream = [document(5), document(9)].concat();
        let mut counter = Counter::default();
        counter.feed(&stream[..12]).unwrap();
        assert_eq!(counter.end().unwrap_err().offset, 12);

        for (place, value, offset) in [(5, 4, 5), (8, 0x7f, 5), (8, 0x80, 5), (13, 1, 13)] {
            let mut broken = stream.clone();
            broken[place] = value;
            let mut counter = Counter::default();
            let damage = counter.feed(&broken).and_then(|()| counter.end()).unwrap_err();
            assert_eq!(damage.offset, offset, "{damage}");
        }
    }
}
