//! Something that takes a tag: an API, or a routine of the driver that passes one on.

use crate::artifact::driver::api::{Api, PoolPlace, TagPlace};
use crate::artifact::driver::code::machine::{Convention, Place};
use crate::tag::{Pool, Tag};
use std::collections::BTreeMap;

/// Where a call carries the tag, on one machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TagAt {
    /// In an argument.
    Place(Place),
    /// In an argument, if another one is a constant.
    When {
        tag: Place,
        first: Place,
        value: u64,
    },
    /// In a structure whose address is an argument.
    Field { pointer: Place, offset: i32 },
    /// In the context table of a filter registration whose address is an argument.
    Contexts(Place),
    /// Nowhere: it is always this.
    Fixed(Tag),
}

/// Which pool a call takes from, on one machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PoolAt {
    /// Settled, or never to be known.
    Known(Option<Pool>),
    /// In an argument.
    Place(Place),
}

/// A routine that takes a tag.
#[derive(Clone, Copy, Debug)]
pub struct Routine {
    /// The API that it is or leads to.
    pub api: &'static Api,
    /// Where its caller has the tag.
    pub tag: TagAt,
    /// Where its caller has the pool.
    pub pool: PoolAt,
    /// Entry of the outermost routine that passes the tag on, for wrappers.
    pub wrapper: Option<u32>,
    /// How many routines pass it on.
    pub depth: u8,
    /// The call inside the wrapper, for the proof.
    pub inner: Option<u32>,
}

impl Routine {
    /// The routine that `api` is under `convention`.
    pub fn of(api: &'static Api, convention: &Convention, is_64: bool) -> Self {
        let place = |arg: crate::artifact::driver::api::Arg| convention.argument(arg.on(is_64));
        let tag = match api.tag {
            TagPlace::Argument(arg) => TagAt::Place(place(arg)),
            TagPlace::ArgumentWhen { tag, first } => TagAt::When {
                tag: place(tag),
                first: convention.argument(0),
                value: first,
            },
            TagPlace::Field { pointer, wide, x86 } => {
                let offset = i32::from(if is_64 { wide } else { x86 });
                TagAt::Field {
                    pointer: place(pointer),
                    offset,
                }
            }
            TagPlace::FilterContexts(arg) => TagAt::Contexts(place(arg)),
            TagPlace::Fixed(bytes) => TagAt::Fixed(Tag::new(bytes)),
        };
        let pool = match api.pool {
            PoolPlace::Type(arg) | PoolPlace::VideoType(arg) | PoolPlace::Flags(arg) => {
                PoolAt::Place(place(arg))
            }
            PoolPlace::Always(pool) => PoolAt::Known(Some(pool)),
            PoolPlace::Unsaid => PoolAt::Known(None),
        };
        Routine {
            api,
            tag,
            pool,
            wrapper: None,
            depth: 0,
            inner: None,
        }
    }
}

/// All routines that take a tag in one image, by how they are reached.
#[derive(Clone, Debug, Default)]
pub struct Routines {
    /// Through a pointer in the image: import slots, tables of old frameworks.
    pub slots: BTreeMap<u32, Routine>,
    /// Through a table that a pointer in the image leads to: its RVA and the offset.
    pub table: BTreeMap<(u32, i32), Routine>,
    /// Directly: stubs, own exports, wrappers.
    pub local: BTreeMap<u32, Vec<Routine>>,
}

impl Routines {
    /// True when there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty() && self.table.is_empty() && self.local.is_empty()
    }
}

impl Routines {
    /// True when some routine is called through a pointer.
    pub fn has_pointers(&self) -> bool {
        !self.slots.is_empty() || !self.table.is_empty()
    }
}
