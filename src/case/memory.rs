//! What is known of images from before: an image says of itself the same in every case.

use crate::bundle::Sha256;

/// What is remembered of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aspect {
    /// What its code does with tags: the costly part.
    Code,
    /// What its version resource says.
    Version,
}

impl Aspect {
    /// The word under which it is kept.
    pub const fn name(self) -> &'static str {
        match self {
            Aspect::Code => "code",
            Aspect::Version => "version",
        }
    }
}

/// Remembers by digest of the whole image; called from many threads. What comes back was kept
/// by this version of this program, or nothing comes back.
pub trait ImageMemory: Send + Sync {
    /// What was kept, as JSON.
    fn recall(&self, aspect: Aspect, image: Sha256) -> Option<String>;
    /// Keeps something. Whether it really does is its own affair: forgetting only costs time.
    fn keep(&self, aspect: Aspect, image: Sha256, json: &str);
}

/// Remembers nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoMemory;

impl ImageMemory for NoMemory {
    fn recall(&self, _: Aspect, _: Sha256) -> Option<String> {
        None
    }

    fn keep(&self, _: Aspect, _: Sha256, _: &str) {}
}
