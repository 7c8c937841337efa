//! Every rule of every schema, broken once.

use super::variants::{self, Variant};
use super::{job, problems, server, templates};

/// So many rules at least each template has; fewer would mean that they are not looked at.
const LEAST: usize = 40;

/// Whether a problem is about what the variant broke. Inside of a choice it may be told where the choice stands: what
/// breaks one alternative is seldom meant as another, but it might be.
fn is_about(variant: &Variant, pointer: &str) -> bool {
    let is_below = |choice: &String| pointer == choice || pointer.starts_with(&format!("{choice}/"));
    pointer == variant.pointer || variant.choice.as_ref().is_some_and(is_below)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_rule_of_every_schema_is_held_and_told_with_the_place_that_breaks_it() {
    let (_folder, server) = server().await;
    let client = server.client();
    for (template, schema) in templates(&client).await {
        let example = &schema["examples"][0];
        let answer = client.post("/jobs/validate", &job(&template, example)).await;
        assert_eq!(answer.status, 200, "{template} {example}: {answer:?}");
        let variants = variants::of(&schema, example);
        for variant in &variants {
            let problems = problems(&client, &template, &variant.parameters).await;
            assert!(
                problems.iter().any(|(pointer, message)| is_about(variant, pointer) && message.len() > 5),
                "{template} {}: expected {} in {problems:?}",
                variant.rule,
                variant.pointer
            );
        }
        println!("{template}: {} rules", variants.len());
        assert_eq!(variants.len(), variants::count(&schema), "{template}: a rule was passed over");
        assert!(variants.len() >= LEAST, "{template}: only {} rules", variants.len());
    }
}
