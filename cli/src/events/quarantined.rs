//! The quarantined deliveries of several stores.

use inlet::received_at::ReceivedAt;
use inlet::store::StoreName;
use inlet_aws::dynamodb::table::Table;
use inlet_aws::operate::quarantine_list::{QuarantinedDelivery, quarantined_in_stores};

use crate::deployment::address::StoreAddress;
use crate::failure::Failure;

/// Returns the newest `limit` quarantined deliveries of these stores, newest first. `on_store` is called after each
/// store.
///
/// # Errors
/// If the table cannot be read.
pub(crate) async fn newest_quarantined(
    table: &Table,
    stores: &[StoreAddress],
    span: (ReceivedAt, ReceivedAt),
    limit: usize,
    on_store: impl Fn(),
) -> Result<Vec<(StoreAddress, QuarantinedDelivery)>, Failure> {
    let names: Vec<(&str, &StoreName)> =
        stores.iter().map(|address| (address.provider.name, &address.store)).collect();
    let deliveries = quarantined_in_stores(table, &names, span, limit, on_store).await;
    let deliveries =
        deliveries.map_err(|fault| Failure::Inlet { context: "the quarantine cannot be read", fault })?;
    Ok(deliveries
        .into_iter()
        .filter_map(|(index, delivery)| Some((stores.get(index)?.clone(), delivery)))
        .collect())
}
