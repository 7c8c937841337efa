//! An output, compressed or not.

use std::io::{self, Write};

use flate2::write::GzEncoder;

use crate::output::Output;
use crate::parameters::Compression;

/// Takes bytes for an output.
pub enum Compressed {
    Plain(Output),
    Gzip(GzEncoder<Output>),
}

impl Compressed {
    pub fn new(compression: Compression, output: Output) -> Self {
        match compression {
            Compression::None => Self::Plain(output),
            // No name and no time in the header: the same documents give the same bytes.
            Compression::Gzip => Self::Gzip(GzEncoder::new(output, flate2::Compression::default())),
        }
    }

    /// Hands over what waits in the compressor.
    ///
    /// # Errors
    /// Those of the output.
    pub fn end(self) -> io::Result<Output> {
        match self {
            Self::Plain(output) => Ok(output),
            Self::Gzip(encoder) => encoder.finish(),
        }
    }
}

impl Write for Compressed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(output) => output.write(bytes),
            Self::Gzip(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
