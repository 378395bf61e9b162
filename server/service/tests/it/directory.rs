//! The list of everybody's keys.

use domain::directory::{Count, DirectoryQuery, Slice};
use service::{on_both_databases, testing::Harness};

on_both_databases! {
    async fn every_slice_has_every_one_of_its_orders(harness: Harness) {
        let anna = harness.user("anna", &["Administrator"]).await;
        let keys = &harness.services.keys;
        for slice in Slice::ALL {
            for order in slice.orders() {
                for descending in [false, true] {
                    for search in [None, Some("lky_"), Some("bob"), Some("Nightly backup")] {
                        let query = DirectoryQuery {
                            order: *order,
                            descending,
                            search: search.map(str::to_owned),
                            ..DirectoryQuery::of(slice)
                        };
                        let page = keys.directory(&anna, &query).await.unwrap();
                        assert_eq!(page.count, Count::Exactly(0), "{query:?}");
                    }
                }
            }
        }
        assert_eq!(keys.tiles(&anna).await.unwrap().active, Count::Exactly(0));
        assert_eq!(keys.expiries(&anna, 90).await.unwrap().len(), 90);
    }
}
