//! The sums of an order: invoice, currencies, payments.
//!
//! `transaction_amount` is the amount to charge and not the amount paid: Zid's own samples show it on orders that are
//! still pending. The direction of the exchange rates is not documented, so both are passed on as they are.

use inlet::canonical::{Charge, Currencies, Direction, Discount, ExchangeRate, Payment, Purpose, Unit};
use inlet::personal::Personal;
use inlet::value::decimal::Decimal;
use inlet::value::money::{Currency, Money};

use super::state;
use crate::canonical::value::{Coded, Text, filled, text};
use crate::canonical::{number, time_of};

inlet::payload! {
    /// The two currencies of an order.
    pub(super) struct Rates {
        /// The order's.
        order: OrderCurrency = "order_currency",
        /// The store's.
        store: OrderCurrency = "order_store_currency",
    }
    /// A currency with its rate.
    pub(super) struct OrderCurrency {
        /// ISO 4217.
        code: Currency = "code",
        /// 1 or null for the store's own currency.
        rate: Decimal = "exchange_rate",
    }
    /// Method and invoice.
    pub(super) struct PaymentInfo {
        /// The method.
        method: Method = "method",
        /// The method by its code and its name; some bodies have its text alone.
        method_word: Coded = "method",
        /// The positions of the invoice, in the order in which they are printed.
        invoice: Vec<Position> = "invoice",
        /// The parts of a payment at a point of sale.
        split_payments: Vec<Part> = "split_payments",
    }
    /// A payment method, with the state of a bank transfer. The field `cart_payment_request_token` is a secret and is
    /// not read.
    pub(super) struct Method {
        /// Translated.
        name: Text = "name",
        /// For example `zid_cod`, `zid_bank_transfer`, `zidpay`.
        code: Text = "code",
        /// The kind of method.
        category: Text = "type",
        /// For example `mada`.
        payment_network: Text = "payment_network",
        /// Seen: `new`, `transfered`.
        transaction_status: Text = "transaction_status",
        /// The bank of a transfer.
        transaction_bank: Text = "transaction_bank",
        /// The sender of a transfer.
        transaction_sender_name: Personal = "transaction_sender_name",
        /// A picture of the slip of a transfer.
        transaction_slip: Personal = "transaction_slip",
        /// UTC, without a zone.
        updated_at: Text = "updated_at",
    }
    /// A position of the invoice.
    pub(super) struct Position {
        /// Its meaning.
        code: Text = "code",
        /// A text with 14 decimals, or a number. Discounts are negative.
        value: Decimal = "value",
        /// Translated.
        title: Text = "title",
    }
    /// One of several payments.
    pub(super) struct Part {
        /// Zid's id, in the SDK's model.
        id: Text = "id",
        /// Translated.
        name: Text = "name",
        /// The code of the method.
        code: Text = "code",
        /// The kind of method.
        category: Text = "type",
        /// The method, in the SDK's model.
        method: Method = "payment_method",
        /// The state.
        status: Text = "status",
        /// The amount.
        amount: Decimal = "amount",
        /// The reference of the payment or of the terminal.
        reference: Text = "transaction_reference" | "near_pay_transaction_uuid",
        /// UTC, without a zone.
        created_at: Text = "created_at",
    }
    /// The amounts paid and left.
    pub(super) struct PaymentSummary {
        /// The amount that was paid.
        paid_amount: Decimal = "paid_amount",
        /// The amount that is left to pay.
        remaining_amount: Decimal = "remaining_amount",
    }
    /// A coupon.
    pub(super) struct CouponInfo {
        /// Zid's id.
        id: Text = "id",
        /// The text that the customer entered.
        code: Text = "code",
        /// The merchant's name of it.
        name: Text = "name",
        /// Negative.
        discount: Decimal = "discount",
        /// The unit of `discount_value`; its words are not documented.
        discount_type: Text = "discount_type",
        /// The size of the reduction.
        discount_value: Decimal = "discount_value",
    }
}

/// The positions of an order's invoice.
pub(super) struct Invoice<'c> {
    positions: Vec<Position>,
    currency: Option<&'c Currency>,
}

impl<'c> Invoice<'c> {
    pub(super) fn new(positions: Option<Vec<Position>>, currency: Option<&'c Currency>) -> Self {
        Self { positions: positions.unwrap_or_default(), currency }
    }

    /// Returns the amount of the first of these codes that the invoice has.
    pub(super) fn amount(&self, codes: &[&str]) -> Option<Money> {
        let value = |code: &&str| self.positions.iter().find(|p| p.has_code(code))?.value.clone();
        Money::of(codes.iter().find_map(value), self.currency)
    }

    /// Returns every position, with the sums marked.
    pub(super) fn charges(&self) -> Option<Vec<Charge>> {
        let charge = |position: &Position| {
            let code = position.code.as_ref().map(Text::as_str);
            Charge {
                code: code.map(str::to_owned),
                title: text(position.title.clone()),
                amount: Money::of(position.value.clone(), self.currency),
                is_sum: code.map(is_sum),
            }
        };
        filled(self.positions.iter().map(charge).collect())
    }

    /// Returns the positions that reduce the total, without the minus.
    pub(super) fn discounts(&self) -> Option<Vec<Discount>> {
        let discount = |(position, value): (&Position, &Decimal)| {
            let amount = Money::of(number::absolute_sum([value]), self.currency);
            let discount = Discount::amount(amount)?;
            Some(Discount {
                code: text(position.code.clone()),
                name: text(position.title.clone()),
                ..discount
            })
        };
        filled(self.reductions().filter_map(discount).collect())
    }

