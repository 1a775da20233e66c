//! What is sent when the command plays the provider: sample deliveries, each about another entity, and whole scenes.

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

/// How many products everybody wants at once in a flash sale.
const HOT: u64 = 5;

/// How many states an order goes through.
const STATES: usize = 3;

/// How many places a delivery may be out of its order, about.
const PLACES: usize = 32;

/// How often an impatient provider sends the same.
const REPEATS: usize = 3;

/// Deliveries that are sent one after the other, because they are of one entity. Several sequences go at once.
pub(crate) type Sequence = Vec<Request>;

/// Who plays which provider towards which store, and what it proves itself with.
pub(crate) struct SimulatedProvider {
    /// The provider.
    pub(crate) provider: ProviderHandle,
    /// The store.
    pub(crate) store: StoreName,
    /// The store's credential. A secret.
    pub(crate) credential: Value,
}

/// A body to make deliveries of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EventTemplate {
    /// The event.
    pub(crate) row: &'static EventSpec,
    /// Its sample; nothing where no page shows a body.
    pub(crate) sample: Option<&'static Payload>,
}

impl EventTemplate {
    /// The event or the sample of this name: `order.create`, or `order.create-guest-digital`.
    ///
    /// # Errors
    /// When the provider has no such event.
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
    /// A delivery of this body, as it is.
    pub(crate) fn exactly(&self, row: &EventSpec, body: Vec<u8>) -> Request {
        self.provider.delivery(self.store.clone(), row, body, &self.credential)
    }

    /// A delivery of the template about this entity.
    pub(crate) fn fresh(&self, template: &EventTemplate, fresh: &SampleVariant) -> Request {
        self.exactly(template.row, template.body(fresh))
    }

    /// The same simulated with a credential of the right form that is not the store's.
    #[must_use]
    pub(crate) fn with_wrong_credential(self) -> Self {
        Self { credential: wrong(&self.credential), ..self }
    }
}

/// Every text with its letters moved by one place: as long, of the same characters, and another.
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

/// How single deliveries vary.
#[derive(Clone, Debug)]
pub(crate) struct Variation {
    /// How many.
    pub(crate) count: u64,
    /// All of this entity, in one state after the other, instead of an entity each.
    pub(crate) entity: Option<String>,
    /// Each entity goes from one state to another and back: three deliveries.
    pub(crate) flip_flop: bool,
}

impl Variation {
    /// The sequences, made as they are asked for.
    pub(crate) fn sequences<'p>(
        &self,
        simulated: &'p SimulatedProvider,
        template: EventTemplate,
    ) -> Box<dyn Iterator<Item = Sequence> + Send + 'p> {
        let (first, flip_flop) = (beginning(), self.flip_flop);
        if let Some(entity) = self.entity.clone() {
            let states: Vec<u64> = if flip_flop {
                [0, 1, 0].repeat(usize::try_from(self.count).unwrap_or(1))
            } else {
                (0..self.count).collect()
            };
            let last = states.iter().copied().max().unwrap_or_default();
            let start = now();
            let of = move |state: u64| {
                // Each state has a second of its own, the last one now: some providers write no fractions.
                let before = i64::try_from(last.saturating_sub(state)).unwrap_or_default();
                let at = start.saturating_sub(SignedDuration::from_secs(before)).unwrap_or(start);
                let state = u32::try_from(state).unwrap_or(u32::MAX);
                simulated
                    .fresh(&template, &SampleVariant { entity: EntityId::Exactly(entity.clone()), at, state })
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

/// A scene from a provider's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Scenario {
    /// Orders by the hundred, each through its states, all for the same few products
    FlashSale,
    /// One of each event in turn
    QuietDay,
    /// An impatient provider: each delivery three times at once
    RetryStorm,
}

impl Scenario {
    /// The sequences, made as they are asked for: of so many entities.
    pub(crate) fn sequences(
        self,
        simulated: &SimulatedProvider,
        count: u64,
    ) -> Box<dyn Iterator<Item = Sequence> + Send + '_> {
        let (first, by_role) = (beginning(), EventsByRole::of(simulated.provider));
        Box::new((0..count).flat_map(move |n| {
            let alone =
                || simulated.fresh(pick(&by_role.all, n), &new(EntityId::Numbered(first.wrapping_add(n)), 0));
            match self {
                Self::FlashSale => vec![by_role.sale(simulated, first, n)],
                Self::QuietDay => vec![vec![alone()]],
                Self::RetryStorm => vec![vec![alone()]; REPEATS],
            }
        }))
    }
}

