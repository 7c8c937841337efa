//! Answers that do not end, or that are more than they look: each is cut off, and the host does not grow with it.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use flate2::{Compression, write::GzEncoder};
use sandglass::model::grant::Limits;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::world::{Template, World, http, reason, settings};

/// A server that sends `head` and then `piece` again and again, with a pause before each, until nobody reads any more.
struct Endless {
    url: String,
    sent: Arc<AtomicU64>,
}

impl Endless {
    async fn start(head: &'static str, piece: Vec<u8>, pause: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let sent = Arc::new(AtomicU64::new(0));
        let count = sent.clone();
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let (count, piece) = (count.clone(), piece.clone());
                tokio::spawn(async move {
                    let mut buffer = [0; 4096];
                    let mut open = socket.read(&mut buffer).await.is_ok();
                    open = open && socket.write_all(head.as_bytes()).await.is_ok();
                    while open {
                        tokio::time::sleep(pause).await;
                        open = socket.write_all(&piece).await.is_ok();
                        count.fetch_add(piece.len() as u64, Ordering::SeqCst);
                    }
                });
            }
        });
        Self { url, sent }
    }

    fn sent(&self) -> u64 {
        self.sent.load(Ordering::SeqCst)
    }
}

async fn world() -> (World, Template) {
    let world = World::with(&settings(), &http(&["127.0.0.1/32"]));
    let template = world.load("test/probe", &[("http", "*", "send")]).await;
    let limits = Limits { http_body_bytes: Some(200_000), ..Limits::default() };
    world.grant(&template, &[("http", "*", "send")], limits);
    (world, template)
}

fn within(url: &str, timeout_ms: u64) -> Value {
    json!({ "op": "http", "url": url, "timeout_ms": timeout_ms })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_drips_ends_with_the_time_of_its_request() {
    let (world, template) = world().await;
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n";
    let server = Endless::start(head, b"x".to_vec(), Duration::from_millis(50)).await;
    let began = std::time::Instant::now();
    let answers = world.probe(&template, json!({ "steps": [within(&server.url, 1_000)] })).await;
    assert_eq!((reason(&answers[0]), &answers[0]["error"]["kind"]), ("http-timeout", &json!("timeout")), "{answers:?}");
    assert!(server.sent() >= 3, "drops came within the time, and none of them prolonged it: {}", server.sent());
    // Generous, for a busy machine; without the bound it would take the minute that the run has.
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_that_do_not_end_are_cut_off() {
    let (world, template) = world().await;
    let line = format!("X-Endless: {}\r\n", "v".repeat(1_000)).into_bytes();
    let server = Endless::start("HTTP/1.1 200 OK\r\n", line, Duration::ZERO).await;
    let answers = world.probe(&template, json!({ "steps": [within(&server.url, 20_000)] })).await;
    assert!(matches!(reason(&answers[0]), "broken-answer" | "header-bytes"), "{answers:?}");
    assert!(server.sent() < 20_000_000, "{} bytes were taken", server.sent());
    assert!(server.sent() >= 50_000, "{} bytes were offered", server.sent());
}

#[tokio::test(flavor = "multi_thread")]
async fn more_headers_than_a_guest_is_handed_are_a_limit() {
    let (world, template) = world().await;
    let head: String = (0..80).map(|number| format!("X-{number}: {}\r\n", "v".repeat(1_000))).collect();
    let head: &'static str = Box::leak(format!("HTTP/1.1 200 OK\r\n{head}Content-Length: 0\r\n\r\n").into_boxed_str());
    let server = Endless::start(head, Vec::new(), Duration::from_millis(100)).await;
    let answers = world.probe(&template, json!({ "steps": [within(&server.url, 20_000)] })).await;
    assert_eq!(reason(&answers[0]), "header-bytes", "{answers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_end_is_cut_off_at_its_bound() {
    let (world, template) = world().await;
    let chunk = [b"1000\r\n".to_vec(), vec![b'x'; 4_096], b"\r\n".to_vec()].concat();
    let heads = [
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", chunk),
        ("HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n", vec![b'x'; 4_096]),
        ("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", vec![b'x'; 4_096]),
    ];
    let mut tried = 0;
    for (head, piece) in heads {
        let server = Endless::start(head, piece, Duration::ZERO).await;
        let answers = world.probe(&template, json!({ "steps": [within(&server.url, 20_000)] })).await;
        assert!(matches!(reason(&answers[0]), "body-bytes" | "broken-answer"), "{head}: {answers:?}");
        assert!(server.sent() < 50_000_000, "{head}: {} bytes were taken", server.sent());
        tried += 1;
    }
    assert_eq!(tried, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_always_about_to_come_ends_with_the_time_of_its_request() {
    let (world, template) = world().await;
    let soon = b"HTTP/1.1 100 Continue\r\n\r\n".to_vec();
    let server = Endless::start("", soon, Duration::from_millis(20)).await;
    let answers = world.probe(&template, json!({ "steps": [within(&server.url, 1_000)] })).await;
    assert_eq!(reason(&answers[0]), "http-timeout", "{answers:?}");
    assert!(server.sent() > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compressed_body_is_handed_over_as_it_came_and_never_grows() {
    let (world, template) = world().await;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    let block = vec![0; 1 << 20];
    for _ in 0..100 {
        encoder.write_all(&block).unwrap();
    }
    let bomb = encoder.finish().unwrap();
    assert!(bomb.len() < 150_000, "{} bytes stand for a hundred MiB", bomb.len());
    let length = bomb.len();
    let head =
        format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    let server = Endless::start(Box::leak(head.into_boxed_str()), bomb, Duration::ZERO).await;
    let answers = world.probe(&template, json!({ "steps": [within(&server.url, 20_000)] })).await;
    assert_eq!(answers[0]["ok"]["size_bytes"], length, "{answers:?}");
}
