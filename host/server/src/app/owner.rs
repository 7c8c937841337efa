//! One server at a time on a store that several could reach: it is taken at start, kept while the server lives, and given
//! back at its end. A second server is refused, and one whose hold has lapsed claims nothing and begins no host call any more; what it records of runs that another server
//! has settled is refused by their tokens.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::{info, warn};

use crate::model::{Clock, Lease};
use crate::repository::{Holder, Owner};

/// How long a hold lasts by the store's clock without being renewed (T13).
const LEASE: Duration = Duration::from_secs(15);
/// How long after a renewal this host still trusts its hold: less than the lease, for clocks and ways differ.
const TRUST: Duration = Duration::from_secs(12);
const RENEW: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(500);

#[derive(Debug, thiserror::Error)]
pub(super) enum OwnerError {
    #[error(
        "another Sandglass server, on {name}, has this database (seen alive at {seen}). Stop that one first: several \
         servers on one MongoDB database come with a later version"
    )]
    Taken { name: String, seen: String },
    #[error(transparent)]
    Store(#[from] sandglass_database::Error),
}

pub(super) struct Hold {
    pub owner: Owner,
    pub lease: Arc<Lease>,
    pub clock: Arc<dyn Clock>,
}

impl Hold {
    /// Takes the store. Of a former server that did not say goodbye, it is waited to see whether it is alive.
    pub(super) async fn take(&self) -> Result<(), OwnerError> {
        let lease = chrono::Duration::from_std(LEASE).unwrap_or(chrono::Duration::MAX);
        let mut first: Option<Holder> = None;
        loop {
            let asked_at = self.clock.boot_time();
            let dead = first.as_ref().filter(|holder| process::is_dead(&holder.process));
            match self.owner.take(lease, dead).await? {
                Ok(()) => {
                    self.lease.extend(asked_at + TRUST);
                    return Ok(());
                }
                Err(holder) => match &first {
                    Some(seen) if seen.host == holder.host && seen.renewed_at == holder.renewed_at => {}
                    None => {
                        info!(host = holder.name, "a server has this database; looking whether it is alive");
                        first = Some(holder);
                        continue;
                    }
                    Some(_) => {
                        let seen = holder.renewed_at.to_rfc3339();
                        return Err(OwnerError::Taken { name: holder.name, seen });
                    }
                },
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Renews until `stop`; tells once if another has taken over.
    async fn keep(&self, stop: CancellationToken, lost: oneshot::Sender<String>) {
        while stop.run_until_cancelled(tokio::time::sleep(RENEW)).await.is_some() {
            let asked_at = self.clock.boot_time();
            // A renewal that hangs must not keep the next from finding another way.
            let renewed = tokio::time::timeout(RENEW, self.owner.renew()).await;
            match renewed.unwrap_or(Err(sandglass_database::Error::Timeout)) {
                Ok(true) => self.lease.extend(asked_at + TRUST),
                Ok(false) => {
                    // Nobody waiting any more is no fault: the server is ending.
                    drop(lost.send("another server has taken this database over".into()));
                    return;
                }
                Err(error) => warn!(%error, "the hold on the database could not be renewed; it will be tried again"),
            }
        }
    }

    async fn give_back(&self) {
        if let Err(error) = self.owner.give_back().await {
            warn!(%error, "the database could not be given back; the next server waits until the hold lapses");
        }
    }
}

/// A hold that is renewed from the moment it is taken: a start may take longer than a lease.
pub(super) struct Holding {
    hold: Arc<Hold>,
    renewing: JoinHandle<()>,
    /// Ends the renewals also if the start fails half-way.
    stop: DropGuard,
}

impl Holding {
    /// Takes the store; `lost` is told if another takes it over.
    pub(super) async fn begin(hold: Hold, lost: oneshot::Sender<String>) -> Result<Self, OwnerError> {
        hold.take().await?;
        let (hold, stop) = (Arc::new(hold), CancellationToken::new());
        let renewing = tokio::spawn({
            let (hold, stop) = (hold.clone(), stop.clone());
            async move { hold.keep(stop, lost).await }
        });
        Ok(Self { hold, renewing, stop: stop.drop_guard() })
    }

    /// Gives it back, when nothing is written any more.
    pub(super) async fn end(self) {
        drop(self.stop);
        if self.renewing.await.is_err() {
            warn!("the task that renews the hold on the database broke");
        }
        self.hold.give_back().await;
    }
}

/// Processes as the same machine can look them up: boot, process name space, number, and when it began.
pub(super) mod process {
    use rustix::process::Pid;

    /// This one; empty where it cannot be told.
    pub fn own() -> String {
        describe(std::process::id()).unwrap_or_default()
    }

    /// Whether it certainly lives no more. One of another machine, or of another container, may live.
    pub fn is_dead(described: &str) -> bool {
        let mut parts = described.split(' ');
        let (Some(boot), Some(space), Some(id), Some(_)) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return false;
        };
        let (Ok(id), Some((own_boot, own_space))) = (id.parse(), here()) else { return false };
        boot == own_boot && space == own_space && (is_over(id) || describe(id).is_some_and(|other| other != described))
    }

    /// No such process, or one whose end nobody has asked for yet. One that only cannot be looked at may live.
    fn is_over(id: u32) -> bool {
        let known = i32::try_from(id).ok().and_then(Pid::from_raw);
        let is_none = known.is_some_and(|id| rustix::process::test_kill_process(id) == Err(rustix::io::Errno::SRCH));
        is_none || status(id).is_some_and(|(state, _)| matches!(state, 'Z' | 'X'))
    }

    fn here() -> Option<(String, String)> {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        let space = std::fs::read_link("/proc/self/ns/pid").ok()?;
        Some((boot.trim().to_owned(), space.to_str()?.to_owned()))
    }

    fn describe(id: u32) -> Option<String> {
        let (boot, space) = here()?;
        let (state, began) = status(id)?;
        (!matches!(state, 'Z' | 'X')).then(|| format!("{boot} {space} {id} {began}"))
    }

    /// State, and the start in clock ticks.
    fn status(id: u32) -> Option<(char, String)> {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        // Behind the name, which may hold anything: state is the first field, the start in clock ticks the twentieth.
        let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
        let state = fields.next()?.chars().next()?;
        let began = fields.nth(18)?;
        Some((state, began.to_owned()))
    }

    #[cfg(test)]
    mod tests {
        use super::{is_dead, own};

        #[test]
        fn a_process_is_dead_only_if_this_machine_knows_it() {
            let alive = own();
            assert!(!alive.is_empty());
            assert!(!is_dead(&alive), "this test runs");
            let mut child = std::process::Command::new("true").spawn().unwrap();
            let described = alive.replace(&format!(" {} ", std::process::id()), &format!(" {} ", child.id()));
            child.wait().unwrap();
            assert!(is_dead(&described), "it ended, or its number is another's by now");
            assert!(!is_dead(""), "nothing is known of it");
            let elsewhere = described.replacen(described.split(' ').next().unwrap(), "another-boot", 1);
            assert!(!is_dead(&elsewhere), "it may live on another machine");
        }
    }
}
