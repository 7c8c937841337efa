use serde_json::json;
use std::time::Instant;
use sandglass::sandbox::Sandbox;
use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn scratch() {
    let world = World::new();
    for file in ["js", "py"] {
        let bytes = std::fs::read(format!("/tmp/lang/{file}.wasm")).unwrap();
        let began = Instant::now();
        let inspection = Sandbox::inspect(&bytes);
        println!("{file}: {inspection:?} {:?}", began.elapsed());
        let began = Instant::now();
        let template = match world.sandbox.admit(&bytes).await { Ok(_) => world.load_bytes(&bytes, &[("documents", "*", "read")]).await, Err(error) => { println!("{file}: {error}"); continue } };
        println!("{file}: admitted in {:?}", began.elapsed());
        println!("{:?}", world.sandbox.describe(&template.digest).await);
        println!("{:?}", world.sandbox.schema(&template.digest).await);
        println!("{:?}", world.sandbox.validate(&template.digest, "{}").await);
        for parameters in [json!({"collection": "orders"}), json!({"mode": "throw"}), json!({"mode": "ref"}), json!({"mode": "console"}), json!({"mode": "globals"}), json!({"mode": "recurse"}), json!({"mode": "exit"}), json!({"mode": "files"})] {
            let began = Instant::now();
            let (finished, heard) = world.run(&template, parameters.clone()).await;
            println!("--- {parameters} {:?}\n{finished:?}\n{:#?}", began.elapsed(), heard.lines.lock().iter().map(|line| format!("{:?} {}", line.level, line.message)).collect::<Vec<_>>());
        }
    }
}
