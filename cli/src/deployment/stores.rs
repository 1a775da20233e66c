//! The stores of a deployment: those with a secret.

use aws_sdk_ssm::operation::get_parameters_by_path::GetParametersByPathOutput;
use inlet::store::StoreName;

use crate::deployment::Deployment;
use crate::deployment::address::{Scope, StoreAddress};
use crate::failure::Failure;
use crate::input::suggest::similar;
use crate::output::Output;
use crate::providers::{ALL, ProviderHandle};

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

/// Returns the stores of a scope: the named one, which may have no secret, or all with a secret.
///
/// # Errors
/// If the parameters cannot be listed.
pub(crate) async fn of_scope(
    deployment: &Deployment,
    scope: Option<Scope>,
) -> Result<Vec<StoreAddress>, Failure> {
    match scope {
        Some(Scope::Store(store)) => Ok(vec![store]),
        Some(Scope::Provider(provider)) => list_stores(deployment, &[provider]).await,
        None => list_stores(deployment, &ALL).await,
    }
}

/// Checks that a store has a secret, if the caller may list the stores: a suggestion is not worth a failure of its own. A
/// command that found nothing of the store calls it.
///
/// # Errors
/// [`Failure::NotFound`] with a similar name if there is one.
pub(crate) async fn check_exists(deployment: &Deployment, store: &StoreAddress) -> Result<(), Failure> {
    match list_stores(deployment, &[store.provider]).await {
        Ok(stores) => check_is_one_of(&store.store, &stores, &deployment.inlet),
        Err(_) => Ok(()),
    }
}

/// Notes that a store has no secret, with a similar name if there is one: for a command that can work without a secret,
/// but was probably given a mistyped name.
pub(crate) async fn note_unless_exists(deployment: &Deployment, store: &StoreAddress, output: &mut Output) {
    if let Err(Failure::NotFound { what, next }) = check_exists(deployment, store).await {
        output.note(format_args!("there is no {what}; {next}"));
    }
}

/// Checks that one of these stores, which have a secret, has this name.
///
/// # Errors
/// [`Failure::NotFound`] with a similar name, if there is one.
pub(crate) fn check_is_one_of(name: &StoreName, stores: &[StoreAddress], inlet: &str) -> Result<(), Failure> {
    if stores.iter().any(|store| store.store == *name) {
        return Ok(());
    }
    Err(unknown(name, stores, inlet))
}

/// Returns the question for the store that the user may have meant: `did you mean zid/riyadh?`. `None` if no store with
/// a secret has a similar name.
pub(crate) async fn suggestion(deployment: &Deployment, store: &StoreAddress) -> Option<String> {
    // A suggestion is not worth a failure of its own.
    let stores = list_stores(deployment, &[store.provider]).await.ok()?;
    did_you_mean(&store.store, &stores)
}

/// Returns the question for the store among these that the user may have meant. `None` if it is one of them, or none has
/// a similar name.
pub(crate) fn suggestion_among(store: &StoreAddress, stores: &[StoreAddress]) -> Option<String> {
    if stores.contains(store) { None } else { did_you_mean(&store.store, stores) }
}

fn did_you_mean(name: &StoreName, stores: &[StoreAddress]) -> Option<String> {
    let meant = similar(name.as_str(), stores.iter().map(|store| store.store.as_str()));
    let meant = meant.first()?;
    let of_name = stores.iter().filter(|store| store.store.as_str() == *meant);
    let addresses: Vec<String> = of_name.map(ToString::to_string).collect();
    Some(format!("did you mean {}?", addresses.join(" or ")))
}

/// Returns the failure for a name that none of the stores has.
fn unknown(name: &StoreName, stores: &[StoreAddress], inlet: &str) -> Failure {
    /// Names in a hint.
    const SHOWN: usize = 20;
    let next = did_you_mean(name, stores).unwrap_or_else(|| {
        if stores.is_empty() {
            return format!("set a store's secret with `{inlet} secret set zid/riyadh`");
        }
        let names: Vec<String> = stores.iter().take(SHOWN).map(ToString::to_string).collect();
        format!("use one of these: {}", names.join(", "))
    });
    Failure::NotFound { what: format!("store {name} with a secret"), next }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::DeploymentArgs;

    #[test]
    fn an_unknown_store_has_a_similar_one_or_all_of_them() {
        let stores = ["zid/acc16", "zid/jeddah", "zort/acc16"].map(|text| text.parse().unwrap());
        let hint = |name: &str, stores: &[StoreAddress]| {
            let failure = unknown(&StoreName::parse(name).unwrap(), stores, "inlet --local");
            assert_eq!(failure.exit_code(), 3, "{name}");
            failure.hint(&DeploymentArgs::of_stack("inlet", None))
        };
        assert_eq!(hint("acc61", &stores), "did you mean zid/acc16 or zort/acc16?");
        assert_eq!(hint("hanoi", &stores), "use one of these: zid/acc16, zid/jeddah, zort/acc16");
        assert_eq!(hint("hanoi", &[]), "set a store's secret with `inlet --local secret set zid/riyadh`");
    }
}
