//! The comparison of one store with its provider's API, over every chosen kind of object.

use std::collections::BTreeMap;

use inlet::canonical::{Kind, StoreDefaults};
use inlet::fault::Fault;
use inlet::receive::Secrets as _;
use inlet::received_at::ReceivedAt;
use inlet::reconcile::{
    Counts, Deletions, Details, Listed, Outcome, RequestLimit, Run, Session, Source, find_absent, reconcile,
};
use inlet::store::StoreName;
use inlet_aws::history::event_log::TableEventLog;
use inlet_aws::secrets::SsmSecrets;
use jiff::Timestamp;
use serde::Deserialize as _;
use serde_json::Value;
use tokio::sync::{Mutex, watch};

use crate::provider_api::ProviderApi;

/// The facts of a provider whose API can be read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Readable {
    /// The kinds that its API lists.
    pub(crate) kinds: &'static [Kind],
    /// The fields of the access, each with the place where the user finds it.
    pub(crate) access: &'static [(&'static str, &'static str)],
    /// The kinds that the scheduled reconciler compares.
    pub(crate) compared: &'static [Kind],
    /// Returns the field that an access lacks for a kind, if it lacks one.
    pub(crate) lacks: fn(Kind, &Value) -> Option<&'static str>,
    /// The kinds of which the API lists every object: an absence can mean a deletion.
    pub(crate) whole_lists: &'static [Kind],
    /// The requests that may be sent.
    pub(crate) limit: RequestLimit,
    /// Returns the account whose requests the provider counts together: [`Source::limit_scope`].
    pub(crate) limit_scope: fn(&Value) -> Option<String>,
    /// Returns true if an access has the form that the provider's API needs.
    pub(crate) accepts: fn(&Value) -> bool,
}

impl Readable {
    /// Returns the facts of a source.
    pub(crate) const fn of<S: Source>() -> Self {
        Self {
            kinds: S::KINDS,
            access: S::ACCESS,
            compared: S::COMPARED,
            lacks: |kind, access| S::lacks(kind, &S::Access::deserialize(access).ok()?),
            whole_lists: S::WHOLE_LISTS,
            limit: S::LIMIT,
            limit_scope: |access| S::limit_scope(&S::Access::deserialize(access).ok()?),
            accepts: |access| S::Access::deserialize(access).is_ok(),
        }
    }
}

