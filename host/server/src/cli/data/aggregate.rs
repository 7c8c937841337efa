//! `data aggregate`.

use clap::Args;
use sandglass_database::{Database, extended_json};
use serde_json::Value;

use super::{CliError, collections, read};

#[derive(Debug, Args)]
pub(in crate::cli) struct Arguments {
    collection: String,
    /// The stages as a JSON array, in Extended JSON; `$out` and `$merge` are refused.
    #[arg(long, value_name = "JSON")]
    pipeline: String,
    /// Print at most so many; 0: no limit.
    #[arg(long, default_value_t = 20)]
    limit: u64,
    /// Write every type out, so that nothing is lost: {"$numberInt": "1"}.
    #[arg(long)]
    canonical: bool,
}

pub(super) async fn run(database: &dyn Database, arguments: Arguments) -> Result<(), CliError> {
    let stages = stages(&arguments.pipeline)?;
    collections::warn_of_missing(database, &arguments.collection).await?;
    let most = if arguments.limit == 0 { u64::MAX } else { arguments.limit };
    let mut cursor = database
        .aggregate(&arguments.collection, stages)
        .await
        .map_err(|error| CliError::Failure(format!("--pipeline: {error}")))?;
    if read::print(cursor.as_mut(), arguments.canonical, most).await? {
        eprintln!("there are more: these are the first {most}; --limit 0 prints all");
    }
    Ok(())
}

/// Each fault names its place, counted from 0 as in JSON pointers.
fn stages(text: &str) -> Result<Vec<sandglass_database::bson::Document>, CliError> {
    let value: Value =
        serde_json::from_str(text).map_err(|error| CliError::Usage(format!("--pipeline is not JSON: {error}")))?;
    let Value::Array(stages) = value else {
        return Err(CliError::Usage(
            r#"--pipeline is no array: write its stages in brackets, as in '[{"$limit": 5}]'"#.to_owned(),
        ));
    };
    let stage = |(place, stage)| {
        extended_json::to_document(stage)
            .map_err(|error| CliError::Usage(format!("--pipeline: stage {place}: {error}")))
    };
    stages.into_iter().enumerate().map(stage).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_list_of_stages_is_refused_with_its_place() {
        for (text, expected) in [
            ("{", "--pipeline is not JSON"),
            ("{}", "--pipeline is no array"),
            (r#"[{"$limit": 1}, 2]"#, "stage 1"),
            (r#"[{"$match": {"at": {"$date": "never"}}}]"#, "stage 0"),
        ] {
            let error = stages(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
        assert_eq!(stages(r#"[{"$match": {}}, {"$count": "n"}]"#).unwrap().len(), 2);
    }
}
