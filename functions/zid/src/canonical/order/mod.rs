//! Orders. Documented at docs.zid.sa/webhook-events-order down to the customer's mobile; the rest is Zid's order
//! sample (same values), Zid's Python SDK and public captures. Every field may be absent, more so on marketplace,
//! gift, guest and digital orders. The short view of an order has other names for some fields.
//!
//! Not read, because they are secrets: `digital_products_access_token`, the token of a payment request, and the codes
//! of sold vouchers. Payment links and download links work without a login, so they are not read either.

mod money;
mod line;
mod delivery;
pub(crate) mod state;

use inlet::canonical::{Canonical, Flags, Gift, Marketplace, Order, Party, Payment, ReturnOrder, State};
use inlet::personal::Personal;
use inlet::value::decimal::Decimal;
use inlet::value::json::FromJson as _;
use inlet::value::money::{Currency, Money};
use serde_json::Value;

pub(super) use self::line::{Input, custom_fields};

use self::delivery::{Place, Reverse, Shipping, StockLocation, delivery, location, returned};
use self::line::{Item, line};
use self::money::{
    CouponInfo, Invoice, Part, PaymentInfo, PaymentSummary, Rates, coupon, currencies, paid, payments,
};
use super::value::{Amount, Coded, Text, text};
use super::{number, time_of};

/// The code of cash on delivery among the payment methods.
const CASH_ON_DELIVERY: &str = "zid_cod";

