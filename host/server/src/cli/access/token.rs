//! `sandglass token`: what programs show.

use clap::{Args, Subcommand};
use serde_json::json;

use super::user::Role;
use super::{ACTOR, named, open, refused, shown};
use crate::cli::CliError;
use crate::config::Config;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    /// Make a token of a user and print it, this once.
    Create(Create),
    /// Print the tokens, never what opens anything.
    List {
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Make a token useless.
    Revoke {
        /// Its id, or user/name.
        #[arg(value_name = "TOKEN")]
        token: String,
    },
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Create {
    /// Whose it is; it never may more than this user.
    user: String,
    /// What it is for, such as deploy.
    name: String,
    /// At most the user's, which it is without this.
    #[arg(long)]
    role: Option<Role>,
    /// Days until it expires (90).
    #[arg(long, value_name = "DAYS")]
    days: Option<u32>,
    /// It does not expire.
    #[arg(long, conflicts_with = "days")]
    never_expires: bool,
}

pub(in crate::cli) fn run(config: &Config, command: Command) -> Result<(), CliError> {
    crate::cli::block_on(async move {
        match command {
            Command::Create(create) => make(config, create).await,
            Command::List { json } => list(config, json).await,
            Command::Revoke { token } => revoke(config, &token).await,
        }
    })
}

async fn make(config: &Config, create: Create) -> Result<(), CliError> {
    let owner = named(&create.user)?;
    let body = json!({
        "name": create.name, "role": create.role.map(Role::word), "expires_in_days": create.days,
        "never_expires": create.never_expires,
    });
    let made = open(config).await?.create_token_of(&owner, body, ACTOR).await.map_err(refused)?;
    let end = made.token.expires_at.map_or_else(|| "never".to_owned(), shown);
    eprintln!("{owner}/{} may what a {} may; expires: {end}. It is shown this once:", made.token.name, made.token.role);
    println!("{}", *made.secret);
    Ok(())
}

/// `user/name`, as it stands in records.
fn path(token: &crate::model::ApiToken) -> String {
    let owner = token.owner.as_ref().map_or(crate::model::user::TOKEN_HOLDER, |owner| owner.as_str());
    format!("{owner}/{}", token.name)
}

async fn list(config: &Config, json: bool) -> Result<(), CliError> {
    let tokens = open(config).await?.tokens(None);
    let width = tokens.iter().map(|token| path(token).len()).max().unwrap_or(0);
    for token in tokens {
        let (expires_at, used_at) = (token.expires_at.map(shown), token.used_at.map(shown));
        if json {
            let row = json!({
                "id": token.id, "token": path(&token), "role": token.role, "created_at": shown(token.created_at),
                "expires_at": expires_at, "used_at": used_at,
            });
            println!("{row}");
        } else {
            let (end, used) = (expires_at.unwrap_or("never expires".into()), used_at.unwrap_or("not used".into()));
            println!("{}  {:width$}  {:8}  {end:20}  {used}", token.id, path(&token), token.role.as_str());
        }
    }
    Ok(())
}

async fn revoke(config: &Config, named: &str) -> Result<(), CliError> {
    let access = open(config).await?;
    let found = access.tokens(None).into_iter().find(|token| token.id == named || path(token) == named);
    let token = found.ok_or_else(|| CliError::NotFound(format!("there is no token {named}")))?;
    access.revoke_token(&token.id, None, ACTOR).await.map_err(refused)?;
    eprintln!("{} is revoked.", path(&token));
    Ok(())
}
