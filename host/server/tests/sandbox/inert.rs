//! The inert WASI from within: a guest that calls it by hand finds nothing, and cannot make the host pay.

use sandglass::model::outcome::{Limit, Outcome};
use serde_json::json;

use crate::crafted::Crafted;
use crate::world::World;

const ENVIRONMENT: (&str, &[&str]) = (
    "package wasi:cli@0.2.0;
     interface environment {
       get-environment: func() -> list<tuple<string, string>>;
       get-arguments: func() -> list<string>;
       initial-cwd: func() -> option<string>;
     }",
    &["wasi:cli/environment@0.2.0"],
);
const PREOPENS: (&str, &[&str]) = (
    "package wasi:filesystem@0.2.0;
     interface types { resource descriptor; }
     interface preopens { use types.{descriptor}; get-directories: func() -> list<tuple<descriptor, string>>; }",
    &["wasi:filesystem/preopens@0.2.0"],
);
const SOCKETS: (&str, &[&str]) = (
    "package wasi:sockets@0.2.0;
     interface network {
       resource network;
       enum error-code {
         unknown, access-denied, not-supported, invalid-argument, out-of-memory, timeout, concurrency-conflict,
         not-in-progress, would-block, invalid-state, new-socket-limit, address-not-bindable, address-in-use,
         remote-unreachable, connection-refused, connection-reset, connection-aborted, datagram-too-large,
         name-unresolvable, temporary-resolver-failure, permanent-resolver-failure,
       }
       enum ip-address-family { ipv4, ipv6 }
     }
     interface tcp { resource tcp-socket; }
     interface udp { resource udp-socket; }
     interface tcp-create-socket {
       use network.{error-code, ip-address-family};
       use tcp.{tcp-socket};
       create-tcp-socket: func(family: ip-address-family) -> result<tcp-socket, error-code>;
     }
     interface udp-create-socket {
       use network.{error-code, ip-address-family};
       use udp.{udp-socket};
       create-udp-socket: func(family: ip-address-family) -> result<udp-socket, error-code>;
     }
     interface instance-network { use network.{network}; instance-network: func() -> network; }
     interface ip-name-lookup {
       use network.{network, error-code};
       resource resolve-address-stream;
       resolve-addresses: func(network: borrow<network>, name: string) -> result<resolve-address-stream, error-code>;
     }",
    &[
        "wasi:sockets/tcp-create-socket@0.2.0",
        "wasi:sockets/udp-create-socket@0.2.0",
        "wasi:sockets/instance-network@0.2.0",
        "wasi:sockets/ip-name-lookup@0.2.0",
    ],
);
const RANDOM: (&str, &[&str]) = (
    "package wasi:random@0.2.0; interface random { get-random-bytes: func(length: u64) -> list<u8>; }",
    &["wasi:random/random@0.2.0"],
);
const STREAMS: (&str, &[&str]) = (
    "package wasi:io@0.2.0;
     interface error { resource error; }
     interface streams {
       use error.{error};
       variant stream-error { last-operation-failed(error), closed }
       resource output-stream { write-zeroes: func(length: u64) -> result<_, stream-error>; }
     }",
    &["wasi:io/streams@0.2.0"],
);
const STDOUT: (&str, &[&str]) = (
    "package wasi:cli@0.2.0;
     interface stdout { use wasi:io/streams@0.2.0.{output-stream}; get-stdout: func() -> output-stream; }
     interface exit { exit: func(status: result); }",
    &["wasi:cli/stdout@0.2.0", "wasi:cli/exit@0.2.0"],
);

async fn run(crafted: &Crafted) -> Outcome {
    let world = World::new();
    let template = world.load_bytes(&crafted.build(), &[]).await;
    world.run(&template, json!({})).await.0.outcome
}

