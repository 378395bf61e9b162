//! What pages and server functions find in their context.

use app::rpc::{
    context::{Caller, PublicUrl},
    cookies::Cookies,
};
use http::request::Parts;
use leptos::prelude::{provide_context, use_context};

use super::headers;
use crate::AppState;

/// How cookies are called and flagged on this server.
pub(super) fn cookies(state: &AppState) -> Cookies {
    Cookies {
        secure: state.settings.secure_cookies(),
    }
}

/// The address that commands are shown with.
pub(super) fn public_url(state: &AppState) -> PublicUrl {
    PublicUrl(state.settings.public_url().trim_end_matches('/').into())
}

/// Provides it all, once per request.
pub(super) fn provider(state: &AppState) -> impl Fn() + Clone + Send + Sync + use<> {
    let (services, cookies, public_url) =
        (state.services.clone(), cookies(state), public_url(state));
    move || {
        provide_context(services.clone());
        provide_context(cookies);
        provide_context(public_url.clone());
        let caller =
            use_context::<Parts>().and_then(|mut parts| parts.extensions.remove::<Caller>());
        if let Some(caller) = caller {
            provide_context(caller);
        }
        headers::allow_own_scripts();
    }
}
