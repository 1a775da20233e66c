//! Delivery of an order's goods, and the facts that only some orders have.

use super::object::object;
use super::parties::{Address, Party};
use super::state::State;
use crate::value::decimal::Decimal;
use crate::value::money::Money;
use crate::value::time::Time;

object! {
    /// The delivery of an order's goods.
    pub struct Delivery {
        /// The name of the delivery method.
        method: String,
        /// The code of the delivery method.
        method_code: String,
        /// The carrier.
        carrier: String,
        /// The carrier's service.
        service: String,
        /// The state in the provider's words.
        status: String,
        /// The state in the common vocabulary.
        state: State,
        /// The carrier's tracking number: the only one, or the first.
        tracking_number: String,
        /// The page that shows where the parcel is.
        tracking_url: String,
        /// The shipping label.
        label_url: String,
        /// The recipient, where the provider names one beside the buyer.
        recipient: Party,
        /// The address that the goods go to.
        address: Address,
        /// The parcels, where the provider lists them.
        parcels: Vec<Parcel>,
        /// The number of parcels.
        packages: Decimal,
        /// The delivery time that was announced to the customer, in the provider's words.
        estimate: String,
        /// The time at which the goods were shipped, or will be.
        shipped_at: Time,
        /// The time at which the goods were delivered.
        delivered_at: Time,
    }

    /// One parcel of a delivery.
    pub struct Parcel {
        /// The carrier's tracking number.
        tracking_number: String,
        /// The page that shows where the parcel is.
        tracking_url: String,
        /// The carrier.
        carrier: String,
        /// The time at which the parcel was shipped.
        shipped_at: Time,
    }

    /// Yes-or-no facts about an order.
    pub struct Flags {
        /// The customer has no account.
        guest: bool,
        /// The order is a gift.
        gift: bool,
        /// The order was placed on a marketplace.
        marketplace: bool,
        /// The customer pays on delivery.
        cash_on_delivery: bool,
        /// The customer confirmed an order that is paid on delivery.
        cash_on_delivery_confirmed: bool,
        /// The order is a deposit.
        deposit: bool,
        /// The goods are ordered before they are available.
        preorder: bool,
        /// The goods of a preorder are reserved.
        preorder_allocated: bool,
        /// The customer used a short checkout.
        quick_checkout: bool,
        /// The goods are made or delivered on demand.
        on_demand: bool,
        /// The provider suspects fraud.
        potential_fraud: bool,
        /// A reseller placed the order.
        reseller: bool,
        /// The order was cancelled and opened again.
        reactivated: bool,
        /// The goods are shipped.
        needs_shipping: bool,
        /// The merchant must choose the delivery method.
        needs_shipping_method: bool,
        /// The recipient is not the customer.
        other_recipient: bool,
    }

    /// The marketplace that an order came from.
    pub struct Marketplace {
        /// The marketplace's name.
        name: String,
        /// The platform through which the marketplace is connected.
        platform: String,
        /// The merchant's shop on the marketplace.
        shop: String,
        /// The state of the goods, in the marketplace's words.
        status: String,
        /// The state of the payment, in the marketplace's words.
        payment_status: String,
        /// The commission.
        commission: Money,
        /// The commission in percent.
        commission_rate: Decimal,
    }

    /// Width, length and height.
    pub struct Dimensions {
        /// The width.
        width: Decimal,
        /// The length.
        length: Decimal,
        /// The height.
        height: Decimal,
        /// The unit of all three.
        unit: String,
    }
}
