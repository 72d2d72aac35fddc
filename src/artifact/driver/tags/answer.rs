//! From the question to the answer: what is looked at, and hits as findings.

use super::analysis::Analysis;
use super::blindness;
use super::bytes;
use super::code_facts::CodeFacts;
use super::collect::{Carrier, Hit};
use super::finding::{Blind, Finding, Grade, MAX_SITES, Site, TagFindings, Via};
use super::framework::{self, Binding};
use super::query::{TagQuery, same};
use super::routine::TagAt;
use super::signs::Wanted;
use crate::artifact::driver::api::{self, Kind, Role};
use crate::artifact::driver::code::machine::Convention;
use crate::artifact::driver::image::Image;
use crate::tag::{Pool, Tag};
use std::collections::{BTreeMap, BTreeSet};

/// What a caller may know of the code of this image.
pub(super) type Known<'a> = &'a dyn Fn() -> Option<CodeFacts>;

/// The whole analysis. `known` is asked for what the code of this image does, should that be
/// needed; what had to be found out comes back beside the findings.
pub(super) fn run(
    image: &Image<'_>,
    query: TagQuery<'_>,
    file_name: Option<&str>,
    known: Known<'_>,
) -> (TagFindings, Option<CodeFacts>) {
    let TagQuery::Only(wanted) = query else {
        let binding = framework::binding(image);
        let named = name_finding(binding, query, file_name);
        return follow(image, query, binding, named, known);
    };
    let look = bytes::look(image, wanted);
    let binding = default_tag_wanted(wanted, file_name).then(|| framework::binding(image));
    let named = name_finding(binding.flatten(), query, file_name);
    // A driver that could be named by its default tag may set another.
    let (mut result, learnt) = if look.telling || named.is_some() {
        let binding = binding.unwrap_or_else(|| framework::binding(image));
        follow(image, query, binding, named, known)
    } else {
        let unseen = TagFindings {
            blind: blindness::reasons(image, Some(&look)),
            ..TagFindings::default()
        };
        (unseen, None)
    };
    if look.telling || !look.is_empty() {
        bytes::grade(image, wanted, &look, &mut result.findings);
    }
    result.findings.sort_by(|a, b| order(a).cmp(&order(b)));
    (result, learnt)
}

type Order<'f> = (
    Tag,
    Grade,
    Option<Role>,
    &'f Option<Site>,
    Option<&'static str>,
    Option<Via>,
);

/// By tag, then strongest first.
fn order(finding: &Finding) -> Order<'_> {
    let f = finding;
    (f.tag, f.grade, f.role, &f.site, f.api, f.via)
}

/// Follows values to calls, or takes what is known of them.
fn follow(
    image: &Image<'_>,
    query: TagQuery<'_>,
    binding: Option<Binding>,
    named: Option<Finding>,
    known: Known<'_>,
) -> (TagFindings, Option<CodeFacts>) {
    let mut result = TagFindings {
        routines: routine_names(image, binding),
        blind: blindness::reasons(image, None),
        ..TagFindings::default()
    };
    let recalled = known();
    let is_new = recalled.is_none();
    let code = recalled.unwrap_or_else(|| code_facts(image, query, binding));
    result.calls = code.calls;
    if code.calls.unresolved > 0 {
        result.blind.push(Blind::Unresolved(code.calls.unresolved));
    }
    if code.limited {
        result.blind.push(Blind::Limit);
    }
    if !code.sets_its_own_tag {
        result.findings.extend(named);
    }
    let of = |wants: &dyn Fn(Tag) -> bool| -> Vec<Finding> {
        let wanted = code.findings.iter().filter(|f| wants(f.tag));
        wanted.cloned().collect()
    };
    result.findings.extend(of(&|tag| query.wants(tag)));
    if let TagQuery::Only(wanted) = query {
        let turned: Vec<Tag> = reversed(wanted.tags());
        result.reversed = of(&|tag| turned.iter().any(|&t| same(t, tag)));
    }
    result.findings.sort_by(|a, b| order(a).cmp(&order(b)));
    (result, is_new.then_some(code))
}

/// Follows the code: the costly part, which depends on the image alone (and on whether routines
/// that take a tag for other ends count, as they do for a question about certain tags).
fn code_facts(image: &Image<'_>, query: TagQuery<'_>, binding: Option<Binding>) -> CodeFacts {
    let Some(convention) = Convention::of(image.machine) else {
        return CodeFacts::default();
    };
    let mut analysis = Analysis::new(image, convention, binding, query);
    let hits = analysis.run();
    CodeFacts {
        findings: findings(image, &hits, query),
        sets_its_own_tag: sets_its_own_tag(&hits),
        calls: analysis.counts(),
        limited: analysis.limited,
    }
}

/// True when the default tag that the framework would make of the file's name is asked for.
fn default_tag_wanted(wanted: &Wanted, file_name: Option<&str>) -> bool {
    let default = file_name.and_then(framework::default_tag);
    default.is_some_and(|tag| alike(wanted, tag).is_some())
}

