//! `latchkey key reissue --to-file`: unattended rotation.

use std::{fs, os::unix::fs::MetadataExt, path::Path, process::Stdio, thread, time::Duration};

use super::{Stage, tag};

/// Unattended rotation: whatever happens half-way, the next run ends with a key that works.
#[test]
fn a_key_in_a_file_is_rotated_and_nothing_is_lost_half_way() {
    let stage = Stage::new();
    stage.sign_in();
    let create = ["key", "create", "--days", "30", "--to-file", "key"];
    let made = stage.json(&[], &create, "");
    assert_eq!(made.get("apiKey"), None);
    fs::remove_dir_all(stage.home.path().join(".local")).unwrap();
    let file = stage.home.path().join("key");
    assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);

    let variables = [
        ("LATCHKEY_CACERT", "root.pem"),
        ("LATCHKEY_SERVER", stage.url()),
        ("LATCHKEY_API_KEY", "@key"),
    ];
    let rotate = ["key", "reissue", "--to-file", "key"];
    let first = stage.read("key");
    let second = stage.json(&variables, &rotate, "");
    assert_ne!(tag(&second), tag(&made));
    assert!(stage.verifies(&stage.read("key")));
    // Whoever has not read the file again yet can go on for an hour.
    assert!(stage.verifies(&first));
    let shown = stage.json(&variables, &["key", "show"], "");
    assert_eq!(tag(&shown), tag(&second));
    assert_eq!(
        shown["expiryDateTime"].as_str().unwrap()[..10],
        made["expiryDateTime"].as_str().unwrap()[..10]
    );

    // The answer was lost: the file has a key that is about to end, and nobody knows the new one.
    fs::write(&file, &first).unwrap();
    let third = stage.json(&variables, &rotate, "");
    assert!(![tag(&made), tag(&second)].contains(&tag(&third)));
    assert!(stage.verifies(&stage.read("key")));

    // Killed before the value took the place: the next run only ends that one's work.
    let value = stage.read("key");
    fs::write(stage.home.path().join("key.latchkey-new"), &value).unwrap();
    fs::write(&file, "").unwrap();
    let taken_over = stage.json(&variables[..2], &rotate, "");
    assert_eq!(tag(&taken_over), tag(&third));
    assert_eq!(stage.read("key"), value);
    assert!(!stage.home.path().join("key.latchkey-new").exists());

    // What an earlier run left is no key any more: it is replaced.
    fs::write(stage.home.path().join("key.latchkey-new"), &first).unwrap();
    let fourth = stage.json(&variables, &rotate, "");
    assert_ne!(tag(&fourth), tag(&third));
    assert!(stage.verifies(&stage.read("key")));

    // A file that cannot be written is told before the server is asked.
    let (code, message) = stage.fails(&variables, &["key", "reissue", "--to-file", "none/key"]);
    assert!(
        code == 1 && message.starts_with("latchkey: cannot write none/key.latchkey-new: "),
        "{message}"
    );
    assert_eq!(
        tag(&stage.json(&variables, &["key", "show"], "")),
        tag(&fourth)
    );
    assert_eq!(files(stage.home.path()), ["key", "root.pem"]);

    let all = stage.json(&variables, &["verify"], "");
    assert_eq!(tag(&all), tag(&fourth));
    // K14.
    let log = fs::read_to_string(stage.data.path().join("log")).unwrap();
    assert!(!log.contains(value.trim()));
    stage.server.kill();
}

/// The same with a real kill, at times in between.
#[test]
fn a_rotation_that_is_killed_leaves_what_the_next_one_needs() {
    let stage = Stage::new();
    stage.sign_in();
    let create = ["key", "create", "--days", "30", "--to-file", "key"];
    stage.json(&[], &create, "");
    let variables = [
        ("LATCHKEY_CACERT", "root.pem"),
        ("LATCHKEY_SERVER", stage.url()),
        ("LATCHKEY_API_KEY", "@key"),
    ];
    let rotate = ["key", "reissue", "--to-file", "key"];
    for milliseconds in (0..180).step_by(15) {
        let mut killed = stage
            .command(&variables, &rotate)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        thread::sleep(Duration::from_millis(milliseconds));
        killed.kill().unwrap();
        killed.wait().unwrap();
        stage.json(&variables, &rotate, "");
        assert!(stage.verifies(&stage.read("key")), "{milliseconds} ms");
        let own = files(stage.home.path());
        assert_eq!(own, [".local", "key", "root.pem"], "{milliseconds} ms");
    }
    stage.server.kill();
}

fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
