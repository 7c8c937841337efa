//! The folder, look by look.

use serde_json::json;

use super::scene::{Host, Scene, component, write};
use crate::registry::templates::Readiness;
use crate::registry::templates::dropin::look::{Memory, Seen};

/// Looks until nothing moves any more.
async fn settle(host: &Host, scene: &Scene, memory: &mut Memory) {
    for _ in 0..10 {
        if host.drop_in.look(&scene.templates(), memory).await.unwrap() != Seen::Moving {
            return;
        }
    }
    panic!("the folder does not come to rest");
}

fn problem(host: &Host, file: &str) -> Option<String> {
    host.drop_in.problems().into_iter().find(|problem| problem.file == file).map(|problem| problem.reason)
}

#[tokio::test]
async fn a_file_that_has_come_to_rest_is_taken_and_one_that_goes_retires_its_template() {
    let scene = Scene::new();
    let host = scene.start().await;
    let mut memory = Memory::default();
    write(&scene.templates(), "hello.wasm", &component("hello", "1", "orders"));
    write(&scene.templates(), ".hidden.wasm", &component("hidden", "1", "orders"));
    write(&scene.templates(), "notes.txt", &json!("not a component"));
    assert_eq!(host.drop_in.look(&scene.templates(), &mut memory).await.unwrap(), Seen::Moving);
    assert!(host.templates.get("hello").is_none(), "it may still be growing");
    settle(&host, &scene, &mut memory).await;
    let view = host.templates.get("hello").unwrap();
    let stand = view.stand.unwrap();
    assert_eq!((stand.source.file(), stand.by.as_str()), (Some("hello.wasm"), "templates.folder"));
    assert!(host.templates.get("hidden").is_none());
    assert_eq!(host.drop_in.problems(), []);

    std::fs::remove_file(scene.templates().join("hello.wasm")).unwrap();
    settle(&host, &scene, &mut memory).await;
    let readiness = host.templates.readiness("hello", None);
    assert!(matches!(&readiness, Readiness::Retired(why) if why.contains("hello.wasm was removed")), "{readiness:?}");
}

#[tokio::test]
async fn a_broken_file_is_reported_and_what_was_in_force_stays() {
    let scene = Scene::new();
    let host = scene.start().await;
    let mut memory = Memory::default();
    write(&scene.templates(), "hello.wasm", &component("hello", "1", "orders"));
    settle(&host, &scene, &mut memory).await;
    let digest = host.templates.in_force("hello").unwrap();
    let whole = component("hello", "2", "orders").to_string();
    std::fs::write(scene.templates().join("hello.wasm"), &whole[..whole.len() / 2]).unwrap();
    std::fs::write(scene.templates().join("large.wasm"), vec![b' '; 5_000]).unwrap();
    settle(&host, &scene, &mut memory).await;
    assert!(problem(&host, "hello.wasm").unwrap().contains("no WebAssembly component"));
    assert!(problem(&host, "large.wasm").unwrap().contains("sandbox.component_bytes"));
    assert_eq!(host.templates.in_force("hello"), Some(digest));
    // Written to its end, it takes over, and the report goes.
    std::fs::write(scene.templates().join("hello.wasm"), &whole).unwrap();
    std::fs::remove_file(scene.templates().join("large.wasm")).unwrap();
    settle(&host, &scene, &mut memory).await;
    assert_eq!(host.templates.get("hello").unwrap().template.metadata.version, "2");
    assert_eq!(host.drop_in.problems(), []);
}

#[tokio::test]
async fn a_second_file_of_the_same_template_is_refused_and_a_renamed_one_goes_on() {
    let scene = Scene::new();
    let host = scene.start().await;
    let mut memory = Memory::default();
    write(&scene.templates(), "hello.wasm", &component("hello", "1", "orders"));
    settle(&host, &scene, &mut memory).await;
    write(&scene.templates(), "other.wasm", &component("hello", "2", "orders"));
    settle(&host, &scene, &mut memory).await;
    assert!(problem(&host, "other.wasm").unwrap().contains("comes from hello.wasm already"));
    assert_eq!(host.templates.get("hello").unwrap().template.metadata.version, "1");
    std::fs::remove_file(scene.templates().join("other.wasm")).unwrap();
    std::fs::rename(scene.templates().join("hello.wasm"), scene.templates().join("renamed.wasm")).unwrap();
    settle(&host, &scene, &mut memory).await;
    let stand = host.templates.get("hello").unwrap().stand.unwrap();
    assert_eq!(stand.source.file(), Some("renamed.wasm"));
    assert_eq!(host.drop_in.problems(), []);
}

#[tokio::test]
async fn a_start_with_the_same_folder_changes_nothing_and_one_without_a_file_retires() {
    let scene = Scene::new();
    let host = scene.start().await;
    write(&scene.templates(), "hello.wasm", &component("hello", "1", "orders"));
    settle(&host, &scene, &mut Memory::default()).await;
    // Sent later, and not to be undone by a file that did not change.
    let sent = host.install(&component("hello", "2", "orders")).await.unwrap().template.digest;
    let record = host.on_record(&sent).await;
    let mut host = scene.start().await;
    let mut memory = Memory::default();
    settle(&host, &scene, &mut memory).await;
    assert_eq!(host.templates.in_force("hello"), Some(sent.clone()));
    assert_eq!(host.on_record(&sent).await, record);
    assert!(host.events.try_recv().is_err(), "nothing happened");
    // The file goes: what was sent does not come from it.
    std::fs::remove_file(scene.templates().join("hello.wasm")).unwrap();
    settle(&host, &scene, &mut memory).await;
    assert_eq!(host.templates.in_force("hello"), Some(sent));

    write(&scene.templates(), "bye.wasm", &component("bye", "1", "orders"));
    settle(&host, &scene, &mut memory).await;
    std::fs::remove_file(scene.templates().join("bye.wasm")).unwrap();
    let host = scene.start().await;
    settle(&host, &scene, &mut Memory::default()).await;
    assert!(matches!(host.templates.readiness("bye", None), Readiness::Retired(_)));
}

#[tokio::test]
async fn a_folder_that_cannot_be_read_is_reported_and_retires_nothing() {
    let scene = Scene::new();
    let host = scene.start().await;
    let mut memory = Memory::default();
    write(&scene.templates(), "hello.wasm", &component("hello", "1", "orders"));
    settle(&host, &scene, &mut memory).await;
    let aside = scene.folder.path().join("aside");
    std::fs::rename(scene.templates(), &aside).unwrap();
    assert_eq!(host.drop_in.look(&scene.templates(), &mut memory).await.unwrap(), Seen::Nothing);
    assert!(problem(&host, ".").unwrap().contains("cannot be read"));
    assert!(host.templates.get("hello").is_some());
    std::fs::rename(&aside, scene.templates()).unwrap();
    settle(&host, &scene, &mut memory).await;
    assert_eq!(host.drop_in.problems(), []);
}

#[tokio::test]
async fn what_is_no_plain_file_does_not_hold_the_folder_up() {
    let scene = Scene::new();
    let host = scene.start().await;
    std::fs::create_dir(scene.templates().join("folder.wasm")).unwrap();
    let pipe = scene.templates().join("pipe.wasm");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    write(&scene.templates(), "hello.wasm", &component("hello", "1", "orders"));
    settle(&host, &scene, &mut Memory::default()).await;
    assert!(problem(&host, "pipe.wasm").unwrap().contains("no plain file"));
    assert!(host.templates.get("hello").is_some());
}
