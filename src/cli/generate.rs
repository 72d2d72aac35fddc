//! What the program can say about itself: the report's schema, completions and the man page.

use std::io;

use clap::CommandFactory;

use super::args::Cli;
use super::exit::{Exit, Failure};
use super::output::to_stdout;
use crate::report::schema;

pub(super) fn completions(shell: clap_complete::Shell) -> Result<Exit, Failure> {
    to_stdout(|out| {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Cli::command(), "poolsleuth", &mut script);
        out.write_all(&script)
    })?;
    Ok(Exit::Done)
}

pub(super) fn schema() -> Result<Exit, Failure> {
    to_stdout(|out| schema::write(out))?;
    Ok(Exit::Done)
}

pub(super) fn man() -> Result<Exit, Failure> {
    to_stdout(|mut out| {
        clap_mangen::Man::new(Cli::command())
            .render(&mut out)
            .map_err(io::Error::other)
    })?;
    Ok(Exit::Done)
}
