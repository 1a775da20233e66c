//! The quarantine: deliveries that no live credential verified, with the reason and the masked offer.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use inlet::received_at::ReceivedAt;
use inlet_aws::operate::quarantine_list::{QuarantinedDelivery, quarantined_deliveries};
use inlet_aws::operate::quarantine_offer::{MaskedValue, QuarantinedOffer, quarantined_offer};

use crate::console::pages::{Params, Shell, answer, given};
use crate::console::state::{Console, Shared, now};
use crate::console::text::{At, Text, ago, in_query};
use crate::deployment::address::StoreAddress;
use crate::failure::Failure;
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
    headers: Vec<(Text, usize)>,
    parameters: Vec<(Text, usize)>,
}

/// Shows the quarantine.
pub(crate) async fn show(State(console): State<Shared>, Query(params): Query<Params>) -> Response {
    let page = read(&console, &params).await;
    answer(&console, page)
}

/// Shows one delivery with what it offered as proof.
pub(crate) async fn show_one(State(console): State<Shared>, Query(params): Query<Params>) -> Response {
    let page = read_one(&console, &params).await;
    answer(&console, page)
}

fn unreadable(fault: inlet::fault::Fault) -> Failure {
    Failure::Inlet { context: "the quarantine cannot be read", fault }
}

async fn read(console: &Console, params: &Params) -> Result<QuarantinePage, Failure> {
    let now = now();
    let until = given(params, "until").and_then(|text| text.parse::<TimeArg>().ok());
    let until = until.map_or_else(|| now_plus_skew(now), |until| until.before(now, &Zone::default()));
    let known = console.stores().await.map_err(|what| Failure::Problem {
        what,
        next: "reload the page; run `inlet doctor` if it stays".to_owned(),
    })?;
    let chosen = given(params, "store").unwrap_or_default();
    let table = console.deployment.table();
    let mut rows: Vec<(ReceivedAt, Row)> = Vec::new();
    for address in known.iter().filter(|address| chosen.is_empty() || address.to_string() == chosen) {
        let StoreAddress { provider, store } = address;
        let span = (ReceivedAt::EPOCH, until);
        let of_store = quarantined_deliveries(&table, (provider.name, store), span, LIMIT).await;
        let of_store = of_store.map_err(unreadable)?;
        rows.extend(of_store.into_iter().map(|one| (one.received, Row::of(address, &one, now))));
    }
    rows.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    let is_cut = rows.len() > LIMIT || (rows.len() == LIMIT && !chosen.is_empty());
    rows.truncate(LIMIT);
    let older = rows.last().filter(|_| is_cut).map(|(last, _)| {
        format!("/quarantine?store={}&until={}", in_query(chosen), in_query(&last.to_string()))
    });
    let stores = known.iter().map(ToString::to_string);
    Ok(QuarantinePage {
        shell: Shell::new(console, "quarantine", "Quarantine"),
        rows: rows.into_iter().map(|(_, row)| row).collect(),
        older,
        stores: stores.map(|store| (Text::line(&store), store == chosen)).collect(),
        chosen: Text::line(chosen),
    })
}

async fn read_one(console: &Console, params: &Params) -> Result<QuarantinedPage, Failure> {
    let missing = || Failure::NotFound {
        what: "such delivery in quarantine".to_owned(),
        next: "choose one in the list; refused deliveries are deleted after 72 hours".to_owned(),
    };
    let store = given(params, "store").and_then(|store| store.parse::<StoreAddress>().ok());
    let (address, key) = store.zip(given(params, "key")).ok_or_else(missing)?;
    let table = console.deployment.table();
    let offer = quarantined_offer(&table, (address.provider.name, &address.store), key).await;
    let offer = offer.map_err(unreadable)?.ok_or_else(missing)?;
    Ok(QuarantinedPage::of(
        Shell::new(console, "quarantine", "Quarantined delivery"),
        &address,
        &offer,
        now(),
    ))
}

impl QuarantinedPage {
    fn of(shell: Shell, address: &StoreAddress, offer: &QuarantinedOffer, now: ReceivedAt) -> Self {
        let masked = |values: &[MaskedValue]| {
            values.iter().map(|value| (Text::line(&value.name), value.characters)).collect()
        };
        Self {
            shell,
            row: Row::of(address, &offer.delivery, now),
            raw_store: address.to_string(),
            method: Text::line(&offer.delivery.method),
            headers: masked(&offer.headers),
            parameters: masked(&offer.parameters),
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
    fn an_offer_shows_names_and_lengths_and_no_value() {
        let evil = "<script>alert(1)</script>\u{202e}";
        let value = |name: &str| MaskedValue { name: name.to_owned(), characters: 44 };
        let offer = QuarantinedOffer {
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
            parameters: vec![value(evil)],
        };
        let address = "zid/riyadh".parse().unwrap();
        let page = QuarantinedPage::of(Shell::closed("t"), &address, &offer, ReceivedAt::EPOCH);
        let html = page.render().unwrap();
        assert!(html.contains("authorization") && html.contains("44"), "{html}");
        assert!(!html.contains("<script>") && !html.contains('\u{202e}'), "{html}");
    }
}
