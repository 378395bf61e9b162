//! `page[after]` and `page[before]`: the same lists, walked from place to place.

use serde_json::{Value, json};
use service::on_both_databases;

use crate::support::{Answer, App, Client, KEYS, wanted_with};

async fn five_keys(app: &App) -> (Client, Vec<String>) {
    let root = app.administrator().await;
    let mut tags = Vec::new();
    for name in ["ann", "ben", "cleo", "dora", "emil"] {
        app.harness.add_user(name, &[]).await;
        let attributes = json!({
            "expireAfterDays": "P30D", "description": if name < "d" { "x" } else { "" },
            "userName": name, "userDomain": "", "userDomainType": "unixpwd",
        });
        let answer = root.post(KEYS, wanted_with(attributes)).await;
        tags.push(answer.json()["data"]["id"].as_str().unwrap().to_owned());
    }
    (root, tags)
}

fn link(answer: &Answer, name: &str) -> Option<String> {
    Some(answer.json()["links"][name]["href"].as_str()?.to_owned())
}

/// All items of a list, page by page in the direction of `next` or `prev`.
async fn walk(client: &Client, first: &str, direction: &str) -> Vec<String> {
    let mut path = first.to_owned();
    let mut all = Vec::new();
    loop {
        let answer = client.get(&path).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let mut page = answer.ids();
        assert!(page.len() <= 2);
        if direction == "prev" {
            page.reverse();
        }
        all.extend(page);
        match link(&answer, direction) {
            Some(next) => path = next,
            None => return all,
        }
    }
}

on_both_databases! {
    async fn a_list_is_walked_by_cursors_in_any_order_both_ways(harness: Harness) {
        let app = App::on(harness);
        let (root, tags) = five_keys(&app).await;
        // A use makes one of them differ in what may be absent.
        let backwards: Vec<_> = tags.iter().rev().cloned().collect();
        for (sort, expected) in [
            ("", &tags), ("userName", &tags), ("-userName", &backwards), ("createdDateTime,-userName", &backwards),
            ("samlSessionValidated,issuer.principalName,userName", &tags), ("-lastUsedDateTime,userName", &tags),
            ("state,userDomainType,-userName", &backwards),
        ] {
            let path = format!("{KEYS}?sort={sort}&page[limit]=2");
            let path = if sort.is_empty() { format!("{KEYS}?page[limit]=2") } else { path };
            assert_eq!(&walk(&root, &format!("{path}&page[after]="), "next").await, expected, "{sort}");
            let mut back = walk(&root, &format!("{path}&page[before]="), "prev").await;
            back.reverse();
            assert_eq!(&back, expected, "{sort}");
        }
        let filtered = format!("{KEYS}?filter=description%20eq%20'x'&page[limit]=2&page[after]=");
        assert_eq!(walk(&root, &filtered, "next").await, tags[..3]);
    }

    async fn nothing_is_counted_and_links_end_where_the_list_does(harness: Harness) {
        let app = App::on(harness);
        let (root, tags) = five_keys(&app).await;
        let first = root.get(&format!("{KEYS}?page[limit]=3&page[after]=")).await;
        assert_eq!(first.json()["meta"], json!({"pagination": {"limit": 3}}));
        assert_eq!(link(&first, "prev"), None);
        let second = root.get(&link(&first, "next").unwrap()).await;
        assert_eq!(second.ids(), tags[3..]);
        assert_eq!(link(&second, "next"), None);
        assert_eq!(root.get(&link(&second, "prev").unwrap()).await.ids(), tags[..3]);
        assert_eq!(root.get(&link(&second, "first").unwrap()).await.ids(), tags[..3]);
        assert_eq!(root.get(&link(&second, "last").unwrap()).await.ids(), tags[2..]);
        assert_eq!(root.get(&link(&second, "self").unwrap()).await.ids(), tags[3..]);
        // A place stays one when what was there is gone, and what comes before moves nothing.
        root.delete(&format!("{KEYS}/{}", tags[2])).await;
        assert_eq!(root.get(&link(&first, "next").unwrap()).await.ids(), tags[3..]);
    }

    /// A7: a cursor is good for the list that it came with, and no other.
    async fn a_foreign_or_forged_cursor_is_refused(harness: Harness) {
        let app = App::on(harness);
        let (root, _) = five_keys(&app).await;
        let answer = root.get(&format!("{KEYS}?page[limit]=2&page[after]=")).await;
        let next = link(&answer, "next").unwrap();
        let cursor = next.rsplit_once('=').unwrap().1;
        let told = json!({"page[after]": "Must be a cursor from the links of this list."});
        for path in [
            format!("{KEYS}?sort=userName&page[after]={cursor}"),
            format!("{KEYS}?filter=userName%20eq%20'a'&page[after]={cursor}"),
            format!("/netbackup/security/auditlogs?page[after]={cursor}"),
            format!("{KEYS}?page[after]={}", &cursor[2..]),
            format!("{KEYS}?page[after]=AAAA"),
        ] {
            let answer = root.get(&path).await;
            assert_eq!(answer.faults(), (400, told.clone()), "{path}");
        }
        let both = root.get(&format!("{KEYS}?page[after]={cursor}&page[offset]=0")).await;
        assert_eq!(both.status, 400);
    }

    async fn every_list_has_cursors(harness: Harness) {
        let app = App::on(harness);
        let (root, _) = five_keys(&app).await;
        for path in [
            "/netbackup/security/auditlogs?sort=-auditDateTime", "/netbackup/security/auditlogs?sort=userName,-id",
            "/netbackup/access-control/roles?sort=-name", "/netbackup/access-control/operations?",
            "/netbackup/access-control/user-principals?sort=-userName", "/netbackup/rbac/identities?",
            "/netbackup/access-control/roles/1/access-definitions?",
            "/netbackup/access-control/managed-objects/%7CSECURITY%7CUSERS%7C/access-definitions?",
            "/netbackup/user-sessions?all=true", "/netbackup/admin/jobs?sort=jobType",
            "/netbackup/access-control/roles/1/relationships/user-principals?",
            "/netbackup/security/service-principal-configs?",
        ] {
            let by_cursor = walk(&root, &format!("{path}&page[limit]=2&page[after]="), "next").await;
            let by_offset: Vec<_> = root.get(&format!("{path}&page[limit]=100")).await.ids();
            // Reading the trail is itself recorded.
            let grown = if path.contains("auditlogs") { by_offset.len() - by_cursor.len() } else { 0 };
            let older: Vec<_> = by_offset.iter().filter(|id| grown == 0 || by_cursor.contains(id)).cloned().collect();
            assert_eq!(by_cursor, older, "{path}");
            assert!(grown < 40);
        }
    }
}

/// Kept apart from the walks: a value that is only in memory yet moves nothing.
#[tokio::test]
async fn a_use_that_is_not_written_yet_moves_no_page() {
    let app = App::on(service::testing::Harness::sqlite().await);
    let (root, tags) = five_keys(&app).await;
    let bob = app.user("bob").await;
    let (value, tag) = bob.make_key().await;
    assert_eq!(app.key(&value).get(KEYS).await.status, 200);
    let path = format!("{KEYS}?sort=lastUsedDateTime,userName&page[limit]=2&page[after]=");
    let mut expected: Vec<Value> = tags.iter().map(|tag| json!(tag)).collect();
    expected.insert(2, json!(tag));
    let walked = walk(&root, &path, "next").await;
    assert_eq!(json!(walked), json!(expected));
}
