//! Which driver is named for a leaking tag, and why the others are not: each rule of the ranking
//! through the whole program, and what is said of signatures.
//!
//! The case is the sample in which `HsCx` leaks from nonpaged pool; its drivers are exchanged.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use super::{analyze, report, run, samples};

const LEAKING: &str = "HsCx";

/// A sample driver, changed byte by byte.
struct Driver {
    bytes: Vec<u8>,
}

impl Driver {
    fn sample(name: &str) -> Self {
        let path = samples().join("drivers/x64").join(name);
        Driver {
            bytes: fs::read(path).unwrap(),
        }
    }

    fn fixture(name: &str) -> Vec<u8> {
        let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
        fs::read(tests.join("fixtures/identity").join(name)).unwrap()
    }

    /// Exchanges bytes for as many others, wherever they stand.
    fn with(mut self, old: &[u8], new: &[u8]) -> Self {
        assert_eq!(old.len(), new.len());
        let mut count = 0;
        for at in 0..=self.bytes.len() - old.len() {
            if self.bytes[at..at + old.len()] == *old {
                self.bytes[at..at + old.len()].copy_from_slice(new);
                count += 1;
            }
        }
        assert!(count > 0, "{old:?} does not stand in the image");
        self
    }

    /// The same for the tag.
    fn tag(self, old: &str, new: &str) -> Self {
        self.with(old.as_bytes(), new.as_bytes())
    }

    /// The same for words of the version resource; the shorter is filled up with blanks.
    fn word(self, old: &str, new: &str) -> Self {
        let wide = |text: &str| -> Vec<u8> {
            let padded = format!("{text:<width$}", width = old.len());
            padded.encode_utf16().flat_map(u16::to_le_bytes).collect()
        };
        self.with(&wide(old), &wide(new))
    }

    /// The same for the version's numbers.
    fn version(self, old: [u16; 4], new: [u16; 4]) -> Self {
        let fixed = |[a, b, c, d]: [u16; 4]| -> Vec<u8> {
            let parts = [b, a, d, c].into_iter();
            parts.flat_map(u16::to_le_bytes).collect()
        };
        self.with(&fixed(old), &fixed(new))
    }
}

/// The sample case with these files instead of its drivers.
struct Case {
    place: TempDir,
}

impl Case {
    fn of(sample: &str) -> Self {
        let place = tempfile::tempdir().unwrap();
        let root = samples().join(sample);
        for entry in walkdir::WalkDir::new(&root) {
            let entry = entry.unwrap();
            let name = entry.path().strip_prefix(&root).unwrap().to_owned();
            if entry.file_type().is_file() && !name.starts_with("drivers") {
                let to = place.path().join(&name);
                fs::create_dir_all(to.parent().unwrap()).unwrap();
                fs::copy(entry.path(), to).unwrap();
            }
        }
        Case { place }
    }

    fn leak() -> Self {
        Case::of("leak-x64")
    }

    fn file(self, name: &str, bytes: &[u8]) -> Self {
        let path = self.place.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
        self
    }

    fn driver(self, name: &str, driver: Driver) -> Self {
        self.file(&format!("drivers/{name}"), &driver.bytes)
    }

    fn path(&self) -> PathBuf {
        self.place.path().to_owned()
    }

    fn answer(&self) -> Answer {
        let report = report(self.place.path(), &[]);
        let attribution = report["attribution"].as_array().unwrap();
        let mine = |a: &&Value| a["tag"] == LEAKING;
        let found = attribution.iter().find(mine).expect("the leaking tag");
        Answer {
            named: report["verdict"]["driver"]["file_name"]
                .as_str()
                .map(str::to_owned),
            text: found["answer"].as_str().unwrap().to_owned(),
            candidates: found["candidates"].as_array().unwrap().clone(),
            hint: found["owner_hint"].as_str().map(str::to_owned),
            report,
        }
    }
}

struct Answer {
    named: Option<String>,
    text: String,
    candidates: Vec<Value>,
    hint: Option<String>,
    report: Value,
}

