//! Sums of a document: discounts, charges, points, currencies.

use super::object::object;
use super::state::Unit;
use crate::value::decimal::Decimal;
use crate::value::money::{Currency, Money};

object! {
    /// A reduction of a price: a discount or a coupon.
    pub struct Discount {
        /// The provider's id.
        id: String,
        /// The code, such as the coupon code that the customer entered.
        code: String,
        /// The name.
        name: String,
        /// The unit of `value`: `amount` or `percent`. Absent where the provider does not document it.
        unit: Unit,
        /// The size in that unit, without a minus: `10` for 10 percent.
        value: Decimal,
        /// The money that the discount takes off, without a minus.
        amount: Money,
        /// A note.
        note: String,
    }

    /// One position of a document's sums, as the provider lists them.
    pub struct Charge {
        /// The provider's code of the position.
        code: String,
        /// The title, often translated.
        title: String,
        /// The amount, negative where it reduces the total.
        amount: Money,
        /// True if the position is a sum of others, so that adding it up would count twice.
        is_sum: bool,
    }

    /// Loyalty points of one sale.
    pub struct Points {
        /// The points that the customer spent.
        used: Decimal,
        /// The points that the customer earned.
        earned: Decimal,
        /// The points that the customer has now.
        balance: Decimal,
    }

    /// A currency and its exchange rate. The direction of the rate is the provider's; read the provider's notes.
    pub struct ExchangeRate {
        /// The ISO 4217 code.
        currency: Currency,
        /// The rate, with the digits that were sent.
        rate: Decimal,
    }

    /// The currencies that are involved in an order.
    pub struct Currencies {
        /// The currency of the order's amounts.
        order: ExchangeRate,
        /// The currency that the store keeps its books in.
        store: ExchangeRate,
        /// The currency that the customer was charged in.
        transaction: ExchangeRate,
        /// True if the customer was charged in another currency than the order's.
        transaction_differs: bool,
    }

    /// Money that customers owe, in a report.
    pub struct Receivables {
        /// The sum.
        amount: Money,
        /// The number of documents.
        count: Decimal,
    }

    /// The price of a product in one outlet.
    pub struct OutletPrice {
        /// The outlet's name.
        outlet: String,
        /// The price there.
        price: Money,
        /// The cost that this outlet adds.
        extra_cost: Money,
    }
}

impl Discount {
    /// Returns a discount in percent; `None` if neither the percentage nor the amount is known.
    pub fn percent(value: Option<Decimal>, amount: Option<Money>) -> Option<Self> {
        let unit = value.is_some().then_some(Unit::Percent).or(amount.is_some().then_some(Unit::Amount));
        let value = value.or_else(|| amount.as_ref().map(|amount| amount.amount.clone()));
        Self { unit, value, amount, ..Self::default() }.known()
    }

    /// Returns a discount in money; `None` without an amount.
    pub fn amount(amount: Option<Money>) -> Option<Self> {
        Self::percent(None, amount)
    }

    /// Reads a discount as people type it: `10%` is a percentage, `5.00` an amount in `currency`.
    ///
    /// `amount` is the money that the provider says it takes off, where it says so.
    pub fn parse(text: &str, currency: Option<&Currency>, amount: Option<Money>) -> Option<Self> {
        match text.trim().strip_suffix('%') {
            Some(percent) => Self::percent(Decimal::parse(percent), amount),
            None => {
                let typed = Money::of(Decimal::parse(text), currency);
                let value = typed.as_ref().map(|typed| typed.amount.clone());
                let discount = Self::amount(amount.or(typed))?;
                Some(Self { value: value.or_else(|| discount.value.clone()), ..discount })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Option<Decimal> {
        Decimal::parse(text)
    }

    #[test]
    fn a_percent_sign_makes_a_percentage() {
        let discount = Discount::parse(" 10% ", None, None).unwrap();
        assert_eq!(
            (discount.unit, discount.value, discount.amount),
            (Some(Unit::Percent), decimal("10"), None)
        );
    }

    #[test]
    fn without_a_sign_a_discount_is_money() {
        let sar = Currency::parse("SAR");
        let discount = Discount::parse("5.00", sar.as_ref(), None).unwrap();
        assert_eq!((discount.unit, discount.value), (Some(Unit::Amount), decimal("5.00")));
        assert_eq!(discount.amount, Money::of(decimal("5.00"), sar.as_ref()));
    }

    #[test]
    fn the_amount_that_was_sent_counts_more_than_the_typed_one() {
        let sent = Money::of(decimal("7.5"), None);
        for (text, unit, value) in
            [("10%", Unit::Percent, "10"), ("5", Unit::Amount, "5"), ("", Unit::Amount, "7.5")]
        {
            let discount = Discount::parse(text, None, sent.clone()).unwrap();
            assert_eq!(
                (discount.unit, discount.value, discount.amount),
                (Some(unit), decimal(value), sent.clone()),
                "{text:?}"
            );
        }
    }

    #[test]
    fn a_discount_needs_a_number() {
        assert_eq!(Discount::parse("half", None, None), None);
        assert_eq!(Discount::percent(None, None), None);
    }
}
