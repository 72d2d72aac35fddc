//! `diff`: two cases side by side, each a report that was written or a bundle that is analysed.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::args::{Common, DiffArgs, DiffFormat};
use super::exit::{Exit, Failure};
use super::{analyze, output};
use crate::bundle::Limits;
use crate::case::Options;
use crate::compare::{Side, Source, compare, render};
use crate::report::escape::Charset;
use crate::report::json;
use crate::report::read::{Written, begins_like_json};

/// Bytes that tell a report from a file of a case.
const BEGINNING: u64 = 4096;

/// Trailing parts of a path that are shown to tell two of one name apart.
const MOST_PARTS: usize = 4;

pub(super) fn run(args: &DiffArgs, common: &Common) -> Result<Exit, Failure> {
    let written = [is_report(&args.a)?, is_report(&args.b)?];
    let options = analyze::options_with(&args.facts, &args.drivers)?;
    if written == [true, true] && !options.typed.is_empty() {
        return Err(Failure::Value(format!(
            "{} shapes an analysis, and both inputs are reports written already: pass the cases instead",
            options.typed.join(" ")
        )));
    }
    let names = names(&args.a, &args.b);
    let side = |path: &PathBuf, is_written: bool, name: &str| -> Result<Side, Failure> {
        Ok(match is_written {
            true => Side::of(name, Source::Report, &read(path)?),
            false => Side::of(
                name,
                Source::Bundle,
                &analysed(path, args, &options, common)?,
            ),
        })
    };
    let a = side(&args.a, written[0], &names.0)?;
    let b = side(&args.b, written[1], &names.1)?;
    let comparison = compare(a, b);
    let charset = match args.ascii {
        true => Charset::Ascii,
        false => Charset::Unicode,
    };
    output::to_stdout(|writer| match args.format {
        DiffFormat::Text => render::text(&comparison, output::style(common), charset, writer),
        DiffFormat::Json => render::json(&comparison, writer),
        DiffFormat::Markdown => render::markdown(&comparison, writer),
    })?;
    Ok(Exit::Done)
}

/// The end of each path, with as many of its parts as tell the two apart.
fn names(a: &Path, b: &Path) -> (String, String) {
    let parts = |path: &Path| -> Vec<String> {
        path.components()
            .map(|part| part.as_os_str().to_string_lossy().into_owned())
            .collect()
    };
    let (a, b) = (parts(a), parts(b));
    let tail = |parts: &[String], n: usize| parts[parts.len().saturating_sub(n)..].join("/");
    (1..=MOST_PARTS)
        .map(|n| (tail(&a, n), tail(&b, n)))
        .find(|(a, b)| a != b)
        .unwrap_or_else(|| (tail(&a, 1), tail(&b, 1)))
}

/// True for a file that begins like JSON. What does not open is left to the bundle's reader,
/// which says what is wrong.
fn is_report(path: &Path) -> Result<bool, Failure> {
    if !path.is_file() {
        return Ok(false);
    }
    let mut beginning = Vec::new();
    File::open(path)
        .and_then(|file| file.take(BEGINNING).read_to_end(&mut beginning))
        .map_err(|why| given(path, why))?;
    Ok(begins_like_json(&beginning))
}

fn read(path: &Path) -> Result<Written, Failure> {
    let file = File::open(path).map_err(|why| given(path, why))?;
    Written::read(file).map_err(|why| Failure::Report {
        path: path.to_owned(),
        why,
    })
}

fn given(path: &Path, why: io::Error) -> Failure {
    Failure::Given {
        path: path.to_owned(),
        why,
    }
}

/// The report of a case by way of its JSON, so that a case and its report are the same.
fn analysed(
    path: &PathBuf,
    args: &DiffArgs,
    options: &Options,
    common: &Common,
) -> Result<Written, Failure> {
    let case = analyze::Case {
        paths: std::slice::from_ref(path),
        drivers: &args.drivers,
        limits: Limits::default(),
        options,
    };
    let report = analyze::report(&case, None, common)?;
    let mut bytes = Vec::new();
    json::write(&report, &mut bytes).map_err(|why| given(path, why))?;
    Written::parse(&bytes).map_err(|why| Failure::Report {
        path: path.clone(),
        why,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart() {
        let named = |a: &str, b: &str| {
            let (a, b) = names(Path::new(a), Path::new(b));
            format!("{a} {b}")
        };
        assert_eq!(named("x/before.zip", "x/after.zip"), "before.zip after.zip");
        assert_eq!(
            named("one/report.json", "/tmp/two/report.json"),
            "one/report.json two/report.json"
        );
        assert_eq!(named("same", "same"), "same same");
    }
}
