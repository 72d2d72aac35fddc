//! Tags, outages and drivers as CSV: RFC 4180, UTF-8, a newline after each row.
//!
//! Figures are exact and unquoted, so that a minus before them is one; texts are quoted and,
//! unless asked otherwise, made harmless for spreadsheets ([`Neutral`]). A value that is not
//! known is an empty cell.

use std::io;

use super::Report;
use super::escape::{Neutral, csv_cell};
use super::json::rounded;
use super::model::{Attribution, Candidate, Episode, TagRow};

/// A cell: which of them a spreadsheet may compute with is decided here, not by their looks.
enum Cell<'a> {
    Text(&'a str),
    Whole(i128),
    Fraction(f64),
    Unknown,
}

impl<'a> Cell<'a> {
    fn maybe(text: Option<&'a str>) -> Self {
        text.map_or(Cell::Unknown, Cell::Text)
    }

    fn fraction(value: Option<f64>) -> Self {
        value
            .filter(|v| v.is_finite())
            .map_or(Cell::Unknown, Cell::Fraction)
    }

    fn whole(value: Option<impl Into<i128>>) -> Self {
        value.map_or(Cell::Unknown, |value| Cell::Whole(value.into()))
    }

    fn shown(&self, neutral: Neutral) -> String {
        match self {
            Cell::Text(text) => csv_cell(text, neutral),
            Cell::Whole(value) => value.to_string(),
            Cell::Fraction(value) => rounded(*value).to_string(),
            Cell::Unknown => String::new(),
        }
    }
}

fn row(cells: &[Cell<'_>], neutral: Neutral, out: &mut dyn io::Write) -> io::Result<()> {
    let cells: Vec<String> = cells.iter().map(|cell| cell.shown(neutral)).collect();
    writeln!(out, "{}", cells.join(","))
}

/// The columns of [`tags`].
const TAGS: &str = "tag,tag_hex,pool,epoch,class,bytes_first,bytes_last,blocks_first,blocks_last,\
    growth_bytes_per_hour,growth_low,growth_high,growth_bytes_per_snapshot,share_of_growth,\
    freed_ratio,points,test,owner_hint,evidence";

/// Writes the tags, most suspect first.
///
/// # Errors
/// Those of the writer.
pub fn tags(report: &Report, neutral: Neutral, out: &mut dyn io::Write) -> io::Result<()> {
    writeln!(out, "{TAGS}")?;
    report
        .pool
        .tags
        .iter()
        .try_for_each(|tag| row(&of_tag(tag, &tag.evidence.join(" ")), neutral, out))
}

fn of_tag<'a>(tag: &'a TagRow, evidence: &'a str) -> [Cell<'a>; 19] {
    [
        Cell::Text(&tag.tag),
        Cell::Text(&tag.tag_hex),
        Cell::Text(tag.pool),
        Cell::Whole(tag.epoch.into()),
        Cell::Text(tag.class),
        Cell::Whole(tag.bytes_first.into()),
        Cell::Whole(tag.bytes_last.into()),
        Cell::whole(tag.blocks_first),
        Cell::whole(tag.blocks_last),
        Cell::fraction(tag.growth_bytes_per_hour),
        Cell::fraction(tag.growth_low),
        Cell::fraction(tag.growth_high),
        Cell::fraction(tag.growth_bytes_per_snapshot),
        Cell::fraction(tag.share_of_growth),
        Cell::fraction(tag.freed_ratio),
        Cell::Whole(tag.points.into()),
        Cell::Text(&tag.test),
        Cell::maybe(tag.owner_hint.as_deref()),
        Cell::Text(evidence),
    ]
}

/// The columns of [`episodes`].
const EPISODES: &str = "start,end,ended,rows,total,worst_minute,worst_minute_total,pool_bytes,\
    headroom_bytes,pool_basis,evidence";

/// Writes the outages in time.
///
/// # Errors
/// Those of the writer.
pub fn episodes(report: &Report, neutral: Neutral, out: &mut dyn io::Write) -> io::Result<()> {
    writeln!(out, "{EPISODES}")?;
    let all = &report.refusals.episodes;
    all.iter().try_for_each(|episode| {
        row(
            &of_episode(episode, &episode.evidence.join(" ")),
            neutral,
            out,
        )
    })
}

fn of_episode<'a>(episode: &'a Episode, evidence: &'a str) -> [Cell<'a>; 11] {
    [
        Cell::Text(&episode.start),
        Cell::Text(&episode.end),
        Cell::Text(episode.ended),
        Cell::Whole(episode.rows.into()),
        Cell::Whole(episode.total.into()),
        Cell::Text(&episode.worst_minute),
        Cell::Whole(episode.worst_minute_total.into()),
        Cell::whole(episode.pool_bytes),
        Cell::whole(episode.headroom_bytes),
        Cell::maybe(episode.pool_basis),
        Cell::Text(evidence),
    ]
}

