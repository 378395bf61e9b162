//! The OpenAPI document, and its copy in the repository.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::Value;
use server::netbackup::openapi;

fn path() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json")
}

/// `LATCHKEY_TEST_WRITE=1` writes it anew.
#[test]
fn the_copy_in_the_repository_is_equal() {
    let text = format!("{:#}\n", openapi());
    if std::env::var_os("LATCHKEY_TEST_WRITE").is_some() {
        fs::write(path(), &text).unwrap();
    }
    let copy = fs::read_to_string(path()).unwrap_or_default();
    assert!(
        copy == text,
        "docs/openapi.json is not what the code says: `latchkey openapi > docs/openapi.json`"
    );
}

/// Names are each their own, references lead somewhere, and parts of paths are described.
#[test]
fn the_document_is_whole() {
    let document = openapi();
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.len() > 25, "{}", paths.len());
    let mut ids = BTreeSet::new();
    for (path, item) in paths {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            assert!(ids.insert(id.to_owned()), "{id} stands twice");
            let parts: BTreeSet<_> = path
                .split('/')
                .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
                .collect();
            let parameters = operation["parameters"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            let described: BTreeSet<_> = parameters
                .iter()
                .filter(|parameter| parameter["in"] == "path")
                .map(|parameter| parameter["name"].as_str().unwrap())
                .collect();
            assert_eq!(described, parts, "{method} {path}");
            assert!(operation["responses"].as_object().unwrap().len() > 3);
        }
    }
    check_references(&document, &document);
}

fn check_references(value: &Value, document: &Value) {
    match value {
        Value::Object(members) => {
            if let Some(reference) = members.get("$ref").and_then(Value::as_str) {
                let pointer = reference.strip_prefix('#').unwrap();
                assert!(document.pointer(pointer).is_some(), "{reference}");
            }
            for member in members.values() {
                check_references(member, document);
            }
        }
        Value::Array(items) => {
            for item in items {
                check_references(item, document);
            }
        }
        _ => {}
    }
}
