//! Every way out that should not be one, tried in many forms. Listeners count; none may be reached.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use sandglass::capabilities::HttpClient;
use sandglass::capabilities::http::{Lookup, SystemLookup};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::egress::{Server, get, ok};
use crate::world::{Template, World, http, reason, settings};

/// Names that this file answers for; all others are the machine's.
#[derive(Default)]
pub struct Names {
    answers: HashMap<&'static str, Vec<Vec<IpAddr>>>,
    asked: AtomicUsize,
}

impl Names {
    /// `answers`: what each question gets, the last one from then on.
    pub fn with(mut self, name: &'static str, answers: &[&[&str]]) -> Self {
        let parse = |texts: &&[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        self.answers.insert(name, answers.iter().map(parse).collect());
        self
    }
}

#[async_trait]
impl Lookup for Names {
    async fn lookup(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let number = self.asked.fetch_add(1, Ordering::SeqCst);
        match self.answers.get(name.trim_end_matches('.').to_ascii_lowercase().as_str()) {
            Some(answers) => Ok(answers[number.min(answers.len() - 1)].clone()),
            None => SystemLookup.lookup(name).await,
        }
    }
}

pub async fn world(networks: &[&str], names: Names) -> (World, Template, Arc<Names>) {
    let names = Arc::new(names);
    let client = HttpClient::with_lookup(&http(networks), names.clone()).unwrap();
    let world = World::with_client(&settings(), client);
    let template = world.load("test/probe", &[("http", "*", "send")]).await;
    (world, template, names)
}

/// Counts every connection to one port of this machine, whichever of its addresses it comes in by.
pub struct Everywhere {
    pub port: u16,
    count: Arc<AtomicUsize>,
}

impl Everywhere {
    pub async fn start() -> Self {
        let listener = match TcpListener::bind("[::]:0").await {
            Ok(listener) => listener,
            Err(_) => TcpListener::bind("0.0.0.0:0").await.unwrap(),
        };
        let port = listener.local_addr().unwrap().port();
        let count = Arc::new(AtomicUsize::new(0));
        let seen = count.clone();
        tokio::spawn(async move {
            while listener.accept().await.is_ok() {
                seen.fetch_add(1, Ordering::SeqCst);
            }
        });
        Self { port, count }
    }

    fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }

    /// Nobody came, and whoever had come would have been counted.
    pub async fn assert_unreached(&self) {
        assert_eq!(self.count(), 0, "a connection was opened");
        tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        let until = tokio::time::Instant::now() + std::time::Duration::from_secs(20);
        while self.count() == 0 {
            assert!(tokio::time::Instant::now() < until, "the listener does not count");
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }
}

/// One address of each range that is not public, and the addresses that hand out credentials.
const INNER: [[u8; 4]; 26] = [
    [127, 0, 0, 1],
    [127, 1, 2, 3],
    [127, 255, 255, 254],
    [0, 0, 0, 0],
    [0, 0, 0, 1],
    [10, 0, 0, 1],
    [10, 255, 255, 255],
    [100, 64, 0, 1],
    [100, 100, 100, 200],
    [168, 63, 129, 16],
    [169, 254, 1, 1],
    [169, 254, 169, 254],
    [169, 254, 170, 2],
    [172, 16, 0, 1],
    [172, 31, 255, 254],
    [192, 0, 0, 192],
    [192, 0, 2, 1],
    [192, 168, 0, 1],
    [192, 168, 255, 254],
    [198, 18, 0, 1],
    [198, 51, 100, 1],
    [203, 0, 113, 1],
    [224, 0, 0, 1],
    [239, 255, 255, 250],
    [240, 0, 0, 1],
    [255, 255, 255, 255],
];

/// The ways in which an IPv4 address can stand in a URL.
fn forms([a, b, c, d]: [u8; 4]) -> Vec<String> {
    let number = u32::from(Ipv4Addr::new(a, b, c, d));
    let (high, low) = (number >> 16, number & 0xffff);
    let dotted = format!("{a}.{b}.{c}.{d}");
    let full: String = dotted.chars().map(wide).collect();
    let circled = dotted.replace('1', "①").replace('2', "②").replace('7', "⑦");
    let percent: String = dotted.bytes().map(|byte| format!("%{byte:02x}")).collect();
    vec![
        dotted.clone(),
        format!("{dotted}."),
        format!("{number}"),
        format!("{number:#x}"),
        format!("0X{number:08X}"),
        format!("0{number:o}"),
        format!("{a:#x}.{b:#x}.{c:#x}.{d:#x}"),
        format!("0{a:o}.0{b:o}.0{c:o}.0{d:o}"),
        format!("0{a:o}.{b}.{c:#x}.{d}"),
        format!("{a}.{b}.{}", low),
        format!("{a}.{}", number & 0xff_ffff),
        format!("{a:#x}.{}", number & 0xff_ffff),
        format!("000000{a:o}.{b}.{c}.{d}"),
        full,
        circled,
        percent,
        dotted.replace('.', "。"),
        format!("[::ffff:{dotted}]"),
        format!("[::FFFF:{high:x}:{low:x}]"),
        format!("[0:0:0:0:0:ffff:{high:04x}:{low:04x}]"),
        format!("[::{dotted}]"),
        format!("[::ffff:0:{dotted}]"),
        format!("[64:ff9b::{dotted}]"),
        format!("[64:ff9b:1::{dotted}]"),
        format!("[2002:{high:x}:{low:x}::]"),
        format!("[2002:{high:x}:{low:x}::1]"),
        format!("[2001:0:{high:x}:{low:x}::1]"),
        format!("[2001:0:808:808:0:0:{:x}:{:x}]", !high & 0xffff, !low & 0xffff),
        format!("[2606:4700::5efe:{dotted}]"),
        format!("[2606:4700::200:5efe:{dotted}]"),
        format!("user@{dotted}"),
        format!("a.example:80@{dotted}"),
        format!("@{dotted}"),
    ]
}

fn wide(letter: char) -> char {
    if letter == '.' { '．' } else { char::from_u32(u32::from(letter) - 0x30 + 0xff10).unwrap() }
}

/// What a refusal may be called when the text is no address that could be reached at all.
fn is_refusal(reason: &str) -> bool {
    matches!(reason, "forbidden-address" | "url" | "url-credentials")
}

#[tokio::test(flavor = "multi_thread")]
async fn no_form_of_an_inner_address_is_reached() {
    let (world, template, names) = world(&[], Names::default()).await;
    let everywhere = Everywhere::start().await;
    let (mut tried, mut forbidden) = (0, 0);
    for address in INNER {
        let hosts = forms(address);
        let steps: Vec<Value> = hosts.iter().map(|host| get(&format!("http://{host}:{}/", everywhere.port))).collect();
        let answers = world.probe(&template, json!({ "steps": steps })).await;
        assert_eq!(answers.len(), hosts.len());
        for (host, answer) in hosts.iter().zip(&answers) {
            assert!(is_refusal(reason(answer)), "{host}: {answer}");
            forbidden += usize::from(reason(answer) == "forbidden-address");
            tried += 1;
        }
    }
    assert_eq!(tried, 26 * 33);
    assert!(forbidden > tried * 8 / 10, "only {forbidden} of {tried} were understood as addresses");
    assert_eq!(names.asked.load(Ordering::SeqCst), 0, "an address was looked up as a name");
    everywhere.assert_unreached().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_inner_ipv6_address_is_reached() {
    let (world, template, _) = world(&[], Names::default()).await;
    let everywhere = Everywhere::start().await;
    let hosts = [
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "[0000:0000:0000:0000:0000:0000:0000:0001]",
        "[::]",
        "[::2]",
        "[fe80::1]",
        "[febf::1]",
        "[fe80::1%25lo]",
        "[fe80::1%lo]",
        "[::1%25lo]",
        "[fec0::1]",
        "[fc00::1]",
        "[fdff:ffff::1]",
        "[fd00:ec2::254]",
        "[fd20:ce::254]",
        "[ff01::1]",
        "[ff02::1]",
        "[ff0e::1]",
        "[100::1]",
        "[2001:db8::1]",
        "[2001::1]",
        "[2001:10::1]",
        "[2001:20::1]",
        "[2002::1]",
        "[3fff::1]",
        "[4000::1]",
        "[5f00::1]",
        "[::1",
        "::1",
        "[::1].",
    ];
    let steps: Vec<Value> = hosts.iter().map(|host| get(&format!("http://{host}:{}/", everywhere.port))).collect();
    let answers = world.probe(&template, json!({ "steps": steps })).await;
    for (host, answer) in hosts.iter().zip(&answers) {
        assert!(is_refusal(reason(answer)), "{host}: {answer}");
    }
    assert_eq!(answers.len(), 30);
    everywhere.assert_unreached().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_name_of_an_inner_address_is_reached() {
    let names = Names::default()
        .with("four.test", &[&["127.0.0.1"]])
        .with("six.test", &[&["::1"]])
        .with("both.test", &[&["::1", "127.0.0.1"]])
        .with("mapped.test", &[&["::ffff:127.0.0.1"]])
        .with("nat64.test", &[&["64:ff9b::7f00:1"]])
        .with("tunnel.test", &[&["2002:7f00:1::1"]])
        .with("teredo.test", &[&["2001:0:7f00:1::"]])
        .with("zero.test", &[&["0.0.0.0"]])
        .with("private.test", &[&["10.0.0.1", "192.168.0.1", "fd00::1"]])
        .with("link.test", &[&["169.254.1.1", "fe80::1"]])
        .with("metadata.test", &[&["169.254.169.254"]])
        .with("multicast.test", &[&["224.0.0.1"]])
        .with("a.example", &[&[]]);
    let (world, template, names) = world(&[], names).await;
    let everywhere = Everywhere::start().await;
    let hosts = [
        "four.test",
        "four.test.",
        "FOUR.TEST",
        "four。test",
        "ⓕour.test",
        "fo\u{ad}ur.test",
        "f%6fur.test",
        "fo\tur.test",
        " four.test",
        "six.test",
        "both.test",
        "mapped.test",
        "nat64.test",
        "tunnel.test",
        "teredo.test",
        "zero.test",
        "private.test",
        "link.test",
        "metadata.test",
        "multicast.test",
        "localhost",
        "localhost.",
        "LocalHost",
        "ⓛocalhost",
        "loc\u{200b}alhost",
        "a.example\\@four.test",
        "a.example@four.test",
        "a.example:x@four.test",
        "four.test#@a.example",
        "four.test?@a.example",
        "four.test\\.a.example",
    ];
    let steps: Vec<Value> = hosts
        .iter()
        .map(|host| {
            let at = if host.contains(['#', '?', '\\']) { host.find(['#', '?', '\\']).unwrap() } else { host.len() };
            get(&format!("http://{}:{}{}", &host[..at], everywhere.port, &host[at..]))
        })
        .collect();
    let answers = world.probe(&template, json!({ "steps": steps })).await;
    let mut forbidden = 0;
    for (host, answer) in hosts.iter().zip(&answers) {
        let reason = reason(answer);
        // `a.example` leads nowhere; and not every machine knows `localhost` in every spelling.
        let may_be_unknown = host.starts_with("a.example") || host.to_lowercase().contains("host");
        assert!(is_refusal(reason) || (reason == "no-connection" && may_be_unknown), "{host}: {answer}");
        forbidden += usize::from(reason == "forbidden-address");
    }
    assert!(forbidden >= 20, "{forbidden} of {}", hosts.len());
    assert!(names.asked.load(Ordering::SeqCst) >= 20);
    assert_eq!(answers.len(), 31);
    everywhere.assert_unreached().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_whose_answer_changes_is_followed_to_no_inner_address() {
    // 127.0.0.2 stands for a public address: it is the only one that is allowed.
    let names = Names::default().with("rebind.test", &[&["127.0.0.2"], &["127.0.0.1"]]);
    let (world, template, names) = world(&["127.0.0.2/32"], names).await;
    let outer = Server::start_at("127.0.0.2:0", |_| ok("outer")).await;
    let inner = Server::start_at(&format!("127.0.0.1:{}", outer.port), |_| ok("inner")).await;
    let url = format!("http://rebind.test:{}/", outer.port);
    let answers = world.probe(&template, json!({ "steps": [get(&url), get(&url), get(&url)] })).await;
    assert_eq!(answers[0]["ok"]["body"], "outer", "{answers:?}");
    assert_eq!((reason(&answers[1]), reason(&answers[2])), ("forbidden-address", "forbidden-address"));
    assert_eq!(names.asked.load(Ordering::SeqCst), 3, "one question a connection");
    assert_eq!((outer.count(), inner.count()), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_addresses_only_those_that_are_allowed_are_tried() {
    // Nobody listens on the allowed address: the connector must not fall back to the other one.
    let inner = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = inner.local_addr().unwrap().port();
    let names = Names::default().with("mixed.test", &[&["127.0.0.2", "127.0.0.1", "::1"]]);
    let (world, template, _) = world(&["127.0.0.2/32"], names).await;
    let answers = world.probe(&template, json!({ "steps": [get(&format!("http://mixed.test:{port}/"))] })).await;
    assert_eq!(reason(&answers[0]), "no-connection", "{answers:?}");
    let nobody = tokio::time::timeout(std::time::Duration::from_millis(50), inner.accept()).await;
    assert!(nobody.is_err(), "the inner listener was reached");
}
