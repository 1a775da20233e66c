//! Goods that move: transfers, shipments, adjustments.

use inlet::canonical::{Adjustment, Canonical, Shipment, Transfer};
use inlet::personal::Personal;
use inlet::value::json::FromJson;
use serde_json::Value;

use super::lines::{LineBody, lines, lines_without_unit};
use super::people::{Named, Person};
use super::{actor, parse_time, states};

inlet::payload! {
    /// A transfer between outlets: /webhook/webhook/transfer-order.
    struct TransferOrder {
        /// Not on the pages. Read because deletions may have it: their page could not be read.
        id: String = "ID",
        /// The outlet that sends, by name.
        outlet: String = "Outlet",
        /// The outlet that sends; on the newer pages only.
        outlet_id: String = "OutletID",
        /// The outlet that receives, by name.
        destination: String = "Destination",
        /// `05 Mar 2024 00:00`.
        date: String = "Date",
        /// The document's number.
        number: String = "Number",
        /// The carrier.
        courier: String = "Courier",
        /// A note.
        note: String = "Note",
        /// `Approved`, `Dispatched`, `Received`.
        state: String = "State",
        /// `06 Mar 2024 00:00`.
        received_date: String = "ReceivedDate",
        /// A note of the outlet that received.
        received_note: String = "ReceivedNote",
        /// The user who entered it.
        creator_id: String = "CreatorID",
        /// `05 Mar 2024 08:30`.
        created: String = "Created",
        /// The goods.
        variants: Vec<LineBody> = "Variants",
    }
    /// Goods on their way: /webhook/webhook/outbound-logistic and /inbound-logistic.
    pub(super) struct Logistic {
        /// A GUID; on the newer pages of the outbound one only.
        id: String = "ID",
        /// The outlet's name.
        outlet: String = "Outlet",
        /// The document's number. No page documents that it is the invoice's.
        number: String = "Number",
        /// The document's day, written as its midnight.
        date: String = "Date",
        /// The customer, on outbound ones; a name alone in REST lists.
        customer: Named = "Customer",
        /// The customer's id, as well as the name.
        customer_id: String = "CustomerID",
        /// The supplier, on inbound ones.
        supplier: Person = "Supplier",
        /// `Sent`; REST only.
        delivery: String = "Delivery",
        /// The user who entered it.
        creator_id: String = "CreatorID",
        /// When it was entered.
        created: String = "Created",
        /// A note.
        note: String = "Note",
        /// The goods.
        variants: Vec<LineBody> = "Variants",
    }
    /// A correction of the stock: /webhook/webhook/adjustment.
    struct AdjustmentBody {
        /// The id.
        id: String = "ID",
        /// The outlet's name.
        outlet: String = "Outlet",
        /// The document's number.
        number: String = "Number",
        /// The list is not documented.
        type_of_adjustment: String = "Type",
        /// The list is not documented; REST has numbers.
        state: String = "State" | "StateID",
        /// The document's day, written as its midnight.
        date: String = "Date",
        /// The person in charge.
        responsible: Personal = "PIC",
        /// A note.
        note: String = "Note",
        /// The user who entered it.
        creator_id: String = "CreatorID",
        /// When it was entered; not on the page.
        created: String = "Created",
        /// The products that were corrected.
        adjusted: Vec<LineBody> = "AdjustedInventory",
        /// The products that were counted; only their names are readable.
        counted: Vec<LineBody> = "CountedInventory",
    }
}

/// Maps the transfer events.
pub(crate) fn transfer(payload: &Value) -> Option<Canonical> {
    let body = TransferOrder::from_json(payload)?;
    let transfer = Transfer {
        id: body.id,
        number: body.number,
        state: states::transfer(body.state.as_deref()),
        status: body.state,
        origin: body.outlet,
        origin_id: body.outlet_id,
        destination: body.destination,
        courier: body.courier,
        creator: actor(body.creator_id, None),
        note: body.note,
        received_note: body.received_note,
        lines: lines_without_unit(body.variants),
        sent_at: parse_time(body.date.as_deref()),
        arrived_at: parse_time(body.received_date.as_deref()),
        created_at: parse_time(body.created.as_deref()),
        ..Transfer::default()
    };
    Some(transfer.into())
}

/// Maps Outbound Logistic Complete.
pub(crate) fn outbound(payload: &Value) -> Option<Canonical> {
    Logistic::from_json(payload).map(|body| body.outbound().into())
}

/// Maps Inbound Logistic Complete.
pub(crate) fn inbound(payload: &Value) -> Option<Canonical> {
    let body = Logistic::from_json(payload)?;
    let arrived_at = parse_time(body.date.as_deref());
    Some(Shipment { arrived_at, ..body.shipment("inbound") }.into())
}

impl Logistic {
    /// Returns a shipment to a customer.
    pub(super) fn outbound(self) -> Shipment {
        let shipped_at = parse_time(self.date.as_deref());
        Shipment { shipped_at, ..self.shipment("outbound") }
    }

    /// Returns the fields that both directions have.
    fn shipment(self, direction: &str) -> Shipment {
        Shipment {
            id: self.id,
            number: self.number,
            direction: Some(direction.to_owned()),
            state: states::delivery(self.delivery.as_deref()),
            status: self.delivery,
            outlet: self.outlet,
            customer: match self.customer {
                Some(customer) => customer.party(self.customer_id),
                None => Person { id: self.customer_id, ..Person::default() }.party(),
            },
            supplier: self.supplier.and_then(Person::party),
            creator: actor(self.creator_id, None),
            note: self.note,
            lines: lines(self.variants),
            created_at: parse_time(self.created.as_deref()),
            ..Shipment::default()
        }
    }
}

/// Maps the adjustment events.
pub(crate) fn adjustment(payload: &Value) -> Option<Canonical> {
    let body = AdjustmentBody::from_json(payload)?;
    let adjustment = Adjustment {
        id: body.id,
        number: body.number,
        type_of_adjustment: body.type_of_adjustment,
        state: states::adjustment(body.state.as_deref()),
        status: body.state,
        outlet: body.outlet,
        responsible: body.responsible,
        creator: actor(body.creator_id, None),
        note: body.note,
        lines: lines(body.adjusted),
        counted: lines(body.counted),
        adjusted_at: parse_time(body.date.as_deref()),
        created_at: parse_time(body.created.as_deref()),
    };
    Some(adjustment.into())
}
