//! Choosing the columns of the table of everybody's keys.

use leptos::{prelude::*, server_fn::ServerFn};
use leptos_router::hooks::use_location;

use super::trouble::{FormFault, lead_on};
use crate::{
    calls::Sending,
    columns::{Columns, KeyColumn},
    rpc::ChooseColumns,
    ui::{IntoWhole, Submit, Tick},
};

/// What is being chosen. It belongs to the page: the table may be read anew meanwhile.
#[derive(Clone, Copy)]
pub struct Choice {
    sending: Sending,
    /// Whether the form is unfolded.
    open: RwSignal<bool>,
    /// What is ticked and not sent yet.
    ticked: RwSignal<Option<Columns>>,
}

impl Choice {
    /// Of a page about to be shown.
    pub fn of(sending: Sending) -> Self {
        lead_on(sending.fault);
        let choice = Self {
            sending,
            open: RwSignal::new(false),
            ticked: RwSignal::new(None),
        };
        Effect::new(move || {
            sending.done.track();
            choice.ticked.set(None);
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
    pub fn form(self, shown: Columns) -> AnyView {
        let sending = self.sending;
        let at = use_location().search.get_untracked();
        let start = self.ticked.get_untracked().unwrap_or(shown);
        let tick = move |column: KeyColumn| {
            let on_change = move |ticked| {
                self.ticked.update(|columns| {
                    *columns = Some(columns.unwrap_or(shown).with(column, ticked));
                });
            };
            view! {
                <Tick
                    name="columns[]"
                    value=column.as_str().to_owned()
                    label=column.label()
                    checked=start.has(column)
                    on_change=on_change
                />
            }
        };
        let standard = (shown != Columns::default()).then(|| {
            view! {
                <form
                    method="post"
                    action=ChooseColumns::PATH
                    on:submit=sending.submit(ChooseColumns::PATH)
                >
                    <input type="hidden" name="standard" value="true" />
                    <input type="hidden" name="at" value=at.clone() />
                    <Submit
                        label="Standard columns"
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
                <summary class="button button--small">"Columns"</summary>
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
                        <Submit
                            label="Show these"
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
