//! The top of every page.

use domain::principal::DomainType;
use leptos::{html, prelude::*, server_fn::ServerFn};
use leptos_router::hooks::use_location;

use super::{Icon, IntoWhole, Mark, Shape};
use crate::{
    attend::{Help, News},
    place::{EVERYBODY, TICKETS},
    rpc::{Profile, Rooms, SignOut},
};

/// The mark, and the profile menu of whoever is signed in.
///
/// Without JavaScript: the same; the menu is a native popover.
#[component]
pub fn Header(
    /// Whoever is signed in, if somebody is.
    profile: Option<Profile>,
) -> impl IntoView {
    if let Some(news) = use_context::<News>() {
        news.wanted.set(profile.is_some());
    }
    view! {
        <a class="brand" href="/">
            <Mark />
            "Latchkey"
        </a>
        {profile
            .map(|profile| {
                let (rooms, waiting) = (profile.rooms, profile.waiting);
                let unread = (!profile.must_change_password).then_some(profile.unread);
                view! {
                    <Places rooms waiting />
                    <div class="top__own">
                        {unread.map(bell)}
                        <ProfileMenu profile />
                    </div>
                }
            })}
    }
}

/// The way to one's notices, with how many are new.
fn bell(unread: u32) -> AnyView {
    let count = match unread {
        0 => None,
        1..100 => Some(unread.to_string()),
        _ => Some("99+".to_owned()),
    };
    view! {
        <a class="bell" href="/profile/notices">
            <Icon shape=Shape::Bell />
            <span class="visually-hidden">"Notices"</span>
            {count
                .map(|count| {
                    view! {
                        <span class="bell__count">
                            {count} <span class="visually-hidden">" new"</span>
                        </span>
                    }
                })}
        </a>
    }
    .whole()
}

/// The ways to the administrators' pages.
#[component]
fn Places(rooms: Rooms, waiting: Option<u64>) -> AnyView {
    let here = use_location().pathname;
    let news = use_context::<News>();
    // As the page came, until the server tells otherwise.
    let waiting = move || {
        let told = news.map(|news| news.told.get()).unwrap_or_default();
        let number = match told.split_once(' ') {
            Some((number, _)) => number.to_owned(),
            None => waiting.map_or_else(String::new, |number| number.to_string()),
        };
        (!matches!(&*number, "" | "-" | "0")).then_some(number)
    };
    let place = |open: bool, href: &'static str, label: &'static str| {
        let badge = (href == TICKETS)
            .then(|| view! { <span class="badge badge--told">{waiting}</span> }.whole());
        open.then(|| {
            let current = move || here.get().starts_with(href).then_some("page");
            view! {
                <li>
                    <a class="places__item" href=href aria-current=current>
                        {label}
                        {badge}
                    </a>
                </li>
            }
        })
    };
    (rooms != Rooms::default())
        .then(|| {
            view! {
                <nav class="places" aria-label="Administration">
                    <ul class="places__list">
                        {place(rooms.keys, EVERYBODY, "API keys")}
                        {place(rooms.users, "/users", "Users")}
                        {place(rooms.roles, "/roles", "Roles")}
                        {place(rooms.tickets, TICKETS, "Tickets")}
                        {place(rooms.audit, "/security/audit", "Audit")}
                        {place(rooms.settings, "/settings", "Settings")}
                    </ul>
                </nav>
            }
        })
        .whole()
}

/// The profile menu. What a fresh account may not do yet is not in it.
#[component]
fn ProfileMenu(profile: Profile) -> AnyView {
    let menu = NodeRef::<html::Div>::new();
    let help = use_context::<Help>();
    let close = move |_| {
        if let Some(menu) = menu.get_untracked() {
            let _ = menu.hide_popover();
        }
    };
    let key = if profile.has_key {
        Some(("/profile/key", "View my API key details"))
    } else {
        profile
            .may_add
            .then_some(("/profile/key/add", "Add API key"))
    };
    let links = (!profile.must_change_password).then(|| {
        let requests = ("/tickets?show=own", "My requests");
        let all = [
            key,
            profile.asks_approval.then_some(requests),
            Some(("/profile/security", "Password and sessions")),
        ];
        let link = |(href, label): (&'static str, &'static str)| {
            view! {
                <li>
                    <a class="menu__item" href=href>
                        {label}
                    </a>
                </li>
            }
        };
        all.into_iter().flatten().map(link).collect_view()
    });
    view! {
        <button type="button" class="profile" popovertarget="profile-menu">
            <Icon shape=Shape::Person />
            <span class="profile__name">{profile.identity.principal.name.clone()}</span>
            <span class="visually-hidden">": profile menu"</span>
        </button>
        <div class="menu" id="profile-menu" popover="auto" node_ref=menu on:click=close>
            <p class="menu__who">
                <span class="menu__label">"Signed in as"</span>
                <bdi class="menu__name">{profile.identity.principal.name.clone()}</bdi>
                <bdi class="menu__identity">{profile.identity.to_string()}</bdi>
            </p>
            <nav aria-label="Profile">
                <ul class="menu__list">{links}</ul>
            </nav>
            <button
                type="button"
                class="menu__item needs-script"
                on:click=move |_| {
                    if let Some(help) = help {
                        help.0.set(true);
                    }
                }
            >
                "Keyboard shortcuts"
            </button>
            // At the identity provider too, for whoever signed in there.
            <form
                method="post"
                action=match profile.identity.principal.domain_type {
                    DomainType::Saml => "/netbackup/sso/logout",
                    _ => SignOut::PATH,
                }
            >
                {profile
                    .sign_out_stops_key
                    .then(|| {
                        view! {
                            <p class="menu__hint">
                                "Signing out stops your API key until you sign in again."
                            </p>
                        }
                    })}
                <button type="submit" class="menu__item menu__item--out">
                    "Sign out"
                </button>
            </form>
        </div>
    }
    .whole()
}
