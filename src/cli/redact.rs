//! `--redact`: key, redactor, and the map, which goes to a file of its own and nowhere else.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::args::{Common, RedactArgs};
use super::exit::Failure;
use crate::bundle::Bundle;
use crate::case::{self, LogsAlone, Name};
use crate::redact::{Key, Redactor};
use crate::report::Report;

/// A key file has some dozens of bytes; whoever names a larger file named the wrong one.
const MAX_KEY: u64 = 1 << 20;

/// What is needed to redact, made ready before the work begins so that trouble shows at once.
pub(super) struct Redaction {
    key: Key,
    map: Option<MapFile>,
}

/// The file of the map: created, empty, and removed again if the run comes to nothing.
struct MapFile {
    path: PathBuf,
    file: File,
    written: bool,
}

impl Drop for MapFile {
    fn drop(&mut self) {
        if !self.written {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Prepares what the options ask for; `None` without `--redact`. `output` is the folder of the
/// reports.
pub(super) fn prepare(
    args: &RedactArgs,
    output: Option<&Path>,
    common: &Common,
) -> Result<Option<Redaction>, Failure> {
    if !args.redact {
        return Ok(None);
    }
    let key = match &args.redact_key {
        Some(path) => key_of(path)?,
        None => Key::random().map_err(|why| Failure::Value(why.to_string()))?,
    };
    let path = match (&args.redact_map, output) {
        (Some(path), folder) => {
            if let Some(folder) = folder {
                apart(path, folder)?;
            }
            Some(path.clone())
        }
        (None, Some(folder)) => Some(beside(folder)?),
        (None, None) => None,
    };
    if path.is_none() && !common.quiet {
        let _ = writeln!(
            io::stderr(),
            "poolsleuth: no map of the pseudonyms is kept; --redact-map FILE keeps one"
        );
    }
    let map = path.map(create).transpose()?;
    Ok(Some(Redaction { key, map }))
}

fn key_of(path: &Path) -> Result<Key, Failure> {
    let fail = |why| Failure::Given {
        path: path.to_owned(),
        why,
    };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(fail)?;
    file.take(MAX_KEY + 1)
        .read_to_end(&mut bytes)
        .map_err(fail)?;
    if bytes.len() as u64 > MAX_KEY {
        let large = format!("larger than {} KiB, which no key is", MAX_KEY >> 10);
        return Err(fail(io::Error::new(io::ErrorKind::InvalidData, large)));
    }
    Key::from_bytes(&bytes).map_err(|why| fail(io::Error::new(io::ErrorKind::InvalidData, why)))
}

/// `OUT.redact-map.json` for the folder `OUT`: beside it, because the folder is passed on.
fn beside(folder: &Path) -> Result<PathBuf, Failure> {
    let whole = fs::canonicalize(folder).map_err(|why| Failure::Write {
        path: Some(folder.to_owned()),
        why,
    })?;
    let (Some(name), Some(parent)) = (whole.file_name(), whole.parent()) else {
        return Err(Failure::Value(
            "there is no place beside the output folder for the map; name one with --redact-map"
                .into(),
        ));
    };
    let mut name = name.to_owned();
    name.push(".redact-map.json");
    Ok(parent.join(name))
}

/// Refuses a map within the folder that is passed on.
fn apart(path: &Path, folder: &Path) -> Result<(), Failure> {
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let inside = match (fs::canonicalize(parent), fs::canonicalize(folder)) {
        (Ok(parent), Ok(folder)) => parent.starts_with(folder),
        // Creating the file will say what is wrong.
        _ => false,
    };
    match inside {
        true => Err(Failure::Value(
            "--redact-map: the map would lie in the output folder, which is passed on; name a place outside of it"
                .into(),
        )),
        false => Ok(()),
    }
}

/// A new file that its owner alone may read. A name that is taken is refused, a link too:
/// nothing is followed or overwritten.
fn create(path: PathBuf) -> Result<MapFile, Failure> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    match options.open(&path) {
        Ok(file) => Ok(MapFile {
            path,
            file,
            written: false,
        }),
        Err(why) => {
            let why = match why.kind() {
                io::ErrorKind::AlreadyExists => io::Error::new(
                    why.kind(),
                    "it exists already, and a map is never overwritten; remove it or name another with --redact-map",
                ),
                _ => why,
            };
            Err(Failure::Write {
                path: Some(path),
                why,
            })
        }
    }
}

impl Redaction {
    /// The redacted report; the map is written.
    pub(super) fn report(
        self,
        report: Report,
        bundles: &[&Bundle],
        args: &RedactArgs,
    ) -> Result<Report, Failure> {
        let mut redactor = self.redactor(bundles);
        let mut report = report;
        let options = &mut report.case.input.options;
        options.push("--redact".to_owned());
        if args.redact_key.is_some() {
            options.push("--redact-key=KEY".to_owned());
        }
        let redacted = redactor.report(report);
        self.finish(&redactor)?;
        Ok(redacted)
    }

    /// What logs alone say, redacted; the map is written.
    pub(super) fn logs(self, logs: LogsAlone, bundle: &Bundle) -> Result<LogsAlone, Failure> {
        let mut redactor = self.redactor(&[bundle]);
        let redacted = redactor.logs(logs);
        self.finish(&redactor)?;
        Ok(redacted)
    }

    fn redactor(&self, bundles: &[&Bundle]) -> Redactor {
        let mut names: Vec<Name> = bundles.iter().flat_map(|b| case::names(b)).collect();
        names.sort();
        names.dedup();
        Redactor::new(self.key.clone(), &names)
    }

    fn finish(self, redactor: &Redactor) -> Result<(), Failure> {
        let Some(mut map) = self.map else {
            return Ok(());
        };
        let mut text = serde_json::to_vec_pretty(&redactor.map()).unwrap_or_default();
        text.push(b'\n');
        let written = map.file.write_all(&text).and_then(|()| map.file.sync_all());
        written.map_err(|why| Failure::Write {
            path: Some(map.path.clone()),
            why,
        })?;
        map.written = true;
        Ok(())
    }
}
