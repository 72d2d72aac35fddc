//! By what name a driver goes. Files are copied for an upload, and a copy may be called anything:
//! what runs on the machine, and what is typed there, is the driver's own name.

use super::images::ImageFacts;

/// Longest name of a file that is taken for a driver's; services' names are shorter still.
const MAX_NAME: usize = 64;

/// The name to call an image by: of its names in the bundle the one that its version resource
/// states, else one that can be a driver's, else the stated one.
pub(super) fn shown_name(image: &ImageFacts) -> &str {
    choose(&names_of(image), stated(image))
}

/// True where none of an image's names in the bundle is the one that its version resource states.
pub(super) fn is_misnamed(image: &ImageFacts) -> bool {
    stated(image).is_some_and(|stated| !is_called(&names_of(image), stated))
}

fn stated(image: &ImageFacts) -> Option<&str> {
    let stated = image.identity.as_ref()?.version.original_name()?.trim();
    (!stated.is_empty()).then_some(stated)
}

fn names_of(image: &ImageFacts) -> Vec<&str> {
    let copies = image.copies.iter().map(|path| last(path));
    std::iter::once(image.file_name.as_str())
        .chain(copies)
        .collect()
}

fn last(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

fn is_called(names: &[&str], stated: &str) -> bool {
    names.iter().any(|name| name.eq_ignore_ascii_case(stated))
}

fn choose<'a>(names: &[&'a str], stated: Option<&'a str>) -> &'a str {
    let own = |name: &&&str| stated.is_some_and(|stated| name.eq_ignore_ascii_case(stated));
    let found = names.iter().find(own);
    let found = found.or_else(|| names.iter().find(|name| is_drivers(name)));
    match (found, stated) {
        (Some(name), _) => name,
        (None, Some(stated)) if is_drivers(stated) => stated,
        (None, _) => names.first().copied().unwrap_or("?"),
    }
}

/// True for names that a driver is installed under: one word of plain characters, and `.sys`.
fn is_drivers(name: &str) -> bool {
    let stem = service_of(name);
    stem.len() < name.len() && name.len() <= MAX_NAME && !stem.is_empty() && is_plain(stem)
}

fn is_plain(name: &str) -> bool {
    name.bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
}

/// The name without `.sys`: as a rule that of the service.
fn service_of(name: &str) -> &str {
    let at = name.len().saturating_sub(4);
    match name.get(at..) {
        Some(end) if end.eq_ignore_ascii_case(".sys") => name.get(..at).unwrap_or(name),
        _ => name,
    }
}

/// The command that asks for a driver's service and for the filters that are loaded. Names that
/// the shell would read as more than a word are quoted, or left out if quotes do not hold them.
pub(super) fn service_query(file_name: &str) -> String {
    let service = service_of(file_name);
    if is_plain(service) && !service.is_empty() {
        format!("sc query {service} & fltmc filters")
    } else if service
        .chars()
        .all(|c| c == ' ' || c.is_alphanumeric() || "_-.()".contains(c))
    {
        format!("sc query \"{service}\" & fltmc filters")
    } else {
        "driverquery /v & fltmc filters".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_goes_by_the_name_of_its_original() {
        let stated = Some("stor.sys");
        assert_eq!(choose(&["stor - Copy.sys", "STOR.SYS"], stated), "STOR.SYS");
        // A driver may be installed under another name than it was built under.
        assert_eq!(choose(&["oemstor.sys"], stated), "oemstor.sys");
        for name in [
            "stor - Copy.sys",
            "stor (2).sys",
            "readme.txt",
            "stor.sys.bak",
        ] {
            assert_eq!(choose(&[name], stated), "stor.sys", "{name}");
        }
        // A stated name is believed only if it can be one.
        for odd in ["..\\x.sys", "two words.sys", ".sys", "x.sys & del", ""] {
            assert_eq!(choose(&["a b.sys"], Some(odd)), "a b.sys", "{odd}");
        }
        assert_eq!(choose(&["a b.sys"], None), "a b.sys");
    }

    #[test]
    fn a_command_holds_one_word_or_quotes() {
        assert_eq!(service_query("stor.sys"), "sc query stor & fltmc filters");
        assert_eq!(service_query("Stor.SYS"), "sc query Stor & fltmc filters");
        assert_eq!(
            service_query("stor - Copy.sys"),
            "sc query \"stor - Copy\" & fltmc filters"
        );
        for odd in ["a\" & del *.sys", "%PATH%.sys", "a|b.sys", "^.sys"] {
            assert_eq!(
                service_query(odd),
                "driverquery /v & fltmc filters",
                "{odd}"
            );
        }
    }
}
