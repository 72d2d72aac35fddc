//! A case run through the program, its answer held against the truth.

use std::fmt::{self, Write as _};

use super::case::Case;
use crate::support::bundle;
use crate::support::program::{Answer, analyze, rank};

/// What came of one case.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub seed: u64,
    pub outcome_right: bool,
    /// `None` where the case is no leak.
    pub tag_right: Option<bool>,
    pub driver_right: bool,
    pub refusals_right: bool,
    pub reasons_right: bool,
    pub overconfident: bool,
    /// Everything that differs, in words; empty when all is right.
    pub wrong: Vec<String>,
    about: String,
}

/// Writes the case to a scratch folder, runs the program on it, compares.
pub fn run(case: &Case) -> Outcome {
    let scratch = tempfile::tempdir().unwrap();
    let path = bundle::write(&case.files, case.container, scratch.path(), "case");
    match analyze(&path, &case.options) {
        Ok(answer) => judge(case, &answer),
        Err(error) => Outcome {
            wrong: vec![error],
            ..judge(case, &Answer::default())
        },
    }
}

/// Compares an answer with the truth of its case.
pub fn judge(case: &Case, got: &Answer) -> Outcome {
    let truth = &case.truth;
    let mut wrong = Vec::new();
    let mut check = |right: bool, what: &str, expected: String, found: String| {
        if !right {
            wrong.push(format!("{what}: expected {expected}, found {found}"));
        }
        right
    };
    let outcome_right = check(
        truth.outcomes.contains(&got.outcome.as_str()),
        "outcome",
        truth.outcomes.join(" or "),
        format!("{} ({})", got.outcome, got.confidence),
    );
    let tag = truth.tag.allows(got.tag.as_deref());
    check(
        tag,
        "tag",
        format!("{:?}", truth.tag),
        format!("{:?}", got.tag),
    );
    let driver_right = truth.driver.allows(got.driver.as_deref());
    check(
        driver_right,
        "driver",
        format!("{:?}", truth.driver),
        format!("{:?}", got.driver),
    );
    let right = (truth.refusal_total, truth.refusal_rows);
    let found = (got.refusals_total, got.refusal_rows);
    let refusals_right = check(
        right == found,
        "refusals (total, rows)",
        format!("{right:?}"),
        format!("{found:?}"),
    );
    let mut reasons = got.reasons.clone();
    reasons.retain(|name, _| !name.to_ascii_lowercase().contains("refused"));
    let same = reasons == truth.reasons;
    let reasons_right = check(
        same,
        "reasons",
        format!("{:?}", truth.reasons),
        format!("{reasons:?}"),
    );
    let most = truth.confidence_at_most.unwrap_or("confirmed");
    let overconfident = !check(
        rank(&got.confidence) <= rank(most),
        "confidence",
        format!("at most {most}"),
        got.confidence.clone(),
    );
    if let Some(snapshots) = got.snapshots {
        let expected = truth.snapshots;
        check(
            snapshots == expected,
            "snapshots",
            expected.to_string(),
            snapshots.to_string(),
        );
    }
    Outcome {
        seed: case.seed,
        outcome_right,
        tag_right: case.kind.is_leak().then_some(tag),
        driver_right,
        refusals_right,
        reasons_right,
        overconfident,
        wrong,
        about: format!("{} {}", case.about, case.options.join(" ")),
    }
}

/// The shares that the acceptance of the tool is stated in.
#[derive(Clone, Debug, Default)]
pub struct Score {
    pub cases: usize,
    pub outcomes: usize,
    pub leaks: usize,
    pub tags: usize,
    pub drivers: usize,
    pub refusals: usize,
    pub reasons: usize,
    pub overconfident: usize,
}

impl Score {
    pub fn of(outcomes: &[Outcome]) -> Self {
        let count = |test: fn(&Outcome) -> bool| outcomes.iter().filter(|o| test(o)).count();
        Score {
            cases: outcomes.len(),
            outcomes: count(|o| o.outcome_right),
            leaks: count(|o| o.tag_right.is_some()),
            tags: count(|o| o.tag_right == Some(true)),
            drivers: count(|o| o.driver_right),
            refusals: count(|o| o.refusals_right),
            reasons: count(|o| o.reasons_right),
            overconfident: count(|o| o.overconfident),
        }
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cases = self.cases;
        write!(
            f,
            "{cases} cases: outcomes {}, tags {} of {}",
            self.outcomes, self.tags, self.leaks
        )?;
        write!(
            f,
            " leaks, drivers {}, refusal totals {}",
            self.drivers, self.refusals
        )?;
        write!(
            f,
            ", reasons {}; overconfident {}",
            self.reasons, self.overconfident
        )
    }
}

/// One paragraph per case that is not right in everything, with the command that writes it out.
pub fn failures(outcomes: &[Outcome]) -> String {
    let mut text = String::new();
    for outcome in outcomes.iter().filter(|outcome| !outcome.wrong.is_empty()) {
        let _ = writeln!(text, "seed {} [{}]", outcome.seed, outcome.about.trim());
        for line in &outcome.wrong {
            let _ = writeln!(text, "    {line}");
        }
        let _ = writeln!(
            text,
            "    to see it: POOLSLEUTH_SIM_DIR=/tmp/sim POOLSLEUTH_SIM_FIRST={} POOLSLEUTH_SIM_CASES=1 \
             cargo test --test tests write_simulated_cases",
            outcome.seed
        );
    }
    text
}
