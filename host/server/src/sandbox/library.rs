//! The components that are ready to run, by digest.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::RwLock;
use tokio::sync::OnceCell;

use super::SandboxError;
use super::bindings::FullPre;
use super::environment::Environment;
use super::state::State;
use crate::model::Digest;
use crate::model::template::{Build, Metadata, Need};

/// A component that was compiled and linked.
pub(super) struct Loaded {
    pub(super) pre: FullPre<State>,
    /// Where it runs.
    pub(super) environment: Arc<Environment>,
    pub(super) build: Build,
    /// Computing time as long as the time-out; otherwise as configured.
    pub(super) is_built_in: AtomicBool,
    pub(super) described: OnceCell<Described>,
}

/// What a component says of itself, asked once.
pub(super) struct Described {
    pub(super) metadata: Metadata,
    pub(super) needs: Arc<[Need]>,
}

impl Loaded {
    pub(super) fn new(pre: FullPre<State>, environment: Arc<Environment>, build: Build) -> Self {
        Self { pre, environment, build, is_built_in: AtomicBool::new(false), described: OnceCell::new() }
    }

    pub(super) fn is_built_in(&self) -> bool {
        self.is_built_in.load(Ordering::Relaxed)
    }
}

#[derive(Default)]
pub(super) struct Library(RwLock<HashMap<Digest, Arc<Loaded>>>);

impl Library {
    pub(super) fn get(&self, digest: &Digest) -> Result<Arc<Loaded>, SandboxError> {
        self.0.read().get(digest).cloned().ok_or_else(|| SandboxError::NotLoaded(digest.clone()))
    }

    pub(super) fn contains(&self, digest: &Digest) -> bool {
        self.0.read().contains_key(digest)
    }

    pub(super) fn add(&self, digest: Digest, loaded: Loaded) {
        self.0.write().entry(digest).or_insert_with(|| Arc::new(loaded));
    }

    pub(super) fn remove(&self, digest: &Digest) {
        self.0.write().remove(digest);
    }
}
