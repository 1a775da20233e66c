//! `inlet reconcile`: finds states that no webhook brought, in the provider's own API, and publishes them.

use std::time::Duration;

use inlet::canonical::Kind;
use inlet::received_at::ReceivedAt;
use inlet::reconcile::{
    Counts, Coverage, Deletions, Details, EXPIRY_MARGIN, Failure as ApiFailure, MissedEntity, Outcome,
    Session, Unread,
};
use inlet_aws::client::clock;
use inlet_aws::history::event_log::TableEventLog;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::{Mutex, watch};

use crate::deployment::Deployment;
use crate::deployment::address::StoreAddress;
use crate::deployment::{api_access, stores};
use crate::failure::Failure;
use crate::input::time_arg::TimeArg;
use crate::options::DeploymentArgs;
use crate::output::progress::{self, RunOutcome};
use crate::output::prompt::confirm;
use crate::output::{Output, Page, Report, counted, printable};
use crate::provider_api::ProviderApi;
use crate::providers::ProviderHandle;
use crate::reconciliation::{Readable, Reconciled, Reconciliation};
use crate::shell::quoted;
use crate::webhook::access::AccessFrom;

/// The arguments of `inlet reconcile`.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own on the command line")]
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Arguments {
    /// The store, such as zid/riyadh
    store: StoreAddress,
    /// Compare the objects that changed since then: 7d (ago), 2025-06-12, or an RFC 3339 time
    #[arg(long, value_name = "TIME", default_value = "24h")]
    since: TimeArg,
    /// Compare this kind of object, such as order; default: every kind that the provider's API lists
    #[arg(long = "kind", value_name = "KIND", value_parser = parse_kind)]
    kinds: Vec<Kind>,
    /// Read every changed object whole: one request each. It finds missed states of objects whose last state arrived
    #[arg(long)]
    histories: bool,
    /// Find deleted objects too, where the API lists every object: reads that list twice, the provider's retry window apart
    #[arg(long)]
    deletions: bool,
    /// Count what is missed without publishing it
    #[arg(long)]
    dry_run: bool,
    /// Do not ask for confirmation
    #[arg(long, short)]
    yes: bool,
    #[command(flatten)]
    access: AccessFrom,
    /// Base URL of a sandbox or a twin of the provider's API; HTTPS, or on this machine
    #[arg(long, value_name = "URL")]
    api: Option<String>,
}

const HELP: &str = "\
The access is the one that `inlet access set` stored, unless --access or INLET_ACCESS gives another one.

Examples:
  inlet reconcile zid/riyadh --since 7d --dry-run
  inlet reconcile zort/bangkok --since 2d --kind order --access zort-access.json";

/// Number of missed objects that are printed.
const SHOWN: usize = 20;

/// Counts, asks and publishes.
pub(crate) async fn run(
    arguments: Arguments,
    options: &DeploymentArgs,
    output: &mut Output,
) -> Result<(), Failure> {
    let readable = arguments.store.provider.readable_or_failure()?;
    let kinds = chosen(arguments.store.provider, arguments.kinds.clone(), &readable)?;
    let deployment = Deployment::find_to_change(options, output).await?;
    let since = first_change(arguments.since, &deployment, output)?;
    let again = arguments.continues(since, &deployment.inlet);
    let Arguments { store, histories, deletions, dry_run, yes, access, api, .. } = arguments;
    let access = match access.given(readable.access)? {
        Some(given) => {
            stores::note_unless_exists(&deployment, &store, output).await;
            given
        }
        None => match api_access::read(&deployment, &store).await? {
            Some(stored) => stored,
            None => {
                stores::check_exists(&deployment, &store).await?;
                access.read_fields(readable.access)?
            }
        },
    };
    let api = ProviderApi::new(api.as_deref())?;
    let details = if histories { Details::OfAll } else { Details::OfMissed };
    let count = Reconciliation {
        kinds,
        details,
        finds_deletions: deletions,
        ..comparison(&deployment, &store, &readable, api, access, since)
    };
    let unreadable = unreadable(store.provider, &readable, &count.kinds);
    let (mut report, mut stopped) = carry_out(&count, &store, output).await?;
    report.unreadable.clone_from(&unreadable);
    let missed = report.missed();
    if !dry_run && !stopped && missed > 0 {
        confirm(&format!("Publish the states of {}?", counted(missed, "object", "objects")), yes)?;
        let found = std::mem::take(&mut report.deletions);
        let publish = Reconciliation { publishes: true, finds_deletions: false, ..count };
        let published = carry_out(&publish, &store, output).await;
        (report, stopped) = published.map_err(|failure| stopped_half_way(failure, &again))?;
        (report.unreadable, report.deletions) = (unreadable, found);
    }
    output.report(&report)?;
    report.verdict(stopped, again)
}

