//! Findings against labels: recall of call sites, false call sites, wrong grades.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::truth::{Label, Truth};

/// One finding, as `scan --format jsonl` reports it.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// Compiler, machine and optimisation: the folder of the file.
    pub build: String,
    /// The shape: the file's name without extension.
    pub shape: String,
    /// The tag in hexadecimal.
    pub tag_hex: String,
    /// The grade.
    pub grade: String,
    /// How the tag reaches the routine.
    pub via: Option<String>,
    /// Whether it allocates or frees.
    pub role: Option<String>,
    /// The routine.
    pub api: Option<String>,
}

impl Record {
    /// Reads one line of `scan --format jsonl`; the build and the shape are the last two
    /// parts of `file`. Nothing for a line that is no finding.
    #[allow(
        dead_code,
        reason = "one of the test binaries grades without the program"
    )]
    pub fn from_json(line: &str) -> Option<Record> {
        let value: serde_json::Value = serde_json::from_str(line).ok()?;
        let word = |key: &str| value.get(key).and_then(|v| v.as_str()).map(str::to_owned);
        let file = word("file")?.replace('\\', "/");
        let mut parts = file.rsplit('/');
        Some(Record {
            shape: parts.next()?.strip_suffix(".sys")?.to_owned(),
            build: parts.next()?.to_owned(),
            tag_hex: word("tag_hex")?,
            grade: word("grade")?,
            via: word("via"),
            role: word("role"),
            api: word("api"),
        })
    }
}

/// What the tool was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// All tags it can find: tags that are only data or text cannot be listed.
    AllTags,
    /// Every labelled tag by name: each must have its grade.
    Named,
}

/// `None`, the tag of `ExAllocatePool`: no byte of it is in the image, and a list of all
/// tags would name it for hundreds of drivers, so it counts only when asked for.
const TAGLESS: &str = "4e6f6e65";

/// A tag of an image: build, shape, tag.
type Key = (String, String, String);

/// The outcome of a comparison.
#[derive(Debug, Default)]
pub struct Report {
    /// Images that were compared.
    pub images: usize,
    /// Tags that the labels put at a call site.
    pub expected: usize,
    /// How many of them were found there.
    pub found: usize,
    /// Labels that were compared by grade.
    pub graded: usize,
    /// Call sites that were missed, with the grade given instead.
    pub missed: BTreeMap<Key, String>,
    /// Call sites (and names) that are none, with what they claim.
    pub false_sites: BTreeMap<Key, String>,
    /// Call sites claimed for a structure's field whose routine reads it: by the contract's
    /// words too strong, in substance right.
    pub structure_sites: BTreeMap<Key, String>,
    /// Grades that differ from the label: expected, given.
    pub wrong_grades: BTreeMap<Key, (String, String)>,
    /// Right call sites with a wrong `via`, `role` or `api`.
    pub wrong_details: BTreeMap<Key, String>,
}

impl Report {
    /// Share of the call sites that were found.
    pub fn recall(&self) -> f64 {
        self.found as f64 / self.expected.max(1) as f64
    }

    /// Share of the labels whose grade is right.
    pub fn grades_right(&self) -> f64 {
        1.0 - self.wrong_grades.len() as f64 / self.graded.max(1) as f64
    }
}

/// Compares findings with the labels of all `images` (build and shape).
pub fn grade(images: &[(String, String)], records: &[Record], asked: Asked) -> Report {
    let truth = Truth::read();
    let mut by_image: BTreeMap<(&str, &str), Vec<&Record>> = BTreeMap::new();
    for record in records {
        by_image
            .entry((&record.build, &record.shape))
            .or_default()
            .push(record);
    }
    let mut report = Report::default();
    for (build, shape) in images {
        let records = by_image.get(&(build.as_str(), shape.as_str()));
        let image = (build.as_str(), shape.as_str());
        one_image(
            &mut report,
            image,
            &truth,
            records.map_or(&[][..], Vec::as_slice),
            asked,
        );
    }
    report
}

/// The protected-pool bit is one tag to pool accounting, so it is not compared.
fn unprotected(tag_hex: &str) -> String {
    let value = u32::from_str_radix(tag_hex, 16).unwrap_or(0);
    format!("{:08x}", value & !0x80)
}

fn strongest<'a>(records: &[&'a Record], tag_hex: &str) -> Option<&'a Record> {
    const ORDER: [&str; 5] = ["call_site", "name", "operand", "data", "text"];
    let rank = |r: &&Record| {
        ORDER
            .iter()
            .position(|g| *g == r.grade)
            .unwrap_or(ORDER.len())
    };
    let same = |r: &&&Record| unprotected(&r.tag_hex) == unprotected(tag_hex);
    records.iter().filter(same).copied().min_by_key(rank)
}

