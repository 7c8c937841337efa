//! Random histories of one host, checked against a model of semantics.md: a clock that jumps, a store that fails
//! before, between and after its writes, a process that dies anywhere. Every failure prints its seed; run one alone
//! with `SANDGLASS_SEED=…`.

mod check;
mod clock;
mod dst;
mod faulty;
mod people;
mod random;
mod workers;
mod world;

use check::Seen;
use world::World;

/// Histories of a debug build; a release build, thirty times faster, makes as many times more.
const HISTORIES: u64 = if cfg!(debug_assertions) { 100 } else { 4_000 };

fn histories(offset: u64, faults: bool, separately: bool) {
    let only = std::env::var("SANDGLASS_SEED").ok().and_then(|seed| seed.parse::<u64>().ok());
    let seeds = only.map_or(offset..offset + HISTORIES, |seed| seed..seed + 1);
    let count = seeds.end - seeds.start;
    let mut seen = Seen::default();
    for seed in seeds {
        let of_one = std::panic::catch_unwind(|| World::new(seed, faults, separately).live())
            .unwrap_or_else(|_| panic!("SANDGLASS_SEED={seed} (faults {faults}, advances apart {separately}) fails"));
        seen.add(&of_one);
    }
    println!("{count} histories: {seen:?}");
    if only.is_none() {
        assert!(seen.runs > count * 5 && seen.skips > count, "too little happened: {seen:?}");
        if faults {
            assert!(seen.crashes > count / 2 && seen.repeats > 0, "too little went wrong: {seen:?}");
        }
    }
}

#[test]
fn t1_every_due_instant_has_one_decision_whatever_people_do_and_clocks_show() {
    histories(0, false, false);
}

#[test]
fn t1_t11_nothing_is_lost_doubled_or_stuck_when_the_store_fails_and_the_host_dies() {
    histories(1_000_000, true, false);
}

#[test]
fn t1_t11_the_same_holds_where_a_group_is_no_transaction() {
    histories(2_000_000, true, true);
}
