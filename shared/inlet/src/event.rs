//! An event: a verified delivery with its parsed content, under an id that equal deliveries share.

use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::canonical::Kind;
use crate::delivery::Delivery;
use crate::proof::claim::Covered;
use crate::provider::catalogue::DedupRule;
use crate::provider::parsed_event::ParsedEvent;
use crate::provider::retry_policy::DEFAULT_RETRY_WINDOW;
use crate::received_at::ReceivedAt;
use crate::store::StoreName;

/// An event's id: `{provider}/{store}/{kind}/{entity}/{digest}`, the entity percent-encoded.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventId(String);

/// The text is not an event's id.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("an event id reads provider/store/kind/entity/digest")]
pub struct NotAnEventId;

impl EventId {
    /// Reads an id.
    ///
    /// # Errors
    /// [`NotAnEventId`] unless it has five parts: a name, a store, a kind, an encoded entity, 16 hex digits.
    pub fn parse(text: &str) -> Result<Self, NotAnEventId> {
        let parts: Vec<&str> = text.split('/').collect();
        let [provider, store, kind, entity, digest] = parts.as_slice() else {
            return Err(NotAnEventId);
        };
        let word = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase());
        let plain = |text: &str| {
            !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~%:".contains(&b))
        };
        let hex = |text: &str| {
            text.len() == DIGEST_LEN && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        };
        let fits = word(provider)
            && StoreName::parse(store).is_ok()
            && Kind::parse(kind).is_some()
            && plain(entity)
            && hex(digest);
        if fits { Ok(Self(text.to_owned())) } else { Err(NotAnEventId) }
    }

    /// The id of the notice that the entity under this path was forgotten. The same entity and time have the same id.
    ///
    /// # Errors
    /// [`NotAnEventId`] unless the path is that of an entity.
    pub fn of_forgetting(entity_path: &str, at: ReceivedAt) -> Result<Self, NotAnEventId> {
        let mut hash = Sha256::new();
        hash.update(b"forgotten");
        hash.update(at.millis().to_be_bytes());
        let digest: String = hex(&hash.finalize()).chars().take(DIGEST_LEN).collect();
        Self::parse(&format!("{entity_path}/{digest}"))
    }

    /// The whole id.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the path of an entity: the first four parts of the ids of its events.
    pub fn path_of(provider: &str, store: &StoreName, kind: Kind, entity: &str) -> String {
        let entity = encoded(Some(&[entity.to_owned()])).unwrap_or_default();
        format!("{provider}/{store}/{kind}/{entity}")
    }

    /// The first four parts, which all events of an entity share.
    pub fn entity_path(&self) -> &str {
        self.split().0
    }

    /// The last part.
    pub fn digest(&self) -> &str {
        self.split().1
    }

    fn split(&self) -> (&str, &str) {
        self.0.rsplit_once('/').unwrap_or((&self.0, ""))
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The scope of deduplication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DedupScope {
    /// Equal content is the same event for as long as the event is kept.
    Forever,
    /// Equal content is the same event within this time, and only if the entity has not changed in between.
    Within(Duration),
}

/// The digest of a delivery's content: equal content is a candidate for the same event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentDigest([u8; 32]);

impl ContentDigest {
    /// Digests the content that the proof covers. If it covers nothing, store, event type, query and body are the
    /// content.
    ///
    /// The content has no part that an attacker could change: no unsigned query of a signed body, no spelling of
    /// signed fields, and no event type, which may come from the unsigned topic.
    fn of(delivery: &Delivery, reading: &ParsedEvent) -> Self {
        let (store, event_type) = (delivery.store().as_str(), reading.event_type.as_str());
        match delivery.covered() {
            Covered::Nothing => {
                Self::of_parts([store, event_type, &in_order(delivery.query())], delivery.body())
            }
            Covered::Body => Self::of_parts([store, "", ""], delivery.body()),
            Covered::Fields { text, .. } => Self::of_parts([store, "", ""], text),
        }
    }

    fn of_parts(parts: [&str; 3], content: &[u8]) -> Self {
        let mut hash = Sha256::new();
        for part in parts.map(str::as_bytes) {
            // The length keeps the parts apart: `ab`,`c` is not `a`,`bc`.
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.update(content);
        Self(hash.finalize().into())
    }

    /// All of it, in hex.
    pub fn to_hex(self) -> String {
        hex(&self.0)
    }

    /// The short form that ids carry.
    fn short(self) -> String {
        let mut digits = self.to_hex();
        digits.truncate(DIGEST_LEN);
        digits
    }

    /// Returns the digest of this content at this time: it distinguishes an event from an equal one of another time.
    fn with_time(self, received_at: ReceivedAt) -> Self {
        let mut hash = Sha256::new();
        hash.update(self.0);
        hash.update(received_at.millis().to_be_bytes());
        Self(hash.finalize().into())
    }
}

/// Returns a query with its fields sorted by name. The order of different names has no meaning, and a signature over
/// sorted fields covers no order. Fields of the same name keep their order, because it may have a meaning.
fn in_order(query: &str) -> String {
    let mut fields: Vec<&str> = query.split('&').collect();
    fields.sort_by_key(|field| field.split('=').next());
    fields.join("&")
}

/// Number of hex digits of a digest in an id: 64 bits, because only events of one entity can collide.
const DIGEST_LEN: usize = 16;

/// Longest encoded entity, in bytes. A longer entity id is replaced by its digest.
const MAX_ENTITY_LEN: usize = 200;

/// The unescaped characters of an entity: RFC 3986's unreserved ones.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The stored event that a delivery repeats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExistingEvent {
    /// Its id.
    pub id: EventId,
    /// The arrival of its delivery.
    pub received_at: ReceivedAt,
}

/// The origin of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Straight from a delivery.
    Webhook,
    /// From the queue, which alone stored the delivery.
    Fallback,
    /// From a delivery that verified later.
    Quarantine,
    /// From the provider's own API: no delivery had brought it.
    Reconciled,
}

