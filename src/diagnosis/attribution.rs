//! Which image of the case allocates with a tag.
//!
//! Images are ranked by what is proven of them, not by how often four bytes occur. An image is
//! *named* only if it is shown to allocate with the tag and no rival is shown as well; a tag that
//! several vendors' images allocate with is shared, and then the tag alone names nobody.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::artifact::driver::api::Role;
use crate::artifact::driver::tags::{Grade, Via};
use crate::tag::Pool;

/// What an image says of one tag, and who made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspicion {
    /// Its place in the caller's list.
    pub image: usize,
    /// Strongest evidence.
    pub grade: Grade,
    /// Allocates or frees.
    pub role: Option<Role>,
    /// How the tag reaches the routine.
    pub via: Option<Via>,
    /// The pool that the call asks for, where it says so.
    pub pool: Option<Pool>,
    /// Calls.
    pub sites: u32,
    /// True where all of them run once, when the driver is loaded.
    pub only_at_load: bool,
    /// False if the image cannot run on the case's machine.
    pub runs_here: bool,
    /// The vendor, folded for comparison: company, or else the product or file name.
    pub vendor: String,
    /// True if its maker is Microsoft by its own word.
    pub microsoft: bool,
    /// The original file name, folded: versions and copies of one driver share it.
    pub name: String,
    /// True if the file goes by another name than that: a copy, of which another file may be the
    /// original.
    pub misnamed: bool,
    /// The file's version, where it has one.
    pub version: Option<[u16; 4]>,
    /// True if it lies in a store of packages (DriverStore, WinSxS), from which nothing runs:
    /// what runs is a copy elsewhere, often of another version.
    pub stored: bool,
    /// Whether its module was loaded when the bundle was made, where the bundle tells. A driver
    /// that is not loaded may have been, and may have left its memory behind.
    pub loaded: Option<bool>,
}

/// Who allocates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// One driver is shown to allocate with the tag, and no other.
    Named(usize),
    /// The framework's default tag fits one driver's name; no byte of the tag is in the file.
    NamedByFramework(usize),
    /// Several are; the first is more likely than the others for a stated reason.
    Likely(usize),
    /// Several are, and nothing decides.
    Shared,
    /// Images hold the tag, but none is shown to allocate with it.
    Unproven,
    /// No image of the case holds the tag in a way that means anything.
    NotInBundle,
    /// There were no images to look into.
    NoImages,
    /// The tag belongs to the kernel's own objects: whoever allocates is not to blame.
    KernelOwned,
}

impl Answer {
    /// The image to name, if any.
    pub const fn image(self) -> Option<usize> {
        match self {
            Answer::Named(image) | Answer::NamedByFramework(image) | Answer::Likely(image) => {
                Some(image)
            }
            _ => None,
        }
    }
}

/// A suspicion in its place, and why it stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranked {
    /// The suspicion.
    pub suspicion: Suspicion,
    /// What speaks for or against it, in words.
    pub why: Vec<String>,
}

/// Whether a tag's class lets an image be named at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// The tag names whoever allocates with it.
    ByTag,
    /// Static libraries carry it into many drivers.
    SharedByNature,
    /// The kernel's own.
    Never,
}

/// Ranks the images that hold a tag and says who allocates. `pool` is the pool that leaks;
/// `images` how many there were.
pub fn attribute(
    mut found: Vec<Suspicion>,
    pool: Pool,
    naming: Naming,
    images: usize,
) -> (Answer, Vec<Ranked>) {
    found.sort_by(|a, b| {
        key(a, pool)
            .cmp(&key(b, pool))
            .then_with(|| a.name.cmp(&b.name))
            .then(a.image.cmp(&b.image))
    });
    order_versions(&mut found, pool);
    let answer = answer(&found, pool, naming, images);
    let ranked = found
        .iter()
        .enumerate()
        .map(|(place, suspicion)| Ranked {
            why: why(suspicion, pool, place, &found),
            suspicion: suspicion.clone(),
        })
        .collect();
    (answer, ranked)
}

