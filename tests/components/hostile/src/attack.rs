//! The attacks themselves.

use std::hint::black_box;
use std::time::Duration;

use sandglass_sdk::documents::Collection;
use sandglass_sdk::files::{Folder, WriterOptions};
use sandglass_sdk::http::Request;
use sandglass_sdk::{Failure, Outcome, clock, execution, log};
use serde_json::json;

pub fn compute_without_end() -> ! {
    let mut number = 1_u64;
    loop {
        number = black_box(number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
    }
}

pub fn take_all_memory() -> Outcome {
    let mut taken = Vec::new();
    let mut bytes = 0_u64;
    loop {
        // An allocation that is refused aborts, as a template does that never thought of it.
        let block = vec![black_box(1_u8); 1024 * 1024];
        bytes += block.len() as u64;
        taken.push(block);
        if black_box(bytes) > 1 << 40 {
            return Outcome::new(format!("took {bytes} bytes, and nobody objected"));
        }
    }
}

pub fn recurse() -> Outcome {
    Outcome::new(format!("reached {}", descend(black_box(1))))
}

#[inline(never)]
fn descend(depth: u64) -> u64 {
    if depth == u64::MAX {
        return depth;
    }
    // What follows the call keeps it from becoming a loop.
    descend(depth + 1).rotate_left(7) ^ depth
}

pub fn flood_log(lines: u64) -> Outcome {
    for number in 0..lines {
        log::info("a line among millions", &[("number", &number)]);
    }
    Outcome::new(format!("wrote {lines} lines")).processed(lines)
}

pub fn log_long_line(size_bytes: usize) -> Outcome {
    log::info("x".repeat(size_bytes), &[]);
    Outcome::new(format!("wrote a line of {size_bytes} bytes"))
}

#[expect(clippy::panic, reason = "this is what is tested")]
pub fn panic_now() -> ! {
    panic!("asked to panic")
}

pub fn wait_without_end() -> ! {
    loop {
        let _goes_on = execution::wait(Duration::from_secs(3600));
    }
}

pub fn wait_for_answer(url: &str) -> Result<Outcome, Failure> {
    let response = Request::new("GET", url).timeout(Duration::from_secs(3600)).send()?;
    let body = response.read_to_end(1024)?;
    Ok(Outcome::new(format!("{} after all, with {} bytes", response.status(), body.size_bytes)))
}

pub fn ask_clock_without_end() -> ! {
    loop {
        let _now = black_box(clock::now());
    }
}

pub fn flood_handles(collection: &str) -> Outcome {
    let mut open = Vec::new();
    loop {
        match Collection::open(collection) {
            Ok(handle) => open.push(handle),
            Err(error) => {
                let refusal = json!({ "kind": error.kind.name(), "reason": error.reason });
                return Outcome::new(format!("{} collections, then: {}", open.len(), error.message))
                    .details(json!({ "opened": open.len(), "error": refusal }));
            }
        }
    }
}

#[expect(clippy::panic, reason = "this is what is tested")]
pub fn panic_while_writing() -> Result<std::convert::Infallible, Failure> {
    let folder = Folder::open("exports")?;
    let mut open = Vec::new();
    for number in 0..5 {
        let writer =
            folder.create(&format!("unfinished/{number}"), &WriterOptions { overwrite: false, content_type: None })?;
        writer.write(&[1; 100_000])?;
        open.push(writer);
    }
    panic!("asked to panic with {} files open", open.len())
}

pub fn flood_files() -> ! {
    let mut number = 0_u64;
    loop {
        number += 1;
        let written = Folder::open("exports").and_then(|folder| {
            let writer =
                folder.create(&format!("flood/{number}"), &WriterOptions { overwrite: false, content_type: None })?;
            for _ in 0..100 {
                writer.write(&[1; 65_536])?;
            }
            writer.finish()
        });
        drop(black_box(written));
    }
}
