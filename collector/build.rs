//! Version resource and application manifest of the Windows program, by mingw-w64's windres.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=windows/app.manifest");
    println!("cargo:rerun-if-env-changed=POOLSLEUTH_BUILD");
    if env::var("CARGO_CFG_WINDOWS").is_err() {
        return;
    }
    let folder = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    let version = env::var("CARGO_PKG_VERSION").expect("cargo sets CARGO_PKG_VERSION");
    let script = Path::new(&folder).join("version.rc");
    let object = Path::new(&folder).join("version.o");
    fs::copy(
        "windows/app.manifest",
        Path::new(&folder).join("app.manifest"),
    )
    .expect("the manifest is copied");
    fs::write(&script, resource(&version)).expect("the resource script is written");
    let windres = env::var("WINDRES").unwrap_or_else(|_| "x86_64-w64-mingw32-windres".to_owned());
    let status = Command::new(&windres)
        .current_dir(&folder)
        .args(["version.rc", "version.o"])
        .status()
        .unwrap_or_else(|error| panic!("{windres} cannot be run: {error}"));
    assert!(status.success(), "{windres} failed");
    println!("cargo:rustc-link-arg-bins={}", object.display());
}

/// winver.h: file type VFT_APP, operating system VOS_NT_WINDOWS32; US English, Unicode.
fn resource(version: &str) -> String {
    let mut numbers: Vec<&str> = version.split(['.', '-']).take(3).collect();
    numbers.push("0");
    let numbers = numbers.join(",");
    let text = |name: &str, value: &str| format!("      VALUE \"{name}\", \"{value}\\0\"\n");
    let texts = [
        text("CompanyName", "PoolSleuth contributors"),
        text(
            "FileDescription",
            "Collects pool snapshots, HTTPERR logs and driver images",
        ),
        text("FileVersion", version),
        text("InternalName", "poolsleuth-collect"),
        text("LegalCopyright", "MIT OR Apache-2.0"),
        text("OriginalFilename", "poolsleuth-collect.exe"),
        text("ProductName", "PoolSleuth"),
        text("ProductVersion", version),
    ];
    format!(
        "1 24 \"app.manifest\"\n1 VERSIONINFO\nFILEVERSION {numbers}\nPRODUCTVERSION {numbers}\n\
         FILEOS 0x40004L\nFILETYPE 1\nBEGIN\n  BLOCK \"StringFileInfo\"\n  BEGIN\n    BLOCK \"040904b0\"\n    \
         BEGIN\n{}    END\n  END\n  BLOCK \"VarFileInfo\"\n  BEGIN\n    VALUE \"Translation\", 0x409, 1200\n  \
         END\nEND\n",
        texts.concat()
    )
}
