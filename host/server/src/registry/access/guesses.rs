//! Slows down who guesses passwords: a name and an address each have to wait longer with every failure.
//!
//! Nobody is locked out: the wait is bounded, and a browser in which its owner has signed in before (a known device) has
//! a count of its own, which guesses from elsewhere do not touch. Pure: the time is handed in.

use std::collections::HashMap;
use std::net::IpAddr;

use chrono::{DateTime, Duration, Utc};

/// Failures of one name, or of one device, without a wait.
const FREE: u32 = 5;
/// The same of one address: people behind one share it.
const FREE_OF_ADDRESS: u32 = 20;
const LONGEST_WAIT: Duration = Duration::seconds(30);
/// Failures are forgotten when no more come for this long.
const FORGOTTEN: Duration = Duration::minutes(15);
/// Names and addresses that are remembered.
const MOST: usize = 10_000;

/// Whose failures are counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Who {
    Name(String),
    /// A known device of a user: its name and what tells it apart.
    Device(String),
    /// An address; of IPv6 the network that one customer gets.
    Address(IpAddr),
}

impl Who {
    pub(super) fn address(address: IpAddr) -> Self {
        Self::Address(match address.to_canonical() {
            IpAddr::V6(address) => IpAddr::V6((address.to_bits() & !u128::from(u64::MAX)).into()),
            address @ IpAddr::V4(_) => address,
        })
    }

    fn free(&self) -> u32 {
        if matches!(self, Self::Address(_)) { FREE_OF_ADDRESS } else { FREE }
    }
}

#[derive(Debug, Clone, Copy)]
struct Count {
    failures: u32,
    last: DateTime<Utc>,
}

#[derive(Debug, Default)]
pub(super) struct Guesses(HashMap<Who, Count>);

impl Guesses {
    /// Counts an attempt as failed before it is checked, so that many at the same time are no way around the wait.
    ///
    /// # Errors
    /// How long one of them has to wait; nothing is counted then.
    pub(super) fn begin(&mut self, all: &[Who], now: DateTime<Utc>) -> Result<(), Duration> {
        let wait = all.iter().filter_map(|who| self.wait(who, now)).max();
        if let Some(wait) = wait {
            return Err(wait);
        }
        if self.0.len() + all.len() > MOST {
            self.0.retain(|_, count| now - count.last < FORGOTTEN);
        }
        for who in all {
            if self.0.len() >= MOST && !self.0.contains_key(who) {
                let oldest = self.0.iter().min_by_key(|(_, count)| count.last).map(|(who, _)| who.clone());
                oldest.map(|who| self.0.remove(&who));
            }
            let count = self.0.entry(who.clone()).or_insert(Count { failures: 0, last: now });
            if now - count.last >= FORGOTTEN {
                count.failures = 0;
            }
            count.failures = count.failures.saturating_add(1);
            count.last = now;
        }
        Ok(())
    }

    /// The attempt was right.
    pub(super) fn right(&mut self, all: &[Who]) {
        for who in all {
            match who {
                // Whoever guesses names from here and knows one password would begin anew with each success.
                Who::Address(_) => {
                    if let Some(count) = self.0.get_mut(who) {
                        count.failures = count.failures.saturating_sub(1);
                    }
                }
                Who::Name(_) | Who::Device(_) => drop(self.0.remove(who)),
            }
        }
    }

    /// The attempt was not checked after all.
    pub(super) fn unchecked(&mut self, all: &[Who]) {
        for who in all {
            if let Some(count) = self.0.get_mut(who) {
                count.failures = count.failures.saturating_sub(1);
            }
        }
    }

    fn wait(&self, who: &Who, now: DateTime<Utc>) -> Option<Duration> {
        let count = self.0.get(who)?;
        let over = count.failures.checked_sub(who.free())?;
        let wait = Duration::seconds(1 << over.min(5)).min(LONGEST_WAIT);
        // A clock that was set back must not make anybody wait for it.
        let left = (count.last + wait - now).min(wait);
        (left > Duration::zero()).then_some(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    fn name(name: &str) -> Who {
        Who::Name(name.into())
    }

    #[test]
    fn the_wait_grows_up_to_a_bound_and_is_forgotten() {
        let mut guesses = Guesses::default();
        for _ in 0..FREE {
            guesses.begin(&[name("ann")], at(0)).unwrap();
        }
        let mut now = 0;
        for wait in [1, 2, 4, 8, 16, 30, 30, 30] {
            assert_eq!(guesses.begin(&[name("ann")], at(now)), Err(Duration::seconds(wait)));
            now += wait;
            guesses.begin(&[name("ann")], at(now)).unwrap();
        }
        assert_eq!(guesses.begin(&[name("bob")], at(now)), Ok(()), "others do not wait");
        now += FORGOTTEN.num_seconds();
        for _ in 0..FREE {
            guesses.begin(&[name("ann")], at(now)).unwrap();
        }
        assert!(guesses.begin(&[name("ann")], at(now)).is_err());
    }

    #[test]
    fn a_right_password_ends_the_wait_of_the_name_and_hardly_that_of_the_address() {
        let mut guesses = Guesses::default();
        let address = Who::address("192.0.2.7".parse().unwrap());
        for number in 0..FREE_OF_ADDRESS {
            guesses.begin(&[name(&format!("user{number}")), address.clone()], at(0)).unwrap();
        }
        assert!(guesses.begin(&[name("ann"), address.clone()], at(0)).is_err(), "the address waits for every name");
        guesses.right(&[name("user3"), address.clone()]);
        guesses.begin(&[name("user3"), address.clone()], at(0)).unwrap();
        assert!(guesses.begin(&[name("user3"), address], at(0)).is_err());
    }

    #[test]
    fn a_known_device_does_not_wait_for_what_others_guess() {
        let mut guesses = Guesses::default();
        for _ in 0..FREE {
            guesses.begin(&[name("ann")], at(0)).unwrap();
        }
        assert!(guesses.begin(&[name("ann")], at(0)).is_err());
        let device = Who::Device("ann 1".into());
        for _ in 0..FREE {
            guesses.begin(std::slice::from_ref(&device), at(0)).unwrap();
        }
        assert!(guesses.begin(&[device], at(0)).is_err(), "it is counted by itself");
    }

    #[test]
    fn an_address_of_ipv6_counts_with_its_network_and_one_of_ipv4_in_any_form() {
        let of = |text: &str| Who::address(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2:3::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.7"), of("192.0.2.7"));
    }

    #[test]
    fn a_clock_that_is_set_back_makes_nobody_wait_for_it() {
        let mut guesses = Guesses::default();
        for _ in 0..=FREE {
            guesses.0.entry(name("ann")).or_insert(Count { failures: 0, last: at(100_000) }).failures += 1;
        }
        assert_eq!(guesses.begin(&[name("ann")], at(0)), Err(Duration::seconds(2)), "from now on, not from then");
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut guesses = Guesses::default();
        for number in 0..(u32::try_from(MOST).unwrap() + 100) {
            let address = Who::Address(IpAddr::V4(number.into()));
            guesses.begin(&[address], at(0)).unwrap();
        }
        assert!(guesses.0.len() <= MOST);
    }
}
