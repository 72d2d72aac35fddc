//! Parsing built images: layout, imports, function table, what is refused.

use super::*;
use crate::artifact::driver::testing::{CODE, DATA, Driver, SLOTS};

fn sample() -> Driver {
    let mut driver = Driver::x64(&[0x90; 64], &["ExAllocatePoolWithTag", "ExFreePoolWithTag"]);
    driver.functions = vec![(CODE, CODE + 16), (CODE + 32, CODE + 48)];
    driver
}

#[test]
fn headers_sections_and_imports() {
    let bytes = sample().build();
    let image = Image::parse(&bytes).unwrap();
    assert_eq!(
        (image.machine, image.is_64, image.subsystem),
        (Machine::X64, true, 1)
    );
    assert_eq!(image.image_base, 0x1_4000_0000);
    assert_eq!(image.sections[0].name(), ".text");
    assert!(image.sections[0].is_executable() && !image.sections[0].is_writable());
    let import = &image.imports().slots[&(SLOTS + 8)];
    assert_eq!(
        (import.routine(), &*import.library),
        (Some("ExFreePoolWithTag"), "ntoskrnl.exe")
    );
    assert!(!image.truncated);
}

#[test]
fn addresses_and_offsets_are_inverse() {
    let bytes = sample().build();
    let image = Image::parse(&bytes).unwrap();
    let offset = image.offset_of(CODE + 5).unwrap();
    assert_eq!(image.rva_of(offset), Some(CODE + 5));
    assert_eq!(
        image.rva_of_address(0x1_4000_0000 + u64::from(DATA)),
        Some(DATA)
    );
    assert_eq!(image.rva_of_address(0x5000), None);
    // The zero-filled tail of a section is not in the file.
    assert_eq!(image.offset_of(CODE + 0x1000), None);
    assert!(image.tail(CODE + 0x1000).is_empty());
}

#[test]
fn the_function_table_finds_functions_and_leaves_gaps() {
    let bytes = sample().build();
    let image = Image::parse(&bytes).unwrap();
    assert_eq!(image.functions().len(), 2);
    assert_eq!(image.function_at(CODE + 40).unwrap().begin, CODE + 32);
    assert!(image.function_at(CODE + 20).is_none());
}

#[test]
fn user_mode_is_refused_by_subsystem_and_by_library() {
    let mut driver = sample();
    driver.library = "ntdll.dll";
    let native = driver.build();
    assert!(matches!(
        Image::parse(&native),
        Err(ImageError::NotDriver(NotDriver::UserMode { .. }))
    ));
    driver.library = "vendor.dll";
    driver.subsystem = 3;
    let console = driver.build();
    assert!(matches!(
        Image::parse(&console),
        Err(ImageError::NotDriver(NotDriver::UserMode { .. }))
    ));
    // Importing the kernel outweighs a forgotten subsystem.
    driver.library = "ntoskrnl.exe";
    assert!(Image::parse(&driver.build()).is_ok());
}

#[test]
fn a_cut_off_copy_is_marked() {
    let mut bytes = sample().build();
    bytes.truncate(bytes.len() - 0x100);
    assert!(Image::parse(&bytes).unwrap().truncated);
}

#[test]
fn headers_that_end_early_say_where() {
    let bytes = sample().build();
    let error = Image::parse(&bytes[..0x80]).unwrap_err();
    assert!(matches!(error, ImageError::Malformed { .. }), "{error}");
    assert!(error.to_string().contains("end of file"));
}
