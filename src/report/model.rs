//! The report: one value from which every output is rendered.
//!
//! Field names are the JSON's. Times are RFC 3339 UTC with `Z`, sizes are bytes, slopes are
//! bytes per hour. Everything that came out of a case is text of a stranger: it is escaped by
//! the renderer, once, for its medium.
//!
//! Nothing in here knows the machine on which the analysis ran, or when.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

/// The version of the report's shape; it changes only when a field changes its meaning.
pub const SCHEMA_VERSION: &str = "1";

/// A whole report.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[allow(missing_docs, reason = "each part documents itself")]
pub struct Report {
    pub schema_version: &'static str,
    pub tool: Tool,
    pub case: Case,
    pub time: Time,
    pub verdict: Verdict,
    pub refusals: Refusals,
    pub pool: Pool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<Events>,
    pub correlation: Correlation,
    pub attribution: Vec<Attribution>,
    pub findings: Vec<Finding>,
    pub next_steps: Vec<NextStep>,
    pub evidence: Vec<Evidence>,
    pub coverage: Coverage,
}

/// The program that made the report.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Tool {
    /// `poolsleuth`.
    pub name: &'static str,
    /// Its version, as `--version` prints it.
    pub version: &'static str,
}

/// Which case this is.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Case {
    /// Digest of names and contents: the same for a folder and an archive of it.
    pub id: String,
    /// What was passed.
    pub input: Input,
    /// Host name, as the case states it.
    pub host: Option<String>,
    /// Operating system, as the case states it.
    pub os: Option<String>,
    /// `x86`, `x64` or `arm64`.
    pub architecture: Option<String>,
    /// Physical memory in bytes.
    pub ram_bytes: Option<u64>,
    /// Where host, operating system and memory come from.
    pub sources: Vec<String>,
    /// Evidence of host, operating system and memory.
    pub evidence: Vec<String>,
    /// What the collector's manifest says of the bundle, and whether that holds.
    pub manifest: Option<Manifest>,
}

/// The collector's manifest, compared with what is here.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct Manifest {
    /// The layout's name.
    pub schema: String,
    /// The program that wrote it.
    pub collector: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// When the bundle was made, as written.
    pub created: Option<String>,
    /// True if the collector says that nothing failed or was left out.
    pub complete: Option<bool>,
    /// True if every file that is stated is here with that size and digest.
    pub verified: bool,
    /// Files that are stated.
    pub files: u64,
    /// Those that are here as stated.
    pub files_verified: u64,
    /// Files that are not as stated.
    pub changed: Vec<String>,
    /// Files that are stated and not here.
    pub missing: Vec<String>,
    /// Files that are here and not stated.
    pub extra: Vec<String>,
    /// What the collector says that failed.
    pub errors: Vec<String>,
    /// Limits that the collector met.
    pub limits_hit: Vec<String>,
}

/// What was passed on the command line.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Input {
    /// `folder`, `zip`, `file` or `several`.
    pub kind: String,
    /// Its last name.
    pub name: String,
    /// Digest of the file, or of names and contents for a folder.
    pub sha256: Option<String>,
    /// The options that shape a result, as typed (`--tz`, `Europe/Berlin`, …), for repeating
    /// the run.
    pub options: Vec<String>,
}

/// How local times became UTC.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct Time {
    /// The zone of local stamps; absent if none was stated.
    pub zone: Option<String>,
    /// Who stated it.
    pub zone_source: Option<String>,
    /// The words that stated it.
    pub zone_text: Option<String>,
    /// Snapshots with a time in UTC.
    pub dated_snapshots: u64,
    /// Snapshots without one.
    pub undated_snapshots: u64,
    /// Where the stamps were read: source and number of snapshots.
    pub stamp_sources: BTreeMap<String, u64>,
    /// Why no correlation was possible, and which option would make it so.
    pub withheld: Option<Withheld>,
    /// What else is to be known of the clock.
    pub notes: Vec<String>,
}

/// Why something was not concluded.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Withheld {
    /// Why, in a sentence.
    pub reason: String,
    /// What would give it, in a sentence.
    pub remedy: String,
    /// The option that would give it, if one would.
    pub option: Option<String>,
}

