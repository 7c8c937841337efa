//! Connections whose peer leaves them hanging are closed: one that never ends its request's head, one that is kept
//! open for nothing, one that does not take its answer. Without this, a few thousand of them would use up the process's
//! open files and nobody else could connect.
//!
//! A bound of its own beside the time of a request: that begins only when a whole head has arrived.

use std::io::{self, IoSlice};
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, Sleep, sleep};

use super::unreadable::instead_of;

/// Accepts connections that are closed when nothing is written to them for `patience` and no request is being answered.
/// What the peer sends does not count: it could send a byte a second for ever.
pub(super) struct BoundedListener {
    listener: TcpListener,
    patience: Duration,
}

impl BoundedListener {
    pub(super) fn new(listener: TcpListener, patience: Duration) -> Self {
        Self { listener, patience }
    }
}

impl Listener for BoundedListener {
    type Io = Bounded;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Bounded, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.listener).await;
        (Bounded::new(stream, self.patience), address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// What a connection is doing, for those who answer on it.
#[derive(Clone)]
pub(super) struct Activity {
    doing: Arc<Mutex<Doing>>,
    peer: Option<IpAddr>,
}

struct Doing {
    answering: usize,
    last: Instant,
}

impl Activity {
    fn of(stream: &TcpStream) -> Self {
        let doing = Arc::new(Mutex::new(Doing { answering: 0, last: Instant::now() }));
        Self { doing, peer: stream.peer_addr().ok().map(|address| address.ip()) }
    }

    /// Who is at the other end; a proxy, where one stands before this server.
    pub(super) fn peer(&self) -> Option<IpAddr> {
        self.peer
    }

    /// As long as the value lives, the connection stays open.
    pub(super) fn answering(&self) -> Answering {
        self.doing.lock().answering += 1;
        Answering(self.clone())
    }

    fn touch(&self) {
        self.doing.lock().last = Instant::now();
    }

    fn until(&self, patience: Duration) -> Instant {
        let doing = self.doing.lock();
        let since = if doing.answering > 0 { Instant::now() } else { doing.last };
        since + patience
    }
}

impl Connected<IncomingStream<'_, BoundedListener>> for Activity {
    fn connect_info(stream: IncomingStream<'_, BoundedListener>) -> Self {
        stream.io().activity.clone()
    }
}

/// A request that is being answered.
pub(super) struct Answering(Activity);

impl Drop for Answering {
    fn drop(&mut self) {
        let mut doing = self.0.doing.lock();
        doing.answering = doing.answering.saturating_sub(1);
        doing.last = Instant::now();
    }
}

/// A stream with a bound.
pub(super) struct Bounded {
    stream: TcpStream,
    activity: Activity,
    patience: Duration,
    alarm: Pin<Box<Sleep>>,
    instead: Option<Instead>,
}

/// What is written in the place of something else.
struct Instead {
    bytes: Vec<u8>,
    written: usize,
}

impl Bounded {
    fn new(stream: TcpStream, patience: Duration) -> Self {
        let activity = Activity::of(&stream);
        Self { stream, activity, patience, alarm: Box::pin(sleep(patience)), instead: None }
    }

    /// To be asked when the peer keeps us waiting: an error once that has lasted too long.
    fn poll_overdue<T>(&mut self, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        loop {
            ready!(self.alarm.as_mut().poll(context));
            let until = self.activity.until(self.patience);
            if until <= Instant::now() {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            self.alarm.as_mut().reset(until);
        }
    }

    /// Puts a readable refusal in the place of a bare one; nothing if `bytes` are something else.
    fn poll_refusal(&mut self, bytes: &[u8], context: &mut Context<'_>) -> Option<Poll<io::Result<usize>>> {
        if self.instead.is_none() {
            self.instead = instead_of(bytes).map(|bytes| Instead { bytes, written: 0 });
        }
        let instead = self.instead.as_mut()?;
        while let Some(rest) = instead.bytes.get(instead.written..).filter(|rest| !rest.is_empty()) {
            match Pin::new(&mut self.stream).poll_write(context, rest) {
                Poll::Ready(Ok(written)) if written > 0 => instead.written += written,
                other => return Some(other),
            }
        }
        self.instead = None;
        Some(Poll::Ready(Ok(bytes.len())))
    }

    fn wrote(&mut self, written: Poll<io::Result<usize>>, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        match written {
            Poll::Pending => self.poll_overdue(context),
            Poll::Ready(done) => {
                self.activity.touch();
                Poll::Ready(done)
            }
        }
    }
}

impl AsyncRead for Bounded {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.stream).poll_read(context, into) {
            Poll::Pending => self.poll_overdue(context),
            done => done,
        }
    }
}

