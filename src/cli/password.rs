//! The password of encrypted archives: from a file, from the environment, or asked for.
//!
//! Never a value on the command line, where every user of the machine could read it, and
//! never in a message or a report.

use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

use super::args::Common;
use super::exit::Failure;
use super::output::safe;
use crate::bundle::{Bundle, Limits, OpenError, OpenErrorKind, Password};

/// The variable that is looked at when no other is named.
const VARIABLE: &str = "POOLSLEUTH_PASSWORD";

/// A password has some dozens of bytes; whoever names a larger file named the wrong one.
const MAX_FILE: u64 = 64 << 10;

/// How often it is asked for.
const ATTEMPTS: usize = 3;

/// The password that the options or the environment hold.
///
/// # Errors
/// When a file or a variable that was named has none.
pub(super) fn given(common: &Common) -> Result<Option<Password>, Failure> {
    if let Some(path) = &common.password_file {
        return of_file(path).map(Some);
    }
    let name = common.password_env.as_deref();
    let value = std::env::var_os(name.unwrap_or(VARIABLE));
    let password = value.and_then(|value| Password::new(value.as_encoded_bytes()));
    match (name, password) {
        (Some(name), None) => Err(Failure::Value(format!(
            "--password-env: the environment variable {} is not set, or empty",
            safe(name)
        ))),
        (_, password) => Ok(password),
    }
}

fn of_file(path: &Path) -> Result<Password, Failure> {
    let given = |why| Failure::Given {
        path: path.to_owned(),
        why,
    };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(given)?;
    file.take(MAX_FILE + 1)
        .read_to_end(&mut bytes)
        .map_err(given)?;
    let expected = "holds no password: its first line is to be one";
    match Password::new(&bytes) {
        Some(password) if bytes.len() as u64 <= MAX_FILE => Ok(password),
        _ => Err(given(io::Error::new(io::ErrorKind::InvalidData, expected))),
    }
}

/// Opens what was named, with the password that was given; without one, what is encrypted
/// is asked for if somebody is there to answer, and otherwise said.
///
/// # Errors
/// When it does not open.
pub(super) fn open(paths: &[PathBuf], common: &Common) -> Result<Bundle, Failure> {
    open_within(paths, &Limits::default(), common)
}

/// The same within other limits.
///
/// # Errors
/// When it does not open.
pub(super) fn open_within(
    paths: &[PathBuf],
    limits: &Limits,
    common: &Common,
) -> Result<Bundle, Failure> {
    let password = given(common)?;
    let opened = Bundle::open_with(paths, limits, password.as_ref());
    if password.is_some() || !needs_one(&opened) {
        return Ok(opened?);
    }
    if io::stdin().is_terminal() && io::stderr().is_terminal() {
        return asked(paths, limits, opened);
    }
    let bundle = opened?;
    if !common.quiet {
        let _ = writeln!(io::stderr(), "poolsleuth: {}", remark(&bundle));
    }
    Ok(bundle)
}

fn needs_one(opened: &Result<Bundle, OpenError>) -> bool {
    match opened {
        Ok(bundle) => bundle.locked().next().is_some(),
        Err(error) => matches!(error.kind, OpenErrorKind::EncryptedDirectory { .. }),
    }
}

fn remark(bundle: &Bundle) -> String {
    let files = match bundle.locked().count() {
        1 => "1 file is encrypted and was".to_owned(),
        n => format!("{n} files are encrypted and were"),
    };
    format!(
        "{files} not read; give the password with --password-file FILE, or in the environment \
         variable {VARIABLE}"
    )
}

/// Asks on the terminal; without an answer, what can be read without a password is read.
fn asked(
    paths: &[PathBuf],
    limits: &Limits,
    opened: Result<Bundle, OpenError>,
) -> Result<Bundle, Failure> {
    let mut said = "Password of the encrypted files (empty: leave them out): ";
    for _ in 0..ATTEMPTS {
        let line = rpassword::prompt_password(said).unwrap_or_default();
        let Some(password) = Password::new(line.as_bytes()) else {
            break;
        };
        match Bundle::open_with(paths, limits, Some(&password)) {
            Err(error) if is_wrong(&error) => said = "It does not fit. Password: ",
            outcome => return Ok(outcome?),
        }
    }
    let bundle = opened?;
    let _ = writeln!(io::stderr(), "poolsleuth: {}", remark(&bundle));
    Ok(bundle)
}

fn is_wrong(error: &OpenError) -> bool {
    matches!(
        error.kind,
        OpenErrorKind::WrongPassword { .. } | OpenErrorKind::EncryptedDirectory { .. }
    )
}
