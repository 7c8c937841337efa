//! One conversation with a mail server, command by command (RFC 5321).
//!
//! The library's own `send` gives up at the first recipient that is refused; here each gets an answer of its own. Every
//! command has its own bound of time. After a failure a conversation is dropped, never used again.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, AsyncTokioStream};
use lettre::transport::smtp::commands::{Data, Mail, Quit, Rcpt, Rset};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::fault::{Answer, Fault, Verb};
use super::identity::{MailServer, Security};
use super::stream::{LineStream, TlsStream};

/// Bytes a second at which a content must go out at least, beyond the bound of a command.
const SLOWEST: u64 = 32 * 1024;
/// For a goodbye that nobody waits for.
const GOODBYE: Duration = Duration::from_secs(2);

/// A server that is ready for a message.
pub(super) struct Conversation {
    smtp: AsyncSmtpConnection,
    timeout: Duration,
}

/// What goes over the wire.
pub(super) struct Envelope {
    pub(super) from: lettre::Address,
    pub(super) to: Vec<lettre::Address>,
    /// Lines end in CRLF, all ASCII.
    pub(super) content: Vec<u8>,
}

/// What became of a message that was taken for somebody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Delivery {
    pub(super) accepted: Vec<String>,
    pub(super) refused: Vec<(String, Answer)>,
}

impl Conversation {
    /// Connects, makes it safe, signs in where there is something to sign in with.
    ///
    /// # Errors
    /// Where it failed; nothing was sent.
    pub(super) async fn open(
        server: &MailServer,
        credentials: Option<&Credentials>,
        until: Instant,
    ) -> Result<Self, Fault> {
        let timeout = server.timeout;
        let socket = bounded(Verb::Connect, timeout, until, connect(server)).await??;
        let stream: Box<dyn AsyncTokioStream> = Box::new(LineStream::new(socket));
        let greeted = match &server.security {
            Security::Implicit(parameters) => {
                let opened = TlsStream::open(stream, parameters.clone());
                let opened = bounded(Verb::Connect, timeout, until, opened).await?;
                let stream = opened.map_err(|error| Fault::Unsafe { reason: error.to_string() })?;
                greet(server, Box::new(stream), until).await?
            }
            Security::StartTls(_) | Security::Clear { .. } => greet(server, stream, until).await?,
        };
        let mut this = Self { smtp: greeted, timeout };
        if let Security::StartTls(parameters) = &server.security {
            if !this.smtp.can_starttls() {
                let reason = "the server does not offer STARTTLS".to_owned();
                return Err(Fault::Unsafe { reason });
            }
            let turned = this.smtp.starttls(parameters.clone(), &server.hello);
            match bounded(Verb::StartTls, timeout, until, turned).await? {
                Ok(()) => {}
                Err(error) => {
                    return Err(match Answer::of(&error) {
                        Some(answer) => Fault::Refused { verb: Verb::StartTls, answer },
                        None => Fault::Unsafe { reason: error.to_string() },
                    });
                }
            }
            if !this.smtp.is_encrypted() {
                return Err(Fault::Unsafe { reason: "the connection is still in the clear".to_owned() });
            }
        }
        if let Some(credentials) = credentials {
            let signed_in = this.smtp.auth(&[Mechanism::Plain, Mechanism::Login], credentials);
            let answered = bounded(Verb::Auth, timeout, until, signed_in).await?;
            answered.map_err(|error| Fault::broken(Verb::Auth, &error))?;
        }
        Ok(this)
    }

    /// Hands one message over. Afterwards the conversation may be used again only if this gave no error, or one that
    /// [`is_reusable_after`] names.
    ///
    /// # Errors
    /// Where it failed, and whether that is certain.
    pub(super) async fn deliver(&mut self, envelope: &Envelope, until: Instant) -> Result<Delivery, Fault> {
        let mail = Mail::new(Some(envelope.from.clone()), Vec::new());
        self.say(Verb::Mail, mail, until).await?.map_err(|error| Fault::broken(Verb::Mail, &error))?;
        let mut delivery = Delivery::default();
        for to in &envelope.to {
            match self.say(Verb::Rcpt, Rcpt::new(to.clone(), Vec::new()), until).await? {
                Ok(_) => delivery.accepted.push(to.to_string()),
                Err(error) => match Answer::of(&error) {
                    Some(answer) if !answer.is_goodbye() => delivery.refused.push((to.to_string(), answer)),
                    _ => return Err(Fault::broken(Verb::Rcpt, &error)),
                },
            }
        }
        if delivery.accepted.is_empty() {
            return Err(Fault::AllRefused { refused: delivery.refused });
        }
        let ready = self.say(Verb::Data, Data, until).await?.map_err(|error| Fault::broken(Verb::Data, &error))?;
        if !ready.has_code(354) {
            let reason = format!("DATA was answered with {} instead of 354", ready.code());
            return Err(Fault::Broken { verb: Verb::Data, reason });
        }
        self.content(&envelope.content, until).await?;
        Ok(delivery)
    }

