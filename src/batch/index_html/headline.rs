//! What no single case can tell, in two sentences: how many leak, and which driver most often.

use super::end_section;
use crate::batch::publish::Results;
use crate::batch::rollup::DriverRow;
use crate::report::html::markup::Html;
use crate::report::wording::{count, counted};

/// The page's heading.
pub(super) fn section(out: &mut Html, results: &Results<'_>, foremost: Option<&DriverRow>) {
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
    out.sentence(&most_often(foremost));
    if failed > 0 {
        let unread = format!(" {} could not be analysed.", counted(failed, "case"));
        out.sentence(&unread);
    }
    out.raw("</p>\n");
    end_section(out);
}

/// The driver that leaks most often, and in how many of its versions.
fn most_often(foremost: Option<&DriverRow>) -> String {
    let Some(row) = foremost else {
        return "In none a driver is shown to allocate with the leaking tag.".to_owned();
    };
    let versions = match row.versions {
        0 | 1 => String::new(),
        many => format!(
            ", in {} of its {} versions",
            row.versions_leaking,
            count(many)
        ),
    };
    format!(
        "Most often {} leaks: in {} of the {} that can be judged and in which it lies{versions}.",
        row.driver,
        count(row.leaking),
        counted(row.cases, "case"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_named_where_there_are_several() {
        let row = DriverRow {
            driver: "a.sys".to_owned(),
            cases: 35,
            leaking: 20,
            versions: 2,
            versions_leaking: 1,
        };
        assert_eq!(
            most_often(Some(&row)),
            "Most often a.sys leaks: in 20 of the 35 cases that can be judged and in which it lies, in 1 of its 2 versions."
        );
        let one = DriverRow { versions: 1, ..row };
        assert_eq!(
            most_often(Some(&one)),
            "Most often a.sys leaks: in 20 of the 35 cases that can be judged and in which it lies."
        );
        assert!(most_often(None).starts_with("In none"));
    }
}
