//! What of everybody's keys is shown: figures, search, order; all of it in the address.

use domain::{
    directory::{Count, Order, Slice, Tiles},
    ticket::TicketView,
};
use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_navigate};

use crate::{
    format,
    place::{EVERYBODY, TICKETS},
    query::{Query, use_query},
    rpc::KeysPage,
    ui::{IntoWhole, Pause, address, words},
};

/// What the address asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Which keys.
    pub slice: Slice,
    /// What is searched for. Empty: nothing.
    pub search: String,
    order: Order,
    descending: bool,
    /// Whether somebody chose that order.
    chosen: bool,
}

/// An order that somebody chose, and whether the last come first.
type Chosen = Option<(Order, bool)>;

impl Wanted {
    /// What a page shows whose address says that.
    pub fn of(page: &KeysPage, query: &Query) -> Self {
        Self {
            slice: page.slice,
            search: page.search.clone(),
            order: page.order,
            descending: page.descending,
            chosen: query.get_str("sort") == Some(page.order.as_str()),
        }
    }

    /// The address of this list, from its beginning.
    pub fn address(&self) -> String {
        self.with(&[])
    }

    /// The address of this list as a file.
    pub fn file(&self, format: &str) -> String {
        let path = format!("{EVERYBODY}/export");
        self.with(&[("format", format)])
            .replacen(EVERYBODY, &path, 1)
    }

    /// The address of the page that ends at this place.
    pub fn before(&self, cursor: Option<String>) -> Option<String> {
        cursor.map(|cursor| self.with(&[("before", &cursor)]))
    }

    /// The address of the page that begins after this place.
    pub fn after(&self, cursor: Option<String>) -> Option<String> {
        cursor.map(|cursor| self.with(&[("after", &cursor)]))
    }

    /// Whether these keys can be had in that order.
    pub fn sortable(&self, order: Order) -> bool {
        self.search.is_empty() && self.slice.orders().contains(&order)
    }

    /// How they are sorted by it: `None` when by another.
    pub fn sorted(&self, order: Order) -> Option<bool> {
        (self.order == order).then_some(self.descending)
    }

    /// The address of the list sorted by it; the other way round if it is sorted by it already.
    pub fn sorted_by(&self, order: Order) -> String {
        let descending = self.sorted(order).is_some_and(|descending| !descending);
        Self {
            order,
            descending,
            ..self.clone()
        }
        .address()
    }

    fn with(&self, more: &[(&str, &str)]) -> String {
        let slice = match self.slice {
            Slice::All => "",
            slice => slice.as_str(),
        };
        let mut entries = vec![("show", slice), ("q", &*self.search)];
        // A search has an order of its own; the one that was chosen is for afterwards.
        if self.search.is_empty() || self.chosen {
            entries.extend(sorting((self.order, self.descending)));
        }
        entries.extend_from_slice(more);
        address(EVERYBODY, &entries)
    }

    /// The order that was chosen.
    fn chosen(&self) -> Chosen {
        self.chosen.then_some((self.order, self.descending))
    }
}

/// What an address says of an order.
const fn sorting<'a>((order, descending): (Order, bool)) -> [(&'a str, &'a str); 2] {
    let way = if descending { "down" } else { "up" };
    [("sort", order.as_str()), ("way", way)]
}

/// Tickets are no keys: their figure leads to them.
fn waiting_tile(number: u64) -> AnyView {
    view! {
        <li>
            <a class="tile" href=address(TICKETS, &[("show", TicketView::Waiting.as_str())])>
                <span class="tile__figure">{format::thousands(number)}</span>
                <span class="tile__name">"Waiting tickets"</span>
            </a>
        </li>
    }
    .whole()
}