impl Answer {
    fn order(&self) -> Vec<&str> {
        self.candidates
            .iter()
            .map(|c| c["driver"]["file_name"].as_str().unwrap())
            .collect()
    }

    /// What is said of the candidate called `name`.
    fn why(&self, name: &str) -> String {
        let candidate = self
            .candidates
            .iter()
            .find(|c| c["driver"]["file_name"] == name)
            .unwrap();
        candidate["why"].to_string()
    }

    fn signature(&self, name: &str) -> &Value {
        let candidate = self
            .candidates
            .iter()
            .find(|c| c["driver"]["file_name"] == name)
            .unwrap();
        &candidate["driver"]["signature"]
    }
}

/// The sample that allocates with the leaking tag.
fn culprit() -> Driver {
    Driver::sample("hstorflt.sys")
}

/// Another vendor's driver that allocates from nonpaged pool, with the leaking tag.
fn rival() -> Driver {
    Driver::sample("objwalk.sys").tag("MwOb", LEAKING)
}

#[test]
fn an_allocation_stands_before_a_free_and_a_free_before_bare_bytes() {
    let compares = Driver::sample("genport.sys").with(b"GnPt", b"HsCx");
    let frees = Driver::sample("hstormon.sys");
    let answer = Case::leak()
        .driver("aaaa.sys", frees)
        .driver("zzzz.sys", culprit())
        .answer();
    assert_eq!(answer.named.as_deref(), Some("zzzz.sys"));
    assert_eq!(answer.order(), ["zzzz.sys", "aaaa.sys"]);
    assert!(answer.why("aaaa.sys").contains("only frees with the tag"));
    // Two that allocate are both shown, and neither hides the one that frees.
    let answer = Case::leak()
        .driver("aaaa.sys", Driver::sample("hstormon.sys"))
        .driver("mmmm.sys", compares)
        .driver("zzzz.sys", culprit())
        .answer();
    assert_eq!(answer.order().last(), Some(&"aaaa.sys"));
}

#[test]
fn a_call_for_the_other_pool_does_not_name_its_driver() {
    let paged = Driver::sample("kvaudit.sys").tag("KvAu", LEAKING);
    let answer = Case::leak()
        .driver("aaaa.sys", paged)
        .driver("zzzz.sys", culprit())
        .answer();
    assert_eq!(answer.named.as_deref(), Some("zzzz.sys"));
    assert!(
        answer
            .why("aaaa.sys")
            .contains("asks for paged pool, and nonpaged pool leaks")
    );
}

#[test]
fn where_proof_is_equal_a_third_party_stands_before_microsoft() {
    let windows = || {
        Driver::sample("ostnet.sys")
            .tag("OsNb", LEAKING)
            .word("Osterby Networks AB", "Microsoft Corp.")
    };
    let answer = Case::leak()
        .driver("aaaa.sys", windows())
        .driver("zzzz.sys", culprit())
        .answer();
    assert_eq!(answer.named.as_deref(), Some("zzzz.sys"));
    assert!(answer.why("aaaa.sys").contains("Microsoft's own"));
    // But proof comes first: a third party that only frees does not stand before it.
    let answer = Case::leak()
        .driver("aaaa.sys", windows())
        .driver("zzzz.sys", Driver::sample("hstormon.sys"))
        .answer();
    assert_eq!(answer.order(), ["aaaa.sys", "zzzz.sys"]);
}

#[test]
fn two_vendors_make_a_tag_shared_and_then_it_names_nobody() {
    let answer = Case::leak()
        .driver("aaaa.sys", rival())
        .driver("zzzz.sys", culprit())
        .answer();
    assert_eq!(answer.named, None);
    assert!(
        answer.text.contains("the tag alone does not tell"),
        "{}",
        answer.text
    );
    for name in ["aaaa.sys", "zzzz.sys"] {
        assert!(answer.why(name).contains("a shared tag"), "{name}");
    }
    assert_ne!(answer.report["verdict"]["confidence"], "confirmed");
}

