//! Whom a systeminfo output names: what must not leave with a report that hides names.
//!
//! Nothing here decides anything in the analysis. The fields are found by their names in the
//! languages of `keys` and `scripts`; the names of these fields were put together from the product's
//! translations as far as they are known, so another spelling may be missed. What that costs is
//! said in docs/redaction.md.

use super::keys::{Field, field_of};
use super::layout::{Row, rows};
use super::scripts;

/// What a name is the name of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NameKind {
    /// A machine.
    Host,
    /// A person or an account.
    User,
    /// A company.
    Organisation,
    /// A Windows domain or a DNS suffix.
    Domain,
    /// Words that name a place or anything else.
    Words,
}

/// Names by kind, folded as `keys` does.
#[rustfmt::skip]
const NAMES: &[(NameKind, &[&str])] = &[
    (NameKind::User, &["registered owner", "registrierter benutzer", "registrierter besitzer", "registrierter eigent?mer", "propri?taire enregistr?", "propiedad de", "propietario registrado", "proprietario registrato", "propriet?rio registrado", "geregistreerde eigenaar", "zarejestrowany w?a?ciciel"]),
    (NameKind::Organisation, &["registered organization", "registered organisation", "registrierte organisation", "organisation enregistr?e", "organizaci?n registrada", "organizzazione registrata", "organiza??o registrada", "organiza?o registrada", "geregistreerde organisatie", "zarejestrowana organizacja"]),
    (NameKind::Domain, &["domain", "dom?ne", "domaine", "dominio", "dom?nio", "domein", "domena"]),
    (NameKind::Host, &["logon server", "anmeldeserver", "serveur d'ouverture de session", "servidor de inicio de sesi?n", "server di accesso", "servidor de logon", "aanmeldingsserver", "serwer logowania"]),
];

/// Words that stand where no name is, in any language's output.
const NO_NAME: &[&str] = &["n/a", "nicht zutreffend", "workgroup", "arbeitsgruppe"];

/// The names in a systeminfo output, as written, in the order of the file. The words of its time
/// zone are among them, because sentences of reports quote them.
pub fn names(bytes: &[u8]) -> Vec<(NameKind, String)> {
    let (_, rows) = rows(&super::text_of(bytes));
    let mut found = Vec::new();
    for row in &rows {
        let value = row.value.trim().trim_start_matches('\\');
        if value.is_empty() || NO_NAME.contains(&value.to_lowercase().as_str()) {
            continue;
        }
        if let Some(kind) = kind_of(row) {
            found.push((kind, value.to_owned()));
        }
    }
    // Without names of fields, or in a language that is not known, the value that the parser
    // takes for the host is all that can be had.
    let host = super::parse(bytes).host.map(|host| host.value);
    found.extend(host.map(|host| (NameKind::Host, host.trim().to_owned())));
    found
}

fn kind_of(row: &Row) -> Option<NameKind> {
    match field_of(row) {
        Some(Field::Host) => return Some(NameKind::Host),
        Some(Field::TimeZone) => return Some(NameKind::Words),
        Some(_) => return None,
        None => {}
    }
    let name = row.name.trim_end_matches(':').trim_end();
    let known = NAMES.iter().find(|(_, names)| names.contains(&name));
    known
        .map(|(kind, _)| *kind)
        .or_else(|| scripts::kind(&row.written))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owner_organisation_domain_and_hosts_are_found() {
        let text = "Host Name:                 KESTREL-01\r\n\
            OS Name:                   Microsoft Windows Server 2019 Standard\r\n\
            Registered Owner:          Ada Quill\r\n\
            Registered Organization:   Quill & Sons\r\n\
            Domain:                    ad.quill.example\r\n\
            Logon Server:              \\\\KESTREL-DC\r\n\
            Registered Owner:          N/A\r\n";
        assert_eq!(
            names(text.as_bytes())
                .iter()
                .map(|(k, n)| (*k, n.as_str()))
                .collect::<Vec<_>>(),
            [
                (NameKind::Host, "KESTREL-01"),
                (NameKind::User, "Ada Quill"),
                (NameKind::Organisation, "Quill & Sons"),
                (NameKind::Domain, "ad.quill.example"),
                (NameKind::Host, "KESTREL-DC"),
                (NameKind::Host, "KESTREL-01"),
            ]
        );
        assert_eq!(
            names("Dom\u{e4}ne: NEST\r\n".as_bytes()),
            [(NameKind::Domain, "NEST".to_owned())]
        );
        assert_eq!(names(b""), []);
    }
}
