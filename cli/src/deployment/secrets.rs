//! A store's credentials in Parameter Store: a JSON list, newest first.

use std::time::Duration;

use aws_sdk_ssm::Client;
use aws_sdk_ssm::operation::get_parameter::GetParameterError;
use aws_sdk_ssm::operation::get_parameter_history::GetParameterHistoryOutput;
use aws_sdk_ssm::operation::put_parameter::PutParameterError;
use aws_sdk_ssm::primitives::DateTime;
use aws_sdk_ssm::types::{Parameter, ParameterTier, ParameterType};
use inlet::process::signature::SigningKey;
use inlet_aws::client::clock;
use serde_json::Value;

use crate::deployment::Deployment;
use crate::deployment::address::StoreAddress;
use crate::deployment::stores;
use crate::failure::Failure;

/// Size limits of a parameter in bytes: the standard tier, and the advanced tier, which is billed:
/// <https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html>.
const STANDARD_BYTES: usize = 4096;
const ADVANCED_BYTES: usize = 8192;

/// Age of an abandoned lock. No change takes this long.
const STALE_SECONDS: i64 = 60;

/// Number of attempts to take a lock, and the pause between them: together longer than [`STALE_SECONDS`], so that an
/// abandoned lock expires while a command waits.
const LOCK_ATTEMPTS: u32 = 150;
const LOCK_PAUSE: Duration = Duration::from_millis(500);

/// A store's credentials as stored. It does not implement `Debug`: they are secrets.
pub(crate) struct StoredSecret {
    /// The credentials, newest first, each as it was written.
    pub(crate) credentials: Vec<Value>,
    /// The version of the parameter.
    pub(crate) version: i64,
    /// The time when this version was written.
    pub(crate) written: Option<DateTime>,
}

/// An earlier or the current version of the parameter.
pub(crate) struct Version {
    /// Its credentials.
    pub(crate) credentials: Vec<Value>,
    /// The time when it was written.
    pub(crate) written: Option<DateTime>,
}

/// Reads a store's credentials. None if the store has no secret.
///
/// # Errors
/// If they cannot be read, or are not a JSON list.
pub(crate) async fn read(
    deployment: &Deployment,
    store: &StoreAddress,
) -> Result<Option<StoredSecret>, Failure> {
    version(deployment, store).await
}

/// Returns the newest credential.
///
/// # Errors
/// If there is none, or it cannot be read.
pub(crate) async fn newest(deployment: &Deployment, store: &StoreAddress) -> Result<Value, Failure> {
    let kept = read(deployment, store).await?;
    match kept.and_then(|kept| kept.credentials.into_iter().next()) {
        Some(credential) => Ok(credential),
        None => Err(not_found(deployment, store).await),
    }
}

/// Reads a store's settings parameter. None if the store has none.
///
/// # Errors
/// If it cannot be read.
pub(crate) async fn settings(
    deployment: &Deployment,
    store: &StoreAddress,
) -> Result<Option<String>, Failure> {
    let name = format!("{}/settings", deployment.parameter(store));
    match deployment.clients().ssm.get_parameter().name(name).with_decryption(true).send().await {
        Ok(got) => Ok(got.parameter.and_then(|parameter| parameter.value)),
        Err(error) if error.as_service_error().is_some_and(GetParameterError::is_parameter_not_found) => {
            Ok(None)
        }
        Err(error) => Err(Failure::aws("the store's settings cannot be read", &error)),
    }
}

/// Returns the name of the parameter with the secrets that sign requests to an endpoint.
pub(crate) fn signing_parameter(deployment: &Deployment) -> String {
    format!("/inlet-consumer/{}", deployment.stage)
}

/// Returns the usable secrets that sign requests to an endpoint, newest first. None if the deployment has no such
/// parameter.
///
/// # Errors
/// If the parameter cannot be read.
pub(crate) async fn signing_keys(deployment: &Deployment) -> Result<Option<Vec<SigningKey>>, Failure> {
    let name = signing_parameter(deployment);
    match deployment.clients().ssm.get_parameter().name(name).with_decryption(true).send().await {
        Ok(got) => Ok(got.parameter.and_then(|parameter| parameter.value).as_deref().map(parse_keys)),
        Err(error) if error.as_service_error().is_some_and(GetParameterError::is_parameter_not_found) => {
            Ok(None)
        }
        Err(error) => Err(Failure::aws("the secrets that sign cannot be read", &error)),
    }
}

