//! The `poolsleuth` program: a thin shell around the library's command line.
use std::io::{Seek, SeekFrom};
fn main() -> std::process::ExitCode {
    for p in std::env::args().skip(1) {
        let len = std::fs::metadata(&p).unwrap().len();
        let (t, _) = poolsleuth::artifact::httperr::read_split(
            |at| {
                let mut f = std::fs::File::open(&p)?;
                f.seek(SeekFrom::Start(at))?;
                Ok(f)
            },
            len,
        );
        eprintln!(
            "{} rows {} {:?} odd {:?}",
            p,
            t.rows,
            t.refused,
            t.oddities
                .iter()
                .map(|(k, v)| (k, v.count))
                .collect::<Vec<_>>()
        );
    }
    std::process::ExitCode::SUCCESS
}
