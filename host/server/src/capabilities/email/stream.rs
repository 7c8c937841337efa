//! The socket under a mail connection, with two rules that the mail library does not have.
//!
//! *One line at a time.* A read hands over bytes up to a line end at most. What a server (or somebody in between) sends
//! ahead of the TLS handshake stays behind and spoils that handshake, instead of being taken for an answer after it.
//! *No flood.* Between two of our writes only so many bytes are taken: the library reads a line without end until memory
//! is full.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures::io::{AsyncRead as _, AsyncWrite as _};
use lettre::transport::smtp::client::{AsyncTokioStream, TlsParameters};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

#[expect(deprecated, reason = "the library has no other way to begin with TLS on a stream of ours")]
use lettre::transport::smtp::client::AsyncNetworkStream;

/// Bytes between two writes: a chain of certificates or a long answer fits.
const MOST_UNASKED: usize = 256 * 1024;
const BUFFER: usize = 4_096;

/// See the module.
#[derive(Debug)]
pub(super) struct LineStream<S> {
    inner: S,
    waiting: Box<[u8]>,
    from: usize,
    to: usize,
    unasked: usize,
}

impl<S> LineStream<S> {
    pub(super) fn new(inner: S) -> Self {
        Self { inner, waiting: vec![0; BUFFER].into_boxed_slice(), from: 0, to: 0, unasked: 0 }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for LineStream<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.from == this.to {
            let mut buffer = ReadBuf::new(&mut this.waiting);
            ready!(Pin::new(&mut this.inner).poll_read(context, &mut buffer))?;
            (this.from, this.to) = (0, buffer.filled().len());
            this.unasked += this.to;
            if this.unasked > MOST_UNASKED {
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, "the server sends without end")));
            }
        }
        let waiting = this.waiting.get(this.from..this.to).unwrap_or_default();
        let line = waiting.iter().position(|byte| *byte == b'\n').map_or(waiting.len(), |place| place + 1);
        let piece = waiting.get(..line.min(out.remaining())).unwrap_or_default();
        out.put_slice(piece);
        this.from += piece.len();
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for LineStream<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.unasked = 0;
        Pin::new(&mut this.inner).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(context)
    }
}

impl AsyncTokioStream for LineStream<tokio::net::TcpStream> {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.inner.peer_addr()
    }
}

/// A stream that is encrypted from its first byte, as one that the library begins a conversation on.
#[derive(Debug)]
#[expect(deprecated, reason = "see above")]
pub(super) struct TlsStream(AsyncNetworkStream);

#[expect(deprecated, reason = "see above")]
impl TlsStream {
    /// Shakes hands.
    ///
    /// # Errors
    /// When the other side cannot prove who it is.
    pub(super) async fn open(
        stream: Box<dyn AsyncTokioStream>,
        parameters: TlsParameters,
    ) -> Result<Self, lettre::transport::smtp::Error> {
        let mut stream = AsyncNetworkStream::use_existing_tokio1(stream);
        stream.upgrade_tls(parameters).await?;
        Ok(Self(stream))
    }
}

impl AsyncRead for TlsStream {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let read = ready!(Pin::new(&mut self.get_mut().0).poll_read(context, out.initialize_unfilled()))?;
        out.advance(read);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for TlsStream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().0).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().0).poll_close(context)
    }
}

impl AsyncTokioStream for TlsStream {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.peer_addr()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;

    use super::*;

    #[tokio::test]
    async fn a_read_ends_at_a_line_end_and_nothing_is_lost() {
        let mut stream = LineStream::new(std::io::Cursor::new(b"220 a\r\n250 b\r\nrest".to_vec()));
        let mut pieces = Vec::new();
        loop {
            let mut buffer = [0; 100];
            let read = stream.read(&mut buffer).await.unwrap();
            if read == 0 {
                break;
            }
            pieces.push(String::from_utf8(buffer[..read].to_vec()).unwrap());
        }
        assert_eq!(pieces, ["220 a\r\n", "250 b\r\n", "rest"]);
    }

    #[tokio::test]
    async fn a_line_without_end_is_an_error_and_not_a_full_memory() {
        let mut stream = LineStream::new(tokio::io::repeat(b'x'));
        let mut out = Vec::new();
        let error = stream.read_to_end(&mut out).await.unwrap_err();
        assert!(error.to_string().contains("without end") && out.len() <= MOST_UNASKED, "{error}, {} bytes", out.len());
    }
}
