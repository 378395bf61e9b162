//! Everybody's keys, on the dashboard.

use std::collections::BTreeMap;

use domain::{
    Instant,
    directory::{Count, Order, Slice, Tiles},
    key::Tag,
    policy::Policy,
    principal::Identity,
    ticket::TicketId,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Approval, Fault, OfferedKey, Packed, keys::KeyEntries};
use crate::columns::TableLook;

/// A page of the list of everybody's keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says something else that may be done"
)]
pub struct KeysPage {
    /// The keys.
    pub keys: Vec<OfferedKey>,
    /// Where the page before ends.
    pub before: Option<String>,
    /// Where the next page begins.
    pub after: Option<String>,
    /// How many there are in all.
    pub count: Count,
    /// Which keys.
    pub slice: Slice,
    /// In which order.
    pub order: Order,
    /// The last first.
    pub descending: bool,
    /// What is searched for.
    pub search: String,
    /// The figures above the list.
    pub tiles: Tiles,
    /// The tickets that wait about them.
    pub tickets: BTreeMap<Tag, TicketId>,
    /// How many tickets wait for the decision of whoever asks. `None`: they do not decide.
    pub waiting: Option<u64>,
    /// How many keys end on each of the coming days, today first.
    pub expiries: Vec<u64>,
    /// What [`LoadPulse`] would have answered just before.
    pub pulse: String,
    /// The number of whoever asks.
    pub user: i64,
    /// Which columns are shown, and how many rows.
    pub look: TableLook,
    /// Whether others' keys can be changed or deleted.
    pub may_change: bool,
    /// Whether keys can be added for others.
    pub may_add: bool,
    /// Whether the audit trail may be read.
    pub may_audit: bool,
    /// When this was so.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub as_of: Instant,
}

/// How far the picture of the coming ends looks, in days.
pub const DAYS_AHEAD: u32 = 90;

/// A page of everybody's keys: the one that the address asks for.
#[server(endpoint = "keys_page", output = Packed)]
pub async fn load_keys_page(
    /// The page's address.
    #[server(default)]
    at: String,
) -> Result<KeysPage, Fault> {
    use domain::operation::Operation;

    super::context::as_actor(async |services, actor| {
        // Who sees only their own key has a page of their own for it.
        actor.offered(Operation::ViewKey)?;
        let look = super::columns::chosen();
        let query = domain::directory::DirectoryQuery {
            limit: look.rows.number(),
            ..asked(&super::address::Address::parse(&at))?
        };
        let pulse = services.pulse(&actor).await?;
        let keys = &services.keys;
        let page = keys.directory(&actor, &query).await;
        let page = page.map_err(super::address::as_in_address)?;
        let expiries = keys.expiries(&actor, DAYS_AHEAD).await?;
        let tags = page.items.iter().map(|key| &key.tag);
        let tickets = services.tickets.about_keys(&actor, tags).await?;
        let offered = page.items.into_iter();
        Ok(KeysPage {
            keys: offered
                .map(|key| super::keys::offered(&actor, key))
                .collect(),
            before: page.before.map(|cursor| cursor.0),
            after: page.after.map(|cursor| cursor.0),
            count: page.count,
            slice: query.slice,
            order: query.order,
            descending: query.descending,
            search: query.search.unwrap_or_default(),
            tiles: keys.tiles(&actor).await?,
            tickets,
            waiting: services.tickets.waiting_for(&actor).await?,
            expiries: expiries.into_iter().map(|(_, keys)| keys).collect(),
            pulse,
            user: actor.identity().id.0,
            look,
            may_change: actor.is_offered(Operation::UpdateKey)
                || actor.is_offered(Operation::DeleteKey),
            may_add: actor.is_offered(Operation::CreateKey),
            may_audit: actor.is_offered(Operation::ViewAudit),
            as_of: services.now(),
        })
    })
    .await
}

/// What the list at an address shows.
///
/// # Errors
/// Words that stand for nothing.
#[cfg(feature = "ssr")]
pub fn asked_at(at: &str) -> Result<domain::directory::DirectoryQuery, domain::error::Error> {
    asked(&super::address::Address::parse(at))
}

/// What an address asks for. A slice that is not had in the wanted order comes in its natural one.
#[cfg(feature = "ssr")]
pub(super) fn asked(
    address: &super::address::Address,
) -> Result<domain::directory::DirectoryQuery, domain::error::Error> {
    use domain::directory::{Cursor, DirectoryQuery};

    let slice = address
        .one_of("show", &Slice::ALL, Slice::as_str)?
        .unwrap_or_default();
    let order = address.one_of("sort", &Order::ALL, Order::as_str)?;
    let order = order.filter(|order| slice.orders().contains(order));
    let cursor = |name| address.get(name).map(|text| Cursor(text.to_owned()));
    let natural = slice.natural_order();
    let way = |down| if down { "down" } else { "up" };
    let way = address.one_of("way", &[false, true], way)?;
    Ok(DirectoryQuery {
        search: address.get("q").map(str::to_owned),
        order: order.unwrap_or(natural),
        // Of all keys the newest come first, unless somebody asks for another order.
        descending: match way {
            Some(down) => down,
            None => order.is_none() && natural == Order::Created && slice == Slice::All,
        },
        after: cursor("after"),
        before: cursor("before"),
        ..DirectoryQuery::of(slice)
    })
}

