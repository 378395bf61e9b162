//! `latchkey role …`.

use serde_json::{Value, json};

use super::{PASSWORD, done, run, told};

#[test]
fn roles_are_made_shown_edited_given_and_deleted() {
    let data = tempfile::tempdir().unwrap();
    let path = data.path();
    let add = [
        "role",
        "add",
        "Key viewer",
        "--description",
        "Sees keys",
        "--grant",
        "audit:view",
        "--grant",
        "api-keys:view",
    ];
    assert_eq!(
        done(path, &add, ""),
        "name\tKey viewer\nkind\tcustom\ndescription\tSees keys\ngrants\tapi-keys:view, audit:view\n"
    );
    let json = |arguments: &[&str]| -> Value {
        let arguments = [&["role"], arguments, &["--output", "json"]].concat();
        serde_json::from_str(&done(path, &arguments, "")).unwrap()
    };
    let mut expected = json!({
        "id": 1000,
        "name": "Key viewer",
        "description": "Sees keys",
        "builtIn": false,
        "grants": ["api-keys:view", "audit:view"],
    });
    assert_eq!(json(&["show", "Key viewer"]), expected);

    // What is not named stays; grants are replaced as a whole.
    expected["description"] = json!("");
    assert_eq!(json(&["edit", "Key viewer", "--description", ""]), expected);
    expected["grants"] = json!(["users:view"]);
    assert_eq!(
        json(&["edit", "Key viewer", "--grant", "users:view"]),
        expected
    );
    expected["name"] = json!("Viewer");
    assert_eq!(json(&["edit", "Key viewer", "--name", "Viewer"]), expected);
    expected["grants"] = json!([]);
    assert_eq!(json(&["edit", "Viewer", "--no-grants"]), expected);

    let all = json(&["list"]);
    assert_eq!(all.as_array().unwrap().len(), 5);
    assert_eq!(all[4], expected);
    assert_eq!(
        (&all[0]["name"], &all[0]["builtIn"]),
        (&json!("Administrator"), &json!(true))
    );
    let table = done(path, &["role", "list"], "");
    let lines: Vec<_> = table.lines().collect();
    assert_eq!(
        lines[2],
        "Default Multi-Person Authorization Approver\tbuilt-in\ttickets:view, tickets:update"
    );
    assert_eq!(lines[4], "Viewer\tcustom\t");

    let bob = ["user", "add", "bob", "--role", "Viewer", "--password-stdin"];
    done(path, &bob, PASSWORD);
    let held = run(path, &["role", "delete", "Viewer"], "");
    let message = "latchkey: The role is still given to somebody. Take it away first.\n";
    assert_eq!(told(&held), (Some(1), message.to_owned()));
    done(path, &["user", "role", "bob", "--take", "Viewer"], "");
    assert_eq!(done(path, &["role", "delete", "Viewer"], ""), "");
    assert_eq!(json(&["list"]).as_array().unwrap().len(), 4);
    assert!(done(path, &["audit", "verify"], "").ends_with("The audit trail is whole.\n"));
}

#[test]
fn refused_roles_are_told_in_the_words_of_the_command_line() {
    let data = tempfile::tempdir().unwrap();
    let path = data.path();
    done(path, &["role", "add", "Viewer"], "");
    let long = "a".repeat(257);
    for (arguments, message) in [
        (&["show", "Boss"][..], "NAME: There is none of that name."),
        (
            &["edit", "Boss", "--no-grants"],
            "NAME: There is none of that name.",
        ),
        (&["delete", "viewer"], "NAME: There is none of that name."),
        (
            &["add", "Viewer"],
            "NAME: There is one of that name already.",
        ),
        (&["add", " "], "NAME: A value is needed."),
        (
            &["add", "x", "--description", &long],
            "--description: At most 256 characters are allowed.",
        ),
        (
            &["edit", "Viewer", "--name", "Administrator"],
            "--name: There is one of that name already.",
        ),
        (
            &["edit", "Administrator", "--no-grants"],
            "This is system-defined and cannot be changed.",
        ),
        (
            &["delete", "API Key Self-Service"],
            "This is system-defined and cannot be changed.",
        ),
    ] {
        let output = run(path, &[&["role"], arguments].concat(), "");
        assert_eq!(
            told(&output),
            (Some(1), format!("latchkey: {message}\n")),
            "{arguments:?}"
        );
        assert!(output.stdout.is_empty());
    }
    for wrong in [
        &["add", "x", "--grant", "keys:view"][..],
        &["add", "x", "--output", "xml"],
        &["edit", "Viewer", "--no-grants", "--grant", "audit:view"],
    ] {
        let output = run(path, &[&["role"], wrong].concat(), "");
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
    }
    assert_eq!(done(path, &["role", "list"], "").lines().count(), 5);
}
