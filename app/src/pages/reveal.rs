//! `/profile/key/reveal`

use domain::{Instant, key::Tag};
use leptos::{prelude::*, task::spawn_local};

use super::{revealed::RevealDialog, trouble::fault_notice};
use crate::{
    calls::{ask, decode},
    place::Place,
    query::use_query,
    rpc::{Fault, Revealed, Secret, TakeReveal},
    ui::{Heading, IntoWhole},
};

/// What the server shows without JavaScript: the answer to a form, never to a GET.
#[cfg(feature = "ssr")]
#[derive(Debug, Clone)]
pub struct Shown(pub Result<crate::rpc::Revealed, Fault>);

/// Where the new key is.
#[derive(Debug, Clone)]
enum Phase {
    /// With the server.
    Waiting,
    /// Here.
    Here {
        tag: Tag,
        expires_at: Instant,
        public_url: String,
    },
    /// Gone.
    Gone(Fault),
}

/// Shows a new key's value, once. The page itself never holds it: opening, reloading, going back
/// to or prefetching this address shows and uses up nothing (W5).
///
/// Without JavaScript: a button posts for the value, and the answer shows it.
#[component]
pub fn RevealPage() -> impl IntoView {
    #[cfg(feature = "ssr")]
    if let Some(Shown(answer)) = use_context::<Shown>() {
        return match answer {
            Ok(revealed) => view! { <super::revealed::Still place=place() revealed /> }.whole(),
            Err(fault) => view! { <Gone fault /> }.whole(),
        };
    }
    let place = place();
    let phase = RwSignal::new(Phase::Waiting);
    let value = RwSignal::new(Secret::new(String::new()));
    Effect::new(move || {
        spawn_local(async move {
            let answer = decode(&ask(TakeReveal {}).await).map(|revealed: Revealed| {
                value.try_set(revealed.value);
                (revealed.tag, revealed.expires_at, revealed.public_url)
            });
            phase.try_set(match answer {
                Ok((tag, expires_at, public_url)) => Phase::Here {
                    tag,
                    expires_at,
                    public_url,
                },
                Err(fault) => Phase::Gone(fault),
            });
        });
    });
    let shown = move || match phase.get() {
        Phase::Waiting => view! { <Waiting /> }.whole(),
        Phase::Here {
            tag,
            expires_at,
            public_url,
        } => view! { <RevealDialog place value tag expires_at public_url /> }.whole(),
        Phase::Gone(fault) => view! { <Gone fault /> }.whole(),
    };
    view! { <Heading title="Your new API key" />{shown} }.whole()
}

/// Whose key it is: the address says so where it is another's.
fn place() -> Place {
    Place::from_name(
        use_query()
            .get_untracked()
            .get_str("for")
            .unwrap_or_default(),
    )
}

#[component]
fn Waiting() -> impl IntoView {
    view! {
        <section class="card" aria-label="New API key">
            <p class="lead">"Your API key is ready. It can be shown once, within the next minute."</p>
            <form method="post" action=place().reveal()>
                <button type="submit" class="button button--primary">
                    "Show my key"
                </button>
            </form>
        </section>
    }
}

#[component]
fn Gone(fault: Fault) -> impl IntoView {
    view! {
        {fault_notice(&fault)}
        <p>
            "If you did not keep the value, delete the key and add a new one: nobody can bring the value back."
        </p>
        <p>
            <a class="button button--primary" href=place().without_key()>
                {match place() {
                    Place::Own => "View my API key details",
                    Place::Everybody => "All API keys",
                }}
            </a>
        </p>
    }
}
