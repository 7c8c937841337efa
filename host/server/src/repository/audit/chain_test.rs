//! Each way to tamper with a chain shows.

use bson::doc;

use super::*;

fn chain(length: i64) -> (Vec<Document>, Head) {
    let mut previous = GENESIS.to_owned();
    let entries = (0..length)
        .map(|seq| {
            let mut entry = doc! { "_id": format!("host:{seq}"), "target": format!("t{seq}"), "items": seq * 3 };
            previous = seal(&mut entry, seq, &previous);
            entry
        })
        .collect();
    (entries, Head { length, hash: previous })
}

fn verify(entries: &[Document], heads: &[Head]) -> Result<(), Fault> {
    let mut check = Check::new(heads);
    entries.iter().try_for_each(|entry| check.entry(entry))?;
    check.end()
}

/// Seals what stands from `from` on, as somebody would who knows how.
fn seal_again(entries: &mut [Document], from: usize) {
    let mut previous = from
        .checked_sub(1)
        .and_then(|before| entries[before].get_str("hash").ok())
        .map_or_else(|| GENESIS.to_owned(), str::to_owned);
    for (place, entry) in entries.iter_mut().enumerate().skip(from) {
        for key in ["hash", "previous", "seq"] {
            entry.remove(key);
        }
        previous = seal(entry, i64::try_from(place).unwrap(), &previous);
    }
}

#[test]
fn an_untouched_chain_has_no_fault() {
    let (entries, head) = chain(5);
    assert_eq!(verify(&entries, std::slice::from_ref(&head)), Ok(()));
    let (_, earlier) = chain(3);
    assert_eq!(verify(&entries, &[earlier, head]), Ok(()));
    assert_eq!(verify(&[], &[Head { length: 0, hash: GENESIS.into() }]), Ok(()));
}

#[test]
fn each_kind_of_fault_is_named_with_its_place() {
    let (entries, head) = chain(5);

    let mut edited = entries.clone();
    edited[2].insert("target", "other");
    assert_eq!(verify(&edited, &[]), Err(Fault::Edited { seq: 2 }));

    let mut gap = entries.clone();
    gap.remove(3);
    assert_eq!(verify(&gap, &[]), Err(Fault::Gap { expected: 3, found: 4 }));

    let mut sealed = entries.clone();
    sealed[1].insert("target", "other");
    sealed[1].remove("hash");
    let hash = hash_of(&sealed[1]);
    sealed[1].insert("hash", hash);
    assert_eq!(verify(&sealed, &[]), Err(Fault::Broken { seq: 2 }));

    assert_eq!(verify(&entries[..4], &[]), Ok(()), "without a head a cut tail cannot show");
    assert_eq!(verify(&entries[..4], std::slice::from_ref(&head)), Err(Fault::Truncated { length: 4, expected: 5 }));

    let mut anew = entries;
    anew[0].insert("target", "other");
    seal_again(&mut anew, 0);
    assert_eq!(verify(&anew, &[]), Ok(()), "without a head a chain written anew cannot show");
    assert_eq!(verify(&anew, &[head]), Err(Fault::Rewritten { length: 5 }));
}

#[test]
fn a_thousand_random_tamperings_are_all_found() {
    let seed: u64 = std::env::var("SANDGLASS_TEST_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(0x5eed);
    println!("seed {seed}");
    let mut state = seed;
    let mut below = move |bound: usize| {
        // SplitMix64 (Steele, Lea, Flood 2014).
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % bound as u64).unwrap()
    };
    let (entries, head) = chain(40);
    let mut found = [0; 7];
    for round in 0..1_000 {
        let kind = round % found.len();
        let mut tampered = entries.clone();
        let place = below(tampered.len());
        match kind {
            0 => drop(tampered[place].insert("items", -1)),
            1 => drop(tampered.remove(place)),
            2 => {
                let other = (place + 1 + below(tampered.len() - 1)) % tampered.len();
                tampered.swap(place, other);
            }
            3 => tampered.truncate(place),
            4 => {
                tampered[place].insert("target", "elsewhere");
                seal_again(&mut tampered, place);
            }
            5 => {
                let copy = tampered[place].clone();
                tampered.insert(below(tampered.len() + 1), copy);
            }
            _ => {
                tampered.remove(place);
                let last = tampered.len();
                seal_again(&mut tampered, place.min(last));
            }
        }
        assert!(verify(&tampered, std::slice::from_ref(&head)).is_err(), "kind {kind} at {place}, seed {seed}");
        found[kind] += 1;
    }
    assert_eq!(found.iter().sum::<i32>(), 1_000);
    assert!(found.iter().all(|times| *times >= 142), "{found:?}");
}
