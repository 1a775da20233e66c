//! The access to the providers' APIs and the stores' settings, in Parameter Store.

use std::fmt;

use aws_sdk_ssm::Client;
use inlet::canonical::StoreDefaults;
use inlet::fault::Fault;
use inlet::store::StoreName;
use serde_json::Value;

use crate::client::aws_error::AwsError;

const UNREADABLE: &str = "the access to the provider's API cannot be read";
const SETTINGS_UNREADABLE: &str = "the store's settings cannot be read";

/// The number of names in one call of `GetParameters`: the maximum of Parameter Store.
const NAMES: usize = 10;

/// The access to the API of a store, with its settings.
#[derive(Clone)]
pub struct StoreAccess {
    /// The provider's name.
    pub provider: String,
    /// The store.
    pub store: StoreName,
    /// The access; `null` if it is no JSON. The reason if it or the settings cannot be read.
    pub access: Result<Value, String>,
    /// The settings, by which objects are completed.
    pub defaults: StoreDefaults,
}

/// Reads the access of every store that has one. An access that cannot be read does not keep the others from being read.
///
/// # Errors
/// If the accesses cannot be listed.
pub(super) async fn read_accesses(client: &Client, stage: &str) -> Result<Vec<StoreAccess>, Fault> {
    let path = format!("/inlet-access/{stage}");
    let mut accesses = match list_accesses(client, &path, true).await {
        Ok(accesses) => accesses,
        // One parameter that cannot be decrypted fails the call for all of its page.
        Err(_) => read_each(client, &path).await?,
    };
    for some in accesses.chunks_mut(NAMES) {
        read_settings(client, stage, some).await;
    }
    Ok(accesses)
}

/// Lists the accesses. Those that are not decrypted are no JSON.
async fn list_accesses(client: &Client, path: &str, decrypted: bool) -> Result<Vec<StoreAccess>, Fault> {
    let (mut accesses, mut token) = (Vec::new(), None);
    loop {
        let request = client.get_parameters_by_path().path(path).recursive(true).with_decryption(decrypted);
        let page = request.set_next_token(token).max_results(10).send().await;
        let page = page.map_err(|error| Fault::transient(UNREADABLE, AwsError::of(&error)))?;
        for parameter in page.parameters() {
            let named = parameter.name().and_then(|name| store_of(name, path));
            let Some((provider, store)) = named else { continue };
            let access = Ok(parsed(parameter.value()));
            accesses.push(StoreAccess { provider, store, access, defaults: StoreDefaults::default() });
        }
        token = page.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
        if token.is_none() {
            return Ok(accesses);
        }
    }
}

/// Reads each access with a call of its own.
async fn read_each(client: &Client, path: &str) -> Result<Vec<StoreAccess>, Fault> {
    let mut accesses = list_accesses(client, path, false).await?;
    for store in &mut accesses {
        let name = format!("{path}/{}/{}", store.provider, store.store);
        let read = client.get_parameters().names(name).with_decryption(true).send().await;
        store.access = match read {
            Ok(read) => Ok(parsed(read.parameters().first().and_then(|parameter| parameter.value()))),
            Err(error) => Err(Fault::transient(UNREADABLE, AwsError::of(&error)).chain()),
        };
    }
    Ok(accesses)
}

