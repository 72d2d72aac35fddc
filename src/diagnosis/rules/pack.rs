//! Packs of rules as they are written: TOML, checked strictly, with examples that prove them.
//!
//! ```toml
//! [[issue]]
//! id = "hstorflt-context-leak"
//! title = "the filter's contexts are not freed when a volume is dismounted"
//! tags = ["HsCx"]                 # as poolmon shows them; \xNN for odd bytes
//! pool = "nonpaged"
//! driver = "hstorflt.sys"         # must be shown to allocate with the tag
//! from = "3.0"                    # first file version that has it
//! before = "3.2.1.0"              # first that has it no more
//! fixed-in = "3.2.1"
//! link = "https://example.com/advisory-7"
//! date = 2026-03-01
//!
//! [[issue.example]]
//! tag = "HsCx"
//! driver = "hstorflt.sys"
//! version = "3.2.0.118"
//! matches = true
//! ```

use std::collections::BTreeSet;

use serde::Deserialize;
use toml::Spanned;

use super::{Holder, Rule, Suspect, matches};
use crate::tag::{Pool, Tag};

/// Bytes of a pack: some thousand rules.
pub const MAX_PACK: u64 = 4 << 20;

/// The pack that the program comes with.
const BUILT_IN: &str = include_str!("known.toml");

/// What is wrong with a pack.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct PackError {
    /// The line, counted from 1.
    pub line: usize,
    /// What, and where.
    pub what: String,
}

