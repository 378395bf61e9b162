//! `/settings/approval`

use domain::{
    Instant,
    approval::{
        EXPIRY_HOURS, Exemption, KeyAction, MAX_REASON_CHARS, PURGE_DAYS, Settings, mail_addresses,
    },
};
use leptos::{prelude::*, server_fn::ServerFn};

use super::{
    approval::{reason, submit, submit_unless, waiting_notice},
    loading::loaded,
    ticket_proposal::lines,
    told::ToldHere,
    trouble::{FormFault, about, focus_on, lead_on},
};
use crate::{
    calls::{Sending, read},
    rpc::{ApprovalPage, EndExemption, ExemptUser, LoadApprovalPage, SaveApproval},
    ui::{
        Change, Checkbox, Choices, Column, Heading, IntoWhole, Kind, Notice, Select, Table,
        TextField, Time, Tone, WillChange, row_form,
    },
};

/// What a second person has to approve, and who is exempt. Once anything needs approval, so does
/// every change here.
///
/// Without JavaScript: the same forms; what was entered comes back in the address after a refusal.
#[component]
pub fn ApprovalPage() -> AnyView {
    let saving = Sending::to(&[SaveApproval::PATH]);
    let exempting = Sending::to(&[ExemptUser::PATH, EndExemption::PATH]);
    for sending in [saving, exempting] {
        focus_on(sending.fault);
        lead_on(sending.fault);
    }
    let page = read(LoadApprovalPage {}, Sending::any_done([saving, exempting]));
    let refused =
        move || saving.fault.with(Option::is_some) || exempting.fault.with(Option::is_some);
    view! {
        <Heading title="Approval" />
        <p>
            <a class="way" href="/settings">
                "Settings"
            </a>
        </p>
        {move || (!refused()).then(|| view! { <ToldHere /> })}
        {loaded(page, move |page: ApprovalPage| show(page, saving, exempting))}
    }
    .whole()
}

fn show(page: ApprovalPage, saving: Sending, exempting: Sending) -> AnyView {
    let ApprovalPage {
        settings,
        waiting,
        may_update,
        as_of,
    } = page;
    let can = may_update && waiting.is_none();
    let asked = settings.is_on();
    let only_look = (!may_update).then(|| {
        let text = "You may look at these settings, but not change them.";
        view! { <Notice tone=Tone::Plain text /> }
    });
    let exempt = exempt(&settings.exemptions, can, asked, as_of, exempting);
    view! {
        <p class="lead">
            "What is ticked here is not done when somebody asks for it: it becomes a ticket, which somebody else has to approve."
        </p>
        {only_look}
        {waiting.map(waiting_notice)}
        {form(settings, can, asked, saving)}
        {exempt}
    }
    .whole()
}

