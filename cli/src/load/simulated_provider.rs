//! Deliveries as a provider sends them: samples, each for a new entity, and whole scenarios.

use inlet::canonical::Kind;
use inlet::provider::catalogue::EventSpec;
use inlet::request::Request;
use inlet::store::StoreName;
use inlet::tools::sample_variant::{EntityId, SampleVariant};
use inlet::tools::sender::Payload;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::failure::Failure;
use crate::providers::ProviderHandle;

/// Number of products in a flash sale.
const PRODUCTS: u64 = 5;

/// Number of states of an order.
const STATES: usize = 3;

/// Size of the window in which deliveries are reordered.
const REORDER_WINDOW: usize = 32;

/// Number of times a retry storm sends each delivery.
const REPEATS: usize = 3;

/// Deliveries of one entity, sent one after the other. Several sequences are sent concurrently.
pub(crate) type Sequence = Vec<Request>;

/// Sends deliveries as a provider does.
pub(crate) struct SimulatedProvider {
    /// The provider.
    pub(crate) provider: ProviderHandle,
    /// The store.
    pub(crate) store: StoreName,
    /// The store's credential. A secret.
    pub(crate) credential: Value,
}

/// The event and the sample body that deliveries are made from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EventTemplate {
    /// The event.
    pub(crate) row: &'static EventSpec,
    /// The sample. None if the provider documents no body.
    pub(crate) sample: Option<&'static Payload>,
}

impl EventTemplate {
    /// Returns the event or the sample of this name: `order.create`, or `order.create-guest-digital`.
    ///
    /// # Errors
    /// If the provider has no such event.
    pub(crate) fn named(provider: ProviderHandle, name: &str) -> Result<Self, Failure> {
        let sample = provider.payloads.iter().find(|payload| payload.name().eq_ignore_ascii_case(name));
        match sample {
            Some(sample) => Ok(Self { row: provider.event(sample.event())?, sample: Some(sample) }),
            None => Ok(Self::of(provider, provider.event(name)?)),
        }
    }

    fn of(provider: ProviderHandle, row: &'static EventSpec) -> Self {
        let of_row = |payload: &&Payload| row.is_named(payload.event());
        Self { row, sample: provider.payloads.iter().find(of_row) }
    }

    fn body(&self, fresh: &SampleVariant) -> Vec<u8> {
        match self.sample {
            Some(sample) => fresh.body(self.row, sample.body, sample.is_form()),
            None => fresh.bare_body(self.row),
        }
    }
}

impl SimulatedProvider {
    /// Returns a delivery of this body, unchanged.
    pub(crate) fn with_body(&self, row: &EventSpec, body: Vec<u8>) -> Request {
        self.provider.delivery(self.store.clone(), row, body, &self.credential)
    }

    /// Returns a delivery of a sample variant.
    pub(crate) fn fresh(&self, template: &EventTemplate, fresh: &SampleVariant) -> Request {
        self.with_body(template.row, template.body(fresh))
    }

    /// Returns the same provider with a credential of the right shape that is not the store's.
    #[must_use]
    pub(crate) fn with_wrong_credential(self) -> Self {
        Self { credential: wrong(&self.credential), ..self }
    }
}

/// Replaces each letter and digit with the next one, so that length and characters stay valid.
fn wrong(credential: &Value) -> Value {
    let shifted = |c: char| match c {
        'z' => 'a',
        'Z' => 'A',
        '9' => '0',
        'a'..='y' | 'A'..='Y' | '0'..='8' => char::from_u32(u32::from(c).saturating_add(1)).unwrap_or(c),
        other => other,
    };
    match credential {
        Value::String(text) => Value::String(text.chars().map(shifted).collect()),
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), wrong(value))).collect(),
        other => other.clone(),
    }
}

/// The variation of single deliveries.
#[derive(Clone, Debug)]
pub(crate) struct Variation {
    /// Number of deliveries, or of entities with `flip_flop`.
    pub(crate) count: u64,
    /// Use this entity for all deliveries, each in a new state. None means one entity each.
    pub(crate) entity: Option<String>,
    /// Send three deliveries per entity: a state, another state, and the first again.
    pub(crate) flip_flop: bool,
}

impl Variation {
    /// Returns the number of states in which one entity is sent: the count, or fewer, because the last state of an entity
    /// is final.
    pub(crate) fn states_of_entity(&self, provider: ProviderHandle, template: &EventTemplate) -> u64 {
        let known = provider.lifecycle(template.row).map(|lifecycle| lifecycle.states.len());
        known.map_or(self.count, |known| self.count.min(u64::try_from(known).unwrap_or(u64::MAX)))
    }

