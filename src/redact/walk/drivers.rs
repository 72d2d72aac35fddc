//! Drivers: their vendor needs names, versions and signers, which are kept but for what in them
//! names the customer.

use crate::report::model::*;

use super::super::Redactor;
use super::super::pseudonym::Class;
use super::super::vocabulary::Replacement;

/// How [`owner_hint`](crate::report::model::TagRow::owner_hint) ends when the hint is our own.
const OUR_TABLE: &str = " (built-in table; ";

/// Parts of the kernel as Microsoft's pooltag.txt writes them in place of a driver.
#[rustfmt::skip]
const OF_KERNEL: &[&str] = &[
    "nt!alpc", "nt!cc", "nt!cm", "nt!dbgk", "nt!etw", "nt!ex", "nt!fsrtl", "nt!hal", "nt!io", "nt!ke", "nt!kse", "nt!ksecdd",
    "nt!lpc", "nt!mm", "nt!ob", "nt!pnp", "nt!po", "nt!pp", "nt!ps", "nt!rtl", "nt!se", "nt!vf", "nt!vi", "nt!wdi", "nt!wmi",
];

/// Longest name of a PDB that is kept.
const MOST_PDB: usize = 64;

impl Redactor {
    /// Texts of a driver that sentences repeat: they must come out as in their own field.
    pub(super) fn learn_driver(&mut self, driver: &Driver, exact: &mut Vec<(String, Replacement)>) {
        let version = &driver.version;
        for text in [&version.file_version, &version.product_version]
            .into_iter()
            .flatten()
        {
            let number = text.split_whitespace().next().unwrap_or_default();
            self.known.versions.insert(number.to_owned());
        }
        let name = self.driver_name(&driver.file_name);
        let service = driver.file_name.trim_end_matches(".sys").to_owned();
        let shown_service = name.trim_end_matches(".sys").to_owned();
        exact.push((service, Replacement::Words(shown_service)));
        exact.push((driver.file_name.clone(), Replacement::Words(name)));
        let path = self.path(&driver.path);
        exact.push((driver.path.clone(), Replacement::Words(path)));
        let said = [
            &version.company,
            &version.file_version,
            &version.original_name,
            &version.product,
            &version.description,
        ];
        for text in said.into_iter().flatten() {
            let shown = self.stranger(text);
            exact.push((text.clone(), Replacement::Words(shown)));
        }
    }

    pub(super) fn attribution(&mut self, attribution: Attribution) -> Attribution {
        let Attribution {
            tag,
            tag_hex,
            pool,
            answer,
            candidates,
            text_only,
            owner_hint,
        } = attribution;
        Attribution {
            tag,
            tag_hex,
            pool,
            answer: self.sentence(&answer),
            candidates: self.each(candidates, Self::candidate),
            text_only,
            owner_hint: owner_hint.map(|hint| self.owner_hint(&hint)),
        }
    }

    fn candidate(&mut self, candidate: Candidate) -> Candidate {
        let Candidate {
            driver,
            grade,
            via,
            role,
            api,
            sites,
            rva,
            instructions,
            why,
            evidence,
        } = candidate;
        Candidate {
            driver: self.driver(driver),
            grade,
            via,
            role,
            api: api.map(|api| self.stranger(&api)),
            sites,
            rva,
            instructions: self.each(instructions, |r, line| r.stranger(&line)),
            why: self.sentences(why),
            evidence,
        }
    }

    pub(super) fn driver(&mut self, driver: Driver) -> Driver {
        let Driver {
            file_name,
            path,
            sha256,
            machine,
            version,
            linked,
            pdb,
            signature,
            blind,
            copies,
        } = driver;
        Driver {
            file_name: self.driver_name(&file_name),
            path: self.path(&path),
            sha256,
            machine,
            version: self.version(version),
            linked,
            pdb: pdb.map(|pdb| self.pdb(&pdb)),
            signature: self.signature(signature),
            blind: self.sentences(blind),
            copies: self.each(copies, |r, name| r.path(&name)),
        }
    }

    fn version(&mut self, version: Version) -> Version {
        let Version {
            file_version,
            product_version,
            company,
            product,
            description,
            original_name,
        } = version;
        let mut said = |text: Option<String>| text.map(|text| self.stranger(&text));
        Version {
            file_version: said(file_version),
            product_version: said(product_version),
            company: said(company),
            product: said(product),
            description: said(description),
            original_name: said(original_name),
        }
    }

    fn signature(&mut self, signature: Signature) -> Signature {
        let Signature {
            state,
            text,
            signer,
            issuer,
            digest,
            signed_at,
        } = signature;
        Signature {
            state,
            text: self.stranger(&text),
            signer: signer.map(|name| self.stranger(&name)),
            issuer: issuer.map(|name| self.stranger(&name)),
            digest,
            signed_at,
        }
    }

