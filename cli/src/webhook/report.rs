//! The results of the webhook commands.

use std::collections::BTreeMap;

use inlet::tools::registration::{Action, Call, Destination, Item, Planned, Registration, Step};
use serde::Serialize;
use serde_json::Value;

use crate::deployment::address::StoreAddress;
use crate::failure::Failure;
use crate::options::DeploymentArgs;
use crate::output::{Page, Report, Status, counted, printable};
use crate::webhook::step_result::{Cause, Remaining, StepResult, hint};

/// The changes that were made, or that a dry run would make.
#[derive(Debug, Serialize)]
pub(crate) struct Work {
    store: String,
    api: String,
    dry_run: bool,
    /// True if the provider's own list shows all changes. Null if there was no change or no list.
    confirmed: Option<bool>,
    items: Vec<Outcome>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    calls: Vec<ShownCall>,
}

/// The outcome of one event's registration.
#[derive(Debug, Serialize)]
pub(crate) struct Outcome {
    event: String,
    url: String,
    result: ItemResult,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    #[serde(skip)]
    planned: Planned,
    #[serde(skip)]
    is_sure: bool,
    #[serde(skip)]
    confirmed: Option<bool>,
    #[serde(skip)]
    next: Option<&'static str>,
}

/// The outcome in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum ItemResult {
    WouldAdd,
    WouldChange,
    WouldRemove,
    Kept,
    Added,
    Changed,
    Removed,
    Skipped,
    Unconfirmed,
    Failed,
    NotTried,
}

/// A call as a dry run prints it.
#[derive(Debug, Serialize)]
struct ShownCall {
    method: &'static str,
    url: String,
    headers: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Value>,
    #[serde(skip)]
    text: String,
}

impl ItemResult {
    fn before(planned: Planned) -> Self {
        match planned {
            Planned::Keep => Self::Kept,
            Planned::Add => Self::WouldAdd,
            Planned::Change => Self::WouldChange,
            Planned::Remove => Self::WouldRemove,
            Planned::Skip => Self::Skipped,
        }
    }

    fn after(planned: Planned) -> Self {
        match planned {
            Planned::Keep => Self::Kept,
            Planned::Add => Self::Added,
            Planned::Change => Self::Changed,
            Planned::Remove => Self::Removed,
            Planned::Skip => Self::Skipped,
        }
    }

    fn is_as_wanted(self) -> bool {
        !matches!(self, Self::Skipped | Self::Unconfirmed | Self::Failed | Self::NotTried)
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::WouldAdd => "would add",
            Self::WouldChange => "would change",
            Self::WouldRemove => "would remove",
            Self::Kept => "kept",
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Removed => "removed",
            Self::Skipped => "skipped",
            Self::Unconfirmed => "UNCONFIRMED",
            Self::Failed => "FAILED",
            Self::NotTried => "not tried",
        }
    }
}

impl Outcome {
    /// Returns the outcome of an item whose step had this result.
    pub(crate) fn new(item: Item, step: &StepResult) -> Self {
        let (mut result, is_sure, text) = match step {
            StepResult::Nothing | StepResult::Done => (ItemResult::after(item.planned), true, None),
            StepResult::DoneWithNote(text) => (ItemResult::after(item.planned), true, Some(sentence(text))),
            StepResult::OldOneLeft(text) => {
                let text = format!("The new registration exists, and so does the old one: {text}.");
                (ItemResult::Failed, true, Some(text))
            }
            StepResult::Rejected(_) => (ItemResult::Failed, true, Some(sentence(&step.text()))),
            // A second list shows the result of these two. The old registration of a failed swap looks like the new
            // one.
            StepResult::Unconfirmed(_) | StepResult::NotSwapped(Remaining::Nothing, _) => {
                (ItemResult::Failed, false, Some(sentence(&step.text())))
            }
            StepResult::NotSwapped(..) => (ItemResult::Failed, true, Some(sentence(&step.text()))),
            StepResult::NotTried => (ItemResult::NotTried, true, None),
        };
        // An unchanged registration does not depend on the call that contains it.
        if item.planned == Planned::Keep {
            result = ItemResult::Kept;
        }
        let next = match step {
            StepResult::NotSwapped(Remaining::Nothing, _) => Some(
                "run the command again without --renew until the registration is created: until then its events do \
                 not arrive",
            ),
            StepResult::Rejected(error)
            | StepResult::Unconfirmed(Cause::Api(error))
            | StepResult::NotSwapped(_, Cause::Api(error)) => Some(hint(error)),
            StepResult::Unconfirmed(Cause::NoResponse(..))
            | StepResult::NotSwapped(_, Cause::NoResponse(..)) => Some(
                "check the network and the provider's status, then run the command again: it skips the steps that are \
                 done",
            ),
            _ => None,
        };
        let note = match (step, item.note) {
            (StepResult::DoneWithNote(_), Some(note)) => Some(format!("{note} {}", text.unwrap_or_default())),
            (StepResult::DoneWithNote(_), None) => text,
            (_, note) if result.is_as_wanted() => note,
            (_, note) => text.or(note),
        };
        let (event, url) = (item.event, item.target.to_string());
        Self { event, url, result, note, planned: item.planned, is_sure, confirmed: None, next }
    }

