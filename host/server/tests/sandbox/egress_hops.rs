//! What a server or a template writes into redirects, headers and methods leads nowhere that it should not.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::egress::{Server, ok};
use crate::egress_forms::{Everywhere, Names, world};
use crate::world::reason;

#[tokio::test(flavor = "multi_thread")]
async fn no_redirect_leads_to_an_inner_address() {
    let everywhere = Everywhere::start().await;
    let port = everywhere.port;
    let names = Names::default().with("four.test", &[&["127.0.0.1"]]).with("six.test", &[&["::1"]]);
    let (world, template, _) = world(&["127.0.0.2/32"], names).await;
    let targets: Vec<(String, &str)> = [
        ("http://127.0.0.1:{}/", "forbidden-address"),
        ("http://127.1:{}/", "forbidden-address"),
        ("http://2130706433:{}/", "forbidden-address"),
        ("http://0x7f.1:{}/", "forbidden-address"),
        ("http://0177.0.0.1:{}/", "forbidden-address"),
        ("http://[::1]:{}/", "forbidden-address"),
        ("http://[::ffff:127.0.0.1]:{}/", "forbidden-address"),
        ("http://[64:ff9b::7f00:1]:{}/", "forbidden-address"),
        ("//127.0.0.1:{}/", "forbidden-address"),
        ("\\\\127.0.0.1:{}/", "forbidden-address"),
        ("/\\127.0.0.1:{}/", "forbidden-address"),
        ("http:\\\\127.0.0.1:{}/", "forbidden-address"),
        ("http://localhost:{}/", "forbidden-address"),
        ("http://four.test:{}/", "forbidden-address"),
        ("http://six.test.:{}/", "forbidden-address"),
        ("HTTP://FOUR.test:{}/", "forbidden-address"),
        ("http://user:pass@127.0.0.1:{}/", "url-credentials"),
        ("http://127.0.0.2@127.0.0.1:{}/", "url-credentials"),
        ("http://169.254.169.254/latest/meta-data/", "forbidden-address"),
        ("file:///etc/passwd", "scheme"),
        ("ftp://127.0.0.1:{}/", "scheme"),
        ("gopher://127.0.0.1:{}/_x", "scheme"),
        ("javascript:alert(1)", "scheme"),
        ("data:text/plain,x", "scheme"),
        ("http://", "redirect"),
        ("http://[::1", "redirect"),
    ]
    .map(|(target, reason)| (target.replace("{}", &port.to_string()), reason))
    .to_vec();
    let mut tried = 0;
    for status in [301, 302, 303, 307, 308] {
        let list: Vec<String> = targets.iter().map(|(target, _)| target.clone()).collect();
        let outer = Server::start_at("127.0.0.2:0", move |request| {
            let number: usize = request.split(['/', ' ']).nth(2).and_then(|text| text.parse().ok()).unwrap_or_default();
            let to = &list[number];
            format!("HTTP/1.1 {status} Go\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        })
        .await;
        let step = |number: usize| {
            let method = if number.is_multiple_of(2) { "POST" } else { "GET" };
            let url = format!("http://127.0.0.2:{}/{number}", outer.port);
            json!({ "op": "http", "url": url, "method": method, "follow_redirects": true })
        };
        let steps: Vec<Value> = (0..targets.len()).map(step).collect();
        let answers = world.probe(&template, json!({ "steps": steps })).await;
        for ((target, expected), answer) in targets.iter().zip(&answers) {
            assert_eq!(reason(answer), *expected, "{status} {target}: {answer}");
            tried += 1;
        }
        assert_eq!(outer.count(), targets.len(), "each was redirected once");
    }
    assert_eq!(tried, 5 * 26);
    everywhere.assert_unreached().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_header_smuggles_anything() {
    let (world, template, _) = world(&["127.0.0.1/32"], Names::default()).await;
    let server = Server::start(|_| ok("never")).await;
    let reserved = [
        "Host",
        "HOST",
        "host",
        "Content-Length",
        "content-length",
        "Connection",
        "Keep-Alive",
        "Proxy-Authenticate",
        "Proxy-Authorization",
        "Proxy-Connection",
        "TE",
        "Trailer",
        "Transfer-Encoding",
        "TRANSFER-ENCODING",
        "Upgrade",
        "Expect",
        "HTTP2-Settings",
        "Alt-Used",
        "Transfer_Encoding",
        "Content_Length",
        "proxy_authorization",
    ];
    let names =
        ["", " ", "Host ", " Host", "X Y", "X:", "X\r\nHost", "X\nY", "X\0", "Ünicode", "X\t", "(x)", "a,b", "{}"];
    let values = ["a\r\nHost: b", "a\nb", "a\rb", "a\0b", "\r\n\r\nGET / HTTP/1.1", "a\u{7f}", "\u{1}", "\n"];
    let methods = [
        "CONNECT",
        "TRACE",
        "TRACK",
        "get",
        "GET ",
        " GET",
        "GET\r\n",
        "GET / HTTP/1.1\r\nHost: b\r\n\r\nGET",
        "",
        "G\0T",
        "PROPFIND",
        "GÉT",
    ];
    let with = |name: &str, value: &str| json!({ "op": "http", "url": server.url("/"), "headers": { name: value } });
    let mut cases: Vec<(Value, &str)> = Vec::new();
    cases.extend(reserved.iter().map(|name| (with(name, "x"), "header-reserved")));
    cases.extend(names.iter().map(|name| (with(name, "x"), "header-name")));
    cases.extend(values.iter().map(|value| (with("X-A", value), "header-value")));
    cases.extend(
        methods.iter().map(|method| (json!({ "op": "http", "url": server.url("/"), "method": method }), "method")),
    );
    let long = "v".repeat(40_000);
    cases.push((with("X-Long", &long), "header-bytes"));
    let many: HashMap<String, &str> = (0..101).map(|number| (format!("X-{number}"), "v")).collect();
    cases.push((json!({ "op": "http", "url": server.url("/"), "headers": many }), "header-bytes"));
    let steps: Vec<&Value> = cases.iter().map(|(step, _)| step).collect();
    let answers = world.probe(&template, json!({ "steps": steps })).await;
    for ((step, expected), answer) in cases.iter().zip(&answers) {
        let shown: String = step.to_string().chars().take(200).collect();
        assert_eq!(reason(answer), *expected, "{shown}: {answer}");
    }
    assert_eq!((answers.len(), server.count()), (21 + 14 + 8 + 12 + 2, 0));

    // What stands in a URL or a body cannot break out of it either.
    let encoded = json!({ "op": "http", "url": format!("{}%0d%0aHost:%20b/\r\n x?a=\r\nb", server.url("/")), "method": "POST",
        "body": "GET / HTTP/1.1\r\nHost: b\r\n\r\n" });
    let answers = world.probe(&template, json!({ "steps": [encoded] })).await;
    assert_eq!(answers[0]["ok"]["status"], 200, "{answers:?}");
    let request = server.requests.lock()[0].clone();
    let head = request.split("\r\n\r\n").next().unwrap();
    assert_eq!(head.lines().filter(|line| line.to_ascii_lowercase().starts_with("host:")).count(), 1, "{request}");
    assert_eq!(server.count(), 1, "one connection, one request");
}