fn one_image(
    report: &mut Report,
    (build, shape): (&str, &str),
    truth: &Truth,
    records: &[&Record],
    asked: Asked,
) {
    report.images += 1;
    let labels = truth.of(build, shape);
    let key = |tag: &str| (build.to_owned(), shape.to_owned(), tag.to_owned());
    for label in &labels {
        let record = strongest(records, &label.tag_hex);
        if asked == Asked::AllTags && record.is_none() && label.tag_hex == TAGLESS {
            continue;
        }
        one_label(report, key(&label.tag_hex), label, record, asked);
    }
    let labelled: BTreeSet<String> = labels.iter().map(|l| unprotected(&l.tag_hex)).collect();
    for record in records
        .iter()
        .filter(|r| !labelled.contains(&unprotected(&r.tag_hex)))
    {
        if matches!(record.grade.as_str(), "call_site" | "name") {
            report
                .false_sites
                .insert(key(&record.tag_hex), claim(record));
        }
    }
}

fn one_label(report: &mut Report, key: Key, label: &Label, record: Option<&Record>, asked: Asked) {
    let given = record.map_or("absent", |r| r.grade.as_str());
    let must_be_listed = asked == Asked::Named || label.allows("call_site") || label.allows("name");
    if label.is_call_site() {
        report.expected += 1;
        match given {
            "call_site" => report.found += 1,
            _ => drop(report.missed.insert(key.clone(), given.to_owned())),
        }
    }
    let silent = record.is_none() && (label.may_be_missing() || !must_be_listed);
    if silent {
        return;
    }
    report.graded += 1;
    if !label.allows(given) {
        report
            .wrong_grades
            .insert(key.clone(), (label.grades.join("|"), given.to_owned()));
        if let Some(record) = record.filter(|r| matches!(r.grade.as_str(), "call_site" | "name")) {
            let sites = if label.in_structure {
                &mut report.structure_sites
            } else {
                &mut report.false_sites
            };
            sites.insert(key.clone(), claim(record));
        }
    }
    if let Some(record) = record.filter(|r| r.grade == "call_site" && label.is_call_site()) {
        let wrong = wrong_details(label, record);
        if !wrong.is_empty() {
            report.wrong_details.insert(key, wrong.join(", "));
        }
    }
}

fn claim(record: &Record) -> String {
    let or = |word: &Option<String>| word.clone().unwrap_or_else(|| "?".to_owned());
    format!(
        "{} {} {} {}",
        record.grade,
        or(&record.via),
        or(&record.role),
        or(&record.api)
    )
}

fn wrong_details(label: &Label, record: &Record) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut compare = |name: &str, right: &[String], given: &Option<String>| {
        let fits = given.as_ref().is_some_and(|given| right.contains(given));
        if !right.is_empty() && !fits {
            wrong.push(format!("{name} {given:?} instead of {}", right.join("|")));
        }
    };
    compare("via", &label.via, &record.via);
    compare("role", label.role.as_slice(), &record.role);
    compare("api", label.api.as_slice(), &record.api);
    wrong
}

/// Totals, then one line for each shape and kind of fault, with the builds that show it.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} images: call_site recall {}/{} = {:.2} %, false call_sites {} (and {} on structures), grades right {:.2} % of {}, wrong details {}",
            self.images,
            self.found,
            self.expected,
            100.0 * self.recall(),
            self.false_sites.len(),
            self.structure_sites.len(),
            100.0 * self.grades_right(),
            self.graded,
            self.wrong_details.len()
        )?;
        let wrong = self
            .wrong_grades
            .iter()
            .map(|(k, (a, b))| (k, format!("{b}, not {a}")));
        faults(
            f,
            "false call_site",
            self.false_sites.iter().map(|(k, v)| (k, v.clone())),
        )?;
        let structures = self.structure_sites.iter().map(|(k, v)| (k, v.clone()));
        faults(f, "call_site on a structure", structures)?;
        faults(f, "missed", self.missed.iter().map(|(k, v)| (k, v.clone())))?;
        faults(f, "grade", wrong)?;
        faults(
            f,
            "detail",
            self.wrong_details.iter().map(|(k, v)| (k, v.clone())),
        )
    }
}

fn faults<'a>(
    f: &mut fmt::Formatter<'_>,
    kind: &str,
    rows: impl Iterator<Item = (&'a Key, String)>,
) -> fmt::Result {
    let mut merged: BTreeMap<(&str, &str, String), Vec<&str>> = BTreeMap::new();
    for ((build, shape, tag), text) in rows {
        merged.entry((shape, tag, text)).or_default().push(build);
    }
    for ((shape, tag, text), builds) in merged {
        writeln!(f, "  {kind}: {shape} {tag}: {text} [{}]", builds.join(" "))?;
    }
    Ok(())
}
