//! Which columns somebody wants to see of everybody's keys, and how many rows: kept in a cookie, so
//! that the server knows before it writes the page.

use leptos::prelude::*;

use super::{Fault, Packed};

/// Keeps the choice and leads back to the list.
#[server(endpoint = "choose_columns", output = Packed)]
pub async fn choose_columns(
    /// The columns' names.
    #[server(default)]
    columns: Vec<String>,
    /// How many rows a page has.
    #[server(default)]
    rows: String,
    /// `true`: all as it is for whoever chose nothing, whatever is said otherwise.
    #[server(default)]
    standard: bool,
    /// The query of the list that is shown.
    #[server(default)]
    at: String,
) -> Result<(), Fault> {
    use super::context::{answer, set_cookie};
    use crate::{
        columns::{Columns, Rows, TableLook},
        place::EVERYBODY,
    };

    answer(async |scope| {
        scope.actor()?;
        let chosen = TableLook {
            columns: Columns::named(columns.iter().map(String::as_str)),
            rows: Rows::named(&rows).unwrap_or_default(),
        };
        let cookies = scope.cookies;
        let name = cookies.columns();
        set_cookie(if standard || chosen == TableLook::default() {
            cookies.remove(name)
        } else {
            cookies.keep(name, &chosen.names())
        });
        // Of this list and no other page (W11), and nothing that could end the header.
        let plain = !at.is_empty() && at.bytes().all(|byte| byte.is_ascii_graphic());
        leptos_axum::redirect(&if plain {
            format!("{EVERYBODY}?{at}")
        } else {
            EVERYBODY.to_owned()
        });
        Ok(())
    })
    .await
}

/// What the request's cookie says.
#[cfg(feature = "ssr")]
pub(super) fn chosen() -> crate::columns::TableLook {
    use crate::columns::TableLook;

    let cookies = use_context::<super::cookies::Cookies>();
    let request = use_context::<http::request::Parts>();
    let chosen = cookies.zip(request).and_then(|(cookies, request)| {
        let names = super::cookies::read(&request.headers, cookies.columns())?;
        Some(TableLook::from_names(names))
    });
    chosen.unwrap_or_default()
}
