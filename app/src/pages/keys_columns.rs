//! Choosing the columns and rows of the table of everybody's keys.

use leptos::{prelude::*, server_fn::ServerFn};
use leptos_router::hooks::use_location;

use super::trouble::{FormFault, lead_on};
use crate::{
    calls::Sending,
    columns::{KeyColumn, Rows, TableLook},
    rpc::ChooseColumns,
    ui::{IntoWhole, Radio, Submit, Tick},
};

/// What is being chosen. It belongs to the page: the table may be read anew meanwhile.
#[derive(Clone, Copy)]
pub struct Choice {
    sending: Sending,
    /// Whether the form is unfolded.
    open: RwSignal<bool>,
    /// What is chosen and not sent yet.
    entered: RwSignal<Option<TableLook>>,
}

impl Choice {
    /// Of a page about to be shown.
    pub fn of(sending: Sending) -> Self {
        lead_on(sending.fault);
        let choice = Self {
            sending,
            open: RwSignal::new(false),
            entered: RwSignal::new(None),
        };
        Effect::new(move || {
            sending.done.track();
            choice.entered.set(None);
        });
        choice
    }

    /// Counts the choices, for the list to be read anew.
    pub const fn done(self) -> RwSignal<usize> {
        self.sending.done
    }

    /// The form, folded away at first.
    ///
    /// Without JavaScript: the same.
    pub fn form(self, shown: TableLook) -> AnyView {
        let sending = self.sending;
        let at = use_location().search.get_untracked();
        let start = self.entered.get_untracked().unwrap_or(shown);
        let enter = move |change: &dyn Fn(&mut TableLook)| {
            self.entered
                .update(|look| change(look.get_or_insert(shown)));
        };
        let tick = move |column: KeyColumn| {
            let on_change = move |ticked| {
                enter(&|look| look.columns = look.columns.with(column, ticked));
            };
            view! {
                <Tick
                    name="columns[]"
                    value=column.as_str().to_owned()
                    label=column.label()
                    checked=start.columns.has(column)
                    on_change=on_change
                />
            }
        };
        let length = move |rows: Rows| {
            view! {
                <Radio
                    name="rows"
                    value=rows.number().to_string()
                    label=rows.number().to_string()
                    more=meaning(rows)
                    checked=start.rows == rows
                    on_choice=move |()| enter(&|look| look.rows = rows)
                />
            }
        };
        let standard = (shown != TableLook::default()).then(|| {
            view! {
                <form
                    method="post"
                    action=ChooseColumns::PATH
                    on:submit=sending.submit(ChooseColumns::PATH)
                >
                    <input type="hidden" name="standard" value="true" />
                    <input type="hidden" name="at" value=at.clone() />
                    <Submit
                        label="Standard table"
                        pending_label="Changing…"
                        pending=sending.pending
                        class="button"
                    />
                </form>
            }
        });
        view! {
            <details
                class="columns no-print"
                open=self.open.get_untracked()
                on:toggle:target=move |event| self.open.set(event.target().has_attribute("open"))
            >
                <summary class="button button--small">"Columns and rows"</summary>
                <div class="card columns__choice">
                    <FormFault sending />
                    <form
                        id="columns"
                        method="post"
                        action=ChooseColumns::PATH
                        on:submit=sending.submit(ChooseColumns::PATH)
                    >
                        <input type="hidden" name="at" value=at />
                        <fieldset class="choice">
                            <legend class="field__label">"Columns besides the API key"</legend>
                            <div class="ticks">{KeyColumn::ALL.map(tick).collect_view()}</div>
                        </fieldset>
                        <fieldset class="choice">
                            <legend class="field__label">"Rows a page"</legend>
                            <div class="choice__options">{Rows::ALL.map(length).collect_view()}</div>
                        </fieldset>
                        <Submit
                            label="Apply"
                            pending_label="Changing…"
                            pending=sending.pending
                        />
                    </form>
                    {standard}
                </div>
            </details>
        }
        .whole()
    }
}

const fn meaning(rows: Rows) -> &'static str {
    match rows {
        Rows::Few => "Loads fastest",
        Rows::Standard => "The standard",
        Rows::Most => "Fewest pages",
    }
}