inlet::payload! {
    /// An order.
    struct Sale {
        /// Zid's id.
        id: Text = "id",
        /// The number on the invoice; equal to the id in every sample.
        invoice_number: Text = "invoice_number" | "order_number",
        /// The code that the customer knows the order by.
        code: Text = "code",
        /// The page of the order.
        order_url: Text = "order_url",
        /// The page of the invoice.
        invoice_link: Text = "invoice_link",
        /// The name of the store.
        store_name: Text = "store_name",
        /// For example `custom`.
        shipping_method_code: Text = "shipping_method_code",
        /// A code, in the short view.
        shipping_method: Coded = "shipping_method",
        /// One of Zid's codes; a translated text in some bodies, `status` in the short view.
        order_status: Coded = "order_status" | "status",
        /// May be a status that the merchant defined.
        display_status: Coded = "display_status",
        /// The currency of the amounts; `currency` in the short view.
        currency_code: Currency = "currency_code" | "currency",
        /// The order's and the store's currency with their rates.
        currency: Rates = "currency",
        /// Masked on marketplace orders.
        customer: Buyer = "customer",
        /// The recipient, if it is another person.
        consignee: Buyer = "consignee",
        /// A text with 14 decimals; `total` in the short view.
        order_total: Amount = "order_total" | "total",
        /// True if the payment is charged in another currency. No field has its code.
        has_different_transaction_currency: bool = "has_different_transaction_currency",
        /// The amount to charge, in the currency of the payment.
        transaction_amount: Decimal = "transaction_amount",
        /// The reference of the payment.
        transaction_reference: Text = "transaction_reference",
        /// `DD-MM-YYYY | hh:mm` and an Arabic mark for the half of the day, in the store's time.
        issue_date: Text = "issue_date",
        /// `paid`, `pending`, `refunded`, `voided`, `unpaid`.
        payment_status: Text = "payment_status",
        /// In captures of `order.payment_status.update`.
        payment_status_change: Change = "payment_status_change",
        /// The card network.
        payment_network: Text = "payment_network",
        /// The code of the channel, else its translated name.
        source: Text = "source_code" | "source",
        /// Method and address.
        shipping: Shipping = "shipping",
        /// The address, in the short view.
        shipping_address: Place = "shipping_address",
        /// Method and invoice.
        payment: PaymentInfo = "payment",
        /// The code of the payment method, in the short view.
        payment_word: Coded = "payment",
        /// The amounts paid and left, in newer bodies.
        payment_summary: PaymentSummary = "payment_summary",
        /// Several payments, in newer bodies.
        payments: Vec<Part> = "payments",
        /// The customer's note.
        customer_note: Text = "customer_note",
        /// The words for the recipient of a gift.
        gift_message: Personal = "gift_message",
        /// An object; `[]`, a boolean or null if there is none.
        gift_card_details: GiftCard = "gift_card_details",
        /// `[]` if there is none.
        coupon: CouponInfo = "coupon",
        /// The commission of a marketplace. The unit of its `percentage` is not documented.
        marketplace_commission: Commission = "marketplace_commission",
        /// The lines.
        products: Vec<Item> = "products" | "items",
        /// The number of lines.
        products_count: Decimal = "products_count",
        /// The weight of all goods. In gram by inference: a capture has 100000 for a piece of 100 kg.
        weight: Decimal = "weight",
        /// The merchant's tags.
        tags: Vec<Coded> = "tags",
        /// `ar` or `en`.
        language: Text = "language",
        /// The location that ships. `[]` if there is none.
        inventory_address: StockLocation = "inventory_address",
        /// Newest first.
        histories: Vec<History> = "histories",
        /// The returns.
        reverse_order_label_requests: Vec<Reverse> = "reverse_order_label_requests",
        /// The return, where there is one.
        reverse_order_label_request: Reverse = "reverse_order_label_request",
        /// Parcels.
        packages_count: Decimal = "packages_count",
        /// True if the recipient is another person.
        has_different_consignee: bool = "has_different_consignee",
        /// True if the customer has no account.
        is_guest_customer: bool = "is_guest_customer",
        /// True if the order is a gift.
        is_gift_order: bool = "is_gift_order",
        /// True if it was placed on a marketplace.
        is_marketplace_order: bool = "is_marketplace_order",
        /// True if the customer used the short checkout.
        is_quick_checkout_order: bool = "is_quick_checkout_order",
        /// True if the customer confirmed an order that is paid on delivery.
        cod_confirmed: bool = "cod_confirmed",
        /// True if Zid suspects fraud.
        is_potential_fraud: bool = "is_potential_fraud",
        /// True if a reseller placed the order.
        is_reseller_transaction: bool = "is_reseller_transaction",
        /// True if it was cancelled and opened again.
        is_reactivated: bool = "is_reactivated",
        /// True if the goods are made or delivered on demand.
        is_on_demand: bool = "is_on_demand",
        /// True if the goods are not available yet.
        is_preorder: bool = "is_preorder",
        /// True if the goods of a preorder are reserved.
        is_preorder_allocated: bool = "is_preorder_allocated",
        /// False for digital goods.
        requires_shipping: bool = "requires_shipping",
        /// True if the merchant must choose the delivery method.
        should_merchant_set_shipping_method: bool = "should_merchant_set_shipping_method",
        /// UTC, without a zone.
        created_at: Text = "created_at",
        /// UTC, without a zone.
        updated_at: Text = "updated_at",
        /// UTC, without a zone.
        delivered_at: Text = "delivered_at",
    }
    /// The change of a payment's state.
    struct Change {
        /// The state before.
        old: Text = "old",
    }
    /// A customer or a recipient.
    struct Buyer {
        /// Documented as a text, sent as a number.
        id: Text = "id",
        /// Masked as `J*** D***` on marketplace orders.
        name: Personal = "name",
        /// May be masked, or a placeholder that takes no mail.
        email: Personal = "email",
        /// Documented with a `+`, sent without.
        mobile: Personal = "mobile",
        /// The name of the field in the customer's own events.
        telephone: Personal = "telephone" | "phone",
        /// 0, 1, `"1"` or a boolean.
        verified: bool = "verified",
        /// `individual` or `business`.
        type_of_party: String = "type",
        /// Only on business customers.
        business_name: Personal = "business_name",
        /// Only on business customers.
        tax_number: Personal = "tax_number",
        /// Only on business customers.
        commercial_registration: Personal = "commercial_registration",
        /// A note of the merchant about the customer.
        note: Personal = "note",
    }
    /// The texts of a gift.
    struct GiftCard {
        /// The person who gives.
        sender_name: Personal = "sender_name",
        /// The person who receives.
        receiver_name: Personal = "receiver_name",
        /// The same as `gift_message` of the order.
        gift_message: Personal = "gift_message",
        /// A picture or a film.
        media_link: Personal = "media_link",
    }
    /// The commission of a marketplace.
    struct Commission {
        /// The amount.
        amount: Decimal = "amount",
    }
    /// An entry of the order's history. Entries such as `exported` are not changes of the state.
    struct History {
        /// The actor and the action.
        changed_by_details: ChangeDetails = "changed_by_details",
    }
    /// The actor and the action.
    struct ChangeDetails {
        /// The reason that a person typed.
        comment: Text = "comment",
    }
}

