//! What every address under `/netbackup` has in common.

use http::Method;
use serde_json::json;
use service::on_both_databases;

use crate::support::{App, KEYS, Log, MEDIA_TYPE, REQUEST_ID, error, unauthenticated, wanted};

on_both_databases! {
    async fn an_unknown_address_is_an_error_document(harness: Harness) {
        let app = App::on(harness);
        let told = error(227, "There is nothing at this address.", json!({}));
        for path in ["/netbackup", "/netbackup/", "/netbackup/nothing", "/netbackup/security", "/netbackup/config/x"] {
            for method in [Method::GET, Method::POST, Method::DELETE] {
                let answer = app.anonymous().send(method, path, &[], "").await;
                assert_eq!((answer.status, answer.json()), (404, told.clone()), "{path}");
                assert_eq!(answer.header("content-type"), MEDIA_TYPE);
                assert_eq!(answer.header("cache-control"), "no-store");
            }
        }
    }

    /// A9: an address is exactly itself.
    async fn other_spellings_of_an_address_reach_no_handler(harness: Harness) {
        let app = App::on(harness);
        let bob = app.user("bob").await;
        let (_, tag) = bob.make_key().await;
        for path in [
            format!("{KEYS}/"),
            format!("{KEYS}/{tag}/"),
            format!("{KEYS}//{tag}"),
            format!("/netbackup//security/api-keys/{tag}"),
            format!("/netbackup/security/./api-keys/{tag}"),
            format!("/netbackup/security/x/../api-keys/{tag}"),
            format!("/netbackup/security/x/%2e%2e/api-keys/{tag}"),
            format!("/netbackup/security%2Fapi-keys/{tag}"),
            format!("/netbackup/security/API-KEYS/{tag}"),
        ] {
            for method in [Method::GET, Method::DELETE] {
                let answer = bob.send(method, &path, &[], "").await;
                assert_eq!(answer.status, 404, "{path}");
                assert_eq!(answer.json()["errorCode"], 227);
            }
        }
        for path in [format!("//netbackup/security/api-keys/{tag}"), format!("/NETBACKUP/security/api-keys/{tag}")] {
            assert_eq!(bob.get(&path).await.status, 404, "{path}");
            // The browsers' door refuses it for want of an origin, before it looks.
            assert_eq!(bob.delete(&path).await.status, 403, "{path}");
        }
        assert_eq!(bob.get(&format!("{KEYS}/{tag}")).await.status, 200);
    }

    /// A9: the method is what the request line says.
    async fn methods_are_not_overridden(harness: Harness) {
        let app = App::on(harness);
        let bob = app.user("bob").await;
        let (_, tag) = bob.make_key().await;
        let path = format!("{KEYS}/{tag}");
        for header in ["x-http-method-override", "x-http-method", "x-method-override"] {
            assert_eq!(bob.get_as(&path, &[(header, "DELETE")]).await.status, 200);
        }
        let answer = bob.get(&format!("{path}?_method=DELETE")).await;
        assert_eq!(answer.status, 200);
        assert_eq!(bob.get(&path).await.status, 200);
    }

    async fn an_unknown_method_names_those_that_are_known(harness: Harness) {
        let app = App::on(harness);
        let told = error(
            19_405,
            "This address does not know the method; the header Allow names those it knows.",
            json!({}),
        );
        for (path, method, allowed) in [
            (KEYS, Method::PUT, "GET,HEAD,POST"),
            (KEYS, Method::OPTIONS, "GET,HEAD,POST"),
            (KEYS, Method::TRACE, "GET,HEAD,POST"),
            (&format!("{KEYS}/lky_AAAAAAA="), Method::POST, "GET,HEAD,PATCH,DELETE"),
            ("/netbackup/login", Method::GET, "POST"),
            ("/netbackup/ping", Method::POST, "GET,HEAD"),
        ] {
            let answer = app.anonymous().send(method, path, &[], "").await;
            assert_eq!((answer.status, answer.json()), (405, told.clone()), "{path}");
            assert_eq!(answer.header("allow"), allowed, "{path}");
            assert_eq!(answer.header("content-type"), MEDIA_TYPE);
        }
    }

    async fn head_is_get_without_the_body(harness: Harness) {
        let app = App::on(harness);
        let bob = app.user("bob").await;
        let answer = bob.send(Method::HEAD, KEYS, &[], "").await;
        assert_eq!((answer.status, answer.text()), (200, ""));
        assert_eq!(app.anonymous().send(Method::HEAD, KEYS, &[], "").await.status, 401);
    }

    async fn an_answer_carries_the_version_asked_for(harness: Harness) {
        let app = App::on(harness);
        let bob = app.user("bob").await;
        for (accept, content_type) in [
            ("application/vnd.netbackup+json;version=4.0", "application/vnd.netbackup+json;version=4.0"),
            ("application/vnd.netbackup+json; version=4", "application/vnd.netbackup+json;version=4.0"),
            ("application/json", MEDIA_TYPE),
            ("*/*", MEDIA_TYPE),
        ] {
            let answer = bob.get_as(KEYS, &[("accept", accept)]).await;
            assert_eq!((answer.status, answer.header("content-type")), (200, content_type));
            let answer = app.anonymous().get_as(KEYS, &[("accept", accept)]).await;
            assert_eq!((answer.status, answer.header("content-type")), (401, content_type));
        }
    }

    async fn what_cannot_be_answered_read_or_agreed_on_is_refused(harness: Harness) {
        let app = App::on(harness);
        let bob = app.user("bob").await;
        let version = |version: &str| format!("application/vnd.netbackup+json;version={version}");
        let not_acceptable = error(
            19_406,
            "Accept: Must allow application/vnd.netbackup+json in a version from 1.0 to 14.0.",
            json!({}),
        );
        for accept in ["text/html", &version("15.0"), &version("0.9")] {
            let answer = bob.get_as(KEYS, &[("accept", accept)]).await;
            assert_eq!((answer.status, answer.json()), (406, not_acceptable.clone()));
            assert_eq!(answer.header("content-type"), MEDIA_TYPE);
        }
        let unsupported = error(
            19_415,
            "Content-Type: Must be application/vnd.netbackup+json in a version from 1.0 to 14.0, or application/json.",
            json!({}),
        );
        let body = wanted().to_string();
        for content_type in ["text/plain", "application/x-www-form-urlencoded", &version("15.0")] {
            let headers = [("content-type", content_type)];
            let answer = bob.send(Method::POST, KEYS, &headers, body.clone()).await;
            assert_eq!((answer.status, answer.json()), (415, unsupported.clone()));
        }
        let (four, five) = (version("4.0"), version("5.0"));
        let headers = [("accept", four.as_str()), ("content-type", five.as_str())];
        let answer = bob.send(Method::POST, KEYS, &headers, body.clone()).await;
        assert_eq!(
            answer.faults(),
            (400, json!({"Content-Type": "Must be in the version that Accept names."}))
        );
        assert_eq!(bob.get(KEYS).await.json()["data"], json!([]));
        // No header at all is fine, and so is a version without minor and with a charset.
        assert_eq!(bob.send(Method::POST, KEYS, &[("content-type", "application/vnd.netbackup+json; version=4;charset=UTF-8")], body).await.status, 201);
    }

    /// W7: what cannot be read is told like everything else.
    async fn a_body_that_cannot_be_read_is_an_error_document(harness: Harness) {
        let app = App::on(harness);
        let bob = app.user("bob").await;
        for (body, status, code) in [
            (b"\xff\xfe{}".to_vec(), 400, 8961),
            (b"{\"data\":".to_vec(), 400, 8961),
            ("[".repeat(60_000).into_bytes(), 400, 8961),
            (vec![b' '; 65 * 1024], 413, 19_413),
        ] {
            let headers = [("content-type", MEDIA_TYPE)];
            for path in [KEYS, "/netbackup/login", "/netbackup/access-control/roles"] {
                let answer = bob.send(Method::POST, path, &headers, body.clone()).await;
                let document = answer.json();
                assert_eq!((answer.status, document["errorCode"].clone()), (status, json!(code)), "{path}");
                assert_eq!(document["errorDetails"], json!([format!("Request: {REQUEST_ID}")]));
                assert_eq!(answer.header("content-type"), MEDIA_TYPE);
            }
        }
    }

    async fn a_harmless_request_id_is_echoed_and_another_replaced(harness: Harness) {
        let app = App::on(harness);
        let answer = app.anonymous().get(KEYS).await;
        assert_eq!(answer.header("x-request-id"), REQUEST_ID);
        assert_eq!(answer.json(), unauthenticated());
        let long = "x".repeat(129);
        for hostile in ["", "a b", "a\tb", "<script>", "ü", &long] {
            let answer = app.anonymous().get_as(KEYS, &[("x-request-id", hostile)]).await;
            let id = answer.header("x-request-id").to_owned();
            assert_eq!(id.len(), 24, "{hostile}");
            assert!(id.bytes().all(|byte| byte.is_ascii_hexdigit()));
            assert_eq!(answer.json()["errorDetails"], json!([format!("Request: {id}")]));
        }
    }

    /// W6, R2: what the client says of itself reaches the audit trail, cut and cleaned; its address
    /// is the peer's.
    async fn the_audit_trail_learns_where_a_request_comes_from(harness: Harness) {
        let app = App::on(harness);
        let bob = app.user("bob").await;
        let reason = format!("nightly%20job%0d%0a{}", "%E2%82%AC".repeat(200));
        let headers = [
            ("content-type", MEDIA_TYPE),
            ("x-netbackup-audit-reason", reason.as_str()),
            ("x-client-id", "ansible"),
            ("x-forwarded-for", "203.0.113.9"),
            ("x-request-id", "job-7"),
        ];
        let answer = bob.send(Method::POST, KEYS, &headers, wanted().to_string()).await;
        assert_eq!(answer.status, 201);
        let last = async |column| app.latest_record(column).await.unwrap();
        assert_eq!(last("reason").await, format!("nightly job  {}", "€".repeat(166)));
        assert_eq!(last("client_id").await, "ansible");
        assert_eq!(last("address").await, "192.0.2.7");
        assert_eq!(last("request_id").await, "job-7");
    }

    /// W6: what the client says of the server changes no answer, and no record.
    async fn a_spoofed_host_changes_nothing(harness: Harness) {
        let app = App::with(harness, &[("LATCHKEY_TRUSTED_PROXIES", "192.0.2.0/24")]);
        let bob = app.user("bob").await;
        let spoofed = [
            ("host", "evil.example"),
            ("x-forwarded-host", "evil.example"),
            ("x-forwarded-proto", "gopher"),
            ("forwarded", "for=203.0.113.9;host=evil.example"),
            ("x-real-ip", "203.0.113.9"),
        ];
        for path in [KEYS, "/netbackup/security/serverinfo", "/netbackup/none", "/sign-in", "/profile/key"] {
            let (plain, other) = (bob.get(path).await, bob.get_as(path, &spoofed).await);
            let named = |answer: &crate::support::Answer| {
                let headers = answer.headers.values();
                let mut texts = headers.map(|value| value.to_str().unwrap().to_owned());
                texts.any(|text| text.contains("evil")) || answer.text().contains("evil")
            };
            assert_eq!(plain.status, other.status, "{path}");
            assert_eq!(plain.header("location"), other.header("location"), "{path}");
            assert!(!named(&other), "{path}");
        }
        let made = bob.send(Method::POST, KEYS, &spoofed, wanted().to_string()).await;
        assert!(made.header("location").starts_with(KEYS));
        assert_eq!(app.latest_record("address").await.unwrap(), "192.0.2.7");
    }

    /// W6.
    async fn a_trusted_proxy_names_the_client(harness: Harness) {
        let app = App::with(harness, &[("LATCHKEY_TRUSTED_PROXIES", "192.0.2.0/24")]);
        let bob = app.user("bob").await;
        let headers = [
            ("content-type", MEDIA_TYPE),
            ("x-forwarded-for", "198.51.100.1, 203.0.113.9"),
        ];
        bob.send(Method::POST, KEYS, &headers, wanted().to_string()).await;
        let address = app.latest_record("address").await.unwrap();
        assert_eq!(address, "203.0.113.9");
    }

    async fn the_log_has_a_line_a_request_with_the_route_and_the_caller(harness: Harness) {
        let app = App::on(harness);
        let bob = app.user("bob").await;
        let (key, tag) = bob.make_key().await;
        let id = format!("log-{}", &tag[4..11]);
        let answer = app
            .key(&key)
            .get_as(&format!("{KEYS}/{tag}?secret=hunter2"), &[("x-request-id", &id)])
            .await;
        assert_eq!(answer.status, 200);
        let lines = Log::lines_with(&id);
        let line = lines.iter().find(|line| line.contains("answered")).unwrap();
        for part in [
            "method=\"GET\"",
            "route=\"/netbackup/security/api-keys/{tag}\"",
            "status=200",
            "address=\"192.0.2.7\"",
            &format!("caller=\":bob:unixpwd:1000 {tag}\""),
        ] {
            assert!(line.contains(part), "{part} is not in {line}");
        }
        assert!(!line.contains("hunter2"));
    }
}