    /// Returns the outcome of an item in a dry run.
    fn before(item: Item) -> Self {
        Self { result: ItemResult::before(item.planned), ..Self::new(item, &StepResult::Nothing) }
    }

    /// Returns the provider's name of the event.
    pub(crate) fn event(&self) -> &str {
        &self.event
    }

    /// Applies the second list: `is_open` is true if the change is still to do, None if there was no second list.
    pub(crate) fn confirm(&mut self, is_open: Option<bool>) {
        if matches!(self.planned, Planned::Keep | Planned::Skip) {
            return;
        }
        match (is_open, self.is_sure, self.result) {
            (Some(true), true, ItemResult::Added | ItemResult::Changed | ItemResult::Removed) => {
                self.result = ItemResult::Unconfirmed;
                self.note =
                    Some("The provider reported success, but its own list does not show the change.".into());
                self.confirmed = Some(false);
            }
            (Some(false), false, _) => {
                let text = self.note.take().unwrap_or_default();
                self.note = Some(format!("{text} The provider's own list shows that the change is made."));
                self.result = ItemResult::after(self.planned);
                self.confirmed = Some(true);
            }
            (Some(false), true, ItemResult::Added | ItemResult::Changed | ItemResult::Removed) => {
                self.confirmed = Some(true);
            }
            _ => {}
        }
    }
}

/// Returns an error's text as a sentence.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}.", letters.as_str())
}

impl Work {
    /// Returns the result of a dry run, with the calls behind this base URL.
    pub(crate) fn planned(store: &StoreAddress, base: &str, steps: Vec<Step>) -> Self {
        let (mut items, mut calls) = (Vec::new(), Vec::new());
        for step in steps {
            items.extend(step.items.into_iter().map(Outcome::before));
            match step.action {
                Action::Nothing => {}
                Action::Call(call) => calls.push(ShownCall::of(&call, base)),
                Action::Swap { create, delete } => {
                    calls.extend([ShownCall::of(&create, base), ShownCall::of(&delete, base)]);
                }
            }
        }
        Self { store: store.to_string(), api: base.to_owned(), dry_run: true, confirmed: None, items, calls }
    }

    /// Returns the result after the changes.
    pub(crate) fn done(store: &StoreAddress, base: &str, items: Vec<Outcome>) -> Self {
        let confirmations: Vec<bool> = items.iter().filter_map(|item| item.confirmed).collect();
        let confirmed = (!confirmations.is_empty()).then(|| confirmations.iter().all(|shown| *shown));
        let (store, api) = (store.to_string(), base.to_owned());
        Self { store, api, dry_run: false, confirmed, items, calls: Vec::new() }
    }

    /// Returns a failure unless every item is as the user wanted.
    pub(crate) fn end(&self) -> Result<(), Failure> {
        let open: Vec<&Outcome> = self.items.iter().filter(|item| !item.result.is_as_wanted()).collect();
        if open.is_empty() || self.dry_run {
            return Ok(());
        }
        let what = format!("{} of {} registrations are not as requested", open.len(), self.items.len());
        let next =
            open.iter().find_map(|item| item.next).unwrap_or("read the note of each event above").to_owned();
        if open.len() == self.items.len() {
            Err(Failure::Refused { what, next })
        } else {
            Err(Failure::Partial { what, next })
        }
    }
}

impl ShownCall {
    fn of(call: &Call, base: &str) -> Self {
        Self {
            method: call.verb().as_str(),
            url: format!("{base}{}", call.path_and_query()),
            headers: call.shown_headers().into_iter().collect(),
            body: call.shown_body(),
            text: call.shown(base),
        }
    }
}

