//! `/openapi.json`, and `/api-docs`, which shows it: one page without scripts, made once.

use std::{fmt::Write, sync::LazyLock};

use axum::{
    Router,
    http::{StatusCode, header},
    response::{Html, IntoResponse},
    routing::get,
};
use serde_json::{Map, Value};

use super::assets;
use crate::{html::escape, netbackup};

static DOCUMENT: LazyLock<Value> = LazyLock::new(netbackup::openapi);
static TEXT: LazyLock<String> = LazyLock::new(|| format!("{:#}\n", *DOCUMENT));
static PAGE: LazyLock<String> = LazyLock::new(|| page(&DOCUMENT));

pub(super) fn routes() -> Router {
    Router::new()
        .route("/openapi.json", get(json))
        .route("/api-docs", get(async || Html(PAGE.as_str())))
}

async fn json() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], TEXT.as_str())
}

fn page(document: &Value) -> String {
    let style = assets::package();
    let info = &document["info"];
    let mut html = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\">\
         <title>REST API · Latchkey</title>\
         <link rel=\"stylesheet\" href=\"/{style}/latchkey.css\">\
         <link rel=\"icon\" type=\"image/svg+xml\" href=\"/favicon.svg\"></head>\
         <body><a class=\"skip\" href=\"#main\">Skip to the content</a>\
         <header class=\"top\"><a class=\"brand\" href=\"/\">Latchkey</a></header>\
         <main class=\"main\" id=\"main\"><h1 class=\"title\">REST API</h1>"
    );
    for paragraph in text(&info["description"]).split("\n\n") {
        push(&mut html, &format!("<p>{}</p>", escape(paragraph)));
    }
    push(
        &mut html,
        "<p>For programs: <a href=\"/openapi.json\">the same as an OpenAPI 3.1 document</a>.</p>",
    );
    let tags = document["tags"].as_array().into_iter().flatten();
    let tags: Vec<_> = tags.map(|tag| text(&tag["name"])).collect();
    push(
        &mut html,
        "<nav aria-label=\"Parts\"><ul class=\"api__parts\">",
    );
    for tag in &tags {
        let link = format!("<li><a href=\"#{}\">{}</a></li>", anchor(tag), escape(tag));
        push(&mut html, &link);
    }
    push(&mut html, "</ul></nav>");
    for tag in tags {
        let (id, name) = (anchor(tag), escape(tag));
        let head = format!(
            "<section class=\"api\" aria-labelledby=\"{id}\"><h2 class=\"subtitle\" id=\"{id}\">{name}</h2>"
        );
        push(&mut html, &head);
        for (path, method, operation) in operations(document) {
            if operation["tags"][0] == *tag {
                push_operation(&mut html, path, method, operation);
            }
        }
        push(&mut html, "</section>");
    }
    push(
        &mut html,
        "<section class=\"api\" aria-labelledby=\"errors\"><h2 class=\"subtitle\" id=\"errors\">Errors</h2>",
    );
    push_schema(
        &mut html,
        "An error",
        &document["components"]["schemas"]["error"],
    );
    push(&mut html, "</section></main></body></html>");
    html
}

fn operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(path, item)| {
        let item = item.as_object().into_iter().flatten();
        item.map(|(method, operation)| (path.as_str(), method.as_str(), operation))
    })
}

fn push_operation(html: &mut String, path: &str, method: &str, operation: &Value) {
    let head = format!(
        "<details class=\"api__call\" id=\"{}\"><summary><code class=\"api__method\">{}</code> \
         <code>{}</code> <span class=\"quiet\">{}</span></summary>",
        escape(text(&operation["operationId"])),
        method.to_ascii_uppercase(),
        escape(path),
        escape(text(&operation["summary"])),
    );
    push(html, &head);
    if let Some(more) = operation["description"].as_str() {
        push(html, &format!("<p>{}</p>", escape(more)));
    }
    if operation["security"].as_array().is_some_and(Vec::is_empty) {
        push(html, "<p>No credentials are needed.</p>");
    }
    if let Some(parameters) = operation["parameters"].as_array() {
        push(html, "<dl class=\"api__parameters\">");
        for parameter in parameters {
            let line = format!(
                "<dt><code>{}</code> <span class=\"quiet\">{}</span></dt><dd>{}</dd>",
                escape(text(&parameter["name"])),
                escape(text(&parameter["in"])),
                escape(text(&parameter["description"])),
            );
            push(html, &line);
        }
        push(html, "</dl>");
    }
    if let Some(schema) = schema_of(&operation["requestBody"]) {
        push_schema(html, "Body", schema);
        push_example(html, &operation["requestBody"]);
    }
    let answers = operation["responses"].as_object().into_iter().flatten();
    let mut errors = Vec::new();
    for (status, answer) in answers {
        let reason = reason(status);
        match schema_of(answer).filter(|schema| schema.get("$ref").is_none()) {
            Some(schema) if status.starts_with('2') => {
                push_schema(html, &format!("{status} {reason}"), schema);
                push_example(html, answer);
            }
            _ if status.starts_with('2') => push(html, &format!("<p>{status} {reason}</p>")),
            _ => errors.push(format!("{status} {reason}")),
        }
    }
    push(
        html,
        &format!(
            "<p class=\"quiet\">Errors: {}</p></details>",
            errors.join(", ")
        ),
    );
}