    /// Returns the sequences, made on demand.
    pub(crate) fn sequences<'p>(
        &self,
        simulated: &'p SimulatedProvider,
        template: EventTemplate,
    ) -> Box<dyn Iterator<Item = Sequence> + Send + 'p> {
        let (first, flip_flop) = (first_entity(), self.flip_flop);
        if let Some(entity) = self.entity.clone() {
            let lifecycle = simulated.provider.lifecycle(template.row);
            let states: Vec<u64> = if flip_flop {
                [0, 1, 0].repeat(usize::try_from(self.count).unwrap_or(1))
            } else {
                (0..self.states_of_entity(simulated.provider, &template)).collect()
            };
            let last = states.iter().copied().max().unwrap_or_default();
            let start = now();
            // The entity is created before its first state, and at the same time in every state.
            let created = start.saturating_sub(SignedDuration::from_secs(
                i64::try_from(last.saturating_add(1)).unwrap_or_default(),
            ));
            let created = created.unwrap_or(start);
            let of = move |state: u64| {
                // One second between states, because some providers send no fractions. The last state is now.
                let before = i64::try_from(last.saturating_sub(state)).unwrap_or_default();
                let at = start.saturating_sub(SignedDuration::from_secs(before)).unwrap_or(start);
                let entity = EntityId::Exactly(entity.clone());
                let Some(lifecycle) = lifecycle else {
                    let state = u32::try_from(state).unwrap_or(u32::MAX);
                    return simulated.fresh(&template, &SampleVariant { entity, at, state });
                };
                let state = usize::try_from(state).unwrap_or(usize::MAX);
                let body = template.body(&SampleVariant { entity, at, state: 0 });
                simulated.with_body(template.row, lifecycle.apply(template.row, body, state, created))
            };
            return Box::new(std::iter::once(states.into_iter().map(of).collect()));
        }
        Box::new((0..self.count).map(move |n| {
            let entity = EntityId::Numbered(first.wrapping_add(n));
            let a = SampleVariant { entity, at: now(), state: 0 };
            if !flip_flop {
                return vec![simulated.fresh(&template, &a)];
            }
            let later = a.at.saturating_add(SignedDuration::from_secs(1)).unwrap_or(a.at);
            let b = SampleVariant { state: 1, at: later, ..a.clone() };
            [&a, &b, &a].map(|fresh| simulated.fresh(&template, fresh)).to_vec()
        }))
    }
}

/// A scenario of many deliveries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Scenario {
    /// Hundreds of orders, each in several states, for a few products
    FlashSale,
    /// One of each event in turn
    QuietDay,
    /// Each delivery three times, concurrently
    RetryStorm,
}

impl Scenario {
    /// Returns the sequences of this number of entities, made on demand.
    pub(crate) fn sequences(
        self,
        simulated: &SimulatedProvider,
        count: u64,
    ) -> Box<dyn Iterator<Item = Sequence> + Send + '_> {
        let (first, by_role) = (first_entity(), EventsByRole::of(simulated.provider));
        Box::new((0..count).flat_map(move |n| {
            let alone = || {
                simulated
                    .fresh(pick(&by_role.all, n), &variant_now(EntityId::Numbered(first.wrapping_add(n)), 0))
            };
            match self {
                Self::FlashSale => vec![by_role.sale(simulated, first, n)],
                Self::QuietDay => vec![vec![alone()]],
                Self::RetryStorm => vec![vec![alone()]; REPEATS],
            }
        }))
    }
}

/// The events of a provider, by their role in a scenario.
struct EventsByRole {
    all: Vec<EventTemplate>,
    sales: Vec<EventTemplate>,
    goods: Vec<EventTemplate>,
}

impl EventsByRole {
    /// Only events with a documented body.
    fn of(provider: ProviderHandle) -> Self {
        let rows = provider.events.iter().map(|row| EventTemplate::of(provider, row));
        let all: Vec<EventTemplate> =
            rows.filter(|template| template.sample.is_some_and(|sample| !sample.is_form())).collect();
        let about = |kinds: &[Kind]| {
            all.iter().filter(|template| kinds.contains(&template.row.kind)).copied().collect()
        };
        let (sales, goods) = (about(&[Kind::Order, Kind::Payment]), about(&[Kind::Stock, Kind::Product]));
        Self { all, sales, goods }
    }

