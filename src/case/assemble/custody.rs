//! What the collector's manifest comes to, in the report.

use super::Parts;
use crate::artifact::pooltag::{TagClass, well_known};
use crate::case::conclusion::Conclusion;
use crate::case::custody::Custody;
use crate::case::evidence::{Ledger, Place};
use crate::case::listed::services_of;
use crate::report::model::{Finding, Manifest};

/// Names listed in one finding, and of one kind in the report.
const MAX_LISTED: usize = 8;
const MAX_KEPT: usize = 200;

/// Processes named as holders of handles.
const MAX_HOLDERS: usize = 3;

/// A process with fewer new handles than this is no explanation of anything.
const MIN_GROWTH: i64 = 100;

/// The manifest's part of the report.
pub(super) fn manifest(custody: &Custody) -> Manifest {
    let stated = &custody.manifest;
    let kept = |list: &[String]| list.iter().take(MAX_KEPT).cloned().collect();
    Manifest {
        schema: stated.schema.clone(),
        collector: stated.collector.0.clone(),
        version: stated.collector.1.clone(),
        created: stated.created.clone(),
        complete: stated.complete,
        verified: custody.holds(),
        files: stated.files.len() as u64,
        files_verified: custody.verified,
        changed: kept(&custody.changed),
        missing: kept(&custody.missing),
        extra: kept(&custody.extra),
        errors: kept(&stated.errors),
        limits_hit: kept(&stated.limits_hit),
    }
}

/// What of the manifest is worth knowing.
pub(super) fn findings(parts: &Parts<'_>, ledger: &mut Ledger<'_>) -> Vec<Finding> {
    let Some(custody) = &parts.custody else {
        return Vec::new();
    };
    let lists = [
        (
            "manifest_changed",
            &custody.changed,
            "not as the collector's manifest states them: changed after collecting, or damaged on the way",
        ),
        (
            "manifest_missing",
            &custody.missing,
            "stated in the collector's manifest and not here: removed, or lost on the way",
        ),
        (
            "manifest_names",
            &custody.hostile,
            "stated in the collector's manifest with names that no collector writes: the manifest was tampered with",
        ),
        (
            "manifest_uncompared",
            &custody.uncompared,
            "not comparable with the collector's manifest",
        ),
        (
            "manifest_extra",
            &custody.extra,
            "not in the collector's manifest: added after collecting",
        ),
    ];
    let mut findings: Vec<Finding> = lists
        .into_iter()
        .filter(|(_, list, _)| !list.is_empty())
        .map(|(rule, list, what)| {
            let files = if list.len() == 1 {
                "1 file is"
            } else {
                &format!("{} files are", list.len())
            };
            let cited = ledger.cite(
                custody.artifact,
                Place::Line(1),
                custody.manifest.schema.clone(),
            );
            finding(
                rule,
                format!("{files} {what}: {}", listed(list)),
                vec![cited],
            )
        })
        .collect();
    findings.extend(incomplete(custody));
    findings
}

/// What the collector itself says that it could not take.
fn incomplete(custody: &Custody) -> Option<Finding> {
    let stated = &custody.manifest;
    let mut parts = Vec::new();
    if !stated.errors.is_empty() {
        parts.push(format!("it failed at {}", listed(&stated.errors)));
    }
    if !stated.limits_hit.is_empty() {
        parts.push(format!("it met its limits {}", listed(&stated.limits_hit)));
    }
    if stated.stopped_early {
        parts.push("it was stopped early".to_owned());
    }
    let text = format!(
        "the collector did not take everything: {}",
        parts.join("; ")
    );
    (!parts.is_empty()).then(|| finding("manifest_incomplete", text, Vec::new()))
}

