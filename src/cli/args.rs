//! What may be typed.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::batch_args::{BatchArgs, CapArgs, MergeArgs, RulesCommand, WorkerArgs};
use crate::diagnosis::headroom::{Arch, OsVersion, parse_size};
use crate::tag::Tag;
use crate::timeline::zone::Zone;

/// Names the driver behind http.sys refusing connections.
///
/// PoolSleuth reads what a Windows server's administrator uploaded (HTTPERR logs, saved poolmon
/// snapshots, a copied drivers folder) and says which pool tag leaks, whether that explains the
/// refused connections, and which driver image allocates with the tag. It works offline and never
/// writes into the upload.
#[derive(Debug, Parser)]
#[command(
    name = "poolsleuth",
    version,
    propagate_version = true,
    max_term_width = 100
)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
pub(super) struct Common {
    /// Number of threads, 256 at most; all processors if absent. The output does not depend on it.
    #[arg(short = 'j', long, value_name = "N", global = true, value_parser = parse_jobs)]
    pub(super) jobs: Option<NonZeroUsize>,
    /// What to show of the work, on stderr.
    #[arg(long, value_enum, default_value_t = ProgressMode::Auto, value_name = "HOW", global = true)]
    pub(super) progress: ProgressMode,
    /// Colour in text; NO_COLOR is honoured.
    #[arg(long, value_enum, default_value_t = ColorMode::Auto, value_name = "WHEN", global = true)]
    pub(super) color: ColorMode,
    /// No progress and no remarks on stderr, only errors.
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,
    /// Remarks on stderr on what is being done.
    #[arg(short, long, global = true)]
    pub(super) verbose: bool,
    /// The password of encrypted archives: the first line of this file. Without a password, it is
    /// asked for on a terminal.
    #[arg(long, value_name = "FILE", global = true)]
    pub(super) password_file: Option<PathBuf>,
    /// The environment variable that holds it, if it is another than POOLSLEUTH_PASSWORD.
    #[arg(
        long,
        value_name = "NAME",
        global = true,
        conflicts_with = "password_file"
    )]
    pub(super) password_env: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ProgressMode {
    /// A bar on a terminal; otherwise a line now and then if it takes long.
    Auto,
    /// A bar.
    Bar,
    /// A line now and then.
    Plain,
    /// JSON lines.
    Json,
    /// Nothing.
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ColorMode {
    /// If stdout is a terminal and NO_COLOR is not set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Analyse one case: a folder, an archive, or loose files.
    Analyze(AnalyzeArgs),
    /// Read HTTPERR logs alone: refused connections, outages, other reasons.
    Refusals(QuickArgs),
    /// Read poolmon snapshots alone: which tags grow.
    Tags(TagsArgs),
    /// Search driver images for tags, graded by proof.
    Scan(ScanArgs),
    /// Show all that driver images say: tags they allocate with, version, signer.
    Inspect(InspectArgs),
    /// Analyse many cases, unattended and resumably, and roll them up.
    Batch(BatchArgs),
    /// Join the results of batches that did parts of a whole.
    Merge(MergeArgs),
    /// Check rules of known issues.
    Rules {
        #[command(subcommand)]
        command: RulesCommand,
    },
    /// One worker of a batch.
    #[command(hide = true)]
    BatchWorker(WorkerArgs),
    /// Set two cases side by side: before and after a fix, or two nodes.
    Diff(DiffArgs),
    /// Show the evidence of a saved report, and check it against the bundle.
    ///
    /// Without ids: a table of all evidence. With ids: what each says, where that stands, and what
    /// is around it. With --bundle, the artifact itself is opened, its digest compared with the
    /// report's, and the raw lines or bytes are printed from it. Ends with status 5 if an artifact
    /// was changed, with 1 if it is missing.
    Show(ShowArgs),
    /// Write a small synthetic case and analyse it.
    Demo(DemoArgs),
    /// Print the JSON Schema of the report.
    Schema,
    /// Print completions for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the man page.
    Man,
}

/// Facts that the bundle may lack.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct FactArgs {
    /// Zone of local time stamps: an IANA name (Europe/Berlin) or an offset (+02:00).
    #[arg(long, value_name = "ZONE", value_parser = parse_zone, allow_hyphen_values = true)]
    pub(super) tz: Option<(Zone, String)>,
    /// How all-numeric dates are written, where the stamps do not tell.
    #[arg(long, value_enum, value_name = "ORDER")]
    pub(super) date_order: Option<DateOrderArg>,
    /// Windows version (2003, 2008r2, 2016, win10, ...).
    #[arg(long, value_name = "OS", value_parser = parse_os)]
    pub(super) os: Option<(OsVersion, String)>,
    /// Architecture: x86, x64 or arm64.
    #[arg(long, value_name = "ARCH", value_parser = |s: &str| s.parse::<Arch>())]
    pub(super) arch: Option<Arch>,
    /// Physical memory (16GB, 4096MB).
    #[arg(long, value_name = "SIZE", value_parser = some_size)]
    pub(super) ram: Option<u64>,
    /// Limit of nonpaged pool (128MB).
    #[arg(long, value_name = "SIZE", value_parser = some_size)]
    pub(super) npp_limit: Option<u64>,
    /// A pooltag.txt; its owners are hints, never evidence. Repeatable.
    #[arg(long, value_name = "FILE")]
    pub(super) pooltag: Vec<PathBuf>,
    /// More known issues: a folder of .toml files, or one. Repeatable.
    #[arg(long, value_name = "DIR")]
    pub(super) rules: Vec<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum DateOrderArg {
    /// 27/10/2026
    Dmy,
    /// 10/27/2026
    Mdy,
    /// 2026/10/27
    Ymd,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ReportFormat {
    /// The verdict for a terminal: at most 40 lines of 80 columns.
    Text,
    /// The whole report.
    Json,
    /// The verdict for a ticket.
    Markdown,
    /// The verdict for the customer's ticket: Markdown without names of machines and files.
    MarkdownCustomer,
    /// One page for a browser, complete in itself.
    Html,
}

#[derive(Debug, Args)]
pub(super) struct AnalyzeArgs {
    /// The case: a folder, an archive (zip, 7z, tar, cab), or the files of one case.
    #[arg(required = true, value_name = "BUNDLE")]
    pub(super) bundle: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) facts: FactArgs,
    /// More driver images to search, beside the bundle's own. Repeatable.
    #[arg(long, value_name = "DIR")]
    pub(super) drivers: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) caps: CapArgs,
    #[command(flatten)]
    pub(super) out: OutArgs,
}

