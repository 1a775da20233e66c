//! The state that the requests of a running console share.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use inlet_aws::client::clock;

use crate::console::cache::Cache;
use crate::console::overview::Overview;
use crate::console::security::AccessGuard;
use crate::console::work::Work;
use crate::deployment::Deployment;
use crate::deployment::address::StoreAddress;
use crate::deployment::stores;
use crate::failure::Failure;
use crate::options::DeploymentArgs;
use crate::providers::ALL;

/// The time for which the overview and the list of stores are not read again.
const TTL: Duration = Duration::from_secs(10);

/// The time that a page waits for the first overview.
const TIME_LIMIT: Duration = Duration::from_millis(200);

/// A running console.
pub(crate) struct Console {
    /// The deployment.
    pub(crate) deployment: Deployment,
    /// The guard.
    pub(crate) guard: AccessGuard,
    /// True if the console offers actions.
    pub(crate) allow_write: bool,
    /// Its actions.
    pub(crate) work: Work,
    overview: Arc<Cache<Overview>>,
    stores: Arc<Cache<Result<Vec<StoreAddress>, Unlisted>>>,
}

/// The reason for which the stores could not be listed, kept with the hint of the failure's kind.
#[derive(Clone, Debug)]
struct Unlisted {
    what: String,
    next: String,
}

/// The console, shared by its requests.
pub(crate) type Shared = Arc<Console>;

impl Console {
    /// Returns the console of a deployment.
    pub(crate) fn new(deployment: Deployment, guard: AccessGuard, allow_write: bool) -> Self {
        let (overview, stores) = (Cache::new(TTL), Cache::new(TTL));
        Self { deployment, guard, allow_write, work: Work::default(), overview, stores }
    }

    /// Returns the facts of the overview; `None` if they are being read for the first time.
    pub(crate) async fn overview(&self) -> Option<Arc<Overview>> {
        let deployment = self.deployment.clone();
        self.overview.get(TIME_LIMIT, || async move { Box::pin(Overview::read(&deployment)).await }).await
    }

    /// Returns the stores with credentials.
    ///
    /// # Errors
    /// [`Failure::Problem`] with the reason for which they cannot be listed, and the hint of that reason.
    pub(crate) async fn stores(&self) -> Result<Vec<StoreAddress>, Failure> {
        let deployment = self.deployment.clone();
        let read = || async move {
            stores::list_stores(&deployment, &ALL)
                .await
                .map_err(|failure| Unlisted::of(&failure, &deployment.options))
        };
        let listed = match self.stores.get(Duration::from_secs(5), read).await {
            Some(stores) => stores.as_ref().clone(),
            None => Err(Unlisted {
                what: "the stores are still being listed".to_owned(),
                next: "reload the page in a moment".to_owned(),
            }),
        };
        listed.map_err(|Unlisted { what, next }| Failure::Problem { what, next })
    }

    /// Returns the failure for a page of something that is not stored: if the store in its path has no credentials, with
    /// a similar name instead of `otherwise`.
    pub(crate) async fn not_found_in(&self, path: &str, otherwise: Failure) -> Failure {
        let Some(store) = StoreAddress::of_path(path) else { return otherwise };
        // Without the stores only the suggestion is missing.
        let meant = self.stores().await.ok().and_then(|known| stores::suggestion_among(&store, &known));
        match meant {
            Some(next) => Failure::NotFound { what: format!("store {store} with a secret"), next },
            None => otherwise,
        }
    }

    /// Makes the facts old that an action changes.
    pub(crate) fn expire(&self) {
        self.overview.expire();
    }
}

impl Unlisted {
    fn of(failure: &Failure, options: &DeploymentArgs) -> Self {
        Self { what: failure.to_string(), next: failure.hint(options) }
    }
}

/// Returns the time of a page.
pub(crate) fn now() -> inlet::received_at::ReceivedAt {
    clock::now()
}

/// Returns a response with an HTML page.
pub(crate) fn html(status: StatusCode, page: String) -> Response {
    let kind = (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    (status, [kind], page).into_response()
}

#[cfg(test)]
mod tests {
    use inlet_aws::client::aws_error::{AwsError, AwsErrorKind};

    use super::*;

    #[test]
    fn expired_credentials_have_their_hint_on_every_page() {
        let options = DeploymentArgs::of_stack("inlet-prod", Some("shop"));
        for (kind, hint) in [
            (AwsErrorKind::Expired, "aws sso login --profile shop"),
            (AwsErrorKind::Denied, "administrator"),
            (AwsErrorKind::Throttled, "wait a minute"),
        ] {
            let error = AwsError { message: "x".to_owned(), kind };
            let failure = Failure::Aws { context: "the stores' parameters cannot be listed", error };
            let kept = Unlisted::of(&failure, &options);
            assert!(kept.next.contains(hint) && kept.what.contains("parameters"), "{kind:?}: {kept:?}");
            assert!(failure.sentence(&options).contains(hint), "{kind:?}: of the overview");
        }
    }

    #[tokio::test]
    async fn stores_that_cannot_be_listed_name_the_next_step() {
        let (guard, _) = AccessGuard::new(1);
        let console = Console::new(Deployment::unreachable(), guard, false);
        let failure = console.stores().await.unwrap_err();
        let next = failure.hint(&console.deployment.options);
        assert!(next.contains("check the network"), "{failure}: {next}");
    }
}
