//! The free nonpaged pool below which http.sys refuses new connections.
//!
//! Microsoft's KB 820729, 934878 and 820129: below 20 MB http.sys stops receiving new
//! connections; with the registry value `EnableAggressiveMemoryUsage` set to 1, below 8 MB.
//! KB 933844 gives the figure for Windows Server 2003 and Vista and says that it may change
//! in future versions; no later figure is published, and none for when it resumes.

use super::host::Host;

/// When http.sys refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Margin {
    /// Below 20 MB free.
    Default,
    /// Below 8 MB free: `EnableAggressiveMemoryUsage` is 1.
    Aggressive,
}

impl Margin {
    /// The margin of `host`; without the registry value the default holds.
    pub fn of(host: &Host) -> Margin {
        match host.http_aggressive {
            Some(true) => Margin::Aggressive,
            _ => Margin::Default,
        }
    }

    /// Free bytes below which connections are refused. "MB" is read as 1,048,576 bytes.
    pub const fn bytes(self) -> u64 {
        match self {
            Margin::Default => 20 << 20,
            Margin::Aggressive => 8 << 20,
        }
    }

    /// The rule with its limits, for the report.
    pub const fn sentence(self) -> &'static str {
        match self {
            Margin::Default => {
                "http.sys refuses new connections below 20 MB of free nonpaged pool (KB 820729; documented for the Server 2003/Vista era, may differ on later versions)"
            }
            Margin::Aggressive => {
                "with EnableAggressiveMemoryUsage, http.sys refuses new connections below 8 MB of free nonpaged pool (KB 934878; documented for the Server 2003/Vista era, may differ on later versions)"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registry_value_lowers_it() {
        let margin = |http_aggressive| {
            Margin::of(&Host {
                http_aggressive,
                ..Host::default()
            })
        };
        assert_eq!(margin(None).bytes(), 20_971_520);
        assert_eq!(margin(Some(false)).bytes(), 20_971_520);
        assert_eq!(margin(Some(true)).bytes(), 8_388_608);
    }
}