/// What happened, and how sure that is.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Verdict {
    /// One of the outcomes of the contract.
    pub outcome: &'static str,
    /// `confirmed`, `probable`, `possible` or `insufficient`.
    pub confidence: &'static str,
    /// One or two sentences.
    pub summary: String,
    /// The leaking or leading tag, as poolmon shows it.
    pub tag: Option<String>,
    /// Its bytes in memory order, hexadecimal.
    pub tag_hex: Option<String>,
    /// `nonpaged` or `paged`.
    pub pool: Option<&'static str>,
    /// The image shown to allocate with the tag.
    pub driver: Option<Driver>,
    /// Other tags that leak beside it, with shares of the growth that matter.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<AlsoLeaks>,
    /// Why, each with its evidence.
    pub reasons: Vec<Reason>,
    /// What would change the verdict.
    pub would_change: Vec<String>,
}

/// A tag that leaks beside the verdict's.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct AlsoLeaks {
    /// The tag, as poolmon shows it.
    pub tag: String,
    /// Its bytes in memory order, hexadecimal.
    pub tag_hex: String,
    /// Its share of the pool's growth, 1 is all.
    pub share_of_growth: f64,
    /// File name of the image shown to allocate with it.
    pub driver: Option<String>,
}

/// A named rule and what it found.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Reason {
    /// The rule's name.
    pub rule: &'static str,
    /// `for` the verdict, `against` it, or a `limit` of it.
    pub weight: &'static str,
    /// What it found.
    pub text: String,
    /// Ids of the evidence.
    pub evidence: Vec<String>,
}

/// What the HTTPERR logs say.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct Refusals {
    /// Refusal rows.
    pub rows: u64,
    /// Connections refused: the sum of the rows' counts.
    pub total: u64,
    /// Rows that state no count; each counts as one, and the total is a lower bound.
    pub uncounted_rows: u64,
    /// First refusal.
    pub first: Option<String>,
    /// Last refusal.
    pub last: Option<String>,
    /// Outages, in time.
    pub episodes: Vec<Episode>,
    /// Refused connections over time, for plots: stretches without refusals are left out.
    pub counts: Vec<RefusalCount>,
    /// Rows by reason, refusals included.
    pub reasons: BTreeMap<String, u64>,
    /// Logs read for reasons.
    pub logs: u64,
    /// Logs whose fields lack the reason: they cannot show refusals.
    pub unanalysable_logs: u64,
    /// First row of any reason.
    pub log_first: Option<String>,
    /// Last row of any reason.
    pub log_last: Option<String>,
    /// What each log covers, by its first row; at most 1,000. Copies of other logs are left out.
    pub log_spans: Vec<LogSpan>,
}

/// What a log covers.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct LogSpan {
    /// The log's name in the bundle.
    pub artifact: String,
    /// Its first row of any reason.
    pub first: String,
    /// Its last row.
    pub last: String,
}

/// Connections refused in a minute, or in a longer stretch where a log has very many.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RefusalCount {
    /// Start of the stretch.
    pub start: String,
    /// Its length; 60 for a minute.
    pub seconds: u64,
    /// Connections refused in it.
    pub total: u64,
}

/// An outage.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Episode {
    /// First refusal.
    pub start: String,
    /// Last refusal. Whether the outage ended there, `ended` tells.
    pub end: String,
    /// `log_goes_on` or `log_ends`.
    pub ended: &'static str,
    /// Refusal rows.
    pub rows: u64,
    /// Connections refused.
    pub total: u64,
    /// The minute with most refused connections, and how many.
    pub worst_minute: String,
    /// Connections refused in that minute.
    pub worst_minute_total: u64,
    /// Nonpaged pool at the start, in bytes, if snapshots are near; between two of them a guess on
    /// the line.
    pub pool_bytes: Option<u64>,
    /// The lower of the two snapshots around the start, where they lie too far apart for a guess.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pool_low: Option<u64>,
    /// The higher of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pool_high: Option<u64>,
    /// What was still to be had, in bytes, where the level is more than a guess.
    pub headroom_bytes: Option<i64>,
    /// How the level was had.
    pub pool_basis: Option<&'static str>,
    /// Rows of rival reasons during the episode.
    pub rivals: BTreeMap<String, u64>,
    /// Evidence of the first row.
    pub evidence: Vec<String>,
}

