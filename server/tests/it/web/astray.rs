//! Addresses of pages that exist, asking for what does not.

use super::*;

/// W8. A page that only shows something says which part of its address is wrong and what is
/// allowed, and leads to the whole.
#[tokio::test]
async fn an_address_that_asks_for_nothing_is_told_what_it_may_ask_for() {
    let browser = Browser::holding(&["Administrator"]).await;
    let slices = "one of all, active, expiring-7, expiring-30, expired, inactive, retiring, \
                  never-used, unused-45, owner-disabled, deleted.";
    let place = "a place that came with a page of the same list.";
    let number = "a number, as the links below the list have it.";
    let long = "x".repeat(600);
    let searches = ["/security/api-keys", "/users"].map(|path| format!("{path}?q={long}"));
    let mut cases = vec![
        ("/security/api-keys?show=everything", "show", slices),
        (
            "/security/api-keys?sort=secret",
            "sort",
            "one of expires, created, last-used, owner, tag, deleted.",
        ),
        ("/security/api-keys?way=around", "way", "one of up, down."),
        ("/security/api-keys?after=nonsense", "after", place),
        ("/security/api-keys?before=%00", "before", place),
        ("/users?after=nonsense", "after", number),
        ("/users?before=1.5", "before", number),
        ("/roles/1?after=%3Cb%3E", "after", number),
        ("/security/audit?before=nonsense", "before", number),
        (
            "/security/audit?from=x",
            "from",
            "a date, such as 2026-11-22.",
        ),
        (
            "/security/audit?until=2026-02-30",
            "until",
            "a date, such as 2026-11-22.",
        ),
        (
            "/security/audit?what=everything",
            "what",
            "one of what the field \"What happened\" offers.",
        ),
        ("/security/audit?refused=perhaps", "refused", "true."),
        ("/tickets?show=mine", "show", "one of waiting, own, all."),
        ("/tickets?after=nonsense", "after", number),
        ("/profile/notices?before=nonsense", "before", number),
        ("/settings/notices?before=nonsense", "before", number),
    ];
    for search in &searches {
        cases.push((search, "q", "characters are allowed."));
    }
    for (address, field, allowed) in cases {
        let answer = browser.get(address).await;
        let shown = answer.text();
        assert_eq!(answer.status, 422, "{address}");
        let named = format!("In it, \u{201c}{field}\u{201d} ");
        for text in [
            "This address asks for something that does not exist.",
            &named,
            allowed,
        ] {
            assert!(shown.contains(text), "{address}: {text}");
        }
        let (whole, _) = address.split_once('?').unwrap();
        let (link, _) = shown.split_once("Show the whole list").unwrap();
        let (_, link) = link.rsplit_once("<a ").unwrap();
        let href = format!("href=\"{whole}\"");
        assert!(link.contains(&href), "{address}: {link}");
        assert!(!shown.contains("Nothing was changed"), "{address}");
        assert_eq!(browser.get(whole).await.status, 200, "{whole}");
    }
}
