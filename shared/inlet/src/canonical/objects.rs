//! One object for each kind. One long table; the words are explained once and hold for every provider.

use std::collections::BTreeMap;

use serde::Serialize;

use super::parts::{Delivery, Line, Party, Words, object};
use crate::personal::Personal;
use crate::value::decimal::Decimal;
use crate::value::money::Money;
use crate::value::time::Time;

object! {
    /// A sale, from basket to door.
    pub struct Order {
        /// The provider's id.
        id: String,
        /// The number on the document.
        number: String,
        /// The merchant's own reference.
        reference: String,
        /// Where the sale stands, in the provider's words.
        status: String,
        /// A finer status.
        substatus: String,
        /// Why it stands there, as a code.
        reason_code: String,
        /// Why it stands there, in words.
        reason: String,
        /// Where the payment stands, in the provider's words.
        payment_status: String,
        /// By which means it is paid.
        payment_method: String,
        /// Where the goods stand, in the provider's words.
        delivery_status: String,
        /// Whether it was voided.
        voided: bool,
        /// Where the sale came from.
        channel: String,
        /// The shop that sold.
        outlet: String,
        /// The page that shows it.
        url: String,
        /// Who buys.
        customer: Party,
        /// Before discounts and tax.
        subtotal: Money,
        /// What was taken off.
        discount: Money,
        /// The tax.
        tax: Money,
        /// What shipping costs.
        shipping_fee: Money,
        /// Fees on top.
        surcharge: Money,
        /// What is to be paid.
        total: Money,
        /// What was paid.
        paid: Money,
        /// The coupon that was used.
        coupon: String,
        /// A note.
        note: String,
        /// What was sold.
        lines: Vec<Line>,
        /// How the goods travel.
        delivery: Delivery,
        /// When it was placed.
        placed_at: Time,
        /// When it is due.
        due_at: Time,
        /// When it was created in the provider's system.
        created_at: Time,
        /// When it last changed.
        updated_at: Time,
    }

    /// Money that moved, or that should have.
    pub struct Payment {
        /// The provider's id of the payment, or of the order that is paid where payments have none.
        id: String,
        /// The order, invoice or bill that is paid.
        order_id: String,
        /// The number on the document.
        number: String,
        /// The merchant's reference of this operation.
        reference: String,
        /// What was tried, in the provider's words.
        operation: String,
        /// Whether it worked.
        success: bool,
        /// Why it did not.
        message: String,
        /// How much.
        amount: Money,
        /// By which means.
        method: String,
        /// The shop that took it.
        outlet: String,
        /// Who pays.
        customer: Party,
        /// Whether it is a test.
        test: bool,
        /// The merchant's account at the provider.
        merchant_id: String,
        /// The provider's region.
        territory: String,
        /// What the merchant sent along.
        metadata: BTreeMap<String, String>,
        /// When it was paid or tried.
        paid_at: Time,
        /// When it was created in the provider's system.
        created_at: Time,
    }

    /// Something to sell, or a variant of it.
    pub struct Product {
        /// The provider's id.
        id: String,
        /// The code.
        sku: String,
        /// The barcode.
        barcode: String,
        /// The name.
        name: Words,
        /// The product that this is a variant of.
        parent: String,
        /// What makes the variant, such as its size.
        variant: String,
        /// What it is about.
        description: Words,
        /// The category.
        category: String,
        /// The brand.
        brand: String,
        /// Who supplies it.
        supplier: String,
        /// What it sells for.
        price: Money,
        /// What it sells for now.
        sale_price: Money,
        /// What it costs the merchant.
        cost: Money,
        /// What it is counted in.
        unit: String,
        /// What it weighs.
        weight: Decimal,
        /// What the weight is counted in.
        weight_unit: String,
        /// How many there are.
        quantity: Decimal,
        /// Whether there is no limit to how many there are.
        unlimited: bool,
        /// Whether customers see it.
        published: bool,
        /// Whether it is no longer sold.
        discontinued: bool,
        /// Whether tax is added.
        taxable: bool,
        /// Words to find it by.
        tags: Vec<String>,
        /// The page that shows it.
        url: String,
        /// Its picture.
        image_url: String,
        /// When it was created in the provider's system.
        created_at: Time,
        /// When it last changed.
        updated_at: Time,
    }