/// Maps an order.
pub(crate) fn order(payload: &Value) -> Option<Canonical> {
    let sale = Sale::from_json(payload)?;
    let currency = order_currency(&sale);
    let currency = currency.as_ref();
    let money = |amount| Money::of(amount, currency);
    let method_word = method_word(&sale);
    let flags = flags(&sale, method_word.as_ref());
    let state = state_of(&sale);
    let reason = reason(&sale);
    let charged = charged(&sale, currency);
    let payment_info = sale.payment.unwrap_or_default();
    let invoice = Invoice::new(payment_info.invoice, currency);
    let method = payment_info.method;
    let network = method.as_ref().and_then(|method| method.payment_network.clone());
    let status = sale.payment_status.as_ref().map(Text::as_str);
    let payment_state = payment_state(sale.payment_summary.as_ref(), status);
    let total = money(sale.order_total.map(|Amount(total)| total));
    let paid = paid(sale.payment_summary.as_ref(), total.as_ref(), status);
    let reference = text(sale.transaction_reference);
    let payment_status = text(sale.payment_status);
    let whole = Payment {
        amount: charged.clone(),
        status: payment_status.clone(),
        state: payment_state,
        reference: reference.clone(),
        ..Payment::default()
    };
    let parts = sale.payments.filter(|parts| !parts.is_empty()).or(payment_info.split_payments);
    let shipping = sale.shipping.unwrap_or_default();
    let mut shipping_method = shipping.method.unwrap_or_default();
    let stock_location = sale.inventory_address.or_else(|| shipping_method.inventory_address.take());
    shipping_method.code = shipping_method.code.or(sale.shipping_method_code);
    shipping_method.packages_count = shipping_method.packages_count.or(sale.packages_count);
    let delivery = delivery(
        shipping_method,
        sale.shipping_method.or(shipping.method_word).as_ref(),
        shipping.address.or(sale.shipping_address),
        sale.consignee.and_then(party),
        time_of(sale.delivered_at.as_ref()),
    );
    let discount = invoice.discount();
    let coupon = sale.coupon.and_then(|info| coupon(info, currency));
    let returns = returns(sale.reverse_order_label_requests, sale.reverse_order_label_request, currency);
    let created_at = time_of(sale.created_at.as_ref());
    let order = Order {
        id: text(sale.id),
        number: text(sale.invoice_number).or_else(|| text(sale.code.clone())),
        code: text(sale.code),
        status: sale.order_status.as_ref().and_then(Coded::code),
        state,
        substatus: sale.display_status.as_ref().and_then(Coded::code),
        status_label: sale.display_status.or(sale.order_status).as_ref().and_then(Coded::name),
        reason,
        payment_status_before: sale.payment_status_change.and_then(|change| text(change.old)),
        payment_state,
        payment_method: method_word.as_ref().and_then(Coded::code),
        payment_method_name: method_word.as_ref().and_then(Coded::name),
        payment_network: text(network.or(sale.payment_network)),
        delivery_status: delivery.as_ref().and_then(|delivery| delivery.status.clone()),
        delivery_state: delivery.as_ref().and_then(|delivery| delivery.state),
        channel: text(sale.source),
        marketplace: sale.marketplace_commission.and_then(|commission| marketplace(commission, currency)),
        store: text(sale.store_name),
        location: stock_location.and_then(location),
        url: text(sale.order_url),
        invoice_url: text(sale.invoice_link),
        language: text(sale.language),
        customer: sale.customer.and_then(party),
        flags: flags.known(),
        gift: gift(sale.gift_message, sale.gift_card_details.unwrap_or_default()),
        tags: sale.tags.map(|tags| tags.iter().filter_map(Coded::name).collect()),
        subtotal: invoice.amount(&["sub_totals_before_vat", "sub_totals"]),
        discount: discount.or_else(|| coupon.as_ref()?.amount.clone()),
        discounts: invoice.discounts(),
        tax: invoice.amount(&["vat"]),
        taxable: invoice.amount(&["taxable_amount"]),
        shipping_fee: invoice.amount(&["shipping"]),
        paid,
        amount_due: money(sale.payment_summary.and_then(|summary| summary.remaining_amount)),
        charges: invoice.charges(),
        charged,
        currencies: currencies(sale.currency, sale.has_different_transaction_currency),
        coupon,
        note: text(sale.customer_note),
        products_count: sale.products_count,
        weight_unit: sale.weight.is_some().then(|| "g".to_owned()),
        weight: sale.weight,
        lines: sale.products.map(|items| items.into_iter().map(|item| line(item, currency)).collect()),
        payments: payments(parts, method, whole, currency),
        payment_status,
        reference,
        total,
        returns,
        delivery,
        placed_at: created_at.clone().or_else(|| time_of(sale.issue_date.as_ref())),
        created_at,
        updated_at: time_of(sale.updated_at.as_ref()),
        ..Order::default()
    };
    Some(order.into())
}

