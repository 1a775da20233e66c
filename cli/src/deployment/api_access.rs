//! The stored access to the providers' own APIs: for each store a JSON object in Parameter Store. Receivers cannot read
//! it: it is outside the path of their credentials.

use std::collections::BTreeMap;

use aws_sdk_ssm::operation::delete_parameter::DeleteParameterError;
use aws_sdk_ssm::operation::get_parameter::GetParameterError;
use aws_sdk_ssm::operation::get_parameters_by_path::GetParametersByPathOutput;
use aws_sdk_ssm::primitives::DateTime;
use aws_sdk_ssm::types::ParameterType;
use inlet::store::StoreName;
use serde_json::Value;

use crate::deployment::Deployment;
use crate::deployment::address::StoreAddress;
use crate::failure::Failure;
use crate::providers::ProviderHandle;

/// Returns the name of a store's parameter.
pub(crate) fn parameter(deployment: &Deployment, store: &StoreAddress) -> String {
    format!("/inlet-access/{}/{store}", deployment.stage)
}

/// Reads a store's access. `None` if none is stored.
///
/// # Errors
/// If it cannot be read, or is not a JSON object.
pub(crate) async fn read(deployment: &Deployment, store: &StoreAddress) -> Result<Option<Value>, Failure> {
    let name = parameter(deployment, store);
    let got = match deployment.clients().ssm.get_parameter().name(&name).with_decryption(true).send().await {
        Ok(got) => got.parameter.and_then(|parameter| parameter.value).unwrap_or_default(),
        Err(error) if error.as_service_error().is_some_and(GetParameterError::is_parameter_not_found) => {
            return Ok(None);
        }
        Err(error) => return Err(Failure::aws("the access cannot be read", &error)),
    };
    // The error would quote a part of it.
    let access: Value = serde_json::from_str(&got).unwrap_or_default();
    if access.is_object() {
        return Ok(Some(access));
    }
    Err(Failure::Problem {
        what: format!("the parameter {name} is not a JSON object"),
        next: format!("set the access again with `{} access set {store}`", deployment.inlet),
    })
}

/// Writes a store's access, encrypted with this KMS key, or with the account's key for Parameter Store. Returns true if
/// it replaced another one.
///
/// # Errors
/// If it cannot be written.
pub(crate) async fn write(
    deployment: &Deployment,
    store: &StoreAddress,
    access: &Value,
    kms_key: Option<String>,
) -> Result<bool, Failure> {
    let put = deployment.clients().ssm.put_parameter().name(parameter(deployment, store));
    let put = put.value(access.to_string()).r#type(ParameterType::SecureString).overwrite(true);
    let put = put.set_key_id(kms_key).send().await;
    Ok(put.map_err(|error| Failure::aws("the access cannot be written", &error))?.version() > 1)
}

/// Removes a store's access. Returns false if there was none.
///
/// # Errors
/// If it cannot be removed.
pub(crate) async fn remove(deployment: &Deployment, store: &StoreAddress) -> Result<bool, Failure> {
    let delete = deployment.clients().ssm.delete_parameter().name(parameter(deployment, store));
    match delete.send().await {
        Ok(_) => Ok(true),
        Err(error) if error.as_service_error().is_some_and(DeleteParameterError::is_parameter_not_found) => {
            Ok(false)
        }
        Err(error) => Err(Failure::aws("the access cannot be removed", &error)),
    }
}

/// Returns the stores of these providers that have an access, each with the time of its last change in seconds.
///
/// # Errors
/// If the parameters cannot be listed.
pub(crate) async fn stores(
    deployment: &Deployment,
    providers: &[ProviderHandle],
) -> Result<Vec<(StoreAddress, Option<i64>)>, Failure> {
    let mut stores = Vec::new();
    for &provider in providers {
        let path = format!("/inlet-access/{}/{provider}/", deployment.stage);
        let ssm = deployment.clients().ssm;
        let pages = ssm.get_parameters_by_path().path(&path).with_decryption(false).into_paginator().send();
        let pages = pages.collect::<Result<Vec<_>, _>>().await;
        let pages = pages.map_err(|error| Failure::aws("the parameters cannot be listed", &error))?;
        let parameters = pages.iter().flat_map(GetParametersByPathOutput::parameters);
        let named = parameters.filter_map(|parameter| {
            let store = StoreName::parse(parameter.name()?.strip_prefix(&path)?).ok()?;
            Some((store, parameter.last_modified_date().map(DateTime::secs)))
        });
        let named: BTreeMap<StoreName, Option<i64>> = named.collect();
        stores.extend(named.into_iter().map(|(store, at)| (StoreAddress { provider, store }, at)));
    }
    Ok(stores)
}
