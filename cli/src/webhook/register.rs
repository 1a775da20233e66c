//! Registers a store's URLs through an opened API: plan, question, calls, and a second list that confirms them.

use std::collections::BTreeSet;

use inlet::provider::catalogue::EventSpec;
use inlet::tools::registration::{Change, ChangeOptions, Step};

use crate::deployment::address::StoreAddress;
use crate::failure::Failure;
use crate::output::Output;
use crate::output::prompt::confirm;
use crate::webhook::carry_out::carry_out;
use crate::webhook::report::Work;
use crate::webhook::session::Session;

/// The wanted registrations.
pub(crate) struct Wanted<'w> {
    /// The events. Empty: all events that the provider's API can register.
    pub(crate) events: &'w [&'static EventSpec],
    /// The permitted changes.
    pub(crate) allowed: ChangeOptions,
    /// True if the calls are printed instead of made.
    pub(crate) dry_run: bool,
    /// True if the user has agreed already to replace registrations that the provider cannot list.
    pub(crate) yes: bool,
}

/// Registers the URLs, and reports what was done.
///
/// # Errors
/// If there is no plan, if the user declines, or if a registration is not as wanted.
pub(crate) async fn register(
    session: &Session,
    wanted: &Wanted<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let Wanted { events, allowed, dry_run, yes } = *wanted;
    let store = &session.store;
    let listing = session.list().await?;
    let steps = session.plan(&listing, Change::Register { events, options: allowed })?;
    if dry_run {
        return output.report(&Work::planned(store, session.base(), steps));
    }
    if !listing.is_known {
        confirm(&question(store, &steps), yes)?;
    }
    // A second plan must not renew the same registrations again.
    let confirmation = Change::Register { events, options: ChangeOptions { renew: false, ..allowed } };
    let outcomes = carry_out(session, &listing, steps, confirmation, output).await;
    let work = Work::done(store, session.base(), outcomes);
    output.report(&work)?;
    work.end()
}

/// Returns the question before registrations are replaced that the provider cannot list.
fn question(store: &StoreAddress, steps: &[Step]) -> String {
    let notes: BTreeSet<&str> =
        steps.iter().flat_map(|step| &step.items).filter_map(|item| item.note.as_deref()).collect();
    let question = format!("Register {store}?");
    notes.into_iter().chain([question.as_str()]).collect::<Vec<_>>().join(" ")
}
