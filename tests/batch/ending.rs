//! Asked to end, a batch ends within seconds and says how it goes on; begun in vain, it leaves
//! nothing behind.

use std::fs;
use std::path::Path;

use super::{batch, finished};

#[cfg(unix)]
mod asked {
    use std::fs;
    use std::io::Write;
    use std::path::Path;
    use std::process::{Child, Command, Stdio};
    use std::time::{Duration, Instant};

    use super::super::{assert_same_tree, batch, finished, run_over};

    /// Longer than a batch takes to end, even on a machine that does much else.
    const SECONDS: Duration = Duration::from_secs(30);

    fn send(signal: &str, child: &Child) {
        let id = child.id().to_string();
        let sent = Command::new("kill").args(["-s", signal, &id]).status();
        assert!(sent.unwrap().success());
    }

    /// Status and stderr of a child that is to end soon, though its stdin stays open.
    fn ended(mut child: Child) -> (Option<i32>, String) {
        let open = child.stdin.take();
        let began = Instant::now();
        while child.try_wait().unwrap().is_none() {
            if began.elapsed() > SECONDS {
                child.kill().unwrap();
                panic!("still there after {SECONDS:?}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let done = child.wait_with_output().unwrap();
        drop(open);
        (done.status.code(), String::from_utf8(done.stderr).unwrap())
    }

    fn spawned(command: &mut Command) -> Child {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    #[test]
    fn while_paths_come_on_stdin() {
        let place = tempfile::tempdir().unwrap();
        let (case, _) = crate::sim::write(1, place.path());
        let out = place.path().join("out");
        for words in [vec!["--format", "jsonl"], vec!["-o", out.to_str().unwrap()]] {
            for signal in ["TERM", "INT"] {
                let mut child = spawned(batch(place.path()).arg("-").args(&words));
                let input = child.stdin.as_mut().unwrap();
                writeln!(input, "{}", case.display()).unwrap();
                input.flush().unwrap();
                // Time to come up: before, a signal would end it in the usual way.
                std::thread::sleep(Duration::from_millis(1_500));
                send(signal, &child);
                let (status, err) = ended(child);
                assert_eq!(status, Some(130), "{words:?}: {err}");
                let told = err.contains("the same command with the same list goes on");
                assert_eq!(told, words[0] == "-o", "{err}");
            }
        }
    }

    /// One case hangs: two signals give it up, and the command that is printed does the rest.
    #[cfg_attr(not(debug_assertions), ignore = "release builds cannot be provoked")]
    #[test]
    fn what_came_on_stdin_is_kept_for_the_command_that_goes_on() {
        let place = tempfile::tempdir().unwrap();
        let uploads = place.path().join("a shelf");
        fs::create_dir(&uploads).unwrap();
        let mut list = Vec::new();
        for seed in [3, 4, 7] {
            let (case, _) = crate::sim::write(seed, &uploads);
            list.extend(case.to_str().unwrap().as_bytes());
            list.push(0);
        }
        let hangs = fs::read_dir(&uploads).unwrap().next().unwrap().unwrap();
        let wish = format!("hang:{}", hangs.file_name().to_str().unwrap());
        let out = place.path().join("out");
        let mut child = spawned(
            batch(place.path())
                .args(["-", "-0", "-o"])
                .arg(&out)
                .env("POOLSLEUTH_PROVOKE", wish),
        );
        child.stdin.take().unwrap().write_all(&list).unwrap();
        while fs::read_dir(out.join("state")).map_or(0, Iterator::count) < 2 {
            std::thread::sleep(Duration::from_millis(20));
        }
        send("INT", &child);
        std::thread::sleep(Duration::from_millis(200));
        send("INT", &child);
        let (status, err) = ended(child);
        assert_eq!(status, Some(130), "{err}");
        assert!(err.contains("2 of 3 cases done, 0 failed"), "{err}");
        assert!(!err.contains("index.html"), "{err}");
        let told = err.lines().last().unwrap();
        let command = told.split_once("this goes on: ").unwrap().1;
        assert!(command.contains("/out/.paths -0 -o "), "{command}");
        let mut again = Command::new("sh");
        again
            .args(["-c", command])
            .env("POOLSLEUTH_CACHE", place.path().join("cache"));
        let (status, _, err) = finished(&mut again);
        assert_eq!(status, Some(0), "{err}");
        let straight = place.path().join("straight");
        run_over::<&str>(place.path(), &uploads, &straight, &[]);
        same_cases(&straight, &out);
        assert!(!out.join(".paths").exists());
    }

    /// Named one by one, cases are the same but for the reason why they are.
    fn same_cases(one: &Path, two: &Path) {
        let keys = |folder: &Path| -> Vec<String> {
            super::super::records(folder)
                .iter()
                .map(|record| format!("{} {}", record["path"], record["key"]))
                .collect()
        };
        assert_eq!(keys(one), keys(two));
        assert_same_tree(&one.join("cases"), &two.join("cases"), "reports");
    }
}

#[test]
fn what_was_begun_in_vain_leaves_nothing_behind() {
    let place = tempfile::tempdir().unwrap();
    let out = place.path().join("out");
    let nowhere = place.path().join("nowhere");
    let program = || {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_poolsleuth"));
        command.stdin(std::process::Stdio::null());
        command
    };
    let vain: [&[&str]; 4] = [
        &["batch", "-"],
        &["batch", "@nolist"],
        &["batch", ".", "--since", "nowhere"],
        &["merge", "nowhere"],
    ];
    for words in vain {
        let mut command = program();
        command
            .current_dir(place.path())
            .args(words)
            .arg("-o")
            .arg(&out);
        let (status, _, err) = finished(&mut command);
        assert_eq!(status, Some(1), "{words:?}: {err}");
        assert!(!out.exists(), "{words:?}");
    }
    assert!(!nowhere.exists());
    // A folder of one's own stays, and stays empty.
    fs::create_dir(&out).unwrap();
    let mut command = batch(place.path());
    let (status, _, _) = finished(command.arg("@nolist").arg("-o").arg(&out));
    assert_eq!(status, Some(1));
    assert!(!out.exists() || fs::read_dir(&out).unwrap().next().is_none());
}

#[test]
fn memory_that_no_worker_can_begin_with_is_refused() {
    let place = tempfile::tempdir().unwrap();
    for size in ["0", "1MB", "159MB"] {
        let mut command = batch(place.path());
        command.arg(place.path()).args(["--max-memory", size, "-o"]);
        let (status, _, err) = finished(command.arg(place.path().join("out")));
        assert_eq!(status, Some(2), "{err}");
        assert!(err.contains("--max-memory") && err.contains("160"), "{err}");
    }
    assert!(!Path::new("out").exists());
}

#[test]
fn a_cache_that_cannot_be_used_is_said_once() {
    let place = tempfile::tempdir().unwrap();
    let uploads = place.path().join("shelf");
    for seed in 1..4 {
        fs::create_dir_all(&uploads).unwrap();
        crate::sim::write(seed, &uploads);
    }
    fs::write(place.path().join("cache"), "a file").unwrap();
    let out = place.path().join("out");
    let (status, _, err) = finished(batch(place.path()).arg(&uploads).arg("-o").arg(&out));
    assert_eq!(status, Some(0), "{err}");
    assert_eq!(err.matches("is not used").count(), 1, "{err}");
}
