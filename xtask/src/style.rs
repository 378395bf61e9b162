//! The style sheet: Sass to one compressed file.

use crate::workspace;
use anyhow::{Context as _, Result};
use grass::{Options, OutputStyle};

/// Compiles `style/main.scss`.
pub(crate) fn build() -> Result<String> {
    let main = workspace::root().join("style/main.scss");
    let options = Options::default().style(OutputStyle::Compressed);
    grass::from_path(&main, &options).with_context(|| format!("cannot compile {}", main.display()))
}