/// What a status is called.
fn reason(status: &str) -> &'static str {
    let status = StatusCode::from_bytes(status.as_bytes()).ok();
    let reason = status.and_then(|status| status.canonical_reason());
    reason.unwrap_or_default()
}

/// What is said of a body or an answer, whatever its media type.
fn content_of(body: &Value) -> Option<&Value> {
    body["content"].as_object()?.values().next()
}

fn schema_of(body: &Value) -> Option<&Value> {
    content_of(body).map(|content| &content["schema"])
}

fn push_example(html: &mut String, body: &Value) {
    if let Some(example) = content_of(body).and_then(|content| content.get("example")) {
        push_block(html, "For example", example);
    }
}

/// A schema as the shape of the document it describes.
fn push_schema(html: &mut String, name: &str, schema: &Value) {
    push_block(html, name, &shape(schema));
}

fn push_block(html: &mut String, name: &str, document: &Value) {
    let text = serde_json::to_string_pretty(document).unwrap_or_default();
    let block = format!(
        "<p class=\"api__name\">{name}</p><pre class=\"api__shape\" tabindex=\"0\"><code>{}</code></pre>",
        escape(&text)
    );
    push(html, &block);
}

fn shape(schema: &Value) -> Value {
    if let Some(reference) = schema["$ref"].as_str() {
        return reference.rsplit('/').next().unwrap_or_default().into();
    }
    if let Some(constant) = schema.get("const") {
        return constant.clone();
    }
    if let Some(values) = schema["enum"].as_array() {
        let values: Vec<_> = values.iter().map(text).collect();
        return values.join(" | ").into();
    }
    match &schema["type"] {
        Value::String(kind) if kind == "object" => {
            let members = schema["properties"].as_object().into_iter().flatten();
            let required = schema["required"].as_array();
            let shown = members.map(|(name, member)| {
                let needed = required.is_some_and(|all| all.iter().any(|one| one == name));
                let name = if needed {
                    name.clone()
                } else {
                    format!("{name}?")
                };
                (name, shape(member))
            });
            shown.collect::<Map<_, _>>().into()
        }
        Value::String(kind) if kind == "array" => Value::Array(vec![shape(&schema["items"])]),
        Value::Array(kinds) => {
            let kinds: Vec<_> = kinds.iter().map(text).collect();
            kinds.join(" | ").into()
        }
        kind => match (schema["format"].as_str(), schema["pattern"].as_str()) {
            (Some(more), _) | (None, Some(more)) => format!("{} {more}", text(kind)).into(),
            _ => kind.clone(),
        },
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn anchor(tag: &str) -> String {
    tag.to_ascii_lowercase().replace(' ', "-")
}

fn push(html: &mut String, part: &str) {
    // Writing to a string cannot fail.
    let _ = write!(html, "{part}");
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_operation_is_on_the_page() {
        let document = netbackup::openapi();
        let page = page(&document);
        let mut count = 0;
        for (_, _, operation) in operations(&document) {
            let id = format!("id=\"{}\"", text(&operation["operationId"]));
            assert!(page.contains(&id), "{id}");
            count += 1;
        }
        assert!(count > 40);
        assert!(page.contains("For example"));
        for inline in ["<script", "style=", "onclick", "http://", "https://"] {
            assert!(!page.contains(inline), "{inline}");
        }
    }

    #[test]
    fn a_shape_is_the_document_s() {
        let schema = json!({"type": "object", "required": ["a"], "properties": {
            "a": {"type": "array", "items": {"type": "string", "format": "date-time"}},
            "b": {"type": ["string", "null"]}, "c": {"const": "x"},
        }});
        assert_eq!(
            shape(&schema),
            json!({"a": ["string date-time"], "b?": "string | null", "c?": "x"})
        );
    }
}
