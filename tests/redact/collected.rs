//! A bundle of the collector, whose manifest and tables say more of their machine than any file.

use serde_json::json;

use super::place_of;
use crate::collector::build::{Story, bundle, contents, manifest};
use crate::support::bundle::Container;

/// What the manifest and the table of processes hold, each a word by itself.
const SECRETS: &[&str] = &[
    "wren-sql07",
    "schemasecret",
    "programsecret",
    "releasesecret",
    "createdsecret",
    "productsecret",
    "sourcesecret",
    "whatsecret",
    "codesecret",
    "limitsecret",
    "missingsecret",
    "escapesecret",
    "extrasecret",
    "changesecret",
    "ottoline",
];

#[test]
fn no_secret_of_a_manifest_is_in_any_output() {
    let story = Story {
        handles: true,
        ..Story::growing("Even", 64, 1_900)
    };
    let mut files = contents(&story, true);
    for (name, _, content) in &mut files {
        if name == "pool/processes.tsv" {
            let named = String::from_utf8_lossy(content).replace("w3wp.exe", "ottoline.exe");
            *content = named.into_bytes();
        }
    }
    let spoilt = (
        "changesecret/httperr2.log".to_owned(),
        "httperr",
        b"#Software: x\r\n".to_vec(),
    );
    files.push(spoilt);
    let mut stated = manifest(&files);
    stated["schema"] = json!("poolsleuth-collect-manifest/1 schemasecret");
    stated["collector"] = json!({"name": "programsecret", "version": "releasesecret"});
    stated["created_utc"] = json!("createdsecret");
    stated["host"]["name"] = json!("WREN-SQL07");
    stated["host"]["product_name"] = json!("Windows Server 2019 productsecret");
    stated["errors"] =
        json!([{"what": "whatsecret", "source": "C:\\sourcesecret\\x.log", "code": "codesecret"}]);
    stated["limits"]["hit"] = json!(["limitsecret"]);
    let listed = stated["files"].as_array_mut().unwrap();
    listed.last_mut().unwrap()["size"] = json!(7);
    for path in ["letters of missingsecret/x.txt", "../escapesecret.txt"] {
        listed.push(json!({"path": path, "role": "other", "size": 1, "sha256": "00"}));
    }
    files.push(("extrasecret.txt".to_owned(), "", b"x".to_vec()));
    let place = place_of(&bundle(files, &stated), Container::Folder);

    let plain = place.report(&[]).to_string().to_lowercase();
    for secret in SECRETS {
        assert!(plain.contains(secret), "{secret} does not arrive");
    }
    let outputs = place.outputs("out", &["--redact", "--redact-key", "key"]);
    assert_eq!(super::leaks_of(SECRETS, &outputs), [""; 0]);

    let redacted = place.report(&["--redact", "--redact-key", "key"]);
    let whole = place.report(&[]);
    for list in ["changed", "missing", "extra", "errors", "limits_hit"] {
        let counted =
            |report: &serde_json::Value| report["case"]["manifest"][list].as_array().unwrap().len();
        assert_eq!(counted(&redacted), counted(&whole), "{list}");
    }
    assert_eq!(redacted["verdict"]["outcome"], whole["verdict"]["outcome"]);
}