/// Maps the returns: the listed ones, else the single one in its own field.
fn returns(
    requests: Option<Vec<Reverse>>,
    request: Option<Reverse>,
    currency: Option<&Currency>,
) -> Option<Vec<ReturnOrder>> {
    let requests =
        requests.filter(|requests| !requests.is_empty()).or_else(|| request.map(|request| vec![request]));
    Some(requests?.into_iter().filter_map(|request| returned(request, currency)).collect())
}

fn marketplace(commission: Commission, currency: Option<&Currency>) -> Option<Marketplace> {
    let commission = Money::of(commission.amount, currency);
    Marketplace { commission, ..Marketplace::default() }.known()
}

/// Returns the currency of the order's amounts.
fn order_currency(sale: &Sale) -> Option<Currency> {
    let of_rates = || sale.currency.as_ref()?.order.as_ref()?.code.clone();
    sale.currency_code.clone().or_else(of_rates)
}

/// Returns the amount to charge. Its currency is known only if the body marks it as the order's.
fn charged(sale: &Sale, currency: Option<&Currency>) -> Option<Money> {
    match sale.has_different_transaction_currency {
        Some(false) => Money::of(sale.transaction_amount.clone(), currency),
        _ => Money::of_unknown_currency(sale.transaction_amount.clone()),
    }
}

/// Returns the state in the common vocabulary. A merchant's own status comes with one of Zid's; some bodies have a
/// number or a text in place of Zid's code, and the code in `display_status` alone.
fn state_of(sale: &Sale) -> Option<State> {
    let of = |status: &Option<Coded>| {
        let status = status.as_ref()?;
        let words = [status.code(), status.name()];
        words.into_iter().flatten().find_map(|word| state::of_order(&word))
    };
    of(&sale.order_status).or_else(|| of(&sale.display_status))
}

/// Returns the state of the payment in the common vocabulary.
fn payment_state(summary: Option<&PaymentSummary>, status: Option<&str>) -> Option<State> {
    let is_some = |amount: &Option<Decimal>| amount.as_ref().is_some_and(|amount| !number::is_zero(amount));
    match summary {
        Some(summary) if is_some(&summary.paid_amount) && is_some(&summary.remaining_amount) => {
            Some(State::PartiallyPaid)
        }
        _ => status.and_then(state::of_payment),
    }
}

/// Returns the reason that a person entered for the newest change.
fn reason(sale: &Sale) -> Option<String> {
    let newest = sale.histories.as_ref()?.first()?;
    text(newest.changed_by_details.as_ref()?.comment.clone())
}

/// Returns the payment method by its code and its name.
fn method_word(sale: &Sale) -> Option<Coded> {
    // The payment's object has neither a code nor a name, so its word is the short view's text.
    let of_object = || sale.payment.as_ref()?.method_word.clone();
    of_object().or_else(|| sale.payment_word.clone())
}

fn flags(sale: &Sale, method: Option<&Coded>) -> Flags {
    Flags {
        guest: sale.is_guest_customer,
        gift: sale.is_gift_order,
        marketplace: sale.is_marketplace_order,
        cash_on_delivery: method.and_then(Coded::code).map(|code| code == CASH_ON_DELIVERY),
        cash_on_delivery_confirmed: sale.cod_confirmed,
        preorder: sale.is_preorder,
        preorder_allocated: sale.is_preorder_allocated,
        quick_checkout: sale.is_quick_checkout_order,
        on_demand: sale.is_on_demand,
        potential_fraud: sale.is_potential_fraud,
        reseller: sale.is_reseller_transaction,
        reactivated: sale.is_reactivated,
        needs_shipping: sale.requires_shipping,
        needs_shipping_method: sale.should_merchant_set_shipping_method,
        other_recipient: sale.has_different_consignee,
        ..Flags::default()
    }
}

fn gift(message: Option<Personal>, card: GiftCard) -> Option<Gift> {
    let gift = Gift {
        message: message.or(card.gift_message),
        sender: card.sender_name,
        receiver: card.receiver_name,
        media_url: card.media_link,
    };
    gift.known()
}

fn party(buyer: Buyer) -> Option<Party> {
    let party = Party {
        id: text(buyer.id),
        name: buyer.name,
        email: buyer.email,
        mobile: buyer.mobile,
        phone: buyer.telephone,
        verified: buyer.verified,
        type_of_party: buyer.type_of_party,
        business_name: buyer.business_name,
        tax_id: buyer.tax_number,
        registration_number: buyer.commercial_registration,
        note: buyer.note,
        ..Party::default()
    };
    party.known()
}
