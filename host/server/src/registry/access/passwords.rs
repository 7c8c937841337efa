//! Hashes and checks passwords: Argon2id, away from the threads that answer requests, a few at a time.
//!
//! The parameters are those that OWASP recommends (19 MiB, two passes, one lane); they stand in each hash, so that they
//! can be raised later.

use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use super::AccessError;
use super::random::fill;

/// Checks at the same time: each takes a core and 19 MiB.
const PARALLEL: usize = 2;
/// Checks that may wait for one of these.
const WAITING: usize = 14;
/// For names that nobody has: checking against it takes as long, and no password fits.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

#[derive(Clone)]
pub(super) struct Passwords {
    working: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
}

impl Passwords {
    pub(super) fn new() -> Self {
        Self { working: Arc::new(Semaphore::new(PARALLEL)), admitted: Arc::new(Semaphore::new(PARALLEL + WAITING)) }
    }

    /// A new hash, with a salt of its own, as a PHC string.
    ///
    /// # Errors
    /// [`AccessError::TooMany`] when too many wait already.
    pub(super) async fn hash(&self, password: Zeroizing<String>) -> Result<String, AccessError> {
        let mut salt = [0u8; 16];
        fill(&mut salt)?;
        self.work(move || {
            let hash = Argon2::default().hash_password_with_salt(password.as_bytes(), &salt);
            hash.map(|hash: PasswordHash| hash.to_string()).map_err(|error| AccessError::Hashing(error.to_string()))
        })
        .await
    }

    /// Whether it is the password of this hash. Takes as long when there is no hash.
    ///
    /// # Errors
    /// [`AccessError::TooMany`] when too many wait already.
    pub(super) async fn is_right(
        &self,
        password: Zeroizing<String>,
        hash: Option<String>,
    ) -> Result<bool, AccessError> {
        self.work(move || {
            let text = hash.as_deref().unwrap_or(NOBODY);
            let stored = PasswordHash::new(text).map_err(|error| AccessError::Hashing(error.to_string()))?;
            let fits = Argon2::default().verify_password(password.as_bytes(), &stored).is_ok();
            Ok(fits && hash.is_some())
        })
        .await
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, AccessError> + Send + 'static,
    ) -> Result<T, AccessError> {
        let busy = || AccessError::TooMany { seconds: 1 };
        let admitted = self.admitted.clone().try_acquire_owned().map_err(|_| busy())?;
        let working = self.working.clone().acquire_owned().await.map_err(|_| busy())?;
        // Both go along: a caller who has gone away frees no place for work that goes on.
        let done = tokio::task::spawn_blocking(move || {
            let _places = (admitted, working);
            work()
        });
        done.await.map_err(|error| AccessError::Hashing(error.to_string()))?
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn text(text: &str) -> Zeroizing<String> {
        Zeroizing::new(text.to_owned())
    }

    #[tokio::test]
    async fn a_password_is_known_again_and_its_hash_never_twice_the_same() {
        let passwords = Passwords::new();
        let hash = passwords.hash(text("correct horse battery")).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_ne!(hash, passwords.hash(text("correct horse battery")).await.unwrap());
        assert!(passwords.is_right(text("correct horse battery"), Some(hash.clone())).await.unwrap());
        assert!(!passwords.is_right(text("correct horse batter"), Some(hash.clone())).await.unwrap());
        assert!(!passwords.is_right(text(""), Some(hash)).await.unwrap());
        assert!(!passwords.is_right(text("correct horse battery"), None).await.unwrap());
    }

    #[test]
    fn checking_the_password_of_nobody_costs_what_checking_a_real_one_costs() {
        let salt = [7u8; 16];
        let real: PasswordHash = Argon2::default().hash_password_with_salt(b"x", &salt).unwrap();
        let nobody = PasswordHash::new(NOBODY).unwrap();
        assert_eq!((nobody.algorithm, nobody.version, &nobody.params), (real.algorithm, real.version, &real.params));
        assert_eq!(nobody.hash.unwrap().len(), real.hash.unwrap().len());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn more_checks_than_may_wait_are_turned_away_at_once() {
        let passwords = Passwords::new();
        let (free, wait) = std::sync::mpsc::channel::<()>();
        let wait = Arc::new(std::sync::Mutex::new(wait));
        let tasks: Vec<_> = (0..PARALLEL + WAITING)
            .map(|_| {
                let (passwords, wait) = (passwords.clone(), wait.clone());
                tokio::spawn(async move {
                    passwords.work(move || wait.lock().unwrap().recv().map_err(|_| AccessError::NoRandomness)).await
                })
            })
            .collect();
        while passwords.admitted.available_permits() > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let refused = passwords.hash(text("correct horse battery")).await.unwrap_err();
        assert!(matches!(refused, AccessError::TooMany { seconds: 1 }), "{refused}");
        for _ in &tasks {
            free.send(()).unwrap();
        }
        for task in tasks {
            task.await.unwrap().unwrap();
        }
        passwords.hash(text("correct horse battery")).await.unwrap();
    }
}
