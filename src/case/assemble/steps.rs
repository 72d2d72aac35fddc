//! What to do next, by whom, with what to paste.

use super::Parts;
use super::pressure::{COLLECT_MEMORY, WHOLE_DAY, rival};
use crate::case::conclusion::Conclusion;
use crate::case::offset::shown;
use crate::diagnosis::attribution::Answer;
use crate::diagnosis::verdict::{Leak, Outcome};
use crate::report::model::{NextStep, Verdict};

/// The recipe for more snapshots, with stamps that leave no doubt.
const COLLECT: &str = "for /l %i in (1,1,12) do @(echo ===== %date% %time% =====>>poolmon.txt & poolmon -b -r -n poolmon.txt & timeout /t 1800 >nul)";

/// The same for a day.
const COLLECT_DAY: &str = "for /l %i in (1,1,50) do @(echo ===== %date% %time% =====>>poolmon.txt & poolmon -b -r -n poolmon.txt & timeout /t 1800 >nul)";

pub(super) fn next_steps(
    parts: &Parts<'_>,
    conclusion: &Conclusion,
    verdict: &Verdict,
) -> Vec<NextStep> {
    let mut steps = Vec::new();
    let mut add = |audience, text: String, command: Option<String>| {
        steps.push(NextStep {
            audience,
            text,
            command,
        })
    };
    let answer = conclusion.leading_answer().map(|a| a.answer);
    date_step(parts, &mut add);
    let leak = conclusion.decision.leak >= Leak::Weak;
    match (leak, answer, &verdict.driver) {
        (
            true,
            Some(Answer::Named(_) | Answer::Likely(_) | Answer::NamedByFramework(_)),
            Some(driver),
        ) => {
            let company = driver
                .version
                .company
                .clone()
                .unwrap_or_else(|| "its vendor".into());
            let service = driver.file_name.trim_end_matches(".sys").to_owned();
            add(
                "engineer",
                format!(
                    "Look for a newer {} from {company}; this one is {}.",
                    driver.file_name,
                    driver
                        .version
                        .file_version
                        .clone()
                        .unwrap_or_else(|| "without a version".into())
                ),
                None,
            );
            add(
                "customer",
                format!(
                    "If {} can be spared, stop or unload it, and take snapshots again: the tag must stop growing.",
                    driver.file_name
                ),
                Some(format!("sc query {service} & fltmc filters")),
            );
            add(
                "vendor",
                format!(
                    "{} leaks {} pool under the tag `{}`; this report shows the calls that allocate with it.",
                    driver.file_name,
                    verdict.pool.unwrap_or("nonpaged"),
                    verdict.tag.clone().unwrap_or_default()
                ),
                None,
            );
        }
        (true, Some(Answer::KernelOwned), _) => {
            add(
                "customer",
                "Find the process that holds the objects: watch handle counts of all processes."
                    .to_owned(),
                Some("typeperf \"\\Process(*)\\Handle Count\" -sc 1 -o handles.csv".into()),
            );
            add("engineer", "If no process holds them, a driver leaks references: trace who references the objects.".to_owned(), Some("gflags -ko /t TAGS  (object reference tracing)".into()));
        }
        (true, Some(Answer::NotInBundle | Answer::NoImages | Answer::Unproven), _) => {
            add("customer", "Send all driver images: System32\\drivers and the DriverStore.".to_owned(), Some("robocopy %SystemRoot%\\System32\\drivers drivers *.sys & robocopy %SystemRoot%\\System32\\DriverStore\\FileRepository drivers *.sys /s".into()));
            add(
                "engineer",
                "Search them for the tag.".to_owned(),
                verdict.tag.as_ref().map(|tag| {
                    format!(
                        "poolsleuth scan drivers --tag \"{}\"",
                        tag.replace('"', "\\\"")
                    )
                }),
            );
        }
        (true, Some(Answer::Shared), _) => {
            add("engineer", "Several images allocate with the tag: stop or update them one at a time, or trace allocations on the host.".to_owned(), Some("xperf -on Pool -stackwalk PoolAlloc+PoolFree -PoolTag TAG".into()));
        }
        _ => {}
    }
    outcome_steps(parts, conclusion, &mut add);
    steps
}

/// Giving the snapshots a time, where they have none.
fn date_step(parts: &Parts<'_>, add: &mut impl FnMut(&'static str, String, Option<String>)) {
    let Some(withheld) = &parts.facts.withheld else {
        return;
    };
    let fits = parts.facts.offset.as_ref().map(|fit| shown(fit.minutes));
    let zone = fits.as_deref().unwrap_or("Europe/Berlin");
    let command = format!("poolsleuth analyze BUNDLE --tz {zone}");
    let text = match &fits {
        Some(offset) => format!(
            "Date the snapshots: {}; {offset} fits best, if the customer confirms it.",
            withheld.remedy
        ),
        None => format!("Date the snapshots: {}.", withheld.remedy),
    };
    add("engineer", text, withheld.option.as_ref().map(|_| command));
}

fn outcome_steps(
    parts: &Parts<'_>,
    conclusion: &Conclusion,
    add: &mut impl FnMut(&'static str, String, Option<String>),
) {
    let snapshots = parts.pools.history.snapshots.len();
    if rival(parts).is_some() {
        add(
            "engineer",
            "Memory or commit was nearly used up at the refusals: find which processes hold it, and whether refusals come without that.".to_owned(),
            Some(COLLECT_MEMORY.to_owned()),
        );
    }
    if conclusion.may_be_load {
        add(
            "customer",
            format!("Take {WHOLE_DAY}."),
            Some(COLLECT_DAY.to_owned()),
        );
    }
    match conclusion.decision.outcome {
        Outcome::RefusalsWithoutPoolPressure if rival(parts).is_none() => {
            add("engineer", "Look at the other reasons in the logs and at the application pools; the pool does not explain these refusals.".to_owned(), None);
        }
        Outcome::PoolPressureWithoutLeak if snapshots > 0 => {
            add("engineer", "Compare the tags with a healthy machine of the same role: something large is there from the start, or many tags grew together.".to_owned(), None);
        }
        _ => {}
    }
    if snapshots < 4 && conclusion.decision.outcome != Outcome::RefusalsWithoutPoolPressure {
        add(
            "customer",
            "Take snapshots every half hour for six hours, with the time written before each."
                .to_owned(),
            Some(COLLECT.to_owned()),
        );
    }
    if parts.log.analysable == 0 {
        add(
            "customer",
            "Send the HTTPERR logs.".to_owned(),
            Some("%SystemRoot%\\System32\\LogFiles\\HTTPERR".to_owned()),
        );
    }
}
