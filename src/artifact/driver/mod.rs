//! (to be written)

pub mod catalog;
pub mod identity;
pub mod layout;
pub mod pdb;
pub mod signature;
pub mod version;
