//! Reports to streams and files: written beside and renamed, so that no half report is ever seen.

use std::fs::{self, File};
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;

use super::args::{ColorMode, Common, OutArgs, ReportFormat};
use super::exit::Failure;
use crate::report::escape::{Charset, Neutral, terminal};
use crate::report::markdown::Audience;
use crate::report::text::{self, Style};
use crate::report::{Report, folder, html, json, markdown};

/// Writes to stdout through `render`.
pub(super) fn to_stdout(
    render: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
    render(&mut out)
        .and_then(|()| out.flush())
        .map_err(|why| Failure::Write { path: None, why })
}

/// Prints a report on stdout in the format asked for.
pub(super) fn print(report: &Report, out: &OutArgs, common: &Common) -> Result<(), Failure> {
    let charset = if out.ascii {
        Charset::Ascii
    } else {
        Charset::Unicode
    };
    to_stdout(|writer| match out.format {
        ReportFormat::Text => text::write(report, style(common), charset, writer),
        ReportFormat::Json => json::write(report, writer),
        ReportFormat::Markdown => markdown::write(report, Audience::Internal, writer),
        ReportFormat::MarkdownCustomer => markdown::write(report, Audience::Customer, writer),
        ReportFormat::Html => html::write(report, writer),
    })
}

pub(super) fn style(common: &Common) -> Style {
    let coloured = match common.color {
        ColorMode::Always => true,
        ColorMode::Never => false,
        ColorMode::Auto => {
            let refused = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
            !refused && io::stdout().is_terminal()
        }
    };
    if coloured {
        Style::Colour
    } else {
        Style::Plain
    }
}

/// Text of a stranger, for a line of a terminal.
pub(super) fn safe(text: &str) -> String {
    terminal(text, Charset::Unicode)
}

/// A folder for reports, made before the work begins so that trouble shows at once.
pub(super) fn make_folder(folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder).map_err(|why| Failure::Write {
        path: Some(folder.to_owned()),
        why,
    })
}

/// Writes all renderings into a folder.
pub(super) fn write_all(report: &Report, folder: &Path, neutral: Neutral) -> Result<(), Failure> {
    folder::each(report, folder, neutral, |path, render| {
        write_file(path, render)
    })
}

/// Writes a file beside its place and renames it.
pub(super) fn write_file(
    path: &Path,
    render: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Failure> {
    let fail = |why| Failure::Write {
        path: Some(path.to_owned()),
        why,
    };
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    let write = || -> io::Result<()> {
        let mut out = BufWriter::new(File::create(&partial)?);
        render(&mut out)?;
        out.into_inner().map_err(|e| e.into_error())?.sync_all()?;
        fs::rename(&partial, path)
    };
    write().map_err(|why| {
        let _ = fs::remove_file(&partial);
        fail(why)
    })
}