/// What needs approval, and how long tickets are kept.
#[expect(
    clippy::too_many_lines,
    reason = "one form, whose fields all tell the same preview"
)]
fn form(settings: Settings, can: bool, asked: bool, sending: Sending) -> AnyView {
    let fault = sending.fault;
    let entered = sending.entered();
    let before = lines(&settings);
    let present = settings.clone();
    let mut first = settings;
    for (action, name, ..) in OPERATIONS {
        if entered.ticked(name, first.actions.contains(&action)) {
            first.actions.insert(action);
        } else {
            first.actions.remove(&action);
        }
    }
    first.run_on_approval = entered.ticked("run_on_approval", first.run_on_approval);
    first.mail = entered.ticked("mail", first.mail);
    let wanted = RwSignal::new(first.clone());
    let changes = Memo::new(move |_| {
        let after = wanted.with(lines);
        let both = before.iter().zip(&after);
        both.filter_map(|((name, from), (_, to))| Change::between(name, from, to))
            .collect::<Vec<_>>()
    });
    let alive = RwSignal::new(false);
    Effect::new(move || alive.set(true));
    let idle = Signal::derive(move || alive.get() && changes.with(Vec::is_empty));
    let operations = OPERATIONS.into_iter().map(|(action, name, label, hint)| {
        let set = move |on: bool| {
            wanted.update(|wanted| {
                if on {
                    wanted.actions.insert(action);
                } else {
                    wanted.actions.remove(&action);
                }
            });
        };
        let checked = first.actions.contains(&action);
        view! { <Checkbox name label hint checked disabled=!can on_change=set /> }
    });
    let operations = operations.collect_view();
    let number = |name: &'static str,
                  label: &'static str,
                  present: u32,
                  hint: String,
                  enter: fn(&mut Settings, u32)| {
        let error = about(fault, name, "a whole number");
        let typed = move |text: String| {
            if let Ok(number) = text.trim().parse() {
                wanted.update(|wanted| enter(wanted, number));
            }
        };
        let value = entered.get(name).unwrap_or_else(|| present.to_string());
        view! {
            <TextField
                name
                label
                kind=Kind::Number
                value
                hint=Signal::stored(hint)
                error
                fixed=!can
                on_input=typed
            />
        }
    };
    let (least, most) = (EXPIRY_HOURS.start(), EXPIRY_HOURS.end());
    let expiry = number(
        "expiry_hours",
        "A ticket waits",
        present.expiry_hours,
        format!("In hours, from {least} to {most}; then it expires, and can be renewed."),
        |wanted, hours| wanted.expiry_hours = hours,
    );
    let (least, most) = (PURGE_DAYS.start(), PURGE_DAYS.end());
    let purge = number(
        "purge_days",
        "A closed ticket is kept",
        present.purge_days,
        format!("In days, from {least} to {most}. Its audit records stay."),
        |wanted, days| wanted.purge_days = days,
    );
    let run = move |on: bool| wanted.update(|wanted| wanted.run_on_approval = on);
    let mail = move |on: bool| wanted.update(|wanted| wanted.mail = on);
    let mail_to = entered
        .get("mail_to")
        .unwrap_or_else(|| present.mail_to.join(", "));
    let told_wrong = about(fault, "mail_to", ADDRESSES);
    let told = move |text: String| wanted.update(|wanted| wanted.mail_to = mail_addresses(&text));
    let send = can.then(|| {
        view! {
            <WillChange changes />
            {asked.then(|| reason(sending))}
            <div class="actions">{submit_unless(idle, asked, "Save", "Saving…", sending)}</div>
        }
    });
    view! {
        <form method="post" action=SaveApproval::PATH on:submit=sending.submit(SaveApproval::PATH)>
            <FormFault sending />
            <section class="card" aria-labelledby="needs">
                <h2 class="subtitle" id="needs">
                    "Needs approval"
                </h2>
                {operations}
                <p class="quiet">
                    "As soon as one of them does, changing these settings does too, whoever asks. At least two people must be able to decide."
                </p>
            </section>
            <section class="card" aria-labelledby="tickets">
                <h2 class="subtitle" id="tickets">
                    "Tickets"
                </h2>
                {expiry}
                {purge}
                <Checkbox
                    name="run_on_approval"
                    label="Edits and deletions are carried out by their approval"
                    hint="Otherwise, and always for new values, whoever asked executes the ticket."
                    checked=first.run_on_approval
                    disabled=!can
                    on_change=run
                />
            </section>
            <section class="card" aria-labelledby="told">
                <h2 class="subtitle" id="told">
                    "Who is told"
                </h2>
                <Checkbox
                    name="mail"
                    label="Tickets are told by mail"
                    hint="To whoever may decide, and to whoever asked. The application tells them in any case."
                    checked=first.mail
                    disabled=!can
                    on_change=mail
                />
                <TextField
                    name="mail_to"
                    label="Also told to"
                    value=mail_to
                    hint=Signal::stored(
                        "Addresses of mail, with commas in between: of a team, say.".to_owned(),
                    )
                    error=told_wrong
                    optional=true
                    fixed=!can
                    most=MOST_ADDRESSES
                    on_input=told
                />
            </section>
            {send}
        </form>
    }
    .whole()
}

/// What the further addresses are.
const ADDRESSES: &str = "addresses such as name@example.org, with commas in between";
/// How many characters of them the form takes.
const MOST_ADDRESSES: u32 = 1000;

/// What is switched: the form's name for it, its label, and what it means.
const OPERATIONS: [(KeyAction, &str, &str, &str); 4] = [
    (
        KeyAction::Create,
        "create",
        "Adding an API key",
        "Also one's own.",
    ),
    (
        KeyAction::Update,
        "update",
        "Editing an API key",
        "Its description and its validity.",
    ),
    (
        KeyAction::Delete,
        "delete",
        "Deleting an API key",
        "Also revoking that of a service principal. Disabling a user needs no approval.",
    ),
    (
        KeyAction::Reissue,
        "reissue",
        "Reissuing an API key",
        "The old key goes on working until the ticket is executed.",
    ),
];