    /// Returns an order in its states, or for every third number a product with a lower stock.
    fn sale(&self, simulated: &SimulatedProvider, first: u64, n: u64) -> Sequence {
        if n % 3 == 2 && !self.goods.is_empty() {
            let product = variant_now(
                EntityId::Numbered(first.wrapping_add(n % PRODUCTS)),
                u32::try_from(n).unwrap_or(u32::MAX),
            );
            return vec![simulated.fresh(pick(&self.goods, n), &product)];
        }
        let order = EntityId::Numbered(first.wrapping_add(PRODUCTS).wrapping_add(n));
        let states = self.sales.iter().take(STATES).zip(0_u32..);
        states
            .map(|(template, state)| simulated.fresh(template, &variant_now(order.clone(), state)))
            .collect()
    }
}

/// Returns a variant that happens now, plus one second per state: some providers send no fractions.
fn variant_now(entity: EntityId, state: u32) -> SampleVariant {
    let now = now();
    let at = now.saturating_add(SignedDuration::from_secs(state.min(60).into())).unwrap_or(now);
    SampleVariant { entity, at, state }
}

/// Returns the n-th template. Starts again after the last.
#[expect(clippy::expect_used, reason = "a test runs every scenario with every provider: each has a sample")]
fn pick(templates: &[EventTemplate], n: u64) -> &EventTemplate {
    let n = usize::try_from(n).unwrap_or_default();
    let n = n.checked_rem(templates.len()).unwrap_or_default();
    templates.get(n).expect("a sample")
}

/// Returns the number of the first entity: large and random, so that it is new.
fn first_entity() -> u64 {
    rand::random_range(100_000_000_000..1_000_000_000_000)
}

fn now() -> Timestamp {
    Timestamp::from_millisecond(inlet_aws::client::clock::now().millis()).unwrap_or_default()
}

/// Sends this percentage of the deliveries twice, byte for byte.
pub(crate) fn repeated(
    sequences: impl Iterator<Item = Sequence> + Send,
    percent: u8,
) -> impl Iterator<Item = Sequence> + Send {
    let twice = move |delivery: Request| {
        let again = rand::random_range(0..100) < percent;
        std::iter::repeat_n(delivery, if again { 2 } else { 1 })
    };
    sequences.map(move |sequence| sequence.into_iter().flat_map(twice).collect())
}

