//! `/settings/sign-in/report`

use domain::saml::{CHECKS, Check, Report};
use leptos::prelude::*;

use super::loading::loaded;
use crate::{
    calls::read_here,
    rpc::{LoadReportPage, ReportPage},
    ui::{Column, Heading, Icon, IntoWhole, Notice, Shape, Table, Tone},
};

/// How a test sign-in went: each check, and what the answer says of itself.
///
/// Without JavaScript: the same.
#[component]
pub fn ReportPage() -> AnyView {
    let page = read_here(|at| LoadReportPage { at }, Signal::default());
    view! {
        <Heading title="Test sign-in" />
        {loaded(page, show)}
    }
    .whole()
}

fn show(page: ReportPage) -> AnyView {
    let ReportPage { provider, report } = page;
    let (tone, text) = match (&report.cause, &report.principal) {
        (Some(cause), _) => (Tone::Bad, cause.sentence().into_owned()),
        (None, Some(name)) => (Tone::Good, format!("{name} would be signed in.")),
        (None, None) => (Tone::Good, "Somebody would be signed in.".to_owned()),
    };
    let roles = (report.cause.is_none()).then(|| {
        let roles = match &*report.roles {
            [] => "The groups give no role.".to_owned(),
            roles => format!("The groups give these roles: {}.", roles.join(", ")),
        };
        view! { <p>{roles}</p> }
    });
    let checks = CHECKS
        .into_iter()
        .map(|check| line(&report, check))
        .collect_view();
    let columns = ["What", "Value"].map(Column::new).to_vec();
    let said = report.said.into_iter().map(|(name, value)| {
        vec![
            view! { <bdi class="breaks">{name}</bdi> }.whole(),
            view! { <bdi class="breaks">{value}</bdi> }.whole(),
        ]
    });
    let said: Vec<_> = said.collect();
    let said = (!said.is_empty()).then(|| {
        view! {
            <section class="card" aria-labelledby="said">
                <h2 class="subtitle" id="said">
                    "What the answer says"
                </h2>
                <Table caption="What the answer says" columns rows=said />
            </section>
        }
    });
    view! {
        <Notice tone text />
        {roles}
        <section class="card" aria-labelledby="checks">
            <h2 class="subtitle" id="checks">
                "Checks"
            </h2>
            <ul class="plain">{checks}</ul>
        </section>
        {said}
        <div class="actions">
            <a class="button button--primary" href=format!("/settings/sign-in/{provider}")>
                "Back to the provider"
            </a>
        </div>
    }
    .whole()
}

fn line(report: &Report, check: Check) -> AnyView {
    let (class, shape, word) = match report.outcome(check) {
        Some(true) => ("chip chip--good", Shape::Check, "Passed"),
        Some(false) => ("chip chip--bad", Shape::Stop, "Failed"),
        None => ("chip chip--wait", Shape::Clock, "Not known"),
    };
    view! {
        <li class="check">
            <span class=class>
                <Icon shape />
                {word}
            </span>
            " "
            {check.sentence()}
        </li>
    }
    .whole()
}
