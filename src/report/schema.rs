//! The JSON Schema of the report (draft 2020-12), derived from the types that are written.
//!
//! Descriptions are the types' own documentation. What a type cannot say is added here: which
//! texts come from a list that may grow (`KNOWN`), which are times or digests. Nothing is
//! required but the version, and fields that are not described are allowed, because consumers may
//! rely on neither (docs/report-schema.md).

use std::io;

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::model::{Report, SCHEMA_VERSION};

/// Fields whose text comes from a list, as (type, field, values). Later versions may add values.
const KNOWN: &[(&str, &str, &[&str])] = &[
    ("Input", "kind", &["folder", "zip", "file", "several"]),
    ("Case", "architecture", &["x86", "x64", "arm64"]),
    (
        "Time",
        "zone_source",
        &[
            "option",
            "systeminfo",
            "registry",
            "manifest",
            "pdh_header",
            "stamp",
        ],
    ),
    (
        "Verdict",
        "outcome",
        &[
            "leak_explains_refusals",
            "leak_without_refusals",
            "refusals_without_pool_pressure",
            "pool_pressure_without_leak",
            "no_problem_found",
            "inconclusive",
        ],
    ),
    (
        "Verdict",
        "confidence",
        &["confirmed", "probable", "possible", "insufficient"],
    ),
    ("Verdict", "pool", POOLS),
    ("Reason", "weight", &["for", "against", "limit"]),
    ("Episode", "ended", &["log_goes_on", "log_ends"]),
    (
        "Episode",
        "pool_basis",
        &[
            "between_snapshots",
            "nearest_snapshot",
            "between_samples",
            "nearest_sample",
        ],
    ),
    ("Epoch", "began", &["first", "restart"]),
    (
        "Limit",
        "quality",
        &["stated", "documented", "ceiling", "guess"],
    ),
    ("TagRow", "pool", POOLS),
    (
        "TagRow",
        "class",
        &[
            "steady_leak",
            "accelerating",
            "two_points",
            "step",
            "plateau_or_warm_up",
            "sawtooth",
            "irregular",
            "flat",
            "shrinking",
            "single_point",
        ],
    ),
    ("LockstepMember", "pool", POOLS),
    (
        "Correlation",
        "reading",
        &[
            "exhausted",
            "high_pool",
            "low_pool",
            "flat_pool",
            "far_from_limit",
            "memory_short",
            "unsettled",
            "apart",
        ],
    ),
    ("Attribution", "pool", POOLS),
    (
        "Candidate",
        "grade",
        &["call_site", "name", "operand", "data", "text"],
    ),
    (
        "Candidate",
        "via",
        &["direct", "wrapper", "global", "lookaside", "framework"],
    ),
    ("Candidate", "role", &["allocate", "free"]),
    (
        "Signature",
        "state",
        &["none_embedded", "present", "malformed", "unknown"],
    ),
    ("Signature", "digest", &["match", "mismatch", "unknown"]),
    (
        "Finding",
        "kind",
        &["rival", "pool", "clock", "input", "driver"],
    ),
    ("NextStep", "audience", &["engineer", "customer", "vendor"]),
    ("ContextLine", "kind", &["line", "bytes", "instruction"]),
    (
        "ArtifactRow",
        "used",
        &[
            "used",
            "partly_used",
            "duplicate",
            "not_needed",
            "not_understood",
            "unreadable",
        ],
    ),
];

const POOLS: &[&str] = &["nonpaged", "paged"];

/// Fields that are times: RFC 3339 in UTC.
const TIMES: &[(&str, &str)] = &[
    ("Refusals", "first"),
    ("Refusals", "last"),
    ("Refusals", "log_first"),
    ("Refusals", "log_last"),
    ("RefusalCount", "start"),
    ("Episode", "start"),
    ("Episode", "end"),
    ("Episode", "worst_minute"),
    ("Pool", "first"),
    ("Pool", "last"),
    ("Epoch", "first"),
    ("Epoch", "last"),
    ("PoolPoint", "at"),
    ("Signature", "signed_at"),
];

/// Fields that are SHA-256 digests.
const DIGESTS: &[(&str, &str)] = &[
    ("Case", "id"),
    ("Input", "sha256"),
    ("Driver", "sha256"),
    ("Evidence", "sha256"),
    ("ArtifactRow", "sha256"),
];

/// Writes the schema, indented, and a newline at the end.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn io::Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &schema())?;
    writeln!(out)
}