/// Who is exempt, and the form to exempt somebody.
fn exempt(
    exemptions: &[Exemption],
    can: bool,
    asked: bool,
    as_of: Instant,
    sending: Sending,
) -> AnyView {
    let rows: Vec<_> = exemptions
        .iter()
        .map(|one| cells(one.clone(), can, asked, as_of, sending))
        .collect();
    let columns = ["User", "For", "Why", "Until", "Actions"]
        .map(Column::new)
        .to_vec();
    let list = if rows.is_empty() {
        view! { <p class="quiet">"Nobody is exempt."</p> }.whole()
    } else {
        view! { <Table caption="Exempt users" columns rows /> }.whole()
    };
    view! {
        <section class="card" aria-labelledby="exempt">
            <h2 class="subtitle" id="exempt">
                "Exempt users"
            </h2>
            <p class="quiet">
                "They need no approval for what they do with API keys. For these settings everybody does."
            </p>
            <FormFault sending />
            {list}
            {can.then(|| add(asked, sending))}
        </section>
    }
    .whole()
}

fn cells(one: Exemption, can: bool, asked: bool, as_of: Instant, sending: Sending) -> Vec<AnyView> {
    let label = if asked { "Request to end it" } else { "End it" };
    let name = format!(
        "{label}: {}, {}",
        one.user.principal.name,
        one.action.words()
    );
    let end = can.then(|| {
        let entries = [
            ("user", one.user.id.to_string()),
            ("action", one.action.as_str().to_owned()),
        ];
        row_form(EndExemption::PATH, entries, sending, label, name)
    });
    vec![
        view! {
            <span class="cell">
                <bdi>{one.user.principal.name.clone()}</bdi>
                <bdi class="fact__code cell__more">{one.user.to_string()}</bdi>
            </span>
        }
        .whole(),
        one.action.words().whole(),
        view! { <bdi class="description">{one.reason}</bdi> }.whole(),
        match one.until {
            Some(until) => view! { <Time at=until as_of /> }.whole(),
            None => "It is ended".whole(),
        },
        end.whole(),
    ]
}

fn add(asked: bool, sending: Sending) -> AnyView {
    let fault = sending.fault;
    let entered = sending.entered();
    let given = |name| entered.get(name).unwrap_or_default();
    let about = move |field, expected| about(fault, field, expected);
    let actions = KeyAction::SWITCHED.map(|one| (one.as_str().to_owned(), one.words().to_owned()));
    let kinds = [
        ("unixpwd", "With a password"),
        ("nt", "With a password, domain type nt"),
        ("vx", "With a password, domain type vx"),
        ("ldap", "With a password, domain type ldap"),
        ("saml", "By SAML authentication"),
    ]
    .map(|(value, label)| (value.to_owned(), label.to_owned()));
    let group = |choices: &[(String, String)]| {
        vec![Choices {
            name: "",
            choices: choices.to_vec(),
        }]
    };
    view! {
        <form method="post" action=ExemptUser::PATH on:submit=sending.submit(ExemptUser::PATH)>
            <h3 class="field__label">"Exempt a user"</h3>
            <TextField
                name="user_name"
                label="User name"
                value=given("user_name")
                error=about("user_name", "a user who is there, once for each operation")
            />
            <Select
                name="domain_type"
                label="Signs in"
                groups=group(&kinds)
                chosen=given("domain_type")
            />
            <TextField
                name="domain"
                label="Domain, or identity provider"
                value=given("domain")
                optional=true
            />
            <Select name="action" label="For" groups=group(&actions) chosen=given("action") />
            <TextField
                name="why"
                label="Why"
                value=given("why")
                most=MAX_REASON_CHARS
                error=about("why", "why they are exempt")
            />
            <TextField
                name="until"
                label="Last day (UTC)"
                kind=Kind::Date
                value=given("until")
                optional=true
                hint=Signal::stored("Without it: until it is ended.".to_owned())
                error=about("until", "a date from today on")
            />
            <div class="actions">{submit(asked, "Exempt", "Exempting…", sending)}</div>
        </form>
    }
    .whole()
}