impl Origin {
    /// The word in the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Fallback => "fallback",
            Self::Quarantine => "quarantine",
            Self::Reconciled => "reconciled",
        }
    }
}

/// A verified delivery with its parsed content.
#[derive(Debug)]
pub struct Event {
    id: EventId,
    provider: &'static str,
    origin: Origin,
    dedup_scope: DedupScope,
    updates_latest: bool,
    supersedes: Option<EventId>,
    /// The fields that no event had carried; only of an event that was reconciled.
    missed: Vec<&'static str>,
    content: ContentDigest,
    received_at: ReceivedAt,
    delivery: Delivery,
    reading: ParsedEvent,
    message: MessageText,
}

/// The JSON text of an event's message, once it was written. It is needed twice, for the journal and for the queue.
#[derive(Default)]
struct MessageText(OnceLock<String>);

/// Without the text: it has personal data.
impl fmt::Debug for MessageText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageText").finish_non_exhaustive()
    }
}

/// The facts of a provider that decide an event's id and its deduplication. Every provider has them: see
/// [`Provider`](crate::provider::Provider).
pub trait EventSource {
    /// The provider's name.
    const NAME: &'static str;

    /// The time in which the provider may repeat a delivery.
    const RETRY_WINDOW: Duration;

    /// The kinds of which some events carry a time of their own and others do not.
    const MIXED_DEDUP_KINDS: &'static [Kind];
}

impl Event {
    pub(crate) fn new<P: EventSource>(delivery: Delivery, reading: ParsedEvent) -> Self {
        let content = ContentDigest::of(&delivery, &reading);
        let received_at = delivery.received_at();
        let (dedup_scope, digest) = match reading.dedup {
            DedupRule::Timestamp => (DedupScope::Forever, content.short()),
            DedupRule::RetryWindow => {
                // Without an entity, a change in between cannot be seen: the window is shorter.
                let longest = if reading.entity.is_some() { P::RETRY_WINDOW } else { DEFAULT_RETRY_WINDOW };
                (DedupScope::Within(P::RETRY_WINDOW.min(longest)), content.with_time(received_at).short())
            }
        };
        let updates_latest = P::MIXED_DEDUP_KINDS.contains(&reading.kind()) && reading.entity.is_some();
        let entity = encoded(reading.entity.as_deref()).unwrap_or_else(|| content.short());
        let (store, kind) = (delivery.store(), reading.kind());
        let id = EventId(format!("{}/{store}/{kind}/{entity}/{digest}", P::NAME));
        let (provider, origin) = (P::NAME, Origin::Webhook);
        Self {
            id,
            provider,
            origin,
            dedup_scope,
            updates_latest,
            supersedes: None,
            missed: Vec::new(),
            content,
            received_at,
            delivery,
            reading,
            message: MessageText::default(),
        }
    }

