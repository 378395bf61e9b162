//! What a check of the audit trail found, in words and in an address.

use leptos::prelude::*;

use super::{IntoWhole, Notice, Tone, address};
use crate::{
    format,
    query::{Query, use_query},
    rpc::{Checked, Found, Trouble},
};

/// The address of the page that tells of a check.
pub fn checked_address(checked: &Checked) -> String {
    let [chains, records, checkpoints, findings] = [
        checked.chains,
        checked.records,
        checked.checkpoints,
        checked.findings.len() as u64,
    ]
    .map(|number| number.to_string());
    let first = checked.findings.first();
    let word = first.map_or("whole", |found| {
        let words = Trouble::WORDS.into_iter();
        let mut words = words.filter(|(_, trouble)| *trouble == found.trouble);
        words.next().map_or("", |(word, _)| word)
    });
    let number = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
    address(
        "/security/audit",
        &[
            ("checked", word),
            ("chains", &chains),
            ("records", &records),
            ("checkpoints", &checkpoints),
            ("findings", &findings),
            ("chain", &number(first.map(|found| found.chain))),
            ("record", &number(first.and_then(|found| found.record))),
        ],
    )
}

/// Reads [`checked_address`]: a word that is known, and numbers. Only the first finding is told.
fn from_address(query: &Query) -> Option<(Checked, u64)> {
    let number = |name| query.get_str(name)?.parse::<u64>().ok();
    let place = |name| query.get_str(name)?.parse::<i64>().ok();
    let word = query.get_str("checked")?;
    let trouble = Trouble::WORDS.into_iter().find(|(known, _)| *known == word);
    let findings = match (word, trouble) {
        ("whole", _) => Vec::new(),
        (_, Some((_, trouble))) => vec![Found {
            chain: place("chain")?,
            record: place("record"),
            trouble,
        }],
        _ => return None,
    };
    let checked = Checked {
        chains: number("chains")?,
        records: number("records")?,
        checkpoints: number("checkpoints")?,
        findings,
    };
    Some((checked, number("findings")?))
}

/// What a check found.
///
/// Without JavaScript: the same, from the address.
#[component]
pub fn CheckNotice(
    /// What was found just now, with JavaScript.
    checked: RwSignal<Option<Checked>>,
) -> AnyView {
    let query = use_query();
    (move || {
        // The address changes also when the page is left, and what it owned is gone then.
        let told = checked.try_get().flatten().map(|checked| {
            let findings = checked.findings.len() as u64;
            (checked, findings)
        });
        let (checked, findings) = told.or_else(|| from_address(&query.get()))?;
        let tone = if checked.findings.is_empty() {
            Tone::Good
        } else {
            Tone::Bad
        };
        Some(view! { <Notice tone text=sentence(&checked, findings) /> })
    })
    .whole()
}

fn sentence(checked: &Checked, findings: u64) -> String {
    let count = format::count;
    let read = format!(
        "{} in {}, {}",
        count(checked.records, "record", "records"),
        count(checked.chains, "chain", "chains"),
        count(checked.checkpoints, "checkpoint", "checkpoints"),
    );
    let Some(first) = checked.findings.first() else {
        return format!("The audit trail is whole: {read}.");
    };
    let place = match first.record {
        Some(record) => format!("record {record} of chain {}", first.chain),
        None => format!("chain {}", first.chain),
    };
    let others = match findings {
        0 | 1 => String::new(),
        findings => format!(
            " {} broken, too.",
            count(findings - 1, "other chain is", "other chains are")
        ),
    };
    format!(
        "The audit trail was tampered with: {place} {}.{others} Read: {read}. Keep the database as it is, and compare it with your copies.",
        told(first.trouble)
    )
}

const fn told(trouble: Trouble) -> &'static str {
    match trouble {
        Trouble::Missing => "is missing",
        Trouble::Changed => "was changed, or moved from another place",
        Trouble::Beyond => "stands beyond the head of the chain",
        Trouble::Head => "has a head that was changed",
        Trouble::Checkpoint => "is not the one that a signed checkpoint vouches for",
        Trouble::ChainMissing => "is missing, though a signed checkpoint vouches for it",
        Trouble::CheckpointSignature => "has a checkpoint whose signature is not valid",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(findings: Vec<Found>) -> Checked {
        Checked {
            chains: 1,
            records: 7,
            checkpoints: 2,
            findings,
        }
    }

    fn query(address: &str) -> Query {
        Query::parse(address.split_once('?').unwrap().1)
    }

    #[test]
    fn what_an_address_tells_is_what_was_found() {
        for (_, trouble) in Trouble::WORDS {
            for record in [None, Some(3)] {
                let found = Found {
                    chain: 1,
                    record,
                    trouble,
                };
                let broken = checked(vec![found]);
                let told = from_address(&query(&checked_address(&broken)));
                assert_eq!(told, Some((broken, 1)));
            }
        }
        let whole = checked(Vec::new());
        let told = from_address(&query(&checked_address(&whole)));
        assert_eq!(told, Some((whole, 0)));
    }

    /// W2: an address chooses among sentences, it brings none.
    #[test]
    fn an_address_that_tells_of_no_check_tells_nothing() {
        for address in [
            "/?checked=call+0900",
            "/?checked=whole",
            "/?checked=whole&chains=x&records=1&checkpoints=1&findings=0",
            "/?checked=missing&chains=1&records=1&checkpoints=1&findings=1",
        ] {
            assert_eq!(from_address(&query(address)), None, "{address}");
        }
    }

    #[test]
    fn a_check_is_told_in_words() {
        assert_eq!(
            sentence(&checked(Vec::new()), 0),
            "The audit trail is whole: 7 records in 1 chain, 2 checkpoints."
        );
        let found = Found {
            chain: 2,
            record: Some(5),
            trouble: Trouble::Changed,
        };
        let told = sentence(&checked(vec![found]), 3);
        assert!(told.contains("record 5 of chain 2 was changed"), "{told}");
        assert!(told.contains("2 other chains are broken"), "{told}");
    }
}
