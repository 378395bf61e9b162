//! How many keys a page of the list has: a cookie says so.

use service::demo::Many;

use super::*;

#[tokio::test]
async fn a_page_is_as_long_as_was_chosen() {
    let app = App::on(Harness::sqlite().await);
    let many = Many { keys: 240, seed: 7 };
    app.harness
        .services
        .fill_with_many(many, |_| {})
        .await
        .unwrap();
    app.harness.add_user("root", &["Administrator"]).await;
    let signed_in = format!("latchkey={}", app.session_cookie("root").await);
    for (kept, rows) in [
        (None, 50),
        (Some("owner.25"), 25),
        (Some("owner.50"), 50),
        (Some("owner.100"), 100),
        // W8: the cookie can say anything.
        (Some("owner.1000000"), 50),
        (Some("owner.-1"), 50),
        (Some("100.25"), 100),
    ] {
        let kept = kept.map(|kept| format!("; latchkey-columns={kept}"));
        let cookie = signed_in.clone() + kept.as_deref().unwrap_or_default();
        let headers = [("cookie", &*cookie), PAGE];
        let page = app.anonymous().get_as("/security/api-keys", &headers).await;
        assert_eq!(page.status, 200);
        assert_eq!(shown(&page), rows, "{cookie}");
    }
}

#[tokio::test]
async fn the_choice_is_kept_beside_the_columns() {
    let browser = Browser::holding(&["Administrator"]).await;
    let path = "/api/choose_columns";
    for (form, cookie) in [
        (
            "columns[]=owner&rows=25",
            "owner.25; Path=/; HttpOnly; SameSite=Lax; Max-Age=31536000",
        ),
        (
            "columns[]=state&columns[]=owner&rows=100",
            "owner.state.100; Path=/; HttpOnly; SameSite=Lax; Max-Age=31536000",
        ),
        (
            "rows=7",
            "50; Path=/; HttpOnly; SameSite=Lax; Max-Age=31536000",
        ),
        (
            "rows=25&standard=true",
            "; Path=/; HttpOnly; SameSite=Lax; Max-Age=0",
        ),
    ] {
        let answer = browser.post(path, form, &[HERE, PAGE]).await;
        assert_eq!(answer.status, 302, "{form}");
        assert_eq!(
            answer.header("set-cookie"),
            format!("latchkey-columns={cookie}"),
            "{form}"
        );
    }
}

/// How many rows the table of a page has.
fn shown(page: &Answer) -> usize {
    let (_, body) = page.text().split_once("<tbody").unwrap();
    let (body, _) = body.split_once("</tbody>").unwrap();
    body.matches("<tr").count()
}
