//! The state that the requests of a running console share.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use inlet_aws::client::clock;

use crate::console::cache::Cache;
use crate::console::overview::{Overview, Part};
use crate::console::security::AccessGuard;
use crate::console::work::Work;
use crate::deployment::Deployment;
use crate::deployment::address::StoreAddress;
use crate::deployment::stores;
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
    stores: Arc<Cache<Part<Vec<StoreAddress>>>>,
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
    /// The reason for which they cannot be listed.
    pub(crate) async fn stores(&self) -> Part<Vec<StoreAddress>> {
        let deployment = self.deployment.clone();
        let read = || async move {
            stores::list_stores(&deployment, &ALL).await.map_err(|failure| failure.to_string())
        };
        match self.stores.get(Duration::from_secs(5), read).await {
            Some(stores) => stores.as_ref().clone(),
            None => Err("the stores are being listed; reload the page in a moment".to_owned()),
        }
    }

    /// Makes the facts old that an action changes.
    pub(crate) fn expire(&self) {
        self.overview.expire();
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
