//! Measuring memory: in a process of its own, for whatever else runs in this one needs memory, too.

use std::{fs, process::Command};

/// Set in the child, which is alone in its process.
const ALONE: &str = "LATCHKEY_TEST_ALONE";

/// Runs an ignored test in a process of its own, and shows what it told.
#[expect(clippy::print_stdout, reason = "figures for whoever wants to see them")]
pub(super) fn alone(test: &str) {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture"])
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

/// Whoever runs ignored tests by themselves does not measure anything.
pub(super) fn assert_alone() {
    let alone = std::env::var(ALONE).is_ok();
    assert!(alone, "only as a child");
}

/// What this process has in memory, in bytes.
pub(super) fn present() -> u64 {
    memory("VmRSS:")
}

/// The most that it had since [`count_from_here`], in bytes.
pub(super) fn peak() -> u64 {
    memory("VmHWM:")
}

/// Forgets the peak so far.
pub(super) fn count_from_here() {
    fs::write("/proc/self/clear_refs", "5").unwrap();
}

/// A field of what the kernel knows about this process's memory, in bytes (proc(5)).
fn memory(field: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(field)).unwrap();
    let number = line.split_ascii_whitespace().nth(1).unwrap();
    number.parse::<u64>().unwrap() * 1024
}
