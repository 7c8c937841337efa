//! A component's stack: 96 KiB. A megabyte, the default, every run would pay for; less would not hold the deepest JSON.

fn main() {
    if std::env::var("CARGO_CFG_TARGET_ARCH").as_deref() == Ok("wasm32") {
        println!("cargo::rustc-link-arg-cdylib=-zstack-size=98304");
    }
    println!("cargo::rerun-if-changed=build.rs");
}
