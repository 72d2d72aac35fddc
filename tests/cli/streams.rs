//! Exit status, stdout and stderr, colour, limits of the text.

use std::fs;
use std::io::Read;
use std::process::Stdio;

use super::{
    analyze, assert_fits_a_terminal, finished, program, report, run, sample_cases, samples,
};

#[test]
fn every_sample_fits_a_terminal_and_says_nothing_on_stderr() {
    for case in sample_cases() {
        let name = case.display().to_string();
        let done = analyze(&case, &[]);
        assert_eq!(done.status, Some(0), "{name}");
        assert_eq!(done.err, "", "{name}");
        assert_fits_a_terminal(&name, &done.out);
        let ascii = analyze(&case, &["--ascii"]);
        assert!(ascii.out.is_ascii(), "{name}: --ascii");
        assert_fits_a_terminal(&name, &ascii.out);
    }
}

#[test]
fn status_tells_wrong_usage_from_missing_input_and_from_what_was_found() {
    let leak = samples().join("leak-x64");
    let leak = leak.to_str().unwrap();
    let cases: &[(&[&str], i32)] = &[
        (&["analyze"], 2),
        (&["analyze", leak, "--tz", "Nowhere/Atlantis"], 2),
        (&["analyze", leak, "--ram", "much"], 2),
        (&["analyze", leak, "--os", "templeos"], 2),
        (&["analyze", leak, "-j", "0"], 2),
        (&["analyze", leak, "--ram", "0"], 2),
        (&["analyze", leak, "--npp-limit", "0MB"], 2),
        (&["analyze", leak, "--pooltag", "/nonexistent"], 1),
        (&["analyze", "/nonexistent"], 1),
        (&["scan", leak], 2),
        (&["scan", leak, "--tag", "toolong"], 2),
        (&["analyze", leak, "--fail-on", "confirmed"], 10),
        (&["analyze", leak, "--fail-on", "possible"], 10),
        (&["--version"], 0),
        (&["analyze", "--help"], 0),
    ];
    for (words, status) in cases {
        let done = run(*words);
        assert_eq!(done.status, Some(*status), "{words:?}: {}", done.err);
        if matches!(status, 1 | 2) {
            assert_eq!(done.out, "", "{words:?}: errors belong on stderr");
            assert_ne!(done.err, "", "{words:?}");
        }
    }
    let calm = samples().join("growth-no-refusals");
    assert_eq!(analyze(&calm, &["--fail-on", "confirmed"]).status, Some(10));
    let unclear = samples().join("one-snapshot");
    assert_eq!(
        analyze(&unclear, &["--fail-on", "possible"]).status,
        Some(0)
    );
}

#[test]
fn an_input_in_which_nothing_is_recognised_is_status_1_with_its_report() {
    let place = tempfile::tempdir().unwrap();
    let note = place.path().join("note.txt");
    fs::write(&note, "Customer says: the site is slow since Tuesday.\r\n").unwrap();
    let folder = place.path().join("out");
    let words = ["--format", "json", "-o", folder.to_str().unwrap()];
    let done = analyze(&note, &words);
    assert_eq!(done.status, Some(1));
    assert!(
        done.err.contains("nothing in it was recognised"),
        "{}",
        done.err
    );
    assert!(done.err.contains("note.txt"), "{}", done.err);
    let report: serde_json::Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(report["verdict"]["outcome"], "inconclusive");
    assert_eq!(report["coverage"]["artifacts"][0]["role"], "unknown");
    assert!(folder.join("report.html").is_file());
    // An empty snapshot is a finding, and an error text in its place is one.
    for text in [
        "",
        "'poolmon' is not recognized as an internal or external command,\r\n",
    ] {
        let empty = place.path().join("poolmon.txt");
        fs::write(&empty, text).unwrap();
        assert_eq!(analyze(&empty, &[]).status, Some(0), "{text}");
    }
}

#[test]
fn more_threads_than_any_machine_has_cost_nothing() {
    let leak = samples().join("leak-x64");
    let began = std::time::Instant::now();
    let done = analyze(&leak, &["-j", "100000", "--format", "json"]);
    assert_eq!(done.status, Some(0), "{}", done.err);
    assert_eq!(
        done.out,
        analyze(&leak, &["-j", "1", "--format", "json"]).out
    );
    // Without a bound it took minutes.
    assert!(began.elapsed().as_secs() < 60);
}

#[test]
fn reports_are_written_beside_what_is_printed_and_trouble_there_is_status_1() {
    let place = tempfile::tempdir().unwrap();
    let leak = samples().join("leak-x64");
    let folder = place.path().join("new/out");
    let done = analyze(&leak, &["--format", "json", "-o", folder.to_str().unwrap()]);
    assert_eq!(done.status, Some(0));
    assert_eq!(
        fs::read_to_string(folder.join("report.json")).unwrap(),
        done.out
    );
    for name in ["report.html", "report.md", "timeline.jsonl", "tags.csv"] {
        assert!(folder.join(name).metadata().unwrap().len() > 1000, "{name}");
    }
    let customer = fs::read_to_string(folder.join("customer.md")).unwrap();
    assert!(customer.contains("hstorflt.sys") && !customer.contains("SHOPWEB07"));
    let printed = analyze(&leak, &["--format", "markdown-customer"]);
    assert_eq!(printed.out, customer);
    let taken = place.path().join("file");
    fs::write(&taken, "mine").unwrap();
    let refused = analyze(&leak, &["-o", taken.to_str().unwrap()]);
    assert_eq!((refused.status, refused.out.as_str()), (Some(1), ""));
    assert!(refused.err.contains("file"), "{}", refused.err);
    assert_eq!(fs::read_to_string(&taken).unwrap(), "mine");
}