impl Arguments {
    /// Returns the advice to run the command again, over the same changes.
    fn continues(&self, since: ReceivedAt, inlet: &str) -> String {
        let Self { store, since: _, kinds, histories, deletions, dry_run, yes: _, access, api } = self;
        let mut flags = String::new();
        flags.extend(kinds.iter().map(|kind| format!(" --kind {kind}")));
        if *histories {
            flags += " --histories";
        }
        if *deletions {
            flags += " --deletions";
        }
        if *dry_run {
            flags += " --dry-run";
        }
        flags += &access.to_flags();
        flags.extend(api.iter().map(|url| format!(" --api {}", quoted(url))));
        format!("run `{inlet} reconcile {store} --since {since}{flags}` again: it publishes nothing twice")
    }
}

/// Returns the failure of a run that may have published some of the missed states.
fn stopped_half_way(failure: Failure, again: &str) -> Failure {
    match failure {
        Failure::Inlet { fault, .. } => Failure::Partial {
            what: format!("not every missed state was published: {}", fault.chain()),
            next: again.to_owned(),
        },
        other => other,
    }
}

/// Returns the time of the first change that is compared.
///
/// # Errors
/// If the events of that time are deleted.
pub(crate) fn first_change(
    since: TimeArg,
    deployment: &Deployment,
    output: &Output,
) -> Result<ReceivedAt, Failure> {
    let now = clock::now();
    let since = since.before(now, output.zone());
    let days = deployment.retention_days;
    let compared = compared_days(days);
    if now.since(since) <= Duration::from_hours(compared.saturating_mul(24)) {
        return Ok(since);
    }
    Err(Failure::Unusable {
        what: format!("events are deleted after {days} days, so an older change cannot be compared"),
        next: format!("give a later --since, at most {compared}d"),
    })
}

/// Returns the number of days whose changes can be compared, with events that are kept for so long.
fn compared_days(retention_days: u32) -> u64 {
    let kept = Duration::from_hours(u64::from(retention_days).saturating_mul(24));
    kept.saturating_sub(EXPIRY_MARGIN).as_secs() / 86_400
}

/// Returns the comparison of a store in every kind, which publishes nothing.
pub(crate) fn comparison(
    deployment: &Deployment,
    store: &StoreAddress,
    readable: &Readable,
    api: ProviderApi,
    access: Value,
    since: ReceivedAt,
) -> Reconciliation {
    Reconciliation {
        log: TableEventLog { table: deployment.table(), queue: deployment.queue() },
        api,
        access,
        session: Mutex::new(Session::new(readable.limit)),
        ssm: deployment.clients().ssm,
        stage: deployment.stage.clone(),
        store: store.store.clone(),
        kinds: possible(store.provider, readable),
        since,
        details: Details::OfMissed,
        publishes: false,
        finds_deletions: false,
    }
}