#[test]
fn the_newer_of_two_versions_stands_first_and_the_older_says_so() {
    let older = culprit().version([3, 2, 0, 118], [3, 1, 0, 2]);
    let answer = Case::leak()
        .driver("older/hstorflt.sys", older)
        .driver("recent/hstorflt.sys", culprit())
        .answer();
    assert_eq!(answer.named.as_deref(), Some("hstorflt.sys"));
    let paths: Vec<&str> = answer
        .candidates
        .iter()
        .map(|c| c["driver"]["path"].as_str().unwrap())
        .collect();
    assert_eq!(
        paths,
        ["drivers/recent/hstorflt.sys", "drivers/older/hstorflt.sys"]
    );
    let second = answer.candidates[1]["why"].to_string();
    assert!(second.contains("an older version of the same driver"));
}

#[test]
fn a_static_librarys_tag_names_no_single_driver_for_certain() {
    // The tag leaks instead of the sample's own, and only one driver here has it.
    let case = Case::leak();
    let log = case.path().join("poolmon.log");
    let text = fs::read(&log).unwrap();
    let mut patched = Driver { bytes: text };
    patched = patched.with(b" HsCx ", b" Wdm  ");
    fs::write(&log, &patched.bytes).unwrap();
    let case = case.driver("hstorflt.sys", culprit().tag(LEAKING, "Wdm "));
    let report = report(&case.path(), &[]);
    let of_tag = report["attribution"]
        .as_array()
        .unwrap()
        .iter()
        .find(|a| a["tag"] == "Wdm ")
        .expect("the leaking tag")
        .clone();
    let text = of_tag["answer"].as_str().unwrap();
    assert!(text.contains("the tag is no driver's own"), "{text}");
    assert_ne!(report["verdict"]["confidence"], "confirmed");
}

#[test]
fn a_driver_that_is_not_here_is_said_to_be_not_here() {
    let answer = Case::leak()
        .driver("kvaudit.sys", Driver::sample("kvaudit.sys"))
        .answer();
    assert_eq!(answer.named, None);
    assert!(answer.text.contains("the driver is not in this bundle"));
    let none = Case::leak().answer();
    assert!(none.text.contains("no driver images"), "{}", none.text);
}

#[test]
fn what_a_list_of_tags_says_is_a_hint_and_never_evidence() {
    let list = b"rem a list\r\nHsCx - storm.sys - Storm's cache of contexts\r\n";
    let answer = Case::leak()
        .file("pooltag.txt", list)
        .driver("storm.sys", Driver::sample("kvaudit.sys"))
        .answer();
    assert!(
        answer
            .hint
            .as_deref()
            .is_some_and(|h| h.contains("storm.sys")),
        "{:?}",
        answer.hint
    );
    assert_eq!(answer.named, None);
    assert!(answer.candidates.is_empty());
}

#[test]
fn of_tags_in_lockstep_the_third_partys_is_named_and_the_kernels_blames_nobody() {
    let report = report(&samples().join("two-tags-lockstep"), &[]);
    assert_eq!(report["verdict"]["tag"], "VlRq");
    assert_eq!(report["verdict"]["driver"]["file_name"], "vltdisk.sys");
    let kernels = report["attribution"]
        .as_array()
        .unwrap()
        .iter()
        .find(|a| a["tag"] == "IoWI")
        .unwrap();
    let text = kernels["answer"].as_str().unwrap();
    assert!(text.contains("the kernel's own"), "{text}");
}

#[test]
fn without_a_catalog_nothing_is_called_unsigned() {
    let case = Case::leak().driver("hstorflt.sys", culprit());
    let signature = case.answer().signature("hstorflt.sys").clone();
    assert_eq!(signature["state"], "none_embedded");
    let text = signature["text"].as_str().unwrap();
    assert!(text.contains("may be catalog-signed") && text.contains("no catalog in the bundle"));
    for format in ["text", "html", "markdown"] {
        let said = analyze(&case.path(), &["--format", format]).out;
        let bare = said.replace("which is not \"unsigned\"", "");
        let bare = bare.replace("which is not &quot;unsigned&quot;", "");
        let bare = bare.replace("which is not &#34;unsigned&#34;", "");
        assert!(!bare.contains("unsigned"), "{format}");
    }
}

