//! Checks that every part of a deployment exists and works. All checks run at once, and each result is sent as soon as it
//! is known: a service that does not respond delays no other.

mod check;
mod results;
mod surroundings;
mod resources;
mod alarms;
mod router;
mod bus;
mod consumer;
mod receivers;
mod table;
mod queues;
mod sweeper;
mod reconciler;
mod secrets;

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::deployment::Deployment;
use crate::failure::Failure;
pub(crate) use crate::health_checks::check::{Check, TIME_LIMIT};
pub(crate) use crate::health_checks::results::Found;
use crate::health_checks::results::Results;
use crate::http;
use crate::output::Status;

/// The place of the receivers' checks, the only ones that need no AWS credentials.
const RECEIVERS: usize = 4;

impl Found {
    /// Returns true if a call of AWS returned the result. Receivers respond to every caller.
    pub(crate) fn is_known_from_aws(&self) -> bool {
        self.place != RECEIVERS && self.check.status != Status::Unknown
    }
}

/// Starts all checks. The channel ends after the last result. The calls of AWS have the limit of the deployment, which
/// should be [`TIME_LIMIT`].
///
/// # Errors
/// If no HTTP client can be made. Every other error is the result of a check.
pub(crate) fn start(deployment: Deployment) -> Result<mpsc::UnboundedReceiver<Found>, Failure> {
    let client = http::client(&deployment.api)?;
    let (sender, found) = mpsc::unbounded_channel();
    let checks = Checks { deployment: Arc::new(deployment), sender };
    checks.spawn(0, |deployment, _| async move { check_caller(&deployment).await });
    checks.spawn(1, |deployment, _| async move {
        let stack = surroundings::describe_stack(&deployment).await;
        surroundings::check_all(&deployment, &stack).await
    });
    checks
        .spawn(2, |deployment, sender| async move { resources::check_resources(&deployment, &sender).await });
    checks.spawn(3, |deployment, _| async move {
        let stack = surroundings::describe_stack(&deployment).await;
        bus::check_bus_and_consumer(&deployment, stack.as_ref().ok()).await
    });
    checks.spawn(
        RECEIVERS,
        |deployment, _| async move { receivers::check_receivers(&deployment, client).await },
    );
    checks.spawn(5, |deployment, _| async move { table::check_table(&deployment).await });
    checks.spawn(6, |deployment, _| async move { queues::check_queue(&deployment).await });
    checks.spawn(7, |deployment, _| async move { queues::check_dead_letters(&deployment).await });
    checks.spawn(8, |deployment, _| async move { sweeper::check_sweeper(&deployment).await });
    checks.spawn(9, |deployment, _| async move { secrets::check_secrets(&deployment).await });
    checks.spawn(10, |deployment, _| async move {
        let stack = surroundings::describe_stack(&deployment).await;
        reconciler::check_reconciler(&deployment, &stack).await
    });
    Ok(found)
}

/// The checks of a deployment, each in a task of its own.
struct Checks {
    deployment: Arc<Deployment>,
    sender: mpsc::UnboundedSender<Found>,
}

impl Checks {
    fn spawn<F>(&self, place: usize, check: impl FnOnce(Arc<Deployment>, Arc<Results>) -> F)
    where
        F: Future<Output = Vec<Check>> + Send + 'static,
    {
        let (deployment, sender) = (Arc::clone(&self.deployment), self.sender.clone());
        let results = Arc::new(Results { place, deployment: Arc::clone(&deployment), sender });
        let work = check(deployment, Arc::clone(&results));
        tokio::spawn(async move { results.send(Box::pin(work).await) });
    }
}

async fn check_caller(deployment: &Deployment) -> Vec<Check> {
    let asked = aws_sdk_sts::Client::new(&deployment.config).get_caller_identity().send().await;
    let region = deployment.config.region().map(ToString::to_string).unwrap_or_default();
    vec![match asked {
        Ok(caller) => {
            let (account, arn) = (caller.account.unwrap_or_default(), caller.arn.unwrap_or_default());
            let Deployment { stack, stage, .. } = deployment;
            Check::pass("stack", format!("{stack}, stage {stage}, in {region} of {account}, caller {arn}"))
        }
        Err(error) => Check::not_checked("caller", &Failure::aws("the caller is unknown", &error)),
    }]
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use axum::Router;
    use axum::http::StatusCode;
    use inlet_aws::client::aws_error::AwsErrorKind;

    use super::*;

    /// Serves AWS that throttles every call after a moment. Returns its address.
    async fn throttling_aws() -> String {
        let refuse = || async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            (StatusCode::BAD_REQUEST, r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#)
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(refuse)).await });
        format!("http://{address}")
    }

    #[test]
    fn a_receiver_s_response_is_not_known_from_aws() {
        let found = |place, check| Found { place, check };
        assert!(!found(RECEIVERS, Check::pass("receiver", "zid responds")).is_known_from_aws());
        assert!(!found(0, Check::unknown("caller", "not checked", "sign in")).is_known_from_aws());
        assert!(found(0, Check::pass("stack", "inlet")).is_known_from_aws());
        assert!(found(7, Check::fail("dead", "2 dead letters", "list them")).is_known_from_aws());
    }

    #[tokio::test]
    async fn a_throttled_check_says_that_aws_throttles() {
        let endpoint = throttling_aws().await;
        let mut deployment = Deployment::at(&endpoint, TIME_LIMIT);
        deployment.queue_url = format!("{endpoint}/queue");
        deployment.dead_letter_queue_url = format!("{endpoint}/dead");
        let deployment = Arc::new(deployment);
        let began = Instant::now();
        let found = tokio::join!(
            queues::check_queue(&deployment),
            queues::check_dead_letters(&deployment),
            table::check_table(&deployment),
            secrets::check_secrets(&deployment),
        );
        assert!(began.elapsed() < TIME_LIMIT, "{:?}", began.elapsed());
        for checks in [found.0, found.1, found.2, found.3] {
            let check = checks.first().unwrap();
            assert_eq!(check.obstacle, Some(AwsErrorKind::Throttled), "{check:?}");
            assert!(check.finding.contains("ThrottlingException"), "{}", check.finding);
        }
    }
}
