//! A mail server on loopback that keeps every byte and answers as a test says: with a refusal, never, or by hanging up.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the server does instead of its usual answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// These lines; line ends are added.
    Say(String),
    /// Nothing, for as long as the client waits.
    Hang,
    /// The connection ends.
    HangUp,
    /// Bytes without a line end, as many as the client takes.
    Flood,
}

/// One connection, as it was.
#[derive(Debug, Clone, Default)]
pub struct Conversation {
    /// Every byte that came.
    pub raw: Vec<u8>,
    /// Commands without their line ends; not the contents.
    pub commands: Vec<String>,
    /// Contents, from behind DATA to before the dot, as they were on the wire.
    pub contents: Vec<Vec<u8>>,
}

impl Conversation {
    /// What stands behind `RCPT TO:`.
    pub fn recipients(&self) -> Vec<String> {
        let recipients = self.commands.iter().filter_map(|command| command.strip_prefix("RCPT TO:"));
        recipients.map(str::to_owned).collect()
    }
}

/// `(verb, how many of this verb came before on this connection, command)` to an answer; None for the usual one. The
/// verbs are `CONNECT`, those of SMTP, and `END` for the dot behind a content.
type Script = dyn Fn(&str, usize, &str) -> Option<Answer> + Send + Sync;

#[derive(Clone)]
pub struct MailServer {
    address: SocketAddr,
    book: Arc<Mutex<Vec<Conversation>>>,
}

impl MailServer {
    pub async fn start(script: impl Fn(&str, usize, &str) -> Option<Answer> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let book = Arc::new(Mutex::new(Vec::new()));
        let (kept, script): (_, Arc<Script>) = (Arc::clone(&book), Arc::new(script));
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let number = {
                    let mut book: std::sync::MutexGuard<'_, Vec<Conversation>> = kept.lock().expect("unbroken");
                    book.push(Conversation::default());
                    book.len() - 1
                };
                let (book, script) = (Arc::clone(&kept), Arc::clone(&script));
                tokio::spawn(Talk { socket, book, number, script, waiting: Vec::new(), seen: Vec::new() }.run());
            }
        });
        Self { address, book }
    }

    /// One that takes every mail.
    pub async fn friendly() -> Self {
        Self::start(|_, _, _| None).await
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    pub fn conversations(&self) -> Vec<Conversation> {
        self.book.lock().expect("no thread panicked here").clone()
    }

    /// The contents of all conversations.
    pub fn contents(&self) -> Vec<Vec<u8>> {
        self.conversations().into_iter().flat_map(|one| one.contents).collect()
    }
}

struct Talk {
    socket: TcpStream,
    book: Arc<Mutex<Vec<Conversation>>>,
    number: usize,
    script: Arc<Script>,
    waiting: Vec<u8>,
    seen: Vec<String>,
}

impl Talk {
    async fn run(mut self) {
        if !self.answer("CONNECT", "", "220 double ESMTP").await {
            return;
        }
        while let Some(line) = self.until(b"\r\n").await {
            let line = String::from_utf8_lossy(&line).into_owned();
            let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            self.note(|one| one.commands.push(line.clone()));
            let usual = match verb.as_str() {
                "EHLO" => "250-double\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN",
                "AUTH" => "235 welcome",
                "MAIL" | "RCPT" | "RSET" | "NOOP" => "250 fine",
                "DATA" => "354 go on",
                "QUIT" => "221 goodbye",
                _ => "500 what?",
            };
            if !self.answer(&verb, &line, usual).await || verb == "QUIT" {
                return;
            }
            let said = self.seen.last().cloned().unwrap_or_default();
            if verb == "DATA" && said == "354" {
                // A content ends at a dot between two line ends, and at nothing that only looks like one.
                let Some(content) = self.until(b"\r\n.\r\n").await else { return };
                self.note(|one| one.contents.push(content));
                if !self.answer("END", "", "250 taken").await {
                    return;
                }
            }
        }
    }

    /// Bytes up to `end`, which is left out.
    async fn until(&mut self, end: &[u8]) -> Option<Vec<u8>> {
        loop {
            if let Some(place) = self.waiting.windows(end.len()).position(|window| window == end) {
                let mut found: Vec<u8> = self.waiting.drain(..place + end.len()).collect();
                found.truncate(place);
                return Some(found);
            }
            let mut buffer = [0; 16 * 1024];
            let read = self.socket.read(&mut buffer).await.ok().filter(|read| *read > 0)?;
            let bytes = buffer.get(..read).unwrap_or_default();
            self.waiting.extend_from_slice(bytes);
            let bytes = bytes.to_vec();
            self.note(|one| one.raw.extend(bytes));
        }
    }

    /// False when the conversation is over.
    async fn answer(&mut self, verb: &str, line: &str, usual: &str) -> bool {
        let before = self.seen.iter().filter(|seen| *seen == verb).count();
        self.seen.push(verb.to_owned());
        let answer = (self.script)(verb, before, line).unwrap_or_else(|| Answer::Say(usual.to_owned()));
        match answer {
            Answer::Say(text) => {
                self.seen.push(text.get(..3).unwrap_or_default().to_owned());
                self.socket.write_all(format!("{text}\r\n").as_bytes()).await.is_ok()
            }
            Answer::Hang => {
                // Until the client has had enough.
                let mut buffer = [0; 1024];
                while self.socket.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
                false
            }
            Answer::HangUp => false,
            Answer::Flood => {
                while self.socket.write_all(&[b'x'; 64 * 1024]).await.is_ok() {}
                false
            }
        }
    }

    fn note(&self, change: impl FnOnce(&mut Conversation)) {
        let mut book = self.book.lock().expect("no thread panicked here");
        change(book.get_mut(self.number).expect("its own line"));
    }
}
