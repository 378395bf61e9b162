//! Lists of tickets.

use super::*;

on_both_databases! {
    async fn tickets_are_filtered_sorted_and_paged(harness: Harness) {
        let stage = Stage::on(harness).await;
        let bob_s = stage.ask().await;
        stage.app.harness.clock.advance(chrono::TimeDelta::seconds(1));
        let eve_s = waiting(&stage.eve.post(KEYS, wanted()).await, 1);
        let list = async |client: &Client, query: &str| client.get(&format!("{TICKETS}{query}")).await.ids();
        assert_eq!(list(&stage.eve, "").await, [bob_s.clone(), eve_s.clone()]);
        // One's own only, without the right to see all.
        assert_eq!(list(&stage.bob, "").await, std::slice::from_ref(&bob_s));
        assert_eq!(list(&stage.bob, "?filter=requesterName+eq+'eve'").await, [""; 0]);
        for (query, expected) in [
            ("?filter=requesterName+eq+'bob'", vec![&bob_s]),
            ("?filter=currentState+eq+'PENDING'", vec![&bob_s, &eve_s]),
            ("?filter=currentState+eq+'EXPIRED'", vec![]),
            ("?filter=operationId+eq+'API_KEYS'+and+requesterDomainType+eq+'unixpwd'", vec![&bob_s, &eve_s]),
            ("?filter=operationId+eq+'MPA_CONFIGURATION'", vec![]),
            ("?filter=requestAction+ne+'API_KEY_CREATE'", vec![]),
            ("?sort=-createdDateTime", vec![&eve_s, &bob_s]),
            ("?sort=-requesterName", vec![&eve_s, &bob_s]),
            ("?page[limit]=1&page[offset]=1", vec![&eve_s]),
            ("?sort=-id&page[after]=&page[limit]=1", vec![&eve_s]),
        ] {
            let expected: Vec<_> = expected.into_iter().cloned().collect();
            assert_eq!(list(&stage.eve, query).await, expected, "{query}");
        }
        let first = stage.eve.get(&format!("{TICKETS}?sort=-id&page[after]=&page[limit]=1")).await.json();
        let next = first["links"]["next"]["href"].as_str().unwrap();
        assert_eq!(stage.eve.get(next).await.ids(), std::slice::from_ref(&bob_s));
        let page = stage.eve.get(&format!("{TICKETS}?page[limit]=1")).await.json();
        assert_eq!(page["meta"]["pagination"]["count"], 2);
        // Lists do not look at what has changed since.
        assert_eq!(page["data"][0]["attributes"]["liveDiff"], Value::Null);
    }

    /// W8, A7: what a filter or an order says is never a statement.
    async fn no_filter_or_order_reaches_the_database_as_text(harness: Harness) {
        let stage = Stage::on(harness).await;
        let ticket = stage.ask().await;
        for text in ["'; delete from ticket; --", "' or 1=1 --", "bob' or '1'='1", "%", "_ob", "\\"] {
            let quoted = text.replace('\'', "''");
            for filter in [
                format!("requesterName eq '{quoted}'"),
                format!("contains(requesterName,'{quoted}')"),
                format!("startswith(currentState,'{quoted}')"),
            ] {
                let query: String = form_urlencoded::Serializer::new(String::new())
                    .append_pair("filter", &filter)
                    .finish();
                let answer = stage.eve.get(&format!("{TICKETS}?{query}")).await;
                assert_eq!(answer.ids(), [""; 0], "{filter}");
            }
        }
        for query in [
            "?filter=requesterName+eq+'a'+or+1=1",
            "?filter=proposal+eq+'x'",
            "?filter=digest+eq+'x'",
            "?sort=proposal",
            "?sort=id;drop+table+ticket",
            "?sort=id,(select+1)",
        ] {
            let answer = stage.eve.get(&format!("{TICKETS}{query}")).await;
            assert_eq!(answer.status, 400, "{query}");
        }
        assert_eq!(stage.app.rows("ticket").await, 1);
        assert_eq!(stage.bob.get(TICKETS).await.ids(), [ticket]);
    }

    async fn the_work_on_tickets_is_among_the_jobs(harness: Harness) {
        let stage = Stage::on(harness).await;
        let jobs = stage.bob.get("/netbackup/admin/jobs?filter=jobType+eq+'TICKETS'").await.json();
        let attributes = &jobs["data"][0]["attributes"];
        assert_eq!((&attributes["jobId"], &attributes["state"]), (&json!(7), &json!("QUEUED")));
    }
}
