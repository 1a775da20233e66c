//! What the commands that register show.

use std::collections::BTreeMap;

use inlet::tools::registration::{Action, Call, Destination, Item, Planned, Registration, Step};
use serde::Serialize;
use serde_json::Value;

use super::{Answered, FailureCause, Left, next};
use crate::deployment::address::StoreAddress;
use crate::failure::Failure;
use crate::output::{Page, Report, Status, printable};

/// What was done, or in a dry run what would be.
#[derive(Debug, Serialize)]
pub(crate) struct Work {
    store: String,
    api: String,
    dry_run: bool,
    /// Whether the provider's own list shows what was done; null where it cannot be asked, or needs not.
    confirmed: Option<bool>,
    items: Vec<Outcome>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    calls: Vec<ShownCall>,
}

/// What became of one event's registration.
#[derive(Debug, Serialize)]
pub(crate) struct Outcome {
    event: String,
    url: String,
    result: Became,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    #[serde(skip)]
    planned: Planned,
    #[serde(skip)]
    sure: bool,
    #[serde(skip)]
    confirmed: Option<bool>,
    #[serde(skip)]
    next: Option<&'static str>,
}

/// What became of it, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Became {
    WouldAdd,
    WouldChange,
    WouldRemove,
    Kept,
    Added,
    Changed,
    Removed,
    Left,
    Unconfirmed,
    Failed,
    NotTried,
}

/// A call as a dry run shows it.
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

impl Became {
    fn before(planned: Planned) -> Self {
        match planned {
            Planned::Keep => Self::Kept,
            Planned::Add => Self::WouldAdd,
            Planned::Change => Self::WouldChange,
            Planned::Remove => Self::WouldRemove,
            Planned::Skip => Self::Left,
        }
    }

    fn after(planned: Planned) -> Self {
        match planned {
            Planned::Keep => Self::Kept,
            Planned::Add => Self::Added,
            Planned::Change => Self::Changed,
            Planned::Remove => Self::Removed,
            Planned::Skip => Self::Left,
        }
    }

    fn is_as_wished(self) -> bool {
        !matches!(self, Self::Left | Self::Unconfirmed | Self::Failed | Self::NotTried)
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
            Self::Left => "left",
            Self::Unconfirmed => "UNCONFIRMED",
            Self::Failed => "FAILED",
            Self::NotTried => "not tried",
        }
    }
}

impl Outcome {
    /// What the answer to its step makes of an item.
    pub(super) fn of(item: Item, answered: &Answered) -> Self {
        let (mut result, sure, words) = match answered {
            Answered::Nothing | Answered::Done => (Became::after(item.planned), true, None),
            Answered::OldOneLeft(words) => {
                (Became::Failed, true, Some(format!("The new one is there, and so is the old one: {words}.")))
            }
            Answered::Refused(_) => (Became::Failed, true, Some(sentence(&answered.words()))),
            // Of these two a second look tells; where the old one may be there, it looks like the new one.
            Answered::Unconfirmed(_) | Answered::Unswapped(Left::Nothing, _) => {
                (Became::Failed, false, Some(sentence(&answered.words())))
            }
            Answered::Unswapped(..) => (Became::Failed, true, Some(sentence(&answered.words()))),
            Answered::NotTried => (Became::NotTried, true, None),
        };
        // What stays as it is does not depend on the call that it is planned with.
        if item.planned == Planned::Keep {
            result = Became::Kept;
        }
        let next = match answered {
            Answered::Unswapped(Left::Nothing, _) => Some(
                "call it again without --renew until it is made: what is sent meanwhile does not come here",
            ),
            Answered::Refused(refusal)
            | Answered::Unconfirmed(FailureCause::Refusal(refusal))
            | Answered::Unswapped(_, FailureCause::Refusal(refusal)) => Some(next(refusal)),
            Answered::Unconfirmed(FailureCause::Failure(..))
            | Answered::Unswapped(_, FailureCause::Failure(..)) => {
                Some("check the network and the provider's status, then call it again: nothing is done twice")
            }
            _ => None,
        };
        let note = if result.is_as_wished() { item.note } else { words.or(item.note) };
        let (event, url) = (item.event, item.target.to_string());
        Self { event, url, result, note, planned: item.planned, sure, confirmed: None, next }
    }

    /// What a dry run makes of an item.
    fn before(item: Item) -> Self {
        Self { result: Became::before(item.planned), ..Self::of(item, &Answered::Nothing) }
    }

    /// The provider's word for what is sent.
    pub(super) fn event(&self) -> &str {
        &self.event
    }

    /// Takes in what a second look tells: whether it is still to be done. Nothing where there was no such look.
    pub(super) fn confirm(&mut self, open: Option<bool>) {
        if matches!(self.planned, Planned::Keep | Planned::Skip) {
            return;
        }
        match (open, self.sure, self.result) {
            (Some(true), true, Became::Added | Became::Changed | Became::Removed) => {
                self.result = Became::Unconfirmed;
                self.note =
                    Some("The provider says that it is done, and its own list does not show it.".into());
                self.confirmed = Some(false);
            }
            (Some(false), false, _) => {
                let words = self.note.take().unwrap_or_default();
                self.note = Some(format!("{words} Its own list shows that it is done."));
                self.result = Became::after(self.planned);
                self.confirmed = Some(true);
            }
            (Some(false), true, Became::Added | Became::Changed | Became::Removed) => {
                self.confirmed = Some(true);
            }
            _ => {}
        }
    }
}

/// An error's text as a sentence.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}.", letters.as_str())
}

