//! Light, dark, or as the system has it: kept in a cookie, so that the server writes the page so from
//! the start and nothing flashes.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Fault, Packed};

/// In which colours pages are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Theme {
    /// As the system has it.
    #[default]
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Theme {
    /// Every theme.
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// The word in a form, in the cookie and in the document.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The one with exactly this word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == name)
    }
}

/// Keeps the choice in this browser and leads back to where it is made.
#[server(endpoint = "choose_theme", output = Packed)]
pub async fn choose_theme(
    /// The theme's word.
    #[server(default)]
    theme: String,
) -> Result<(), Fault> {
    use super::context::{answer, set_cookie};
    use domain::error::{Error, Problem};

    answer(async |scope| {
        scope.actor()?;
        let chosen = Theme::from_name(&theme);
        let chosen = chosen.ok_or_else(|| Error::field("theme", Problem::NotAccepted))?;
        let cookies = scope.cookies;
        let name = cookies.theme();
        set_cookie(match chosen {
            Theme::System => cookies.remove(name),
            Theme::Light | Theme::Dark => cookies.keep(name, chosen.as_str()),
        });
        leptos_axum::redirect("/profile/security?notice=saved");
        Ok(())
    })
    .await
}

/// What the request's cookie says.
#[cfg(feature = "ssr")]
pub fn chosen() -> Theme {
    let cookies = use_context::<super::cookies::Cookies>();
    let request = use_context::<http::request::Parts>();
    let chosen = cookies.zip(request).and_then(|(cookies, request)| {
        Theme::from_name(super::cookies::read(&request.headers, cookies.theme())?)
    });
    chosen.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back() {
        for theme in Theme::ALL {
            assert_eq!(Theme::from_name(theme.as_str()), Some(theme));
        }
        assert_eq!(Theme::from_name("Dark"), None);
    }
}
