//! Reports against `poolsleuth schema`, with a validator that shares nothing with what derived it.

use serde_json::{Value, json};

use super::{report, run, sample_cases, samples};
use crate::sim;

fn schema() -> Value {
    let done = run(["schema"]);
    assert_eq!((done.status, done.err.as_str()), (Some(0), ""));
    serde_json::from_str(&done.out).unwrap()
}

fn validator(schema: &Value) -> jsonschema::Validator {
    jsonschema::meta::validate(schema).unwrap();
    let options = jsonschema::options().should_validate_formats(true);
    options.build(schema).unwrap()
}

fn faults(validator: &jsonschema::Validator, report: &Value) -> Vec<String> {
    validator
        .iter_errors(report)
        .map(|e| format!("{}: {e}", e.instance_path()))
        .collect()
}

/// Nothing that is not described, and of open lists only the values that are known.
fn closed(schema: &Value) -> Value {
    match schema {
        Value::Object(object) => {
            let mut object: serde_json::Map<String, Value> =
                object.iter().map(|(k, v)| (k.clone(), closed(v))).collect();
            if object.contains_key("properties") {
                object.insert("additionalProperties".to_owned(), json!(false));
            }
            if let Some(Value::Array(variants)) = object.get_mut("anyOf")
                && variants[0].get("enum").is_some()
            {
                *variants = vec![variants[0].clone(), json!({ "type": "null" })];
            }
            Value::Object(object)
        }
        Value::Array(items) => items.iter().map(closed).collect(),
        other => other.clone(),
    }
}

#[test]
fn every_report_is_as_the_schema_says_and_holds_nothing_else() {
    let open = schema();
    let (open, closed) = (validator(&open), validator(&closed(&open)));
    let mut reports: Vec<(String, Value)> = sample_cases()
        .iter()
        .map(|case| (case.display().to_string(), report(case, &[])))
        .collect();
    for seed in 0..24 {
        let place = tempfile::tempdir().unwrap();
        let (path, options) = sim::write(seed, place.path());
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        reports.push((format!("seed {seed}"), report(&path, &options)));
    }
    for (name, report) in &reports {
        assert_eq!(faults(&open, report), Vec::<String>::new(), "{name}");
        assert_eq!(
            faults(&closed, report),
            Vec::<String>::new(),
            "{name}, closed"
        );
    }
}

#[test]
fn what_is_no_report_is_refused_and_what_a_later_version_adds_is_not() {
    let schema = schema();
    let (open, closed) = (validator(&schema), validator(&closed(&schema)));
    let good = report(&samples().join("leak-x64"), &[]);
    let wrong = [
        ("/schema_version", json!("2")),
        ("/verdict/outcome", json!(7)),
        ("/verdict/reasons", json!({})),
        ("/verdict/reasons/0/evidence/0", json!(1)),
        ("/refusals/total", json!("many")),
        ("/refusals/episodes/0/start", json!("yesterday")),
        ("/pool/tags/0/series/0", json!(["a", "b"])),
        ("/evidence/0/sha256", json!("c0ffee")),
        ("/evidence/0/context/0/cited", json!("yes")),
        ("/coverage/artifacts/0/bytes", json!(-1)),
    ];
    for (at, value) in wrong {
        let mut report = good.clone();
        *report.pointer_mut(at).unwrap() = value;
        assert!(!open.is_valid(&report), "{at} may be anything");
    }
    assert!(!open.is_valid(&json!({})), "a report says its version");
    let mut later = good.clone();
    later["verdict"]["outcome"] = json!("a_new_outcome");
    later["verdict"]["a_new_field"] = json!([1]);
    later["pool"].as_object_mut().unwrap().remove("tags");
    assert_eq!(faults(&open, &later), Vec::<String>::new());
    assert!(!closed.is_valid(&later), "the closed schema is not closed");
}

#[test]
fn the_schema_is_the_same_every_time() {
    let schema = schema();
    assert_eq!(schema["$id"], "urn:poolsleuth:report:1");
    assert_eq!(schema["properties"]["schema_version"]["const"], "1");
    assert_eq!(run(["schema"]).out, run(["schema"]).out);
}
