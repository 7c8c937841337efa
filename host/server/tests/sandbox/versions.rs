//! Components built against several versions of the contract.

use sandglass::sandbox::{Sandbox, SandboxError};

use crate::crafted::Crafted;
use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_is_not_offered_is_refused_with_a_way_out() {
    for version in ["0.9.0", "0.1.1", "0.2.0", "1.0.0"] {
        let mut crafted = Crafted::new("from_the_future");
        crafted.version = version;
        let bytes = crafted.build();
        for refused in [Sandbox::inspect(&bytes).unwrap_err(), World::new().sandbox.admit(&bytes).await.unwrap_err()] {
            assert!(matches!(refused, SandboxError::ContractVersion { .. }), "{refused}");
            let message = refused.to_string();
            for part in [&format!("sandglass:template/job@{version}"), "this host offers 0.1.0", "build it"] {
                assert!(message.contains(part), "{message}");
            }
        }
    }
}
