#![cfg(test)]
use super::*;
#[test]
fn dump() {
    let Ok(shared) = std::env::var("POOLSLEUTH_SHARED") else {
        return;
    };
    let mut names: Vec<_> = std::fs::read_dir(format!("{shared}/samples/poolmon"))
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    names.sort();
    for path in names {
        let bytes = std::fs::read(&path).unwrap();
        let mut r = SnapshotReader::new(bytes.as_slice(), Options { keep_mapped: true });
        println!(
            "=== {:?} {:?}",
            path.file_name().unwrap(),
            recognise(&bytes)
        );
        for s in r.by_ref() {
            println!(
                "  {}..{} @{} {:?} rows {} tot {} susp {:?} rej {:?} {:?} {:?} {:?} pre {:?} post {:?}",
                s.first_line,
                s.last_line,
                s.offset,
                s.opening,
                s.rows.len(),
                s.totals.len(),
                s.suspects
                    .iter()
                    .map(|x| (x.row.tag, x.reason))
                    .collect::<Vec<_>>(),
                s.rejected,
                s.layout,
                s.sort,
                s.title,
                s.preamble
                    .lines
                    .iter()
                    .map(|l| String::from_utf8_lossy(&l.text).to_string())
                    .collect::<Vec<_>>(),
                s.postamble.lines.len()
            );
            println!("    {:?}", s.completeness);
            println!("    {:?}", s.memory);
            println!(
                "    tags {:?}",
                s.rows
                    .iter()
                    .take(6)
                    .map(|r| (r.tag, r.reading, r.mapped.clone()))
                    .collect::<Vec<_>>()
            );
        }
        let n = r.finish();
        println!("  {:?}", n);
    }
}
