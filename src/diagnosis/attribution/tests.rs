//! What the order of suspicions and the answer must keep.

use super::*;

fn suspicion(image: usize, grade: Grade, role: Option<Role>) -> Suspicion {
    Suspicion {
        image,
        grade,
        role,
        via: Some(Via::Direct),
        pool: None,
        sites: 1,
        only_at_load: false,
        runs_here: true,
        vendor: format!("vendor {image}"),
        microsoft: false,
        name: format!("drv{image}.sys"),
        misnamed: false,
        version: None,
        stored: false,
        loaded: None,
    }
}

fn allocator(image: usize) -> Suspicion {
    suspicion(image, Grade::CallSite, Some(Role::Allocate))
}

fn ask(found: Vec<Suspicion>) -> Answer {
    attribute(found, Pool::NonPaged, Naming::ByTag, 9).0
}

#[test]
fn one_proven_allocator_is_named_whatever_else_holds_the_bytes() {
    let noise = vec![
        suspicion(0, Grade::Text, None),
        suspicion(1, Grade::Operand, None),
        suspicion(2, Grade::CallSite, Some(Role::Free)),
    ];
    assert_eq!(ask([noise, vec![allocator(3)]].concat()), Answer::Named(3));
}

#[test]
fn of_two_allocators_the_loaded_one_is_likelier() {
    let loaded = |image, loaded| Suspicion {
        loaded: Some(loaded),
        ..allocator(image)
    };
    assert_eq!(
        ask(vec![loaded(1, false), loaded(2, true)]),
        Answer::Likely(2)
    );
    assert_eq!(ask(vec![loaded(1, true), loaded(2, true)]), Answer::Shared);
    assert_eq!(
        ask(vec![loaded(1, false), loaded(2, false)]),
        Answer::Shared
    );
    assert_eq!(ask(vec![allocator(1), loaded(2, true)]), Answer::Shared);
    let only = vec![loaded(1, false)];
    let (answer, ranked) = attribute(only, Pool::NonPaged, Naming::ByTag, 9);
    assert_eq!(answer, Answer::Named(1));
    assert!(ranked[0].why.iter().any(|w| w.contains("not loaded")));
}

#[test]
fn two_versions_of_one_driver_are_one() {
    let older = Suspicion {
        name: "drv3.sys".into(),
        ..allocator(4)
    };
    assert_eq!(ask(vec![allocator(3), older]), Answer::Named(3));
}

#[test]
fn pool_machine_and_lifetime_decide_between_several() {
    let paged = Suspicion {
        pool: Some(Pool::Paged),
        ..allocator(1)
    };
    let foreign = Suspicion {
        runs_here: false,
        ..allocator(2)
    };
    assert_eq!(ask(vec![paged, foreign, allocator(3)]), Answer::Named(3));
    let loading = Suspicion {
        only_at_load: true,
        ..allocator(1)
    };
    assert_eq!(ask(vec![loading, allocator(3)]), Answer::Likely(3));
    let microsoft = Suspicion {
        microsoft: true,
        ..allocator(1)
    };
    assert_eq!(ask(vec![microsoft, allocator(3)]), Answer::Likely(3));
    assert_eq!(ask(vec![allocator(1), allocator(3)]), Answer::Shared);
}

#[test]
fn not_knowing_is_an_answer() {
    assert_eq!(
        ask(vec![suspicion(0, Grade::Text, None)]),
        Answer::NotInBundle
    );
    assert_eq!(
        ask(vec![suspicion(0, Grade::CallSite, Some(Role::Free))]),
        Answer::Unproven
    );
    assert_eq!(ask(vec![]), Answer::NotInBundle);
    assert_eq!(
        attribute(vec![], Pool::NonPaged, Naming::ByTag, 0).0,
        Answer::NoImages
    );
    assert_eq!(
        attribute(vec![allocator(0)], Pool::NonPaged, Naming::Never, 1).0,
        Answer::KernelOwned
    );
    assert_eq!(
        ask(vec![suspicion(5, Grade::Name, None)]),
        Answer::NamedByFramework(5)
    );
    let shared = vec![allocator(1), allocator(2)];
    assert_eq!(
        attribute(shared, Pool::NonPaged, Naming::SharedByNature, 2).0,
        Answer::Shared
    );
}

