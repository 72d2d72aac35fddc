//! The `poolsleuth` program: a thin shell around the library's command line.

fn main() -> std::process::ExitCode {
    std::process::ExitCode::SUCCESS
}