/// One of everybody's keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyOfPage {
    /// The key.
    pub offered: OfferedKey,
    /// What a second person has to do with it.
    pub approval: Approval,
    /// Its uses in the last hours, the present one last.
    pub uses: Vec<u64>,
    /// What [`LoadPulse`] would have answered just before.
    pub pulse: String,
    /// Whether the audit trail may be read.
    pub may_audit: bool,
    /// When this was so.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub as_of: Instant,
}

/// For how many hours the picture of a key's uses looks back: 7 days.
pub const HOURS_BACK: u32 = 7 * 24;

/// The key that the address names.
#[server(endpoint = "key_of_page", output = Packed)]
pub async fn load_key_of_page(
    /// The page's address.
    #[server(default)]
    at: String,
) -> Result<KeyOfPage, Fault> {
    super::context::as_actor(async |services, actor| {
        let tag = super::address::Address::parse(&at).tag(2)?;
        let pulse = services.pulse(&actor).await?;
        let keys = &services.keys;
        let key = keys.get(&actor, &tag).await?;
        let uses = keys.uses(&actor, &tag, HOURS_BACK).await?;
        Ok(KeyOfPage {
            approval: Approval::of(&services, &actor, Some(&tag)).await?,
            offered: super::keys::offered(&actor, key),
            uses: uses.into_iter().map(|(_, uses)| uses).collect(),
            pulse,
            may_audit: actor.is_offered(domain::operation::Operation::ViewAudit),
            as_of: services.now(),
        })
    })
    .await
}

/// What the form for somebody else's new key needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddForPage {
    /// Users whose names begin with what was searched for; a few at most.
    pub found: Vec<Identity>,
    /// What is allowed.
    pub policy: Policy,
    /// Whether a second person has to approve it.
    pub asks_approval: bool,
    /// When this was so.
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub as_of: Instant,
}

/// The users that the address searches for, and what is allowed.
#[server(endpoint = "add_for_page", output = Packed)]
pub async fn load_add_for_page(
    /// The page's address.
    #[server(default)]
    at: String,
) -> Result<AddForPage, Fault> {
    use domain::{approval::KeyAction, operation::Operation};

    super::context::as_actor(async |services, actor| {
        actor.offered(Operation::CreateKey)?;
        let address = super::address::Address::parse(&at);
        let found = match address.get("who") {
            Some(start) => services.users.named_like(&actor, start.trim()).await?,
            None => Vec::new(),
        };
        Ok(AddForPage {
            found,
            policy: services.policy().await?,
            asks_approval: {
                let asks = services.tickets.asks_approval(&actor).await?;
                asks.contains(&KeyAction::Create)
            },
            as_of: services.now(),
        })
    })
    .await
}

/// A few users whose names begin with what is typed: whom a new key may be for.
#[server(endpoint = "find_owners", output = Packed)]
pub async fn find_owners(
    /// What is typed.
    #[server(default)]
    who: String,
) -> Result<Vec<Identity>, Fault> {
    super::context::as_actor(async |services, actor| {
        services.users.named_like(&actor, who.trim()).await
    })
    .await
}

/// Makes a key for somebody; its value waits for the page that shows it once to whoever asks.
#[server(endpoint = "create_key_for", output = Packed)]
pub async fn create_key_for(
    /// Whom it is for: the name.
    #[server(default)]
    user_name: String,
    /// `saml`, or nothing for a local account.
    #[server(default)]
    saml: String,
    /// The domain; of a SAML user the identity provider.
    #[server(default)]
    domain: String,
    /// What it shall be.
    #[server(flatten)]
    entries: KeyEntries,
) -> Result<(), Fault> {
    use super::context::{answer, keep_entries, show_once};
    use crate::place::Place;

    let created = answer(async |scope| {
        let actor = scope.actor_for(&entries.reason)?;
        let saml = saml == "true";
        let users = &scope.services.users;
        let owner = users.owner(&actor, &user_name, saml, &domain).await?;
        let wanted = service::keys::NewKey {
            owner: Some(owner),
            description: entries.description.clone(),
            validity: entries.asked(scope.services.now())?,
        };
        let keys = &scope.services.keys;
        let outcome = keys.create_for_reveal(&actor, wanted).await?;
        show_once(&scope, outcome, Place::Everybody);
        Ok(())
    })
    .await;
    created.inspect_err(|fault| {
        let [description, validity, until, reason] = entries.all();
        let entries = [
            ("user_name", &*user_name),
            ("saml", &saml),
            ("domain", &domain),
            description,
            validity,
            until,
            reason,
        ];
        keep_entries::<CreateKeyFor>(fault, "/security/api-keys/add", &entries);
    })
}

/// Changes when anything has changed, for pages that stay up to date.
#[server(endpoint = "pulse", output = Packed)]
pub async fn load_pulse() -> Result<String, Fault> {
    super::context::as_actor(async |services, actor| services.pulse(&actor).await).await
}
