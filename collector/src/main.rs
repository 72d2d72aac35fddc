//! The program. All it does beyond `poolsleuth_collect` is to be on Windows.

#[cfg(windows)]
mod windows;

#[cfg(windows)]
fn main() {
    std::process::exit(windows::main());
}

#[cfg(not(windows))]
fn main() {
    // Built elsewhere for its tests only.
    poolsleuth_collect::app::say("poolsleuth-collect runs on Windows only");
    std::process::exit(2);
}
