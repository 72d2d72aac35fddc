//! The machine of a case, as far as the case states it.

use super::counters::Counters;
use super::options::Options;
use super::pools::Pools;
use super::survey::Survey;
use crate::artifact::systeminfo::Architecture;
use crate::bundle::ManifestHost;
use crate::diagnosis::headroom::{Arch, Host, Limit, Margin, OsVersion, limit};

/// The machine, and where each fact comes from.
pub(super) struct HostFacts {
    pub(super) name: Option<String>,
    pub(super) os: Option<String>,
    pub(super) host: Host,
    pub(super) sources: Vec<String>,
    pub(super) limit: Result<Limit, String>,
    pub(super) margin: Margin,
}

pub(super) fn facts(
    survey: &Survey,
    options: &Options,
    pools: &Pools,
    counters: &Counters,
) -> HostFacts {
    let mut host = Host::default();
    let mut sources = Vec::new();
    let manifest = survey.manifests.first().map(|(_, manifest)| &manifest.host);
    let system = survey.systems.first().map(|(_, system)| system);
    let mut os = system
        .and_then(|s| s.os_name.as_ref())
        .map(|s| s.value.clone());
    if let Some(system) = system {
        sources.push("systeminfo output in the bundle".to_owned());
        host.os = system
            .os_name
            .as_ref()
            .and_then(|name| name.value.parse().ok());
        if host.os.is_none() {
            host.os = system.os_version.as_ref().and_then(|v| {
                crate::diagnosis::headroom::OsVersion::from_nt(
                    v.value.major,
                    v.value.minor,
                    v.value.build,
                )
            });
        }
        host.arch = system.architecture.as_ref().and_then(|a| match a.value {
            Architecture::X86 => Some(Arch::X86),
            Architecture::X64 => Some(Arch::X64),
            Architecture::Arm64 => Some(Arch::Arm64),
            Architecture::Ia64 => None,
        });
        host.ram_bytes = system.ram_bytes.as_ref().map(|r| r.value);
    }
    if let Some(manifest) = manifest {
        sources.push("the collector's manifest in the bundle".to_owned());
        os = manifest.product.clone().or(os);
        of_manifest(&mut host, manifest);
    }
    if let Some((_, boot)) = survey.boots.first() {
        host.boot_3gb = Some(boot.user_mib() > 2048);
        sources.push("boot configuration in the bundle".to_owned());
    }
    of_registry(&mut host, &mut sources, survey);
    let header_ram = pools
        .history
        .snapshots
        .iter()
        .rev()
        .find_map(|s| s.facts.ram);
    if let (None, Some(ram)) = (host.ram_bytes, header_ram) {
        host.ram_bytes = Some(ram);
        sources.push("memory size stated with a snapshot".to_owned());
    }
    host.kernel_npp_max = pools.nonpaged_max;
    if host.kernel_npp_max.is_some() {
        sources.push("NonPagedPool Max of a debugger's !vm".to_owned());
    }
    of_counters(&mut host, &mut sources, counters);
    stated(&mut host, &mut os, &mut sources, options);
    HostFacts {
        name: manifest
            .and_then(|m| m.name.clone())
            .or_else(|| {
                let stated = system.and_then(|s| s.host.as_ref());
                stated.map(|s| s.value.clone())
            })
            .or_else(|| counters.host.clone()),
        os,
        limit: limit(&host).map_err(|missing| missing.to_string()),
        margin: Margin::of(&host),
        host,
        sources,
    }
}

fn of_registry(host: &mut Host, sources: &mut Vec<String>, survey: &Survey) {
    for registry in &survey.registries {
        let stated = registry.aggressive_memory_usage.map(|value| value == 1);
        host.http_aggressive = host.http_aggressive.or(stated);
        let size = registry.nonpaged_pool_size.map(u64::from);
        host.registry_nonpaged_pool_size = host.registry_nonpaged_pool_size.or(size);
        let limit = registry.nonpaged_pool_limit.map(u64::from);
        host.registry_nonpaged_pool_limit = host.registry_nonpaged_pool_limit.or(limit);
        if *registry != Default::default() {
            sources.push("registry export in the bundle".to_owned());
        }
    }
}

fn of_counters(host: &mut Host, sources: &mut Vec<String>, counters: &Counters) {
    if let (None, Some(ram)) = (host.ram_bytes, counters.ram) {
        host.ram_bytes = Some(ram);
        sources.push("memory size in performance counters".to_owned());
    }
    if counters.host.is_some() {
        sources.push("host name in performance counters".to_owned());
    }
}

/// What the collector states goes before systeminfo: it was asked at the time of the snapshots.
fn of_manifest(host: &mut Host, manifest: &ManifestHost) {
    let by_name = manifest.product.as_ref().and_then(|name| name.parse().ok());
    let by_number = || {
        let (major, minor, build) = manifest.version?;
        OsVersion::from_nt(major, minor, build)
    };
    host.os = by_name.or_else(by_number).or(host.os);
    let arch = match manifest.arch.as_deref() {
        Some("x64") => Some(Arch::X64),
        Some("x86") => Some(Arch::X86),
        Some("arm64") => Some(Arch::Arm64),
        _ => None,
    };
    host.arch = arch.or(host.arch);
    host.ram_bytes = manifest.ram_bytes.or(host.ram_bytes);
}

/// What the options state goes before what the bundle says.
fn stated(host: &mut Host, os: &mut Option<String>, sources: &mut Vec<String>, options: &Options) {
    if let Some((version, typed)) = &options.os {
        host.os = Some(*version);
        *os = Some(typed.clone());
        sources.push("option --os".to_owned());
    }
    if let Some(arch) = options.arch {
        host.arch = Some(arch);
        sources.push("option --arch".to_owned());
    }
    if let Some(ram) = options.ram {
        host.ram_bytes = Some(ram);
        sources.push("option --ram".to_owned());
    }
    if let Some(bytes) = options.npp_limit {
        host.npp_limit_option = Some(bytes);
        sources.push("option --npp-limit".to_owned());
    }
}