/// Runs over all kinds, with progress. Returns true beside the report if Ctrl-C stopped it.
pub(crate) async fn carry_out(
    reconciliation: &Reconciliation,
    store: &StoreAddress,
    output: &Output,
) -> Result<(ReconcileReport, bool), Failure> {
    let state = watch::Sender::new(Reconciled::default());
    let bar = output.progress("compared", None);
    let work = store.provider.reconcile(reconciliation, &state);
    let ended = progress::run(work, &state, &bar, compared).await;
    let Reconciled { outcomes, deletions, .. } = state.send_replace(Reconciled::default());
    let report = ReconcileReport {
        store: store.to_string(),
        since: reconciliation.since.to_string(),
        published: reconciliation.publishes,
        kinds: outcomes.into_iter().map(KindReport::of).collect(),
        unreadable: Vec::new(),
        deletions: deletions.into_iter().map(|(kind, found)| DeletionReport::of(kind, found)).collect(),
    };
    match ended {
        RunOutcome::Done => Ok((report, false)),
        RunOutcome::Stopped => Ok((report, true)),
        RunOutcome::Failed(fault) => {
            Err(Failure::Inlet { context: "the store's objects cannot be compared with its events", fault })
        }
    }
}

/// Returns the kinds to compare: those that were asked for, else all that the API lists and webhooks bring.
fn chosen(provider: ProviderHandle, asked: Vec<Kind>, readable: &Readable) -> Result<Vec<Kind>, Failure> {
    let possible = possible(provider, readable);
    if let Some(kind) = asked.iter().find(|kind| !possible.contains(kind)) {
        let names: Vec<&str> = possible.iter().map(|kind| kind.as_str()).collect();
        return Err(Failure::Unusable {
            what: format!("{provider}'s API and webhooks do not both have {kind}"),
            next: format!("use one of these: {}", names.join(", ")),
        });
    }
    Ok(if asked.is_empty() { possible } else { asked })
}

/// Returns the kinds that the API lists and webhooks bring.
fn possible(provider: ProviderHandle, readable: &Readable) -> Vec<Kind> {
    readable.kinds.iter().copied().filter(|kind| provider.has_events_of(*kind)).collect()
}

/// Returns the kinds that webhooks bring and the API does not list: nothing is known of their completeness.
pub(crate) fn unreadable(
    provider: ProviderHandle,
    readable: &Readable,
    chosen: &[Kind],
) -> Vec<&'static str> {
    if chosen.len() < readable.kinds.iter().filter(|kind| provider.has_events_of(**kind)).count() {
        return Vec::new();
    }
    let kinds =
        Kind::ALL.iter().filter(|kind| provider.has_events_of(**kind) && !readable.kinds.contains(kind));
    kinds.map(|kind| kind.as_str()).collect()
}

fn parse_kind(text: &str) -> Result<Kind, String> {
    Kind::parse(text).ok_or_else(|| format!("{text} is not a kind of object"))
}

fn compared(state: &Reconciled) -> u64 {
    let all = |counts: &Counts| {
        let Counts { arrived, reconciled, missed, young, unknown, forgotten } = *counts;
        [arrived, reconciled, missed, young, unknown, forgotten].into_iter().fold(0, u64::saturating_add)
    };
    let done = state.outcomes.iter().map(|outcome| all(&outcome.counts)).fold(0, u64::saturating_add);
    done.saturating_add(all(&state.current))
}

/// The result of the comparison.
#[derive(Debug, Serialize)]
pub(crate) struct ReconcileReport {
    store: String,
    since: String,
    /// True if missed states were published.
    published: bool,
    /// The results.
    pub(crate) kinds: Vec<KindReport>,
    /// The kinds that webhooks bring and the API does not list.
    unreadable: Vec<&'static str>,
    /// The deletions of each kind, as far as they are known. Empty if the command did not look for them.
    deletions: Vec<DeletionReport>,
}

/// The deletions of one kind, or the reason why they are not known.
#[derive(Debug, Serialize)]
struct DeletionReport {
    kind: &'static str,
    /// The entities that have events and that two reads of the whole list lack. Absent if it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    absent: Option<Vec<String>>,
    /// Number of entities that the list lacks and that the API returns by their id: they are not deleted.
    hidden: u64,
    /// The reason why nothing is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    unknown: Option<String>,
}