/// Returns single deliveries in random order within a window, so that none waits for an earlier one.
pub(crate) fn reordered(
    sequences: impl Iterator<Item = Sequence> + Send,
) -> impl Iterator<Item = Sequence> + Send {
    let mut waiting: Vec<Request> = Vec::new();
    let mut deliveries = sequences.flatten();
    std::iter::from_fn(move || {
        waiting.extend(deliveries.by_ref().take(REORDER_WINDOW.saturating_sub(waiting.len())));
        let chosen = rand::random_range(0..waiting.len().max(1));
        (!waiting.is_empty()).then(|| vec![waiting.swap_remove(chosen)])
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::*;

    fn simulated(provider: &str) -> SimulatedProvider {
        let provider: ProviderHandle = provider.parse().unwrap();
        let fields =
            provider.shapes[0].fields.iter().map(|field| (field.name.to_owned(), json!("Az9-secret")));
        SimulatedProvider {
            provider,
            store: StoreName::parse("demo").unwrap(),
            credential: Value::Object(fields.collect()),
        }
    }

    fn bodies(sequences: impl Iterator<Item = Sequence>) -> Vec<Vec<Vec<u8>>> {
        sequences.map(|sequence| sequence.into_iter().map(|request| request.body).collect()).collect()
    }

    fn variation(count: u64) -> Variation {
        Variation { count, entity: None, flip_flop: false }
    }

    #[test]
    fn each_delivery_is_new_and_a_duplicate_is_identical() {
        let simulated = simulated("zid");
        let template = EventTemplate::named(simulated.provider, "order.create").unwrap();
        let sent = bodies(variation(50).sequences(&simulated, template));
        assert_eq!(sent.iter().flatten().collect::<BTreeSet<_>>().len(), 50);
        let sent = bodies(repeated(variation(20).sequences(&simulated, template), 100));
        assert!(sent.iter().all(|sequence| matches!(sequence.as_slice(), [a, b] if a == b)));
        let sent = bodies(repeated(variation(20).sequences(&simulated, template), 0));
        assert!(sent.iter().all(|sequence| sequence.len() == 1));
    }

    #[test]
    fn a_flip_flop_ends_with_its_first_body() {
        for (provider, event) in
            [("zid", "order.create"), ("zort", "UPDATEPRODUCTQUANTITY"), ("dealpos", "paymentUpdated")]
        {
            let simulated = simulated(provider);
            let template = EventTemplate::named(simulated.provider, event).unwrap();
            let sent = bodies(Variation { flip_flop: true, ..variation(4) }.sequences(&simulated, template));
            for sequence in &sent {
                let [a, b, again] = sequence.as_slice() else { panic!("{} deliveries", sequence.len()) };
                assert!(a == again && a != b, "{provider} {event}");
            }
            assert_eq!(sent.iter().flatten().collect::<BTreeSet<_>>().len(), 8, "{provider} {event}");
        }
    }

    #[test]
    fn the_states_of_one_entity_differ_and_keep_its_name() {
        let simulated = simulated("zid");
        let template = EventTemplate::named(simulated.provider, "order.status.update").unwrap();
        let one = Variation { entity: Some("81230457".into()), ..variation(3) };
        let sent = bodies(one.sequences(&simulated, template)).concat();
        assert_eq!(sent.iter().collect::<BTreeSet<_>>().len(), 3);
        for body in sent {
            let body: Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(body["id"], json!(81_230_457));
        }
    }

    #[test]
    fn an_order_walks_real_states_and_ends_with_the_last() {
        let simulated = simulated("zid");
        let template = EventTemplate::named(simulated.provider, "order.status.update").unwrap();
        let one = Variation { entity: Some("81230457".into()), ..variation(30) };
        let sent = bodies(one.sequences(&simulated, template)).concat();
        let sent: Vec<Value> = sent.iter().map(|body| serde_json::from_slice(body).unwrap()).collect();
        let texts = |pointer: &str| {
            sent.iter().map(|body| body.pointer(pointer).unwrap().as_str().unwrap()).collect::<Vec<_>>()
        };
        let states = ["preparing", "ready", "indelivery", "delivered"];
        assert_eq!(texts("/order_status/code"), states);
        assert_eq!(texts("/display_status/code"), states, "the sub-status follows");
        let labels = ["قيد التحضير", "جاهز", "جاري التوصيل", "تم التوصيل"];
        assert_eq!(texts("/display_status/name"), labels);
        assert_eq!(texts("/order_status/name"), labels);
        let (created, updated) = (texts("/created_at"), texts("/updated_at"));
        assert!(created.windows(2).all(|two| two[0] == two[1]), "{created:?}");
        assert!(updated.windows(2).all(|two| two[0] < two[1]), "{updated:?}");
        assert!(created[0] < updated[0], "{created:?} {updated:?}");
    }

    #[test]
    fn reordering_loses_no_delivery() {
        let simulated = simulated("tiki");
        let template = EventTemplate::named(simulated.provider, "stock.changed").unwrap();
        let sequences: Vec<Sequence> = variation(200).sequences(&simulated, template).collect();
        let (before, after) =
            (bodies(sequences.clone().into_iter()), bodies(reordered(sequences.into_iter())));
        assert_ne!(before, after, "one in 32 to the 200th");
        assert_eq!(before.iter().collect::<BTreeSet<_>>(), after.iter().collect::<BTreeSet<_>>());
    }

    #[test]
    fn every_provider_has_every_scenario() {
        for &provider in crate::providers::ALL.iter() {
            let simulated = simulated(provider.name);
            for scenario in [Scenario::FlashSale, Scenario::QuietDay, Scenario::RetryStorm] {
                let sent = bodies(scenario.sequences(&simulated, 30));
                assert!(
                    sent.len() >= 30 && sent.iter().all(|sequence| !sequence.is_empty()),
                    "{provider} {scenario:?}"
                );
            }
        }
    }

    #[test]
    fn a_wrong_credential_has_the_same_shape() {
        let credential = json!({"a": "Zz9-secret"});
        assert_eq!(wrong(&credential), json!({"a": "Aa0-tfdsfu"}));
        let simulated = simulated("tiki");
        let template = EventTemplate::named(simulated.provider, "stock.changed").unwrap();
        let fresh = variant_now(EntityId::Numbered(1), 0);
        let genuine = simulated.fresh(&template, &fresh);
        let wrong = simulated.with_wrong_credential().fresh(&template, &fresh);
        assert_eq!(genuine.body, wrong.body);
        assert_ne!(genuine.headers.value("x-signature"), wrong.headers.value("x-signature"));
    }
}
