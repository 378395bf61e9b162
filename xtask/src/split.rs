//! Splitting the WebAssembly: the administrators' pages into a file of their own.

use crate::files;
use anyhow::{Context as _, Result, anyhow, bail};
use std::{
    fs,
    path::{Path, PathBuf},
};
use wasm_split_cli_support::{Options, transform};

/// The module that loads the parts.
const LOADER: &str = "./parts.js";
/// What a custom section begins with (WebAssembly core specification, binary format, modules).
const CUSTOM: u8 = 0;
/// Magic number and version.
const HEADER: usize = 8;

/// What splitting leaves.
pub(crate) struct Parts {
    /// The part that is loaded first, for wasm-bindgen to go on with.
    pub(crate) main: Vec<u8>,
    /// The others, and their loader, as they stand beside it.
    pub(crate) beside: files::Files,
}

/// Splits a program where its functions say so. `folder` is for files on the way.
pub(crate) fn split(raw: &[u8], folder: &Path) -> Result<Parts> {
    if folder.exists() {
        fs::remove_dir_all(folder).context("cannot remove the last parts")?;
    }
    let main = folder.join("main.wasm");
    let mut options = Options::new(raw);
    options.output_dir = folder;
    options.main_out_path = &main;
    options.main_module = "./latchkey.js";
    options.link_name = LOADER;
    transform(options).map_err(|error| anyhow!("cannot split the application: {error:#}"))?;
    let mut beside = files::read(folder)?;
    let main = beside
        .remove(&PathBuf::from("main.wasm"))
        .context("splitting left no main file")?;
    for (path, contents) in &mut beside {
        if path.extension().is_some_and(|ending| ending == "wasm") {
            *contents = without_custom_sections(contents)
                .with_context(|| format!("{} is no WebAssembly", path.display()))?;
        }
    }
    Ok(Parts { main, beside })
}

/// Names and relocations are half of a part, and no browser needs them.
fn without_custom_sections(module: &[u8]) -> Result<Vec<u8>> {
    let (header, mut rest) = module.split_at_checked(HEADER).context("it is too short")?;
    let mut kept = header.to_vec();
    while let Some(&kind) = rest.first() {
        let (length, digits) = leb128(&rest[1..])?;
        let end = 1 + digits + length;
        let (section, others) = rest.split_at_checked(end).context("a section is cut off")?;
        if kind != CUSTOM {
            kept.extend_from_slice(section);
        }
        rest = others;
    }
    Ok(kept)
}

/// An unsigned 32-bit number, and how many bytes it takes.
fn leb128(bytes: &[u8]) -> Result<(usize, usize)> {
    let mut number = 0;
    for (place, byte) in bytes.iter().take(5).enumerate() {
        number |= usize::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Ok((number, place + 1));
        }
    }
    bail!("a section has no length")
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &[u8] = b"\0asm\x01\0\0\0";

    #[test]
    fn custom_sections_go_and_others_stay() {
        let type_section = [1, 4, 1, 0x60, 0, 0];
        let mut long = vec![0, 0x81, 0x01];
        long.extend([7; 129]);
        let module = [EMPTY, &[0, 3, 1, b'a', 9], &type_section, &long].concat();
        assert_eq!(
            without_custom_sections(&module).unwrap(),
            [EMPTY, &type_section].concat()
        );
        assert_eq!(without_custom_sections(EMPTY).unwrap(), EMPTY);
    }

    #[test]
    fn what_is_cut_off_is_an_error() {
        for module in [
            &EMPTY[..7],
            &[EMPTY, &[1, 4, 1]].concat(),
            &[EMPTY, &[1, 0x80]].concat(),
        ] {
            assert!(without_custom_sections(module).is_err());
        }
    }
}