impl DeletionReport {
    fn of(kind: Kind, found: Deletions) -> Self {
        let kind = kind.as_str();
        match found {
            Deletions::Known { absent, hidden } => Self { kind, absent: Some(absent), hidden, unknown: None },
            Deletions::Unknown(reason) => {
                Self { kind, absent: None, hidden: 0, unknown: Some(reason.to_string()) }
            }
        }
    }

    fn page(&self, page: &mut Page) {
        let kind = self.kind;
        if let Some(reason) = &self.unknown {
            page.line(format_args!("{kind}: deletions are unknown: {}", printable(reason)));
        }
        let absent = self.absent.as_deref().unwrap_or_default();
        if self.absent.is_some() {
            let count = counted(absent.len(), "object", "objects");
            page.line(format_args!("{kind}: {count} with events and absent from two reads of the list"));
        }
        for entity in absent.iter().take(SHOWN) {
            page.line(format_args!("absent {}", printable(entity)));
        }
        if absent.len() > SHOWN {
            page.aside(format_args!("and {} more; --json prints them", absent.len().saturating_sub(SHOWN)));
        }
    }
}

/// Returns a sentence about the deletions that were not looked for.
pub(crate) fn unseen_deletions(kinds: &[&str], readable: &Readable, inlet: &str) -> String {
    let whole = |kind: &&&str| readable.whole_lists.iter().any(|whole| whole.as_str() == **kind);
    let findable: Vec<&str> = kinds.iter().filter(whole).copied().collect();
    if findable.is_empty() {
        return "deletions are unknown: the API lists the objects of a window".to_owned();
    }
    format!("deletions are unknown: `{inlet} reconcile --deletions` finds those of {}", findable.join(", "))
}

/// The result for one kind.
#[derive(Debug, Serialize)]
pub(crate) struct KindReport {
    /// The kind.
    pub(crate) kind: &'static str,
    /// The number of objects by their verdict.
    #[serde(flatten)]
    pub(crate) counts: Counts,
    /// The share of the changed objects whose state webhooks brought, in per cent. Absent unless the whole window was
    /// read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) arrived_percent: Option<String>,
    /// `complete`, `incomplete` or `unknown`; absent if the API could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) coverage: Option<&'static str>,
    /// The reason why the API could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    /// True if the provider does not accept the access.
    #[serde(skip)]
    is_refused: bool,
    requests: u64,
    objects: Vec<MissedEntity>,
}

impl KindReport {
    fn of(outcome: Outcome) -> Self {
        let arrived_percent = outcome.arrived_per_mille().map(percent);
        let coverage = outcome.coverage.as_ref().ok().map(|coverage| match coverage {
            Coverage::Complete => "complete",
            Coverage::Incomplete => "incomplete",
            Coverage::Unknown => "unknown",
        });
        Self {
            kind: outcome.kind.as_str(),
            counts: outcome.counts,
            arrived_percent,
            coverage,
            error: outcome.coverage.as_ref().err().map(ToString::to_string),
            is_refused: matches!(
                outcome.coverage,
                Err(Unread::Failure(ApiFailure::Unauthorized { .. } | ApiFailure::Refused { .. }))
            ),
            requests: outcome.requests,
            objects: outcome.missed,
        }
    }
}

impl KindReport {
    /// Returns the share as a person reads it: `-` if nothing changed.
    pub(crate) fn share(&self) -> String {
        match (&self.arrived_percent, self.coverage) {
            (Some(percent), _) => format!("{percent} %"),
            (None, Some("complete")) => "-".to_owned(),
            (None, _) => "unknown".to_owned(),
        }
    }

    /// Returns the reason why there is no share; `None` if everything was read.
    pub(crate) fn why_unknown(&self) -> Option<String> {
        match (&self.error, self.coverage) {
            (Some(error), _) => Some(error.clone()),
            (None, Some("incomplete")) => {
                Some("the provider returned a page twice, so later objects were not read".to_owned())
            }
            (None, Some("unknown")) => Some("the provider does not say if its list is complete".to_owned()),
            _ => None,
        }
    }
}