/// A case in miniature, for [`test()`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The tag that leaks.
    pub tag: Tag,
    /// Its pool.
    pub pool: Pool,
    /// The driver that is shown to allocate with it.
    pub driver: Option<String>,
    /// Its version.
    pub version: Option<[u16; 4]>,
    /// Whether the rule must match.
    pub matches: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pack {
    #[serde(default)]
    issue: Vec<Spanned<Issue>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Issue {
    id: String,
    title: String,
    tags: Vec<String>,
    pool: Option<String>,
    driver: Option<String>,
    from: Option<String>,
    before: Option<String>,
    fixed_in: Option<String>,
    link: Option<String>,
    date: Option<toml::value::Datetime>,
    #[serde(default)]
    example: Vec<IssueExample>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct IssueExample {
    tag: String,
    pool: Option<String>,
    driver: Option<String>,
    version: Option<String>,
    matches: bool,
}

/// The rules that the program comes with. Their sources stand beside them.
pub fn built_in() -> Vec<Rule> {
    // A test holds that the pack is good.
    parse(BUILT_IN, "built in").unwrap_or_default()
}

/// Reads a pack; `name` is for messages and reports.
///
/// # Errors
/// When it is no TOML, or a field is missing, unknown or makes no sense.
pub fn parse(text: &str, name: &str) -> Result<Vec<Rule>, PackError> {
    let fail = |at: usize, what: String| PackError {
        line: line_of(text, at),
        what,
    };
    let pack: Pack = toml::from_str(text).map_err(|why| {
        // The whole message draws the place over several lines.
        let what = why.message().lines().collect::<Vec<_>>().join(" ");
        fail(why.span().map_or(0, |span| span.start), what)
    })?;
    let mut ids = BTreeSet::new();
    pack.issue
        .into_iter()
        .map(|issue| {
            let at = issue.span().start;
            let issue = issue.into_inner();
            let id = issue.id.clone();
            if id.is_empty() || !ids.insert(id.clone()) {
                return Err(fail(at, format!("the id `{id}` is empty or used twice")));
            }
            rule(issue, name).map_err(|what| fail(at, format!("issue `{id}`: {what}")))
        })
        .collect()
}

/// The line of a place in a text, counted from 1.
fn line_of(text: &str, at: usize) -> usize {
    let before = text.as_bytes().iter().take(at);
    before.filter(|byte| **byte == b'\n').count() + 1
}

fn rule(issue: Issue, pack: &str) -> Result<Rule, String> {
    let tags: Vec<Tag> = issue
        .tags
        .iter()
        .map(|t| tag(t))
        .collect::<Result<_, _>>()?;
    let (from, before) = (version(issue.from)?, version(issue.before)?);
    if tags.is_empty() {
        return Err("`tags` is empty".into());
    }
    if issue.driver.is_none() && (from.is_some() || before.is_some()) {
        return Err("a range of versions needs a `driver`".into());
    }
    if from
        .zip(before)
        .is_some_and(|(from, before)| from >= before)
    {
        return Err("no version is both at least `from` and less than `before`".into());
    }
    if issue.title.trim().is_empty() {
        return Err("`title` is empty".into());
    }
    let https = |link: &String| link.starts_with("https://") || link.starts_with("http://");
    if issue.link.as_ref().is_some_and(|link| !https(link)) {
        return Err("`link` is no web address".into());
    }
    let example = |e: IssueExample| -> Result<Example, String> {
        Ok(Example {
            tag: tag(&e.tag)?,
            pool: pool(e.pool)?.unwrap_or(Pool::NonPaged),
            driver: e.driver,
            version: version(e.version)?,
            matches: e.matches,
        })
    };
    Ok(Rule {
        id: issue.id,
        title: issue.title,
        tags,
        pool: pool(issue.pool)?,
        driver: issue.driver.map(|name| name.to_lowercase()),
        from,
        before,
        fixed_in: issue.fixed_in,
        link: issue.link,
        date: issue.date.map(|date| date.to_string()),
        pack: pack.to_owned(),
        examples: issue
            .example
            .into_iter()
            .map(example)
            .collect::<Result<_, _>>()?,
    })
}

fn tag(text: &str) -> Result<Tag, String> {
    text.parse().map_err(|why| format!("tag `{text}`: {why}"))
}

fn pool(text: Option<String>) -> Result<Option<Pool>, String> {
    match text.as_deref() {
        None => Ok(None),
        Some("nonpaged") => Ok(Some(Pool::NonPaged)),
        Some("paged") => Ok(Some(Pool::Paged)),
        Some(other) => Err(format!("pool `{other}`: `nonpaged` or `paged`")),
    }
}

/// One to four numbers parted by points; what is left away is zero.
fn version(text: Option<String>) -> Result<Option<[u16; 4]>, String> {
    let Some(text) = text else { return Ok(None) };
    let wrong = || format!("version `{text}`: one to four numbers up to 65535, parted by points");
    let mut parts = [0; 4];
    let numbers: Vec<&str> = text.split('.').collect();
    if numbers.len() > 4 {
        return Err(wrong());
    }
    for (part, number) in parts.iter_mut().zip(numbers) {
        *part = number.parse().map_err(|_| wrong())?;
    }
    Ok(Some(parts))
}

/// How an example came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The rule's id.
    pub id: String,
    /// The example, counted from 1.
    pub example: usize,
    /// Whether it came out as it says.
    pub is_right: bool,
    /// What it says.
    pub expected: bool,
}

/// Runs the examples of all rules.
pub fn test(rules: &[Rule]) -> Vec<Verdict> {
    let of_rule = |rule: &Rule| {
        let rule = rule.clone();
        let outcomes = rule
            .examples
            .clone()
            .into_iter()
            .enumerate()
            .map(move |(nth, example)| {
                let holder = example.driver.map(|name| Holder {
                    names: vec![name.to_lowercase()],
                    version: example.version,
                });
                let suspect = Suspect {
                    tag: example.tag,
                    pool: example.pool,
                    holders: holder.into_iter().collect(),
                };
                let found = !matches(std::slice::from_ref(&rule), &[suspect]).is_empty();
                Verdict {
                    id: rule.id.clone(),
                    example: nth + 1,
                    is_right: found == example.matches,
                    expected: example.matches,
                }
            });
        outcomes.collect::<Vec<_>>()
    };
    rules.iter().flat_map(of_rule).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        [[issue]]
        id = "a"
        title = "something leaks"
        tags = ["HsCx", "Lak\\x00"]
        driver = "HstorFlt.sys"
        from = "3"
        before = "3.2.1"
        date = 2026-03-01
        [[issue.example]]
        tag = "HsCx"
        driver = "hstorflt.sys"
        version = "3.2.0.118"
        matches = true
        [[issue.example]]
        tag = "HsCx"
        driver = "hstorflt.sys"
        version = "3.2.1.0"
        matches = true
    "#;

    #[test]
    fn the_built_in_pack_is_good_and_every_rule_has_a_source_and_a_proof() {
        let rules = parse(BUILT_IN, "built in").unwrap();
        assert!(rules.len() >= 5);
        for rule in &rules {
            assert!(rule.link.is_some(), "{}", rule.id);
            assert!(rule.examples.iter().any(|e| e.matches), "{}", rule.id);
            assert!(rule.examples.iter().any(|e| !e.matches), "{}", rule.id);
        }
        let wrong: Vec<Verdict> = test(&rules).into_iter().filter(|v| !v.is_right).collect();
        assert_eq!(wrong, []);
    }

    #[test]
    fn examples_find_a_wrong_rule_out() {
        let rules = parse(GOOD, "mine").unwrap();
        assert_eq!(rules[0].before, Some([3, 2, 1, 0]));
        assert_eq!(rules[0].date.as_deref(), Some("2026-03-01"));
        let verdicts = test(&rules);
        assert_eq!(
            verdicts.iter().map(|v| v.is_right).collect::<Vec<_>>(),
            [true, false]
        );
    }

    #[test]
    fn what_makes_no_sense_is_said_with_its_issue() {
        for (change, to, says) in [
            ("from = \"3\"", "from = \"3.3\"", "issue `a`"),
            ("from = \"3\"", "from = \"x\"", "version `x`"),
            ("driver = \"HstorFlt.sys\"", "", "needs a `driver`"),
            ("tags = [", "tagz = [", "tagz"),
            ("\"HsCx\", ", "\"toolong\", ", "toolong"),
            ("id = \"a\"", "id = \"\"", "empty"),
            (
                "title = \"something leaks\"",
                "title = \"x\"\nlink = \"file:///x\"",
                "web address",
            ),
        ] {
            let text = GOOD.replacen(change, to, 1);
            let error = parse(&text, "mine").unwrap_err().to_string();
            assert!(
                error.starts_with("line ") && error.contains(says) && !error.contains('\n'),
                "{error}"
            );
        }
        let cut = parse("[[issue]]\nid = \"a\"\ntitle = \n", "mine").unwrap_err();
        assert_eq!(cut.line, 3, "{cut}");
        let two = format!("{GOOD}{GOOD}");
        let twice = parse(&two, "mine").unwrap_err();
        assert_eq!(twice.line, GOOD.lines().count() + 1, "{twice}");
    }
}