/// A provider's events by the part that they play in a scene.
struct EventsByRole {
    all: Vec<EventTemplate>,
    sales: Vec<EventTemplate>,
    goods: Vec<EventTemplate>,
}

impl EventsByRole {
    /// Only events of which a page shows a body.
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

    /// An order through its states, or, every third time, one of the few products with one less of it.
    fn sale(&self, simulated: &SimulatedProvider, first: u64, n: u64) -> Sequence {
        if n % 3 == 2 && !self.goods.is_empty() {
            let product =
                new(EntityId::Numbered(first.wrapping_add(n % HOT)), u32::try_from(n).unwrap_or(u32::MAX));
            return vec![simulated.fresh(pick(&self.goods, n), &product)];
        }
        let order = EntityId::Numbered(first.wrapping_add(HOT).wrapping_add(n));
        let states = self.sales.iter().take(STATES).zip(0_u32..);
        states.map(|(template, state)| simulated.fresh(template, &new(order.clone(), state))).collect()
    }
}

/// An entity in a state, now, and each further state a second later: some providers write no fractions.
fn new(entity: EntityId, state: u32) -> SampleVariant {
    let now = now();
    let at = now.saturating_add(SignedDuration::from_secs(state.min(60).into())).unwrap_or(now);
    SampleVariant { entity, at, state }
}

/// The n-th, beginning anew after the last.
#[expect(clippy::expect_used, reason = "a test plays every provider: none is without a sample")]
fn pick(templates: &[EventTemplate], n: u64) -> &EventTemplate {
    let n = usize::try_from(n).unwrap_or_default();
    let n = n.checked_rem(templates.len()).unwrap_or_default();
    templates.get(n).expect("a sample")
}

/// The number of the first entity, so large that nobody had it before.
fn beginning() -> u64 {
    rand::random_range(100_000_000_000..1_000_000_000_000)
}

fn now() -> Timestamp {
    Timestamp::from_millisecond(inlet_aws::client::clock::now().millis()).unwrap_or_default()
}

/// The sequences with some of their deliveries sent twice, byte for byte: so many in a hundred.
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

/// The deliveries one by one, so that none waits for the one before it, and some places out of their order.
pub(crate) fn reordered(
    sequences: impl Iterator<Item = Sequence> + Send,
) -> impl Iterator<Item = Sequence> + Send {
    let mut waiting: Vec<Request> = Vec::new();
    let mut deliveries = sequences.flatten();
    std::iter::from_fn(move || {
        waiting.extend(deliveries.by_ref().take(PLACES.saturating_sub(waiting.len())));
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
    fn each_delivery_is_another_and_a_repeat_is_the_same() {
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
    fn a_flip_flop_comes_back_to_the_very_same_body() {
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
    fn what_is_out_of_order_is_all_there() {
        let simulated = simulated("tiki");
        let template = EventTemplate::named(simulated.provider, "stock.changed").unwrap();
        let sequences: Vec<Sequence> = variation(200).sequences(&simulated, template).collect();
        let (before, after) =
            (bodies(sequences.clone().into_iter()), bodies(reordered(sequences.into_iter())));
        assert_ne!(before, after, "one in 32 to the 200th");
        assert_eq!(before.iter().collect::<BTreeSet<_>>(), after.iter().collect::<BTreeSet<_>>());
    }

    #[test]
    fn every_provider_can_play_every_scene() {
        for provider in crate::providers::ALL {
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
    fn a_forged_credential_is_as_long_and_another() {
        let credential = json!({"a": "Zz9-secret"});
        assert_eq!(wrong(&credential), json!({"a": "Aa0-tfdsfu"}));
        let simulated = simulated("tiki");
        let template = EventTemplate::named(simulated.provider, "stock.changed").unwrap();
        let fresh = new(EntityId::Numbered(1), 0);
        let genuine = simulated.fresh(&template, &fresh);
        let wrong = simulated.with_wrong_credential().fresh(&template, &fresh);
        assert_eq!(genuine.body, wrong.body);
        assert_ne!(genuine.headers.value("x-signature"), wrong.headers.value("x-signature"));
    }
}