/// Writes thousandths as per cent. They are rounded down, so 100.0 means all.
fn percent(per_mille: u64) -> String {
    format!("{}.{}", per_mille.checked_div(10).unwrap_or(0), per_mille.checked_rem(10).unwrap_or(0))
}

impl ReconcileReport {
    fn missed(&self) -> usize {
        self.kinds.iter().map(|kind| kind.objects.len()).fold(0, usize::saturating_add)
    }

    fn verdict(&self, stopped: bool, again: String) -> Result<(), Failure> {
        if stopped {
            return Err(Failure::Partial { what: "the comparison was stopped".to_owned(), next: again });
        }
        let unread = self.kinds.iter().filter(|kind| kind.error.is_some());
        let unread: Vec<&KindReport> = unread.collect();
        if unread.is_empty() {
            return Ok(());
        }
        let kinds: Vec<&str> = unread.iter().map(|kind| kind.kind).collect();
        let kinds = kinds.join(", ");
        if unread.iter().all(|kind| kind.is_refused) {
            return Err(Failure::Refused {
                what: format!("the provider's API rejects the access: {kinds}"),
                next: "check each field of the access, and its permissions at the provider".to_owned(),
            });
        }
        Err(Failure::Partial {
            what: format!("the provider's API could not be read to the end: {kinds}"),
            next: format!("check the access and the provider's status, then {again}"),
        })
    }
}

impl Report for ReconcileReport {
    fn page(&self, page: &mut Page) {
        page.line(format_args!("{} since {}", self.store, self.since));
        let row = |kind: &KindReport| {
            let Counts { arrived, reconciled, missed, young, unknown, .. } = kind.counts;
            let [arrived, reconciled, missed, young, unknown] =
                [arrived, reconciled, missed, young, unknown].map(|count| count.to_string());
            let share = kind.share();
            [kind.kind.to_owned(), share, arrived, reconciled, missed, young, unknown]
        };
        let heads = ["kind", "by webhook", "arrived", "reconciled", "missed", "young", "not comparable"];
        page.table(heads, self.kinds.iter().map(row));
        for kind in &self.kinds {
            if let Some(reason) = kind.why_unknown() {
                page.line(format_args!("{}: {}", kind.kind, printable(&reason)));
            }
        }
        for kind in &self.unreadable {
            page.line(format_args!("{kind}: cannot be read in the provider's API"));
        }
        for deletions in &self.deletions {
            deletions.page(page);
        }
        let objects = self.kinds.iter().flat_map(|kind| &kind.objects);
        for object in objects.take(SHOWN) {
            let verb = if self.published { "published" } else { "missed" };
            let mut what = object.fields.join(", ");
            if object.earlier_states > 0 {
                let earlier = counted(object.earlier_states, "earlier state", "earlier states");
                what = if what.is_empty() { earlier } else { format!("{what}, {earlier}") };
            }
            page.line(format_args!("{verb} {}: {}", printable(&object.entity), what));
        }
        if self.missed() > SHOWN {
            page.aside(format_args!("and {} more; --json prints them", self.missed().saturating_sub(SHOWN)));
        }
    }
}

#[cfg(test)]
mod tests {
    use inlet::fault::Fault;
    use inlet::reconcile::NoAbsence;

    use super::*;

    #[test]
    fn the_last_days_of_the_retention_are_not_compared() {
        for (retention, compared) in [(90, 87), (29, 26), (1, 0)] {
            assert_eq!(compared_days(retention), compared, "{retention}");
        }
    }

    #[test]
    fn a_share_is_rounded_down() {
        for (per_mille, want) in [(1000, "100.0"), (999, "99.9"), (5, "0.5"), (0, "0.0")] {
            assert_eq!(percent(per_mille), want);
        }
    }

    fn outcome(coverage: Result<Coverage, Unread>) -> Outcome {
        let counts = Counts { arrived: 3, missed: 1, young: 7, ..Counts::default() };
        Outcome {
            kind: Kind::Order,
            counts,
            corrected: 0,
            missed: Vec::new(),
            coverage,
            unsettled: None,
            requests: 1,
        }
    }