/// What the snapshots say.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct Pool {
    /// Number of snapshots.
    pub snapshots: u64,
    /// Time of the first, if known.
    pub first: Option<String>,
    /// Time of the last, if known.
    pub last: Option<String>,
    /// How their order was found.
    pub order: Option<String>,
    /// Boot epochs, in order.
    pub epochs: Vec<Epoch>,
    /// Nonpaged pool as a whole.
    pub nonpaged: Vec<PoolPoint>,
    /// Samples of performance counters that state nonpaged pool beside the snapshots.
    pub counter_samples: u64,
    /// Nonpaged pool by those counters; of very many the extremes of each stretch.
    pub counters: Vec<CounterPoint>,
    /// The limit of nonpaged pool.
    pub limit: Option<Limit>,
    /// http.sys's threshold.
    pub threshold: Option<Threshold>,
    /// When the limit would be reached at the present pace.
    pub time_to_limit: Option<TimeToLimit>,
    /// Tags, most suspect first.
    pub tags: Vec<TagRow>,
    /// Tags beyond those listed.
    pub tags_not_listed: u64,
    /// Tags whose blocks grow in lockstep.
    pub lockstep: Vec<Lockstep>,
}

/// A stretch between two starts of the kernel.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Epoch {
    /// Snapshots in it.
    pub snapshots: u64,
    /// Time of the first, if known.
    pub first: Option<String>,
    /// Time of the last, if known.
    pub last: Option<String>,
    /// How it began: `first` or `restart`.
    pub began: &'static str,
    /// Nonpaged pool at its first snapshot.
    pub nonpaged_first: Option<i64>,
    /// Nonpaged pool at its last snapshot.
    pub nonpaged_last: Option<i64>,
    /// The highest.
    pub nonpaged_peak: Option<i64>,
    /// Slope of nonpaged pool.
    pub nonpaged_growth_bytes_per_hour: Option<f64>,
    /// Whether totals are the header's or a sum of rows.
    pub basis: Option<String>,
    /// Evidence of its first and its last snapshot.
    pub evidence: Vec<String>,
}

/// The pool at one snapshot.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PoolPoint {
    /// Place of the snapshot, counted from 0.
    pub snapshot: u64,
    /// Its time, if known.
    pub at: Option<String>,
    /// The epoch, counted from 0.
    pub epoch: u64,
    /// Bytes of nonpaged pool.
    pub bytes: i64,
    /// What was still to be had.
    pub headroom_bytes: Option<i64>,
}

/// The pool at one sample of performance counters.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CounterPoint {
    /// Its time.
    pub at: String,
    /// The epoch, counted from 0; one beyond the list of epochs holds no snapshot.
    pub epoch: u64,
    /// Bytes of nonpaged pool.
    pub bytes: i64,
    /// What was still to be had.
    pub headroom_bytes: Option<i64>,
}

/// The limit of nonpaged pool.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Limit {
    /// Bytes.
    pub bytes: u64,
    /// The least it may be.
    pub low: u64,
    /// The most it may be.
    pub high: u64,
    /// How it is known, in a sentence with its source.
    pub basis: String,
    /// How well: `stated`, `documented`, `ceiling`, `guess`.
    pub quality: String,
    /// Evidence of the facts of the machine that it follows from; empty if options stated them.
    pub evidence: Vec<String>,
}

/// http.sys's documented threshold.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Threshold {
    /// Bytes of headroom.
    pub bytes: u64,
    /// What it is, and for which era it is documented.
    pub basis: String,
}

/// An extrapolation.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct TimeToLimit {
    /// Hours from the last snapshot; absent if the fit is poor.
    pub hours: Option<f64>,
    /// The soonest that the slope's interval allows.
    pub soonest: Option<f64>,
    /// The latest.
    pub latest: Option<f64>,
    /// How it was had, or why not.
    pub basis: String,
}

/// One tag in one pool.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct TagRow {
    /// The tag, as poolmon shows it.
    pub tag: String,
    /// Its bytes.
    pub tag_hex: String,
    /// `nonpaged` or `paged`.
    pub pool: &'static str,
    /// The epoch that is described: the one with most growth of it.
    pub epoch: u64,
    /// The pattern of its growth.
    pub class: &'static str,
    /// The test behind the class.
    pub test: String,
    /// Bytes when first seen in the epoch.
    pub bytes_first: i64,
    /// Bytes when last seen.
    pub bytes_last: i64,
    /// Blocks when first seen; null where the source counts none.
    pub blocks_first: Option<i64>,
    /// Blocks when last seen; null where the source counts none.
    pub blocks_last: Option<i64>,
    /// Theil–Sen slope.
    pub growth_bytes_per_hour: Option<f64>,
    /// Lower end of its 95 % interval.
    pub growth_low: Option<f64>,
    /// Upper end.
    pub growth_high: Option<f64>,
    /// Slope per snapshot, where no clock is known.
    pub growth_bytes_per_snapshot: Option<f64>,
    /// Share of its pool's growth.
    pub share_of_growth: Option<f64>,
    /// Frees per allocation.
    pub freed_ratio: Option<f64>,
    /// Points.
    pub points: u64,
    /// What is known of the tag from its name.
    pub owner_hint: Option<String>,
    /// Evidence of first and last row.
    pub evidence: Vec<String>,
    /// Bytes over time, for plots: (snapshot, bytes).
    pub series: Vec<(u64, i64)>,
}