/// Returns an access; `null` if it is no JSON. The error would quote a part of it.
fn parsed(text: Option<&str>) -> Value {
    text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

/// Reads the settings of these stores. A store without settings has the defaults. A store whose settings cannot be read
/// is not compared, because its objects would get the currency and the zone of the defaults.
async fn read_settings(client: &Client, stage: &str, stores: &mut [StoreAccess]) {
    if read_settings_together(client, stage, stores).await.is_ok() {
        return;
    }
    for store in stores {
        if let Err(fault) = read_settings_together(client, stage, std::slice::from_mut(store)).await {
            store.access = Err(fault.chain());
        }
    }
}

async fn read_settings_together(
    client: &Client,
    stage: &str,
    stores: &mut [StoreAccess],
) -> Result<(), Fault> {
    let name = |of: &StoreAccess| format!("/inlet/{stage}/{}/{}/settings", of.provider, of.store);
    let names = stores.iter().map(name).collect();
    let read = client.get_parameters().set_names(Some(names)).with_decryption(true).send().await;
    let read = read.map_err(|error| Fault::transient(SETTINGS_UNREADABLE, AwsError::of(&error)))?;
    for store in stores {
        let wanted = name(store);
        let parameter = read.parameters().iter().find(|parameter| parameter.name() == Some(&wanted));
        let text = parameter.and_then(|parameter| parameter.value());
        store.defaults = text.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
    }
    Ok(())
}

/// Returns provider and store of a parameter's name: `{path}/{provider}/{store}`.
fn store_of(name: &str, path: &str) -> Option<(String, StoreName)> {
    let (provider, store) = name.strip_prefix(path)?.strip_prefix('/')?.split_once('/')?;
    Some((provider.to_owned(), StoreName::parse(store).ok()?))
}

/// Without the access.
impl fmt::Debug for StoreAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.provider, self.store)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fake_aws::FakeAws;

    /// Three stores; the one in the middle has settings.
    fn stores() -> FakeAws {
        let aws = FakeAws::default();
        for store in ["a", "b", "c"] {
            aws.set_parameter(&format!("/inlet-access/prod/acme/{store}"), r#"{"key": "s3cret"}"#);
        }
        aws.set_parameter("/inlet/prod/acme/b/settings", r#"{"currency": "SAR"}"#);
        aws
    }

    async fn read(aws: &FakeAws) -> Vec<StoreAccess> {
        let client = aws.ssm();
        aws.run(read_accesses(&client, "prod")).await.0.unwrap()
    }

    fn outcomes(accesses: &[StoreAccess]) -> Vec<Result<Value, bool>> {
        let outcome = |one: &StoreAccess| one.access.clone().map_err(|reason| reason.contains("s3cret"));
        accesses.iter().map(outcome).collect()
    }

    #[tokio::test]
    async fn the_accesses_of_all_stores_take_two_calls() {
        let aws = stores();
        let read = read(&aws).await;
        assert_eq!(outcomes(&read), vec![Ok(json!({"key": "s3cret"})); 3]);
        assert_eq!(read[1].defaults, serde_json::from_str(r#"{"currency": "SAR"}"#).unwrap());
        assert_ne!(read[1].defaults, read[0].defaults);
        assert_eq!(aws.call_count(), 2);
    }

    #[tokio::test]
    async fn an_access_that_cannot_be_decrypted_is_the_only_one() {
        let aws = stores();
        aws.lock_parameter("/inlet-access/prod/acme/b");
        let read = read(&aws).await;
        let good = || Ok(json!({"key": "s3cret"}));
        assert_eq!(outcomes(&read), [good(), Err(false), good()]);
        let reason = read[1].access.clone().unwrap_err();
        assert!(reason.starts_with(UNREADABLE) && reason.contains("AccessDenied"), "{reason}");
    }

    #[tokio::test]
    async fn a_store_without_readable_settings_is_not_compared() {
        let aws = stores();
        aws.lock_parameter("/inlet/prod/acme/b/settings");
        let read = read(&aws).await;
        let good = || Ok(json!({"key": "s3cret"}));
        assert_eq!(outcomes(&read), [good(), Err(false), good()]);
        assert!(read[1].access.clone().unwrap_err().starts_with(SETTINGS_UNREADABLE));
    }

    #[tokio::test]
    async fn accesses_that_cannot_be_listed_are_a_fault() {
        let aws = stores();
        aws.fail("GetParametersByPath", "inlet-access");
        let client = aws.ssm();
        let fault = aws.run(read_accesses(&client, "prod")).await.0.unwrap_err();
        assert!(fault.chain().starts_with(UNREADABLE), "{}", fault.chain());
    }

    #[test]
    fn a_parameters_name_has_provider_and_store() {
        let path = "/inlet-access/prod";
        let found = store_of("/inlet-access/prod/acme/riyadh", path).unwrap();
        assert_eq!((found.0.as_str(), found.1.as_str()), ("acme", "riyadh"));
        for other in
            ["/inlet-access/prod2/acme/riyadh", "/inlet-access/prod/acme", "/inlet-access/prod/acme/a/b"]
        {
            assert_eq!(store_of(other, path), None, "{other}");
        }
    }

    #[test]
    fn an_access_shows_no_secret() {
        let access = StoreAccess {
            provider: "acme".to_owned(),
            store: StoreName::parse("riyadh").unwrap(),
            access: Ok(json!({"key": "s3cret"})),
            defaults: StoreDefaults::default(),
        };
        assert_eq!(format!("{access:?}"), "acme/riyadh");
    }
}
