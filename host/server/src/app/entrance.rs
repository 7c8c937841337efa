//! Who is let in when the server starts: users of the store, the token of the configuration, or a set-up link.

use std::net::SocketAddr;
use std::sync::Arc;

use sandglass_database::Database;
use tracing::warn;
use zeroize::Zeroizing;

use super::{AppError, token};
use crate::api::PublicAddress;
use crate::config::Config;
use crate::model::Clock;
use crate::registry::{Access, AccessParts};
use crate::repository::Users;
use crate::repository::audit::Audit;

/// What is to be shown once stands here until it is.
pub(super) struct Entrance {
    pub(super) access: Access,
    pub(super) public: PublicAddress,
    pub(super) new_token: Option<Zeroizing<String>>,
    pub(super) setup: Option<Zeroizing<String>>,
}

/// A set-up link is made as long as there is no user; not where a token was configured, for nobody would see it there.
pub(super) async fn open(
    config: &Config,
    address: SocketAddr,
    database: &Arc<dyn Database>,
    audit: &Audit,
    clock: &Arc<dyn Clock>,
) -> Result<Entrance, AppError> {
    let failed = |error: &dyn std::fmt::Display| AppError::setup("read who may call")(error);
    let has_users = !Users::new(database.clone()).all().await.map_err(|error| failed(&error))?.is_empty();
    let admin = token::establish(&config.admin_token, &config.data_dir, has_users)?;
    let parts =
        AccessParts { database: database.clone(), audit: audit.clone(), clock: clock.clone(), admin: admin.hash };
    let access = Access::open(parts).await.map_err(|error| failed(&error))?;
    let public = PublicAddress::of(&config.server.public_url);
    if public.is_plain() {
        warn!(
            public_url = config.server.public_url,
            "sessions go over plain HTTP: whoever shares the network can take them over; put HTTPS before the server"
        );
    }
    let local =
        if address.ip().is_unspecified() { format!("localhost:{}", address.port()) } else { address.to_string() };
    let base = public.origin().map_or_else(|| format!("http://{local}"), str::to_owned);
    let setup = if config.admin_token.is_empty() { access.open_setup().map_err(|error| failed(&error))? } else { None };
    // Behind the hash, so that it reaches no server's log and no referrer.
    let setup = setup.map(|secret| Zeroizing::new(format!("{base}/setup#token={}", *secret)));
    Ok(Entrance { access, public, new_token: admin.new, setup })
}
