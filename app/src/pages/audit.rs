//! `/security/audit`

use domain::audit::Action;
use leptos::{prelude::*, server_fn::ServerFn, task::spawn_local};

use super::{
    audit_record::AuditRecord,
    loading::loaded,
    trouble::{FormFault, focus_on, lead_on},
};
use crate::{
    calls::{Sending, ask, decode, read_here, seek},
    format,
    query::{Query, use_query},
    rpc::{AuditPage, CheckAudit, Checked, LoadAuditPage, MOST_RECORDS_COUNTED},
    ui::{
        CheckNotice, Checkbox, Choices, Heading, IntoWhole, Kind, Pager, Select, Submit, TextField,
        address,
    },
};

const PATH: &str = "/security/audit";

/// The audit trail, the newest first. Reading it is itself recorded, so it is read when somebody
/// asks and never by itself.
///
/// Without JavaScript: the same; what a check found comes back in the address.
#[component]
pub fn AuditPage() -> AnyView {
    let page = read_here(|at| LoadAuditPage { at }, Signal::default());
    let sending = Sending::to(&[CheckAudit::PATH]);
    focus_on(sending.fault);
    lead_on(sending.fault);
    let checked = RwSignal::new(None::<Checked>);
    view! {
        <Heading title="Audit" />
        <p class="lead">
            "What was done and what was refused: by whom, by what, from where. Reading it is recorded, too."
        </p>
        {loaded(page, move |page: AuditPage| {
            let query = use_query().get_untracked();
            let asked = Asked::of(&query);
            let later = query.get_str("before").is_some();
            view! {
                <Check sending checked />
                <Filters asked=asked.clone() />
                {records(page, &asked, later)}
            }
            .whole()
        })}
    }
    .whole()
}

/// What the address narrows the trail to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Asked {
    entries: Vec<(&'static str, String)>,
}

impl Asked {
    const NAMES: [&'static str; 7] = [
        "user", "what", "object", "address", "refused", "from", "until",
    ];

    fn of(query: &Query) -> Self {
        let given = |name| Some((name, query.get(name)?));
        let entries = Self::NAMES.into_iter().filter_map(given);
        Self {
            entries: entries.filter(|(_, value)| !value.is_empty()).collect(),
        }
    }

    fn get(&self, name: &str) -> String {
        let found = self.entries.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    }

    fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries.iter().map(|(name, value)| (*name, &**value))
    }

    /// An address with these entries and more.
    fn with(&self, path: &str, more: &[(&str, &str)]) -> String {
        let pairs: Vec<_> = self.pairs().chain(more.iter().copied()).collect();
        address(path, &pairs)
    }

    fn without(&self, name: &str) -> String {
        let pairs: Vec<_> = self.pairs().filter(|(known, _)| *known != name).collect();
        address(PATH, &pairs)
    }
}

/// Checks the chains and says what was found.
#[component]
fn Check(sending: Sending, checked: RwSignal<Option<Checked>>) -> AnyView {
    let check = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if sending.pending.get_untracked() {
            return;
        }
        sending.pending.set(true);
        spawn_local(async move {
            let answer = decode::<Checked>(&ask(CheckAudit {}).await);
            sending.pending.try_set(false);
            match answer {
                Ok(found) => {
                    sending.fault.try_set(None);
                    checked.try_set(Some(found));
                }
                Err(fault) => {
                    sending.fault.try_set(Some(fault));
                }
            }
        });
    };
    view! {
        <FormFault sending />
        <CheckNotice checked />
        <form class="no-print" method="post" action=CheckAudit::PATH on:submit=check>
            <Submit
                label="Verify chain"
                pending_label="Verifying…"
                pending=sending.pending
                class="button"
            />
        </form>
    }
    .whole()
}

