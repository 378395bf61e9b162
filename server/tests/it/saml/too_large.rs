//! S15: what is too large is refused before it costs anything.

use std::{fs, process::Command};

use super::{Stage, stage::CONSUMER};

/// The most that a message may cost beyond itself, in bytes.
const MOST: u64 = 16 * 1024 * 1024;
const LARGE: usize = 10 * 1024 * 1024;
/// Set in the child, which is alone in its process.
const ALONE: &str = "LATCHKEY_TEST_ALONE";

/// A field of what the kernel knows about this process's memory, in bytes (proc(5)).
fn memory(field: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(field)).unwrap();
    let number = line.split_ascii_whitespace().nth(1).unwrap();
    number.parse::<u64>().unwrap() * 1024
}

/// Runs it, says how long it took, and sees that memory did not grow on the way.
#[expect(clippy::print_stdout, reason = "figures for whoever wants to see them")]
async fn cheap<T>(what: &str, work: impl Future<Output = T>) -> T {
    // The peak is counted from here.
    fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = memory("VmRSS:");
    let started = std::time::Instant::now();
    let done = work.await;
    let (took, cost) = (started.elapsed(), memory("VmHWM:").saturating_sub(before));
    println!("{what}: {} ms, {} kB", took.as_millis(), cost / 1024);
    assert!(cost < MOST, "{what}: {cost} bytes");
    done
}

/// In a process of its own, for whatever else runs in this one needs memory, too.
#[test]
fn s15_what_is_too_large_is_refused_at_once() {
    let child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "saml::too_large::child",
            "--ignored",
            "--nocapture",
        ])
        .env(ALONE, "yes")
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&child.stdout);
    assert!(
        child.status.success(),
        "{told}{}",
        String::from_utf8_lossy(&child.stderr)
    );
    assert!(told.contains("1 passed"), "{told}");
    println!("{told}");
}

#[tokio::test]
#[ignore = "runs in a process of its own, by the test above"]
async fn child() {
    // Whoever runs ignored tests by themselves does not measure anything.
    let alone = std::env::var(ALONE).is_ok();
    assert!(alone, "only as a child");
    let stage = Stage::sqlite().await;
    let browser = stage.begin().await;
    let relay = browser.asked.relay_state.as_deref();
    // What is made at the first message is no message's cost.
    stage.post("<a/>", relay).await;

    let large = "A".repeat(LARGE);
    let headers = [super::stage::FORM];
    let client = stage.app.anonymous();
    let body = format!("SAMLResponse={large}");
    let sent = client.send(http::Method::POST, CONSUMER, &headers, body);
    let answer = cheap("a response of 10 MB", sent).await;
    assert_eq!(answer.status, 413);
    assert_eq!(stage.app.rows("session").await, 0);
    // Deep, wide, and long within the limit of the form.
    for (what, xml) in [
        ("a deep one", "<a>".repeat(50_000)),
        ("a wide one", format!("<a>{}</a>", "<b/>".repeat(60_000))),
        (
            "a long attribute",
            format!("<a x=\"{}\"/>", "y".repeat(300_000)),
        ),
    ] {
        let answer = cheap(what, stage.post(&xml, relay)).await;
        assert_eq!(answer.status, 403);
    }
    // Some 10 MB in some 10 kB, for the only address that inflates.
    let bomb = deflated(&vec![b' '; LARGE]);
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("SAMLRequest", &bomb)
        .finish();
    assert!(query.len() < 32 * 1024, "{}", query.len());
    let address = format!("/netbackup/sso/saml2/slo?{query}");
    let answer = cheap("a deflate bomb", client.get(&address)).await;
    assert_eq!(answer.status, 403);
    let told = stage.app.latest_record("cause").await.unwrap();
    assert!(told.contains("larger"), "{told}");
}

fn deflated(bytes: &[u8]) -> String {
    use std::io::Write as _;

    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    base64::Engine::encode(&base64::prelude::BASE64_STANDARD, encoder.finish().unwrap())
}
