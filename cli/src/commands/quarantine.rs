//! `inlet quarantine`: lists the deliveries that no live credential verified, and shows one with its proof masked.

use clap::Subcommand;
use inlet::received_at::ReceivedAt;
use inlet::store::StoreName;
use inlet_aws::client::clock;
use inlet_aws::operate::quarantine_list::{OfferedRequest, QuarantinedDelivery, offered_requests};
use serde::Serialize;

use crate::credentials::mask_document;
use crate::deployment::Deployment;
use crate::deployment::address::{Scope, StoreAddress};
use crate::deployment::stores;
use crate::events::list::age;
use crate::events::quarantined::newest_quarantined;
use crate::failure::Failure;
use crate::input::event_ids::SHORT_LEN;
use crate::input::filters::{Filters, SourceFilter, Span, parse_limit};
use crate::input::time_arg::now_plus_skew;
use crate::options::DeploymentArgs;
use crate::output::json_text::indented;
use crate::output::table::{Cell, Column};
use crate::output::{FAINT, Output, Page, Report, printable};
use crate::providers::ALL;

/// The arguments of `inlet quarantine`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List quarantined deliveries, newest first, and why they failed verification
    List {
        #[command(flatten)]
        source: SourceFilter,
        #[command(flatten)]
        span: Span,
        /// Maximum number of rows
        #[arg(long, value_name = "COUNT", default_value = "20", value_parser = parse_limit)]
        limit: usize,
    },
    /// Print one quarantined delivery: where it was sent, and the form of its proof, never a value of it
    Show {
        /// The id, as in `inlet quarantine list`
        #[arg(value_name = "ID", value_parser = parse_digest)]
        id: String,
        /// The store or provider of the delivery; default: every store with a secret
        #[arg(long, value_name = "PROVIDER[/STORE]")]
        store: Option<Scope>,
        /// Print the body too. It is not verified, and may contain personal data
        #[arg(long)]
        body: bool,
    },
}

/// The shortest beginning of an id that is looked up.
const MIN_LEN: usize = 6;

fn parse_digest(text: &str) -> Result<String, &'static str> {
    let is_hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    if (MIN_LEN..=16).contains(&text.len()) && text.bytes().all(is_hex) {
        return Ok(text.to_owned());
    }
    Err("a quarantined delivery is named by 6 or more hex digits, as the list of the quarantine prints them")
}

/// Runs the subcommand.
pub(crate) async fn run(
    arguments: Arguments,
    options: &DeploymentArgs,
    output: &mut Output,
) -> Result<(), Failure> {
    let deployment = Deployment::find(options).await?;
    match arguments.action {
        Action::List { source, span, limit } => {
            list(&Filters::of_source(source), span, limit, &deployment, output).await
        }
        Action::Show { id, store, body } => show(&id, store, body, &deployment, output).await,
    }
}

/// Lists the quarantine.
///
/// # Errors
/// If it cannot be read, or a filter names an unknown store.
pub(crate) async fn list(
    filters: &Filters,
    span: Span,
    limit: usize,
    deployment: &Deployment,
    output: &mut Output,
) -> Result<(), Failure> {
    let (now, zone) = (clock::now(), output.zone());
    span.check(now, zone)?;
    // The quarantine keeps deliveries only for days, so the default is all of it.
    let from = span.since.map_or(ReceivedAt::EPOCH, |since| since.before(now, zone));
    let until = span.until.map_or_else(|| now_plus_skew(now), |until| until.before(now, zone));
    let wanted = filters.selection(deployment, from, until).await?;
    let providers: Vec<_> =
        ALL.iter().copied().filter(|provider| matches(wanted.provider.as_deref(), provider.name)).collect();
    let progress = output.progress("stores read", None);
    let mut stores = stores::list_stores(deployment, &providers).await?;
    stores.retain(|one| matches(wanted.store.as_ref().map(StoreName::as_str), one.store.as_str()));
    let deliveries =
        newest_quarantined(&deployment.table(), &stores, (from, until), limit, || progress.inc(1)).await?;
    progress.finish_and_clear();
    let quarantined: Vec<_> =
        deliveries.into_iter().map(|(store, one)| QuarantinedRow::new(&store, one)).collect();
    let any = !quarantined.is_empty();
    if !any {
        filters.check_names(deployment).await?;
    }
    output.report(&Quarantine { quarantined, now })?;
    if any {
        let inlet = &deployment.inlet;
        output.note(format!(
            "correct the store's secret ({inlet} secret rotate STORE), then accept the deliveries with: {inlet} reverify"
        ));
    } else {
        output.note("the quarantine is empty");
    }
    Ok(())
}

fn matches(wanted: Option<&str>, value: &str) -> bool {
    wanted.is_none_or(|wanted| wanted == value)
}

async fn show(
    id: &str,
    scope: Option<Scope>,
    with_body: bool,
    deployment: &Deployment,
    output: &mut Output,
) -> Result<(), Failure> {
    let named = match &scope {
        Some(Scope::Store(store)) => Some(store.clone()),
        _ => None,
    };
    let stores = stores::of_scope(deployment, scope).await?;
    let (table, inlet) = (deployment.table(), &deployment.inlet);
    let mut found = Vec::new();
    for store in stores {
        let requests = offered_requests(&table, (store.provider.name, &store.store), id).await;
        let requests =
            requests.map_err(|fault| Failure::Inlet { context: "the quarantine cannot be read", fault })?;
        found.extend(requests.into_iter().map(|request| (store.clone(), request)));
    }
    let Some((store, request)) = found.first() else {
        if let Some(store) = &named {
            stores::check_exists(deployment, store).await?;
        }
        return Err(Failure::NotFound {
            what: format!("delivery {id} in quarantine"),
            next: format!(
                "list them with `{inlet} quarantine list`; an accepted delivery has left the quarantine"
            ),
        });
    };
    // Equal requests of a store have the same id, and the same content: the newest is shown. A provider may send the
    // same to several stores.
    let mut stores: Vec<String> = found.iter().map(|(store, _)| store.to_string()).collect();
    stores.dedup();
    if stores.len() > 1 {
        return Err(Failure::Unusable {
            what: format!("deliveries of {} stores have an id that begins with {id}", stores.len()),
            next: format!("give --store with one of these: {}", stores.join(", ")),
        });
    }
    output.report(&ShownRequest::new(store, request, with_body))?;
    output.note(format!(
        "compare the lengths with `{inlet} secret list {store}`; after correcting the secret run `{inlet} reverify {store}`"
    ));
    Ok(())
}

