//! The machine, as the manifest and `system/os.json` state it.

use crate::filetime::FileTime;
use crate::host::{class, Facts, Host, Performance};
use crate::json::Json;
use crate::query::Buffer;
use crate::registry;
use crate::{bytes, counters};

/// What is known of the machine.
pub struct System {
    /// From Windows' functions.
    pub facts: Facts,
    /// When it started.
    pub boot: Option<FileTime>,
    /// Memory counters at this moment.
    pub performance: Option<Performance>,
    /// Bytes of a page and number of pages, by the kernel.
    pages: Option<(u64, u64)>,
    product: Option<String>,
    edition: Option<String>,
    revision: Option<u32>,
}

impl System {
    /// Asks for everything.
    pub fn of(host: &dyn Host, buffer: &mut Buffer) -> System {
        let version = |name| host.registry_value(registry::VERSION, name);
        let text = |name| version(name).and_then(|v| v.text().map(str::to_owned));
        // SYSTEM_BASIC_INFORMATION: page size at 8, number of pages at 12.
        let basic = buffer.ask_exactly(host, class::BASIC, 64).ok();
        let pages = basic.and_then(|b| Some((bytes::u32_at(b, 8)?, bytes::u32_at(b, 12)?)));
        System {
            pages: pages.map(|(size, count)| (size.into(), count.into())),
            facts: host.facts(),
            boot: counters::boot_time(host, buffer),
            performance: host.performance(),
            product: text("ProductName"),
            edition: text("EditionID"),
            revision: version("UBR").and_then(|v| v.number()),
        }
    }

    /// Bytes of a page.
    fn page_size(&self) -> Option<u64> {
        let stated = self.performance.map(|p| p.page_size);
        stated.or_else(|| self.pages.map(|(size, _)| size))
    }

    /// Memory in bytes that Windows manages.
    fn ram(&self) -> Option<u64> {
        let stated = self
            .performance
            .map(|p| p.physical_total.saturating_mul(p.page_size));
        stated.or_else(|| self.pages.map(|(size, count)| size.saturating_mul(count)))
    }

    /// The object `host` of the manifest.
    pub fn to_json(&self) -> Json {
        let (major, minor, build) = self.facts.version;
        let commit = self
            .performance
            .map(|p| p.commit_limit.saturating_mul(p.page_size));
        Json::Object(vec![
            ("name", self.facts.name.clone().into()),
            ("os_version", format!("{major}.{minor}.{build}").into()),
            ("ubr", self.revision.into()),
            ("product_name", self.product.clone().into()),
            ("product_type", self.facts.product_type.into()),
            ("edition", self.edition.clone().into()),
            ("arch", self.facts.arch.into()),
            ("cpus", self.facts.cpus.into()),
            ("boot_utc", self.boot.map(FileTime::seconds).into()),
            ("tz_name", self.facts.zone_name.clone().into()),
            ("tz_bias_min", self.facts.zone_bias.into()),
            ("tz_bias_now_min", self.facts.zone_bias_now.into()),
            ("clock_utc_source", "GetSystemTimeAsFileTime".into()),
            ("page_size", self.page_size().into()),
            ("ram_bytes", self.ram().into()),
            ("commit_limit_bytes", commit.into()),
            ("elevated", self.facts.elevated.into()),
        ])
    }
}

/// The Windows folder with its drive, without a backslash at the end.
pub fn windows_folder(host: &dyn Host) -> String {
    let stated = host
        .variable("SystemRoot")
        .or_else(|| host.variable("windir"));
    let stated = stated.unwrap_or_default();
    let stated = stated.trim_end_matches('\\');
    if stated.len() < 3 {
        "C:\\Windows"
    } else {
        stated
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Value;
    use crate::testing::FakeHost;

    #[test]
    fn what_is_not_answered_is_null() {
        let host = FakeHost::default();
        let text = System::of(&host, &mut Buffer::default())
            .to_json()
            .to_text();
        assert!(
            text.contains("\"boot_utc\": null") && text.contains("\"ubr\": null"),
            "{text}"
        );
    }

    #[test]
    fn memory_comes_from_either_source() {
        let host = FakeHost::default();
        let mut basic = vec![0; 64];
        basic[8..12].copy_from_slice(&4096_u32.to_le_bytes());
        basic[12..16].copy_from_slice(&1000_u32.to_le_bytes());
        host.answer_exactly(class::BASIC, basic);
        host.set(registry::VERSION, "UBR", Value::Number(5696));
        let system = System::of(&host, &mut Buffer::default());
        assert_eq!(
            (system.ram(), system.page_size()),
            (Some(4_096_000), Some(4096))
        );
        assert!(system.to_json().to_text().contains("\"ubr\": 5696"));
        assert_eq!(windows_folder(&host), "C:\\Windows");
    }
}
