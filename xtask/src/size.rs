//! What a browser has to load before the application is alive.

use crate::site::Site;
use anyhow::{Context as _, Result, ensure};
use std::fs;

/// The most bytes of WebAssembly, compressed with brotli, that the first load may take.
const LIMIT: u64 = 170_000;

const FIRST_LOAD: [(&str, &str); 3] = [
    ("wasm", "latchkey_bg.wasm"),
    ("js", "latchkey.js"),
    ("css", "latchkey.css"),
];

/// Prints the sizes of the first load; too much WebAssembly is an error.
pub(crate) fn check(site: &Site) -> Result<()> {
    let mut total = [0; 3];
    let mut wasm = 0;
    for (kind, file) in FIRST_LOAD {
        let sizes = [
            length(site, &format!("{file}.br"))?,
            length(site, &format!("{file}.gz"))?,
            length(site, file)?,
        ];
        print(kind, sizes);
        if kind == "wasm" {
            wasm = sizes[0];
        }
        for (sum, size) in total.iter_mut().zip(sizes) {
            *sum += size;
        }
    }
    print("total", total);
    ensure!(
        wasm <= LIMIT,
        "the first load takes {wasm} bytes of WebAssembly; the limit is {LIMIT}"
    );
    Ok(())
}

fn print(kind: &str, [brotli, gzip, raw]: [u64; 3]) {
    let (brotli, gzip, raw) = (kilobytes(brotli), kilobytes(gzip), kilobytes(raw));
    println!("{kind:<6} brotli {brotli:>7} kB   gzip {gzip:>7} kB   raw {raw:>7} kB");
}

/// With one decimal, rounded up: a limit is not met by rounding.
fn kilobytes(bytes: u64) -> String {
    let tenths = bytes.div_ceil(100);
    format!("{}.{}", tenths / 10, tenths % 10)
}

fn length(site: &Site, file: &str) -> Result<u64> {
    let path = site.package().join(file);
    let metadata = fs::metadata(&path).with_context(|| format!("no {}", path.display()))?;
    Ok(metadata.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kilobytes_have_one_decimal_and_round_up() {
        assert_eq!(kilobytes(0), "0.0");
        assert_eq!(kilobytes(160_000), "160.0");
        assert_eq!(kilobytes(160_001), "160.1");
    }
}