#[component]
fn Filters(asked: Asked) -> AnyView {
    let chips = asked.entries.iter().map(|(name, value)| {
        let label = chip(name, value);
        view! {
            <li>
                <a class="filter" href=asked.without(name)>
                    <bdi>{label}</bdi>
                    <span class="visually-hidden">": show without this"</span>
                    <span aria-hidden="true">"×"</span>
                </a>
            </li>
        }
    });
    let chips: Vec<_> = chips.collect();
    let chips = (!chips.is_empty()).then(|| {
        view! {
            <ul class="filters" aria-label="Filters">
                {chips}
                <li>
                    <a href=PATH>"Show everything"</a>
                </li>
            </ul>
        }
    });
    let export = |format| asked.with("/security/audit/export", &[("format", format)]);
    let signed = [("format", "jsonl"), ("signed", "true")];
    let signed = asked.with("/security/audit/export", &signed);
    view! {
        {chips}
        <details class="card no-print" data-search="">
            <summary class="subtitle">"Filter and export"</summary>
            <form method="get" action=PATH on:submit=seek(PATH)>
                <div class="search">
                    <TextField
                        name="user"
                        label="User name"
                        value=asked.get("user")
                        most=LONGEST
                        optional=true
                    />
                    <Select
                        name="what"
                        label="What happened"
                        groups=kinds()
                        chosen=asked.get("what")
                    />
                    <TextField
                        name="object"
                        label="On what"
                        value=asked.get("object")
                        most=LONGEST
                        hint=Signal::stored("A key's tag, or a full identity.".to_owned())
                        optional=true
                    />
                </div>
                <div class="search">
                    <TextField
                        name="address"
                        label="From the address"
                        value=asked.get("address")
                        most=LONGEST
                        optional=true
                    />
                    <TextField
                        name="from"
                        label="From (UTC)"
                        kind=Kind::Date
                        value=asked.get("from")
                        optional=true
                    />
                    <TextField
                        name="until"
                        label="Until (UTC)"
                        kind=Kind::Date
                        value=asked.get("until")
                        optional=true
                    />
                </div>
                <Checkbox
                    name="refused"
                    label="Refused only"
                    hint="Without it: what was done, too."
                    checked=asked.get("refused") == "true"
                />
                <div class="actions">
                    <button type="submit" class="button button--primary">
                        "Filter"
                    </button>
                    <a class="button" href=export("csv") rel="external" download="">
                        "Export as CSV"
                    </a>
                    <a class="button" href=export("jsonl") rel="external" download="">
                        "Export as JSON lines"
                    </a>
                    <a class="button" href=signed rel="external" download="">
                        "Export signed"
                    </a>
                </div>
                <p class="quiet">
                    "A signed export ends with a signature over every line: "
                    <code>"latchkey audit check-export"</code>
                    " tells whether a file is still as it was exported."
                </p>
            </form>
        </details>
    }
    .whole()
}

/// Longer than any name, identity or address.
const LONGEST: u32 = 300;

/// A filter in words.
fn chip(name: &str, value: &str) -> String {
    match name {
        "user" => format!("User {value}"),
        "what" => match Action::from_name(value) {
            Some(action) => happened(action).to_owned(),
            None => category(value).map_or_else(|| value.to_owned(), str::to_owned),
        },
        "object" => format!("On {value}"),
        "address" => format!("From the address {value}"),
        "refused" => "Refused only".to_owned(),
        "from" => format!("From {value}"),
        _ => format!("Until {value}"),
    }
}

/// What a category is called.
fn category(name: &str) -> Option<&'static str> {
    Some(match name {
        "APIKEY" => "API keys",
        "SESSION" => "Sessions",
        "USER" => "Users",
        "ROLE" => "Roles",
        "POLICY" => "Policy",
        "PROVIDER" => "Identity providers",
        "AUDIT" => "Reading",
        "TICKET" => "Approval",
        _ => return None,
    })
}