async fn processed(crafted: &Crafted) -> u64 {
    match run(crafted).await {
        Outcome::Success(result) => result.records_processed,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_no_environment_and_no_folder() {
    let mut crafted = Crafted::new("looks_around");
    crafted.foreign = vec![ENVIRONMENT, PREOPENS];
    crafted.imports = r#"
        (import "wasi:cli/environment@0.2.0" "get-environment" (func $environment (param i32)))
        (import "wasi:cli/environment@0.2.0" "get-arguments" (func $arguments (param i32)))
        (import "wasi:cli/environment@0.2.0" "initial-cwd" (func $cwd (param i32)))
        (import "wasi:filesystem/preopens@0.2.0" "get-directories" (func $folders (param i32)))"#
        .to_owned();
    let at = crafted.scratch(64);
    let mut sum = String::from("i64.const 0");
    for (function, length) in [("environment", 4), ("arguments", 4), ("cwd", 0), ("folders", 4)] {
        // What is returned lies at `at`: a list's length stands behind its address, an option's case first.
        sum += &format!(
            " i32.const {at} i64.const -1 i64.store i32.const {at} call ${function} \
              i32.const {at} i32.load8_u offset={length} i64.extend_i32_u i64.add"
        );
    }
    crafted.execute = crafted.success_with(&sum);
    assert_eq!(processed(&crafted).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn sockets_and_names_are_refused() {
    let mut crafted = Crafted::new("calls_home");
    crafted.foreign = vec![SOCKETS];
    crafted.imports = r#"
        (import "wasi:sockets/tcp-create-socket@0.2.0" "create-tcp-socket" (func $tcp (param i32 i32)))
        (import "wasi:sockets/udp-create-socket@0.2.0" "create-udp-socket" (func $udp (param i32 i32)))
        (import "wasi:sockets/instance-network@0.2.0" "instance-network" (func $network (result i32)))
        (import "wasi:sockets/ip-name-lookup@0.2.0" "resolve-addresses" (func $resolve (param i32 i32 i32 i32)))"#
        .to_owned();
    let at = crafted.scratch(16);
    let name = crafted.scratch(16);
    let read = format!("i32.const {at} i32.load8_u i32.const {at} i32.load8_u offset=4 i32.const 16 i32.mul i32.add");
    // Each answer is the case (1: an error) and sixteen times the code (1: access denied).
    let sum = format!(
        "i32.const 0 i32.const {at} call $tcp {read} \
         i32.const 1 i32.const {at} call $tcp {read} i32.add \
         i32.const 0 i32.const {at} call $udp {read} i32.add \
         i32.const {name} i32.const 0x74736f68 i32.store \
         call $network i32.const {name} i32.const 4 i32.const {at} call $resolve {read} i32.add \
         i64.extend_i32_u"
    );
    crafted.execute = crafted.success_with(&sum);
    // A lookup ends as `permanent-resolver-failure`.
    let (denied, unresolvable) = (1 + 16, 1 + 16 * 20);
    assert_eq!(processed(&crafted).await, 3 * denied + unresolvable);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_cannot_make_the_host_allocate() {
    for length in ["0x7fffffffffffffff", "0xffffffff", "65537"] {
        let mut crafted = Crafted::new("greedy");
        crafted.foreign = vec![RANDOM];
        crafted.imports =
            r#"(import "wasi:random/random@0.2.0" "get-random-bytes" (func $random (param i64 i32)))"#.to_owned();
        let (at, done) = (crafted.scratch(16), crafted.success("done"));
        crafted.execute = format!("i64.const {length} i32.const {at} call $random {done}");
        match run(&crafted).await {
            Outcome::Trap { message } => assert!(message.contains("65536"), "{message}"),
            other => panic!("{length}: {other:?}"),
        }

        let mut crafted = Crafted::new("greedy");
        crafted.foreign = vec![STREAMS, STDOUT];
        crafted.imports = r#"
            (import "wasi:io/streams@0.2.0" "[method]output-stream.write-zeroes" (func $zeroes (param i32 i64 i32)))
            (import "wasi:cli/stdout@0.2.0" "get-stdout" (func $stdout (result i32)))"#
            .to_owned();
        let (at, done) = (crafted.scratch(16), crafted.success("done"));
        crafted.execute = format!("call $stdout i64.const {length} i32.const {at} call $zeroes {done}");
        match run(&crafted).await {
            Outcome::Trap { message } => assert!(message.contains("zeroes"), "{message}"),
            other => panic!("{length}: {other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn handles_are_counted_and_an_exit_is_named() {
    let mut crafted = Crafted::new("hoards");
    crafted.foreign = vec![STREAMS, STDOUT];
    crafted.imports = r#"
        (import "wasi:cli/stdout@0.2.0" "get-stdout" (func $stdout (result i32)))"#
        .to_owned();
    crafted.execute = "(loop $again call $stdout drop br $again) unreachable".to_owned();
    match run(&crafted).await {
        Outcome::LimitReached { limit: Limit::Handles, message } => assert!(message.contains("256"), "{message}"),
        other => panic!("{other:?}"),
    }

    let mut crafted = Crafted::new("leaves");
    crafted.foreign = vec![STREAMS, STDOUT];
    crafted.imports = r#"(import "wasi:cli/exit@0.2.0" "exit" (func $exit (param i32)))"#.to_owned();
    crafted.execute = "i32.const 1 call $exit unreachable".to_owned();
    match run(&crafted).await {
        Outcome::Trap { message } => assert_eq!(message, "the component ended itself with exit code 1"),
        other => panic!("{other:?}"),
    }
}
