//! What to do next, by whom, with what to paste.

use super::Parts;
use super::capture;
use super::pressure::{COLLECT_MEMORY, WHOLE_DAY, rival};
use super::verdict::beside_driver;
use crate::case::conclusion::Conclusion;
use crate::case::driver_names::service_query;
use crate::case::offset::shown;
use crate::case::times::size;
use crate::diagnosis::attribution::Answer;
use crate::diagnosis::verdict::{Leak, Outcome};
use crate::report::model::{Driver, NextStep, Verdict};

/// The recipe for more snapshots, with stamps that leave no doubt.
const COLLECT: &str = "for /l %i in (1,1,12) do @(echo ===== %date% %time% =====>>poolmon.txt & poolmon -b -r -n poolmon.txt & timeout /t 1800 >nul)";

/// The same for a day.
const COLLECT_DAY: &str = "for /l %i in (1,1,50) do @(echo ===== %date% %time% =====>>poolmon.txt & poolmon -b -r -n poolmon.txt & timeout /t 1800 >nul)";

/// Takes a step: for whom, what to do, what to paste.
type Add<'a> = dyn FnMut(&'static str, String, Option<String>) + 'a;

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
    date_step(parts, &mut add);
    let suspected = conclusion.decision.leak >= Leak::Weak || conclusion.holder.is_some();
    if suspected {
        tag_steps(parts, conclusion, verdict, &mut add);
    }
    outcome_steps(parts, conclusion, &mut add);
    steps
}

/// Getting at whoever allocates with the verdict's tag.
fn tag_steps(parts: &Parts<'_>, conclusion: &Conclusion, verdict: &Verdict, add: &mut Add<'_>) {
    let answer = conclusion.leading_answer().map(|a| a.answer);
    match (answer, &verdict.driver) {
        (
            Some(Answer::Named(_) | Answer::Likely(_) | Answer::NamedByFramework(_)),
            Some(driver),
        ) if conclusion.holder.is_some() => holder_steps(conclusion, driver, add),
        (
            Some(Answer::Named(_) | Answer::Likely(_) | Answer::NamedByFramework(_)),
            Some(driver),
        ) => {
            driver_steps(driver, verdict, add);
            beside_steps(parts, conclusion, add);
        }
        (Some(Answer::KernelOwned), _) => object_steps(add),
        (Some(Answer::NotInBundle | Answer::NoImages | Answer::Unproven), _) => {
            image_steps(verdict, add);
        }
        (Some(Answer::Shared), _) => {
            add("engineer", "Several images allocate with the tag: stop or update them one at a time, or trace allocations on the host.".to_owned(), Some("xperf -on Pool -stackwalk PoolAlloc+PoolFree -PoolTag TAG".into()));
        }
        _ => {}
    }
}

fn company_of(driver: &Driver) -> String {
    let stated = driver.version.company.clone();
    stated.unwrap_or_else(|| "its vendor".into())
}

fn version_of(driver: &Driver) -> String {
    let stated = driver.version.file_version.clone();
    stated.unwrap_or_else(|| "without a version".into())
}

fn driver_steps(driver: &Driver, verdict: &Verdict, add: &mut Add<'_>) {
    let name = &driver.file_name;
    add(
        "engineer",
        format!(
            "Look for a newer {name} from {}; this one is {}.",
            company_of(driver),
            version_of(driver)
        ),
        None,
    );
    add(
        "customer",
        format!(
            "If {name} can be spared, stop or unload it, and take snapshots again: the tag must stop growing."
        ),
        Some(service_query(name)),
    );
    add(
        "vendor",
        format!(
            "{name} leaks {} pool under the tag `{}`; this report shows the calls that allocate with it.",
            verdict.pool.unwrap_or("nonpaged"),
            verdict.tag.clone().unwrap_or_default()
        ),
        None,
    );
}