#[test]
fn the_loser_is_told_why() {
    let paged = Suspicion {
        pool: Some(Pool::Paged),
        ..allocator(1)
    };
    let (_, ranked) = attribute(vec![paged, allocator(3)], Pool::NonPaged, Naming::ByTag, 2);
    assert_eq!(ranked[1].suspicion.image, 1);
    assert!(
        ranked[1]
            .why
            .iter()
            .any(|w| w.contains("asks for paged pool"))
    );
}

fn version(image: usize, version: [u16; 4]) -> Suspicion {
    Suspicion {
        name: "drv.sys".into(),
        version: Some(version),
        ..allocator(image)
    }
}

#[test]
fn of_two_versions_the_newer_is_named_though_the_older_calls_more_often() {
    let older = Suspicion {
        sites: 40,
        ..version(1, [1, 9, 0, 0])
    };
    let (answer, ranked) = attribute(
        vec![older, version(2, [1, 10, 0, 0])],
        Pool::NonPaged,
        Naming::ByTag,
        2,
    );
    assert_eq!(answer, Answer::Named(2));
    assert!(
        ranked[0]
            .why
            .iter()
            .any(|w| w.contains("which of them was loaded is not known"))
    );
    assert!(ranked[1].why.iter().any(|w| w.contains("older version")));
}

#[test]
fn a_stored_package_stands_behind_the_file_that_runs_whatever_its_version() {
    let stored = Suspicion {
        stored: true,
        ..version(1, [9, 0, 0, 0])
    };
    let (answer, ranked) = attribute(
        vec![stored, version(2, [1, 0, 0, 0])],
        Pool::NonPaged,
        Naming::ByTag,
        2,
    );
    assert_eq!(answer, Answer::Named(2));
    assert!(ranked[1].why.iter().any(|w| w.contains("stored package")));
}

#[test]
fn a_version_that_proves_less_stays_behind() {
    let newer = Suspicion {
        pool: Some(Pool::Paged),
        ..version(1, [9, 0, 0, 0])
    };
    assert_eq!(ask(vec![newer, version(2, [1, 0, 0, 0])]), Answer::Named(2));
    let frees = Suspicion {
        role: Some(Role::Free),
        ..version(1, [9, 0, 0, 0])
    };
    assert_eq!(ask(vec![frees, version(2, [1, 0, 0, 0])]), Answer::Named(2));
}

#[test]
fn versions_change_only_their_own_places() {
    let found = vec![
        version(1, [1, 0, 0, 0]),
        allocator(5),
        version(2, [2, 0, 0, 0]),
    ];
    let (answer, ranked) = attribute(found, Pool::NonPaged, Naming::ByTag, 3);
    assert_eq!(answer, Answer::Shared);
    let order: Vec<usize> = ranked.iter().map(|r| r.suspicion.image).collect();
    assert_eq!(order, [2, 1, 5]);
}

#[test]
fn equal_rivals_are_said_to_be_equal() {
    let (_, ranked) = attribute(
        vec![allocator(1), allocator(3)],
        Pool::NonPaged,
        Naming::ByTag,
        2,
    );
    assert!(
        ranked[1]
            .why
            .iter()
            .any(|w| w.contains("their order says nothing"))
    );
}

#[test]
fn of_two_files_of_one_driver_the_one_of_its_own_name_stands_first() {
    let file = |image, misnamed| Suspicion {
        misnamed,
        name: "stor.sys".to_owned(),
        vendor: "maker".to_owned(),
        ..allocator(image)
    };
    assert_eq!(ask(vec![file(0, true), file(1, false)]), Answer::Named(1));
    // A newer file of another name is not the one that is installed under this one.
    let newer = Suspicion {
        version: Some([9, 0, 0, 0]),
        ..file(0, true)
    };
    let own = Suspicion {
        version: Some([1, 0, 0, 0]),
        ..file(1, false)
    };
    assert_eq!(ask(vec![newer, own]), Answer::Named(1));
}