    /// Returns the event of an object that was read from the provider's API. `identity` distinguishes it from every
    /// other event of the entity: equal identities are the same event forever.
    ///
    /// It updates `latest`, so that a delivery of an earlier state that arrives after it is no repeat of a delivery
    /// before it.
    pub(crate) fn observed<P: EventSource>(
        delivery: Delivery,
        reading: ParsedEvent,
        identity: &[u8],
        missed: Vec<&'static str>,
    ) -> Self {
        let store = delivery.store();
        let content =
            ContentDigest::of_parts([store.as_str(), reading.event_type.as_str(), reading.verb], identity);
        let entity = encoded(reading.entity.as_deref()).unwrap_or_else(|| content.short());
        let id = EventId(format!("{}/{store}/{}/{entity}/{}", P::NAME, reading.kind(), content.short()));
        Self {
            id,
            provider: P::NAME,
            origin: Origin::Reconciled,
            dedup_scope: DedupScope::Forever,
            updates_latest: true,
            supersedes: None,
            missed,
            content,
            received_at: delivery.received_at(),
            delivery,
            reading,
            message: MessageText::default(),
        }
    }

    pub(crate) fn released_from_quarantine(self) -> Self {
        Self { origin: Origin::Quarantine, message: MessageText::default(), ..self }
    }

    pub(crate) fn with_id_of(self, original: ExistingEvent) -> Self {
        let message = MessageText::default();
        Self { id: original.id, received_at: original.received_at, message, ..self }
    }

    pub(crate) fn receive_later(&mut self, received_at: ReceivedAt) {
        self.received_at = received_at;
        self.message = MessageText::default();
        if let DedupScope::Within(_) = self.dedup_scope {
            let digest = self.content.with_time(received_at).short();
            let later = EventId(format!("{}/{digest}", self.id.entity_path()));
            self.supersedes = Some(std::mem::replace(&mut self.id, later));
        }
    }

    /// The event's id.
    pub fn id(&self) -> &EventId {
        &self.id
    }

    /// The provider's name.
    pub fn provider(&self) -> &'static str {
        self.provider
    }

    /// Returns its origin.
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// Returns the scope in which another delivery is the same event.
    pub fn dedup_scope(&self) -> DedupScope {
        self.dedup_scope
    }

    /// Returns true if it updates `latest` although its own scope does not need it.
    pub fn updates_latest(&self) -> bool {
        self.updates_latest
    }

    /// The id that the event had before it got a later arrival.
    pub fn supersedes(&self) -> Option<&EventId> {
        self.supersedes.as_ref()
    }

    /// Returns the fields of the object that no event had carried before; only of an event that was reconciled.
    pub fn missed(&self) -> &[&'static str] {
        &self.missed
    }

    /// The digest of what was delivered.
    pub fn content(&self) -> ContentDigest {
        self.content
    }

    /// When its first delivery arrived.
    pub fn received_at(&self) -> ReceivedAt {
        self.received_at
    }

    /// The delivery.
    pub fn delivery(&self) -> &Delivery {
        &self.delivery
    }

    /// Returns its parsed content.
    pub fn parsed(&self) -> &ParsedEvent {
        &self.reading
    }

    /// Returns the JSON text of its message. `write` writes it, unless it was written before.
    pub(crate) fn message_text(&self, write: impl FnOnce() -> String) -> &str {
        self.message.0.get_or_init(write)
    }

    /// The message's type: `commerce.{kind}.{verb}`.
    pub fn canonical_type(&self) -> String {
        format!("commerce.{}.{}", self.reading.kind(), self.reading.verb)
    }
}

/// Returns an entity's id as ids of events contain it: percent-encoded. A text that is encoded already stays.
pub fn encode_entity(text: &str) -> String {
    let is_encoded = |b: u8| b.is_ascii_alphanumeric() || b"-._~%:".contains(&b);
    if text.bytes().all(is_encoded) {
        return text.to_owned();
    }
    utf8_percent_encode(text.trim(), ESCAPED).to_string()
}

