//! The kernel-mode driver framework: functions behind a table, tags made of names.
//!
//! A driver binds with a record (`WDF_BIND_INFO`) that names the component `KmdfLibrary`
//! and says where the table of functions is. Up to version 1.9 the table itself lies in
//! the driver; from 1.11 on a pointer to it. (Layout: public KMDF headers, wdfldr's
//! `WDF_BIND_INFO`.)

use super::routine::{Routine, Routines};
use crate::artifact::driver::api;
use crate::artifact::driver::code::machine::Convention;
use crate::artifact::driver::image::Image;
use crate::tag::Tag;

/// How a driver reaches the framework's functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// The table is in the image, here.
    InPlace(u32),
    /// A pointer to the table is in the image, here.
    Pointer(u32),
}

/// First minor version whose drivers hold a pointer instead of the table.
const FIRST_WITH_POINTER: u32 = 11;
/// Indices of the functions that take a tag.
const INDICES: [u32; 3] = [116, 192, 198];
/// Occurrences of the component's name, and of pointers to it, that are looked at: a driver
/// has one of each.
const MAX_OCCURRENCES: usize = 8;
/// The component's name as the record points to it.
const COMPONENT: &str = "KmdfLibrary";

/// Finds the binding record of a framework driver.
pub(super) fn binding(image: &Image<'_>) -> Option<Binding> {
    if !image.has_library("wdfldr") {
        return None;
    }
    let name: Vec<u8> = COMPONENT
        .encode_utf16()
        .chain([0])
        .flat_map(u16::to_le_bytes)
        .collect();
    let bytes = image.loaded_bytes();
    memchr::memmem::find_iter(bytes, &name)
        .take(MAX_OCCURRENCES)
        .filter_map(|offset| image.rva_of(offset))
        .find_map(|rva| record_naming(image, rva))
}

/// The record whose second field points to `name`.
fn record_naming(image: &Image<'_>, name: u32) -> Option<Binding> {
    let address = image.image_base.wrapping_add(u64::from(name));
    let width = image.pointer_size();
    let needle = &address.to_le_bytes()[..width as usize];
    let bytes = image.loaded_bytes();
    memchr::memmem::find_iter(bytes, needle)
        .take(MAX_OCCURRENCES)
        .filter_map(|offset| image.rva_of(offset)?.checked_sub(width))
        .find_map(|record| read_record(image, record))
}

fn read_record(image: &Image<'_>, record: u32) -> Option<Binding> {
    let width = image.pointer_size();
    // Size, component, major, minor, build, count, table.
    let version = record.checked_add(2 * width)?;
    let (major, minor) = (
        image.u32_at(version)?,
        image.u32_at(version.checked_add(4)?)?,
    );
    let count = image.u32_at(version.checked_add(12)?)?;
    let table = image.pointer_at(version.checked_add(16)?)?;
    let table = image.rva_of_address(table)?;
    let sound = major == 1 && minor < 100 && (1..4096).contains(&count);
    sound.then_some(if minor < FIRST_WITH_POINTER {
        Binding::InPlace(table)
    } else {
        Binding::Pointer(table)
    })
}

/// Adds the framework's functions to the routines.
pub(super) fn add_routines(
    image: &Image<'_>,
    convention: &Convention,
    binding: Binding,
    routines: &mut Routines,
) {
    let width = image.pointer_size();
    for index in INDICES {
        let Some(api) = api::framework(index) else {
            continue;
        };
        let routine = Routine::of(api, convention, image.is_64);
        let offset = index * width;
        match binding {
            Binding::InPlace(table) => {
                routines.slots.insert(table.wrapping_add(offset), routine);
            }
            Binding::Pointer(pointer) => {
                routines.table.insert((pointer, offset as i32), routine);
            }
        }
    }
}

/// The offsets into the table at which functions with a tag stand, as code carries them.
pub(super) fn offsets(image: &Image<'_>) -> [u32; 3] {
    INDICES.map(|index| index * image.pointer_size())
}

/// The tag that the framework makes of a service's name: its first four letters behind a
/// leading `WDF`; `FxDr` when there are fewer (documented for `WDF_DRIVER_CONFIG`).
pub(super) fn default_tag(file_name: &str) -> Option<Tag> {
    let name = file_name.rsplit(['/', '\\']).next()?;
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    if stem.is_empty() {
        return None;
    }
    let bytes = stem.as_bytes();
    let bytes = match bytes.get(..3) {
        Some(head) if head.eq_ignore_ascii_case(b"wdf") => &bytes[3..],
        _ => bytes,
    };
    match bytes {
        [a, b, c, d, ..] => Some(Tag::new([*a, *b, *c, *d])),
        _ => Some(Tag::new(*b"FxDr")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_make_tags() {
        assert_eq!(default_tag("drivers/echodrv.sys"), Some(Tag::new(*b"echo")));
        assert_eq!(default_tag("WdfCoIn.sys"), Some(Tag::new(*b"CoIn")));
        assert_eq!(default_tag("abc.sys"), Some(Tag::new(*b"FxDr")));
        assert_eq!(default_tag("wdfx.sys"), Some(Tag::new(*b"FxDr")));
        assert_eq!(default_tag(""), None);
    }
}
