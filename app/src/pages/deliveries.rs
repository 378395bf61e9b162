//! What was sent, on the pages of webhooks and mail.

use domain::Instant;
use leptos::{prelude::*, server_fn::ServerFn};

use crate::{
    calls::Sending,
    rpc::{DeliveryRow, DeliveryState, ResendDelivery},
    ui::{Column, Icon, IntoWhole, Shape, Table, Time, row_form},
};

/// A table of deliveries, each with a button to send it again, if it is over.
///
/// Without JavaScript: the same.
#[component]
pub fn DeliveryTable(
    /// The deliveries.
    rows: Vec<DeliveryRow>,
    /// The number of the webhook whose page it is on. `None`: they went by mail.
    webhook: Option<i64>,
    /// What becomes of sending one again. `None`: whoever looks may not.
    resending: Option<Sending>,
    /// When this was so.
    as_of: Instant,
) -> AnyView {
    let mut columns = vec![
        Column::new("What"),
        Column::new("When"),
        Column::new("State"),
    ];
    if webhook.is_none() {
        columns.insert(1, Column::new("To"));
    }
    if resending.is_some() {
        columns.push(Column::new("Again"));
    }
    let rows = rows.into_iter().map(|row| {
        let mut cells = vec![row.subject.clone().whole()];
        if webhook.is_none() {
            cells.push(view! { <bdi class="breaks">{row.to.clone()}</bdi> }.whole());
        }
        cells.push(view! { <Time at=row.created_at as_of /> }.whole());
        cells.push(state(&row));
        if let Some(sending) = resending {
            cells.push(again(&row, webhook, sending));
        }
        cells
    });
    let caption = "Deliveries";
    view! { <Table caption columns rows=rows.collect() /> }.whole()
}

fn state(row: &DeliveryRow) -> AnyView {
    let (class, shape, word) = match row.state {
        DeliveryState::Sent => ("chip chip--good", Shape::Check, "Sent"),
        DeliveryState::Failed => ("chip chip--bad", Shape::Stop, "Given up"),
        DeliveryState::Waiting if row.attempts == 0 => {
            ("chip chip--wait", Shape::Clock, "On its way")
        }
        DeliveryState::Waiting => ("chip chip--wait", Shape::Clock, "Tried again"),
    };
    let attempts = (row.attempts > 1).then(|| format!(" {} attempts.", row.attempts));
    view! {
        <div>
            <span class=class>
                <Icon shape />
                {word}
            </span>
            <span class="quiet">{format!(" {}", row.trouble)} {attempts}</span>
        </div>
    }
    .whole()
}

fn again(row: &DeliveryRow, webhook: Option<i64>, sending: Sending) -> AnyView {
    if row.state == DeliveryState::Waiting {
        return ().whole();
    }
    let page = webhook.map(|id| ("webhook", id.to_string()));
    let entries = [("id", row.id.to_string())].into_iter().chain(page);
    let in_full = format!("Resend: {}", row.subject);
    row_form(ResendDelivery::PATH, entries, sending, "Resend", in_full)
}
