//! Contents that cannot be read, wholly or in part: never taken for something else, never for
//! those of another case.

use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;

use serde_json::Value;
use zip::unstable::write::FileOptionsExt;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::{assert_same_tree, batch, finished, records, run_over, text};

const LOG: &[u8] = b"#Software: Microsoft HTTP API 2.0\r\n#Fields: date time c-ip c-port s-ip s-port cs-version cs-method cs-uri sc-status s-siteid s-reason s-queuename\r\n2014-01-01 00:00:05 - - - - - - - - - 7_Connections_Refused -\r\n";
const POOL: &[u8] = b" Tag  Type     Allocs            Frees            Diff   Bytes       Per Alloc\r\n\r\n Leak Nonp        100          0      100     100000   1000\r\n";

/// A stored zip; files whose third part is true are encrypted with the old cipher.
fn zip(files: &[(&str, &[u8], bool)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes, encrypted) in files {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        let options = match encrypted {
            true => options.with_deprecated_encryption(b"secret").unwrap(),
            false => options,
        };
        writer.start_file(*name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// The same listing with other figures.
fn other_pool() -> Vec<u8> {
    String::from_utf8(POOL.to_vec())
        .unwrap()
        .replace("100000", "900000")
        .into_bytes()
}

fn by_name<'a>(records: &'a [Value], name: &str) -> &'a Value {
    let has = |record: &&Value| text(record, "path").ends_with(name);
    records
        .iter()
        .find(has)
        .unwrap_or_else(|| panic!("no record of {name}: {records:#?}"))
}

#[test]
fn what_is_encrypted_is_not_called_the_same_for_its_names_and_sizes() {
    let place = tempfile::tempdir().unwrap();
    let uploads = place.path().join("shelf");
    fs::create_dir(&uploads).unwrap();
    let (one, other) = (POOL.to_vec(), other_pool());
    let all = |pool: &[u8]| zip(&[("httperr1.log", LOG, true), ("poolmon.txt", pool, true)]);
    let half = |pool: &[u8]| zip(&[("httperr1.log", LOG, false), ("poolmon.txt", pool, true)]);
    fs::write(uploads.join("a.zip"), all(&one)).unwrap();
    fs::write(uploads.join("b.zip"), all(&other)).unwrap();
    fs::write(uploads.join("half-a.zip"), half(&one)).unwrap();
    fs::write(uploads.join("half-b.zip"), half(&other)).unwrap();
    fs::copy(uploads.join("half-a.zip"), uploads.join("half-c.zip")).unwrap();
    let out = place.path().join("out");
    assert_eq!(run_over::<&str>(place.path(), &uploads, &out, &[]), 4);
    let records = records(&out);
    assert_eq!(records.len(), 4, "{records:#?}");
    for name in ["a.zip", "b.zip"].map(|name| format!("shelf/{name}")) {
        let record = by_name(&records, &name);
        assert_eq!(text(record, "error_kind"), "open", "{record}");
        assert!(text(record, "error").contains("encrypted"), "{record}");
    }
    for (name, paths) in [("half-a.zip", 2), ("half-b.zip", 1)] {
        let record = by_name(&records, name);
        assert_eq!(text(record, "status"), "ok", "{record}");
        assert_eq!(record["refusals_total"], 7);
        assert_eq!(record["artifacts_lost"], 1);
        assert!(text(record, "losses").contains("encrypted"), "{record}");
        assert_eq!(record["paths"].as_array().unwrap().len(), paths, "{record}");
    }
    // A run that goes on finds the same, and an engine's stream has the same keys.
    let straight = place.path().join("straight");
    run_over::<&str>(place.path(), &uploads, &straight, &[]);
    run_over::<&str>(place.path(), &uploads, &out, &[]);
    assert_same_tree(&straight, &out, "gone on with");
    let mut command = batch(place.path());
    command
        .args(["--format", "jsonl"])
        .arg(uploads.join("half-b.zip"));
    let (_, lines, _) = finished(&mut command);
    let streamed: Value = serde_json::from_str(lines.trim()).unwrap();
    assert_eq!(
        text(&streamed, "key"),
        text(by_name(&records, "half-b.zip"), "key")
    );
}

#[test]
fn archives_that_are_none_have_failed_and_damaged_ones_say_what_is_lost() {
    let place = tempfile::tempdir().unwrap();
    let uploads = place.path().join("shelf");
    fs::create_dir(&uploads).unwrap();
    let put = |name: &str, bytes: &[u8]| fs::write(uploads.join(name), bytes).unwrap();
    put("empty.zip", b"");
    put("empty.tar.gz", b"");
    put("words.tar.xz", b"not an archive");
    put(
        "head.tgz",
        &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xff, 0xff, 0xff],
    );
    let whole = zip(&[("httperr1.log", LOG, false), ("poolmon.txt", POOL, false)]);
    put("cut.zip", &whole[..whole.len() - 60]);
    put("whole.zip", &whole);
    let out = place.path().join("out");
    let mut command = batch(place.path());
    let (status, _, err) = finished(command.arg(&uploads).arg("-o").arg(&out));
    assert_eq!(status, Some(4), "{err}");
    assert!(
        err.contains("4 failed") && err.contains("1 read in part"),
        "{err}"
    );
    let records = records(&out);
    assert_eq!(records.len(), 6);
    for name in ["empty.zip", "empty.tar.gz", "words.tar.xz", "head.tgz"] {
        let record = by_name(&records, name);
        assert_eq!(text(record, "error_kind"), "open", "{record}");
    }
    let cut = by_name(&records, "cut.zip");
    assert!(text(cut, "losses").contains("no directory"), "{cut}");
    assert!(by_name(&records, "whole.zip")["losses"].is_null());
    let base = rusqlite::Connection::open(out.join("rollup.sqlite")).unwrap();
    let lost: String = base
        .query_row("SELECT path FROM in_part", [], |row| row.get(0))
        .unwrap();
    assert!(lost.ends_with("cut.zip"), "{lost}");
    let page = fs::read_to_string(out.join("index.html")).unwrap();
    assert!(page.contains("read in part</small>"));
    assert!(page.contains("Cases that were read in part: 1"));
}

