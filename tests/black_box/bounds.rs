//! The largest things that cross: a body of HTTP and a message with attachments, up to what the configuration allows.

use std::path::Path;

use sandglass_tests::{Client, Counterpart, Setup};
use serde_json::{Value, json};

use crate::mail::{Sink, job, run, setup};

const MIB: usize = 1 << 20;

async fn webhook(client: &Client, url: &str, body: &str) -> Value {
    let parameters = json!({
        "url": url, "method": "POST", "body": body, "body_format": "text", "retry": {"max_attempts": 1},
        "timeout_seconds": 120, "save_response": "none",
    });
    let body = json!({
        "name": "Large", "template_type": "webhook_trigger", "parameters": parameters,
        "schedule": {"type": "interval", "interval_seconds": 3600}, "retry_policy": {"max_retries": 0},
    });
    run(client, &body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_ten_mebibytes_goes_out_and_comes_back_and_a_byte_more_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    // The body of a webhook stands in its parameters, which are bounded too.
    let server = Setup::on(folder.path())
        .with("SANDGLASS_SANDBOX__PARAMETERS_BYTES", &(20 * MIB).to_string())
        .with("SANDGLASS_SERVER__BODY_LIMIT_BYTES", &(20 * MIB).to_string())
        .start()
        .await;
    let client = server.client();
    let whole = "x".repeat(10 * MIB);
    let more = format!("{whole}y");
    let peer = Counterpart::answering(&[(200, &whole), (200, &more)]).await;
    let url = peer.url("/hook");
    let good = webhook(&client, &url, &whole).await;
    assert_eq!(good["status"], "success", "{}", good["error"]);
    assert_eq!(good["result"]["details"]["size_bytes"], 10 * MIB);
    assert!(peer.received().remove(0).body == whole.as_bytes(), "another body arrived");

    let long_answer = webhook(&client, &url, "short").await;
    let told = format!("{}{}", long_answer["error"], long_answer["result"]["warnings"]);
    assert!(told.contains("http.body_bytes"), "{told}");
    assert_eq!(peer.received().len(), 2);

    let refused = webhook(&client, &url, &more).await;
    assert_eq!(refused["status"], "failed");
    let error = refused["error"].as_str().unwrap();
    assert!(error.contains("http.body_bytes"), "{error}");
    assert_eq!(peer.received().len(), 2, "what is too large never leaves");
}

/// Sends a file of so many bytes.
async fn attach(client: &Client, folder: &Path, size: usize) -> Value {
    let exports = folder.join("exports");
    std::fs::create_dir_all(&exports).unwrap();
    std::fs::write(exports.join("large.bin"), vec![7; size]).unwrap();
    let mut body = job(json!({"attachments": ["large.bin"]}));
    body["retry_policy"] = json!({"max_retries": 0});
    run(client, &body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn attachments_go_up_to_the_configured_size_of_a_message_and_beyond_it_the_key_is_named() {
    let sink = Sink::start(&[]).await;
    for (configured, fits, too_much) in [(None, 9 * MIB, 10 * MIB), (Some(14 * MIB), 13 * MIB, 30 * MIB)] {
        let folder = tempfile::tempdir().unwrap();
        let mut setup = setup(folder.path(), sink.port);
        if let Some(bytes) = configured {
            setup = setup.with("SANDGLASS_EMAIL__MESSAGE_BYTES", &bytes.to_string());
        }
        let server = setup.start().await;
        let client = server.client();
        let before = sink.received().len();
        let good = attach(&client, folder.path(), fits).await;
        assert_eq!(good["status"], "success", "{fits}: {}", good["error"]);
        let message = sink.messages(before + 1).await.remove(before);
        // In base64 each 3 bytes are 4 letters.
        assert_eq!(message["parts"][1]["content"].as_str().unwrap().len(), fits.div_ceil(3) * 4);
        let refused = attach(&client, folder.path(), too_much).await;
        assert_eq!(refused["status"], "failed", "{too_much}");
        let error = refused["error"].as_str().unwrap();
        assert!(error.contains("email.message_bytes"), "{too_much}: {error}");
        assert_eq!(sink.received().len(), before + 1);
    }
}
