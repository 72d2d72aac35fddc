//! The options of a batch as words again: for its workers, for the command that analyses a case
//! alone, and for the digest that tells results of other options apart.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::analyze;
use super::args::{Common, FactArgs};
use super::batch_args::BatchArgs;
use super::exit::Failure;
use crate::batch::names::{as_operand, quoted};
use crate::bundle::{Bundle, Limits, Sha256};

/// Everything that shapes results, as text: the options as typed and the contents of the files
/// that they name.
pub(super) fn fingerprint(args: &BatchArgs) -> Result<String, Failure> {
    let mut lines = analyze::typed(&args.facts);
    lines.extend(args.caps.words());
    for path in args
        .facts
        .pooltag
        .iter()
        .chain(&args.facts.rules)
        .chain(&args.drivers)
    {
        let bundle = Bundle::open(std::slice::from_ref(path), &Limits::default())?;
        let contents = bundle.digest_contents();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        lines.push(format!("{name} {}", bundle.case_digest(&contents)));
    }
    Ok(Sha256::of(lines.join("\n").as_bytes()).to_string())
}

/// The options of an analysis as words of a command line, files with their whole paths.
fn fact_words(facts: &FactArgs, drivers: &[PathBuf]) -> Vec<OsString> {
    let mut words: Vec<OsString> = Vec::new();
    let mut add = |name: &str, value: Option<OsString>| {
        if let Some(value) = value {
            let mut word = OsString::from(format!("--{name}="));
            word.push(value);
            words.push(word);
        }
    };
    add("tz", facts.tz.as_ref().map(|(_, typed)| typed.into()));
    let order = facts.date_order.and_then(|order| order.to_possible_value());
    add("date-order", order.map(|value| value.get_name().into()));
    add("os", facts.os.as_ref().map(|(_, typed)| typed.into()));
    add("arch", facts.arch.map(|arch| arch.name().into()));
    add("ram", facts.ram.map(|bytes| bytes.to_string().into()));
    add(
        "npp-limit",
        facts.npp_limit.map(|bytes| bytes.to_string().into()),
    );
    for path in &facts.pooltag {
        add("pooltag", Some(path.into()));
    }
    for path in &facts.rules {
        add("rules", Some(path.into()));
    }
    for path in drivers {
        add("drivers", Some(path.into()));
    }
    words
}

pub(super) fn worker_words(args: &BatchArgs, cache: Option<&Path>) -> Vec<OsString> {
    let mut words: Vec<OsString> = vec!["batch-worker".into()];
    words.extend(fact_words(&args.facts, &args.drivers));
    words.extend(args.caps.words().map(OsString::from));
    if let Some(cache) = cache {
        let mut word = OsString::from("--cache=");
        word.push(cache);
        words.push(word);
    }
    words
}

/// The command that analyses a case alone and comes to the same, as a shell takes it.
pub(super) fn reproduce(paths: &[PathBuf], args: &BatchArgs, common: &Common) -> String {
    let mut words: Vec<OsString> = vec!["poolsleuth".into(), "analyze".into()];
    words.extend(paths.iter().map(|path| as_operand(path).into_os_string()));
    words.extend(fact_words(&args.facts, &args.drivers));
    words.extend(args.caps.unusual().into_iter().map(OsString::from));
    // Where the password is, and never what it is.
    if let Some(file) = &common.password_file {
        let mut word = OsString::from("--password-file=");
        word.push(file);
        words.push(word);
    }
    if let Some(name) = &common.password_env {
        words.push(format!("--password-env={name}").into());
    }
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    words.join(" ")
}
