//! Looks for input that breaks the parsers, led by coverage.

use crate::{process, tools, workspace};
use anyhow::Result;

/// What may be sent at most, in bytes: above it the door refuses unread.
const LONGEST: u32 = 384 * 1024;

/// Runs the fuzzer on SAML responses and metadata for so long.
pub(crate) fn run(seconds: u32) -> Result<()> {
    if tools::find(&["cargo-fuzz"]).is_none() {
        process::run(process::cargo("install").args(["cargo-fuzz", "--locked"]))?;
    }
    let mut cargo = process::cargo("fuzz");
    // Without checks for overflow, as it is shipped: saml-rs has one that only they see (Cargo.toml).
    cargo.args(["run", "--release", "saml_response", "--"]);
    cargo.arg(format!("-max_total_time={seconds}"));
    cargo.arg(format!("-max_len={LONGEST}"));
    // One input takes no longer than so many seconds, and the whole program no more memory.
    cargo.args(["-timeout=5", "-rss_limit_mb=1024", "-print_final_stats=1"]);
    cargo.current_dir(workspace::root().join("server/service"));
    // The sanitizer's flags are not stable; the toolchain is.
    process::run(cargo.env("RUSTC_BOOTSTRAP", "1"))
}
