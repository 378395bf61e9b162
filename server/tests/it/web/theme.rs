//! In which colours pages are shown: a cookie says so.

use super::*;

#[tokio::test]
async fn the_colours_are_chosen_and_written_into_every_page() {
    let mut browser = Browser::start().await;
    let plain = browser.get("/profile/security").await;
    assert!(!plain.text().contains("data-theme"));
    let path = "/api/choose_theme";
    let chosen = browser.post(path, "theme=dark", &[HERE, PAGE]).await;
    assert_eq!(
        (chosen.status, chosen.header("location")),
        (302, "/profile/security?notice=saved")
    );
    assert_eq!(
        chosen.header("set-cookie"),
        "latchkey-theme=dark; Path=/; HttpOnly; SameSite=Lax; Max-Age=31536000"
    );
    let signed_in = browser.cookie.clone();
    for (kept, written) in [
        ("dark", Some("dark")),
        ("light", Some("light")),
        ("system", None),
        // W8: the cookie can say anything.
        ("\"><script>", None),
        ("%22", None),
    ] {
        browser.cookie = format!("{signed_in}; latchkey-theme={kept}");
        for page in ["/profile/security", "/profile/key", "/no-such-page"] {
            let page = browser.get(page).await;
            let (_, html) = page.text().split_once("<html").unwrap();
            let (html, _) = html.split_once('>').unwrap();
            let theme = html.split_once("data-theme=\"").map(|(_, rest)| rest);
            let theme = theme.and_then(|rest| Some(rest.split_once('"')?.0));
            assert_eq!(theme, written, "{kept}");
        }
    }
    let back = browser.post(path, "theme=system", &[HERE, PAGE]).await;
    assert_eq!(
        back.header("set-cookie"),
        "latchkey-theme=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"
    );
    let wrong = browser.post(path, "theme=pink", &[HERE]).await;
    assert_eq!((wrong.status, wrong.header("set-cookie")), (422, ""));
}