/// An xz file with a dictionary of 64 MiB that is used up: a log, and behind it `filler` bytes that
/// shrink by less than an archive bomb's.
fn large_window(filler: usize) -> Vec<u8> {
    const CHUNK: usize = 64 << 10;
    let mut options = lzma_rust2::XzOptions::with_preset(0);
    options.lzma_options.dict_size = 64 << 20;
    let mut tar = tar::Builder::new(lzma_rust2::XzWriter::new(Vec::new(), options).unwrap());
    let mut state = 1_u32;
    let mut noise = vec![0; filler];
    for chunk in noise.chunks_mut(CHUNK) {
        for byte in chunk.iter_mut().take(1_024) {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *byte = state.to_le_bytes()[3];
        }
    }
    for (name, bytes) in [("filler.bin", noise.as_slice()), ("httperr1.log", LOG)] {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, bytes).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

/// A decoder that is refused its dictionary says so, and that is no word about the archive.
#[test]
#[cfg(target_os = "linux")]
fn an_archive_that_wants_more_memory_is_not_called_damaged() {
    let place = tempfile::tempdir().unwrap();
    let case = place.path().join("case.tar.xz");
    fs::write(&case, large_window(100 << 20)).unwrap();
    let (small, large) = (place.path().join("small"), place.path().join("large"));
    let few = ["--max-memory", "160MB"];
    assert_eq!(run_over(place.path(), &case, &small, &few), 4);
    let record = &records(&small)[0];
    assert_eq!(text(record, "error_kind"), "memory", "{record}");
    assert!(text(record, "error").contains("--max-memory"), "{record}");
    assert_eq!(run_over::<&str>(place.path(), &case, &large, &[]), 0);
    let record = &records(&large)[0];
    assert_eq!(
        (&record["refusals_total"], &record["losses"]),
        (&7.into(), &Value::Null)
    );
}

/// Cases whose contents nobody came to know are two cases, and stay failed.
#[test]
fn cases_that_take_too_long_are_told_apart_and_not_read_again() {
    let place = tempfile::tempdir().unwrap();
    let uploads = place.path().join("shelf");
    for (name, pool) in [("a", POOL.to_vec()), ("b", other_pool())] {
        let folder = uploads.join(name);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("poolmon.txt"), pool).unwrap();
        fs::write(folder.join("httperr1.log"), LOG).unwrap();
        let log = fs::File::options()
            .write(true)
            .open(folder.join("httperr1.log"));
        // A hole: it costs no disk, and reading it takes long.
        log.unwrap().set_len(60 << 30).unwrap();
    }
    let (straight, twice) = (place.path().join("straight"), place.path().join("twice"));
    let limit = ["--time-limit", "1"];
    for out in [&straight, &twice, &twice] {
        assert_eq!(run_over(place.path(), &uploads, out, &limit), 4);
    }
    let records = records(&twice);
    let kinds: Vec<&str> = records.iter().map(|r| text(r, "error_kind")).collect();
    assert_eq!(kinds, ["time", "time"]);
    assert_same_tree(&straight, &twice, "gone on with");
    let mut command = batch(place.path());
    command.arg(&uploads).arg("-o").arg(&twice).args(limit);
    let (_, _, err) = finished(&mut command);
    assert!(err.contains("2 taken over"), "{err}");
}

#[test]
#[cfg(unix)]
fn links_pipes_and_hidden_folders_are_left_out_with_the_reason() {
    let place = tempfile::tempdir().unwrap();
    let uploads = place.path().join("shelf");
    for name in ["a", "b", ".trash"] {
        fs::create_dir_all(uploads.join(name)).unwrap();
        fs::write(
            uploads.join(name).join("httperr1.log"),
            LOG.repeat(name.len()),
        )
        .unwrap();
    }
    std::os::unix::fs::symlink(place.path(), uploads.join("link")).unwrap();
    let pipe = uploads.join("pipe.zip");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let out = place.path().join("out");
    assert_eq!(run_over::<&str>(place.path(), &uploads, &out, &[]), 0);
    let left = fs::read_to_string(out.join("left-out.jsonl")).unwrap();
    let why = |name: &str| {
        let rows = left
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        let mut found = rows.filter(|row| Path::new(text(row, "path")).ends_with(name));
        found.next().map(|row| text(&row, "why").to_owned())
    };
    assert_eq!(why("link").as_deref(), Some("a link, not followed"));
    assert_eq!(why("pipe.zip").as_deref(), Some("a pipe, socket or device"));
    assert!(why(".trash").unwrap().contains("hidden"), "{left}");
}
