//! How the verdict was reached, in short, and how to reach it again.

use super::frame::{self, end_term, term};
use super::markup::Html;
use super::page::Page;
use super::units;
use crate::diagnosis::correlation;
use crate::diagnosis::growth::thresholds;
use crate::diagnosis::headroom::Margin;
use crate::report::wording;
use crate::timeline::episode;

/// Options that are repeated; a command of more could not be typed.
const MOST_OPTIONS: usize = 60;

/// Writes method and glossary.
pub fn section(out: &mut Html) {
    frame::section(out, "method");
    out.raw("<div class=\"prose\"><h3>Method</h3>");
    growth(out);
    refusals(out);
    out.raw("<p><b>Drivers.</b> Every image of the case is searched for the suspect tags. The best grade follows the tag, instruction by instruction, into the tag argument of an allocation routine; the weakest only says that the four bytes occur. A tag of the kernel’s own objects (files, events, threads) accuses no driver, because the kernel allocates them for whoever asks.</p>");
    out.raw("<p><b>Confidence</b> says how far the chain is shown that runs from growth over its fit with the refusals to the driver. “Speaks against it” and “Limits it” in the card say where it is weak.</p></div>");
    glossary(out);
    frame::end_section(out);
}

fn growth(out: &mut Html) {
    out.raw("<p><b>Growth.</b> Snapshots are ordered and cut where the kernel restarted (counters that only rise have fallen). In each stretch a tag’s slope is the median of the slopes between all pairs of points (Theil–Sen), with a 95 % interval from ");
    out.integer(thresholds::MIN_POINTS_FOR_INTERVAL as i128);
    out.raw(" points on. Changes below ");
    out.name(&wording::size_of(thresholds::MIN_CHANGE_BYTES))
        .raw(" or ");
    out.name(&units::percent(thresholds::MIN_CHANGE_OF_LEVEL));
    out.raw(" of a tag’s size count as flat. A last third that grows at less than ");
    out.name(&units::percent(thresholds::PLATEAU_RATE_RATIO));
    out.raw(" of the first third’s pace has levelled off; one interval that carries ");
    out.name(&units::percent(thresholds::STEP_SHARE));
    out.raw(" of all growth is a step; growth is called steady if a line explains ");
    out.name(&units::percent(thresholds::MIN_R_SQUARED));
    out.raw(" of the variance. Blocks hardly come back when fewer than ");
    out.name(&units::percent(thresholds::HARDLY_FREED));
    out.raw(" of the allocations are freed. A tag that was not listed is unknown, never zero.</p>");
}

fn refusals(out: &mut Html) {
    let seconds = |ms: i64| wording::seconds(ms / 1000);
    out.raw("<p><b>Refusals.</b> A row <code>n_Connections_Refused</code> counts n. Refusals less than ");
    out.name(&wording::seconds(episode::PAUSE));
    out.raw(" apart are one episode; it is over only if the log goes on longer than that without one. Microsoft documents that http.sys refuses new connections below ");
    out.name(&wording::size_of(Margin::Default.bytes() as f64));
    out.raw(" of free nonpaged pool (");
    out.name(&wording::size_of(Margin::Aggressive.bytes() as f64));
    out.raw(" with EnableAggressiveMemoryUsage), for Server 2003 and Vista; later versions may differ.</p>");
    out.raw("<p><b>Both together.</b> The pool’s level at an episode is taken between two snapshots at most ");
    out.name(&seconds(correlation::BRACKET));
    out.raw(" apart, or from one at most ");
    out.name(&seconds(correlation::REACH));
    out.raw(" away. The snapshots’ clock is then shifted back and forth, and the band in which the reading stays the same is the clock error that it survives.</p>");
}

fn glossary(out: &mut Html) {
    const TERMS: &[(&str, &str)] = &[
        (
            "Nonpaged pool",
            "Kernel memory that is never written to disk. Drivers take from it; when it is short, http.sys stops accepting connections.",
        ),
        (
            "Tag",
            "Four bytes that a driver passes when it takes pool; Windows counts by them.",
        ),
        ("Snapshot", "One listing of all tags, as poolmon saves it."),
        (
            "Boot epoch",
            "A stretch between two starts of the kernel. Nothing measured in one says anything about another.",
        ),
        (
            "Refusal",
            "A connection that http.sys turned away before any request was read; it stands in the HTTPERR log without client or address.",
        ),
        ("Episode", "Refusals that belong to one outage."),
        (
            "Headroom",
            "What was still to be had: the limit less what is in use.",
        ),
        (
            "Call site",
            "A place in a driver’s code that calls an allocation routine.",
        ),
        (
            "Lockstep",
            "Tags whose blocks grow one for one: usually one cause behind several tags.",
        ),
        (
            "Candidate",
            "An image of the case that may allocate with a tag, with the grade of its evidence.",
        ),
    ];
    out.raw("<h3>Glossary</h3><dl class=\"facts words\">");
    for (word, meaning) in TERMS {
        term(out, word);
        out.raw(meaning);
        end_term(out);
    }
    out.raw("</dl>");
}

/// Writes the command that makes this report again.
pub fn repeat(out: &mut Html, page: &Page<'_>) {
    let (tool, input) = (&page.report.tool, &page.report.case.input);
    frame::section(out, "repeat");
    out.raw("<p>The same input, options and version give the same report, byte for byte:</p>");
    out.raw("<pre class=\"command\" tabindex=\"0\">poolsleuth analyze ");
    let is_like_option = input.name.starts_with('-');
    out.raw(if is_like_option { "./" } else { "" });
    out.name(&quoted(&input.name));
    for option in input.options.iter().take(MOST_OPTIONS) {
        out.raw(" ").name(&quoted(option));
    }
    out.raw(" -o report</pre><p class=\"soft\">with ")
        .name(tool.name)
        .raw(" ");
    out.name(tool.version)
        .raw("; the case’s digest must be <code class=\"hash\">");
    out.name(&page.report.case.id)
        .raw("</code>. Characters shown as \\x.. or \\u{..} were unprintable.</p>");
    frame::end_section(out);
}

/// A word of a POSIX shell.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._/@%+=:,-".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_for_a_shell() {
        assert_eq!(quoted("case-7.zip"), "case-7.zip");
        assert_eq!(quoted("my case's $HOME"), "'my case'\\''s $HOME'");
        assert_eq!(quoted(""), "''");
    }
}
