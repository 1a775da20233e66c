//! Checks of the reconciler: it runs, every store has an access that it can use, and it reads each list to its end.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_cloudformation::types::Stack;
use inlet::canonical::Kind;
use inlet::received_at::ReceivedAt;
use inlet_aws::client::aws_error::AwsErrorKind;
use inlet_aws::client::clock;
use inlet_aws::dynamodb::reconciliation::ListName;
use serde_json::Value;
use tokio::task::JoinSet;

use crate::commands::secret::age;
use crate::deployment::Deployment;
use crate::deployment::address::StoreAddress;
use crate::deployment::{api_access, stores};
use crate::failure::Failure;
use crate::health_checks::check::Check;
use crate::health_checks::surroundings::parameter;
use crate::output::counted;
use crate::providers::{ALL, ProviderHandle};
use crate::reconciliation::Readable;

const RECONCILER: &str = "reconciler";

/// Maximum time since the end of the last run. Two runs begin within it.
const RAN_WITHIN: Duration = Duration::from_mins(30);

/// Maximum time since a list was read to its end: the threshold of the alarm `reconciler-stale`.
const READ_WITHIN: Duration = Duration::from_hours(3);

/// Stores whose access is read at once.
const STORES_AT_ONCE: usize = 8;

/// Number of stores without an access that are named.
const NAMED: usize = 5;

/// The hint for a reconciler that does not run, or does not read.
const STALE: &str = "docs/runbook.md#reconciler-stale";

pub(super) async fn check_reconciler(
    deployment: &Arc<Deployment>,
    stack: &Result<Stack, Failure>,
) -> Vec<Check> {
    let stack = match stack {
        Ok(stack) => stack,
        Err(failure) => return vec![Check::not_checked(RECONCILER, failure)],
    };
    if parameter::<String>(stack, "Reconcile").as_deref() != Some("on") {
        let finding = "it is not deployed (Reconcile=off), so no run looks for webhooks that were never sent";
        return vec![Check::pass(RECONCILER, finding)];
    }
    let (last_run, stores) = tokio::join!(check_last_run(deployment), check_stores(deployment));
    [last_run].into_iter().chain(stores).collect()
}

async fn check_last_run(deployment: &Deployment) -> Check {
    let context = "its lease cannot be read";
    match deployment.table().reconciliations.lease_end().await {
        Ok(end) => last_run(end, clock::now()),
        Err(fault) => Check::not_checked(RECONCILER, &Failure::Inlet { context, fault }),
    }
}

/// Returns the check of the last run, which had the lease until `end`.
fn last_run(end: Option<ReceivedAt>, now: ReceivedAt) -> Check {
    let Some(end) = end else {
        let next = format!("wait a quarter of an hour, then follow {STALE}");
        return Check::warning(RECONCILER, "it has not run yet", next);
    };
    let since = now.since(end);
    if since <= RAN_WITHIN {
        return Check::pass(RECONCILER, "it ran within the last 30 minutes");
    }
    let finding = format!("it has not run for {}, and should run every 15 minutes", in_words(since));
    Check::warning(RECONCILER, finding, format!("check that its schedule is enabled: {STALE}"))
}

