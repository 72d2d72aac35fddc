//! Rules of known issues: which are in use, and whether they do what they say.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::batch_args::RulesCommand;
use super::exit::{Exit, Failure};
use super::output::{safe, to_stdout};
use crate::diagnosis::rules::{self, MAX_PACK, Rule};
use crate::report::wording::counted;

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
    let mut found: Vec<(Rule, PathBuf)> = Vec::new();
    for pack in packs_of(path)? {
        for rule in of_pack(&pack)? {
            if let Some((_, other)) = found.iter().find(|(known, _)| known.id == rule.id) {
                return Err(Failure::Value(used_twice(&rule.id, other, &pack)));
            }
            found.push((rule, pack.clone()));
        }
    }
    if found.is_empty() {
        return Err(Failure::Value(format!(
            "{}: no rules there; a pack is a .toml file with [[issue]] tables",
            path.display()
        )));
    }
    Ok(found.into_iter().map(|(rule, _)| rule).collect())
}

fn used_twice(id: &str, one: &Path, two: &Path) -> String {
    format!(
        "the id `{id}` is used in {} and in {}",
        one.display(),
        two.display()
    )
}

/// The pack itself, or those of a folder.
fn packs_of(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let is_toml = |p: &PathBuf| {
        p.extension()
            .is_some_and(|e| e.eq_ignore_ascii_case("toml"))
    };
    let listed = fs::read_dir(path).map_err(|why| Failure::Given {
        path: path.to_owned(),
        why,
    })?;
    let entries = listed.filter_map(Result::ok).map(|entry| entry.path());
    let mut packs: Vec<PathBuf> = entries.filter(is_toml).take(MAX_PACKS).collect();
    packs.sort();
    Ok(packs)
}

fn of_pack(pack: &Path) -> Result<Vec<Rule>, Failure> {
    let fail = |why| Failure::Given {
        path: pack.to_owned(),
        why,
    };
    let wrong = |what: String| Failure::Value(format!("{}: {what}", pack.display()));
    if fs::metadata(pack).map_err(fail)?.len() > MAX_PACK {
        let text = format!("larger than {MAX_PACK} bytes, which no pack of rules is");
        return Err(wrong(text));
    }
    let bytes = fs::read(pack).map_err(fail)?;
    let text = String::from_utf8(bytes).map_err(|_| wrong("not UTF-8, which TOML is".into()))?;
    let name = pack.file_name().unwrap_or_default().to_string_lossy();
    rules::parse(&text, &name).map_err(|error| wrong(error.to_string()))
}

pub(super) fn run(command: &RulesCommand) -> Result<Exit, Failure> {
    match command {
        RulesCommand::Test { packs } => test(packs),
        RulesCommand::List { rules } => list(&in_use(rules)?),
    }
}

/// What a test of packs found.
#[derive(Default)]
struct Tested {
    rules: Vec<Rule>,
    /// Packs that cannot be read, and ids that are used twice.
    faults: Vec<String>,
}

impl Tested {
    /// All packs, the good and the bad.
    fn of(given: &[PathBuf]) -> Result<Tested, Failure> {
        let mut tested = Tested::default();
        let mut ids: BTreeMap<String, PathBuf> = BTreeMap::new();
        for path in given {
            let packs = packs_of(path)?;
            if packs.is_empty() {
                let text = format!("{}: no .toml file there", path.display());
                tested.faults.push(text);
            }
            for pack in packs {
                match of_pack(&pack) {
                    Ok(rules) => tested.add(rules, &pack, &mut ids),
                    Err(failure) => tested.faults.push(failure.to_string()),
                }
            }
        }
        Ok(tested)
    }

    fn add(&mut self, rules: Vec<Rule>, pack: &Path, ids: &mut BTreeMap<String, PathBuf>) {
        for rule in &rules {
            if let Some(other) = ids.insert(rule.id.clone(), pack.to_owned()) {
                self.faults.push(used_twice(&rule.id, &other, pack));
            }
        }
        self.rules.extend(rules);
    }
}

fn test(packs: &[PathBuf]) -> Result<Exit, Failure> {
    let Tested { rules, faults } = match packs.is_empty() {
        true => Tested {
            rules: rules::built_in(),
            faults: Vec::new(),
        },
        false => Tested::of(packs)?,
    };
    let verdicts = rules::test(&rules);
    let wrong = verdicts.iter().filter(|verdict| !verdict.is_right);
    to_stdout(|out| {
        for fault in &faults {
            writeln!(out, "{}", safe(fault))?;
        }
        for verdict in wrong.clone() {
            let (id, nth) = (safe(&verdict.id), verdict.example);
            match verdict.expected {
                true => writeln!(out, "{id}: example {nth} should match, and does not")?,
                false => writeln!(out, "{id}: example {nth} should not match, and does")?,
            }
        }
        for rule in rules.iter().filter(|rule| rule.examples.is_empty()) {
            writeln!(out, "{}: has no example; nothing is proven", safe(&rule.id))?;
        }
        let wrong = (wrong.clone().count() + faults.len()) as u64;
        writeln!(
            out,
            "{}, {}, {wrong} wrong",
            counted(rules.len() as u64, "rule"),
            counted(verdicts.len() as u64, "example")
        )
    })?;
    let is_good = faults.is_empty() && wrong.count() == 0;
    Ok(if is_good { Exit::Done } else { Exit::Failed })
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