    #[test]
    fn only_a_list_that_was_read_whole_has_a_share() {
        let whole = KindReport::of(outcome(Ok(Coverage::Complete)));
        assert_eq!((whole.share().as_str(), whole.why_unknown()), ("75.0 %", None));
        for coverage in [Ok(Coverage::Incomplete), Ok(Coverage::Unknown), Err(Unread::TooLong)] {
            let report = KindReport::of(outcome(coverage));
            assert_eq!((report.share().as_str(), report.why_unknown().is_some()), ("unknown", true));
        }
    }

    #[test]
    fn a_deletion_is_known_or_has_a_reason() {
        let json = |found| serde_json::to_value(DeletionReport::of(Kind::Product, found)).unwrap();
        let absent = vec!["zid/a/product/7".to_owned()];
        assert_eq!(
            json(Deletions::Known { absent, hidden: 1 }),
            serde_json::json!({"kind": "product", "absent": ["zid/a/product/7"], "hidden": 1})
        );
        assert_eq!(
            json(Deletions::Unknown(NoAbsence::IncompleteList)),
            serde_json::json!({"kind": "product", "hidden": 0, "unknown": "the list could not be read to its end"})
        );
    }

    #[test]
    fn the_note_names_the_kinds_whose_deletions_can_be_found() {
        let readable = Readable::of::<inlet_zid::Zid>();
        let note = unseen_deletions(&["order", "product"], &readable, "inlet --local");
        assert!(note.ends_with("`inlet --local reconcile --deletions` finds those of product"), "{note}");
        assert!(unseen_deletions(&["order"], &readable, "inlet").ends_with("the objects of a window"));
    }

    #[test]
    fn a_run_that_published_some_of_the_states_exits_with_5() {
        let fault = Fault::transient("not stored", "throttled");
        let failure = stopped_half_way(Failure::Inlet { context: "a test", fault }, "run it again");
        assert_eq!(failure.exit_code(), 5);
        let Failure::Partial { what, next } = failure else { panic!("{failure:?}") };
        assert_eq!(what, "not every missed state was published: not stored: throttled");
        assert_eq!(next, "run it again");
    }

    /// The arguments, as clap reads them.
    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        arguments: Arguments,
    }

    #[test]
    fn the_command_that_continues_compares_the_same_changes() {
        let line =
            "reconcile zid/riyadh --since 7d --kind order --histories --deletions --yes --access zid.json";
        let line =
            <Line as clap::Parser>::try_parse_from(line.split(' ')).unwrap_or_else(|error| panic!("{error}"));
        let since = ReceivedAt::parse("2025-06-12T08:01:12.000Z").unwrap();
        assert_eq!(
            line.arguments.continues(since, "inlet --stack shop"),
            "run `inlet --stack shop reconcile zid/riyadh --since 2025-06-12T08:01:12.000Z --kind order --histories \
             --deletions --access zid.json` again: it publishes nothing twice"
        );
    }

    #[test]
    fn an_access_that_is_rejected_has_its_own_exit_code() {
        let refused = || Err(Unread::Failure(ApiFailure::Unauthorized { status: 302 }));
        let failed = || Err(Unread::Failure(ApiFailure::Unavailable { status: 500 }));
        for (coverages, code) in [
            (vec![Ok(Coverage::Complete), Ok(Coverage::Unknown)], None),
            (vec![Ok(Coverage::Complete), refused()], Some(4)),
            (vec![refused(), failed()], Some(5)),
        ] {
            let kinds = coverages.into_iter().map(|coverage| KindReport::of(outcome(coverage))).collect();
            let (store, since) = ("zid/riyadh".to_owned(), "2025-06-12T08:00:00Z".to_owned());
            let report = ReconcileReport {
                store,
                since,
                published: false,
                kinds,
                unreadable: Vec::new(),
                deletions: Vec::new(),
            };
            assert_eq!(
                report.verdict(false, "run it again".to_owned()).err().map(|failure| failure.exit_code()),
                code
            );
        }
    }
}