/// The columns of [`drivers`].
const DRIVERS: &str = "tag,tag_hex,pool,place,file_name,path,sha256,machine,file_version,company,\
    product,description,grade,via,role,api,sites,rva,signature,signer,digest,linked,evidence";

/// Writes the images that may allocate with a tag, one row for each tag and image.
///
/// # Errors
/// Those of the writer.
pub fn drivers(report: &Report, neutral: Neutral, out: &mut dyn io::Write) -> io::Result<()> {
    writeln!(out, "{DRIVERS}")?;
    for attribution in &report.attribution {
        for (candidate, place) in attribution.candidates.iter().zip(1..) {
            let evidence = candidate.evidence.join(" ");
            row(
                &of_candidate(attribution, candidate, place, &evidence),
                neutral,
                out,
            )?;
        }
    }
    Ok(())
}

fn of_candidate<'a>(
    attribution: &'a Attribution,
    candidate: &'a Candidate,
    place: i128,
    evidence: &'a str,
) -> [Cell<'a>; 23] {
    let driver = &candidate.driver;
    [
        Cell::Text(&attribution.tag),
        Cell::Text(&attribution.tag_hex),
        Cell::Text(attribution.pool),
        Cell::Whole(place),
        Cell::Text(&driver.file_name),
        Cell::Text(&driver.path),
        Cell::Text(&driver.sha256),
        Cell::Text(driver.machine),
        Cell::maybe(driver.version.file_version.as_deref()),
        Cell::maybe(driver.version.company.as_deref()),
        Cell::maybe(driver.version.product.as_deref()),
        Cell::maybe(driver.version.description.as_deref()),
        Cell::Text(candidate.grade),
        Cell::maybe(candidate.via),
        Cell::maybe(candidate.role),
        Cell::maybe(candidate.api.as_deref()),
        Cell::Whole(candidate.sites.into()),
        Cell::whole(candidate.rva),
        Cell::Text(driver.signature.state),
        Cell::maybe(driver.signature.signer.as_deref()),
        Cell::maybe(driver.signature.digest),
        Cell::Text(&driver.linked),
        Cell::Text(evidence),
    ]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::report::fixture::{hostile_report, leak_explained};

    fn written(
        write: fn(&Report, Neutral, &mut dyn io::Write) -> io::Result<()>,
        report: &Report,
        neutral: Neutral,
    ) -> String {
        let mut out = Vec::new();
        write(report, neutral, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    /// Rows of cells as RFC 4180 reads them; whether a cell was quoted goes with it.
    fn read(text: &str) -> Vec<Vec<(String, bool)>> {
        let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), (String::new(), false));
        let (mut inside, mut chars) = (false, text.chars().peekable());
        while let Some(c) = chars.next() {
            match c {
                '"' if inside && chars.next_if_eq(&'"').is_some() => cell.0.push('"'),
                '"' => (inside, cell.1) = (!inside, true),
                ',' if !inside => row.push(std::mem::take(&mut cell)),
                '\n' if !inside => {
                    row.push(std::mem::take(&mut cell));
                    rows.push(std::mem::take(&mut row));
                }
                c => cell.0.push(c),
            }
        }
        assert!(row.is_empty() && cell.0.is_empty() && !inside);
        rows
    }

    #[test]
    fn figures_are_exact_and_texts_quoted() {
        let report = leak_explained();
        let text = written(tags, &report, Neutral::Yes);
        let second = text.lines().nth(1).unwrap();
        assert_eq!(
            second,
            "\"HsCx\",\"48734378\",\"nonpaged\",0,\"steady_leak\",2097152,185597952,512,45312,\
             4587520,,,2293760,0.97,0.1,80,\"a test\",,\"E4\""
        );
        assert_eq!(written(episodes, &report, Neutral::Yes).lines().count(), 4);
        assert!(written(drivers, &report, Neutral::Yes).contains("\"Harbour Storage\""));
    }

    #[test]
    fn exact_texts_come_back() {
        let mut report = leak_explained();
        report.pool.tags[0].test = "=\"a\",\nb".to_owned();
        let rows = read(&written(tags, &report, Neutral::No));
        assert_eq!(rows[1][16], ("=\"a\",\nb".to_owned(), true));
    }

    proptest! {
        // A report holds thousands of texts: few cases try many.
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn no_cell_begins_a_formula_and_rows_keep_their_columns(report in hostile_report()) {
            for write in [tags, episodes, drivers] {
                let rows = read(&written(write, &report, Neutral::Yes));
                for row in &rows {
                    prop_assert_eq!(row.len(), rows[0].len());
                    for (cell, quoted) in row.iter().skip(usize::from(row == &rows[0]) * row.len()) {
                        let number = !quoted && (cell.is_empty() || cell.parse::<f64>().is_ok());
                        let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']);
                        prop_assert!(number || (*quoted && !formula), "{cell:?}");
                        prop_assert!(!cell.contains(char::is_control));
                    }
                }
                prop_assert_eq!(read(&written(write, &report, Neutral::No)).len(), rows.len());
            }
        }
    }
}
