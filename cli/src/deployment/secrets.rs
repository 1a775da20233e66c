//! A store's credentials in Parameter Store: a JSON list, the newest first.

use std::time::Duration;

use aws_sdk_ssm::Client;
use aws_sdk_ssm::operation::get_parameter::GetParameterError;
use aws_sdk_ssm::operation::get_parameter_history::GetParameterHistoryOutput;
use aws_sdk_ssm::operation::put_parameter::PutParameterError;
use aws_sdk_ssm::primitives::DateTime;
use aws_sdk_ssm::types::{Parameter, ParameterTier, ParameterType};
use inlet_aws::client::clock;
use serde_json::Value;

use crate::deployment::Deployment;
use crate::deployment::address::StoreAddress;
use crate::failure::Failure;

/// The most that a parameter of the standard tier holds, in bytes, and that one of the advanced tier, which costs:
/// <https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html>.
const STANDARD_BYTES: usize = 4096;
const ADVANCED_BYTES: usize = 8192;

/// Nobody takes so long for a change.
const STALE_SECONDS: i64 = 60;

/// How often somebody else's change is waited for, and how long each time: together longer than [`STALE_SECONDS`], so
/// that a lock that somebody left behind is outlived.
const TURNS: u32 = 150;
const TURN: Duration = Duration::from_millis(500);

/// A store's credentials as they are kept. Without `Debug`: they are secrets.
pub(crate) struct Kept {
    /// The credentials, newest first, each as it was written.
    pub(crate) credentials: Vec<Value>,
    /// The parameter's version.
    pub(crate) version: i64,
    /// When that version was written.
    pub(crate) written: Option<DateTime>,
}

/// A parameter's earlier or present state.
pub(crate) struct Past {
    /// What it held.
    pub(crate) credentials: Vec<Value>,
    /// When it was written.
    pub(crate) written: Option<DateTime>,
}

/// Reads a store's credentials; nothing where nobody set any.
///
/// # Errors
/// When they cannot be read, or are no JSON list.
pub(crate) async fn read(deployment: &Deployment, store: &StoreAddress) -> Result<Option<Kept>, Failure> {
    version(deployment, store).await
}

/// The credential that is in use: the newest.
///
/// # Errors
/// When there is none, or it cannot be read.
pub(crate) async fn newest(deployment: &Deployment, store: &StoreAddress) -> Result<Value, Failure> {
    let kept = read(deployment, store).await?;
    kept.and_then(|kept| kept.credentials.into_iter().next()).ok_or_else(|| none(deployment, store))
}

/// There are no credentials.
pub(crate) fn none(deployment: &Deployment, store: &StoreAddress) -> Failure {
    Failure::NotFound {
        what: format!("secret of {store}"),
        next: format!("set one: {} secret set {store}", deployment.inlet),
    }
}

/// There are credentials already.
pub(crate) fn exists(deployment: &Deployment, store: &StoreAddress) -> Failure {
    Failure::Unusable {
        what: format!("{store} has a secret already"),
        next: format!("put a new one in front of it: {} secret rotate {store}", deployment.inlet),
    }
}

/// Writes a store's first credential, encrypted with this key or else with the account's own for Parameter Store.
///
/// # Errors
/// When the store has credentials already, or they cannot be written.
pub(crate) async fn create(
    deployment: &Deployment,
    store: &StoreAddress,
    first: Value,
    key: Option<String>,
) -> Result<(), Failure> {
    let exists = |failure| match failure {
        Failure::Aws { ref told, .. } if told.starts_with("ParameterAlreadyExists") => {
            self::exists(deployment, store)
        }
        other => other,
    };
    write(deployment, store, &[first], false, key).await.map(drop).map_err(exists)
}

/// Changes a store's credentials, one change after the other however many people make one, and gives the number of
/// those that are live now.
///
/// # Errors
/// When there are none, when `change` says no, or when they cannot be read or written.
pub(crate) async fn update(
    deployment: &Deployment,
    store: &StoreAddress,
    change: impl Fn(&[Value]) -> Result<Vec<Value>, Failure>,
) -> Result<usize, Failure> {
    let (ssm, name) = (deployment.clients().ssm, deployment.parameter(store));
    let lock = format!("{name}/lock");
    hold(deployment, store, &lock).await?;
    let changed = changed(deployment, store, change).await;
    let released = ssm.delete_parameter().name(&lock).send().await;
    let live = changed?;
    released
        .map(|_| live)
        .map_err(|error| Failure::aws("the secret is changed, and its lock cannot be removed", &error))
}

async fn changed(
    deployment: &Deployment,
    store: &StoreAddress,
    change: impl Fn(&[Value]) -> Result<Vec<Value>, Failure>,
) -> Result<usize, Failure> {
    let name = deployment.parameter(store);
    let key = key(&deployment.clients().ssm, &name).await;
    let kept = version(deployment, store).await?.ok_or_else(|| none(deployment, store))?;
    let changed = change(&kept.credentials)?;
    let written = write(deployment, store, &changed, true, key).await?;
    let before = written.saturating_sub(1);
    if before == kept.version {
        return Ok(changed.len());
    }
    Err(Failure::Partly {
        what: format!(
            "somebody changed the secret of {store} at the same moment by other means, and lost the change"
        ),
        next: format!("it is version {before} of the parameter {name}; make that change again"),
    })
}

