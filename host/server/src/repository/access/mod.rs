//! Who may call: users, their sessions and the tokens of programs. Of what opens anything only hashes are stored.
//!
//! Everything is read once, at start; from then on these rows follow what the registry holds in memory.

mod sessions;
mod tokens;
mod users;

pub use sessions::Sessions;
pub use tokens::ApiTokens;
pub use users::Users;

use sandglass_database::bson::spec::BinarySubtype;
use sandglass_database::bson::{Binary, Bson};
use sandglass_database::{Database, Error, Index, Result, bson::doc};

use super::document::Fields;
use crate::model::session::Proof;

/// Makes the indexes.
pub(super) async fn ensure(database: &dyn Database) -> Result<()> {
    for collection in [sessions::COLLECTION, tokens::COLLECTION] {
        database.create_index(collection, Index::on(doc! { "proof": 1 }).unique()).await?;
    }
    Ok(())
}

fn proof(proof: &Proof) -> Bson {
    Bson::Binary(Binary { subtype: BinarySubtype::Generic, bytes: proof.to_vec() })
}

fn read_proof(fields: &Fields<'_>) -> Result<Proof> {
    let found = match fields.get("proof") {
        Some(Bson::Binary(binary)) => binary.bytes.as_slice().try_into().ok(),
        _ => None,
    };
    found.ok_or_else(|| fields.damaged("proof", "32 bytes"))
}

/// The first failure of an insert as an error.
fn inserted(report: sandglass_database::InsertReport) -> Result<()> {
    report.failed.into_iter().next().map_or(Ok(()), |(_, error): (_, Error)| Err(error))
}
