//! Which routines take a pool tag, and where.
//!
//! One table, a row an API ([`TABLE`]). Argument positions count from 0. On x64 and ARM64
//! position and register are fixed; on x86 every argument of 64 bits takes two slots, so a
//! row says the x86 slot apart where the two differ.

mod table;

pub use table::TABLE;

use super::image::Image;
use crate::tag::Pool;
use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

/// What a routine does with the memory that carries the tag.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub enum Role {
    /// It allocates, or sets up something that allocates later.
    Allocate,
    /// It frees: names the owner of a tag, but not the allocator.
    Free,
}

impl Role {
    /// The word of the report: `allocate` or `free`.
    pub const fn name(self) -> &'static str {
        match self {
            Role::Allocate => "allocate",
            Role::Free => "free",
        }
    }
}

/// What kind of routine a row describes; becomes the finding's `via`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// An allocator or its counterpart.
    Direct,
    /// A lookaside list, which allocates with the tag later.
    Lookaside,
    /// A framework's object, allocated by the framework with the driver's tag.
    Framework,
    /// Takes a tag that is no pool tag (references, remove locks): never a call site.
    NotPool,
}

/// The library that exports a routine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// The kernel and the HAL.
    Kernel,
    /// Filter manager.
    FilterManager,
    /// Network drivers' library.
    Ndis,
    /// Storage port.
    StorPort,
    /// Video port.
    VideoPort,
    /// Window manager and graphics engine.
    Win32k,
    /// USB class library.
    Usb,
    /// Kernel streaming.
    Streaming,
    /// Redirected drive buffering.
    Rdbss,
    /// Kernel-mode driver framework: called through its function table, not by import.
    Framework,
}

impl Family {
    /// True when the library `stem` (lower-case, without extension) belongs here.
    fn owns(self, stem: &str) -> bool {
        match self {
            Family::Kernel => {
                stem.starts_with("ntoskrnl")
                    || stem.starts_with("ntkrnl")
                    || stem == "hal"
                    || stem.starts_with("ext-ms-win-ntos")
                    || stem.starts_with("api-ms-win-ntos")
            }
            Family::FilterManager => stem == "fltmgr",
            Family::Ndis => stem == "ndis",
            Family::StorPort => stem == "storport",
            Family::VideoPort => stem == "videoprt" || stem == "watchdog",
            Family::Win32k => stem.starts_with("win32k") || stem.contains("win32k"),
            Family::Usb => stem.starts_with("usbd"),
            Family::Streaming => stem == "ks",
            Family::Rdbss => stem == "rdbss",
            Family::Framework => stem.starts_with("wdf"),
        }
    }
}

/// Position of an argument: index on x64 and ARM64, stack slot on x86.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arg {
    /// Zero-based index on x64 and ARM64.
    pub wide: u8,
    /// Zero-based 4-byte stack slot on x86.
    pub x86: u8,
}

impl Arg {
    /// The same position on all machines.
    pub const fn at(index: u8) -> Self {
        Arg {
            wide: index,
            x86: index,
        }
    }

    /// Different positions: index on x64 and ARM64, slot on x86.
    pub const fn split(wide: u8, x86: u8) -> Self {
        Arg { wide, x86 }
    }

    /// The position on an image with or without 64-bit pointers.
    pub const fn on(self, is_64: bool) -> u8 {
        if is_64 { self.wide } else { self.x86 }
    }
}

/// Where a call carries its tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagPlace {
    /// An argument.
    Argument(Arg),
    /// An argument, but only in calls whose first argument is this constant.
    ArgumentWhen {
        /// The tag.
        tag: Arg,
        /// What argument 0 must be.
        first: u64,
    },
    /// A field of the structure that an argument points to.
    Field {
        /// The pointer.
        pointer: Arg,
        /// Offset of the field in 64-bit images.
        wide: u8,
        /// Offset of the field in 32-bit images.
        x86: u8,
    },
    /// `FLT_REGISTRATION` in an argument: leads to the table of context definitions.
    FilterContexts(Arg),
    /// No tag: pool accounting shows these four letters.
    Fixed([u8; 4]),
}

/// How a call says which pool it takes memory from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolPlace {
    /// A `POOL_TYPE`: bit 0 set means paged (wdm.h: every paged type is odd).
    Type(Arg),
    /// A `VP_POOL_TYPE` of the video port: 1 is paged.
    VideoType(Arg),
    /// `POOL_FLAGS`: 0x100 is paged, 0x40 and 0x80 are nonpaged.
    Flags(Arg),
    /// Always this pool.
    Always(Pool),
    /// The call does not say.
    Unsaid,
}

/// One API.
#[derive(Clone, Copy, Debug)]
pub struct Api {
    /// The exported name.
    pub name: &'static str,
    /// The library.
    pub family: Family,
    /// What kind of routine.
    pub kind: Kind,
    /// Allocates or frees.
    pub role: Role,
    /// Where the tag is.
    pub tag: TagPlace,
    /// Where the pool is.
    pub pool: PoolPlace,
    /// Where the size in bytes is, when the call has one.
    pub size: Option<Arg>,
    /// Where the row comes from.
    pub source: &'static str,
}