    /// The path of a PDB: folders are of somebody's machine, the last name is the project's.
    fn pdb(&mut self, path: &str) -> String {
        let name = path.rsplit(['\\', '/']).next().unwrap_or(path);
        let folders = &path[..path.len() - name.len()];
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
        let project = name.len() <= MOST_PDB
            && name.bytes().all(plain)
            && name.to_ascii_lowercase().ends_with(".pdb")
            && self.stranger(name) == name;
        let name = match project {
            true => name.to_owned(),
            false => self.component(name, Class::File),
        };
        match folders.is_empty() {
            true => name,
            false => format!("{}\\{name}", self.given.of(Class::Path, folders)),
        }
    }

    /// `BINARY: DESCRIPTION (LIST, line N; how it matched)`, out of a list in the case, of which
    /// only the binary's name and the place are kept; or words of our own table.
    pub(super) fn owner_hint(&mut self, hint: &str) -> String {
        // Behind the first list's word stand those of others, which quote as much of the case.
        let others = ["; contradicted by ", "; poolmon found it in "];
        match others.iter().filter_map(|words| hint.find(words)).min() {
            Some(end) => {
                let rest = hint.get(end + 2..).unwrap_or_default();
                let first = self.hint_of_one(hint.get(..end).unwrap_or(hint));
                format!("{first}; {}", self.name(Class::Text, rest))
            }
            None => self.hint_of_one(hint),
        }
    }

    fn hint_of_one(&mut self, hint: &str) -> String {
        let parts = hint
            .split_once(": ")
            .and_then(|(binary, rest)| Some((binary, rest.rsplit_once(" (")?)))
            .and_then(|(binary, (said, place))| {
                Some((binary, said, place.rsplit_once(", line ")?))
            });
        let Some((binary, said, (list, place))) = parts else {
            return match hint.contains(OUR_TABLE) {
                true => self.sentence(hint),
                false => self.name(Class::Text, hint),
            };
        };
        let binary = match binary {
            "unknown" | "<unknown>" => binary.to_owned(),
            _ if OF_KERNEL.contains(&binary.to_ascii_lowercase().as_str()) => binary.to_owned(),
            _ => self.driver_name(binary),
        };
        let (said, list) = (self.name(Class::Text, said), self.path(list));
        format!("{binary}: {said} ({list}, line {}", self.sentence(place))
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::redactor;

    #[test]
    fn a_pdb_keeps_the_name_of_its_project() {
        let mut redactor = redactor(&["kestrel"]);
        let shown = redactor.pdb("D:\\Users\\ada\\quill\\hstorflt.pdb");
        assert!(
            shown.starts_with("path-") && shown.ends_with("\\hstorflt.pdb"),
            "{shown}"
        );
        assert_eq!(redactor.pdb("hstorflt.pdb"), "hstorflt.pdb");
        for path in ["/home/ada/kestrel.pdb", "ada's.pdb", "C:\\x\\10.0.0.5.pdb"] {
            let shown = redactor.pdb(path);
            for secret in ["ada", "kestrel", "10.0.0.5"] {
                assert!(!shown.contains(secret), "{shown}");
            }
        }
    }

    #[test]
    fn a_hint_of_the_case_keeps_its_driver_and_its_place() {
        let mut redactor = redactor(&[]);
        let hint = "hstorflt.sys: Ada (and Bo): x (lists of ada/pooltag.txt, line 7; exact; the list contradicts itself)";
        let shown = redactor.owner_hint(hint);
        assert!(shown.starts_with("hstorflt.sys: text-"), "{shown}");
        assert!(
            shown.contains("/pooltag.txt, line 7; exact") && !shown.to_lowercase().contains("ada"),
            "{shown}"
        );
        for kept in ["nt!mm", "<unknown>", "ntfs.sys"] {
            let hint = format!("{kept}: words (pooltag.txt, line 7; exact)");
            assert!(
                redactor
                    .owner_hint(&hint)
                    .starts_with(&format!("{kept}: text-"))
            );
        }
        let ours = "Windows: objects of the kernel (built-in table; pooltag.txt of the WDK)";
        assert_eq!(redactor.owner_hint(ours), ours);
        assert!(redactor.owner_hint("Ada wrote this").starts_with("text-"));
        let several = format!("{hint}; contradicted by quill.sys: Ada's (b.txt, line 3)");
        let shown = redactor.owner_hint(&several);
        assert!(shown.starts_with(&redactor.owner_hint(hint)), "{shown}");
        assert!(
            !shown.contains("quill") && !shown.contains("Ada"),
            "{shown}"
        );
    }
}
