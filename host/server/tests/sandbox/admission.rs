//! What does not get in, and what the host says: bytes that are no template, compile bombs, and definitions that lie.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sandglass::registry::{AdmitError, Components as _, SandboxComponents};
use sandglass::sandbox::SandboxError;

use crate::crafted::Crafted;
use crate::world::{World, http, settings};

/// Components that no contract fits: `(text, what the refusal says)`.
const MISFITS: &[(&str, &str)] = &[
    (r#"(component (import "wasi:http/types@0.2.0" (instance)))"#, "wasi:http/types@0.2.0"),
    (r#"(component (import "wasi:cli/run@0.2.0" (instance)))"#, "wasi:cli/run@0.2.0"),
    (r#"(component (import "wasi:cli/stdout@0.3.0" (instance)))"#, "wasi:cli/stdout@0.3.0"),
    (r#"(component (import "docker:host/escape@1.0.0" (instance)))"#, "docker:host/escape@1.0.0"),
    (r#"(component (import "env" (core module)))"#, "env"),
    (r#"(component (import "sandglass:base/log@0.1.0" (func)))"#, "sandglass:base/log@0.1.0"),
    (r#"(component (import "sandglass:base/log@0.2.0" (instance)))"#, "this host offers 0.1.0"),
    (r#"(component (import "sandglass:base/log@0.1.0" (instance (export "flush" (func)))))"#, "flush"),
    (r#"(component (import "sandglass:base/log@0.1.0" (instance (export "write" (func)))))"#, "write"),
    (r#"(component (import "sandglass:queue/send@0.1.0" (instance (export "push" (func)))))"#, "sandglass:queue/send"),
    (r#"(component)"#, "sandglass:template/definition@0.1.0"),
    (r#"(component (core module (memory i64 1)))"#, "memory64"),
    (r#"(component (core module (memory 1 1 shared)))"#, "shared"),
    (r#"(component (core module (memory 1) (memory 1)))"#, "memories"),
    (r#"(component (core module (func (result i32) i32.const 0 i64.add)))"#, "type mismatch"),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_is_refused_by_name() {
    let world = World::new();
    for (text, part) in MISFITS {
        let bytes = wat::parse_str(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let refused = world.sandbox.admit(&bytes).await.expect_err(text);
        assert!(!matches!(refused, SandboxError::Host(_)), "{text}: {refused}");
        assert!(refused.to_string().contains(part), "{text}: {refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_cut_anywhere_or_changed_is_refused_or_harmless() {
    let world = World::new();
    let whole = Crafted::new("whole").build();
    world.sandbox.admit(&whole).await.unwrap();
    for length in (0..whole.len()).step_by(whole.len() / 60) {
        let refused = world.sandbox.admit(&whole[..length]).await.expect_err("a part of a component");
        assert!(matches!(refused, SandboxError::Refused(_) | SandboxError::Contract(_)), "{length}: {refused}");
    }
    let mut admitted = 0;
    for place in (8..whole.len()).step_by(whole.len() / 60) {
        let mut changed = whole.clone();
        changed[place] ^= 0x55;
        match world.sandbox.admit(&changed).await {
            Ok(digest) => {
                admitted += 1;
                // A changed answer is still an answer or a fault of the component's.
                if let Err(error) = world.sandbox.describe(&digest).await {
                    assert!(matches!(error, SandboxError::Definition { .. }), "{place}: {error}");
                }
            }
            Err(error) => assert!(!matches!(error, SandboxError::Host(_)), "{place}: {error}"),
        }
    }
    assert!(admitted > 0, "changes in data sections are no fault of form");
}

fn repeated(times: usize, text: impl Fn(usize) -> String) -> String {
    (0..times).fold(String::new(), |mut all, number| {
        write!(all, "{}", text(number)).unwrap();
        all
    })
}

/// Core modules that are small to send and long to compile.
fn bombs() -> Vec<(&'static str, String)> {
    let locals = repeated(2_000, |_| "i32 ".into());
    let blocks = repeated(20_000, |number| {
        let (one, other) = (number * 7 % 2_000, number * 13 % 2_000);
        format!("local.get {one} if local.get {other} i32.const {number} i32.add local.set {one} end\n")
    });
    let loops = repeated(3_000, |_| "loop ".into());
    let ends = repeated(3_000, |number| format!("local.get {} br_if 0 end ", number % 2_000));
    let targets = repeated(5_000, |number| format!("{} ", number % 2));
    let tables = repeated(300, |_| format!("block block local.get 0 br_table {targets} 0 end end\n"));
    vec![
        ("values that meet at every step", format!("(func (local {locals}) {blocks})")),
        ("loops within loops", format!("(func (local {locals}) {loops} {ends})")),
        ("tables of jumps", format!("(func (param i32) {tables})")),
        ("many functions", repeated(30_000, |number| format!("(func (result i32) i32.const {number})\n"))),
        ("deep blocks", format!("(func {} {})", "block ".repeat(10_000), "end ".repeat(10_000))),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compile_bomb_ends_within_its_bounds_and_costs_nobody_else() {
    let mut settings = settings();
    (settings.compile_seconds, settings.compile_memory_bytes) = (1, 1 << 30);
    let world = World::with(&settings, &http(&[]));
    let mut stopped = 0;
    for (name, items) in bombs() {
        let mut crafted = Crafted::new("bomb");
        crafted.items = items;
        let bytes = crafted.build();
        let began = Instant::now();
        match world.sandbox.admit(&bytes).await {
            // Some compilers get through some of them.
            Ok(_) => {}
            Err(error) => {
                assert!(matches!(error, SandboxError::Compile(_)), "{name}: {error}");
                let message = error.to_string();
                assert!(message.contains("sandbox.compile_"), "{name}: {message}");
                stopped += 1;
            }
        }
        assert!(began.elapsed() < Duration::from_secs(120), "{name} took {:?}", began.elapsed());
    }
    assert!(stopped > 0, "none was a bomb");
    world.sandbox.admit(&Crafted::new("comes_after").build()).await.unwrap();
}

/// Definitions that are no answer: `(name, change, what the refusal says)`.
type Lie = (&'static str, fn(&mut Crafted), &'static str);

const CLOCK: &str = r#"(import "sandglass:base/clock@0.1.0" "now" (func $now (param i32)))"#;
const OPEN: &str =
    r#"(import "sandglass:documents/read@0.1.0" "[static]collection.open" (func $open (param i32 i32 i32)))"#;

const LIES: &[Lie] = &[
    (
        "two answers",
        |crafted| {
            let answer = crafted.metadata("two", &[]);
            let at = crafted.scratch(16);
            crafted.imports = CLOCK.to_owned();
            // The clock's nanoseconds, in eight letters, are its description.
            let letters = (0..8).map(|place| {
                let shift = 4 * place;
                format!(
                    "{answer} i32.load offset=24 i32.const {at} i32.load offset=8 i32.const {shift} i32.shr_u \
                     i32.const 15 i32.and i32.const 97 i32.add i32.store8 offset={place} "
                )
            });
            crafted.describe = format!("i32.const {at} call $now {} {answer}", letters.collect::<String>());
        },
        "two different answers",
    ),
    ("describe that never ends", |crafted| crafted.describe = "(loop $l br $l) unreachable".into(), "within 1 s"),
    ("describe that breaks", |crafted| crafted.describe = "unreachable".into(), "describe failed"),
    (
        "describe that recurses",
        |crafted| {
            crafted.items =
                "(func $deep (param i64 i64 i64) (call $deep (local.get 0) (local.get 1) (local.get 2)))".into();
            crafted.describe = "i64.const 0 i64.const 0 i64.const 0 call $deep unreachable".into();
        },
        "call stack exhausted",
    ),
    ("an answer outside of memory", |crafted| crafted.describe = "i32.const 0x7ffffff0".into(), "describe failed"),
    ("an answer at an odd place", |crafted| crafted.describe = "i32.const 1025".into(), "describe failed"),
    (
        "an endless list of needs",
        |crafted| {
            let answer = crafted.metadata("greedy", &[]);
            crafted.describe = format!("{answer} i32.const 0x10000000 i32.store offset=60 {answer}");
        },
        "describe failed",
    ),
    ("a name that is a path", |crafted| crafted.describe = crafted.metadata("../../etc/passwd", &[]), "small letters"),
    (
        "a thousand needs",
        |crafted| crafted.describe = crafted.metadata("needy", &[("documents", "*", "read"); 1_000]),
        "at most 100",
    ),
    ("a long text", |crafted| crafted.describe = crafted.metadata(&"x".repeat(100_000), &[]), "at most 65536 bytes"),
    ("a schema that is no JSON", |crafted| crafted.schema = crafted.schema_text("{"), "no JSON"),
    (
        "a schema of five megabytes",
        |crafted| crafted.schema = crafted.schema_text(&format!("\"{}\"", "x".repeat(5 << 20))),
        "more than 4194304 bytes",
    ),
    ("a schema that no stack holds", |crafted| crafted.schema = crafted.schema_text(&"[".repeat(500_000)), "no JSON"),
    (
        "a describe that takes all memory",
        |crafted| {
            crafted.describe =
                "(loop $l i32.const 16 memory.grow i32.const 0 i32.ge_s br_if $l) unreachable".to_owned();
        },
        "memory limit",
    ),
    ("a schema that never comes", |crafted| crafted.schema = "(loop $l br $l) unreachable".into(), "within 1 s"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_describe_that_reaches_out_is_refused_what_it_asks_for() {
    let world = World::new();
    let mut crafted = Crafted::new("reaches");
    crafted.imports = OPEN.to_owned();
    let name = "orders".bytes().rev().fold(0u64, |number, byte| number << 8 | u64::from(byte));
    let (at, answer) = (crafted.scratch(64), crafted.metadata("reaches", &[("documents", "*", "read")]));
    // Case 0 would be a collection that was opened; then it breaks.
    let call = format!(
        "i32.const {at} i64.const {name} i64.store i32.const {at} i32.const 6 i32.const {at} call $open \
         i32.const {at} i32.load8_u i32.eqz (if (then unreachable))"
    );
    crafted.describe = format!("{call} {answer}");
    let validate = std::mem::take(&mut crafted.validate);
    crafted.validate = format!("{call} {validate}");
    let template = world.load_bytes(&crafted.build(), &[("documents", "*", "read")]).await;
    assert_eq!(world.sandbox.describe(&template.digest).await.unwrap().needs.len(), 1);
    assert_eq!(world.sandbox.validate(&template.digest, "{}").await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_definition_that_is_no_answer_is_refused_in_words() {
    let components = SandboxComponents(Arc::new(World::new().sandbox));
    for (name, change, part) in LIES {
        let mut crafted = Crafted::new("lies");
        change(&mut crafted);
        let began = Instant::now();
        let refused = components.admit_foreign(&crafted.build()).await.expect_err(name);
        assert!(matches!(refused, AdmitError::Refused(_)), "{name}: {refused}");
        assert!(refused.to_string().contains(part), "{name}: {refused}");
        assert!(began.elapsed() < Duration::from_secs(30), "{name} took {:?}", began.elapsed());
    }
}

/// Parts that are larger than any place: `(name, change, what the refusal says)`.
const OVERSIZED: &[Lie] = &[
    ("memory", |crafted| crafted.pages = 1_025, "memory"),
    ("a table", |crafted| crafted.items = "(table 20000 funcref)".into(), "table"),
    ("tables", |crafted| crafted.items = "(table 1 funcref)".repeat(9), "table"),
    ("globals", |crafted| crafted.items = "(global (mut i64) (i64.const 0))".repeat(100_000), "instance"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_component_that_is_larger_than_any_place_is_refused_when_it_comes() {
    let world = World::new();
    for (name, change, part) in OVERSIZED {
        let mut crafted = Crafted::new("large");
        change(&mut crafted);
        let refused = world.sandbox.admit(&crafted.build()).await.expect_err(name);
        assert!(!matches!(refused, SandboxError::Host(_)), "{name}: {refused}");
        assert!(refused.to_string().contains(part), "{name}: {refused}");
    }
}
