//! What is generally known of a tag: whose it is, what makes it grow, who may hold it.
//!
//! The table (`wellknown_table`) covers the tags that a leak of nonpaged pool shows when
//! no driver's own tag does: the kernel's objects and I/O structures, caches that only
//! look like leaks, and tags that static libraries carry into many drivers.

use super::pattern::TagPattern;
use super::wellknown_table::TABLE;
use crate::tag::Tag;

/// What kind of memory a tag marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TagClass {
    /// A kernel object that lives as long as handles or references to it.
    KernelObject,
    /// A structure that the kernel allocates for drivers' I/O.
    IoObject,
    /// A cache that grows with use and shrinks under pressure.
    Cache,
    /// Buffers of trace sessions.
    TraceBuffer,
    /// The kernel's own bookkeeping, in proportion to processes and memory.
    Bookkeeping,
    /// A component of Windows which holds memory on behalf of its users.
    WindowsComponent,
    /// A tag that a static library or a header carries into every driver that uses it.
    SharedLibrary,
    /// A default of a framework or routine where the driver gave no tag.
    FrameworkDefault,
    /// One vendor's or one tool's own driver.
    Driver,
}

impl TagClass {
    /// The word that reports use.
    pub const fn name(self) -> &'static str {
        match self {
            TagClass::KernelObject => "kernel_object",
            TagClass::IoObject => "io_object",
            TagClass::Cache => "cache",
            TagClass::TraceBuffer => "trace_buffer",
            TagClass::Bookkeeping => "bookkeeping",
            TagClass::WindowsComponent => "windows_component",
            TagClass::SharedLibrary => "shared_library",
            TagClass::FrameworkDefault => "framework_default",
            TagClass::Driver => "driver",
        }
    }

    /// One sentence on what growth of such a tag means.
    pub const fn sentence(self) -> &'static str {
        match self {
            TagClass::KernelObject => {
                "a kernel object: it lives as long as someone has a handle or a reference to it, and the tag does not say who"
            }
            TagClass::IoObject => {
                "memory that the kernel allocates on behalf of drivers: the tag does not say for which"
            }
            TagClass::Cache => {
                "a cache: it grows with use, levels off, and gives memory back under pressure"
            }
            TagClass::TraceBuffer => {
                "buffers of event tracing: they grow in steps, as sessions are started"
            }
            TagClass::Bookkeeping => {
                "bookkeeping of the kernel: it follows the number of processes and the memory they use"
            }
            TagClass::WindowsComponent => {
                "a component of Windows, which usually holds the memory for someone else"
            }
            TagClass::SharedLibrary => {
                "a tag that a static library carries into many drivers: several images may allocate with it"
            }
            TagClass::FrameworkDefault => {
                "a default tag: the driver that allocates did not choose one of its own"
            }
            TagClass::Driver => "the tag of one driver",
        }
    }
}

/// Whether an image that allocates with the tag may be named as the culprit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Blame {
    /// No: the code that allocates is not the one that holds.
    No,
    /// Only with more than the tag: several images allocate with it.
    NotByTagAlone,
    /// Yes, if it is shown to allocate with the tag.
    Yes,
}

/// One well-known tag or family of tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WellKnown {
    /// The tag, `?` for any byte.
    pub pattern: TagPattern,
    /// What kind of memory it marks.
    pub class: TagClass,
    /// Whose it is, in words.
    pub owner: &'static str,
    /// What makes it grow.
    pub grows: &'static str,
    /// Who may hold the memory and how to find out.
    pub holders: &'static str,
    /// Whether an image may be blamed.
    pub blame: Blame,
    /// Where this is known from.
    pub source: &'static str,
}

impl WellKnown {
    /// True when an image that allocates with the tag may be named, be it with more
    /// evidence than the tag.
    pub fn driver_may_be_blamed(&self) -> bool {
        self.blame != Blame::No
    }
}

/// What is generally known of a tag; exact entries before families, and of families the
/// one with the longest literal beginning.
pub fn well_known(tag: Tag) -> Option<&'static WellKnown> {
    let tag = tag.without_protection();
    let exact = TABLE.iter().find(|known| {
        known
            .pattern
            .exact()
            .is_some_and(|exact| exact.same_but_for_padding(tag))
    });
    exact.or_else(|| {
        let fits = TABLE
            .iter()
            .filter(|k| k.pattern.exact().is_none() && k.pattern.matches(tag));
        fits.max_by_key(|known| (known.pattern.literal_prefix(), known.pattern.literals()))
    })
}

/// All entries.
#[cfg(test)]
fn all() -> &'static [WellKnown] {
    TABLE
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(tag: &[u8; 4]) -> Option<&'static WellKnown> {
        well_known(Tag::new(*tag))
    }

    #[test]
    fn objects_of_the_kernel_blame_no_driver() {
        for tag in [
            b"Even", b"Thre", b"Proc", b"File", b"Toke", b"Sema", b"Muta", b"Key ", b"IoCo",
            b"Icp ", b"Irp ", b"Mdl ", b"Mmdi", b"IoWI", b"Vad ", b"ObNm", b"EtwB", b"MmCa",
            b"smNp", b"Strg",
        ] {
            let known = of(tag).unwrap_or_else(|| panic!("{:?}", Tag::new(*tag)));
            assert!(!known.driver_may_be_blamed(), "{:?}", known.pattern);
        }
        assert_eq!(of(b"Thr\xe5"), of(b"Thre"));
        assert_eq!(of(b"Irp\0"), of(b"Irp "));
    }

    #[test]
    fn shared_tags_need_more_than_themselves() {
        for tag in [
            b"Wdm ", b"Ddk ", b"SeAl", b"SeSd", b"SeTs", b"PpUc", b"PpRb", b"PcCr", b"PcNw",
            b"RxAb", b"FxDr", b"None",
        ] {
            assert_eq!(of(tag).map(|known| known.blame), Some(Blame::NotByTagAlone));
        }
    }

    #[test]
    fn the_better_pattern_wins() {
        assert_eq!(
            of(b"EtwB").map(|k| k.pattern.to_string()).as_deref(),
            Some("EtwB")
        );
        assert_eq!(
            of(b"EtwQ").map(|k| k.pattern.to_string()).as_deref(),
            Some("Etw?")
        );
        assert_eq!(of(b"Qq77"), None);
    }

    #[test]
    fn the_table_is_in_order() {
        let mut seen = std::collections::BTreeSet::new();
        for known in all() {
            assert!(seen.insert(known.pattern), "{:?} twice", known.pattern);
            for text in [known.owner, known.grows, known.holders, known.source] {
                assert!(
                    text.len() > 2 && !text.ends_with('.'),
                    "{:?}: {text}",
                    known.pattern
                );
            }
            let blameless = matches!(
                known.class,
                TagClass::KernelObject
                    | TagClass::IoObject
                    | TagClass::Cache
                    | TagClass::TraceBuffer
                    | TagClass::Bookkeeping
            );
            assert!(
                !blameless || known.blame == Blame::No,
                "{:?}",
                known.pattern
            );
            // A family that is too wide would acquit drivers whose tags begin alike.
            let narrow = known.pattern.exact().is_some() || known.pattern.literals() >= 3;
            assert!(narrow || known.blame != Blame::No, "{:?}", known.pattern);
        }
    }

    proptest! {
        #[test]
        fn any_tag_may_be_asked(bytes: [u8; 4]) {
            let _ = well_known(Tag::new(bytes));
        }
    }
}
