//! What a start costs: time until the server is ready, and memory after it.

use crate::{server, site, start::Start};
use anyhow::Result;

const STARTS: usize = 5;

/// Starts the release build several times on an empty data directory, and prints the median.
pub(crate) fn run() -> Result<()> {
    let program = server::release(&site::build()?)?;
    let mut times = Vec::new();
    let mut memory = Vec::new();
    for _ in 0..STARTS {
        let start = Start::on_an_empty_folder(&program)?;
        times.push(start.until_ready()?);
        memory.push(start.resident_megabytes()?);
    }
    times.sort_unstable();
    memory.sort_unstable_by(f64::total_cmp);
    println!(
        "ready after {} ms, {:.1} MB resident (medians of {STARTS} starts)",
        times[STARTS / 2].as_millis(),
        memory[STARTS / 2],
    );
    Ok(())
}
