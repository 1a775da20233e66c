//! The stores of a deployment: those with a secret.

use aws_sdk_ssm::operation::get_parameters_by_path::GetParametersByPathOutput;
use inlet::store::StoreName;

use crate::deployment::Deployment;
use crate::deployment::address::StoreAddress;
use crate::failure::Failure;
use crate::providers::ProviderHandle;

/// Returns the stores of these providers, ordered by provider and name.
///
/// # Errors
/// If the parameters cannot be listed.
pub(crate) async fn list_stores(
    deployment: &Deployment,
    providers: &[ProviderHandle],
) -> Result<Vec<StoreAddress>, Failure> {
    let mut stores = Vec::new();
    for &provider in providers {
        let path = format!("/inlet/{}/{provider}/", deployment.stage);
        let ssm = deployment.clients().ssm;
        // One level: the settings of a store are one level below. Not decrypted: only the names are needed.
        let pages = ssm.get_parameters_by_path().path(&path).with_decryption(false).into_paginator().send();
        let pages = pages.collect::<Result<Vec<_>, _>>().await;
        let pages = pages.map_err(|error| Failure::aws("the stores' parameters cannot be listed", &error))?;
        let parameters = pages.iter().flat_map(GetParametersByPathOutput::parameters);
        let names = parameters.filter_map(|parameter| parameter.name()?.strip_prefix(&path));
        let mut names: Vec<StoreName> = names.filter_map(|name| StoreName::parse(name).ok()).collect();
        names.sort();
        stores.extend(names.into_iter().map(|store| StoreAddress { provider, store }));
    }
    Ok(stores)
}
