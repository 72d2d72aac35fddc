//! PoolSleuth: from an uploaded bundle to a verdict that names tag and driver.
//!
//! ```text
//! bundle  ──►  artifact  ──►  timeline  ──►  diagnosis  ──►  report
//! (what was   (what each    (one UTC axis,  (leak? refusals  (one value; text, HTML,
//!  uploaded)   file says)    series, epochs) explained? who?)  JSON, Markdown from it)
//! ```
//! A layer imports only from its left. [`case`] runs the chain over one upload, [`batch`] over many,
//! [`compare`] sets two reports side by side, [`cli`] turns words into options and reports into
//! streams.
//!
//! ```no_run
//! use poolsleuth::bundle::{Bundle, Limits};
//! use poolsleuth::case::{self, NoProgress, Options};
//!
//! let bundle = Bundle::open(&["upload.zip".into()], &Limits::default())?;
//! let report = case::analyse(&bundle, &[], &Options::default(), &NoProgress);
//! println!("{}: {}", report.verdict.outcome, report.verdict.summary);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod artifact;
pub mod batch;
pub mod bundle;
pub mod case;
pub mod cli;
pub mod compare;
pub mod diagnosis;
pub mod redact;
pub mod report;
pub mod tag;
pub mod timeline;
