use super::*;
use proptest::prelude::*;

fn sample(snapshot: u32, allocs: u64, frees: u64) -> Sample {
    let blocks = allocs.wrapping_sub(frees).cast_signed();
    Sample {
        snapshot,
        allocs: Some(allocs),
        frees: Some(frees),
        blocks: Some(blocks),
        bytes: 0,
    }
}

fn streams(tags: &[&[(u64, u64)]]) -> Vec<Packed> {
    tags.iter()
        .map(|rows| {
            let mut packed = Packed::default();
            for (i, (allocs, frees)) in rows.iter().enumerate() {
                packed.push(sample(i as u32, *allocs, *frees));
            }
            packed
        })
        .collect()
}

fn borders(tags: &[&[(u64, u64)]], faults: &[Option<i64>]) -> Vec<Border> {
    let rank: Vec<u32> = (0..faults.len() as u32).collect();
    let facts: Vec<Facts> = faults
        .iter()
        .map(|f| Facts {
            page_faults: *f,
            ..Facts::default()
        })
        .collect();
    judge(&movements(&streams(tags), &rank), &facts)
        .iter()
        .map(|j| j.border)
        .collect()
}

#[test]
fn a_start_after_the_last_look_is_a_restart_whatever_counters_say() {
    let rising: &[(u64, u64)] = &[(10, 5), (2_000, 6)];
    let moved = || movements(&streams(&[rising]), &[0, 1]);
    let looks = |boot| {
        let at = |at, boot| Facts {
            at: Some(at),
            boot: Some(boot),
            ..Facts::default()
        };
        judge(&moved(), &[at(1_000, 100), at(9_000, boot)])[0].border
    };
    assert_eq!(looks(5_000), Border::Reset);
    assert_eq!(looks(100), Border::Continuous);
    assert_eq!(looks(160), Border::Continuous, "a clock that was set");
}

#[test]
fn a_logged_start_decides_only_where_counters_do_not() {
    type Counters = &'static [(u64, u64)];
    let rising: Counters = &[(5, 1), (9, 2)];
    let fallen: Counters = &[(500, 400), (90, 80)];
    let judged = |tags: &[&[(u64, u64)]], started| {
        let at = |at, started| Facts {
            at: Some(at),
            started,
            ..Facts::default()
        };
        let facts = [at(1_000, Some(500)), at(9_000, started)];
        judge(&movements(&streams(tags), &[0, 1]), &facts)[0].border
    };
    let doubtful = [fallen, rising, rising, rising];
    assert_eq!(judged(&doubtful, Some(500)), Border::Doubtful);
    assert_eq!(judged(&doubtful, Some(5_000)), Border::Reset);
    assert_eq!(
        judged(&[], Some(5_000)),
        Border::Reset,
        "nothing to compare"
    );
    let went_on = judged(&[rising, rising], Some(5_000));
    assert_eq!(went_on, Border::Continuous, "Fast Startup keeps the kernel");
}

#[test]
fn rising_counters_are_one_life() {
    let found = borders(&[&[(10, 5), (20, 6)], &[(7, 7), (7, 7)]], &[None, None]);
    assert_eq!(found, [Border::Continuous]);
}

#[test]
fn most_counters_falling_is_a_restart() {
    let tags: [&[(u64, u64)]; 4] = [
        &[(900, 800), (20, 10)],
        &[(50, 0), (9, 1)],
        &[(70, 7), (70, 7)],
        &[(40, 4), (41, 4)],
    ];
    assert_eq!(
        borders(&tags, &[Some(1_000_000), Some(5_000)]),
        [Border::Reset]
    );
    assert_eq!(borders(&tags, &[None, None]), [Border::Reset]);
}

#[test]
fn one_busy_tag_that_wraps_is_no_restart() {
    let near = u64::from(u32::MAX) - 10;
    let alone: [&[(u64, u64)]; 1] = [&[(near, near - 5), (400, 390)]];
    assert_eq!(borders(&alone, &[None, None]), [Border::Continuous]);
    let among: [&[(u64, u64)]; 2] = [&[(near, near - 5), (400, 390)], &[(5, 1), (9, 2)]];
    assert_eq!(borders(&among, &[None, None]), [Border::Continuous]);
}

#[test]
fn one_fallen_tag_among_many_is_a_doubt_and_page_faults_overrule() {
    let rising: &[(u64, u64)] = &[(5, 1), (9, 2)];
    let fallen: &[(u64, u64)] = &[(500, 400), (90, 80)];
    assert_eq!(
        borders(&[fallen, rising, rising, rising], &[None, None]),
        [Border::Doubtful]
    );
    // Only one tag is known: it decides, unless the machine's own counter says no.
    assert_eq!(borders(&[fallen], &[None, None]), [Border::Reset]);
    assert_eq!(
        borders(&[fallen], &[Some(10), Some(20)]),
        [Border::Doubtful]
    );
}

#[test]
fn a_lost_digit_is_no_restart() {
    let mut packed = Packed::default();
    packed.push(sample(0, 5000, 10));
    packed.push(Sample {
        allocs: Some(501),
        ..sample(1, 5010, 11)
    });
    let moved = movements(&[packed], &[0, 1]);
    let judged = judge(&moved, &[Facts::default(); 2]);
    assert_eq!(judged[0].border, Border::Continuous);
}

#[test]
fn page_faults_alone_decide_only_where_nothing_is_shared() {
    assert_eq!(borders(&[], &[Some(9_000), Some(100)]), [Border::Reset]);
    assert_eq!(
        borders(&[], &[Some(-5), Some(100)]),
        [Border::Continuous],
        "a wrap"
    );
    let rising: &[(u64, u64)] = &[(5, 1), (9, 2)];
    assert_eq!(
        borders(&[rising], &[Some(9_000), Some(100)]),
        [Border::Continuous]
    );
}

#[test]
fn alternating_listings_show_one_restart_once() {
    // Nonpaged in even snapshots, paged in odd ones; restart between 3 and 4.
    let (mut nonpaged, mut paged) = (Vec::new(), Vec::new());
    for tag in 0..4 {
        let (mut n, mut p) = (Packed::default(), Packed::default());
        for i in 0..8u32 {
            let base = if i < 4 { 1000 + i * 50 } else { 10 + i * 7 };
            let one = sample(i, u64::from(base + tag), 0);
            if i % 2 == 0 {
                n.push(one)
            } else {
                p.push(one)
            };
        }
        nonpaged.push(n);
        paged.push(p);
    }
    nonpaged.append(&mut paged);
    let rank: Vec<u32> = (0..8).collect();
    let judged = judge(&movements(&nonpaged, &rank), &[Facts::default(); 8]);
    let resets: Vec<usize> = judged
        .iter()
        .filter(|j| j.border == Border::Reset)
        .map(|j| j.at)
        .collect();
    assert_eq!(resets, [4]);
}

proptest! {
    #[test]
    fn never_panics_and_agrees_with_subtraction(before: u64, after: u64) {
        if let Some(step) = advance(before, after) {
            prop_assert!(step == after.wrapping_sub(before) || step < UPPER_HALF_OF_32_BITS);
        }
        let _ = fault_change(Some(before as i64), Some(after as i64));
    }
}