/// The schema as a value.
pub fn schema() -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut derived = generator.into_root_schema_for::<Report>().to_value();
    tidy(&mut derived);
    for &(of, field, values) in KNOWN {
        let known = json!({ "title": "known values", "enum": values });
        let later = json!({ "title": "values of later versions" });
        say(&mut derived, of, field, "anyOf", json!([known, later]));
    }
    for &(of, field) in TIMES {
        say(&mut derived, of, field, "format", json!("date-time"));
    }
    for &(of, field) in DIGESTS {
        say(&mut derived, of, field, "pattern", json!("^[0-9a-f]{64}$"));
    }
    with_head(derived)
}

/// What identifies the schema comes first, then the report's own description.
fn with_head(derived: Value) -> Value {
    let mut schema = Map::new();
    let mut head = |name: &str, value: Value| schema.insert(name.to_owned(), value);
    head(
        "$schema",
        json!("https://json-schema.org/draft/2020-12/schema"),
    );
    head(
        "$id",
        json!(format!("urn:poolsleuth:report:{SCHEMA_VERSION}")),
    );
    head("title", json!("PoolSleuth report"));
    if let Value::Object(derived) = derived {
        for (name, value) in derived {
            schema.entry(name).or_insert(value);
        }
    }
    schema.insert("required".to_owned(), json!(["schema_version"]));
    if let Some(version) = schema
        .get_mut("properties")
        .and_then(|p| p.get_mut("schema_version"))
        .and_then(Value::as_object_mut)
    {
        let what = "The version of the report's shape. Another one means that fields changed their meaning.";
        version.insert("description".to_owned(), json!(what));
        version.insert("const".to_owned(), json!(SCHEMA_VERSION));
    }
    Value::Object(schema)
}

/// Takes out what says less than it seems: required fields, which consumers must not count on, and
/// formats of integers that no validator knows. Wrapped lines of documentation become one.
fn tidy(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            object.remove("required");
            let unknown = |f: &Value| f.as_str().is_some_and(|f| f.starts_with(['u', 'i', 'd']));
            if object.get("format").is_some_and(unknown) {
                object.remove("format");
            }
            if let Some(Value::String(text)) = object.get_mut("description") {
                *text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            }
            object.values_mut().for_each(tidy);
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        _ => {}
    }
}

/// Adds a keyword to the schema of a type's field.
fn say(schema: &mut Value, of: &str, field: &str, keyword: &str, value: Value) {
    let at = format!("/$defs/{of}/properties/{field}");
    if let Some(Value::Object(found)) = schema.pointer_mut(&at) {
        found.insert(keyword.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{fixture, json};

    fn of<'a>(schema: &'a Value, of: &str, field: &str) -> &'a Value {
        schema
            .pointer(&format!("/$defs/{of}/properties/{field}"))
            .unwrap_or_else(|| panic!("no {of}.{field}"))
    }

    #[test]
    fn the_tables_name_fields_that_are_text() {
        let schema = schema();
        let tables = KNOWN.iter().map(|(of, field, _)| (of, field));
        let others = TIMES.iter().chain(DIGESTS).map(|(of, field)| (of, field));
        for (name, field) in tables.chain(others) {
            let types = &of(&schema, name, field)["type"];
            let is_text = types == "string" || types == &json!(["string", "null"]);
            assert!(is_text, "{name}.{field}: {types}");
        }
    }

    #[test]
    fn everything_is_described() {
        let schema = schema();
        for (name, of) in schema["$defs"].as_object().unwrap() {
            assert!(of["description"].is_string(), "{name}");
        }
        assert_eq!(schema["properties"]["schema_version"]["const"], "1");
        assert!(schema["description"].is_string());
    }

    #[test]
    fn nothing_is_closed() {
        let mut text = Vec::new();
        write(&mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert!(!text.contains("\"additionalProperties\": false"));
        assert_eq!(text.matches("\"required\"").count(), 1);
    }

    #[test]
    fn reports_made_by_hand_are_valid_and_wrong_types_are_not() {
        let mut schema = schema();
        for (of, field) in DIGESTS {
            // Digests made by hand are short.
            let at = format!("/$defs/{of}/properties/{field}");
            let field = schema.pointer_mut(&at).and_then(Value::as_object_mut);
            assert!(field.unwrap().remove("pattern").is_some());
        }
        let validator = jsonschema::options()
            .should_validate_formats(true)
            .build(&schema)
            .unwrap();
        for (name, report) in fixture::cases() {
            let mut out = Vec::new();
            json::write(&report, &mut out).unwrap();
            let mut value: Value = serde_json::from_slice(&out).unwrap();
            if let Err(why) = validator.validate(&value) {
                panic!("{name}: {why} at {}", why.instance_path());
            }
            value["verdict"]["outcome"] = json!("a_later_outcome");
            value["later"] = json!(1);
            assert!(validator.is_valid(&value), "{name}");
            value["refusals"]["total"] = json!("many");
            assert!(!validator.is_valid(&value), "{name}");
        }
    }
}