    /// The content, the dot, and the answer that counts.
    async fn content(&mut self, content: &[u8], until: Instant) -> Result<(), Fault> {
        // The library asks for the next piece until there is none, and then writes the dot.
        let is_whole = AtomicBool::new(false);
        let mut pieces = content.chunks(64 * 1024);
        let pieces = std::iter::from_fn(|| {
            let piece = pieces.next();
            is_whole.store(piece.is_none(), Ordering::Relaxed);
            piece
        });
        let limit = self.timeout + Duration::from_secs(content.len() as u64 / SLOWEST);
        let limit = limit.min(until.saturating_duration_since(Instant::now()));
        let answered = tokio::time::timeout(limit, self.smtp.message_iter(pieces)).await;
        let was_whole = is_whole.load(Ordering::Relaxed);
        match answered {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(match Answer::of(&error) {
                Some(answer) => Fault::Refused { verb: Verb::Content, answer },
                None if was_whole => Fault::Unknown { reason: error.to_string() },
                None => Fault::broken(Verb::Content, &error),
            }),
            Err(_) if was_whole => {
                Err(Fault::Unknown { reason: format!("no answer within {} s", limit.as_secs_f64()) })
            }
            Err(_) => Err(Fault::Slow { verb: Verb::Content, limit }),
        }
    }

    /// Makes it ready for the next message after one that was refused; false when that fails.
    pub(super) async fn reset(&mut self, until: Instant) -> bool {
        matches!(self.say(Verb::Mail, Rset, until).await, Ok(Ok(_)))
    }

    /// Says goodbye, if the server listens.
    pub(super) async fn close(mut self) {
        // Whatever it answers: the connection ends here.
        drop(tokio::time::timeout(GOODBYE, self.smtp.command(Quit)).await);
    }

    async fn say(
        &mut self,
        verb: Verb,
        command: impl std::fmt::Display,
        until: Instant,
    ) -> Result<Result<lettre::transport::smtp::response::Response, Error>, Fault> {
        bounded(verb, self.timeout, until, self.smtp.command(command)).await
    }
}

/// Whether the server only said no to this message and waits for the next command.
pub(super) fn is_reusable_after(fault: &Fault) -> bool {
    match fault {
        Fault::AllRefused { .. } => true,
        Fault::Refused { answer, .. } => !answer.is_goodbye(),
        _ => false,
    }
}

async fn greet(
    server: &MailServer,
    stream: Box<dyn AsyncTokioStream>,
    until: Instant,
) -> Result<AsyncSmtpConnection, Fault> {
    let greeting = AsyncSmtpConnection::connect_with_transport(stream, &server.hello);
    let greeted = bounded(Verb::Connect, server.timeout, until, greeting).await?;
    greeted.map_err(|error| Fault::broken(Verb::Connect, &error))
}

async fn connect(server: &MailServer) -> Result<TcpStream, Fault> {
    let broken = |reason: String| Fault::Broken { verb: Verb::Connect, reason };
    let found = tokio::net::lookup_host((server.host.as_str(), server.port)).await;
    let found = found.map_err(|error| broken(format!("{} cannot be resolved: {error}", server.host)))?;
    let only_local = matches!(server.security, Security::Clear { is_local: true });
    let addresses: Vec<SocketAddr> = found.filter(|address| !only_local || address.ip().is_loopback()).collect();
    let mut last = format!("{} has no address that may be used", server.host);
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(socket) => return Ok(socket),
            Err(error) => last = format!("{address}: {error}"),
        }
    }
    Err(broken(last))
}

async fn bounded<T>(verb: Verb, timeout: Duration, until: Instant, work: impl Future<Output = T>) -> Result<T, Fault> {
    let limit = timeout.min(until.saturating_duration_since(Instant::now()));
    tokio::time::timeout(limit, work).await.map_err(|_| Fault::Slow { verb, limit })
}