    /// How many there are of something: a level, not a change.
    pub struct Stock {
        /// The provider's id of the product, or of the stock line where it has one.
        id: String,
        /// The product's code.
        sku: String,
        /// The merchant's own code of the product.
        merchant_sku: String,
        /// The product's name.
        name: Words,
        /// The warehouse.
        warehouse: String,
        /// How many are there.
        on_hand: Decimal,
        /// How many can be sold.
        available: Decimal,
        /// Whose stock it is, as the provider's id.
        partner_id: String,
        /// When it was counted or told.
        counted_at: Time,
    }

    /// Who buys.
    pub struct Customer {
        /// The provider's id.
        id: String,
        /// Everything known of the person or the company.
        party: Party,
        /// When the person was born.
        birth_date: Personal,
        /// The shop that knows the customer.
        outlet: String,
        /// Whether the account was verified.
        verified: bool,
        /// Whether the account may buy.
        active: bool,
        /// How many orders there were.
        orders: Decimal,
        /// What was paid in all.
        total_paid: Money,
        /// The points.
        points: Decimal,
        /// When it was created in the provider's system.
        created_at: Time,
        /// When it last changed.
        updated_at: Time,
    }

    /// Who sells to the merchant.
    pub struct Supplier {
        /// The provider's id.
        id: String,
        /// Everything known of the person or the company.
        party: Party,
    }

    /// A basket that was left behind.
    pub struct Cart {
        /// The provider's id.
        id: String,
        /// How far the customer came, in the provider's words.
        phase: String,
        /// The order that came of it.
        order_id: String,
        /// Who left it.
        customer: Party,
        /// What lies in it.
        lines: Vec<Line>,
        /// What it is worth.
        total: Money,
        /// How many reminders were sent.
        reminders: Decimal,
        /// The link that opens it again.
        url: String,
        /// When it was created in the provider's system.
        created_at: Time,
        /// When it last changed.
        updated_at: Time,
    }

    /// A shelf of the shop.
    pub struct Category {
        /// The provider's id.
        id: String,
        /// The name.
        name: Words,
        /// The shelf that it belongs to.
        parent_id: String,
        /// What it is about.
        description: Words,
        /// The name in URLs.
        slug: String,
        /// The page that shows it.
        url: String,
        /// Whether customers see it.
        published: bool,
        /// How many products it holds.
        products: Decimal,
    }

    /// A purchase from a supplier.
    pub struct PurchaseOrder {
        /// The provider's id.
        id: String,
        /// The number on the document.
        number: String,
        /// Where the goods stand, in the provider's words.
        delivery_status: String,
        /// The shop that buys.
        outlet: String,
        /// Who sells.
        supplier: Party,
        /// Before discounts and tax.
        subtotal: Money,
        /// What was taken off.
        discount: Money,
        /// The tax; where the provider does not say whether it is an amount, it is absent.
        tax: Money,
        /// What is to be paid.
        total: Money,
        /// What is bought.
        lines: Vec<Line>,
        /// When it was placed.
        placed_at: Time,
        /// When it is due.
        due_at: Time,
        /// When it was created in the provider's system.
        created_at: Time,
    }

    /// Goods that come back from a customer.
    pub struct ReturnOrder {
        /// The provider's id.
        id: String,
        /// The number on the document.
        number: String,
        /// The order that they belong to.
        order_id: String,
        /// What kind of return it is, in the provider's words.
        type_of_return: String,
        /// Where it stands, in the provider's words.
        status: String,
        /// When it last changed.
        updated_at: Time,
    }

    /// Goods that go back to a supplier.
    pub struct ReturnPurchaseOrder {
        /// The provider's id.
        id: String,
        /// The number on the document.
        number: String,
        /// Where it stands, in the provider's words.
        status: String,
    }

    /// Goods that move between the merchant's own places.
    pub struct Transfer {
        /// The provider's id.
        id: String,
        /// The number on the document.
        number: String,
        /// Where it stands, in the provider's words.
        status: String,
        /// Where the goods come from.
        origin: String,
        /// Where they come from, as the provider's id.
        origin_id: String,
        /// Where they go.
        destination: String,
        /// Who carries them.
        courier: String,
        /// A note.
        note: String,
        /// A note of those who received them.
        received_note: String,
        /// What moves.
        lines: Vec<Line>,
        /// When they left.
        sent_at: Time,
        /// When they came.
        arrived_at: Time,
        /// When it was created in the provider's system.
        created_at: Time,
    }

