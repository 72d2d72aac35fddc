//! Whom and what a case names: machines, people, companies, files. For redaction alone; the
//! analysis asks for none of it.

use std::path::Path;

use crate::artifact::{
    collector, events, listing, memsnap, perfmon, poolused, registry, systeminfo,
};
use crate::bundle::{Artifact, Bundle, Manifest, Role};

pub use crate::artifact::systeminfo::NameKind;

/// Outputs and exports are read up to this size; systeminfo's has a few kilobytes, an export of
/// one key a few more.
const MAX_BYTES: u64 = 16 << 20;

/// Something that a case calls by its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Name {
    /// A machine, a person, a company, a domain, or words.
    Stated(NameKind, String),
    /// An artifact or something left out, as reports show its name.
    File(String),
    /// A file or folder that was passed, by its last name.
    Input(String),
}

/// What a bundle names: in the outputs of systeminfo, in registry exports, and by the names of
/// its files, those left out included. Sorted, each once.
pub fn names(bundle: &Bundle) -> Vec<Name> {
    let mut all: Vec<Name> = bundle
        .paths()
        .iter()
        .filter_map(|path| last_name(path))
        .collect();
    for artifact in bundle.artifacts() {
        all.push(Name::File(artifact.name.to_string()));
        if artifact.role == Role::EventLog {
            all.extend(of_events(bundle, artifact));
            continue;
        }
        let read: fn(&[u8]) -> Vec<Name> = match artifact.role {
            Role::SystemInfo => |bytes| stated(systeminfo::names(bytes)),
            Role::RegistryExport => |bytes| stated(registry::names(bytes)),
            Role::Manifest => of_manifest,
            Role::Handles => of_processes,
            Role::Memsnap => of_memsnap,
            Role::DebuggerLog => of_debugger,
            Role::Perf => of_counters,
            Role::ProcessList => of_listed_processes,
            _ => continue,
        };
        let bytes = bundle
            .read_whole(artifact.id, MAX_BYTES)
            .unwrap_or_default();
        all.extend(read(&bytes));
    }
    all.extend(
        bundle
            .skipped()
            .iter()
            .map(|skipped| Name::File(skipped.name.to_string())),
    );
    all.sort();
    all.dedup();
    all
}

fn stated(names: Vec<(NameKind, String)>) -> Vec<Name> {
    let name = |(kind, text)| Name::Stated(kind, text);
    names.into_iter().map(name).collect()
}

/// The machine, the files that the manifest lists, whether or not they are here, and the words in
/// which the collector tells of its troubles, which quote paths of the machine.
fn of_manifest(bytes: &[u8]) -> Vec<Name> {
    let Ok(manifest) = Manifest::parse(bytes) else {
        return Vec::new();
    };
    let words = manifest.errors.iter().chain(&manifest.limits_hit);
    let words = words.map(|text| Name::Stated(NameKind::Words, text.clone()));
    let host = manifest.host.name.iter();
    let files = manifest.files.iter();
    words
        .chain(host.map(|name| Name::Stated(NameKind::Host, name.clone())))
        .chain(files.map(|file| Name::File(file.name.to_string())))
        .collect()
}

/// The machines that events name, in the whole log, which is read as a stream.
fn of_events(bundle: &Bundle, artifact: &Artifact) -> Vec<Name> {
    let Ok(reader) = bundle.open_artifact(artifact.id) else {
        return Vec::new();
    };
    let (file, _) = events::read(reader);
    let machines = file.computers.into_iter();
    machines
        .flat_map(|name| {
            let short = name.split('.').next().unwrap_or_default().to_owned();
            [name, short]
        })
        .map(|name| Name::Stated(NameKind::Host, name))
        .collect()
}

/// Processes, but for those that every Windows machine may run: an application of the customer's
/// own is named after its owner often enough.
fn of_processes(bytes: &[u8]) -> Vec<Name> {
    let Ok(table) = collector::handles(bytes) else {
        return Vec::new();
    };
    let holders = table.holders.into_iter().map(|holder| holder.image);
    holders.filter_map(own_process).collect()
}

fn own_process(image: String) -> Option<Name> {
    let of_windows = OF_WINDOWS.contains(&image.to_ascii_lowercase().as_str());
    (!of_windows).then_some(Name::Stated(NameKind::Words, image))
}

/// The machine that `vertarget` names.
fn of_debugger(bytes: &[u8]) -> Vec<Name> {
    let names = poolused::machine_names(bytes).into_iter();
    names
        .map(|name| Name::Stated(NameKind::Host, name))
        .collect()
}

/// The machine and the processes of a log of memsnap.
fn of_memsnap(bytes: &[u8]) -> Vec<Name> {
    let log = memsnap::read(bytes);
    let host = log.host.map(|name| Name::Stated(NameKind::Host, name));
    let holders = log.handles.holders.into_iter().map(|holder| holder.image);
    holders.filter_map(own_process).chain(host).collect()
}

/// Machines of a counter log, and processes as those of the table of handles.
fn of_counters(bytes: &[u8]) -> Vec<Name> {
    let log = perfmon::read(bytes);
    let machines = log.hosts();
    let machines = machines.map(|host| Name::Stated(NameKind::Host, host.to_owned()));
    let processes = log.machines.iter().flat_map(|m| &m.processes);
    let processes = processes.filter_map(|process| {
        let image = process.name.split('#').next()?;
        let plain = image.to_ascii_lowercase();
        let known = |name: &str| name == plain || name.strip_suffix(".exe") == Some(&plain);
        (!OF_WINDOWS.iter().any(|name| known(name)))
            .then(|| Name::Stated(NameKind::Words, image.to_owned()))
    });
    machines.chain(processes).collect()
}

/// Processes of a listing that are not Windows' own, and the services in them.
fn of_listed_processes(bytes: &[u8]) -> Vec<Name> {
    let listed = listing::processes(bytes).rows;
    listed
        .into_iter()
        .filter(|p| !OF_WINDOWS.contains(&p.image.to_ascii_lowercase().as_str()))
        .flat_map(|p| std::iter::once(p.image).chain(p.services))
        .map(|image| Name::Stated(NameKind::Words, image))
        .collect()
}

/// Processes of Windows, IIS and SQL Server.
#[rustfmt::skip]
const OF_WINDOWS: &[&str] = &[
    "csrss.exe", "dllhost.exe", "dwm.exe", "explorer.exe", "iisexpress.exe", "inetinfo.exe", "lsass.exe", "memory compression",
    "msdtc.exe", "msmpeng.exe", "registry", "services.exe", "smss.exe", "spoolsv.exe", "sqlservr.exe", "svchost.exe", "system",
    "system idle process", "taskhostw.exe", "vmms.exe", "w3wp.exe", "wininit.exe", "winlogon.exe", "wmiprvse.exe",
];

fn last_name(path: &Path) -> Option<Name> {
    let whole = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let name = whole.file_name()?.to_string_lossy().into_owned();
    Some(Name::Input(name))
}