/// Checks the stores of the providers whose API can be read.
async fn check_stores(deployment: &Arc<Deployment>) -> Vec<Check> {
    let readable: Vec<ProviderHandle> =
        ALL.iter().copied().filter(|provider| provider.readable().is_some()).collect();
    let listed = tokio::try_join!(
        stores::list_stores(deployment, &readable),
        api_access::stores(deployment, &readable)
    );
    let (stores, accesses) = match listed {
        Ok(listed) => listed,
        Err(failure) => return vec![Check::not_checked(RECONCILER, &failure)],
    };
    let with_access: Vec<StoreAddress> = accesses.into_iter().map(|(store, _)| store).collect();
    let without = stores.into_iter().filter(|store| !with_access.contains(store)).collect::<Vec<_>>();
    let mut checks: Vec<Check> = without_access(&without, &deployment.inlet).into_iter().collect();
    let (mut good, mut left) = (0_usize, with_access.len());
    for some in with_access.chunks(STORES_AT_ONCE) {
        let mut reading = JoinSet::new();
        for (place, store) in some.iter().cloned().enumerate() {
            let deployment = Arc::clone(deployment);
            reading.spawn(async move { (place, check_store(&deployment, &store).await) });
        }
        let mut found = reading.join_all().await;
        found.sort_by_key(|(place, _)| *place);
        left = left.saturating_sub(found.len());
        good = good.saturating_add(found.iter().filter(|(_, problems)| problems.is_empty()).count());
        let is_blocked =
            found.iter().flat_map(|(_, problems)| problems).any(|check| check.obstacle.is_some());
        checks.extend(found.into_iter().flat_map(|(_, problems)| problems));
        // The same obstacle prevents the other checks, and each takes its whole time.
        if is_blocked && left > 0 {
            let stores = counted(left, "more store was", "more stores were");
            let finding = format!("{stores} not checked, for the same reason");
            checks.push(Check::unknown(RECONCILER, finding, "follow the hint above"));
            break;
        }
    }
    if good > 0 {
        let stores = counted(good, "store is compared", "stores are compared");
        checks.push(Check::pass(RECONCILER, format!("{stores} with the provider's API")));
    }
    checks
}

/// Returns the warning of the stores that get webhooks and have no access; `None` if there are none.
fn without_access(stores: &[StoreAddress], inlet: &str) -> Option<Check> {
    let first = stores.first()?;
    let mut names: Vec<String> = stores.iter().take(NAMED).map(ToString::to_string).collect();
    let more = stores.len().saturating_sub(NAMED);
    if more > 0 {
        names.push(format!("{more} more"));
    }
    let stores = counted(stores.len(), "store is", "stores are");
    let finding =
        format!("{stores} not compared, without an access to the provider's API: {}", names.join(", "));
    Some(Check::warning(RECONCILER, finding, format!("set one for each store: {inlet} access set {first}")))
}

/// Returns the problems of a store that has an access.
async fn check_store(deployment: &Deployment, store: &StoreAddress) -> Vec<Check> {
    let Some(readable) = store.provider.readable() else { return Vec::new() };
    match api_access::read(deployment, store).await {
        // It was removed a moment ago.
        Ok(None) => Vec::new(),
        Ok(Some(access)) if (readable.accepts)(&access) => {
            check_lists(deployment, store, &readable, &access).await
        }
        Ok(Some(_)) => vec![unusable(store, "a field is missing or has another form", &deployment.inlet)],
        Err(failure) => vec![unread(store, &failure, &deployment.inlet)],
    }
}

/// Returns the check of an access that was not read: a failure of the access, or an obstacle of the caller.
fn unread(store: &StoreAddress, failure: &Failure, inlet: &str) -> Check {
    match failure.aws_kind() {
        None | Some(AwsErrorKind::Other) => unusable(store, &failure.to_string(), inlet),
        Some(_) => Check::not_checked(RECONCILER, failure),
    }
}

fn unusable(store: &StoreAddress, reason: &str, inlet: &str) -> Check {
    let finding = format!("{store}: its access to the provider's API cannot be used: {reason}");
    Check::fail(RECONCILER, finding, format!("set it again: {inlet} access set {store}"))
}

/// Returns the problems of a store's lists.
async fn check_lists(
    deployment: &Deployment,
    store: &StoreAddress,
    readable: &Readable,
    access: &Value,
) -> Vec<Check> {
    let cursors = deployment.table().reconciliations;
    let mut problems = Vec::new();
    for &kind in readable.compared.iter().filter(|kind| (readable.lacks)(**kind, access).is_none()) {
        let list = ListName { provider: store.provider.name, store: store.store.clone(), kind };
        match cursors.cursor(&list).await {
            Ok(cursor) => {
                let current_at = cursor.map(|cursor| cursor.current_at);
                problems.extend(current_at.and_then(|at| list_age(store, kind, clock::now().since(at))));
            }
            Err(fault) => {
                let failure = Failure::Inlet { context: "its cursors cannot be read", fault };
                problems.push(Check::not_checked(RECONCILER, &failure));
                break;
            }
        }
    }
    problems
}