/// Tags that grow one for one.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Lockstep {
    /// The tags, as (tag, pool).
    pub members: Vec<LockstepMember>,
    /// What it means.
    pub text: String,
}

/// A tag of a lockstep group.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct LockstepMember {
    /// The tag.
    pub tag: String,
    /// Its bytes.
    pub tag_hex: String,
    /// Its pool.
    pub pool: &'static str,
    /// Blocks for each block of the first member.
    pub ratio: f64,
}

/// What Windows' event logs say; absent where the case holds none.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct Events {
    /// Logs and exports that were read, copies left out.
    pub logs: u64,
    /// Events in them, of any kind.
    pub read: u64,
    /// First event of any kind, where times are in UTC.
    pub first: Option<String>,
    /// Last event of any kind.
    pub last: Option<String>,
    /// Dated events by kind, of those that matter; each once, however many exports hold it.
    pub counts: BTreeMap<String, u64>,
    /// Events that matter, in time; at most 400.
    pub marks: Vec<EventMark>,
    /// Those beyond.
    pub marks_not_listed: u64,
    /// Events that matter without a time in UTC: in no count, on no timeline.
    pub undated: u64,
    /// Why the first of them has none, and what would give it.
    pub undated_reason: Option<String>,
}

/// An event that matters.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct EventMark {
    /// When it was logged.
    pub at: String,
    /// What it is: `nonpaged_pool_empty`, `system_started`, `driver_installed`, `clock_set`, …
    pub kind: &'static str,
    /// The event's number, which is unique within its provider.
    pub id: u32,
    /// What it says.
    pub text: String,
    /// The file that was installed, of events of that kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Evidence; empty for events that repeat.
    pub evidence: Vec<String>,
}

/// Pool and refusals together.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct Correlation {
    /// What they say together; absent if withheld.
    pub reading: Option<&'static str>,
    /// In a sentence.
    pub text: Option<String>,
    /// Share of refused connections with a snapshot near.
    pub covered: Option<f64>,
    /// Chance that the pool is higher with refusals than without.
    pub separation: Option<f64>,
    /// Seconds from the crossing of the threshold to the first refusal.
    pub lag_seconds: Option<i64>,
    /// Minutes by which the snapshots' clock may be slow before the reading changes.
    pub survives_minutes_back: Option<i64>,
    /// Minutes by which it may be fast.
    pub survives_minutes_forward: Option<i64>,
    /// Why there is none.
    pub withheld: Option<Withheld>,
}

/// Who allocates with a tag.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Attribution {
    /// The tag.
    pub tag: String,
    /// Its bytes.
    pub tag_hex: String,
    /// Its pool.
    pub pool: &'static str,
    /// What was found, in a sentence.
    pub answer: String,
    /// Images, most likely first.
    pub candidates: Vec<Candidate>,
    /// Images that hold the bytes in a way that says nothing.
    pub text_only: u64,
    /// What tables say of the tag's owner: a hint, never evidence.
    pub owner_hint: Option<String>,
}

/// An image that may allocate with a tag.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Candidate {
    /// The image.
    pub driver: Driver,
    /// Its strongest evidence.
    pub grade: &'static str,
    /// The way on which the tag reaches the routine.
    pub via: Option<&'static str>,
    /// `allocate` or `free`.
    pub role: Option<&'static str>,
    /// The routine.
    pub api: Option<String>,
    /// Calls.
    pub sites: u64,
    /// RVA of the first.
    pub rva: Option<u64>,
    /// The instructions that prove it.
    pub instructions: Vec<String>,
    /// Why it stands where it stands in the list.
    pub why: Vec<String>,
    /// Evidence ids.
    pub evidence: Vec<String>,
}

/// An image of the case.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Driver {
    /// Its file name; of a suspect that lies here under a copy's name, the driver's own.
    pub file_name: String,
    /// Its name in the bundle.
    pub path: String,
    /// Digest of the file.
    pub sha256: String,
    /// Processor.
    pub machine: &'static str,
    /// What its version resource says.
    pub version: Version,
    /// When it was linked, or why that is not known.
    pub linked: String,
    /// The PDB it was built with.
    pub pdb: Option<String>,
    /// Its signature.
    pub signature: Signature,
    /// What may be hidden in it.
    pub blind: Vec<String>,
    /// Other names of the same bytes in the bundle.
    pub copies: Vec<String>,
}

