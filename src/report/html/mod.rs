//! The report as one HTML file that needs nothing else: no network, no scripts, no fonts.
//!
//! ```text
//! Report ──► sections (verdict, facts, plot, …) ──► Html (safe by type) ──► writer
//! ```
//! With scripts off everything is there to read; the one inline script only adds hovering,
//! zooming, sorting, filtering and a switch of zones. A policy in the page allows its own style
//! and script by hash and nothing else. Whatever the case holds, the page stays below
//! [`MOST_BYTES`]: every list has bounds (see `list`) and says what it leaves out.

#[cfg(test)]
mod balance;
mod clip;
mod clock;
mod coverage;
mod drivers;
mod events;
mod evidence;
mod facts;
mod findings;
pub(crate) mod frame;
pub(crate) mod list;
pub mod markup;
mod method;
mod page;
mod plots;
pub(crate) mod policy;
mod refusals;
mod tags;
pub mod units;
mod verdict;
mod words;

use std::io::{self, Write};

use markup::Html;
use page::Page;

pub use clock::{Clock, instant};

use crate::report::model::Report;

/// Most bytes of a page: what mail gateways and ticket systems take without asking. The bounds
/// of all lists together stay below; a test adds the worst case of everything.
pub const MOST_BYTES: usize = 5_000_000;

/// Writes the page.
///
/// # Errors
/// Those of the writer.
pub fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(render(report).as_str().as_bytes())
}

/// The page in memory.
fn render(report: &Report) -> Html {
    // The appendix comes first, because links lead only to evidence that is shown.
    let (appendix, anchors) = evidence::section(report);
    let page = Page::new(report, anchors);
    let mut out = Html::new();
    frame::open(&mut out, &page);
    verdict::section(&mut out, &page);
    facts::section(&mut out, &page);
    plots::section(&mut out, &page);
    tags::section(&mut out, &page);
    refusals::section(&mut out, &page);
    refusals::clock_error(&mut out, &page);
    events::section(&mut out, &page);
    drivers::section(&mut out, &page);
    tags::lockstep(&mut out, &page);
    findings::section(&mut out, &page);
    findings::next_steps(&mut out, &page);
    coverage::section(&mut out, &page);
    coverage::integrity(&mut out, &page);
    out.html(&appendix);
    method::section(&mut out);
    method::repeat(&mut out, &page);
    frame::close(&mut out, &page);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture;
    use proptest::prelude::*;

    #[test]
    fn the_fixtures_of_all_renderings_are_well_formed() {
        for (name, report) in fixture::cases() {
            let page = render(&report);
            if let Err(why) = balance::elements(page.as_str()) {
                panic!("{name}: {why}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]

        #[test]
        fn any_text_and_any_number_stay_text_and_number(report in fixture::hostile_report()) {
            let page = render(&report);
            prop_assert!(page.len() < MOST_BYTES);
            let elements = balance::elements(page.as_str());
            prop_assert!(elements.is_ok(), "{:?}", elements.err());
            let scripts = elements.iter().flatten().filter(|e| e.name == "script");
            let running = scripts.filter(|e| e.get("type").is_none());
            prop_assert_eq!(running.count(), 1);
            for shape in ["NaN", "inf\"", "infinity"] {
                let attribute = format!("=\"{shape}");
                prop_assert!(!page.as_str().contains(&attribute), "{}", shape);
            }
        }
    }
}