impl Api {
    /// True for routines whose tag is a pool tag.
    pub const fn is_pool(&self) -> bool {
        !matches!(self.kind, Kind::NotPool)
    }
}

/// The row for the routine `name` of `library` (lower-case, with extension).
pub fn find(library: &str, name: &str) -> Option<&'static Api> {
    let stem = super::image::library_stem(library);
    // `_Name@12` is how old 32-bit libraries decorate; imports keep it now and then.
    let plain = name
        .split_once('@')
        .map_or(name, |(n, _)| n.trim_start_matches('_'));
    let api = by_name().get(name).or_else(|| by_name().get(plain))?;
    api.family.owns(stem).then_some(*api)
}

/// The rows by name.
fn by_name() -> &'static HashMap<&'static str, &'static Api> {
    // Hashed, as every import of every image is looked up.
    static ROWS: LazyLock<HashMap<&'static str, &'static Api>> =
        LazyLock::new(|| TABLE.iter().map(|api| (api.name, api)).collect());
    &ROWS
}

/// The name as the table has it, for names that were kept elsewhere.
pub fn name_in_table(name: &str) -> Option<&'static str> {
    TABLE
        .iter()
        .map(|api| api.name)
        .find(|known| *known == name)
}

/// The row for a framework function by its index in the function table.
pub fn framework(index: u32) -> Option<&'static Api> {
    let (_, name) = table::FRAMEWORK_INDICES.iter().find(|(i, _)| *i == index)?;
    TABLE.iter().find(|api| api.name == *name)
}

/// The APIs of the table that an image imports, keyed by the slot that calls go through.
pub fn imported(image: &Image<'_>) -> BTreeMap<u32, &'static Api> {
    let slots = image.imports().slots.iter();
    slots
        .filter_map(|(&slot, i)| Some((slot, find(&i.library, i.routine()?)?)))
        .collect()
}

/// The APIs of the table that an image itself exports, keyed by their RVA: how the
/// kernel and its class drivers call their own allocators.
pub fn exported(image: &Image<'_>) -> BTreeMap<u32, &'static Api> {
    let Some(library) = image.export_name() else {
        return BTreeMap::new();
    };
    let exports = image.exports().iter();
    exports
        .filter_map(|(name, &rva)| Some((rva, find(library, name)?)))
        .collect()
}

/// The pool that the constant `value` in place `place` selects.
pub fn pool_of(place: PoolPlace, value: u64) -> Option<Pool> {
    const FLAG_PAGED: u64 = 0x100;
    const FLAG_NONPAGED: u64 = 0x40 | 0x80;
    let paged = |is: bool| Some(if is { Pool::Paged } else { Pool::NonPaged });
    match place {
        PoolPlace::Type(_) => paged(value & 1 == 1),
        PoolPlace::VideoType(_) => paged(value == 1),
        PoolPlace::Flags(_) if value & FLAG_PAGED != 0 => Some(Pool::Paged),
        PoolPlace::Flags(_) if value & FLAG_NONPAGED != 0 => Some(Pool::NonPaged),
        PoolPlace::Flags(_) | PoolPlace::Unsaid => None,
        PoolPlace::Always(pool) => Some(pool),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_row_is_named_once() {
        let names: BTreeSet<_> = TABLE.iter().map(|a| a.name).collect();
        assert_eq!(names.len(), TABLE.len());
    }

    #[test]
    fn sixty_four_bit_flags_move_the_tag_on_x86() {
        let api = find("ntoskrnl.exe", "ExAllocatePool2").unwrap();
        assert_eq!(api.tag, TagPlace::Argument(Arg::split(2, 3)));
    }

    #[test]
    fn decorated_names_and_foreign_libraries() {
        assert!(find("ntoskrnl.exe", "_ExAllocatePoolWithTag@12").is_some());
        assert!(find("ntkrnlpa.exe", "ExAllocatePoolWithTag").is_some());
        assert!(find("vendor.sys", "ExAllocatePoolWithTag").is_none());
    }

    #[test]
    fn pools() {
        let pool = PoolPlace::Type(Arg::at(0));
        assert_eq!(pool_of(pool, 0), Some(Pool::NonPaged));
        assert_eq!(pool_of(pool, 512), Some(Pool::NonPaged));
        assert_eq!(pool_of(pool, 33), Some(Pool::Paged));
        let flags = PoolPlace::Flags(Arg::at(0));
        assert_eq!(pool_of(flags, 0x42), Some(Pool::NonPaged));
        assert_eq!(pool_of(flags, 0x100), Some(Pool::Paged));
        assert_eq!(pool_of(flags, 2), None);
    }

    #[test]
    fn framework_indices_lead_to_rows() {
        assert_eq!(framework(192).unwrap().name, "WdfMemoryCreate");
        assert_eq!(framework(198).unwrap().name, "WdfLookasideListCreate");
        assert!(framework(1).is_none());
    }
}