#[test]
fn colour_is_for_those_who_ask() {
    let leak = samples().join("leak-x64");
    assert!(
        !analyze(&leak, &[]).out.contains('\u{1b}'),
        "no terminal, no colour"
    );
    assert!(
        analyze(&leak, &["--color", "always"])
            .out
            .contains('\u{1b}')
    );
    let mut command = program();
    command.arg("analyze").arg(&leak).env("NO_COLOR", "1");
    assert!(!finished(command.output().unwrap()).out.contains('\u{1b}'));
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let mut child = program()
        .arg("analyze")
        .arg(samples().join("leak-x64"))
        .args(["--format", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut said = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(0), ""));
}

#[test]
fn the_demo_never_touches_what_exists() {
    let place = tempfile::tempdir().unwrap();
    let demo = |name: &str| {
        let done = program()
            .arg("demo")
            .arg(name)
            .current_dir(place.path())
            .output();
        finished(done.unwrap())
    };
    let first = demo("case");
    assert_eq!(first.status, Some(0), "{}", first.err);
    assert_fits_a_terminal("demo", &first.out);
    assert!(place.path().join("case/poolmon.log").exists());
    assert!(!place.path().join("case.partial").exists());
    assert_eq!(demo("case").status, Some(1), "a second time");
    let mine = place.path().join("other.partial/mine.txt");
    fs::create_dir_all(mine.parent().unwrap()).unwrap();
    fs::write(&mine, "mine").unwrap();
    assert_eq!(demo("other").status, Some(1));
    assert_eq!(fs::read_to_string(&mine).unwrap(), "mine");
}

#[test]
fn refusals_and_tags_give_the_samples_figures() {
    let leak = samples().join("leak-x64");
    let refusals = run(["refusals".as_ref(), leak.join("HTTPERR").as_os_str()]);
    assert_eq!(refusals.status, Some(0));
    let first = refusals.out.lines().next();
    assert_eq!(first, Some("4743 connections refused, 641 rows, 3 logs"));
    assert_eq!(refusals.err, "");
    let tags = run([
        "tags".as_ref(),
        leak.as_os_str(),
        "--top".as_ref(),
        "1".as_ref(),
    ]);
    assert_eq!(tags.status, Some(0));
    assert!(
        tags.out.starts_with("14 snapshots, 1 boot epoch, "),
        "{}",
        tags.out
    );
    let row: Vec<&str> = tags
        .out
        .lines()
        .last()
        .unwrap()
        .split_whitespace()
        .collect();
    assert_eq!(
        row[..4],
        ["`HsCx`", "nonpaged", "steady_leak", "3085910784"]
    );
    let wrong = run(["refusals".as_ref(), leak.join("poolmon.log").as_os_str()]);
    assert_eq!((wrong.status, wrong.out.as_str()), (Some(1), ""));
    let wrong = run(["tags".as_ref(), leak.join("HTTPERR").as_os_str()]);
    assert_eq!((wrong.status, wrong.out.as_str()), (Some(1), ""));
}

#[test]
fn correlation_that_is_withheld_names_the_option_that_gives_it() {
    let place = tempfile::tempdir().unwrap();
    let leak = samples().join("leak-x64");
    fs::create_dir(place.path().join("HTTPERR")).unwrap();
    for entry in fs::read_dir(leak.join("HTTPERR")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap();
        fs::copy(&path, place.path().join("HTTPERR").join(name)).unwrap();
    }
    fs::copy(leak.join("poolmon.log"), place.path().join("poolmon.log")).unwrap();
    let withheld = report(place.path(), &[]);
    assert_eq!(withheld["correlation"]["reading"], serde_json::Value::Null);
    assert_eq!(withheld["correlation"]["withheld"]["option"], "--tz");
    assert_eq!(withheld["refusals"]["total"], 4743);
    assert!(analyze(place.path(), &[]).out.contains("--tz"));
    let given = report(
        place.path(),
        &["--tz", "-06:00", "--os", "2008r2", "--ram", "4GB"],
    );
    assert_eq!(given["correlation"]["withheld"], serde_json::Value::Null);
    assert_eq!(given["verdict"]["outcome"], "leak_explains_refusals");
}

#[test]
fn csv_cells_are_safe_unless_asked_for_raw() {
    let place = tempfile::tempdir().unwrap();
    let snapshot = |bytes: u32| {
        format!(
            " Tag  Type     Allocs            Frees            Diff       Bytes      Per Alloc\n\n \
             =1+2 Nonp {0} 0 {0} {1} 64\n Abcd Nonp 9 0 9 576 64\n",
            bytes / 64,
            bytes
        )
    };
    for (hour, bytes) in [(10, 64_000), (11, 6_400_000), (12, 12_800_000)] {
        let name = format!("poolmon-20260301T{hour}00Z.txt");
        fs::write(place.path().join(name), snapshot(bytes)).unwrap();
    }
    let tags = |options: &[&str]| {
        let out = tempfile::tempdir().unwrap();
        let folder = out.path().to_str().unwrap();
        let done = analyze(place.path(), &[&["-o", folder], options].concat());
        assert_eq!(done.status, Some(0), "{}", done.err);
        fs::read_to_string(out.path().join("tags.csv")).unwrap()
    };
    assert!(tags(&[]).contains("\"'=1+2\""));
    assert!(tags(&["--raw-csv"]).contains("\"=1+2\""));
    assert_eq!(analyze(place.path(), &["--raw-csv"]).status, Some(2));
}