impl AsyncWrite for Bounded {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let refusal = self.poll_refusal(bytes, context);
        let written = refusal.unwrap_or_else(|| Pin::new(&mut self.stream).poll_write(context, bytes));
        self.wrote(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let head = pieces.iter().find(|piece| !piece.is_empty()).map(|piece| &**piece).unwrap_or_default();
        let refusal = self.poll_refusal(head, context);
        let written = refusal.unwrap_or_else(|| Pin::new(&mut self.stream).poll_write_vectored(context, pieces));
        self.wrote(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::{Body, Bytes};
    use axum::extract::ConnectInfo;
    use axum::routing::get;
    use futures::stream;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::time::timeout;

    use super::*;

    /// Sends `request` to a server with this patience; gives what comes back until the connection is closed.
    async fn exchange(patience: Duration, request: &str) -> String {
        let late = move |ConnectInfo(activity): ConnectInfo<Activity>| async move {
            let _answering = activity.answering();
            sleep(patience * 3).await;
            "late"
        };
        // Six pieces, a third of the patience apart: together they take twice as long as the peer's silence may.
        let drops = move || async move {
            let pieces = stream::unfold(0, move |piece| async move {
                sleep(patience / 3).await;
                (piece < 6).then(|| (Ok::<_, io::Error>(Bytes::from(format!("piece{piece} "))), piece + 1))
            });
            Body::from_stream(pieces)
        };
        let router = Router::new().route("/", get(|| async { "here" })).route("/late", get(late));
        let router = router.route("/drops", get(drops));
        let listener = BoundedListener::new(TcpListener::bind("127.0.0.1:0").await.unwrap(), patience);
        let address = listener.local_addr().unwrap();
        let server = axum::serve(listener, router.into_make_service_with_connect_info::<Activity>());
        let server = tokio::spawn(server.into_future());
        let mut peer = TcpStream::connect(address).await.unwrap();
        peer.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // A reset is an end as well.
        let _ended = timeout(Duration::from_secs(60), peer.read_to_end(&mut answer)).await.expect("it is never closed");
        server.abort();
        String::from_utf8_lossy(&answer).into_owned()
    }

    #[tokio::test]
    async fn a_peer_that_does_not_go_on_is_let_go() {
        for request in ["", "GET / HT", "GET / HTTP/1.1\r\nHost: a\r\nX: "] {
            assert_eq!(exchange(Duration::from_millis(50), request).await, "", "{request:?}");
        }
        let kept_open = exchange(Duration::from_millis(500), "GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert!(kept_open.ends_with("here"), "{kept_open}");
    }

    #[tokio::test]
    async fn a_request_that_is_no_http_is_refused_like_any_other() {
        let long = "a".repeat(70_000);
        let many: String = (0..200).map(|n| format!("x-{n}: 1\r\n")).collect();
        for (request, status, code) in [
            ("GARBAGE\r\n\r\n".to_owned(), "400 Bad Request", "bad_request"),
            ("GET / HTTP/1.1\r\nHost: a\r\nno header\r\n\r\n".to_owned(), "400 Bad Request", "bad_request"),
            ("GET / HTTP/1.1\r\nHost: a\r\nx: a\0b\r\n\r\n".to_owned(), "400 Bad Request", "bad_request"),
            ("GET / HTTP/7.3\r\nHost: a\r\n\r\n".to_owned(), "400 Bad Request", "bad_request"),
            (format!("GET /{long} HTTP/1.1\r\nHost: a\r\n\r\n"), "414 URI Too Long", "address_too_long"),
            (
                format!("GET / HTTP/1.1\r\nHost: a\r\n{many}\r\n"),
                "431 Request Header Fields Too Large",
                "headers_too_large",
            ),
            // Behind a request that was answered.
            ("GET / HTTP/1.1\r\nHost: a\r\n\r\nGARBAGE\r\n\r\n".to_owned(), "400 Bad Request", "bad_request"),
        ] {
            let answer = exchange(Duration::from_secs(10), &request).await;
            let refusal = answer.find(&format!("HTTP/1.1 {status}\r\n")).map(|at| &answer[at..]);
            let (head, body) = refusal.and_then(|refusal| refusal.split_once("\r\n\r\n")).expect(&answer);
            assert!(head.contains("content-type: application/problem+json"), "{head}");
            let body: serde_json::Value = serde_json::from_str(body).expect(body);
            assert_eq!(body["code"], code, "{request:.80}");
            assert_eq!(body["status"].to_string(), status[..3]);
            assert!(head.contains(&format!("x-request-id: {}", body["request_id"].as_str().unwrap())), "{head}");
            assert!(head.contains(&format!("content-length: {}", body_length(&answer))), "{head}");
        }
    }

    fn body_length(answer: &str) -> usize {
        answer.rsplit_once("\r\n\r\n").map_or(0, |(_, body)| body.len())
    }

    #[tokio::test]
    async fn an_answer_may_take_its_time() {
        let answer = exchange(Duration::from_millis(500), "GET /late HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert!(answer.ends_with("late"), "{answer}");
        let answer = exchange(Duration::from_secs(2), "GET /drops HTTP/1.1\r\nHost: a\r\n\r\n").await;
        assert!(answer.contains("piece5"), "{answer}");
    }
}
