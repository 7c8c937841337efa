//! Where a plugin stands: among the others, or somewhere else with a workspace of its own.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

/// Where the crate's folder is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In `plugins/` of the workspace at `root`, whose members are found there.
    Member { root: PathBuf, parent: PathBuf },
    /// Outside of it.
    Alone { root: PathBuf, parent: PathBuf },
}

impl Place {
    /// Looks at the folder in which the crate should stand; a relative one is meant from the workspace.
    ///
    /// # Errors
    /// When it is no folder, or one inside the workspace where cargo does not look for members.
    pub fn find(root: &Path, parent: &Path) -> anyhow::Result<Self> {
        let root = root.canonicalize().with_context(|| root.display().to_string())?;
        let asked = root.join(parent);
        if !asked.is_dir() {
            bail!("--folder {}: there is no such folder", asked.display());
        }
        let parent = asked.canonicalize().with_context(|| asked.display().to_string())?;
        if parent == root.join("plugins") {
            return Ok(Self::Member { root, parent });
        }
        if parent.starts_with(&root) {
            bail!(
                "--folder {}: inside this workspace plugins stand in plugins/; leave --folder out, or name a folder outside",
                parent.display()
            );
        }
        Ok(Self::Alone { root, parent })
    }

    /// The folder in which the crate's own folder stands.
    pub fn parent(&self) -> &Path {
        match self {
            Self::Member { parent, .. } | Self::Alone { parent, .. } => parent,
        }
    }
}
