//! Rules of known issues: which are in use, and whether they do what they say.

use std::fs;
use std::path::{Path, PathBuf};

use super::batch_args::RulesCommand;
use super::exit::{Exit, Failure};
use super::output::{safe, to_stdout};
use crate::diagnosis::rules::{self, MAX_PACK, Rule};

/// Files of one folder of rules.
const MAX_PACKS: usize = 1_000;

/// The rules that the program comes with, and those of the user. Of two with one id the user's,
/// and of those the later, counts.
pub(super) fn in_use(given: &[PathBuf]) -> Result<Vec<Rule>, Failure> {
    let mut all = rules::built_in();
    for path in given {
        for rule in of_path(path)? {
            all.retain(|known| known.id != rule.id);
            all.push(rule);
        }
    }
    Ok(all)
}

fn of_path(path: &Path) -> Result<Vec<Rule>, Failure> {
    let fail = |path: &Path| {
        let path = path.to_owned();
        move |why| Failure::Given { path, why }
    };
    let mut packs = vec![path.to_owned()];
    if path.is_dir() {
        packs = fs::read_dir(path)
            .map_err(fail(path))?
            .filter_map(Result::ok)
            .map(|entry| entry.path())
            .filter(|p| {
                p.extension()
                    .is_some_and(|e| e.eq_ignore_ascii_case("toml"))
            })
            .take(MAX_PACKS)
            .collect();
        packs.sort();
    }
    let mut found = Vec::new();
    for pack in packs {
        let size = fs::metadata(&pack).map_err(fail(&pack))?.len();
        if size > MAX_PACK {
            let text = format!(
                "{}: larger than {MAX_PACK} bytes, which no pack of rules is",
                pack.display()
            );
            return Err(Failure::Value(text));
        }
        let bytes = fs::read(&pack).map_err(fail(&pack))?;
        let text = String::from_utf8(bytes)
            .map_err(|_| Failure::Value(format!("{}: not UTF-8, which TOML is", pack.display())))?;
        let name = pack.file_name().unwrap_or_default().to_string_lossy();
        found.extend(rules::parse(&text, &name).map_err(|e| Failure::Value(e.to_string()))?);
    }
    if found.is_empty() {
        return Err(Failure::Value(format!(
            "{}: no rules there; a pack is a .toml file with [[issue]] tables",
            path.display()
        )));
    }
    Ok(found)
}

pub(super) fn run(command: &RulesCommand) -> Result<Exit, Failure> {
    match command {
        RulesCommand::Test { packs } => test(packs),
        RulesCommand::List { rules } => list(&in_use(rules)?),
    }
}

fn test(packs: &[PathBuf]) -> Result<Exit, Failure> {
    let mut all = Vec::new();
    for pack in packs {
        all.extend(of_path(pack)?);
    }
    if packs.is_empty() {
        all = rules::built_in();
    }
    let verdicts = rules::test(&all);
    let unproven = all.iter().filter(|rule| rule.examples.is_empty());
    let wrong = verdicts.iter().filter(|verdict| !verdict.is_right).count();
    to_stdout(|out| {
        for verdict in verdicts.iter().filter(|verdict| !verdict.is_right) {
            let (id, nth) = (safe(&verdict.id), verdict.example);
            match verdict.expected {
                true => writeln!(out, "{id}: example {nth} should match, and does not")?,
                false => writeln!(out, "{id}: example {nth} should not match, and does")?,
            }
        }
        for rule in unproven {
            writeln!(out, "{}: has no example; nothing is proven", safe(&rule.id))?;
        }
        let (rules, examples) = (all.len(), verdicts.len());
        writeln!(out, "{rules} rules, {examples} examples, {wrong} wrong")
    })?;
    Ok(if wrong > 0 { Exit::Failed } else { Exit::Done })
}

fn list(rules: &[Rule]) -> Result<Exit, Failure> {
    to_stdout(|out| {
        for rule in rules {
            let tags: Vec<String> = rule.tags.iter().map(|tag| format!("`{tag}`")).collect();
            let driver = rule.driver.as_deref().unwrap_or("any driver");
            writeln!(
                out,
                "{} ({}): {} of {}: {}",
                safe(&rule.id),
                safe(&rule.pack),
                safe(&tags.join(", ")),
                safe(driver),
                safe(&rule.title)
            )?;
            if let Some(link) = &rule.link {
                writeln!(out, "  {}", safe(link))?;
            }
        }
        Ok(())
    })
    .map(|()| Exit::Done)
}