type Key = (
    Grade,
    Option<Role>,
    u8,
    bool,
    bool,
    bool,
    bool,
    u8,
    Reverse<u32>,
);

/// Smaller is likelier: proof, then role, pool, machine, loaded, lifetime of the code, maker,
/// directness.
fn key(s: &Suspicion, pool: Pool) -> Key {
    let fit = match s.pool {
        Some(asked) if asked == pool => 0,
        None => 1,
        Some(_) => 2,
    };
    let directness = match s.via {
        Some(Via::Direct) => 0,
        Some(Via::Lookaside | Via::Wrapper { .. }) => 1,
        Some(Via::Global | Via::Framework) => 2,
        None => 3,
    };
    (
        s.grade,
        s.role,
        fit,
        !s.runs_here,
        s.loaded == Some(false),
        s.only_at_load,
        s.microsoft,
        directness,
        Reverse(s.sites),
    )
}

/// What must be equal for the version of a driver to decide: an older one that is proven better
/// stays in front.
fn proof(s: &Suspicion, pool: Pool) -> (Grade, Option<Role>, u8, bool, bool, bool) {
    let (grade, role, fit, elsewhere, idle, only_at_load, ..) = key(s, pool);
    (grade, role, fit, elsewhere, idle, only_at_load)
}

/// Orders the versions of each driver among the places they hold: where proof is equal, what lies
/// where drivers run from comes before stored packages, files of the driver's own name before
/// renamed ones, and newer before older. Places of other
/// drivers stay as they are.
fn order_versions(found: &mut [Suspicion], pool: Pool) {
    let mut places: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (place, suspicion) in found.iter().enumerate() {
        places
            .entry(suspicion.name.clone())
            .or_default()
            .push(place);
    }
    for places in places.into_values().filter(|places| places.len() > 1) {
        let mut versions: Vec<Suspicion> = places
            .iter()
            .filter_map(|&place| found.get(place).cloned())
            .collect();
        versions.sort_by_key(|s| {
            (
                proof(s, pool),
                s.stored,
                s.misnamed,
                Reverse(s.version),
                s.image,
            )
        });
        for (place, version) in places.into_iter().zip(versions) {
            if let Some(slot) = found.get_mut(place) {
                *slot = version;
            }
        }
    }
}

fn allocates(s: &Suspicion) -> bool {
    s.grade == Grade::CallSite && s.role == Some(Role::Allocate)
}

/// True for images whose evidence fits the leak: shown to allocate, from this pool or an unknown
/// one, on this machine.
fn fits(s: &Suspicion, pool: Pool) -> bool {
    allocates(s) && s.runs_here && s.pool.is_none_or(|asked| asked == pool)
}

fn answer(found: &[Suspicion], pool: Pool, naming: Naming, images: usize) -> Answer {
    if naming == Naming::Never {
        return Answer::KernelOwned;
    }
    if images == 0 {
        return Answer::NoImages;
    }
    let fitting: Vec<&Suspicion> = found.iter().filter(|s| fits(s, pool)).collect();
    let one_driver = |list: &[&Suspicion]| list.windows(2).all(|p| p[0].name == p[1].name);
    match fitting.as_slice() {
        [] => unproven(found),
        list if one_driver(list) && naming == Naming::ByTag => Answer::Named(list[0].image),
        list => {
            let lasting = lasting(list);
            let third: Vec<&Suspicion> = lasting.iter().copied().filter(|s| !s.microsoft).collect();
            match (lasting.as_slice(), third.as_slice()) {
                (_, [first, ..]) if one_driver(&third) => Answer::Likely(first.image),
                ([first, ..], []) if one_driver(&lasting) => Answer::Likely(first.image),
                _ => Answer::Shared,
            }
        }
    }
}

/// Of several, those whose memory can grow: not only at load, and of them those that may be
/// loaded, if there are any.
fn lasting<'a>(list: &[&'a Suspicion]) -> Vec<&'a Suspicion> {
    let growing: Vec<&Suspicion> = list.iter().copied().filter(|s| !s.only_at_load).collect();
    let running: Vec<&Suspicion> = growing
        .iter()
        .copied()
        .filter(|s| s.loaded != Some(false))
        .collect();
    if running.is_empty() { growing } else { running }
}