/// The sessions of a command that compares several stores. Those of stores whose requests the provider counts together
/// share a limit.
#[derive(Debug, Default)]
pub(crate) struct Sessions(BTreeMap<(&'static str, String), Session>);

impl Sessions {
    /// Returns the session for a store, after the requests for other stores of its account.
    pub(crate) fn begin(&mut self, provider: &'static str, readable: &Readable, access: &Value) -> Session {
        let scope = (readable.limit_scope)(access);
        let earlier = scope.and_then(|scope| self.0.remove(&(provider, scope)));
        earlier.map_or_else(|| Session::new(readable.limit), Session::for_next_store)
    }

    /// Takes the session of a store back.
    pub(crate) fn end(
        &mut self,
        provider: &'static str,
        readable: &Readable,
        access: &Value,
        session: Session,
    ) {
        if let Some(scope) = (readable.limit_scope)(access) {
            self.0.insert((provider, scope), session);
        }
    }
}

/// The inputs of a comparison. It has secrets, so it cannot be formatted.
pub(crate) struct Reconciliation {
    /// The store's events.
    pub(crate) log: TableEventLog,
    /// The provider's API.
    pub(crate) api: ProviderApi,
    /// The access to it.
    pub(crate) access: Value,
    /// The use of the API so far. Counting and publishing share it.
    pub(crate) session: Mutex<Session>,
    /// The client of Parameter Store.
    pub(crate) ssm: aws_sdk_ssm::Client,
    /// The deployment's stage.
    pub(crate) stage: String,
    /// The store.
    pub(crate) store: StoreName,
    /// The kinds of objects.
    pub(crate) kinds: Vec<Kind>,
    /// The first change that counts.
    pub(crate) since: ReceivedAt,
    /// The objects that are read whole.
    pub(crate) details: Details,
    /// True if missed states are published.
    pub(crate) publishes: bool,
    /// True if deletions are looked for: it takes the provider's retry window for each kind.
    pub(crate) finds_deletions: bool,
}

/// The progress of a comparison.
#[derive(Debug, Default)]
pub(crate) struct Reconciled {
    /// The results of the kinds that are done.
    pub(crate) outcomes: Vec<Outcome>,
    /// The counts of the kind that is being compared.
    pub(crate) current: Counts,
    /// The deletions of each kind, if the command looks for them.
    pub(crate) deletions: Vec<(Kind, Deletions)>,
}

impl Reconciliation {
    /// Compares the store. `state` receives the progress and the results.
    ///
    /// # Errors
    /// If the access is unusable, the store has no secret, or the events cannot be read or written.
    pub(crate) async fn run<S: Source>(&self, state: &watch::Sender<Reconciled>) -> Result<(), Fault> {
        let access = serde_json::from_value::<S::Access>(self.access.clone());
        // The error may quote the access.
        let access =
            access.map_err(|_| Fault::permanent("the access is unusable", "a field has another form"))?;
        let secrets = SsmSecrets::<S>::new(self.ssm.clone(), &self.stage);
        let store = secrets.store(&self.store).await?;
        // A store without a secret gets no deliveries, and may still be compared.
        let defaults = store.map_or_else(StoreDefaults::default, |store| store.defaults.clone());
        let since = Timestamp::from_millisecond(self.since.millis()).unwrap_or(Timestamp::MIN);
        let mut session = self.session.lock().await;
        for &kind in &self.kinds {
            let run = Run {
                store: &self.store,
                defaults: &defaults,
                kind,
                since,
                publishes: self.publishes,
                details: self.details,
            };
            let progress = |counts: &Counts| state.send_modify(|state| state.current = *counts);
            let work = reconcile::<S, _, _>(&run, &self.api, &access, &mut session, &self.log, progress);
            let outcome = Box::pin(work).await?;
            state.send_modify(|state| {
                state.outcomes.push(outcome);
                state.current = Counts::default();
            });
        }
        for &kind in self.kinds.iter().filter(|_| self.finds_deletions) {
            let listed = Listed { store: &self.store, kind };
            let work = find_absent::<S, _, _>(listed, &self.api, &access, &mut session, &self.log);
            let deletions = Box::pin(work).await?;
            state.send_modify(|state| state.deletions.push((kind, deletions)));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::providers::ALL;

    fn readable(provider: &str) -> Readable {
        ALL.iter().find(|one| one.name == provider).and_then(|one| one.readable()).unwrap()
    }

    #[test]
    fn stores_of_a_dealpos_merchant_share_a_session() {
        let access = |subdomain: &str, client: &str| json!({"subdomain": subdomain, "client_id": client, "client_secret": "s"});
        let readable = readable("dealpos");
        let mut sessions = Sessions::default();
        // Another limit marks the session.
        let marked = RequestLimit { requests: 7, every: Duration::from_secs(77) };
        let is_marked = |session: &Session| format!("{session:?}").contains("77s");
        sessions.end("dealpos", &readable, &access("kopi", "a"), Session::new(marked));
        assert!(!is_marked(&sessions.begin("dealpos", &readable, &access("teh", "a"))));
        assert!(is_marked(&sessions.begin("dealpos", &readable, &access("Kopi", "b"))));
    }

    #[test]
    fn stores_of_other_providers_have_a_session_each() {
        let access = json!({"storename": "a", "apikey": "b", "apisecret": "c"});
        let readable = readable("zort");
        assert!((readable.accepts)(&access));
        assert_eq!((readable.limit_scope)(&access), None);
    }
}