/// The figures, each of which is a filter; the others as chips; and the search.
///
/// Without JavaScript: the same; the search is sent with its button.
#[component]
pub fn KeysFilter(
    /// What is shown.
    wanted: Wanted,
    /// The figures.
    tiles: Tiles,
    /// How many tickets wait for a decision. `None`: whoever looks does not decide.
    waiting: Option<u64>,
    /// What can be added.
    add: AnyView,
    /// Told what is typed.
    type_ahead: Callback<String>,
) -> AnyView {
    let chosen = wanted.slice;
    let order = wanted.chosen();
    let search = wanted.search.clone();
    let tile = move |slice: Slice, count: Count| {
        let current = (slice == chosen).then_some("true");
        view! {
            <li>
                <a class="tile" href=of(slice, &search, order) aria-current=current>
                    <span class="tile__figure">{figure(count)}</span>
                    <span class="tile__name">{words::slice(slice)}</span>
                </a>
            </li>
        }
    };
    let search = wanted.search.clone();
    let chip = move |slice: Slice| {
        let current = (slice == chosen).then_some("true");
        view! {
            <a class="chip chip--link" href=of(slice, &search, order) aria-current=current>
                {words::slice(slice)}
            </a>
        }
    };
    let clear = (!wanted.search.is_empty()).then(|| {
        view! {
            <a class="chip chip--link" href=of(chosen, "", order)>
                "Without the search"
            </a>
        }
    });
    let sorted = order.into_iter().flat_map(sorting);
    let sorted =
        sorted.map(|(name, value)| view! { <input type="hidden" name=name value=value /> });
    view! {
        <nav aria-label="Figures">
            <ul class="tiles">
                {tile(Slice::Active, tiles.active)}
                {tile(Slice::ExpiringIn7Days, tiles.expiring_7)}
                {tile(Slice::ExpiringIn30Days, tiles.expiring_30)}
                {tile(Slice::Expired, tiles.expired)} {tile(Slice::Inactive, tiles.inactive)}
                {tile(Slice::NeverUsed, tiles.never_used)}
                {tile(Slice::UnusedFor45Days, tiles.unused_45)}
                {tile(Slice::OwnerDisabled, tiles.owner_disabled)}
                {waiting.map(waiting_tile)}
            </ul>
        </nav>
        <div class="bar">
            <form class="search" method="get" action=EVERYBODY role="search">
                <input type="hidden" name="show" value=chosen.as_str() />
                {sorted.collect_view()}
                <div class="field">
                    <label class="field__label" for="q">
                        "Search"
                    </label>
                    <input
                        class="field__input"
                        type="search"
                        id="q"
                        name="q"
                        value=wanted.search
                        maxlength="100"
                        autocomplete="off"
                        placeholder="Tag, owner or words of the description"
                        on:input:target=move |event| type_ahead.run(event.target().value())
                    />
                </div>
                <button type="submit" class="button">
                    "Search"
                </button>
            </form>
            {add}
        </div>
        <nav class="chips" aria-label="Which API keys">
            {[Slice::All, Slice::Retiring, Slice::Deleted].map(chip).collect_view()} {clear}
        </nav>
    }
    .whole()
}

/// Searches for what is typed once nothing more is typed for a moment. It belongs to the page: what
/// is typed while an answer is on its way counts too.
pub fn type_ahead() -> Callback<String> {
    let navigate = use_navigate();
    let query = use_query();
    let search = Callback::new(move |text: String| {
        let query = query.get_untracked();
        let slice = query.get_str("show").and_then(Slice::from_name);
        let order = query.get_str("sort").and_then(Order::from_name);
        let order = order.map(|order| (order, query.get_str("way") == Some("down")));
        let options = NavigateOptions {
            replace: true,
            scroll: false,
            ..NavigateOptions::default()
        };
        let to = of(slice.unwrap_or_default(), text.trim(), order);
        navigate(&to, options);
    });
    let pause = Pause::none();
    Callback::new(move |text: String| pause.then(move || search.run(text)))
}

/// How many, at a glance.
fn figure(count: Count) -> String {
    match count {
        Count::Exactly(number) => format::thousands(number),
        Count::MoreThan(number) => format!("> {}", format::thousands(number)),
    }
}

/// The address of some keys, in the order that was chosen if they can be had so.
fn of(slice: Slice, search: &str, order: Chosen) -> String {
    let show = match slice {
        Slice::All => "",
        slice => slice.as_str(),
    };
    let order = order.filter(|(order, _)| slice.orders().contains(order));
    let mut entries = vec![("show", show), ("q", search)];
    entries.extend(order.into_iter().flat_map(sorting));
    address(EVERYBODY, &entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_that_was_chosen_stays_where_it_can_be_had() {
        let order = Some((Order::Expires, true));
        for (slice, search, order, expected) in [
            (Slice::All, "", None, ""),
            (Slice::All, "x y", order, "?q=x%20y&sort=expires&way=down"),
            (
                Slice::Active,
                "",
                order,
                "?show=active&sort=expires&way=down",
            ),
            (Slice::NeverUsed, "x", order, "?show=never-used&q=x"),
        ] {
            let expected = format!("{EVERYBODY}{expected}");
            assert_eq!(of(slice, search, order), expected);
        }
    }
}
