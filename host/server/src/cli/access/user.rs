//! `sandglass user`: accounts.

use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::password::Source;
use super::{ACTOR, named, open, refused, shown};
use crate::cli::CliError;
use crate::config::Config;
use crate::model::UserName;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    /// Print the accounts.
    List {
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Make an account.
    Add {
        name: String,
        #[arg(long)]
        role: Role,
        #[command(flatten)]
        password: Source,
    },
    /// Give an account another password; its sessions end.
    Password {
        name: String,
        #[command(flatten)]
        password: Source,
    },
    /// Give an account another role; its sessions end.
    Role { name: String, role: Role },
    /// Shut an account: nobody signs in with it, and its tokens open nothing.
    Disable { name: String },
    /// Open an account that was shut.
    Enable { name: String },
    /// Remove an account with its sessions and tokens. What it made stays.
    Remove { name: String },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(in crate::cli) enum Role {
    /// Everything.
    Admin,
    /// Runs and pauses; changes no definition.
    Operator,
    /// Reads everything.
    Auditor,
}

impl Role {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Operator => "operator",
            Self::Auditor => "auditor",
        }
    }
}

pub(in crate::cli) fn run(config: &Config, command: Command) -> Result<(), CliError> {
    // Read first: whoever is asked for a password should not hold the database meanwhile.
    let (name, change, done) = match command {
        Command::List { json } => return crate::cli::block_on(list(config, json)),
        Command::Add { name, role, password } => {
            let name = named(&name)?;
            let text = password.read(name.as_str())?;
            let body = json!({ "name": name.as_str(), "role": role.word(), "password": text.as_str() });
            return crate::cli::block_on(add(config, body));
        }
        Command::Remove { name } => return crate::cli::block_on(remove(config, named(&name)?)),
        Command::Password { name, password } => {
            let text = password.read(&name)?;
            (name, json!({ "password": text.as_str() }), "has another password")
        }
        Command::Role { name, role } => (name, json!({ "role": role.word() }), "has another role"),
        Command::Disable { name } => (name, json!({ "disabled": true }), "is shut"),
        Command::Enable { name } => (name, json!({ "disabled": false }), "is open"),
    };
    crate::cli::block_on(change_user(config, named(&name)?, change, done))
}

async fn list(config: &Config, json: bool) -> Result<(), CliError> {
    let users = open(config).await?.users();
    let width = users.iter().map(|user| user.name.as_str().len()).max().unwrap_or(0);
    for user in users {
        let signed_in_at = user.signed_in_at.map(shown);
        if json {
            let row = json!({
                "name": user.name.as_str(), "role": user.role, "disabled": user.is_disabled,
                "created_at": shown(user.created_at), "created_by": user.created_by, "signed_in_at": signed_in_at,
            });
            println!("{row}");
        } else {
            let seen = signed_in_at.unwrap_or_else(|| "never signed in".to_owned());
            let state = if user.is_disabled { "  disabled" } else { "" };
            println!("{:width$}  {:8}  {seen}{state}", user.name.as_str(), user.role.as_str());
        }
    }
    Ok(())
}

async fn add(config: &Config, body: Value) -> Result<(), CliError> {
    let user = open(config).await?.create_user(body, ACTOR).await.map_err(refused)?.user;
    eprintln!("{} is made, as {}.", user.name, user.role);
    Ok(())
}

async fn change_user(config: &Config, name: UserName, change: Value, done: &str) -> Result<(), CliError> {
    open(config).await?.change_user(&name, change, ACTOR).await.map_err(refused)?;
    eprintln!("{name} {done}.");
    Ok(())
}

async fn remove(config: &Config, name: UserName) -> Result<(), CliError> {
    open(config).await?.delete_user(&name, ACTOR).await.map_err(refused)?;
    eprintln!("{name} is removed.");
    Ok(())
}
