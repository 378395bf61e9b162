use service::on_both_databases;

use crate::support::App;

on_both_databases! {
    async fn a_server_is_alive_and_ready(harness: Harness) {
        let app = App::on(harness);
        for path in ["/healthz", "/readyz"] {
            let answer = app.anonymous().get(path).await;
            assert_eq!((answer.status, answer.text()), (200, "ok"), "{path}");
        }
    }

    async fn without_its_database_a_server_is_alive_and_not_ready(harness: Harness) {
        let app = App::on(harness);
        app.harness.services.close().await;
        assert_eq!(app.anonymous().get("/healthz").await.status, 200);
        let answer = app.anonymous().get("/readyz").await;
        assert_eq!((answer.status, answer.text()), (503, "the database does not answer"));
    }
}