/// The entity's parts as one part of a path.
fn encoded(parts: Option<&[String]>) -> Option<String> {
    let parts = parts?.iter().map(|part| utf8_percent_encode(part.trim(), ESCAPED).to_string());
    let entity = parts.collect::<Vec<_>>().join(":");
    match entity.len() {
        0 => None,
        1..=MAX_ENTITY_LEN => Some(entity),
        _ => Some(format!("sha256:{}", hex(&Sha256::digest(&entity)))),
    }
}

fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xf)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical::{Canonical, Completed};
    use crate::proof::Verified;
    use crate::provider::parsed_event::EventType;
    use crate::request::Request;
    use crate::test_provider::{TestProvider, delivered, sent};

    const NOON: i64 = 1_749_715_272_345;

    /// An event with a time of its own, unless the test changes it.
    fn parsed() -> ParsedEvent {
        ParsedEvent {
            event_type: EventType::new("thing.moved"),
            verb: "moved",
            entity: Some(vec!["7".into()]),
            time: None,
            dedup: DedupRule::Timestamp,
            data: Canonical::bare(Kind::Order, None),
            documented: None,
            completed: Completed::default(),
            inferred: false,
            undocumented_values: Vec::new(),
            new_values: Vec::new(),
        }
    }

    fn event(request: Request, at: i64, reading: ParsedEvent) -> Verified<Event> {
        delivered(request, ReceivedAt::from_millis(at).unwrap()).into_event::<TestProvider>(reading)
    }

    fn thing() -> Request {
        sent("b=2&a=1", r#"{"id":1}"#)
    }

    #[test]
    fn an_event_is_its_delivery_and_its_parsed_content() {
        let event = event(thing(), NOON, parsed());
        assert_eq!((event.provider(), event.origin()), ("keyed", Origin::Webhook));
        assert_eq!((event.received_at().millis(), event.delivery().body()), (NOON, &br#"{"id":1}"#[..]));
        assert_eq!((event.parsed(), event.canonical_type().as_str()), (&parsed(), "commerce.order.moved"));
        assert_eq!(event.released_from_quarantine().origin(), Origin::Quarantine);
    }

    #[test]
    fn ids_are_the_same_in_every_version() {
        // SHA-256 over store, type and sorted query, each behind its length in eight bytes, and the body; where the
        // body has no time of its own, over that digest and the arrival in milliseconds.
        let content = "475b876358d59ceaef552d7623a6f9bea831e61d38b88f32dc497af1ed4332e8";
        let lasting = event(thing(), NOON, parsed());
        assert_eq!(lasting.content().to_hex(), content);
        assert_eq!(lasting.id().as_str(), "keyed/demo/order/7/475b876358d59cea");
        let passing = event(thing(), NOON, ParsedEvent { dedup: DedupRule::RetryWindow, ..parsed() });
        assert_eq!(
            (passing.content().to_hex().as_str(), passing.id().digest()),
            (content, "f0f3e021539fd532")
        );
    }

    #[test]
    fn equal_content_with_its_own_time_is_one_event_forever() {
        let (first, later) = (event(thing(), NOON, parsed()), event(thing(), NOON + 1, parsed()));
        assert_eq!((first.dedup_scope(), first.id()), (DedupScope::Forever, later.id()));
    }

    #[test]
    fn without_its_own_time_the_id_contains_the_arrival() {
        let passing = |at, entity| {
            event(thing(), at, ParsedEvent { dedup: DedupRule::RetryWindow, entity, ..parsed() })
        };
        let known = || parsed().entity;
        let (first, later) = (passing(NOON, known()), passing(NOON + 1, known()));
        assert_eq!(
            (first.dedup_scope(), first.content()),
            (DedupScope::Within(TestProvider::RETRY_WINDOW), later.content())
        );
        assert_ne!(first.id(), later.id());
        let of_nothing = passing(NOON, None);
        assert_eq!(
            of_nothing.dedup_scope(),
            DedupScope::Within(DEFAULT_RETRY_WINDOW),
            "no entity, the shorter window"
        );
        let entity = of_nothing.id().entity_path().rsplit_once('/').unwrap().1;
        assert_eq!(entity, "475b876358d59cea", "no key collects many events");
    }

    #[test]
    fn every_part_of_the_content_counts_and_stays_apart() {
        let content = |request, event_type| {
            event(request, NOON, ParsedEvent { event_type: EventType::new(event_type), ..parsed() }).content()
        };
        let store = StoreName::parse("other").unwrap();
        let contents = [
            content(sent("a=1", "x"), "moved"),
            content(Request { store, ..sent("a=1", "x") }, "moved"),
            content(sent("a=1", "x"), "move"),
            content(sent("a=1", "y"), "moved"),
            content(sent("a=2", "x"), "moved"),
            content(sent("", "a=1x"), "moved"),
            content(sent("da=1", "x"), "move"),
        ];
        for (at, one) in contents.iter().enumerate() {
            assert!(!contents[..at].contains(one), "the {at}th is equal to one before it");
        }
    }

    #[test]
    fn only_a_known_entity_of_a_mixed_kind_updates_latest() {
        let moves = |kind, entity| {
            let parsed = ParsedEvent { data: Canonical::bare(kind, None), entity, ..parsed() };
            event(thing(), NOON, parsed).updates_latest()
        };
        let known = || parsed().entity;
        assert!(moves(Kind::Order, known()));
        assert!(!moves(Kind::Stock, known()) && !moves(Kind::Order, None));
    }

    #[test]
    fn a_duplicate_takes_the_events_id_and_arrival() {
        let repeated = event(thing(), NOON, ParsedEvent { dedup: DedupRule::RetryWindow, ..parsed() });
        let original = ExistingEvent { id: repeated.id().clone(), received_at: repeated.received_at() };
        let repeating = event(thing(), NOON + 1, parsed()).as_duplicate_of(original);
        assert_eq!((repeating.id(), repeating.received_at().millis()), (repeated.id(), NOON));
    }

    #[test]
    fn an_origin_has_its_word() {
        let words =
            [Origin::Webhook, Origin::Fallback, Origin::Quarantine, Origin::Reconciled].map(Origin::as_str);
        assert_eq!(words, ["webhook", "fallback", "quarantine", "reconciled"]);
    }

    #[test]
    fn an_id_reads_back_and_splits_into_path_and_digest() {
        let text = "zid/riyadh/order/81230457/9f2c41d8a3b7e6f0";
        let id = EventId::parse(text).unwrap();
        assert_eq!(
            (id.as_str(), id.entity_path(), id.digest()),
            (text, "zid/riyadh/order/81230457", "9f2c41d8a3b7e6f0")
        );
        assert_eq!(id.to_string(), text);
    }

    #[test]
    fn an_invalid_id_is_rejected() {
        for text in [
            "",
            "zid/riyadh/order/81230457",
            "zid/riyadh/order/81230457/9F2C41D8A3B7E6F0",
            "zid/riyadh/order/81230457/9f2c",
            "zid/Riyadh/order/1/9f2c41d8a3b7e6f0",
            "zid/riyadh/orders/1/9f2c41d8a3b7e6f0",
            "zid/riyadh/order/a b/9f2c41d8a3b7e6f0",
            "zid/riyadh/order//9f2c41d8a3b7e6f0",
            "zid/riyadh/order/1/9f2c41d8a3b7e6f0/",
            "/riyadh/order/1/9f2c41d8a3b7e6f0",
            "ZID/riyadh/order/1/9f2c41d8a3b7e6f0",
            "zid/riyadh/order/1/9f2c41d8a3b7e6fg",
            "zid/riyadh/order/1/9f2c41d8a3b7e6f00",
        ] {
            assert_eq!(EventId::parse(text), Err(NotAnEventId), "{text:?}");
        }
    }

    #[test]
    fn an_entity_of_any_name_is_one_part_of_a_path() {
        let one = |text: &str| encoded(Some(&[text.to_owned()]));
        assert_eq!(one("BDG/03/24").as_deref(), Some("BDG%2F03%2F24"));
        assert_eq!(one(" ").as_deref(), None);
        assert_eq!(encoded(Some(&["8812".into(), "tbn:1".into()])).as_deref(), Some("8812:tbn%3A1"));
        assert_eq!(one(&"م".repeat(100)).map(|e| e.len()), Some(71));
    }

    #[test]
    fn only_equal_names_in_a_query_keep_their_order() {
        assert_eq!(in_order("b=1&a=2&c"), in_order("c&a=2&b=1"));
        assert_ne!(in_order("a=1&a=2"), in_order("a=2&a=1"));
        assert_ne!(in_order("a=1&b=2"), in_order("a=2&b=1"));
    }
}
