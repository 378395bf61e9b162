//! Records and keys as they leave: JSON lines, or CSV that no spreadsheet takes for formulas.

use std::io::{self, Write};

use clap::ValueEnum;
use serde::Serialize;

/// The form of the records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// One JSON object a line
    Jsonl,
    /// Comma-separated values with a header (RFC 4180)
    Csv,
}

impl Format {
    /// Writes what stands before the first record.
    pub(crate) fn begin(self, out: &mut impl Write, columns: &[&str]) -> io::Result<()> {
        match self {
            Self::Jsonl => Ok(()),
            Self::Csv => write!(out, "{}\r\n", columns.join(",")),
        }
    }

    /// Writes a record whose fields have the columns' names.
    pub(crate) fn write(
        self,
        out: &mut impl Write,
        columns: &[&str],
        record: &impl Serialize,
    ) -> io::Result<()> {
        match self {
            Self::Jsonl => {
                serde_json::to_writer(&mut *out, record)?;
                writeln!(out)
            }
            Self::Csv => csv(out, columns, record),
        }
    }
}

/// The columns of [`service::audit::ExportedRecord`].
pub(crate) const RECORD_COLUMNS: [&str; 19] = [
    "chain",
    "id",
    "recordedAt",
    "action",
    "category",
    "operation",
    "outcome",
    "actor",
    "via",
    "address",
    "object",
    "stateBefore",
    "stateAfter",
    "cause",
    "reason",
    "clientId",
    "requestId",
    "previousHash",
    "hash",
];

fn csv(out: &mut impl Write, columns: &[&str], record: &impl Serialize) -> io::Result<()> {
    let record = serde_json::to_value(record)?;
    let fields: Vec<_> = columns
        .iter()
        .map(|column| match &record[*column] {
            serde_json::Value::String(text) => quoted(text),
            serde_json::Value::Null => String::new(),
            number => number.to_string(),
        })
        .collect();
    write!(out, "{}\r\n", fields.join(","))
}

/// A CSV field. A text that a spreadsheet would take for a formula is kept from being one (A8).
fn quoted(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        "'"
    } else {
        ""
    };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A8.
    #[test]
    fn a_field_is_quoted_and_never_a_formula() {
        for (text, field) in [
            ("a", "\"a\""),
            ("a,b\n", "\"a,b\n\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("=cmd|' /C calc'!A0", "\"'=cmd|' /C calc'!A0\""),
            ("+1", "\"'+1\""),
            ("-1", "\"'-1\""),
            ("@x", "\"'@x\""),
            ("\tx", "\"'\tx\""),
            ("\rx", "\"'\rx\""),
        ] {
            assert_eq!(quoted(text), field);
        }
    }
}
