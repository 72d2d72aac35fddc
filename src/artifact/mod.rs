//! What each file of a bundle says: bytes in, records and notes out.
//!
//! One folder a format. Nothing here prints, reads a clock or knows of cases.

pub mod collector;
pub mod driver;
pub mod events;
pub mod httperr;
pub mod listing;
pub mod look;
pub mod memsnap;
pub mod perfmon;
pub mod poolmon;
pub mod pooltable;
pub mod pooltag;
pub mod poolused;
pub mod quote;
pub mod registry;
pub mod systeminfo;