    /// Goods on their way in or out.
    pub struct Shipment {
        /// The provider's id.
        id: String,
        /// The number on the document.
        number: String,
        /// `outbound` to a customer or `inbound` from a supplier.
        direction: String,
        /// Where it stands, in the provider's words.
        status: String,
        /// The order that it belongs to.
        order_id: String,
        /// The merchant's shop at one end.
        outlet: String,
        /// The customer at the other end.
        customer: Party,
        /// The supplier at the other end.
        supplier: Party,
        /// What travels.
        lines: Vec<Line>,
        /// When it was shipped.
        shipped_at: Time,
        /// When it came.
        arrived_at: Time,
        /// When it was created in the provider's system.
        created_at: Time,
    }

    /// A correction of the stock.
    pub struct Adjustment {
        /// The provider's id.
        id: String,
        /// The number on the document.
        number: String,
        /// What kind of correction, in the provider's words.
        type_of_adjustment: String,
        /// Where it stands, in the provider's words.
        status: String,
        /// The shop whose stock it is.
        outlet: String,
        /// Who is responsible.
        responsible: Personal,
        /// A note.
        note: String,
        /// What was corrected.
        lines: Vec<Line>,
        /// When it was made.
        adjusted_at: Time,
    }

    /// A cashier's session.
    pub struct Shift {
        /// The provider's id.
        id: String,
        /// The number on the document.
        number: String,
        /// The shop.
        outlet: String,
        /// The till.
        register: String,
        /// Who sat at it.
        cashier: Personal,
        /// What was sold. Whether tax is in it, the provider's pages disagree.
        sales: Money,
        /// How many invoices.
        invoices: Decimal,
        /// How many visitors.
        visitors: Decimal,
        /// When it began.
        opened_at: Time,
        /// When it ended.
        closed_at: Time,
    }

    /// A customer's points: asked for, or earned by a sale.
    pub struct Loyalty {
        /// The sale that earns, as the provider's id.
        id: String,
        /// The number of the sale.
        number: String,
        /// The shop that asks.
        outlet: String,
        /// Whose points.
        customer: Party,
        /// Where the sale's payment stands, in the provider's words.
        payment_status: String,
        /// Where the sale came from.
        channel: String,
        /// The sale before discounts.
        subtotal: Money,
        /// What was taken off.
        discount: Money,
        /// The tax.
        tax: Money,
        /// When it was sold.
        placed_at: Time,
        /// When it was created in the provider's system.
        created_at: Time,
    }

    /// A coupon shown at the till.
    pub struct Coupon {
        /// The provider's id.
        id: String,
        /// The code on it.
        code: String,
        /// The shop that asks.
        outlet: String,
        /// Who shows it.
        customer: Party,
        /// What the basket is worth.
        cart_total: Money,
    }

    /// A shop or a warehouse of the merchant.
    pub struct Outlet {
        /// The provider's id.
        id: String,
        /// The name.
        name: String,
    }

    /// A merchant's subscription to an app.
    pub struct Subscription {
        /// The app and the store, as the provider's ids.
        id: String,
        /// The app.
        app_id: String,
        /// The provider's id of the merchant's store.
        provider_store_id: String,
        /// The provider's other id of the merchant's store.
        provider_store_uuid: String,
        /// The merchant's store.
        store_url: String,
        /// Where it stands, in the provider's words.
        status: String,
        /// The plan.
        plan: String,
        /// The plan, as the provider's id.
        plan_id: String,
        /// What kind of plan, in the provider's words.
        type_of_plan: String,
        /// The plan before.
        previous_plan: String,
        /// What was paid.
        paid: Money,
        /// The merchant.
        merchant: Party,
        /// When it began.
        starts_at: Time,
        /// When it ends.
        ends_at: Time,
        /// When it was paid.
        paid_at: Time,
    }

    /// An app in a merchant's store.
    pub struct App {
        /// The app and the store, as the provider's ids.
        id: String,
        /// The app.
        app_id: String,
        /// The provider's id of the merchant's store.
        provider_store_id: String,
        /// The provider's other id of the merchant's store.
        provider_store_uuid: String,
        /// The merchant's store.
        store_url: String,
        /// Where it stands, in the provider's words.
        status: String,
        /// The plan.
        plan: String,
        /// The merchant.
        merchant: Party,
    }

    /// What could not be read; the raw body is kept.
    pub struct Unknown {
        /// The id, where one could be seen.
        id: String,
        /// Why: `unknown_event` or `unreadable_body`.
        reason: String,
    }
}
