//! Processes: `tasklist`, plain, `/v`, `/svc`, with commas.

use super::Listing;
use super::table::rows;
use crate::artifact::systeminfo::text_of;

/// A process that ran.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedProcess {
    /// Its image, cut at 25 letters in a table.
    pub image: String,
    /// Its id.
    pub pid: u64,
    /// The services that it holds, where the listing says so (`/svc`).
    pub services: Vec<String>,
    /// The line, from 1.
    pub line: u64,
}

/// Reads a listing of processes.
pub fn processes(bytes: &[u8]) -> Listing<ListedProcess> {
    let text = text_of(bytes);
    let mut listing: Listing<ListedProcess> = Listing::default();
    let mut heading = true;
    for (line, cells) in rows(&text) {
        let first = std::mem::take(&mut heading);
        match (of_cells(line, &cells), cells.as_slice()) {
            (Some(process), _) => listing.add(Some(process)),
            // Services that did not fit stand on lines of their own.
            (None, [image, pid, services]) if image.is_empty() && pid.is_empty() => {
                match listing.rows.last_mut() {
                    Some(process) => process.services.extend(names(services)),
                    None => listing.rejected += 1,
                }
            }
            (None, _) if first => {}
            (None, _) => listing.rejected += 1,
        }
    }
    listing
}

/// Image and id stand first in every form; with three columns the third are services. Modules
/// (`/m`) stand there as well and are told from services by their extension.
fn of_cells(line: u64, cells: &[String]) -> Option<ListedProcess> {
    let (image, pid) = (cells.first()?, cells.get(1)?.parse().ok()?);
    let services = match cells {
        [_, _, services] if !services.to_ascii_lowercase().contains(".dll") => names(services),
        _ => Vec::new(),
    };
    (!image.is_empty()).then(|| ListedProcess {
        image: image.clone(),
        pid,
        services,
        line,
    })
}

/// `N/A` and its translations stand where there are none.
fn names(cell: &str) -> Vec<String> {
    cell.split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty() && !name.contains('/') && *name != "Nicht zutreffend")
        .map(str::to_owned)
        .collect()
}
