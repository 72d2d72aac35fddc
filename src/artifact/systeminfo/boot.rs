//! `boot.ini` and the output of `bcdedit`: is the kernel's half of a 32-bit address
//! space cut down?
//!
//! With `/3GB` the kernel has 1 GiB instead of 2, and the nonpaged pool of Server 2003
//! half of what it had. On 64-bit systems these switches mean nothing.

use super::FoundBy;
use super::Stated;
use super::text::decode;

/// Lines of such a file that are read; real ones have a few dozen.
const MAX_LINES: usize = 2_000;

/// User space of a process without switches and with `/3GB` alone, in MiB.
const PLAIN_USER_MIB: u32 = 2048;
const WHOLE_USER_MIB: u32 = 3072;

/// What the switches say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BootSwitches {
    /// `/3GB` in the entry that is started.
    pub three_gb: Option<Stated<()>>,
    /// `/USERVA=n` in that entry: MiB of user space under `/3GB`.
    pub userva_mib: Option<Stated<u32>>,
    /// `increaseuserva n` of bcdedit: MiB of user space since Vista.
    pub increase_user_va_mib: Option<Stated<u32>>,
    /// Entries of boot.ini, or boot loaders of bcdedit.
    pub entries: usize,
    /// True when entries differ and nothing tells which was started: the switches are
    /// then those of the first.
    pub unsure_which: bool,
}

impl BootSwitches {
    /// MiB of the 4 GiB that 32-bit processes have; the kernel has the rest.
    pub fn user_mib(&self) -> u32 {
        let value = |stated: &Option<Stated<u32>>| stated.as_ref().map(|s| s.value);
        match (value(&self.increase_user_va_mib), &self.three_gb) {
            (Some(mib), _) => mib.clamp(PLAIN_USER_MIB, WHOLE_USER_MIB),
            (None, Some(_)) => value(&self.userva_mib)
                .map_or(WHOLE_USER_MIB, |m| m.clamp(PLAIN_USER_MIB, WHOLE_USER_MIB)),
            (None, None) => PLAIN_USER_MIB,
        }
    }
}

/// Reads either kind of file; `None` if it is neither.
pub fn parse(bytes: &[u8]) -> Option<BootSwitches> {
    let text = decode(bytes);
    let lines: Vec<(u64, &str)> = (1u64..).zip(text.lines()).take(MAX_LINES).collect();
    let begins = |word: &str| {
        lines
            .iter()
            .any(|(_, line)| line.trim().to_ascii_lowercase().starts_with(word))
    };
    if begins("[boot loader]") || begins("[operating systems]") {
        return Some(boot_ini(&lines));
    }
    let elements = ["osdevice", "systemroot", "increaseuserva"];
    elements
        .iter()
        .any(|element| begins(element))
        .then(|| bcdedit(&lines))
}

/// One entry's switches.
type Switches = (Option<Stated<()>>, Option<Stated<u32>>);

fn boot_ini(lines: &[(u64, &str)]) -> BootSwitches {
    let mut default = None;
    let mut entries: Vec<(String, Switches)> = Vec::new();
    let mut systems = false;
    for (number, line) in lines {
        let line = line.trim().to_ascii_lowercase();
        if line.starts_with('[') {
            systems = line.starts_with("[operating systems]");
        } else if let Some((path, rest)) = line.split_once('=') {
            if systems {
                entries.push((path.trim().to_owned(), switches(rest, *number)));
            } else if path.trim() == "default" {
                default = Some(rest.trim().to_owned());
            }
        }
    }
    let started = entries
        .iter()
        .position(|(path, _)| Some(path) == default.as_ref());
    let plain = |(three, userva): &Switches| (three.is_some(), userva.as_ref().map(|u| u.value));
    let differ = entries
        .iter()
        .zip(entries.iter().skip(1))
        .any(|(a, b)| plain(&a.1) != plain(&b.1));
    let (three_gb, userva_mib) = entries
        .get(started.unwrap_or(0))
        .map(|(_, found)| found.clone())
        .unwrap_or_default();
    BootSwitches {
        three_gb,
        userva_mib,
        increase_user_va_mib: None,
        entries: entries.len(),
        unsure_which: started.is_none() && differ,
    }
}

fn switches(rest: &str, line: u64) -> Switches {
    // The title is quoted and may hold anything; switches follow it.
    let after_title = rest.rsplit_once('"').map_or(rest, |(_, after)| after);
    let mut found: Switches = (None, None);
    for word in after_title.split_whitespace() {
        if word == "/3gb" {
            found.0 = Some(Stated {
                value: (),
                line,
                by: FoundBy::Name,
            });
        } else if let Some(mib) = word.strip_prefix("/userva=").and_then(|n| n.parse().ok()) {
            found.1 = Some(Stated {
                value: mib,
                line,
                by: FoundBy::Name,
            });
        }
    }
    found
}

