//! The names of systeminfo's fields, in the languages where they are known.
//!
//! Names are folded (see `text::folded`): lower case, `?` for letters outside ASCII.

use super::layout::Row;
use super::scripts;

/// The fields that matter here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Field {
    Host,
    OsName,
    OsVersion,
    Installed,
    Boot,
    SystemType,
    TimeZone,
    Memory,
    Hotfixes,
}

/// Names by field: English, German, French, Spanish, Italian, Portuguese, Dutch, Polish.
#[rustfmt::skip]
const NAMES: &[(Field, &[&str])] = &[
    (Field::Host, &["host name", "hostname", "nom de l'h?te", "nombre de host", "nome host", "nome do host", "hostnaam", "nazwa hosta"]),
    (Field::OsName, &["os name", "betriebssystemname", "nom du syst?me d'exploitation", "nombre del sistema operativo", "nome so", "nome sistema operativo", "nome do sistema operacional", "naam van besturingssysteem", "nazwa systemu operacyjnego"]),
    (Field::OsVersion, &["os version", "betriebssystemversion", "version du syst?me", "version du syst?me d'exploitation", "versi?n del sistema operativo", "versione so", "versione sistema operativo", "vers?o do sistema operacional", "versie van besturingssysteem", "wersja systemu operacyjnego"]),
    (Field::Installed, &["original install date", "urspr?ngliches installationsdatum", "date d'installation originale", "fecha de instalaci?n original", "data di installazione originale", "data originale di installazione", "data da instala??o original", "data da instala?o original", "oorspronkelijke installatiedatum"]),
    (Field::Boot, &["system boot time", "systemstartzeit", "heure de d?marrage du syst?me", "tiempo de arranque del sistema", "tempo di avvio sistema", "tempo di avvio del sistema", "tempo de inicializa?o do sistema", "hora da inicializa?o do sistema", "opstarttijd van systeem", "czas rozruchu systemu"]),
    (Field::SystemType, &["system type", "systemtyp", "type du syst?me", "tipo de sistema", "tipo sistema", "tipo di sistema", "type systeem", "typ systemu"]),
    (Field::TimeZone, &["time zone", "zeitzone", "fuseau horaire", "zona horaria", "fuso orario", "fuso hor?rio", "tijdzone", "strefa czasowa"]),
    (Field::Memory, &["total physical memory", "gesamter physischer speicher", "gesamter realer speicher", "m?moire physique totale", "cantidad total de memoria f?sica", "memoria fisica totale", "mem?ria f?sica total", "totaal fysiek geheugen", "ca?kowita pami?? fizyczna"]),
    (Field::Hotfixes, &["hotfix(s)", "hotfix(es)", "hotfixes", "correctif(s)", "revisi?n(es)", "aggiornamenti rapidi", "correzioni", "hotfix(es) instalado(s)", "poprawka(i)"]),
];

/// The field that a row is of.
pub(super) fn field_of(row: &Row) -> Option<Field> {
    field(&row.name).or_else(|| scripts::field(&row.written))
}

/// The field with this folded name.
pub(super) fn field(folded_name: &str) -> Option<Field> {
    let name = folded_name.trim_end_matches(':').trim_end();
    NAMES
        .iter()
        .find(|(_, names)| names.contains(&name))
        .map(|(field, _)| *field)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::artifact::systeminfo::text::folded;

    #[test]
    fn names_in_their_own_letters() {
        for (name, expected) in [
            ("Host Name", Field::Host),
            ("Nom de l'h\u{f4}te", Field::Host),
            ("Heure de d\u{e9}marrage du syst\u{e8}me", Field::Boot),
            ("Urspr\u{fc}ngliches Installationsdatum", Field::Installed),
            ("Gesamter physischer Speicher", Field::Memory),
            ("Cantidad total de memoria f\u{ed}sica", Field::Memory),
            ("Zona horaria", Field::TimeZone),
        ] {
            assert_eq!(field(&folded(name)), Some(expected), "{name}");
        }
        assert_eq!(field("available physical memory"), None);
    }
}
