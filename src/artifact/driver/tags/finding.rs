//! What the analysis of one image says about pool tags.

use crate::artifact::driver::api::Role;
use crate::tag::{Pool, Tag};
use serde::{Deserialize, Serialize};

/// How strongly an image is tied to a tag, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Grade {
    /// The tag reaches the tag argument of an allocation routine.
    CallSite,
    /// The framework derives the tag from the driver's name; it is not in the file.
    Name,
    /// The tag is an operand of an instruction, its use not shown.
    Operand,
    /// The tag stands alone in data.
    Data,
    /// The bytes occur inside text or other bytes: says nothing.
    Text,
}

impl Grade {
    /// The word of the report.
    pub const fn name(self) -> &'static str {
        match self {
            Grade::CallSite => "call_site",
            Grade::Name => "name",
            Grade::Operand => "operand",
            Grade::Data => "data",
            Grade::Text => "text",
        }
    }

    /// One sentence for people.
    pub const fn sentence(self) -> &'static str {
        match self {
            Grade::CallSite => "the tag reaches the tag argument of a pool routine",
            Grade::Name => "the framework derives this tag from the driver's service name",
            Grade::Operand => "the tag is an operand of an instruction, its use is not shown",
            Grade::Data => "the tag stands alone in data",
            Grade::Text => "the bytes occur only inside text or other bytes",
        }
    }
}

/// On which way the tag reaches the routine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Via {
    /// A constant at the call.
    Direct,
    /// A constant that a caller hands to a routine of the driver, which passes it on.
    Wrapper {
        /// The outermost such routine: the one that is handed the constant.
        rva: u32,
        /// How many routines pass it on.
        depth: u8,
    },
    /// A variable of the image, initialised or set at run time.
    Global,
    /// A lookaside list set up with the tag.
    Lookaside,
    /// The driver framework.
    Framework,
}

impl Via {
    /// The word of the report.
    pub const fn name(self) -> &'static str {
        match self {
            Via::Direct => "direct",
            Via::Wrapper { .. } => "wrapper",
            Via::Global => "global",
            Via::Lookaside => "lookaside",
            Via::Framework => "framework",
        }
    }
}

/// A place in the image.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Site {
    /// RVA; 0 for bytes that are not loaded.
    pub rva: u32,
    /// File offset.
    pub offset: u64,
    /// Name of the section, empty outside of sections.
    pub section: String,
    /// True where the section is dropped after start-up: the code runs once, at load.
    pub discardable: bool,
}

/// One kind of evidence for one tag.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The tag, as pool accounting keys it (without the protected-pool bit).
    pub tag: Tag,
    /// Strength.
    pub grade: Grade,
    /// The way, for call sites.
    pub via: Option<Via>,
    /// Allocates or frees, for call sites.
    pub role: Option<Role>,
    /// The routine: of the call site, or of the call that takes the operand.
    pub api: Option<&'static str>,
    /// The pool, where the call says it.
    pub pool: Option<Pool>,
    /// The first place, by address: the call, or the bytes.
    pub site: Option<Site>,
    /// All calls or occurrences, RVAs ascending, at most [`MAX_SITES`] of them.
    pub sites: Vec<u32>,
    /// How many there are.
    pub count: u32,
    /// RVAs of the instructions that make it plain at the first place: where the constant
    /// is made, where it is handed on, the call. [`explain`](super::explain()) shows them.
    pub proof: Vec<u32>,
}

/// Places listed for one finding; beyond it they are only counted.
pub const MAX_SITES: usize = 64;

/// Why the analysis may not see everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Blind {
    /// Code of this machine is not analysed.
    Machine,
    /// A code section looks packed or encrypted (bits a byte of its entropy, times 100).
    Packed(u16),
    /// The file ends before its sections do.
    Truncated,
    /// There are calls of tag routines whose tag could not be followed.
    Unresolved(u32),
    /// Routines are looked up by name at run time, so allocators may be too.
    RuntimeLookup,
    /// A limit of the analysis was reached; the rest of the code was not followed.
    Limit,
}

impl Blind {
    /// One sentence for people.
    pub fn sentence(self) -> String {
        match self {
            Blind::Machine => "code of this machine is not analysed".to_owned(),
            Blind::Packed(hundredths) => format!(
                "a code section has {:.2} bits of entropy a byte: packed or encrypted code cannot be seen into",
                f64::from(hundredths) / 100.0
            ),
            Blind::Truncated => "the file ends before its sections do".to_owned(),
            Blind::Unresolved(count) => {
                format!("the tag of {count} calls could not be followed to a constant")
            }
            Blind::RuntimeLookup => {
                "routines are looked up by name at run time; allocators may be among them"
                    .to_owned()
            }
            Blind::Limit => "a limit was reached; not all code was followed".to_owned(),
        }
    }
}

/// How the tag arguments of all tag routines' calls came out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteCounts {
    /// Calls found.
    pub total: u32,
    /// With at least one constant.
    pub constant: u32,
    /// Passed on from a parameter.
    pub parameter: u32,
    /// Read from a variable of the image.
    pub global: u32,
    /// None of these.
    pub unresolved: u32,
}

/// Everything found in one image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagFindings {
    /// By tag, then strongest first.
    pub findings: Vec<Finding>,
    /// Findings for the asked tags with their bytes reversed: hints that an author forgot
    /// the reversal, never evidence.
    pub reversed: Vec<Finding>,
    /// Tag routines that the image imports or reaches through a framework.
    pub routines: Vec<&'static str>,
    /// What may be unseen.
    pub blind: Vec<Blind>,
    /// How the calls came out.
    pub calls: SiteCounts,
}

impl TagFindings {
    /// The findings for `tag`, strongest first. Padding by NUL or blank is alike.
    pub fn of(&self, tag: Tag) -> impl Iterator<Item = &Finding> {
        self.findings
            .iter()
            .filter(move |f| super::query::same(f.tag, tag))
    }

    /// The strongest finding for `tag`; a free counts less than an allocation.
    pub fn best(&self, tag: Tag) -> Option<&Finding> {
        self.of(tag)
            .min_by_key(|f| (f.grade, f.api.is_none(), f.role))
    }
}