impl Report for Work {
    fn page(&self, page: &mut Page) {
        let dry = if self.dry_run { ", dry run: nothing was changed" } else { "" };
        page.heading(format!("{} at {}{dry}", self.store, self.api));
        if self.items.is_empty() {
            page.line("Nothing to do.");
            return;
        }
        let rows = self
            .items
            .iter()
            .map(|item| [printable(&item.event), item.result.as_str().to_owned(), printable(&item.url)]);
        page.table(["event", "result", "url"], rows);
        for (note, events) in
            group_by_note(self.items.iter().map(|item| (item.event.as_str(), item.note.as_deref())))
        {
            page.line(format!("{}: {}", printable(&events), printable(note)));
        }
        for call in &self.calls {
            page.line("");
            for line in call.text.lines() {
                page.line(printable(line));
            }
        }
        match self.confirmed {
            Some(true) => page.marked(Status::Pass, "the provider's own list shows the changes"),
            Some(false) => page.marked(Status::Fail, "the provider's own list does not show all changes"),
            None => {}
        }
    }
}

/// Groups events with the same note.
fn group_by_note<'i>(items: impl Iterator<Item = (&'i str, Option<&'i str>)>) -> Vec<(&'i str, String)> {
    let mut notes: Vec<(&str, String)> = Vec::new();
    for (event, note) in items {
        let Some(note) = note else { continue };
        match notes.iter_mut().find(|(known, _)| *known == note) {
            Some((_, events)) => {
                events.push_str(", ");
                events.push_str(event);
            }
            None => notes.push((note, event.to_owned())),
        }
    }
    notes
}

/// The registrations of a store.
#[derive(Debug, Serialize)]
pub(crate) struct Listed {
    store: String,
    api: String,
    /// False if the provider documents no list.
    known: bool,
    registrations: Vec<Shown>,
    /// The events that could be registered and are not. Null if that is unknown.
    missing: Option<Vec<String>>,
}

/// One registration.
#[derive(Debug, Serialize)]
struct Shown {
    event: String,
    url: String,
    ours: bool,
    state: String,
    problem: Option<String>,
}

impl Listed {
    /// Returns the result for a store. `inlet` begins the commands of its hints: it selects the deployment.
    pub(crate) fn of(
        (store, inlet): (&StoreAddress, &str),
        api: &str,
        destination: &Destination,
        registrations: Vec<Registration>,
        missing: Option<Vec<String>>,
    ) -> Self {
        let shown = |one: Registration| Shown {
            ours: destination.contains(&one.target),
            event: one.event,
            url: one.target.to_string(),
            state: one.state,
            problem: one
                .problem
                .map(|problem| DeploymentArgs::complete_commands(problem.text(), inlet, store)),
        };
        let registrations = registrations.into_iter().map(shown).collect();
        Self { store: store.to_string(), api: api.to_owned(), known: true, registrations, missing }
    }

    /// Returns the result for a provider without a list.
    pub(crate) fn unknown(store: &StoreAddress, api: &str) -> Self {
        let (store, api) = (store.to_string(), api.to_owned());
        Self { store, api, known: false, registrations: Vec::new(), missing: None }
    }

    /// Returns a failure if one of the store's registrations has a problem.
    pub(crate) fn end(&self) -> Result<(), Failure> {
        let wrong = self.registrations.iter().filter(|one| one.ours && one.problem.is_some()).count();
        if wrong == 0 {
            return Ok(());
        }
        let what = counted(
            wrong,
            "registration of this store has a problem",
            "registrations of this store have a problem",
        );
        Err(Failure::Problem { what, next: "read the note of each event above".to_owned() })
    }
}

impl Report for Listed {
    fn page(&self, page: &mut Page) {
        page.heading(format!("{} at {}", self.store, self.api));
        if !self.known {
            page.marked(Status::Unknown, "the provider documents no list of registrations");
            return;
        }
        if self.registrations.is_empty() {
            page.line("Nothing is registered.");
        } else {
            let row = |one: &Shown| {
                let receiver = if one.ours { "this store" } else { "another receiver" };
                [printable(&one.event), receiver.to_owned(), printable(&one.state), printable(&one.url)]
            };
            page.table(["event", "receiver", "state", "url"], self.registrations.iter().map(row));
        }
        for one in &self.registrations {
            if let Some(problem) = &one.problem {
                let mark = if one.ours { Status::Fail } else { Status::Unknown };
                page.marked(mark, format!("{}: {}", printable(&one.event), printable(problem)));
            }
        }
        match self.missing.as_deref() {
            Some([]) => page.marked(Status::Pass, "every event of the API is registered here"),
            Some(missing) => {
                page.marked(Status::Unknown, format!("not registered here: {}", missing.join(", ")));
            }
            None => {}
        }
    }
}
