//! What a guest hands back when it was made by hand: answers that are none end its run, and only its run.

use sandglass::model::outcome::{Limit, Outcome};
use serde_json::json;

use crate::crafted::Crafted;
use crate::world::World;

/// `(name, change)`: each run breaks, and the host is not at fault.
type Broken = (&'static str, fn(&mut Crafted));

const BROKEN: &[Broken] = &[
    ("an answer outside of memory", |crafted| crafted.execute = "i32.const 0x7ffffff8".into()),
    ("an answer at an odd place", |crafted| crafted.execute = "i32.const 1027".into()),
    ("a case that does not exist", |crafted| {
        let answer = crafted.success("done");
        crafted.execute = format!("{answer} i32.const 7 i32.store8 {answer}");
    }),
    ("a message beyond memory", |crafted| {
        let answer = crafted.success("done");
        crafted.execute = format!("{answer} i32.const 0x7fffffff i32.store offset=12 {answer}");
    }),
    ("a message that is no text", |crafted| {
        let answer = crafted.success("done");
        // The message begins where its address says.
        crafted.execute = format!("{answer} i32.load offset=8 i32.const 0xffff i32.store16 {answer}");
    }),
    ("details that are no JSON", |crafted| {
        let answer = crafted.success("done");
        crafted.execute = format!("{answer} i32.load offset=16 i32.const 0x7b7b i32.store16 {answer}");
    }),
    ("an endless list of errors", |crafted| {
        let answer = crafted.success("done");
        crafted.execute = format!("{answer} i32.const 0x8000000 i32.store offset=44 {answer}");
    }),
    ("a division by nothing", |crafted| crafted.execute = "i32.const 1 i32.const 0 i32.div_u".into()),
    ("an allocator that lies", |crafted| {
        crafted.imports = r#"(import "sandglass:base/random@0.1.0" "bytes" (func $random (param i32 i32)))"#.into();
        let (at, done) = (crafted.scratch(16), crafted.success("done"));
        crafted.execute =
            format!("i32.const -65536 global.set $heap i32.const 60000 i32.const {at} call $random {done}");
    }),
    ("a call back into itself", |crafted| {
        crafted.execute = "call $describe drop i32.const 0 i32.const 0 call $execute".into();
    }),
];

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_none_breaks_its_run_and_only_its_run() {
    let world = World::new();
    let good = world.load_bytes(&Crafted::new("good").build(), &[]).await;
    for (name, change) in BROKEN {
        let mut crafted = Crafted::new("broken");
        change(&mut crafted);
        let template = world.load_bytes(&crafted.build(), &[]).await;
        let outcome = world.run(&template, json!({})).await.0.outcome;
        match outcome {
            Outcome::Trap { message } => assert!(!message.is_empty(), "{name}"),
            Outcome::LimitReached { limit: Limit::ResultSize | Limit::Stack, .. } => {}
            other => panic!("{name}: {other:?}"),
        }
        let neighbour = world.run(&good, json!({})).await.0.outcome;
        assert!(matches!(neighbour, Outcome::Success(_)), "after {name}: {neighbour:?}");
    }
}