/// The loader that runs is `{current}`; without it, `{default}`; else the first.
fn bcdedit(lines: &[(u64, &str)]) -> BootSwitches {
    let mut loaders: Vec<(u8, Option<Stated<u32>>)> = Vec::new();
    let mut block: Vec<&(u64, &str)> = Vec::new();
    for line in lines.iter().chain([&(0, "")]) {
        if line.1.trim().is_empty() {
            loaders.extend(loader(&block));
            block.clear();
        } else {
            block.push(line);
        }
    }
    let best = loaders.iter().map(|(rank, _)| *rank).max().unwrap_or(0);
    let value = |entry: &(u8, Option<Stated<u32>>)| entry.1.as_ref().map(|s| s.value);
    let differ = loaders
        .iter()
        .zip(loaders.iter().skip(1))
        .any(|(a, b)| value(a) != value(b));
    BootSwitches {
        increase_user_va_mib: loaders
            .iter()
            .find(|(rank, _)| *rank == best)
            .and_then(|(_, found)| found.clone()),
        entries: loaders.len(),
        unsure_which: best == 0 && differ,
        ..BootSwitches::default()
    }
}

/// Rank and switch of a block of elements, if it starts a system.
fn loader(block: &[&(u64, &str)]) -> Option<(u8, Option<Stated<u32>>)> {
    let words = |line: &str| -> Option<(String, String)> {
        let (name, value) = line.split_once(char::is_whitespace)?;
        Some((name.to_ascii_lowercase(), value.trim().to_ascii_lowercase()))
    };
    let mut rank = 0;
    let mut starts_system = false;
    let mut switch = None;
    for (line, text) in block {
        let Some((name, value)) = words(text) else {
            continue;
        };
        match (name.as_str(), value.as_str()) {
            (_, "{current}") if !starts_system => rank = 2,
            (_, "{default}") if !starts_system => rank = rank.max(1),
            ("osdevice" | "systemroot", _) => starts_system = true,
            ("increaseuserva", number) => {
                starts_system = true;
                switch = number.parse().ok().map(|value| Stated {
                    value,
                    line: *line,
                    by: FoundBy::Name,
                });
            }
            _ => {}
        }
    }
    starts_system.then_some((rank, switch))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_default_entry_of_boot_ini_counts() {
        let text = "[boot loader]\r\ntimeout=30\r\ndefault=multi(0)disk(0)rdisk(0)partition(2)\\WINDOWS\r\n\
            [operating systems]\r\n\
            multi(0)disk(0)rdisk(0)partition(1)\\WINDOWS=\"Old\" /fastdetect\r\n\
            multi(0)disk(0)rdisk(0)partition(2)\\WINDOWS=\"Web /3GB\" /fastdetect /3GB /USERVA=2990\r\n";
        let found = parse(text.as_bytes()).unwrap();
        assert_eq!(found.three_gb.as_ref().map(|s| s.line), Some(6));
        assert_eq!(
            (found.user_mib(), found.entries, found.unsure_which),
            (2990, 2, false)
        );
    }

    #[test]
    fn a_switch_in_a_title_is_none() {
        let text = "[operating systems]\nx=\"with /3GB in it\" /fastdetect\n";
        assert_eq!(
            parse(text.as_bytes()).map(|found| found.user_mib()),
            Some(2048)
        );
    }

    #[test]
    fn entries_that_differ_without_a_default() {
        let text = "[operating systems]\nx=\"a\" /3GB\ny=\"b\"\n";
        let found = parse(text.as_bytes()).unwrap();
        assert_eq!((found.user_mib(), found.unsure_which), (3072, true));
    }

    #[test]
    fn the_current_loader_of_bcdedit_counts() {
        let text = "Windows Boot Manager\n--------------------\nidentifier              {bootmgr}\ndefault                 {current}\n\n\
            Windows Boot Loader\n-------------------\nidentifier              {1234}\nosdevice                partition=D:\nincreaseuserva          2500\n\n\
            Windows Boot Loader\n-------------------\nidentifier              {current}\nosdevice                partition=C:\nsystemroot              \\Windows\nincreaseuserva          2800\n";
        let found = parse(text.as_bytes()).unwrap();
        assert_eq!(
            found
                .increase_user_va_mib
                .as_ref()
                .map(|s| (s.value, s.line)),
            Some((2800, 17))
        );
        assert_eq!((found.user_mib(), found.entries), (2800, 2));
    }

    #[test]
    fn something_else() {
        assert_eq!(parse(b"hello"), None);
        assert_eq!(parse(b""), None);
    }

    proptest! {
        #[test]
        fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse(&bytes);
        }

        #[test]
        fn any_lines_never_panic(tail in "[a-z0-9=/\"\\n {}]{0,120}") {
            let _ = parse(format!("[operating systems]\n{tail}").as_bytes());
            let _ = parse(format!("osdevice x\n{tail}").as_bytes());
        }
    }
}