#[derive(Debug, Serialize)]
struct Quarantine {
    quarantined: Vec<QuarantinedRow>,
    #[serde(skip)]
    now: ReceivedAt,
}

/// A quarantined delivery.
#[derive(Debug, Serialize)]
struct QuarantinedRow {
    received: String,
    id: String,
    store: String,
    method: String,
    topic: Option<String>,
    /// The body's length in bytes.
    size: u64,
    reason: String,
    /// The time when it is deleted.
    expires: Option<String>,
}

impl QuarantinedRow {
    fn new(store: &StoreAddress, quarantined: QuarantinedDelivery) -> Self {
        Self {
            received: quarantined.received.to_string(),
            id: quarantined.digest,
            store: store.to_string(),
            method: quarantined.method,
            topic: quarantined.topic,
            size: quarantined.size,
            reason: quarantined.reason,
            expires: quarantined.expires.map(|at| at.to_string()),
        }
    }

    fn topic(&self) -> &str {
        self.topic.as_deref().unwrap_or("-")
    }
}

/// The columns on a terminal.
const COLUMNS: [Column; 6] = [
    Column::fixed("age"),
    Column::fixed("id"),
    Column::shrinking("store", 8),
    Column::shrinking("topic", 8),
    Column::fixed("bytes"),
    Column::shrinking("reason", 16),
];

impl Quarantine {
    fn narrow_page(&self, page: &mut Page, width: usize) {
        let row = |row: &QuarantinedRow| {
            [
                Cell::styled(age(&row.received, self.now), FAINT),
                Cell::new(row.id.get(..SHORT_LEN).unwrap_or(&row.id)),
                Cell::new(&row.store),
                Cell::new(row.topic()),
                Cell::new(row.size.to_string()),
                Cell::new(&row.reason),
            ]
        };
        let rows: Vec<_> = self.quarantined.iter().map(row).collect();
        page.fitted(COLUMNS, &rows, width);
    }

    fn wide_page(&self, page: &mut Page) {
        let row = |row: &QuarantinedRow| {
            [
                page.time(&row.received),
                row.id.clone(),
                row.store.clone(),
                row.size.to_string(),
                row.expires.as_ref().map(|at| page.time(at)).unwrap_or_default(),
                printable(&row.reason),
                // The last column: a sender chooses its length, and it must not move the others.
                printable(row.topic()),
            ]
        };
        let rows: Vec<_> = self.quarantined.iter().map(row).collect();
        let [received, expires] = ["received", "expires"].map(|name| page.time_heading(name));
        page.table([&received, "id", "store", "bytes", &expires, "reason", "topic"], rows);
    }
}

impl Report for Quarantine {
    fn page(&self, page: &mut Page) {
        match page.width() {
            _ if self.quarantined.is_empty() => {}
            Some(width) => self.narrow_page(page, width),
            None => self.wide_page(page),
        }
    }
}

/// One quarantined delivery, without any value of its proof.
#[derive(Serialize)]
struct ShownRequest {
    #[serde(flatten)]
    row: QuarantinedRow,
    query: Vec<NamedForm>,
    headers: Vec<NamedForm>,
    /// The body as text, if it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
}

/// A name with its value, or with the form of its value.
#[derive(Serialize)]
struct NamedForm {
    name: String,
    value: String,
}

impl ShownRequest {
    fn new(store: &StoreAddress, request: &OfferedRequest, with_body: bool) -> Self {
        let forms = |pairs: &[(String, String)]| {
            pairs.iter().map(|(name, value)| NamedForm { name: name.clone(), value: value.clone() }).collect()
        };
        let body = || {
            let text = String::from_utf8_lossy(&request.body);
            mask_document(&text, store.provider.secret_fields).unwrap_or_else(|| text.into_owned())
        };
        Self {
            row: QuarantinedRow::new(store, request.delivery.clone()),
            query: forms(&request.query),
            headers: forms(&request.headers),
            body: with_body.then(body),
        }
    }
}

impl Report for ShownRequest {
    fn page(&self, page: &mut Page) {
        let row = &self.row;
        page.heading(format_args!("{} {}", row.store, row.id));
        let expires = row.expires.as_ref().map_or_else(|| "unknown".to_owned(), |at| page.time_named(at));
        for (name, value) in [
            ("received", page.time_named(&row.received)),
            ("refused", row.reason.clone()),
            ("sent to", format!("{} {}", row.method, row.topic())),
            ("body", format!("{} bytes", row.size)),
            ("deleted", expires),
        ] {
            page.fitted_line(format_args!("{name:<12}{value}"));
        }
        for NamedForm { name, value } in &self.query {
            page.fitted_line(format_args!("{:<12}{name}: {value}", "query"));
        }
        for NamedForm { name, value } in &self.headers {
            page.fitted_line(format_args!("{:<12}{name}: {value}", "header"));
        }
        if let Some(body) = &self.body {
            page.line("");
            page.line(indented(body).unwrap_or_else(|| body.clone()));
        }
    }
}