#[derive(Debug, Args)]
pub(super) struct OutArgs {
    /// What to print on stdout.
    #[arg(long, value_enum, default_value_t = ReportFormat::Text, value_name = "FORMAT")]
    pub(super) format: ReportFormat,
    /// Text without any character outside ASCII.
    #[arg(long)]
    pub(super) ascii: bool,
    /// Also write report.html, report.json, report.md, customer.md, timeline.jsonl and tables
    /// (CSV) into this folder.
    #[arg(short, long, value_name = "DIR")]
    pub(super) output: Option<PathBuf>,
    /// Leave CSV cells as they are, for programs: a spreadsheet may take one for a formula.
    #[arg(long, requires = "output")]
    pub(super) raw_csv: bool,
    /// End with status 10 if a problem is found with at least this confidence.
    #[arg(long, value_enum, value_name = "LEVEL")]
    pub(super) fail_on: Option<Level>,
    #[command(flatten)]
    pub(super) redact: RedactArgs,
}

/// What a report that leaves the house must not say.
#[derive(Debug, Default, Args)]
pub(super) struct RedactArgs {
    /// Replace addresses, URIs, paths and names of machines, people and companies by keyed
    /// pseudonyms, in everything that is printed and written. See docs/redaction.md.
    #[arg(long)]
    pub(super) redact: bool,
    /// A file of 32 or more random bytes as key: the same text has the same pseudonym in every
    /// report made with it. Without it each run has a key of its own.
    #[arg(long, value_name = "FILE", requires = "redact")]
    pub(super) redact_key: Option<PathBuf>,
    /// Write which text each pseudonym stands for into this new file. With -o DIR it is
    /// DIR.redact-map.json beside the folder if absent; otherwise no map is kept.
    #[arg(long, value_name = "FILE", requires = "redact")]
    pub(super) redact_map: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(super) enum Level {
    /// One reading among others.
    Possible,
    /// The reading that fits best.
    Probable,
    /// Every link is shown.
    Confirmed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum QuickFormat {
    /// For people.
    Text,
    /// One JSON value.
    Json,
}

#[derive(Debug, Args)]
pub(super) struct QuickArgs {
    /// HTTPERR logs, or folders and archives that hold some.
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    /// What to print on stdout.
    #[arg(long, value_enum, default_value_t = QuickFormat::Text, value_name = "FORMAT")]
    pub(super) format: QuickFormat,
    #[command(flatten)]
    pub(super) redact: RedactArgs,
}

#[derive(Debug, Args)]
pub(super) struct TagsArgs {
    /// Saved poolmon snapshots, or folders and archives that hold some.
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) facts: FactArgs,
    /// Tags to show.
    #[arg(long, default_value_t = 20, value_name = "N")]
    pub(super) top: usize,
    /// What to print on stdout.
    #[arg(long, value_enum, default_value_t = QuickFormat::Text, value_name = "FORMAT")]
    pub(super) format: QuickFormat,
    #[command(flatten)]
    pub(super) redact: RedactArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ScanFormat {
    /// For people.
    Text,
    /// One JSON object a line for each image and tag.
    Jsonl,
    /// Comma-separated, cells safe for spreadsheets.
    Csv,
}

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("which").required(true).args(["tag", "all_tags"]))]
pub(super) struct ScanArgs {
    /// Images, folders or archives of images.
    #[arg(required = true, value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// A tag as poolmon shows it; \xNN for odd bytes, or 0x and eight hex digits. Repeatable.
    #[arg(long, value_name = "TAG", value_parser = |s: &str| s.parse::<Tag>(), allow_hyphen_values = true)]
    pub(super) tag: Vec<Tag>,
    /// Every tag that each image allocates or frees with.
    #[arg(long)]
    pub(super) all_tags: bool,
    /// What to print on stdout.
    #[arg(long, value_enum, default_value_t = ScanFormat::Text, value_name = "FORMAT")]
    pub(super) format: ScanFormat,
}

