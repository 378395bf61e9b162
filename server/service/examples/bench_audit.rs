//! How long checking 100,000 audit records takes, on either database: `cargo xtask bench audit`.

#![expect(clippy::print_stdout, reason = "it reports to the terminal")]

use std::time::Instant;

use domain::error::Error;
use service::{Actor, testing::Harness};

const RECORDS: u64 = 100_000;

#[tokio::main]
async fn main() -> Result<(), Error> {
    measure("SQLite", Harness::sqlite().await).await?;
    measure("PostgreSQL", Harness::postgres().await).await
}

async fn measure(database: &str, harness: Harness) -> Result<(), Error> {
    harness.fill_audit(RECORDS).await;
    let services = harness.reopened().await;
    let begun = Instant::now();
    let report = services.check_audit(&Actor::console()).await?;
    let seconds = begun.elapsed().as_secs_f64();
    assert_eq!((report.records, report.findings), (RECORDS, Vec::new()));
    println!("{database:<10} {RECORDS} audit records checked in {seconds:.2} s");
    Ok(())
}