/// Snapshots for which the kernel itself found no memory.
pub(super) fn exhausted(parts: &Parts<'_>, ledger: &mut Ledger<'_>) -> Option<Finding> {
    let mut cited = Vec::new();
    let mut count = 0;
    for file in parts.survey.pools.iter().filter(|f| !f.duplicate) {
        count += file.exhausted.len();
        for &line in file.exhausted.iter().take(2) {
            let text = "status=0xC000009A: STATUS_INSUFFICIENT_RESOURCES";
            cited.push(ledger.cite(file.artifact.index(), Place::Line(line), text));
        }
    }
    let times = match count {
        0 => return None,
        1 => "once".to_owned(),
        n => format!("{n} times"),
    };
    let text = format!(
        "{times} the kernel could not answer the query for pool tags because it found no memory for \
         its buffer (0xC000009A), which it takes from nonpaged pool: the pool, or the memory behind it, was exhausted then"
    );
    Some(Finding {
        rule: "kernel_out_of_memory",
        kind: "pool",
        text,
        evidence: cited,
        known_issue: None,
    })
}

/// Which processes hold the handles that keep the leader's kernel objects alive.
pub(super) fn holders(
    parts: &Parts<'_>,
    conclusion: &Conclusion,
    ledger: &mut Ledger<'_>,
) -> Option<Finding> {
    let (tag, pool) = conclusion.leader?;
    if well_known(tag)?.class != TagClass::KernelObject {
        return None;
    }
    let series = parts.facts.series_of(tag, pool)?;
    let objects = series.growth_blocks()?;
    let collected = parts.survey.handles.first();
    let (artifact, table) = collected.or(parts.counters.handles.as_ref())?;
    let mut named = Vec::new();
    let mut cited = Vec::new();
    let grown = table.holders.iter().filter(|h| h.growth() >= MIN_GROWTH);
    for holder in grown.take(MAX_HOLDERS) {
        let (name, pid) = (&holder.image, holder.pid);
        let (first, last) = (holder.first.1, holder.last.1);
        // A counter log may lack the ids; no process but the idle one has id 0.
        let whose = match pid {
            0 => name.clone(),
            pid => format!("{name} (process {pid}{})", services(parts, name, pid)),
        };
        named.push(format!("{whose} from {first} to {last}"));
        let row = format!("{whose}: {last} handles at snapshot {}", holder.last.0);
        cited.push(ledger.cite(*artifact, Place::Line(holder.line), row));
    }
    let most = table.holders.first().map_or(0, |h| h.growth());
    let text = if named.is_empty() {
        format!(
            "`{tag}` grew by {objects} objects, and no process has {MIN_GROWTH} handles more than at \
             first: a driver holds references without handles, or the holders have ended"
        )
    } else if most * 2 >= objects {
        format!(
            "the handles grew with the {objects} objects of `{tag}`: {}. Whoever leaks is in that process, or in a driver that opens handles in it",
            named.join(", ")
        )
    } else {
        format!(
            "`{tag}` grew by {objects} objects; handles grew by far less: {}. Most of the objects are held without a handle, by a driver",
            named.join(", ")
        )
    };
    Some(Finding {
        rule: "handle_holders",
        kind: "pool",
        text,
        evidence: cited,
        known_issue: None,
    })
}

/// The services that a process holds, where a listing says so: `, services Dnscache, NlaSvc`.
fn services(parts: &Parts<'_>, image: &str, pid: u64) -> String {
    let services = services_of(parts.survey, image, pid);
    let shown: Vec<&str> = services
        .iter()
        .take(MAX_LISTED)
        .map(String::as_str)
        .collect();
    match shown.as_slice() {
        [] => String::new(),
        [one] => format!(", service {one}"),
        more => format!(", services {}", more.join(", ")),
    }
}

fn finding(rule: &'static str, text: String, evidence: Vec<String>) -> Finding {
    Finding {
        rule,
        kind: "input",
        text,
        evidence,
        known_issue: None,
    }
}

fn listed(list: &[String]) -> String {
    let shown: Vec<&str> = list.iter().take(MAX_LISTED).map(String::as_str).collect();
    let more = list.len().saturating_sub(MAX_LISTED);
    match more {
        0 => shown.join("; "),
        n => format!("{}; and {n} more", shown.join("; ")),
    }
}