/// Returns the warning of a list that was not read to its end for a long time.
fn list_age(store: &StoreAddress, kind: Kind, age: Duration) -> Option<Check> {
    let finding = || format!("{store}: {kind} was not read to its end for {}", in_words(age));
    (age > READ_WITHIN)
        .then(|| Check::warning(RECONCILER, finding(), format!("look for the reason: {STALE}")))
}

fn in_words(time: Duration) -> String {
    age(i64::try_from(time.as_secs()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use inlet::fault::Fault;
    use inlet_aws::client::aws_error::AwsError;

    use super::*;
    use crate::output::Status::{Fail, Pass, Unknown, Warning};

    fn now() -> ReceivedAt {
        ReceivedAt::parse("2025-06-12T12:00:00.000Z").unwrap()
    }

    fn store(name: &str) -> StoreAddress {
        format!("zid/{name}").parse().unwrap()
    }

    #[test]
    fn a_run_within_two_intervals_passes() {
        let ago = |minutes| Some(now().earlier(Duration::from_mins(minutes)));
        // A run that goes on has the lease until later.
        let ahead = ReceivedAt::parse("2025-06-12T12:17:00.000Z");
        let checks = [ahead, ago(0), ago(30), ago(31), ago(300), None].map(|end| last_run(end, now()));
        let statuses = checks.each_ref().map(|check| check.status);
        assert_eq!(statuses, [Pass, Pass, Pass, Warning, Warning, Warning]);
        assert!(checks[4].finding.contains("5 hours"), "{}", checks[4].finding);
        for check in &checks[3..] {
            assert!(check.next.as_deref().is_some_and(|next| next.contains(STALE)), "{check:?}");
        }
    }

    #[test]
    fn stores_without_an_access_are_one_warning() {
        assert!(without_access(&[], "inlet").is_none());
        let one = without_access(&[store("a")], "inlet --stack shop").unwrap();
        let finding = "1 store is not compared, without an access to the provider's API: zid/a";
        assert_eq!((one.status, one.finding.as_str()), (Warning, finding));
        let next = "set one for each store: inlet --stack shop access set zid/a";
        assert_eq!(one.next.as_deref(), Some(next));
        let many: Vec<StoreAddress> = ('a'..='g').map(|name| store(&name.to_string())).collect();
        let many = without_access(&many, "inlet").unwrap().finding;
        assert!(many.starts_with("7 stores are not compared"), "{many}");
        assert!(many.ends_with("zid/a, zid/b, zid/c, zid/d, zid/e, 2 more"), "{many}");
    }

    #[test]
    fn an_access_that_cannot_be_used_fails() {
        let aws = |kind| {
            let error = AwsError { message: "as the test wants it".to_owned(), kind };
            Failure::Inlet {
                context: "it cannot be read",
                fault: Fault::transient("it cannot be read", error),
            }
        };
        let problem = Failure::Problem { what: "it is no JSON object".to_owned(), next: "set it".to_owned() };
        let failures = [problem, aws(AwsErrorKind::Other), aws(AwsErrorKind::Denied)];
        let checks = failures.map(|failure| unread(&store("a"), &failure, "inlet"));
        assert_eq!(checks.each_ref().map(|check| check.status), [Fail, Fail, Unknown]);
        assert!(checks[0].finding.contains("it is no JSON object"), "{}", checks[0].finding);
        assert_eq!(checks[0].next.as_deref(), Some("set it again: inlet access set zid/a"));
        assert_eq!(checks[2].obstacle, Some(AwsErrorKind::Denied));
    }

    #[test]
    fn a_list_is_stale_after_three_hours() {
        let of = |minutes| list_age(&store("a"), Kind::Order, Duration::from_mins(minutes));
        assert!(of(180).is_none());
        let check = of(240).unwrap();
        let finding = "zid/a: order was not read to its end for 4 hours";
        assert_eq!((check.status, check.finding.as_str()), (Warning, finding));
    }
}
