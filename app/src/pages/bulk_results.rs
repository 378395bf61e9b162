//! What became of each of many keys: on the page the latest, in a file all.

use domain::{
    error::{Conflict, Error},
    ticket::TicketId,
};
use leptos::prelude::*;

use super::bulk_work::Kind;
use crate::{
    browser, format,
    place::TICKETS,
    rpc::StepResult,
    ui::{IntoWhole, words},
};

/// The most results that a list on the page has.
const MAX_LISTED: usize = 100;

/// The file's name.
const FILE: &str = "latchkey-results.csv";

/// What became of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Became {
    /// It was done.
    Done,
    /// It was left as it is: it lasts longer already.
    Kept,
    /// Approval was asked for.
    Requested(TicketId),
    /// It was refused, and why.
    Refused(String),
}

impl Became {
    /// What an answer says. `again`: the key was sent before, and that answer was lost; it may have
    /// been done then.
    pub fn of(result: StepResult, kind: Kind, again: bool) -> Self {
        match (result.refusal, result.ticket) {
            (None, None) if result.kept => Self::Kept,
            (None, None) => Self::Done,
            (None, Some(ticket)) => Self::Requested(ticket),
            (Some(fault), _) => match fault.error {
                Error::NotFound if again && kind == Kind::Delete => Self::Done,
                Error::Conflict(Conflict::TicketWaits(ticket)) if again => Self::Requested(ticket),
                _ => Self::Refused(words::sentence(&fault)),
            },
        }
    }

    /// In words.
    fn said(&self, kind: Kind) -> String {
        match self {
            Self::Done => kind.done().to_owned(),
            Self::Kept => "left as it lasts longer".to_owned(),
            Self::Requested(ticket) => format!("requested: ticket {ticket}"),
            Self::Refused(why) => format!("refused: {why}"),
        }
    }
}

/// What became of keys, in their order.
pub type Results = Vec<(String, Became)>;

/// The lists: what was asked for, what was refused, and, folded away, everything.
pub fn results(all: StoredValue<Results>, kind: Kind, open: RwSignal<bool>) -> AnyView {
    let some = |wanted: fn(&Became) -> bool| {
        all.with_value(|all| {
            let found = all.iter().filter(|(_, became)| wanted(became));
            found.take(MAX_LISTED).cloned().collect::<Results>()
        })
    };
    let requests = some(|became| matches!(became, Became::Requested(_)));
    let refusals = some(|became| matches!(became, Became::Refused(_)));
    view! {
        {listed("Requests for approval", requests)}
        {listed("Refused", refusals)}
        {(all.with_value(Vec::len) > 0).then(|| everything(all, kind, open))}
    }
    .whole()
}

/// Keys, and what is said of each. Nothing of none.
fn listed(what: &'static str, keys: Results) -> Option<AnyView> {
    let row = |(tag, became): (String, Became)| {
        let said = match became {
            Became::Requested(ticket) => view! {
                <a class="way" href=format!("{TICKETS}/{ticket}")>
                    {format!("ticket {ticket}")}
                </a>
            }
            .whole(),
            Became::Refused(why) => why.whole(),
            Became::Done | Became::Kept => ().whole(),
        };
        view! {
            <li>
                <code>{tag}</code>
                " "
                {said}
            </li>
        }
    };
    (!keys.is_empty()).then(|| {
        view! {
            <details open=true>
                <summary>{what}</summary>
                <ul>{keys.into_iter().map(row).collect_view()}</ul>
            </details>
        }
        .whole()
    })
}

fn everything(all: StoredValue<Results>, kind: Kind, open: RwSignal<bool>) -> AnyView {
    let number = all.with_value(Vec::len);
    let save = move |_| browser::save_file(FILE, &all.with_value(|all| file(all, kind)));
    let list = move || {
        let latest = all.with_value(|all| {
            let latest = all.iter().rev().take(MAX_LISTED);
            let rows = latest.map(|(tag, became)| (tag.clone(), became.said(kind)));
            rows.collect::<Vec<_>>()
        });
        let more = number > latest.len();
        let row = |(tag, said): (String, String)| {
            view! {
                <tr>
                    <td>
                        <code>{tag}</code>
                    </td>
                    <td>{said}</td>
                </tr>
            }
        };
        view! {
            {more
                .then(|| {
                    let latest = format!("The latest {MAX_LISTED}; the file has them all.");
                    view! { <p class="quiet">{latest}</p> }
                })}
            <table class="bulk__results">
                <caption class="visually-hidden">"Each key's result"</caption>
                <tbody>{latest.into_iter().map(row).collect_view()}</tbody>
            </table>
        }
    };
    let shown = move || open.get().then(list);
    let label = format!("Save all as a file: {}", format::thousands(number as u64));
    view! {
        <details on:toggle:target=move |event| open.set(event.target().has_attribute("open"))>
            <summary>"Each key's result"</summary>
            <p>
                <button type="button" class="button button--small" on:click=save>
                    {label}
                </button>
            </p>
            {shown}
        </details>
    }
    .whole()
}

/// The file: a line for each key (RFC 4180). No cell can be a formula: tags and words of ours.
fn file(all: &[(String, Became)], kind: Kind) -> String {
    let line = |(tag, became): &(String, Became)| {
        let (result, ticket, reason) = match became {
            Became::Done => (kind.done(), String::new(), ""),
            Became::Kept => ("kept", String::new(), ""),
            Became::Requested(ticket) => ("requested", ticket.to_string(), ""),
            Became::Refused(why) => ("refused", String::new(), &**why),
        };
        let reason = reason.replace('"', "\"\"");
        format!("{tag},{result},{ticket},\"{reason}\"")
    };
    let mut lines = vec!["tag,result,ticket,reason".to_owned()];
    lines.extend(all.iter().map(line));
    lines.push(String::new());
    lines.join("\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_has_a_line_for_each_key() {
        let all = [
            ("lky_AAECAwQ=", Became::Done),
            ("lky_AAECAwU=", Became::Kept),
            ("lky_AAECAwY=", Became::Requested(TicketId(12))),
            (
                "lky_AAECAwc=",
                Became::Refused("Not \"now\", later.".to_owned()),
            ),
        ]
        .map(|(tag, became)| (tag.to_owned(), became));
        assert_eq!(
            file(&all, Kind::Extend),
            "tag,result,ticket,reason\r\n\
             lky_AAECAwQ=,extended,,\"\"\r\n\
             lky_AAECAwU=,kept,,\"\"\r\n\
             lky_AAECAwY=,requested,12,\"\"\r\n\
             lky_AAECAwc=,refused,,\"Not \"\"now\"\", later.\"\r\n"
        );
    }
}
