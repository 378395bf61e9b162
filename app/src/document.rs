//! The HTML document around the application.

use leptos::{nonce::use_nonce, prelude::*};
use leptos_meta::MetaTags;

use crate::{
    App,
    pages::Shown,
    rpc::{Theme, chosen_theme},
};

/// The document: style sheet, preloads, the script that brings the page to life, the application.
pub fn document(options: &LeptosOptions) -> impl IntoView + use<> {
    let package = format!("/{}/{}", options.site_pkg_dir, options.output_name);
    let build = options.site_pkg_dir.rsplit('/').next();
    let build = build.unwrap_or_default().to_owned();
    // A page that shows a key's value stays as it was sent.
    let alive = use_context::<Shown>().is_none();
    let (theme, scheme) = match chosen_theme() {
        Theme::System => (None, "light dark"),
        Theme::Light => (Some("light"), "light"),
        Theme::Dark => (Some("dark"), "dark"),
    };
    view! {
        <!DOCTYPE html>
        <html lang="en" data-build=build data-theme=theme>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content=scheme />
                <link rel="stylesheet" href=format!("{package}.css") />
                <link rel="icon" type="image/svg+xml" href="/favicon.svg" />
                {alive.then(|| view! { <Scripts package /> })}
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
}

/// As leptos' `HydrationScripts`, which however writes the nonce where style sheets can read it.
#[component]
fn Scripts(package: String) -> impl IntoView {
    let (js, wasm) = (format!("{package}.js"), format!("{package}_bg.wasm"));
    let folder = package.rsplit_once('/').map_or("", |(folder, _)| folder);
    let parts = format!("{folder}/parts.js");
    let script = format!(
        "import start,{{hydrate}} from \"{js}\";await start({{module_or_path:\"{wasm}\"}});hydrate();"
    );
    let nonce = use_nonce();
    view! {
        <link rel="modulepreload" href=js nonce=nonce.clone() />
        <link rel="modulepreload" href=parts nonce=nonce.clone() />
        <link rel="preload" href=wasm r#as="fetch" r#type="application/wasm" crossorigin="anonymous" />
        <script type="module" nonce=nonce inner_html=script></script>
    }
}
