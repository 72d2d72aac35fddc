//! What no single case can tell, in two sentences: how many leak, and which driver most often.

use super::end_section;
use crate::batch::publish::Results;
use crate::batch::rollup::VersionRow;
use crate::report::html::markup::Html;
use crate::report::wording::{count, counted};

/// The page's heading. `versions` come with the driver of most leaks first.
pub(super) fn section(out: &mut Html, results: &Results<'_>, versions: &[VersionRow]) {
    let records = || results.states.iter().map(|state| &state.record);
    let all = results.states.len() as u64;
    let leaks = records().filter(|record| record.is_leak()).count() as u64;
    let failed = records().filter(|record| !record.is_ok()).count() as u64;
    out.raw("<section id=\"headline\" aria-labelledby=\"h-headline\">\n");
    out.raw("<p class=\"eyebrow\">Batch</p><h1 id=\"h-headline\">");
    let shows = if leaks == 1 { "shows" } else { "show" };
    out.name(&format!(
        "{} of {} {shows} a leak",
        count(leaks),
        counted(all, "case")
    ));
    out.raw("</h1>\n<p class=\"summary\">");
    out.sentence(&most_often(versions));
    if failed > 0 {
        let unread = format!(" {} could not be analysed.", counted(failed, "case"));
        out.sentence(&unread);
    }
    out.raw("</p>\n");
    end_section(out);
}

/// The driver that leaks most often, and in how many of its versions.
fn most_often(versions: &[VersionRow]) -> String {
    let Some(first) = versions.first() else {
        return "In none a driver is shown to allocate with the leaking tag.".to_owned();
    };
    let own = || versions.iter().filter(|row| row.driver == first.driver);
    let leaking: u64 = own().map(|row| row.leaking).sum();
    let cases: u64 = own().map(|row| row.cases).sum();
    let bad = own().filter(|row| row.leaking > 0).count();
    let versions = match own().count() {
        1 => String::new(),
        many => format!(", in {bad} of its {many} versions"),
    };
    format!(
        "Most often {} leaks: in {} of the {} that can be judged and in which it lies{versions}.",
        first.driver,
        count(leaking),
        counted(cases, "case"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(driver: &str, version: &str, cases: u64, leaking: u64) -> VersionRow {
        VersionRow {
            driver: driver.to_owned(),
            version: Some(version.to_owned()),
            company: None,
            cases,
            leaking,
            growth: None,
            tags: None,
        }
    }

    #[test]
    fn versions_of_the_first_driver_are_summed_and_no_others() {
        let rows = [
            row("a.sys", "1", 30, 20),
            row("a.sys", "2", 5, 0),
            row("b.sys", "1", 40, 3),
        ];
        assert_eq!(
            most_often(&rows),
            "Most often a.sys leaks: in 20 of the 35 cases that can be judged and in which it lies, in 1 of its 2 versions."
        );
        assert_eq!(
            most_often(&rows[2..]),
            "Most often b.sys leaks: in 3 of the 40 cases that can be judged and in which it lies."
        );
        assert!(most_often(&[]).starts_with("In none"));
    }
}
