//! Checks of the stores' secrets and settings.

use std::sync::Arc;

use inlet::canonical::StoreDefaults;
use tokio::task::JoinSet;

use crate::deployment::Deployment;
use crate::deployment::address::StoreAddress;
use crate::deployment::{secrets, stores};
use crate::health_checks::check::Check;
use crate::output::counted;
use crate::providers::ALL;

/// Stores whose parameters are read at once.
const STORES_AT_ONCE: usize = 8;

pub(super) async fn check_secrets(deployment: &Arc<Deployment>) -> Vec<Check> {
    let stores = match stores::list_stores(deployment, &ALL).await {
        Ok(stores) => stores,
        Err(failure) => return vec![Check::not_checked("secrets", &failure)],
    };
    if stores.is_empty() {
        let next = format!("set one for each store, for example: {} secret set zid/riyadh", deployment.inlet);
        return vec![Check::unknown("secrets", "no store has a secret, so every delivery is rejected", next)];
    }
    let (mut checks, mut well, mut left) = (Vec::new(), Vec::new(), stores.len());
    for some in stores.chunks(STORES_AT_ONCE) {
        let mut reading = JoinSet::new();
        for (place, store) in some.iter().cloned().enumerate() {
            let deployment = Arc::clone(deployment);
            reading.spawn(async move { (place, store.provider, check_store(&deployment, &store).await) });
        }
        let mut found = reading.join_all().await;
        found.sort_by_key(|(place, ..)| *place);
        left = left.saturating_sub(found.len());
        let is_blocked = found.iter().any(|(.., found)| found.has_obstacle());
        for (_, provider, StoreChecks { secret, settings }) in found {
            well.extend(secret.is_none().then_some(provider));
            checks.extend(secret.into_iter().chain(settings));
        }
        // The same obstacle prevents the other checks, and each takes its whole time.
        if is_blocked && left > 0 {
            let stores = counted(left, "more store was", "more stores were");
            let finding = format!("{stores} not checked, for the same reason");
            checks.push(Check::unknown("secrets", finding, "follow the hint above"));
            break;
        }
    }
    for &provider in ALL.iter() {
        let well = well.iter().filter(|one| **one == provider).count();
        if well > 0 {
            let stores = if well == 1 { "one store".to_owned() } else { format!("{well} stores") };
            checks.push(Check::pass("secrets", format!("{provider}: {stores} with live credentials")));
        }
    }
    checks
}

/// The problems of a store's parameters.
struct StoreChecks {
    secret: Option<Check>,
    settings: Option<Check>,
}

impl StoreChecks {
    fn has_obstacle(&self) -> bool {
        [&self.secret, &self.settings].into_iter().flatten().any(|check| check.obstacle.is_some())
    }
}

async fn check_store(deployment: &Deployment, store: &StoreAddress) -> StoreChecks {
    let (secret, settings) = tokio::join!(check_secret(deployment, store), settings_of(deployment, store));
    StoreChecks { secret, settings }
}

/// Checks a store's secret. None if it is valid.
async fn check_secret(deployment: &Deployment, store: &StoreAddress) -> Option<Check> {
    let credentials = match secrets::read(deployment, store).await {
        Ok(kept) => kept.map(|kept| kept.credentials).unwrap_or_default(),
        Err(failure) => return Some(Check::not_checked("secrets", &failure)),
    };
    let next = format!("add a valid credential: {} secret rotate {store}", deployment.inlet);
    if credentials.is_empty() {
        return Some(Check::fail("secrets", format!("{store} has no credential"), next));
    }
    let failure = credentials.iter().find_map(|credential| store.provider.shape_of(credential).err())?;
    Some(Check::fail(
        "secrets",
        format!("{store}: {failure}"),
        format!("{}; {next}", failure.hint(&deployment.options)),
    ))
}

/// Checks a store's settings. None if there are none, or they are valid.
async fn settings_of(deployment: &Deployment, store: &StoreAddress) -> Option<Check> {
    let settings = match secrets::settings(deployment, store).await {
        Ok(settings) => settings?,
        Err(failure) => return Some(Check::not_checked("settings", &failure)),
    };
    let problems = StoreDefaults::problems(&settings);
    let next = format!("correct the parameter {}/settings", deployment.parameter(store));
    (!problems.is_empty()).then(|| Check::fail("settings", format!("{store}: {}", problems.join("; ")), next))
}