impl Work {
    /// What a plan would do, with its calls behind this base.
    pub(crate) fn planned(store: &StoreAddress, base: &str, steps: Vec<Step>) -> Self {
        let (mut items, mut calls) = (Vec::new(), Vec::new());
        for step in steps {
            items.extend(step.items.into_iter().map(Outcome::before));
            match step.action {
                Action::Nothing => {}
                Action::Call(call) => calls.push(ShownCall::of(&call, base)),
                Action::Swap { make, delete } => {
                    calls.extend([ShownCall::of(&make, base), ShownCall::of(&delete, base)]);
                }
            }
        }
        Self { store: store.to_string(), api: base.to_owned(), dry_run: true, confirmed: None, items, calls }
    }

    /// What was done.
    pub(crate) fn done(store: &StoreAddress, base: &str, items: Vec<Outcome>) -> Self {
        let told: Vec<bool> = items.iter().filter_map(|item| item.confirmed).collect();
        let confirmed = (!told.is_empty()).then(|| told.iter().all(|told| *told));
        let (store, api) = (store.to_string(), base.to_owned());
        Self { store, api, dry_run: false, confirmed, items, calls: Vec::new() }
    }

    /// How the command ends: well only when everything is as the user wished.
    pub(crate) fn end(&self) -> Result<(), Failure> {
        let open: Vec<&Outcome> = self.items.iter().filter(|item| !item.result.is_as_wished()).collect();
        if open.is_empty() || self.dry_run {
            return Ok(());
        }
        let what = format!("{} of {} are not as you wished", open.len(), self.items.len());
        let next =
            open.iter().find_map(|item| item.next).unwrap_or("see what is said of each above").to_owned();
        if open.len() == self.items.len() {
            Err(Failure::Refused { what, next })
        } else {
            Err(Failure::Partly { what, next })
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
        let dry = if self.dry_run { ", dry run: nothing is changed" } else { "" };
        page.heading(format!("{} at {}{dry}", self.store, self.api));
        if self.items.is_empty() {
            page.line("There is nothing to do.");
            return;
        }
        let rows = self
            .items
            .iter()
            .map(|item| [printable(&item.event), item.result.as_str().to_owned(), printable(&item.url)]);
        page.table(["event", "result", "url"], rows);
        for (note, events) in
            together(self.items.iter().map(|item| (item.event.as_str(), item.note.as_deref())))
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
            Some(true) => page.marked(Status::Pass, "the provider's own list shows what was done"),
            Some(false) => {
                page.marked(Status::Fail, "the provider's own list does not show all that was done")
            }
            None => {}
        }
    }
}

/// What is said of several events alike is said once.
fn together<'i>(items: impl Iterator<Item = (&'i str, Option<&'i str>)>) -> Vec<(&'i str, String)> {
    let mut said: Vec<(&str, String)> = Vec::new();
    for (event, note) in items {
        let Some(note) = note else { continue };
        match said.iter_mut().find(|(known, _)| *known == note) {
            Some((_, events)) => {
                events.push_str(", ");
                events.push_str(event);
            }
            None => said.push((note, event.to_owned())),
        }
    }
    said
}

/// What is registered.
#[derive(Debug, Serialize)]
pub(crate) struct Listed {
    store: String,
    api: String,
    /// Whether the provider could be asked.
    known: bool,
    registrations: Vec<Shown>,
    /// The events that could come here and do not; null where that cannot be told.
    missing: Option<Vec<String>>,
}

/// One thing that is registered.
#[derive(Debug, Serialize)]
struct Shown {
    event: String,
    url: String,
    ours: bool,
    state: String,
    problem: Option<String>,
}

impl Listed {
    /// What the provider says of a store.
    pub(crate) fn of(
        store: &StoreAddress,
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
            problem: one.problem,
        };
        let registrations = registrations.into_iter().map(shown).collect();
        Self { store: store.to_string(), api: api.to_owned(), known: true, registrations, missing }
    }

    /// A store of a provider that cannot be asked.
    pub(crate) fn unknown(store: &StoreAddress, api: &str) -> Self {
        let (store, api) = (store.to_string(), api.to_owned());
        Self { store, api, known: false, registrations: Vec::new(), missing: None }
    }

    /// How the command ends: well unless something of ours is wrong.
    pub(crate) fn end(&self) -> Result<(), Failure> {
        let wrong = self.registrations.iter().filter(|one| one.ours && one.problem.is_some()).count();
        if wrong == 0 {
            return Ok(());
        }
        let what = format!("something is wrong with {wrong} of this store's registrations");
        Err(Failure::Wrong { what, next: "see what is said of each above".to_owned() })
    }
}

impl Report for Listed {
    fn page(&self, page: &mut Page) {
        page.heading(format!("{} at {}", self.store, self.api));
        if !self.known {
            page.marked(Status::Unknown, "no page tells how to ask what is registered");
            return;
        }
        if self.registrations.is_empty() {
            page.line("Nothing is registered.");
        } else {
            let row = |one: &Shown| {
                let whose = if one.ours { "this store" } else { "another" };
                [printable(&one.event), whose.to_owned(), printable(&one.state), printable(&one.url)]
            };
            page.table(["event", "whose", "state", "url"], self.registrations.iter().map(row));
        }
        for one in &self.registrations {
            if let Some(problem) = &one.problem {
                let mark = if one.ours { Status::Fail } else { Status::Unknown };
                page.marked(mark, format!("{}: {}", printable(&one.event), printable(problem)));
            }
        }
        match self.missing.as_deref() {
            Some([]) => page.marked(Status::Pass, "every event that can be registered comes here"),
            Some(missing) => {
                page.marked(Status::Unknown, format!("not registered here: {}", missing.join(", ")))
            }
            None => {}
        }
    }
}
