//! The access to the providers' APIs and the stores' settings, in Parameter Store.

use std::fmt;

use aws_sdk_ssm::Client;
use inlet::canonical::StoreDefaults;
use inlet::fault::Fault;
use inlet::store::StoreName;
use serde_json::Value;

use crate::client::aws_error::AwsError;

const UNREADABLE: &str = "the access to the providers' APIs cannot be read";

/// The number of names in one call of `GetParameters`: the maximum of Parameter Store.
const NAMES: usize = 10;

/// The access to the API of a store, with its settings.
#[derive(Clone)]
pub struct StoreAccess {
    /// The provider's name.
    pub provider: String,
    /// The store.
    pub store: StoreName,
    /// The access; `null` if it is no JSON.
    pub access: Value,
    /// The settings, by which objects are completed.
    pub defaults: StoreDefaults,
}

/// Reads the access of every store that has one.
pub(super) async fn read_accesses(client: &Client, stage: &str) -> Result<Vec<StoreAccess>, Fault> {
    let path = format!("/inlet-access/{stage}");
    let (mut accesses, mut token) = (Vec::new(), None);
    loop {
        let request = client.get_parameters_by_path().path(&path).recursive(true).with_decryption(true);
        let page = request.set_next_token(token).max_results(10).send().await;
        let page = page.map_err(|error| Fault::transient(UNREADABLE, AwsError::of(&error)))?;
        for parameter in page.parameters() {
            let named = parameter.name().and_then(|name| store_of(name, &path));
            let Some((provider, store)) = named else { continue };
            // The error would quote a part of it.
            let access =
                parameter.value().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
            accesses.push(StoreAccess { provider, store, access, defaults: StoreDefaults::default() });
        }
        token = page.next_token().filter(|token| !token.is_empty()).map(str::to_owned);
        if token.is_none() {
            break;
        }
    }
    for some in accesses.chunks_mut(NAMES) {
        read_settings(client, stage, some).await?;
    }
    Ok(accesses)
}

/// Reads the settings of these stores. A store without settings has the defaults.
async fn read_settings(client: &Client, stage: &str, stores: &mut [StoreAccess]) -> Result<(), Fault> {
    let name = |of: &StoreAccess| format!("/inlet/{stage}/{}/{}/settings", of.provider, of.store);
    let names = stores.iter().map(name).collect();
    let read = client.get_parameters().set_names(Some(names)).with_decryption(true).send().await;
    let read =
        read.map_err(|error| Fault::transient("the stores' settings cannot be read", AwsError::of(&error)))?;
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
    use super::*;

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
            access: serde_json::json!({"key": "s3cret"}),
            defaults: StoreDefaults::default(),
        };
        assert_eq!(format!("{access:?}"), "acme/riyadh");
    }
}
