//! How digests stand to their types: what is in force, what waits, what was replaced or taken away. Each step is stored
//! first, then holds in memory.

use std::sync::Arc;

use sandglass_database::Result;

use super::{Entry, State, Templates};
use crate::model::Digest;
use crate::model::grant::Grant;
use crate::model::template::{Source, Stand, Standing};

/// What a digest may have once it is in force.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Granting {
    /// What was granted to it before.
    Keep,
    Give(Grant),
    /// Nothing, whatever it had once.
    Nothing,
}

impl Templates {
    /// Puts an admitted digest in force; the one before is replaced.
    ///
    /// # Errors
    /// Those of the store; what is in force has not changed then.
    pub(super) async fn take_over(&self, entry: Arc<Entry>, stand: Stand, granting: Granting) -> Result<()> {
        let digest = entry.template.digest.clone();
        let template_type = entry.template.metadata.name.clone();
        let grant = match granting {
            Granting::Keep => self.grants.get(&digest).await?.map(|stored| stored.grant),
            Granting::Give(grant) => {
                self.grants.put(&grant).await?;
                Some(grant)
            }
            Granting::Nothing => {
                self.grants.remove(&digest).await?;
                None
            }
        };
        // The new one first: a crash in between leaves two in force, of which the later counts.
        self.templates.stand(&digest, &stand).await?;
        let others: Vec<Digest> = {
            let state = self.state.read();
            let waiting = state.waiting.get(&template_type);
            state
                .in_force
                .get(&template_type)
                .into_iter()
                .chain(waiting)
                .filter(|other| **other != digest)
                .cloned()
                .collect()
        };
        for other in others {
            let replaced = Stand { standing: Standing::Replaced, reason: None, ..stand.clone() };
            self.restand(&other, replaced).await?;
        }
        let mut state = self.state.write();
        match grant {
            Some(grant) => drop(state.grants.insert(digest.clone(), Arc::new(grant))),
            None => drop(state.grants.remove(&digest)),
        }
        state.waiting.remove(&template_type);
        state.retired.remove(&template_type);
        state.stands.insert(digest.clone(), stand);
        state.entries.insert(digest.clone(), entry);
        state.in_force.insert(template_type, digest);
        Ok(())
    }

    /// Lets an admitted digest wait for a person's word, in the place of another that waited.
    ///
    /// # Errors
    /// Those of the store.
    pub(super) async fn put_waiting(&self, entry: Arc<Entry>, stand: Stand) -> Result<()> {
        let digest = entry.template.digest.clone();
        let template_type = entry.template.metadata.name.clone();
        self.templates.stand(&digest, &stand).await?;
        let earlier = self.state.read().waiting.get(&template_type).filter(|earlier| **earlier != digest).cloned();
        if let Some(earlier) = earlier {
            let replaced = Stand { standing: Standing::Replaced, reason: None, ..stand.clone() };
            self.restand(&earlier, replaced).await?;
        }
        let mut state = self.state.write();
        state.stands.insert(digest.clone(), stand);
        state.entries.insert(digest.clone(), entry);
        state.waiting.insert(template_type, digest);
        Ok(())
    }

    /// Takes a digest out of force, or out of the queue for approval.
    ///
    /// # Errors
    /// Those of the store.
    pub(super) async fn put_away(&self, template_type: &str, digest: &Digest, stand: Stand) -> Result<()> {
        self.restand(digest, stand).await?;
        let mut state = self.state.write();
        if state.waiting.get(template_type) == Some(digest) {
            state.waiting.remove(template_type);
        }
        if state.in_force.get(template_type) == Some(digest) {
            state.in_force.remove(template_type);
            state.retired.insert(template_type.to_owned(), digest.clone());
        }
        Ok(())
    }

    /// Another standing for a digest that is known; where it came from stays.
    pub(super) async fn restand(&self, digest: &Digest, stand: Stand) -> Result<()> {
        let source = self.state.read().stands.get(digest).map(|known| known.source.clone());
        let stand = Stand { source: source.unwrap_or_else(|| stand.source.clone()), ..stand };
        self.templates.stand(digest, &stand).await?;
        self.state.write().stands.insert(digest.clone(), stand);
        Ok(())
    }

    /// Another source for a digest that is known.
    pub(super) async fn resource(&self, digest: &Digest, source: Source) -> Result<()> {
        let Some(stand) = self.state.read().stands.get(digest).cloned() else { return Ok(()) };
        let stand = Stand { source, ..stand };
        self.templates.stand(digest, &stand).await?;
        self.state.write().stands.insert(digest.clone(), stand);
        Ok(())
    }

    /// What an arriving digest is held against: the one in force, or the one that was last.
    pub(super) fn before(&self, template_type: &str) -> Option<Arc<Entry>> {
        let state = self.state.read();
        let digest = state.in_force.get(template_type).or_else(|| state.retired.get(template_type))?;
        state.entries.get(digest).cloned()
    }

    pub(super) fn waiting(&self, template_type: &str) -> Option<Digest> {
        self.state.read().waiting.get(template_type).cloned()
    }

    /// The digest that new jobs of this type run.
    pub fn in_force(&self, template_type: &str) -> Option<Digest> {
        self.state.read().in_force.get(template_type).cloned()
    }

    /// Types whose template in force or in the queue came from a file of the folder.
    pub(super) fn fed_by(&self, file: &str) -> Vec<(String, Digest)> {
        let state = self.state.read();
        let of_file = |digest: &Digest| state.stands.get(digest).is_some_and(|stand| stand.source.file() == Some(file));
        let both = state.in_force.iter().chain(&state.waiting);
        both.filter(|(_, digest)| of_file(digest)).map(|(name, digest)| (name.clone(), digest.clone())).collect()
    }
}

impl State {
    pub(super) fn is_built_in(&self, template_type: &str) -> bool {
        let entry = self.in_force.get(template_type).and_then(|digest| self.entries.get(digest));
        entry.is_some_and(|entry| entry.template.built_in)
    }
}
