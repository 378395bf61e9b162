use service::on_both_databases;

use crate::support::App;

on_both_databases! {
    async fn ping_tells_the_time_to_everyone_whatever_they_accept(harness: Harness) {
        let app = App::on(harness);
        for accept in ["*/*", "text/html", "application/vnd.netbackup+json;version=99.0"] {
            let answer = app.anonymous().get_as("/netbackup/ping", &[("accept", accept)]).await;
            assert_eq!(answer.status, 200);
            assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
            assert_eq!(answer.header("x-netbackup-api-version"), "14.0");
            assert_eq!(answer.text(), "1795336110294");
        }
    }

    async fn the_token_key_is_there_for_everyone(harness: Harness) {
        let app = App::on(harness);
        let answer = app.anonymous().get("/netbackup/tokenkey").await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.text(), app.harness.services.sessions.token_key_pem());
        assert!(answer.text().starts_with("-----BEGIN PUBLIC KEY-----\n"));
    }
}
