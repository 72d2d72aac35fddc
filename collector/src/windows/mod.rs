//! [`Host`] as Windows has it. All calls are in [`sys`]; this file is safe code.

#[cfg(feature = "testhooks")]
mod hooks;
mod sys;

use poolsleuth_collect::app;
use poolsleuth_collect::args::Priority;
use poolsleuth_collect::filetime::FileTime;
use poolsleuth_collect::host::{Answer, Facts, Host, Memory, Performance, Space, Stop, Value};
use std::path::{Path, PathBuf};

/// Runs the program and returns its exit status.
pub fn main() -> i32 {
    sys::watch_console();
    sys::enable_debug_privilege();
    let arguments: Vec<String> = std::env::args_os()
        .skip(1)
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    app::main(&Windows, &arguments) as i32
}

/// This machine.
struct Windows;

impl Host for Windows {
    fn query(&self, class: u32, buffer: &mut [u8]) -> Answer {
        #[cfg(feature = "testhooks")]
        if let Some(answer) = hooks::query(class, buffer) {
            return answer;
        }
        sys::query_system_information(class, buffer)
    }

    fn now(&self) -> FileTime {
        FileTime(sys::system_time())
    }

    fn ticks(&self) -> u64 {
        sys::tick_count()
    }

    fn performance(&self) -> Option<Performance> {
        let performance = sys::performance_info();
        #[cfg(feature = "testhooks")]
        let performance = performance.map(hooks::performance);
        performance
    }

    fn memory(&self) -> Option<Memory> {
        sys::memory_status()
    }

    fn registry_value(&self, key: &str, name: &str) -> Option<Value> {
        sys::Key::open(key)?.value(name)
    }

    fn registry_keys(&self, key: &str) -> Vec<String> {
        sys::Key::open(key).map_or_else(Vec::new, |key| key.names())
    }

    fn registry_values(&self, key: &str) -> Vec<(String, Value)> {
        sys::Key::open(key).map_or_else(Vec::new, |key| {
            key.value_names()
                .into_iter()
                .filter_map(|n| Some((n.clone(), key.value(&n)?)))
                .collect()
        })
    }

    fn facts(&self) -> Facts {
        let (version, product_type) = sys::version();
        let (arch, cpus) = sys::processors();
        let zone = sys::time_zone();
        Facts {
            name: sys::computer_name(),
            version,
            product_type,
            arch,
            cpus,
            elevated: sys::is_elevated(),
            zone_name: zone.name,
            zone_bias: zone.bias,
            zone_bias_now: zone.bias_now,
        }
    }

    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn path(&self, windows: &str) -> PathBuf {
        PathBuf::from(windows)
    }

    fn space(&self, folder: &Path) -> Option<Space> {
        sys::free_space(folder)
    }

    fn pause(&self, milliseconds: u64) {
        sys::wait_for_stop(milliseconds);
    }

    fn stop(&self) -> Option<Stop> {
        sys::stop_reason()
    }

    fn claim(&self) -> bool {
        sys::claim_instance()
    }

    fn set_priority(&self, priority: Priority) -> bool {
        sys::set_priority(priority)
    }

    fn emulated(&self) -> bool {
        sys::is_wow64()
    }
}