#[derive(Debug, Args)]
pub(super) struct InspectArgs {
    /// Driver images, folders or archives of images.
    #[arg(required = true, value_name = "DRIVER")]
    pub(super) drivers: Vec<PathBuf>,
    /// What to print on stdout.
    #[arg(long, value_enum, default_value_t = QuickFormat::Text, value_name = "FORMAT")]
    pub(super) format: QuickFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum DiffFormat {
    /// For a terminal: lines of 80 columns.
    Text,
    /// All of it.
    Json,
    /// For a ticket.
    Markdown,
}

#[derive(Debug, Args)]
pub(super) struct DiffArgs {
    /// The first case: a report.json, or a folder or archive, which is analysed now.
    #[arg(value_name = "A")]
    pub(super) a: PathBuf,
    /// The second case, likewise.
    #[arg(value_name = "B")]
    pub(super) b: PathBuf,
    #[command(flatten)]
    pub(super) facts: FactArgs,
    /// More driver images to search, beside those of the cases. Repeatable.
    #[arg(long, value_name = "DIR")]
    pub(super) drivers: Vec<PathBuf>,
    /// What to print on stdout.
    #[arg(long, value_enum, default_value_t = DiffFormat::Text, value_name = "FORMAT")]
    pub(super) format: DiffFormat,
    /// Text without any character outside ASCII.
    #[arg(long)]
    pub(super) ascii: bool,
}

#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// A report.json, or `-` for stdin.
    #[arg(value_name = "REPORT")]
    pub(super) report: PathBuf,
    /// Evidence to show: E12, or 12.
    #[arg(value_name = "ID")]
    pub(super) ids: Vec<String>,
    /// The case: a folder, an archive (zip, 7z, tar, cab), or the files of one case. Repeatable.
    #[arg(short, long, value_name = "BUNDLE")]
    pub(super) bundle: Vec<PathBuf>,
    /// More driver images, as given to analyze. Repeatable.
    #[arg(long, value_name = "DIR", requires = "bundle")]
    pub(super) drivers: Vec<PathBuf>,
    /// Lines, or rows of 16 bytes, before and after the place.
    #[arg(short = 'C', long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(..=1000), requires = "bundle")]
    pub(super) context: u16,
    /// What to print on stdout.
    #[arg(long, value_enum, default_value_t = QuickFormat::Text, value_name = "FORMAT")]
    pub(super) format: QuickFormat,
}

#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// The folder to write the case into; a new folder of this name. `poolsleuth-demo` if absent.
    #[arg(value_name = "DIR")]
    pub(super) dir: Option<PathBuf>,
    #[command(flatten)]
    pub(super) out: OutArgs,
}

/// Most threads that are started: beyond, only starting them takes time.
const MAX_JOBS: NonZeroUsize = NonZeroUsize::new(256).unwrap();

fn parse_jobs(typed: &str) -> Result<NonZeroUsize, String> {
    typed
        .parse::<NonZeroUsize>()
        .map(|jobs| jobs.min(MAX_JOBS))
        .map_err(|e| e.to_string())
}

/// A size that something can have.
fn some_size(typed: &str) -> Result<u64, String> {
    match parse_size(typed) {
        Ok(0) => Err("it is zero; leave the option out where the size is not known".to_owned()),
        read => read.map_err(|e| e.to_string()),
    }
}

fn parse_zone(typed: &str) -> Result<(Zone, String), String> {
    Zone::parse(typed)
        .map(|zone| (zone, typed.to_owned()))
        .map_err(|e| e.to_string())
}

fn parse_os(typed: &str) -> Result<(OsVersion, String), String> {
    typed
        .parse::<OsVersion>()
        .map(|os| (os, typed.to_owned()))
        .map_err(|e| e.to_string())
}