/// A second leak fills the pool as well, only later.
fn beside_steps(parts: &Parts<'_>, conclusion: &Conclusion, add: &mut Add<'_>) {
    for other in &conclusion.beside {
        let driver = beside_driver(parts, conclusion, other);
        let (tag, percent) = (other.tag, other.share * 100.0);
        let text = match &driver {
            Some(driver) => format!(
                "Do the same for {} ({}, {}): `{tag}` leaks as well, {percent:.0} % of the growth, and alone fills the pool again.",
                driver.file_name,
                company_of(driver),
                version_of(driver)
            ),
            None => format!(
                "Find who allocates with `{tag}`: it leaks as well, {percent:.0} % of the growth, and alone fills the pool again."
            ),
        };
        add(
            "engineer",
            text,
            driver.map(|d| service_query(&d.file_name)),
        );
    }
}

/// What fills the pool is known, and not whether it is a leak.
fn holder_steps(conclusion: &Conclusion, driver: &Driver, add: &mut Add<'_>) {
    let Some(holder) = &conclusion.holder else {
        return;
    };
    add(
        "engineer",
        format!(
            "Ask {} whether {} may hold {} of nonpaged pool, and for a newer one; this one is {}.",
            company_of(driver),
            driver.file_name,
            size(holder.bytes),
            version_of(driver)
        ),
        Some(service_query(&driver.file_name)),
    );
}

fn object_steps(add: &mut Add<'_>) {
    add(
        "customer",
        "Find the process that holds the objects: watch handle counts of all processes.".to_owned(),
        Some("typeperf \"\\Process(*)\\Handle Count\" -sc 1 -o handles.csv".into()),
    );
    add(
        "engineer",
        "If no process holds them, a driver leaks references: trace who references the objects."
            .to_owned(),
        Some("gflags -ko /t TAGS  (object reference tracing)".into()),
    );
}

fn image_steps(verdict: &Verdict, add: &mut Add<'_>) {
    add(
        "customer",
        "Send all driver images: System32\\drivers and the DriverStore.".to_owned(),
        Some("robocopy %SystemRoot%\\System32\\drivers drivers *.sys & robocopy %SystemRoot%\\System32\\DriverStore\\FileRepository drivers *.sys /s".into()),
    );
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

/// Giving the snapshots a time, where they have none.
fn date_step(parts: &Parts<'_>, add: &mut Add<'_>) {
    let Some(withheld) = &parts.facts.withheld else {
        return;
    };
    let fits = parts.facts.offset.as_ref().map(|fit| shown(fit.minutes));
    // A zone's name here would be pasted for machines of any other.
    let zone = fits.as_deref().unwrap_or("ZONE");
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

fn outcome_steps(parts: &Parts<'_>, conclusion: &Conclusion, add: &mut Add<'_>) {
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
        Outcome::PoolPressureWithoutLeak if snapshots > 0 && conclusion.holder.is_none() => {
            add("engineer", "Compare the tags with a healthy machine of the same role: something large is there from the start, or many tags grew together.".to_owned(), None);
        }
        _ => {}
    }
    if let Some(text) = collect_step(parts, conclusion) {
        add("customer", text, Some(COLLECT.to_owned()));
    }
    if parts.log.analysable == 0 {
        add(
            "customer",
            "Send the HTTPERR logs.".to_owned(),
            Some("%SystemRoot%\\System32\\LogFiles\\HTTPERR".to_owned()),
        );
    }
}

/// Which snapshots to take, if more would tell more.
fn collect_step(parts: &Parts<'_>, conclusion: &Conclusion) -> Option<String> {
    let excused = conclusion.decision.outcome == Outcome::RefusalsWithoutPoolPressure;
    let snapshots = parts.pools.history.snapshots.len();
    if let Some(holder) = &conclusion.holder {
        return Some(format!(
            "Restart the machine and take snapshots from then on, every half hour until the pool is full again: they show whether `{}` grows.",
            holder.tag
        ));
    }
    if capture::is_part(parts) && !excused {
        return Some(format!(
            "Take snapshots {}, every half hour for six hours, with the time before each.",
            capture::WHOLE
        ));
    }
    (snapshots < 4 && !excused).then(|| {
        "Take snapshots every half hour for six hours, with the time written before each."
            .to_owned()
    })
}
