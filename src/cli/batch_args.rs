//! What may be typed for many cases.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::args::FactArgs;
use crate::batch::shard::Shard;
use crate::bundle::Limits;
use crate::diagnosis::headroom::parse_size;

/// Memory in all, unless said otherwise.
const MAX_MEMORY: &str = "1GB";

#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("to").required(true).args(["output", "format", "prune_cache"]))]
pub(super) struct BatchArgs {
    /// Folders of cases, archives, @LIST for the paths in a file, - for paths on stdin.
    #[arg(required_unless_present = "prune_cache", value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// The folder for the results: a new one, or that of a batch to go on with.
    #[arg(short, long, value_name = "DIR", conflicts_with = "format")]
    pub(super) output: Option<PathBuf>,
    /// Print one record a path on stdout, as soon as it is known; each path is one case.
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(super) format: Option<StreamFormat>,
    /// Paths in lists and on stdin end with NUL, as `find -print0` writes them.
    #[arg(short = '0', long)]
    pub(super) null: bool,
    /// Each path is one case, whatever it holds.
    #[arg(long)]
    pub(super) as_given: bool,
    /// Do one part only: 2/8 is the second of eight. `poolsleuth merge` joins the parts.
    #[arg(long, value_name = "I/N", conflicts_with = "format")]
    pub(super) shard: Option<Shard>,
    /// Memory of the whole batch; what wants more than a share is tried again alone.
    #[arg(long, default_value = MAX_MEMORY, value_name = "SIZE", value_parser = parse_size)]
    pub(super) max_memory: u64,
    /// Seconds that one case may take.
    #[arg(long, default_value_t = 600, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) time_limit: u64,
    #[command(flatten)]
    pub(super) caps: CapArgs,
    /// Try cases again that failed in an earlier run.
    #[arg(long, conflicts_with = "format")]
    pub(super) retry_failed: bool,
    /// The folder of an earlier batch: index.html then shows what is new since.
    #[arg(long, value_name = "DIR", conflicts_with = "format")]
    pub(super) since: Option<PathBuf>,
    /// Folder of the cache of what images say of themselves; the user's cache folder if absent.
    #[arg(
        long,
        value_name = "DIR",
        env = "POOLSLEUTH_CACHE",
        hide_env_values = true
    )]
    pub(super) cache: Option<PathBuf>,
    /// Use no cache.
    #[arg(long)]
    pub(super) no_cache: bool,
    /// Empty the cache of all that this version cannot use or has not used for long, and end.
    #[arg(long)]
    pub(super) prune_cache: bool,
    #[command(flatten)]
    pub(super) facts: FactArgs,
    /// More driver images to search, beside the cases' own. Repeatable.
    #[arg(long, value_name = "DIR")]
    pub(super) drivers: Vec<PathBuf>,
}

/// Caps of one case; what they cut off is said in its record.
#[derive(Clone, Debug, Args)]
pub(super) struct CapArgs {
    /// Bytes of one case, unpacked, that are read.
    #[arg(long, default_value = "64GB", value_name = "SIZE", value_parser = parse_size)]
    pub(super) max_bytes: u64,
    /// Files of one case that are looked at.
    #[arg(long, default_value_t = 200_000, value_name = "N")]
    pub(super) max_entries: usize,
}

impl CapArgs {
    /// The limits of a case.
    pub(super) fn limits(&self) -> Limits {
        Limits {
            entries: self.max_entries,
            total_bytes: self.max_bytes,
            ..Limits::default()
        }
    }

    /// Both as words of a command line, if one is not what it usually is.
    pub(super) fn unusual(&self) -> Vec<String> {
        let usual = Limits::default();
        match (self.max_bytes, self.max_entries) == (usual.total_bytes, usual.entries) {
            true => Vec::new(),
            false => self.words().into(),
        }
    }

    /// Both as words of a command line.
    pub(super) fn words(&self) -> [String; 2] {
        [
            format!("--max-bytes={}", self.max_bytes),
            format!("--max-entries={}", self.max_entries),
        ]
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum StreamFormat {
    /// One JSON object a line.
    Jsonl,
}

#[derive(Debug, Args)]
pub(super) struct MergeArgs {
    /// Folders of finished batches.
    #[arg(required = true, value_name = "DIR")]
    pub(super) folders: Vec<PathBuf>,
    /// The folder for the whole; a new one.
    #[arg(short, long, value_name = "DIR")]
    pub(super) output: PathBuf,
    /// The folder of an earlier batch: index.html then shows what is new since.
    #[arg(long, value_name = "DIR")]
    pub(super) since: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(super) enum RulesCommand {
    /// Check packs of rules and run their examples; without packs, the built-in one.
    Test {
        /// Packs: .toml files, or folders of them.
        #[arg(value_name = "PACK")]
        packs: Vec<PathBuf>,
    },
    /// List the rules in use.
    List {
        /// More known issues: a folder of .toml files, or one. Repeatable.
        #[arg(long, value_name = "DIR")]
        rules: Vec<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(super) struct WorkerArgs {
    #[command(flatten)]
    pub(super) facts: FactArgs,
    #[command(flatten)]
    pub(super) caps: CapArgs,
    #[arg(long)]
    pub(super) drivers: Vec<PathBuf>,
    #[arg(long)]
    pub(super) cache: Option<PathBuf>,
    #[arg(long)]
    pub(super) worker_memory: u64,
    /// The first line on stdin is the password of encrypted archives.
    #[arg(long)]
    pub(super) password_on_stdin: bool,
}