fn unproven(found: &[Suspicion]) -> Answer {
    let by_name: Vec<&Suspicion> = found
        .iter()
        .filter(|s| s.grade == Grade::Name && s.runs_here)
        .collect();
    match by_name.as_slice() {
        [one] => Answer::NamedByFramework(one.image),
        [first, rest @ ..] if rest.iter().all(|s| s.name == first.name) => {
            Answer::NamedByFramework(first.image)
        }
        _ if found.iter().any(|s| s.grade < Grade::Text) => Answer::Unproven,
        _ => Answer::NotInBundle,
    }
}

fn why(s: &Suspicion, pool: Pool, place: usize, found: &[Suspicion]) -> Vec<String> {
    let mut why = Vec::new();
    match (s.grade, s.role) {
        (Grade::CallSite, Some(Role::Free)) => why.push(
            "only frees with the tag: it may own the memory, the allocation is elsewhere".into(),
        ),
        (Grade::CallSite, _) => {}
        (grade, _) => why.push(grade.sentence().to_owned()),
    }
    match s.pool {
        Some(asked) if asked != pool => {
            why.push(format!("asks for {asked} pool, and {pool} pool leaks"))
        }
        Some(asked) => why.push(format!("asks for {asked} pool, the one that leaks")),
        None => {}
    }
    if !s.runs_here {
        why.push("was built for another processor than the machine's".into());
    }
    match s.loaded {
        Some(true) => why.push("was loaded when the bundle was made".into()),
        Some(false) => why.push(
            "only lay in the drivers folder: it was not loaded when the bundle was made".into(),
        ),
        None => {}
    }
    if s.only_at_load {
        why.push(
            "its calls stand in start-up code, which runs once: that memory does not grow".into(),
        );
    }
    let leader = found
        .first()
        .filter(|first| place > 0 && first.grade == s.grade && first.role == s.role);
    if leader.is_some_and(|first| s.microsoft && !first.microsoft) {
        why.push(
            "Microsoft's own: with equal proof, a third party's driver is the likelier cause"
                .into(),
        );
    }
    why.extend(of_versions(s, pool, place, found));
    let vendors = found
        .iter()
        .filter(|o| allocates(o) && o.vendor != s.vendor)
        .count();
    if allocates(s) && vendors > 0 {
        why.push("a shared tag: other vendors' images allocate with it as well".into());
    }
    why
}

/// What the other versions of the same driver, and equal rivals, say of its place.
fn of_versions(s: &Suspicion, pool: Pool, place: usize, found: &[Suspicion]) -> Option<String> {
    let versions = found
        .iter()
        .filter(|o| o.name == s.name && proof(o, pool) == proof(s, pool))
        .count();
    let leader = found
        .iter()
        .take(place)
        .find(|o| o.name == s.name && proof(o, pool) == proof(s, pool));
    match leader {
        None if versions > 1 => Some(format!(
            "the first of {versions} files of this driver here; which of them was loaded is not known"
        )),
        None => undecided(s, pool, place, found),
        Some(leader) if s.stored && !leader.stored => {
            Some("a stored package of the same driver: what runs is a copy elsewhere".into())
        }
        Some(leader) if s.version < leader.version => {
            Some("an older version of the same driver".into())
        }
        Some(_) => Some("another file of the same driver".into()),
    }
}

/// Said of a rival that nothing sets apart from the one in front.
fn undecided(s: &Suspicion, pool: Pool, place: usize, found: &[Suspicion]) -> Option<String> {
    let first = found.first().filter(|_| place > 0)?;
    let equal =
        allocates(s) && proof(s, pool) == proof(first, pool) && s.microsoft == first.microsoft;
    equal.then(|| {
        "shown to allocate as well as the one in front of it: their order says nothing".into()
    })
}

#[cfg(test)]
mod tests;
