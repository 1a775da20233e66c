//! The quarantine: deliveries that no live credential verified, with the reason and the form of the offered proof.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use inlet::received_at::ReceivedAt;
use inlet_aws::operate::quarantine_list::{
    OfferedRequest, QuarantinedDelivery, count_quarantined, offered_request,
};

use crate::console::pages::{Params, Shell, given, respond};
use crate::console::state::{Console, Shared, now};
use crate::console::text::{At, Text, ago, in_query};
use crate::deployment::address::StoreAddress;
use crate::events::quarantined::newest_quarantined;
use crate::failure::Failure;
use crate::input::filters::Filters;
use crate::input::time_arg::{TimeArg, now_plus_skew};
use crate::zone::Zone;

/// Deliveries of a page.
const LIMIT: usize = 50;

#[derive(Template)]
#[template(path = "console/quarantine.html")]
struct QuarantinePage {
    shell: Shell,
    rows: Vec<Row>,
    older: Option<String>,
    stores: Vec<(Text, bool)>,
    chosen: Text,
}

/// A quarantined delivery.
struct Row {
    at: At,
    ago: String,
    store: Text,
    topic: Text,
    reason: Text,
    size: u64,
    expires: Option<At>,
    href: String,
}

#[derive(Template)]
#[template(path = "console/quarantined.html")]
struct QuarantinedPage {
    shell: Shell,
    row: Row,
    raw_store: String,
    method: Text,
    headers: Vec<(Text, Text)>,
    parameters: Vec<(Text, Text)>,
}

/// Shows the quarantine.
pub(crate) async fn show(State(console): State<Shared>, Query(params): Query<Params>) -> Response {
    let page = read(&console, &params).await;
    respond(&console, page)
}

/// Shows one delivery with the form of its proof.
pub(crate) async fn show_one(State(console): State<Shared>, Query(params): Query<Params>) -> Response {
    let page = read_one(&console, &params).await;
    respond(&console, page)
}

fn unreadable(fault: inlet::fault::Fault) -> Failure {
    Failure::Inlet { context: "the quarantine cannot be read", fault }
}

async fn read(console: &Console, params: &Params) -> Result<QuarantinePage, Failure> {
    let now = now();
    let until = given(params, "until").map(str::parse::<TimeArg>).transpose();
    let until = until.map_err(|error| Failure::Unusable {
        what: error.to_string(),
        next: "choose a page of the list".to_owned(),
    })?;
    let until = until.map_or_else(|| now_plus_skew(now), |until| until.before(now, &Zone::default()));
    let chosen = given(params, "store").unwrap_or_default();
    let filters = Filters::parse(given(params, "store"), None, None)?;
    let known = console.stores().await?;
    let wanted = selected(console, &filters, &known).await?;
    let span = (ReceivedAt::EPOCH, until);
    // One more than a page has shows whether there are older ones.
    let one_more = LIMIT.saturating_add(1);
    let mut rows = newest_quarantined(&console.deployment.table(), &wanted, span, one_more, || {}).await?;
    let is_cut = rows.len() > LIMIT;
    rows.truncate(LIMIT);
    let older = rows.last().filter(|_| is_cut).map(|(_, last)| {
        format!("/quarantine?store={}&until={}", in_query(chosen), in_query(&last.received.to_string()))
    });
    let stores = known.iter().map(ToString::to_string);
    Ok(QuarantinePage {
        shell: Shell::new(console, "quarantine", "Quarantine"),
        rows: rows.iter().map(|(address, one)| Row::of(address, one, now)).collect(),
        older,
        stores: stores.map(|store| (Text::line(&store), store == chosen)).collect(),
        chosen: Text::line(chosen),
    })
}

/// Returns the stores that the filters select. A store whose secret was deleted may have quarantined deliveries.
///
/// # Errors
/// If the store is not known: with a similar name, if there is one.
async fn selected(
    console: &Console,
    filters: &Filters,
    known: &[StoreAddress],
) -> Result<Vec<StoreAddress>, Failure> {
    let selected = filters.stores_among(known);
    if !selected.is_empty() {
        return Ok(selected);
    }
    if let Some(StoreAddress { provider, store }) = filters.store_address() {
        let count = count_quarantined(&console.deployment.table(), provider.name, &store).await;
        if count.map_err(unreadable)? > 0 {
            return Ok(vec![StoreAddress { provider, store }]);
        }
    }
    filters.check_store(known, &console.deployment.inlet)?;
    Ok(selected)
}

async fn read_one(console: &Console, params: &Params) -> Result<QuarantinedPage, Failure> {
    let missing = || Failure::NotFound {
        what: "such delivery in quarantine".to_owned(),
        next: "choose one in the list; refused deliveries are deleted after 72 hours".to_owned(),
    };
    let store = given(params, "store").and_then(|store| store.parse::<StoreAddress>().ok());
    let (address, key) = store.zip(given(params, "key")).ok_or_else(missing)?;
    let table = console.deployment.table();
    let offer = offered_request(&table, (address.provider.name, &address.store), key).await;
    let offer = offer.map_err(unreadable)?.ok_or_else(missing)?;
    Ok(QuarantinedPage::of(
        Shell::new(console, "quarantine", "Quarantined delivery"),
        &address,
        &offer,
        now(),
    ))
}

impl QuarantinedPage {
    fn of(shell: Shell, address: &StoreAddress, offer: &OfferedRequest, now: ReceivedAt) -> Self {
        let masked = |pairs: &[(String, String)]| {
            pairs.iter().map(|(name, form)| (Text::line(name), Text::line(form))).collect()
        };
        Self {
            shell,
            row: Row::of(address, &offer.delivery, now),
            raw_store: address.to_string(),
            method: Text::line(&offer.delivery.method),
            headers: masked(&offer.headers),
            parameters: masked(&offer.query),
        }
    }
}

impl Row {
    fn of(address: &StoreAddress, delivery: &QuarantinedDelivery, now: ReceivedAt) -> Self {
        let QuarantinedDelivery { key, received, reason, topic, size, expires, .. } = delivery;
        Self {
            at: At::of_time(*received),
            ago: ago(*received, now),
            store: Text::line(&address.to_string()),
            topic: Text::line(topic.as_deref().unwrap_or("–")),
            reason: Text::line(reason),
            size: *size,
            expires: expires.map(At::of_time),
            href: format!("/quarantined?store={}&key={}", in_query(&address.to_string()), in_query(key)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_shows_the_form_of_its_proof_and_no_body() {
        let evil = "<script>alert(1)</script>\u{202e}";
        let value = |name: &str| (name.to_owned(), "44 characters".to_owned());
        let offer = OfferedRequest {
            delivery: QuarantinedDelivery {
                key: "k".into(),
                digest: "k".into(),
                received: ReceivedAt::EPOCH,
                reason: evil.into(),
                method: "POST".into(),
                topic: Some(evil.into()),
                size: 7,
                expires: None,
            },
            headers: vec![value("authorization"), value(evil)],
            query: vec![value(evil)],
            body: b"canary".to_vec(),
        };
        let address = "zid/riyadh".parse().unwrap();
        let page = QuarantinedPage::of(Shell::closed("t"), &address, &offer, ReceivedAt::EPOCH);
        let html = page.render().unwrap();
        assert!(
            html.contains("authorization") && html.contains("44 characters") && !html.contains("canary"),
            "{html}"
        );
        assert!(!html.contains("<script>") && !html.contains('\u{202e}'), "{html}");
    }
}
