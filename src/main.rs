//! The `poolsleuth` program: a thin shell around the library's command line.

fn main() -> std::process::ExitCode {
    poolsleuth::cli::run(std::env::args_os()).into()
}