/// What an action is called.
const fn happened(action: Action) -> &'static str {
    match action {
        Action::KeyCreated => "API key added",
        Action::KeyUpdated => "API key edited",
        Action::KeyReissued => "API key reissued",
        Action::KeyDeleted => "API key deleted",
        Action::KeyRefused => "API key refused",
        Action::SignedIn => "Sign-in",
        Action::SignedOut => "Sign-out",
        Action::SessionEnded => "Sessions ended",
        Action::UserCreated => "User added",
        Action::UserDisabled => "User disabled",
        Action::UserEnabled => "User enabled",
        Action::PasswordChanged => "Password changed",
        Action::RoleCreated => "Role added",
        Action::RoleUpdated => "Role edited",
        Action::RoleDeleted => "Role deleted",
        Action::RolesAssigned => "Roles given or taken",
        Action::SelfServiceChanged => "Self-service changed",
        Action::PolicyChanged => "Policy changed",
        Action::AuditRead => "Audit trail read",
        Action::Read => "Other reading",
        Action::KeyActivated => "API key activated",
        Action::KeySuspended => "API key suspended",
        Action::ProviderCreated => "Identity provider added",
        Action::ProviderUpdated => "Identity provider changed",
        Action::ProviderDeleted => "Identity provider removed",
        Action::TokenKeyRotated => "Token key rotated",
        Action::PrincipalDeleted => "Service principal removed",
        Action::SecondFactorChanged => "Second factor changed",
        Action::TicketRequested => "Approval requested",
        Action::TicketApproved => "Request approved",
        Action::TicketRejected => "Request rejected",
        Action::TicketCanceled => "Request withdrawn",
        Action::TicketExpired => "Request expired",
        Action::TicketRenewed => "Request renewed",
        Action::TicketExecuted => "Request executed",
        Action::TicketCommented => "Request commented on",
        Action::ApprovalChanged => "Approval settings changed",
        Action::ApprovalOverridden => "Approval switched off at the console",
        Action::WebhookCreated => "Webhook added",
        Action::WebhookUpdated => "Webhook changed",
        Action::WebhookDeleted => "Webhook removed",
        Action::DeliveryResent => "Notice sent again",
        Action::NoticesTested => "Test notice sent",
        Action::NoticesChosen => "Notices by mail chosen",
    }
}

/// Every category and action, to choose from.
fn kinds() -> Vec<Choices> {
    let mut groups = vec![Choices {
        name: "",
        choices: vec![(String::new(), "Anything".to_owned())],
    }];
    for action in Action::ALL {
        let name = category(action.category()).unwrap_or_default();
        let choice = (action.as_str().to_owned(), happened(action).to_owned());
        match groups.iter_mut().find(|group| group.name == name) {
            Some(group) => group.choices.push(choice),
            None => groups.push(Choices {
                name,
                choices: vec![
                    (action.category().to_owned(), format!("{name}: anything")),
                    choice,
                ],
            }),
        }
    }
    groups
}

fn records(page: AuditPage, asked: &Asked, later: bool) -> AnyView {
    if page.rows.is_empty() {
        let text = if later {
            "There are no older records."
        } else {
            "No record fits. Take a filter away to see more."
        };
        return view! {
            <div class="empty">
                <p>{text}</p>
                <p>
                    <a class="button" href=PATH>
                        "Show everything"
                    </a>
                </p>
            </div>
        }
        .whole();
    }
    let narrowed = !asked.entries.is_empty();
    let count = if narrowed && page.count > MOST_RECORDS_COUNTED {
        "More than 1,000 records".to_owned()
    } else {
        format::count(page.count, "record", "records")
    };
    let as_of = page.as_of;
    let rows = page.rows.into_iter();
    let rows = rows.map(|record| view! { <AuditRecord record as_of /> });
    let older = page
        .older
        .map(|number| asked.with(PATH, &[("before", &number.to_string())]));
    let newest = later.then(|| asked.with(PATH, &[]));
    view! {
        <ol class="records">{rows.collect_view()}</ol>
        <Pager count before=newest after=older before_label="Newest" after_label="Older" />
    }
    .whole()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_can_be_chosen_once() {
        let groups = kinds();
        let choices = groups.iter().flat_map(|group| &group.choices);
        let mut values: Vec<_> = choices.map(|(value, _)| value.clone()).collect();
        assert_eq!(values.len(), 1 + 8 + Action::ALL.len());
        values.sort();
        values.dedup();
        assert_eq!(values.len(), 53);
        assert!(groups[1..].iter().all(|group| !group.name.is_empty()));
    }

    #[test]
    fn a_filter_is_taken_away_by_itself() {
        let query = Query::parse("user=b+c&refused=true&before=7");
        let asked = Asked::of(&query);
        assert_eq!(asked.without("user"), "/security/audit?refused=true");
        assert_eq!(
            asked.with("/x", &[("format", "csv")]),
            "/x?user=b%20c&refused=true&format=csv"
        );
    }
}