#[test]
fn a_catalog_that_lists_the_image_gives_its_signer() {
    let case = Case::leak()
        .driver("hstorflt.sys", culprit())
        .file("drivers/sample.cat", &Driver::fixture("sample.cat"));
    let signature = case.answer().signature("hstorflt.sys").clone();
    assert_eq!(signature["state"], "catalog");
    assert_eq!(signature["digest"], "match");
    let signer = signature["signer"].as_str().unwrap();
    assert!(signer.contains("Fixture Works Müller"), "{signer}");
    let text = signature["text"].as_str().unwrap();
    assert!(
        text.contains("listed in a catalog signed by") && text.contains("revocation not checked")
    );
    let html = analyze(&case.path(), &["--format", "html"]).out;
    assert!(html.contains("listed in a catalog signed by"));
    // The same without a case.
    let looked = run(["inspect".as_ref(), case.path().join("drivers").as_os_str()]);
    assert_eq!(looked.status, Some(0), "{}", looked.err);
    assert!(
        looked.out.contains("listed in a catalog signed by"),
        "{}",
        looked.out
    );
    // A catalog that lists others says nothing of this one.
    let other = Case::leak()
        .driver("hstorflt.sys", culprit())
        .file("drivers/first.cat", &Driver::fixture("first.cat"));
    let signature = other.answer().signature("hstorflt.sys").clone();
    assert_eq!(signature["state"], "none_embedded");
    assert!(signature["text"].as_str().unwrap().contains("which is not"));
}

#[test]
fn a_tampered_image_is_told_from_one_without_signature() {
    let signed = Driver::fixture("sample.sys");
    // A byte of the version resource: the code, and so the proof, stays as it is.
    let tampered = Driver {
        bytes: signed.clone(),
    }
    .word("Harrow Storage Ltd", "Narrow Storage Ltd");
    let case = Case::leak().file("drivers/whole.sys", &signed);
    let whole = case.answer().signature("whole.sys").clone();
    assert_eq!(
        (&whole["state"], &whole["digest"]),
        (&"present".into(), &"match".into())
    );
    let case = Case::leak().driver("changed.sys", tampered);
    let changed = case.answer().signature("changed.sys").clone();
    assert_eq!(
        (&changed["state"], &changed["digest"]),
        (&"present".into(), &"mismatch".into())
    );
    let inspected = run(["inspect".as_ref(), case.path().join("drivers").as_os_str()]);
    for (form, said) in [
        ("json", changed["text"].as_str().unwrap()),
        ("html", &analyze(&case.path(), &["--format", "html"]).out),
        ("inspect", &inspected.out),
    ] {
        assert!(said.contains("changed"), "{form}: {said:.400}");
        assert!(!said.contains("no embedded signature"), "{form}");
    }
}

#[test]
fn a_copy_of_the_driver_goes_by_the_drivers_own_name() {
    // The same bytes, other bytes, and nothing but the copy.
    let other = || culprit().word("Harrow Storage Ltd", "Harrow Storage AG");
    let cases = [
        Case::leak()
            .driver("hstorflt - Copy.sys", culprit())
            .driver("hstorflt.sys", culprit()),
        Case::leak()
            .driver("hstorflt - Copy.sys", other())
            .driver("hstorflt.sys", culprit()),
        Case::leak().driver("hstorflt - Copy.sys", culprit()),
    ];
    for case in cases {
        let answer = case.answer();
        assert_eq!(answer.named.as_deref(), Some("hstorflt.sys"));
        assert_ne!(answer.order().get(1), Some(&"hstorflt.sys"));
        let steps = answer.report["next_steps"].to_string();
        assert!(steps.contains("sc query hstorflt & "), "{steps}");
    }
}

#[test]
fn several_files_of_the_named_driver_are_no_other_driver() {
    let answer = Case::leak()
        .driver("elder.sys", culprit().version([3, 2, 0, 118], [3, 1, 0, 2]))
        .driver("hstorflt.sys", culprit())
        .answer();
    assert_eq!(answer.named.as_deref(), Some("hstorflt.sys"));
    assert!(
        answer.text.contains("2 files of this driver"),
        "{}",
        answer.text
    );
}