/// Waits until nobody else changes this secret, and keeps others from it. Parameter Store has no conditional write,
/// but of several who create a parameter only one succeeds.
async fn hold(deployment: &Deployment, store: &StoreAddress, lock: &str) -> Result<(), Failure> {
    let ssm = &deployment.clients().ssm;
    for _ in 0..TURNS {
        let put = ssm.put_parameter().name(lock).value("held").r#type(ParameterType::String).overwrite(false);
        let Err(error) = put.send().await else { return Ok(()) };
        if !error.as_service_error().is_some_and(PutParameterError::is_parameter_already_exists) {
            return Err(Failure::aws("the secret cannot be locked", &error));
        }
        if is_stale(ssm, lock).await {
            // Should somebody be faster, the next try tells.
            let _ = ssm.delete_parameter().name(lock).send().await;
        } else {
            tokio::time::sleep(TURN).await;
        }
    }
    Err(Failure::Wrong {
        what: format!("somebody else has been changing the secret of {store} all the time"),
        next: format!("try again; look what is there: {} secret list {store}", deployment.inlet),
    })
}

/// Whether whoever holds the lock must have died.
async fn is_stale(ssm: &Client, lock: &str) -> bool {
    let held = ssm.get_parameter().name(lock).send().await.ok().and_then(|got| got.parameter);
    let since = held.and_then(|held| held.last_modified_date().map(DateTime::secs));
    let now = clock::now().millis() / 1000;
    since.is_some_and(|since| now.saturating_sub(since) > STALE_SECONDS)
}

/// Removes a store's credentials: what it is sent is refused from then on.
///
/// # Errors
/// When they cannot be removed.
pub(crate) async fn remove(deployment: &Deployment, store: &StoreAddress) -> Result<(), Failure> {
    let delete = deployment.clients().ssm.delete_parameter().name(deployment.parameter(store));
    delete.send().await.map(drop).map_err(|error| Failure::aws("the secret cannot be removed", &error))
}

/// The parameter's versions, oldest first, as far as Parameter Store remembers them.
///
/// # Errors
/// When they cannot be read.
pub(crate) async fn history(deployment: &Deployment, store: &StoreAddress) -> Result<Vec<Past>, Failure> {
    let get = deployment.clients().ssm.get_parameter_history().name(deployment.parameter(store));
    let pages = get.with_decryption(true).into_paginator().send().collect::<Result<Vec<_>, _>>().await;
    let pages = pages.map_err(|error| Failure::aws("the secret's history cannot be read", &error))?;
    let versions = pages.iter().flat_map(GetParameterHistoryOutput::parameters);
    let past = versions.map(|version| Past {
        credentials: list(version.value().unwrap_or_default()).unwrap_or_default(),
        written: version.last_modified_date().copied(),
    });
    Ok(past.collect())
}

/// The credentials in a parameter's text.
pub(crate) fn list(text: &str) -> Option<Vec<Value>> {
    serde_json::from_str(text).ok()
}

async fn version(deployment: &Deployment, store: &StoreAddress) -> Result<Option<Kept>, Failure> {
    let (inlet, name) = (&deployment.inlet, deployment.parameter(store));
    let got = match deployment.clients().ssm.get_parameter().name(&name).with_decryption(true).send().await {
        Ok(got) => got,
        Err(error) => {
            let missing = error.as_service_error().is_some_and(GetParameterError::is_parameter_not_found);
            return if missing { Ok(None) } else { Err(Failure::aws("the secret cannot be read", &error)) };
        }
    };
    let Some(parameter) = got.parameter else { return Ok(None) };
    kept(&parameter).map(Some).ok_or_else(|| Failure::Wrong {
        what: format!("the secret of {store} is no JSON list"),
        next: format!(
            "remove it with `{inlet} secret retire {store} --all` and set it anew, or mend the parameter {name}"
        ),
    })
}

fn kept(parameter: &Parameter) -> Option<Kept> {
    let credentials = list(parameter.value().unwrap_or_default())?;
    Some(Kept { credentials, version: parameter.version(), written: parameter.last_modified_date().copied() })
}

/// The key that the parameter is encrypted with: a further version would otherwise fall back to the account's own.
/// Who may not ask keeps to that.
async fn key(ssm: &Client, name: &str) -> Option<String> {
    let pages = ssm.get_parameter_history().name(name).with_decryption(false).into_paginator().send();
    let pages = pages.collect::<Result<Vec<_>, _>>().await.ok()?;
    let newest = pages.iter().flat_map(GetParameterHistoryOutput::parameters).last()?;
    newest.key_id().map(str::to_owned)
}

/// Writes the list and gives the new version.
async fn write(
    deployment: &Deployment,
    store: &StoreAddress,
    credentials: &[Value],
    overwrite: bool,
    key: Option<String>,
) -> Result<i64, Failure> {
    let text = Value::Array(credentials.to_vec()).to_string();
    if text.len() > ADVANCED_BYTES {
        return Err(Failure::Unusable {
            what: format!(
                "the secret of {store} would have {} bytes; {ADVANCED_BYTES} are the most",
                text.len()
            ),
            next: format!("retire what is not used any more: {} secret retire {store}", deployment.inlet),
        });
    }
    let put = deployment.clients().ssm.put_parameter().name(deployment.parameter(store)).value(&text);
    let put = put.r#type(ParameterType::SecureString).overwrite(overwrite);
    let put = if text.len() > STANDARD_BYTES { put.tier(ParameterTier::Advanced) } else { put };
    let put = put.set_key_id(key).send().await;
    Ok(put.map_err(|error| Failure::aws("the secret cannot be written", &error))?.version())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_was_left_behind_is_outlived() {
        // Its age is known to the second.
        let stale_ms = u128::from(STALE_SECONDS.unsigned_abs()) * 1000 + 2000;
        assert!((TURN * TURNS).as_millis() > stale_ms, "whoever waits gives up before the lock is stale");
    }
}
