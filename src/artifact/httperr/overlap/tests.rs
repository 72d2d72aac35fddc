//! Copies, earlier copies, shared stretches, and logs that only meet.

use super::*;
use crate::artifact::httperr::read;

const HEAD: &str = "#Fields: date time c-ip s-reason s-queuename\r\n";

fn rows(range: std::ops::Range<u32>, node: &str) -> String {
    let row = |n: u32| {
        let reason = if n.is_multiple_of(5) {
            format!("{}_Connections_Refused", n % 3 + 1)
        } else {
            "QueueFull".into()
        };
        let ip = if n.is_multiple_of(5) { "-" } else { node };
        format!(
            "2026-03-01 10:{:02}:{:02} {ip} {reason} -\r\n",
            n / 60,
            n % 60
        )
    };
    range.map(row).collect()
}

fn settled(texts: &[String]) -> (Vec<Standing>, u64, u64) {
    let mut logs: Vec<Log> = texts
        .iter()
        .map(|t| Log {
            tally: read(t.as_bytes()).0,
            bytes: t.len() as u64,
        })
        .collect();
    let standings = settle(&mut logs, |place| Ok(texts[place].as_bytes()));
    let rows = logs.iter().map(|l| l.tally.rows).sum();
    let refused = logs.iter().map(|l| l.tally.refused).sum();
    (standings, rows, refused)
}

#[test]
fn a_copy_and_an_earlier_copy_count_once() {
    let whole = HEAD.to_owned() + &rows(0..600, "10.0.0.1");
    let earlier = whole[..whole.len() / 2].to_owned();
    let (_, rows, refused) = settled(std::slice::from_ref(&whole));
    let (standings, all_rows, all_refused) = settled(&[earlier, whole.clone(), whole]);
    assert_eq!((all_rows, all_refused), (rows, refused));
    assert_eq!(
        standings,
        [
            Standing::BeginningOf { other: 1 },
            Standing::Counted,
            Standing::BeginningOf { other: 1 }
        ]
    );
}

#[test]
fn a_shared_stretch_counts_once() {
    let early = HEAD.to_owned() + &rows(0..400, "10.0.0.1");
    let late = HEAD.to_owned() + &rows(300..600, "10.0.0.1");
    let (standings, all_rows, _) = settled(&[late, early]);
    assert_eq!(all_rows, 600);
    assert_eq!(
        standings,
        [
            Standing::Overlaps {
                others: vec![1],
                rows: 100
            },
            Standing::Counted
        ]
    );
}

#[test]
fn refusals_searched_out_of_a_log_add_nothing() {
    let whole = HEAD.to_owned() + &rows(0..600, "10.0.0.1");
    let only: String = whole
        .split_inclusive('\n')
        .filter(|l| l.contains("Refused"))
        .collect();
    let only = HEAD.to_owned() + &only;
    let (standings, all_rows, _) = settled(&[only, whole]);
    assert_eq!(all_rows, 600);
    assert_eq!(
        standings[0],
        Standing::Overlaps {
            others: vec![1],
            rows: 120
        }
    );
}

#[test]
fn what_a_search_put_before_rows_does_not_make_them_others() {
    let whole = HEAD.to_owned() + &rows(0..600, "10.0.0.1");
    let found = whole.lines().filter(|l| l.contains("Refused"));
    let found: String = found.map(|l| format!("httperr1.log:{l}\r\n")).collect();
    let (standings, all_rows, _) = settled(&[found, whole]);
    assert_eq!(all_rows, 600);
    assert!(matches!(standings[0], Standing::Overlaps { rows: 120, .. }));
}

#[test]
fn copies_without_dates_count_once() {
    let text = "#Fields: s-reason\r\n3_Connections_Refused\r\n".to_owned();
    let other = "#Fields: s-reason\r\n4_Connections_Refused\r\n".to_owned();
    let (standings, rows, refused) = settled(&[text.clone(), other, text]);
    assert_eq!((rows, refused), (2, 7));
    assert_eq!(standings[2], Standing::BeginningOf { other: 0 });
}

#[test]
fn many_nodes_of_a_farm_are_compared_by_samples() {
    let node = |n: u32| HEAD.to_owned() + &rows(0..601, &format!("10.0.0.{n}"));
    let mut texts: Vec<String> = (1..=20).map(node).collect();
    texts.push(HEAD.to_owned() + &rows(300..700, "10.0.0.7"));
    let (standings, all_rows, _) = settled(&texts);
    let others = vec![6];
    assert_eq!(standings[20], Standing::Overlaps { others, rows: 301 });
    assert_eq!(all_rows, 20 * 601 + 99);
}

#[test]
fn lines_are_found_by_number() {
    let text = HEAD.to_owned() + &rows(0..50, "10.0.0.1");
    let mut found = Vec::new();
    let mut keep = |n, t: &[u8]| found.push((n, String::from_utf8(t.to_vec()).unwrap()));
    lines(text.as_bytes(), &[1, 3, 51, 99], &mut keep).unwrap();
    let all: Vec<&str> = text.lines().collect();
    let expected = [(1, all[0]), (3, all[2]), (51, all[50])];
    assert_eq!(found, expected.map(|(n, t)| (n, t.to_owned())));
}

#[test]
fn two_nodes_of_a_farm_are_two_logs() {
    let one = HEAD.to_owned() + &rows(0..601, "10.0.0.1");
    let two = HEAD.to_owned()
        + &rows(0..601, "10.0.0.2")
            .replace("1_Connections", "9_Connections")
            .replace("2_Connections", "8_Connections")
            .replace("3_Connections", "7_Connections");
    let (standings, all_rows, _) = settled(&[one, two]);
    assert_eq!(standings, [Standing::Counted, Standing::Counted]);
    assert_eq!(all_rows, 1202);
}

#[test]
fn rollover_within_a_second_is_no_overlap() {
    let one = HEAD.to_owned() + &rows(0..302, "10.0.0.1");
    let two = HEAD.to_owned() + &rows(301..500, "10.0.0.9");
    let (standings, all_rows, _) = settled(&[one, two]);
    assert_eq!(standings, [Standing::Counted, Standing::Counted]);
    assert_eq!(all_rows, 501);
}
