//! A real HTTP server on loopback that records what reached it and answers as a test says.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Response};

/// One request, as it came.
#[derive(Debug, Clone)]
pub struct Received {
    pub at: Instant,
    pub method: String,
    pub path: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Received {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

#[derive(Debug, Default)]
struct Book {
    answers: VecDeque<(u16, String)>,
    received: Vec<Received>,
}

#[derive(Debug, Clone)]
pub struct Counterpart {
    url: String,
    book: Arc<Mutex<Book>>,
}

impl Counterpart {
    /// Answers with these, one after the other, and 200 from then on.
    pub async fn answering(answers: &[(u16, &str)]) -> Self {
        let answers = answers.iter().map(|(status, body)| (*status, (*body).to_owned())).collect();
        let book = Arc::new(Mutex::new(Book { answers, received: Vec::new() }));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&book));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, book }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    pub fn received(&self) -> Vec<Received> {
        self.book.lock().expect("no thread panicked here").received.clone()
    }
}

async fn answer(State(book): State<Arc<Mutex<Book>>>, request: Request) -> Response<Body> {
    let at = Instant::now();
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 16 << 20).await.expect("a body").to_vec();
    let mut book = book.lock().expect("no thread panicked here");
    book.received.push(Received {
        at,
        method: parts.method.to_string(),
        path: parts.uri.to_string(),
        headers: parts.headers,
        body,
    });
    let (status, text) = book.answers.pop_front().unwrap_or((200, "ok".to_owned()));
    Response::builder().status(status).body(Body::from(text)).expect("an answer")
}