/// Returns the keys in the value of the parameter: a JSON list. Another value has none.
fn parse_keys(value: &str) -> Vec<SigningKey> {
    let secrets: Vec<String> = serde_json::from_str(value).unwrap_or_default();
    secrets.iter().filter_map(|secret| SigningKey::parse(secret)).collect()
}

/// Returns the failure for a store without a secret, with the store that the user may have meant.
pub(crate) async fn not_found(deployment: &Deployment, store: &StoreAddress) -> Failure {
    let meant = stores::suggestion(deployment, store).await.map(|meant| meant + " Otherwise ");
    Failure::NotFound {
        what: format!("secret of {store}"),
        next: format!("{}set one with `{} secret set {store}`", meant.unwrap_or_default(), deployment.inlet),
    }
}

/// Returns the failure for a store that already has a secret.
pub(crate) fn already_exists(deployment: &Deployment, store: &StoreAddress) -> Failure {
    Failure::Unusable {
        what: format!("{store} already has a secret"),
        next: format!("add a new credential with `{} secret rotate {store}`", deployment.inlet),
    }
}

/// Writes a store's first credential, encrypted with this KMS key, or with the account's key for Parameter Store.
///
/// # Errors
/// If the store already has a secret, or it cannot be written.
pub(crate) async fn create(
    deployment: &Deployment,
    store: &StoreAddress,
    first: Value,
    key: Option<String>,
) -> Result<(), Failure> {
    let exists = |failure| match failure {
        Failure::Aws { ref error, .. } if error.message.starts_with("ParameterAlreadyExists") => {
            self::already_exists(deployment, store)
        }
        other => other,
    };
    write(deployment, store, &[first], false, key).await.map(drop).map_err(exists)
}

/// Changes a store's credentials under a lock, and returns the number of live credentials afterwards.
///
/// # Errors
/// If there is no secret, if `change` returns an error, or if the secret cannot be read or written.
pub(crate) async fn update(
    deployment: &Deployment,
    store: &StoreAddress,
    change: impl Fn(&[Value]) -> Result<Vec<Value>, Failure>,
) -> Result<usize, Failure> {
    let (ssm, name) = (deployment.clients().ssm, deployment.parameter(store));
    let lock_name = format!("{name}/lock");
    lock(deployment, store, &lock_name).await?;
    let changed = changed(deployment, store, change).await;
    let released = ssm.delete_parameter().name(&lock_name).send().await;
    let live = changed?;
    released
        .map(|_| live)
        .map_err(|error| Failure::aws("the secret is changed, but its lock cannot be removed", &error))
}

async fn changed(
    deployment: &Deployment,
    store: &StoreAddress,
    change: impl Fn(&[Value]) -> Result<Vec<Value>, Failure>,
) -> Result<usize, Failure> {
    let name = deployment.parameter(store);
    let key = key(&deployment.clients().ssm, &name).await;
    let Some(kept) = version(deployment, store).await? else {
        return Err(not_found(deployment, store).await);
    };
    let changed = change(&kept.credentials)?;
    let written = write(deployment, store, &changed, true, key).await?;
    let before = written.saturating_sub(1);
    if before == kept.version {
        return Ok(changed.len());
    }
    Err(Failure::Partial {
        what: format!(
            "another program changed the secret of {store} at the same time, and its change was overwritten"
        ),
        next: format!("repeat the overwritten change: it is version {before} of the parameter {name}"),
    })
}

/// Takes the lock of a secret. Waits while another command has it. Parameter Store has no conditional write, but only
/// one of several creations of the same parameter succeeds.
async fn lock(deployment: &Deployment, store: &StoreAddress, lock: &str) -> Result<(), Failure> {
    let ssm = &deployment.clients().ssm;
    for _ in 0..LOCK_ATTEMPTS {
        let put = ssm.put_parameter().name(lock).value("held").r#type(ParameterType::String).overwrite(false);
        let Err(error) = put.send().await else { return Ok(()) };
        if !error.as_service_error().is_some_and(PutParameterError::is_parameter_already_exists) {
            return Err(Failure::aws("the secret cannot be locked", &error));
        }
        if is_stale(ssm, lock).await {
            // If another command is faster, the next attempt waits for it.
            let _ = ssm.delete_parameter().name(lock).send().await;
        } else {
            tokio::time::sleep(LOCK_PAUSE).await;
        }
    }
    Err(Failure::Problem {
        what: format!("other commands are changing the secret of {store}"),
        next: format!("list the credentials with `{} secret list {store}`, then try again", deployment.inlet),
    })
}