/// The wanted tag of the same letters: service names are case-blind, and copies of drivers change
/// the case of file names.
fn alike(wanted: &Wanted, tag: Tag) -> Option<Tag> {
    let alike = |t: &&Tag| t.bytes().eq_ignore_ascii_case(&tag.bytes());
    wanted.tags().iter().find(alike).copied()
}

/// The asked tags with their bytes reversed, but for those asked for anyway.
fn reversed(tags: &[Tag]) -> Vec<Tag> {
    let turned = tags.iter().map(|t| t.without_protection().reversed());
    turned
        .filter(|&t| !tags.iter().any(|&asked| same(asked, t)))
        .collect()
}

/// True when the driver gives the framework a tag of its own (`DriverPoolTag`).
fn sets_its_own_tag(hits: &[Hit]) -> bool {
    hits.iter()
        .any(|h| h.routine.api.name == "WdfDriverCreate" && h.tag.word() != 0)
}

/// The pool routines that the image imports, and those of the framework.
fn routine_names(image: &Image<'_>, binding: Option<Binding>) -> Vec<&'static str> {
    let imported = api::imported(image)
        .into_values()
        .filter(|a| a.is_pool())
        .map(|a| a.name);
    let mut names: BTreeSet<&'static str> = imported.collect();
    names.extend(
        api::exported(image)
            .into_values()
            .filter(|a| a.is_pool())
            .map(|a| a.name),
    );
    if binding.is_some() {
        names.insert("WdfMemoryCreate");
    }
    names.into_iter().collect()
}

fn name_finding(
    binding: Option<Binding>,
    query: TagQuery<'_>,
    file_name: Option<&str>,
) -> Option<Finding> {
    binding?;
    let tag = framework::default_tag(file_name?)?;
    let tag = match query {
        TagQuery::Only(wanted) => alike(wanted, tag)?,
        TagQuery::All => tag,
    };
    Some(Finding {
        tag,
        grade: Grade::Name,
        via: Some(Via::Framework),
        role: Some(Role::Allocate),
        api: None,
        pool: None,
        site: None,
        sites: Vec::new(),
        count: 0,
        proof: Vec::new(),
    })
}

/// Hits as findings: one for each tag, routine, way and pool.
fn findings(image: &Image<'_>, hits: &[Hit], query: TagQuery<'_>) -> Vec<Finding> {
    type Key = (Tag, Grade, &'static str, Role, Option<Pool>, Via);
    let mut groups: BTreeMap<Key, BTreeMap<u32, &Hit>> = BTreeMap::new();
    let all = matches!(query, TagQuery::All);
    for hit in hits {
        let tag = hit.tag.without_protection();
        let untagged = matches!(hit.routine.tag, TagAt::Fixed(_));
        // Zero is "no tag" everywhere; untagged calls are listed when `None` is asked for.
        if hit.tag.word() == 0 || all && untagged {
            continue;
        }
        let key = (
            tag,
            grade_of(hit),
            hit.routine.api.name,
            hit.routine.api.role,
            hit.pool,
            via(hit),
        );
        groups
            .entry(key)
            .or_default()
            .entry(hit.site)
            .or_insert(hit);
    }
    groups
        .into_iter()
        .filter_map(|((tag, grade, ..), calls)| finding(image, tag, grade, &calls))
        .collect()
}

fn via(hit: &Hit) -> Via {
    match (hit.routine.wrapper, hit.routine.api.kind) {
        (Some(rva), _) => Via::Wrapper {
            rva,
            depth: hit.routine.depth,
        },
        (None, Kind::Framework) => Via::Framework,
        (None, Kind::Lookaside) => Via::Lookaside,
        (None, _) if hit.from_global => Via::Global,
        (None, _) => Via::Direct,
    }
}

/// What a hit proves. A structure's field is only known to be handed over.
fn grade_of(hit: &Hit) -> Grade {
    match (hit.routine.api.is_pool(), hit.carrier, hit.at_rest) {
        (true, Carrier::Argument, _) => Grade::CallSite,
        (_, _, true) => Grade::Data,
        (_, _, false) => Grade::Operand,
    }
}

fn finding(
    image: &Image<'_>,
    tag: Tag,
    grade: Grade,
    calls: &BTreeMap<u32, &Hit>,
) -> Option<Finding> {
    let (&rva, hit) = calls.first_key_value()?;
    let api = hit.routine.api;
    let mut proof: Vec<u32> = [hit.made_at, hit.site]
        .into_iter()
        .filter(|&p| p != 0)
        .collect();
    proof.extend(hit.routine.inner);
    Some(Finding {
        tag,
        grade,
        via: (grade == Grade::CallSite).then(|| via(hit)),
        role: api.is_pool().then_some(api.role),
        api: Some(api.name),
        pool: hit.pool,
        site: Some(site(image, rva)),
        sites: calls.keys().copied().take(MAX_SITES).collect(),
        count: calls.len() as u32,
        proof,
    })
}

/// A place in the image by its RVA.
pub(super) fn site(image: &Image<'_>, rva: u32) -> Site {
    let section = image.section_at(rva);
    Site {
        rva,
        offset: image.offset_of(rva).unwrap_or(0) as u64,
        section: section.map(|s| s.name()).unwrap_or_default(),
        discardable: section.is_some_and(|s| s.is_discardable()),
    }
}
