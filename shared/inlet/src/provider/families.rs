//! Events that no page names: kind and verb are inferred from the names of the provider's other events.

use crate::canonical::Kind;
use crate::provider::catalogue::{Documented, Entity, EventSpec, Mapping};

/// The names of one kind of event.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    /// The part of the name that is the subject of the event, such as `order` or `salesOrder`.
    pub name: &'static str,
    /// The kind of the name.
    pub kind: Kind,
    /// The paths of the entity's id.
    pub entity: Entity,
    /// The mapping of the kind's readable events; `None` if the kind has none.
    pub mapping: Option<Mapping>,
}

/// A provider's way of naming events.
#[derive(Clone, Copy, Debug)]
pub struct Families {
    /// The families. If several match, the one with the longest name counts.
    pub families: &'static [Family],
    /// Words of verbs and their verbs. They are tried before `VERBS`.
    pub verbs: &'static [(&'static str, &'static str)],
    /// Words of verbs that may come before the family's name, as in `UPDATEORDER` and `new-order`.
    pub leading: &'static [&'static str],
}

/// Words of verbs that every provider's names may have. The first that the name contains counts.
const VERBS: &[(&str, &str)] = &[
    ("statusupdate", "status_changed"),
    ("statuschange", "status_changed"),
    ("cancel", "cancelled"),
    ("void", "cancelled"),
    ("refund", "refunded"),
    ("return", "returned"),
    ("creat", "created"),
    ("restor", "restored"),
    ("updat", "updated"),
    ("chang", "updated"),
    ("edit", "updated"),
    ("delet", "deleted"),
    ("remov", "deleted"),
    ("eras", "erased"),
    ("unpublish", "unpublished"),
    ("publish", "published"),
    ("complet", "completed"),
    ("close", "closed"),
    ("open", "opened"),
    ("fail", "failed"),
    ("expir", "expired"),
    // Short words last, as they are parts of others: "renewed".
    ("renew", "renewed"),
    ("new", "created"),
    ("add", "created"),
];

/// The verb of a name that has no known word.
const OTHER: &str = "received";

/// A part of an entity whose name begins like a verb.
const ADDRESS: &str = "address";

impl Families {
    /// Returns the spec that an event of this name would have, marked as inferred; `None` if the name is of no
    /// family. Case and separators are ignored.
    pub fn infer(&self, name: &str) -> Option<EventSpec> {
        let name = plain(name);
        let rests = self.leading.iter().filter_map(|word| Some((*word, name.strip_prefix(&plain(word))?)));
        let whole = std::iter::once(("", name.as_str()));
        let matching = whole.chain(rests).filter_map(|(leading, rest)| {
            let family = self.family(rest)?;
            let end = rest.get(plain(family.name).len()..).unwrap_or_default();
            Some((family, self.verb(leading, end, &name)))
        });
        let (family, verb) = matching.max_by_key(|(family, _)| family.name.len())?;
        let spec = EventSpec::new(family.name, family.kind, verb).entity(family.entity);
        Some(match family.mapping {
            Some(mapping) => spec.payload(Documented::NameOnly, mapping).inferred(),
            None => spec.inferred(),
        })
    }

    /// The longest family that a name begins with.
    fn family(&self, name: &str) -> Option<&'static Family> {
        let matching = self.families.iter().filter(|family| name.starts_with(&plain(family.name)));
        matching.max_by_key(|family| family.name.len())
    }

    /// Returns the verb of the words around the family's name. The words behind the name are tried first, then those
    /// before it. A provider's own word also counts inside the family's name, as in `invoiceWriteOff`.
    fn verb(&self, leading: &str, end: &str, name: &str) -> &'static str {
        let find = |verbs: &'static [(&str, &'static str)], text: &str| {
            let text = plain(text).replace(ADDRESS, "");
            verbs.iter().find(|(word, _)| text.contains(&plain(word))).map(|(_, verb)| *verb)
        };
        let known = |text| find(self.verbs, text).or_else(|| find(VERBS, text));
        known(end).or_else(|| known(leading)).or_else(|| find(self.verbs, name)).unwrap_or(OTHER)
    }
}

/// A name in lower case and without separators.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::catalogue::DedupRule;

    const ID: Entity = &[&["id"]];

    const fn family(name: &'static str, kind: Kind) -> Family {
        Family { name, kind, entity: ID, mapping: None }
    }

    const FAMILIES: Families = Families {
        families: &[
            family("order", Kind::Order),
            family("purchaseOrder", Kind::PurchaseOrder),
            family("order.payment", Kind::Payment),
        ],
        verbs: &[("lost", "failed")],
        leading: &["ADD", "UPDATE", "new"],
    };

    #[test]
    fn a_name_gives_kind_and_verb_in_any_spelling() {
        for (name, kind, verb) in [
            ("order.cancelled", Kind::Order, "cancelled"),
            ("order.cancel", Kind::Order, "cancelled"),
            ("orderVoided", Kind::Order, "cancelled"),
            ("order-status-update", Kind::Order, "status_changed"),
            ("new-order", Kind::Order, "created"),
            ("order.new", Kind::Order, "created"),
            ("UPDATEORDERNOTE", Kind::Order, "updated"),
            ("ADDPURCHASEORDER", Kind::PurchaseOrder, "created"),
            ("purchase_order.deleted", Kind::PurchaseOrder, "deleted"),
            ("order.payment.lost", Kind::Payment, "failed"),
            ("order.address.updated", Kind::Order, "updated"),
            ("order.address.changed", Kind::Order, "updated"),
            ("order.address", Kind::Order, "received"),
            ("order.address.added", Kind::Order, "created"),
            ("order.renewed", Kind::Order, "renewed"),
            ("order", Kind::Order, "received"),
            ("Order.Teleported", Kind::Order, "received"),
        ] {
            let spec = FAMILIES.infer(name).unwrap_or_else(|| panic!("{name} is of no family"));
            assert_eq!((spec.kind, spec.verb_for(&serde_json::json!({}))), (kind, verb), "{name}");
            assert_eq!(
                (spec.documented, spec.dedup),
                (Documented::Inferred, DedupRule::RetryWindow),
                "{name}"
            );
        }
    }

    #[test]
    fn a_name_of_no_family_gives_nothing() {
        for name in ["", "reorder.created", "taxChanged", "öorder", "..."] {
            assert!(FAMILIES.infer(name).is_none(), "{name:?}");
        }
    }
}
