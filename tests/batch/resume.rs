//! Whatever happens to a batch, in the end its folder holds the same bytes.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::{assert_same_tree, batch, finished, number, run_over, shelf};

/// A number below `end`, another for each `nth`.
fn scattered(nth: u64, end: u64) -> u64 {
    let mixed = (nth + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 33) % end.max(1)
}

#[test]
fn killed_at_any_instant_it_goes_on_to_the_same_bytes() {
    let place = tempfile::tempdir().unwrap();
    let uploads = place.path().join("shelf");
    shelf::fill(&uploads);
    let straight = place.path().join("straight");
    let began = Instant::now();
    run_over::<&str>(place.path(), &uploads, &straight, &[]);
    let took = began.elapsed().as_millis() as u64;
    let out = place.path().join("killed");
    let kills = number("POOLSLEUTH_BATCH_KILLS", 3);
    for nth in 0..kills {
        let mut child = batch(place.path())
            .arg(&uploads)
            .arg("-o")
            .arg(&out)
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // What is done before shortens what is left: early instants hit every stage.
        std::thread::sleep(Duration::from_millis(scattered(nth, took * 2 / 3)));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    run_over::<&str>(place.path(), &uploads, &out, &[]);
    assert_same_tree(&straight, &out, "killed and resumed");
    run_over::<&str>(place.path(), &uploads, &out, &[]);
    assert_same_tree(&straight, &out, "run once more");
}

#[cfg(unix)]
#[test]
fn asked_to_end_it_says_how_to_go_on() {
    let place = tempfile::tempdir().unwrap();
    let uploads = place.path().join("shelf");
    shelf::fill(&uploads);
    for signal in ["INT", "TERM"] {
        let out = place.path().join(signal);
        let child = batch(place.path())
            .arg(&uploads)
            .arg("-o")
            .arg(&out)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // The folder of states is there once the batch can be asked.
        while !out.join("state").exists() {
            std::thread::sleep(Duration::from_millis(5));
        }
        let id = child.id().to_string();
        let sent = std::process::Command::new("kill")
            .args(["-s", signal, &id])
            .status()
            .unwrap();
        assert!(sent.success());
        let done = child.wait_with_output().unwrap();
        let err = String::from_utf8(done.stderr).unwrap();
        // A batch that was all but done may end as one that was not asked.
        if matches!(done.status.code(), Some(0 | 4)) {
            continue;
        }
        assert_eq!(done.status.code(), Some(130), "{err}");
        let told = err.lines().last().unwrap_or_default();
        assert!(
            told.contains("this goes on: ") && told.contains(signal),
            "{err}"
        );
        assert!(!out.join(".work").exists() && !out.join("cases.jsonl").exists());
        run_over::<&str>(place.path(), &uploads, &out, &[]);
    }
}

#[test]
fn two_batches_share_a_cache_and_a_third_does_without() {
    let place = tempfile::tempdir().unwrap();
    let uploads = place.path().join("shelf");
    shelf::fill(&uploads);
    let spawn = |name: &str| {
        let mut command = batch(place.path());
        command.arg(&uploads).arg("-o").arg(place.path().join(name));
        command.stderr(Stdio::null()).spawn().unwrap()
    };
    let both = [spawn("one"), spawn("two")];
    for mut child in both {
        assert_eq!(child.wait().unwrap().code(), Some(4));
    }
    run_over(
        place.path(),
        &uploads,
        &place.path().join("none"),
        &["--no-cache"],
    );
    let mut warm = batch(place.path());
    let warm = finished(warm.arg(&uploads).arg("-o").arg(place.path().join("warm")));
    assert_eq!(warm.0, Some(4), "{}", warm.2);
    let told = "known from the cache, 0 found out";
    assert!(
        warm.2.contains(told) && !warm.2.contains(": 0 known"),
        "{}",
        warm.2
    );
    for name in ["two", "none", "warm"] {
        assert_same_tree(&place.path().join("one"), &place.path().join(name), name);
    }
    let pruned = finished(batch(place.path()).arg("--prune-cache"));
    assert_eq!(pruned.0, Some(0), "{}", pruned.2);
    assert!(pruned.2.contains(" 0 entries removed"), "{}", pruned.2);
}

#[test]
fn shards_merge_to_the_bytes_of_one_run() {
    let place = tempfile::tempdir().unwrap();
    let uploads = place.path().join("shelf");
    shelf::fill(&uploads);
    let whole = place.path().join("whole");
    run_over::<&str>(place.path(), &uploads, &whole, &[]);
    let mut merge = std::process::Command::new(env!("CARGO_BIN_EXE_poolsleuth"));
    let merged = place.path().join("merged");
    merge.arg("merge").arg("-o").arg(&merged);
    for nth in ["3/3", "1/3", "2/3"] {
        let part = place.path().join(nth.replace('/', "of"));
        run_over(place.path(), &uploads, &part, &["--shard", nth]);
        merge.arg(part);
    }
    let (status, _, err) = finished(&mut merge);
    assert_eq!(status, Some(4), "{err}");
    assert_same_tree(&whole, &merged, "merged");
}

/// More cases in the same folder later: the folder is that of a batch over all from the start.
#[test]
fn a_shelf_that_grew_is_finished_as_if_it_had_always_been_so() {
    let place = tempfile::tempdir().unwrap();
    let uploads = place.path().join("shelf");
    fs::create_dir(&uploads).unwrap();
    for seed in 3..6 {
        crate::sim::write(seed, &uploads);
    }
    let grown = place.path().join("grown");
    run_over::<&str>(place.path(), &uploads, &grown, &[]);
    for seed in [1, 2, 6] {
        crate::sim::write(seed, &uploads);
    }
    // A copy whose path comes first speaks for the content now.
    let first = uploads.join("a-copy");
    let (case, _) = crate::sim::write(3, &first);
    assert!(case.starts_with(&first));
    run_over::<&str>(place.path(), &uploads, &grown, &[]);
    let fresh = place.path().join("fresh");
    run_over::<&str>(place.path(), &uploads, &fresh, &[]);
    assert_same_tree(&fresh, &grown, "grown");
}

#[test]
fn one_folder_belongs_to_one_batch_at_a_time_and_to_no_other_work() {
    let place = tempfile::tempdir().unwrap();
    let (case, _) = crate::sim::write(1, place.path());
    let thesis = place.path().join("thesis");
    fs::create_dir(&thesis).unwrap();
    fs::write(thesis.join("chapter.txt"), "mine").unwrap();
    let refused = |out: &Path| finished(batch(place.path()).arg(&case).arg("-o").arg(out));
    let (status, _, err) = refused(&thesis);
    assert_eq!(status, Some(1), "{err}");
    assert!(err.contains("none of a batch"), "{err}");
    assert_eq!(fs::read_dir(&thesis).unwrap().count(), 1);
    let out = place.path().join("out");
    fs::create_dir(&out).unwrap();
    let lock = fs::File::create(out.join(".lock")).unwrap();
    lock.lock().unwrap();
    let (status, _, err) = refused(&out);
    assert_eq!(status, Some(1), "{err}");
    assert!(err.contains("another batch"), "{err}");
}