/// What an image says of itself.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct Version {
    /// `FileVersion`: the image's own.
    pub file_version: Option<String>,
    /// `ProductVersion`.
    pub product_version: Option<String>,
    /// `CompanyName`.
    pub company: Option<String>,
    /// `ProductName`.
    pub product: Option<String>,
    /// `FileDescription`.
    pub description: Option<String>,
    /// `OriginalFilename`: the name that it was built under.
    pub original_name: Option<String>,
}

/// An image's signature. Trust and revocation are not checked.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Signature {
    /// `none_embedded`, `present`, `malformed`, or `catalog`: none embedded, but a catalog of the
    /// bundle lists the file.
    pub state: &'static str,
    /// In a sentence.
    pub text: String,
    /// Who signed.
    pub signer: Option<String>,
    /// Who issued the certificate.
    pub issuer: Option<String>,
    /// `match`, `mismatch` or `unknown`.
    pub digest: Option<&'static str>,
    /// Time of the counter-signature.
    pub signed_at: Option<String>,
}

/// Something worth knowing that is not the verdict.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Finding {
    /// The rule's name.
    pub rule: &'static str,
    /// `rival`, `pool`, `clock`, `input` or `driver`.
    pub kind: &'static str,
    /// What was found.
    pub text: String,
    /// Evidence ids.
    pub evidence: Vec<String>,
    /// The known issue that it is, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known_issue: Option<KnownIssue>,
}

/// An issue that somebody described before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct KnownIssue {
    /// Its name in its pack of rules.
    pub id: String,
    /// What it is, in a sentence.
    pub title: String,
    /// The version or update in which it is fixed, where that is known.
    pub fixed_in: Option<String>,
    /// Where it is described.
    pub link: Option<String>,
    /// When that was written, as `YYYY-MM-DD`.
    pub date: Option<String>,
    /// The pack: `built in`, or the name of its file.
    pub pack: String,
}

/// What to do next.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct NextStep {
    /// `engineer`, `customer` or `vendor`.
    pub audience: &'static str,
    /// What to do.
    pub text: String,
    /// A command to paste, if one helps.
    pub command: Option<String>,
}

/// Where a claim can be checked.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Evidence {
    /// `E1`, `E2`, …
    pub id: String,
    /// The artifact's name in the bundle.
    pub artifact: String,
    /// Digest of the artifact, if it was read whole.
    pub sha256: Option<String>,
    /// Line, counted from 1.
    pub line: Option<u64>,
    /// Byte offset, counted from 0.
    pub offset: Option<u64>,
    /// Number of the record in an event log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<u64>,
    /// What stands there.
    pub text: String,
    /// The place itself and what is around it, as it stands in the artifact, in order. Long lines
    /// are cut; empty where the report has no room left.
    pub context: Vec<ContextLine>,
}

/// A line of an artifact, a row of its bytes, or an instruction made of them.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ContextLine {
    /// `line`, `bytes` or `instruction`.
    pub kind: &'static str,
    /// Line, counted from 1.
    pub line: Option<u64>,
    /// Byte offset of its first byte, counted from 0.
    pub offset: Option<u64>,
    /// True where the evidence points.
    pub cited: bool,
    /// The line; or bytes in hexadecimal and as letters; or RVA and instruction.
    pub text: String,
}

/// What was found, used, skipped and repaired.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct Coverage {
    /// Every artifact.
    pub artifacts: Vec<ArtifactRow>,
    /// What is to be said of the input as a whole, or of several artifacts.
    pub notes: Vec<String>,
    /// Limits that were met.
    pub limits_hit: Vec<String>,
}

/// One artifact.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ArtifactRow {
    /// Its name in the bundle.
    pub name: String,
    /// What it was taken for.
    pub role: &'static str,
    /// On what grounds.
    pub why: String,
    /// Bytes, where counted.
    pub bytes: Option<u64>,
    /// Digest of its content.
    pub sha256: Option<String>,
    /// `used`, `partly_used`, `duplicate`, `not_needed`, `not_understood` or `unreadable`.
    pub used: &'static str,
    /// What was odd, repaired, skipped or inferred.
    pub notes: Vec<String>,
}