    /// Returns the sum of the positions that reduce the total, without the minus.
    pub(super) fn discount(&self) -> Option<Money> {
        let values = self.reductions().map(|(_, value)| value);
        Money::of(number::absolute_sum(values), self.currency)
    }

    fn reductions(&self) -> impl Iterator<Item = (&Position, &Decimal)> {
        let valued = self.positions.iter().filter_map(|position| Some((position, position.value.as_ref()?)));
        valued.filter(|(position, value)| {
            number::is_negative(value) && !position.code.as_ref().is_some_and(|code| is_sum(code.as_str()))
        })
    }
}

impl Position {
    fn has_code(&self, code: &str) -> bool {
        self.code.as_ref().is_some_and(|own| own.as_str() == code)
    }
}

/// Returns true if a position of the invoice is the sum of others.
fn is_sum(code: &str) -> bool {
    code.starts_with("sub_totals") || matches!(code, "taxable_amount" | "total" | "total_before_vat")
}

/// Maps the currencies with their rates as they are.
pub(super) fn currencies(rates: Option<Rates>, transaction_differs: Option<bool>) -> Option<Currencies> {
    let rate = |currency: Option<OrderCurrency>| {
        let OrderCurrency { code, rate } = currency?;
        ExchangeRate { currency: code, rate }.known()
    };
    let rates = rates.unwrap_or_default();
    let currencies = Currencies {
        order: rate(rates.order),
        store: rate(rates.store),
        transaction_differs,
        ..Currencies::default()
    };
    currencies.known()
}

/// Returns the amount that was paid: the summary's figure if there is one, else the total of an order that is paid.
/// `None` if nothing was paid.
pub(super) fn paid(
    summary: Option<&PaymentSummary>,
    total: Option<&Money>,
    status: Option<&str>,
) -> Option<Money> {
    let currency = total.and_then(|total| total.currency.as_ref());
    match summary.and_then(|summary| summary.paid_amount.clone()) {
        Some(paid) => Money::of(Some(paid).filter(|paid| !number::is_zero(paid)), currency),
        None => total.filter(|_| status.is_some_and(|status| status.eq_ignore_ascii_case("paid"))).cloned(),
    }
}

/// Maps a coupon.
pub(super) fn coupon(coupon: CouponInfo, currency: Option<&Currency>) -> Option<Discount> {
    let amount =
        Money::of(coupon.discount.as_ref().and_then(|value| number::absolute_sum([value])), currency);
    let unit = coupon.discount_type.as_ref().and_then(|word| unit(word.as_str()));
    let discount = Discount {
        id: text(coupon.id),
        code: text(coupon.code),
        name: text(coupon.name),
        unit,
        value: coupon.discount_value,
        amount,
        ..Discount::default()
    };
    discount.known()
}

/// Returns the unit that a coupon's type names. The list of types is not documented, so only clear words count.
fn unit(word: &str) -> Option<Unit> {
    match word.to_ascii_lowercase().as_str() {
        "percentage" | "percent" => Some(Unit::Percent),
        "amount" | "fixed" | "fixed_amount" => Some(Unit::Amount),
        _ => None,
    }
}

/// Maps the payments of an order: the listed ones, else the one that the method describes. For the latter, `whole` has
/// the order's amount, state and reference.
pub(super) fn payments(
    parts: Option<Vec<Part>>,
    method: Option<Method>,
    whole: Payment,
    currency: Option<&Currency>,
) -> Option<Vec<Payment>> {
    let mut payments: Vec<Payment> =
        parts.into_iter().flatten().map(|part| payment(part, currency)).collect();
    let Some(method) = method else {
        return filled(payments);
    };
    let described = described(method);
    if payments.is_empty() {
        let Payment { amount, status, state, reference, .. } = whole;
        let status = described.status.clone().or(status);
        payments.push(Payment { status, amount, state, reference, ..described });
    } else if let Some(same) =
        payments.iter_mut().find(|payment| payment.method_code == described.method_code)
    {
        same.network = described.network;
        same.bank = described.bank;
        same.sender_name = described.sender_name;
        same.slip_url = described.slip_url;
    }
    Some(payments)
}

/// Maps one of several payments.
fn payment(part: Part, currency: Option<&Currency>) -> Payment {
    let method = part.method.map(described).unwrap_or_default();
    Payment {
        id: text(part.id),
        state: part.status.as_ref().and_then(|status| state::of_payment(status.as_str())),
        status: text(part.status),
        amount: Money::of(part.amount, currency),
        method: text(part.name).or(method.method),
        method_code: text(part.code).or(method.method_code),
        type_of_method: text(part.category).or(method.type_of_method),
        reference: text(part.reference),
        direction: Some(Direction::In),
        purpose: Some(Purpose::Payment),
        created_at: time_of(part.created_at.as_ref()),
        ..Payment::default()
    }
}

/// Maps a payment method with its bank transfer.
fn described(method: Method) -> Payment {
    Payment {
        method: text(method.name),
        method_code: text(method.code),
        type_of_method: text(method.category),
        network: text(method.payment_network),
        status: text(method.transaction_status),
        bank: text(method.transaction_bank),
        sender_name: method.transaction_sender_name,
        slip_url: method.transaction_slip,
        direction: Some(Direction::In),
        purpose: Some(Purpose::Payment),
        updated_at: time_of(method.updated_at.as_ref()),
        ..Payment::default()
    }
}