/// Returns true if the owner of the lock must have crashed.
async fn is_stale(ssm: &Client, lock: &str) -> bool {
    let held = ssm.get_parameter().name(lock).send().await.ok().and_then(|got| got.parameter);
    let since = held.and_then(|held| held.last_modified_date().map(DateTime::secs));
    let now = clock::now().millis() / 1000;
    since.is_some_and(|since| now.saturating_sub(since) > STALE_SECONDS)
}

/// Removes a store's credentials. Receivers reject its deliveries from then on.
///
/// # Errors
/// If they cannot be removed.
pub(crate) async fn remove(deployment: &Deployment, store: &StoreAddress) -> Result<(), Failure> {
    let delete = deployment.clients().ssm.delete_parameter().name(deployment.parameter(store));
    delete.send().await.map(drop).map_err(|error| Failure::aws("the secret cannot be removed", &error))
}

/// Returns the versions of the parameter, oldest first, as far as Parameter Store keeps them.
///
/// # Errors
/// If they cannot be read.
pub(crate) async fn history(deployment: &Deployment, store: &StoreAddress) -> Result<Vec<Version>, Failure> {
    let get = deployment.clients().ssm.get_parameter_history().name(deployment.parameter(store));
    let pages = get.with_decryption(true).into_paginator().send().collect::<Result<Vec<_>, _>>().await;
    let pages = pages.map_err(|error| Failure::aws("the secret's history cannot be read", &error))?;
    let versions = pages.iter().flat_map(GetParameterHistoryOutput::parameters);
    let past = versions.map(|version| Version {
        credentials: list(version.value().unwrap_or_default()).unwrap_or_default(),
        written: version.last_modified_date().copied(),
    });
    Ok(past.collect())
}

/// Parses the credentials of a parameter.
pub(crate) fn list(text: &str) -> Option<Vec<Value>> {
    serde_json::from_str(text).ok()
}

async fn version(deployment: &Deployment, store: &StoreAddress) -> Result<Option<StoredSecret>, Failure> {
    let (inlet, name) = (&deployment.inlet, deployment.parameter(store));
    let got = match deployment.clients().ssm.get_parameter().name(&name).with_decryption(true).send().await {
        Ok(got) => got,
        Err(error) => {
            let missing = error.as_service_error().is_some_and(GetParameterError::is_parameter_not_found);
            return if missing { Ok(None) } else { Err(Failure::aws("the secret cannot be read", &error)) };
        }
    };
    let Some(parameter) = got.parameter else { return Ok(None) };
    kept(&parameter).map(Some).ok_or_else(|| Failure::Problem {
        what: format!("the secret of {store} is not a JSON list"),
        next: format!(
            "remove it with `{inlet} secret retire {store} --all` and set a new one, or correct the parameter {name}"
        ),
    })
}

fn kept(parameter: &Parameter) -> Option<StoredSecret> {
    let credentials = list(parameter.value().unwrap_or_default())?;
    Some(StoredSecret {
        credentials,
        version: parameter.version(),
        written: parameter.last_modified_date().copied(),
    })
}

/// Returns the KMS key of the parameter: without it, a new version would be encrypted with the account's own key. None
/// if the caller has no permission to read it.
async fn key(ssm: &Client, name: &str) -> Option<String> {
    let pages = ssm.get_parameter_history().name(name).with_decryption(false).into_paginator().send();
    let pages = pages.collect::<Result<Vec<_>, _>>().await.ok()?;
    let newest = pages.iter().flat_map(GetParameterHistoryOutput::parameters).last()?;
    newest.key_id().map(str::to_owned)
}

/// Writes the list and returns the new version.
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
                "the secret of {store} would have {} bytes; the limit is {ADVANCED_BYTES}",
                text.len()
            ),
            next: format!("retire unused credentials with `{} secret retire {store}`", deployment.inlet),
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
    fn a_value_that_is_no_list_has_no_key() {
        let secret = format!("whsec_{}", "YWJj".repeat(8));
        assert_eq!(parse_keys(&format!("[{secret:?}]")).len(), 1);
        for value in [secret.as_str(), "[]", "", r#"["whsec_short"]"#, "{}"] {
            assert!(parse_keys(value).is_empty(), "{value}");
        }
    }

    #[test]
    fn an_abandoned_lock_expires_while_a_command_waits() {
        // The age is known to the second.
        let stale_ms = u128::from(STALE_SECONDS.unsigned_abs()) * 1000 + 2000;
        assert!(
            (LOCK_PAUSE * LOCK_ATTEMPTS).as_millis() > stale_ms,
            "a waiting command gives up before the lock is stale"
        );
    }
}
