//! What listings of drivers, minifilters and processes say of the images and processes of a case.
//!
//! A driver that a listing has as running is evidence that its image was loaded, as the collector's
//! own record is. The collector's record goes first: it names the file that was loaded, a listing
//! names a service, whose file most often has its name.

use super::images::{ImageFacts, Images};
use super::survey::Survey;
use crate::artifact::listing::{ListedFilter, Listing};

/// A listed driver or minifilter that an image was matched with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    /// Place of the listing in the inventory, and line.
    pub(super) artifact: usize,
    pub(super) line: u64,
    /// The altitude of a minifilter.
    pub(super) altitude: Option<String>,
}

/// One row of any listing, as far as it concerns images.
struct Row<'a> {
    name: &'a str,
    path: Option<&'a str>,
    running: Option<bool>,
    listed: Listed,
}

/// Notes which images the listings have as running or as stopped, where nothing better tells.
pub(super) fn mark(images: &mut Images, survey: &Survey) {
    let rows = rows(survey);
    for row in &rows {
        let fit = |image: &ImageFacts| {
            let names = std::iter::once(&image.name).chain(&image.copies);
            names.filter_map(|name| fit(row, name)).max()
        };
        let mine = images.holding.iter().filter(|image| image.bundle == 0);
        let Some(best) = mine.filter_map(fit).max() else {
            continue;
        };
        let fits = |image: &&mut ImageFacts| image.bundle == 0 && fit(image) == Some(best);
        for image in images.holding.iter_mut().filter(fits) {
            let known = image.listed.as_ref().is_some_and(|l| l.altitude.is_some());
            if !known || row.listed.altitude.is_some() {
                image.listed = Some(row.listed.clone());
            }
            image.loaded = match (image.loaded, row.running) {
                // One listing may be older than another; what ran once was loaded.
                (Some(true), _) | (_, Some(true)) => Some(true),
                (None, stated) => stated,
                (stopped, _) => stopped,
            };
        }
    }
}

fn rows(survey: &Survey) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for (artifact, list) in &survey.driver_lists {
        rows.extend(list.rows.iter().map(|driver| Row {
            name: &driver.name,
            path: driver.path.as_deref(),
            running: driver.running,
            listed: Listed {
                artifact: *artifact,
                line: driver.line,
                altitude: None,
            },
        }));
    }
    for (artifact, filter) in all_filters(survey) {
        rows.push(Row {
            name: &filter.name,
            path: None,
            running: Some(true),
            listed: Listed {
                artifact,
                line: filter.line,
                altitude: filter.altitude.clone(),
            },
        });
    }
    rows
}

/// How well an image's name fits a row: by as many last parts of the path as agree, or, where no
/// path is stated, by the service's name. `None` if it does not.
fn fit(row: &Row<'_>, image: &str) -> Option<usize> {
    let parts = |path: &str| -> Vec<String> {
        let folded = path.to_lowercase().replace('\\', "/");
        folded.rsplit('/').map(str::to_owned).collect()
    };
    let image = parts(image);
    let Some(path) = row.path else {
        let file = image.first()?;
        let stem = file.strip_suffix(".sys").unwrap_or(file);
        return (stem == row.name.to_lowercase()).then_some(1);
    };
    let path = parts(path);
    let alike = image.iter().zip(&path).take_while(|(a, b)| a == b).count();
    (alike > 0).then_some(alike)
}

/// Minifilters of Windows itself and of Microsoft's own products, by Microsoft's list of allocated
/// altitudes; folded.
const OF_MICROSOFT: &[&str] = &[
    "applockerfltr",
    "bfs",
    "bindflt",
    "cldflt",
    "csvflt",
    "csvnsflt",
    "datascrn",
    "dedup",
    "dfsrro",
    "fileinfo",
    "filecrypt",
    "filetrace",
    "iorate",
    "luafv",
    "mssecflt",
    "npsvctrig",
    "prjflt",
    "procmon23",
    "procmon24",
    "quota",
    "resumekeyfilter",
    "storqosflt",
    "sysmondrv",
    "unionfs",
    "wcifs",
    "wcnfs",
    "wdfilter",
    "wof",
];

/// Loaded minifilters that are not Microsoft's, topmost first.
pub(super) fn foreign_filters(survey: &Survey) -> Vec<(usize, &ListedFilter)> {
    let mut found: Vec<(usize, &ListedFilter)> = Vec::new();
    for (artifact, filter) in all_filters(survey) {
        let name = filter.name.to_lowercase();
        let seen = found.iter().any(|(_, f)| f.name.to_lowercase() == name);
        if !seen && !OF_MICROSOFT.contains(&name.as_str()) {
            found.push((artifact, filter));
        }
    }
    let height = |filter: &ListedFilter| {
        let number = filter.altitude.as_ref().and_then(|a| a.parse::<f64>().ok());
        number.unwrap_or(0.0)
    };
    found.sort_by(|a, b| {
        let by_height = height(b.1).total_cmp(&height(a.1));
        by_height.then_with(|| a.1.name.cmp(&b.1.name))
    });
    found
}

fn all_filters(survey: &Survey) -> impl Iterator<Item = (usize, &ListedFilter)> {
    let lists = survey.filter_lists.iter();
    lists.flat_map(|(artifact, list)| list.rows.iter().map(move |filter| (*artifact, filter)))
}

/// Services that a listing of processes has for a process, if its image is that as well.
pub(super) fn services_of(survey: &Survey, image: &str, pid: u64) -> Vec<String> {
    // Counters leave `.exe` out and number instances.
    let plain = |name: &str| {
        let name = name.to_lowercase();
        let name = name.split('#').next().unwrap_or_default().to_owned();
        name.strip_suffix(".exe").unwrap_or(&name).to_owned()
    };
    let lists = survey.process_lists.iter().flat_map(|(_, list)| &list.rows);
    let mut mine = lists.filter(|p| pid != 0 && p.pid == pid && plain(&p.image) == plain(image));
    mine.find(|p| !p.services.is_empty())
        .map(|p| p.services.clone())
        .unwrap_or_default()
}

/// What coverage says of a listing.
pub(super) fn describe<T>(list: &Listing<T>, notes: &mut Vec<String>) {
    if list.rejected > 0 {
        let lines = crate::report::wording::bare(list.rejected, "line");
        notes.push(format!("{lines} below its headings could not be read"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_tells_copies_apart() {
        let row = |path| Row {
            name: "acmeflt",
            path,
            running: Some(true),
            listed: Listed {
                artifact: 0,
                line: 1,
                altitude: None,
            },
        };
        let stated = row(Some(r"C:\Windows\System32\drivers\AcmeFlt.sys"));
        assert_eq!(
            fit(&stated, "c/windows/system32/drivers/acmeflt.sys"),
            Some(4)
        );
        assert_eq!(fit(&stated, "DriverStore/acme.inf/acmeflt.sys"), Some(1));
        assert_eq!(fit(&stated, "drivers/other.sys"), None);
        assert_eq!(fit(&row(None), "drivers/ACMEFLT.SYS"), Some(1));
        assert_eq!(fit(&row(None), "drivers/acmeflt2.sys"), None);
    }
}
