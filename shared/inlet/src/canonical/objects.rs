//! One object for each kind, in one long table. The words mean the same for every provider.

use std::collections::BTreeMap;

use super::amounts::{Charge, Currencies, Discount, OutletPrice, Points, Receivables};
use super::delivery::{Delivery, Dimensions, Flags, Marketplace};
use super::lines::{Component, Line, StockLevel};
use super::object::object;
use super::parties::{Actor, Driver, Gift, Location, Party};
use super::state::{Direction, Purpose, State, Unit};
use super::words::{CategoryReference, Image, ProductOption, SelectedOption, Words};
use crate::personal::Personal;
use crate::value::decimal::Decimal;
use crate::value::money::Money;
use crate::value::time::Time;

object! {
    /// A sale, from the basket to the door.
    pub struct Order {
        /// The provider's id.
        id: String,
        /// The number on the document.
        number: String,
        /// The code that the customer knows the order by.
        code: String,
        /// The merchant's or the marketplace's own reference.
        reference: String,
        /// The number that the caller gave against duplicates.
        unique_number: String,
        /// The kind of order, in the provider's words or codes.
        type_of_order: String,
        /// The state in the provider's words.
        status: String,
        /// The state in the common vocabulary.
        state: State,
        /// A finer state in the provider's or the merchant's words.
        substatus: String,
        /// The name of the state as people read it.
        status_label: String,
        /// The reason for the state, as a code.
        reason_code: String,
        /// The reason for the state, in words.
        reason: String,
        /// The state of the payment in the provider's words.
        payment_status: String,
        /// The state of the payment in the common vocabulary.
        payment_state: State,
        /// The state of the payment before this event, in the provider's words.
        payment_status_before: String,
        /// The payment method, as code where there is one.
        payment_method: String,
        /// The name of the payment method.
        payment_method_name: String,
        /// The card network or payment network.
        payment_network: String,
        /// The state of the goods in the provider's words.
        delivery_status: String,
        /// The state of the goods in the common vocabulary.
        delivery_state: State,
        /// True if the order was voided.
        voided: bool,
        /// The channel that the sale came from.
        channel: String,
        /// The marketplace that the sale came from.
        marketplace: Marketplace,
        /// The name of the online store.
        store: String,
        /// The outlet that sold.
        outlet: String,
        /// The outlet that ships, where it is another one.
        fulfillment_outlet: String,
        /// The till.
        register: String,
        /// The place that the goods leave from.
        location: Location,
        /// The page of the order.
        url: String,
        /// The page of the invoice.
        invoice_url: String,
        /// The language of the order, as a tag.
        language: String,
        /// The customer.
        customer: Party,
        /// The salesperson.
        salesperson: Personal,
        /// The user who created the order.
        creator: Actor,
        /// Yes-or-no facts.
        flags: Flags,
        /// The gift's texts.
        gift: Gift,
        /// Tags that the merchant attached.
        tags: Vec<String>,
        /// The sum of the lines before discounts and tax.
        subtotal: Money,
        /// All discounts together, without a minus.
        discount: Money,
        /// The discounts one by one, in the order in which they apply.
        discounts: Vec<Discount>,
        /// The sum after discounts and before tax.
        net: Money,
        /// The tax.
        tax: Money,
        /// The tax rate in percent.
        tax_rate: Decimal,
        /// The name of the tax.
        tax_name: String,
        /// The provider's code for the way in which tax applies, where its meaning is not documented.
        tax_type: String,
        /// True if the prices contain the tax, false if it is added to them.
        tax_included: bool,
        /// The amount that tax is computed from.
        taxable: Money,
        /// The delivery fee.
        shipping_fee: Money,
        /// The tax in the delivery fee.
        shipping_tax: Money,
        /// Fees on top, such as a card fee.
        surcharge: Money,
        /// The amount to pay.
        total: Money,
        /// The amount that was paid. Absent if nothing was paid.
        paid: Money,
        /// The amount that is left to pay.
        amount_due: Money,
        /// Every position of the document's sums, as the provider lists them.
        charges: Vec<Charge>,
        /// The amount that was refunded so far.
        refunded: Money,
        /// The amount to charge, in the currency of the payment.
        charged: Money,
        /// The currencies that are involved, with their exchange rates.
        currencies: Currencies,
        /// The coupon that was used.
        coupon: Discount,
        /// Loyalty points that the sale used and earned.
        points: Points,
        /// A note.
        note: String,
        /// The number of lines or pieces, as the provider counts.
        products_count: Decimal,
        /// The weight of all goods.
        weight: Decimal,
        /// The unit of `weight`.
        weight_unit: String,
        /// The products that were sold.
        lines: Vec<Line>,
        /// The payments.
        payments: Vec<Payment>,
        /// The delivery of the goods.
        delivery: Delivery,
        /// The shipments, where the provider lists them as documents.
        shipments: Vec<Shipment>,
        /// The returns.
        returns: Vec<ReturnOrder>,
        /// The time at which the order was placed.
        placed_at: Time,
        /// The time at which the payment is due.
        due_at: Time,
        /// The time at which the order expires unless it is paid.
        expires_at: Time,
        /// The time at which the order was paid.
        paid_at: Time,
        /// The time at which the order was completed.
        completed_at: Time,
        /// The time at which the record was created in the provider's system.
        created_at: Time,
        /// The time of the last change.
        updated_at: Time,
    }

    /// Money that moved, that was meant to move, or that was written off.
    pub struct Payment {
        /// The provider's id of the payment, or of the order that is paid where payments have none.
        id: String,
        /// The order or invoice that the payment belongs to.
        order_id: String,
        /// The purchase order or supplier bill that the payment belongs to.
        purchase_order_id: String,
        /// The number on the document.
        number: String,
        /// The merchant's, the bank's or the terminal's reference of this payment.
        reference: String,
        /// `in` if the merchant receives, `out` if the merchant pays. Absent for a write-off.
        direction: Direction,
        /// `payment` or `write_off`.
        purpose: Purpose,
        /// The operation, in the provider's words.
        operation: String,
        /// True if the operation worked.
        success: bool,
        /// The reason why it did not work.
        message: String,
        /// The state in the provider's words.
        status: String,
        /// The state in the common vocabulary.
        state: State,
        /// The amount.
        amount: Money,
        /// The name of the payment method.
        method: String,
        /// The code of the payment method.
        method_code: String,
        /// The provider's id of the payment method.
        method_id: String,
        /// The kind of payment method, in the provider's words.
        type_of_method: String,
        /// The card network or payment network.
        network: String,
        /// The bank.
        bank: String,
        /// The name of the person who transferred the money.
        sender_name: Personal,
        /// A picture of the transfer slip.
        slip_url: Personal,
        /// The outlet that took the payment.
        outlet: String,
        /// The customer who pays.
        customer: Party,
        /// The supplier who is paid.
        supplier: Party,
        /// The user who entered the payment.
        creator: Actor,
        /// A note.
        note: String,
        /// The reason of a write-off.
        reason: String,
        /// The provider's id of a write-off's reason or tag.
        reason_id: String,
        /// True if it is a test.
        test: bool,
        /// The merchant's account at the provider.
        merchant_id: String,
        /// The provider's region.
        territory: String,
        /// Names and values that the merchant sent along.
        metadata: BTreeMap<String, String>,
        /// The time at which the money moved. Absent where no money moved.
        paid_at: Time,
        /// The time at which the provider carried out the operation, or tried to.
        processed_at: Time,
        /// The time at which the record was created in the provider's system.
        created_at: Time,
        /// The time of the last change.
        updated_at: Time,
    }

    /// A product, or a variant of one.
    pub struct Product {
        /// The provider's id.
        id: String,
        /// The code.
        sku: String,
        /// The barcode.
        barcode: String,
        /// The name.
        name: Words,
        /// The product that this is a variant of, as id or as name.
        parent: String,
        /// The code of the product that this is a variant of.
        parent_sku: String,
        /// The words that make the variant, such as its size.
        variant: String,
        /// The choices that make the variant.
        selected_options: Vec<SelectedOption>,
        /// The options that the product's variants differ in.
        options: Vec<ProductOption>,
        /// The variants.
        variants: Vec<Product>,
        /// The provider's id of the group of variants.
        variation_id: String,
        /// Standalone, parent or child, in the provider's words.
        structure: String,
        /// The kind of product, in the provider's words or codes.
        type_of_product: String,
        /// The description.
        description: Words,
        /// The short description.
        short_description: Words,
        /// The category's name.
        category: String,
        /// The provider's id of the category.
        category_id: String,
        /// All categories.
        categories: Vec<CategoryReference>,
        /// The brand.
        brand: String,
        /// The supplier's name.
        supplier: String,
        /// The price of one.
        price: Money,
        /// The price of one while a sale lasts.
        sale_price: Money,
        /// The discount of the price.
        discount: Discount,
        /// The price of one on purchase orders.
        order_price: Money,
        /// The cost of one for the merchant.
        cost: Money,
        /// The prices that differ by outlet.
        outlet_prices: Vec<OutletPrice>,
        /// The parts of a composite product.
        components: Vec<Component>,
        /// The unit that quantities count.
        unit: String,
        /// The weight of one.
        weight: Decimal,
        /// The unit of `weight`.
        weight_unit: String,
        /// Width, length and height of one.
        dimensions: Dimensions,
        /// The quantity in stock.
        quantity: Decimal,
        /// The quantity that can be sold.
        available: Decimal,
        /// True if the quantity is unlimited.
        unlimited: bool,
        /// The stock by location.
        stocks: Vec<StockLevel>,
        /// True if customers see the product.
        published: bool,
        /// True if the product is a draft.
        draft: bool,
        /// True if the product is in use.
        active: bool,
        /// True if the product is no longer sold.
        discontinued: bool,
        /// True if tax applies.
        taxable: bool,
        /// The tax status of sales, in the provider's words or codes.
        tax_status: String,
        /// The tax status of purchases, in the provider's words or codes.
        purchase_tax_status: String,
        /// True if the product is shipped.
        needs_shipping: bool,
        /// True if the product earns loyalty points.
        earns_points: bool,
        /// Words to find the product by.
        tags: Vec<String>,
        /// The page of the product.
        url: String,
        /// The main picture.
        image_url: String,
        /// The small version of the main picture.
        thumbnail_url: String,
        /// All pictures.
        images: Vec<Image>,
        /// The time from which the product is sold.
        released_at: Time,
        /// The time at which the record was created in the provider's system.
        created_at: Time,
        /// The time of the last change.
        updated_at: Time,
    }

    /// A stock level: how many there are, not how many were added.
    pub struct Stock {
        /// The provider's id of the product, or of the stock record where it has one.
        id: String,
        /// The product's code.
        sku: String,
        /// The merchant's own code of the product.
        merchant_sku: String,
        /// The product's name.
        name: Words,
        /// The warehouse, as code or as name.
        warehouse: String,
        /// The quantity that is there.
        on_hand: Decimal,
        /// The quantity that can be sold.
        available: Decimal,
        /// The quantity that is reserved.
        allocated: Decimal,
        /// The provider's id of the stock's owner.
        partner_id: String,
        /// The time at which the quantity was counted or sent.
        counted_at: Time,
    }

    /// A customer of the merchant.
    pub struct Customer {
        /// The provider's id.
        id: String,
        /// The person or the company.
        party: Party,
        /// The date of birth.
        birth_date: Personal,
        /// The outlet that knows the customer.
        outlet: String,
        /// True if the provider verified the account.
        verified: bool,
        /// True if the account may buy.
        active: bool,
        /// True if the customer may pay on delivery.
        cash_on_delivery: bool,
        /// The customer group.
        group: String,
        /// Tags that the merchant attached.
        tags: Vec<String>,
        /// The channel that the customer came from.
        channel: String,
        /// The number of orders.
        orders: Decimal,
        /// The amount of all payments.
        total_paid: Money,
        /// The average total of an order.
        average_order: Money,
        /// The loyalty points.
        points: Decimal,
        /// The loyalty points that do not count yet.
        points_pending: Decimal,
        /// The time of the last order.
        last_order_at: Time,
        /// The time at which the membership began.
        joined_at: Time,
        /// The time at which the membership ends.
        expires_at: Time,
        /// The time at which the record was created in the provider's system.
        created_at: Time,
        /// The time of the last change.
        updated_at: Time,
    }

    /// A supplier of the merchant.
    pub struct Supplier {
        /// The provider's id.
        id: String,
        /// The person or the company.
        party: Party,
        /// The time at which the record was created in the provider's system.
        created_at: Time,
        /// The time of the last change.
        updated_at: Time,
    }

    /// A cart that the customer abandoned, or came back to.
    pub struct Cart {
        /// The provider's id.
        id: String,
        /// The step of the checkout that the customer reached, in the provider's words.
        phase: String,
        /// The order that the cart became.
        order_id: String,
        /// The channel that the customer came from.
        channel: String,
        /// The customer.
        customer: Party,
        /// The products in the cart.
        lines: Vec<Line>,
        /// The number of products.
        products_count: Decimal,
        /// The cart's total.
        total: Money,
        /// The number of reminders that were sent.
        reminders: Decimal,
        /// The link that opens the cart again.
        url: String,
        /// The time at which the record was created in the provider's system.
        created_at: Time,
        /// The time of the last change.
        updated_at: Time,
    }

    /// A category of products.
    pub struct Category {
        /// The provider's id.
        id: String,
        /// The provider's other id.
        uuid: String,
        /// The name.
        name: Words,
        /// The category that this one is in.
        parent_id: String,
        /// The names of the categories from the top to this one, in one text.
        path: String,
        /// The categories in this one.
        children: Vec<CategoryReference>,
        /// The description.
        description: Words,
        /// The name in URLs.
        slug: String,
        /// The page of the category.
        url: String,
        /// The picture.
        image_url: String,
        /// True if customers see the category.
        published: bool,
        /// The number of products in the category.
        products: Decimal,
    }

    /// A purchase from a supplier.
    pub struct PurchaseOrder {
        /// The provider's id.
        id: String,
        /// The number on the document.
        number: String,
        /// The merchant's own reference.
        reference: String,
        /// The kind of document, in the provider's words or codes.
        type_of_order: String,
        /// The state in the provider's words.
        status: String,
        /// The state in the common vocabulary.
        state: State,
        /// The state of the payment in the provider's words.
        payment_status: String,
        /// The state of the payment in the common vocabulary.
        payment_state: State,
        /// The payment method, as code where there is one.
        payment_method: String,
        /// The state of the goods in the provider's words.
        delivery_status: String,
        /// The state of the goods in the common vocabulary.
        delivery_state: State,
        /// True if the document was voided.
        voided: bool,
        /// The channel, or the merchant's tag of the document.
        channel: String,
        /// The outlet that buys.
        outlet: String,
        /// The place that the goods arrive at.
        location: Location,
        /// The page of the document.
        url: String,
        /// The supplier.
        supplier: Party,
        /// The user who created the document.
        creator: Actor,
        /// Tags that the merchant attached.
        tags: Vec<String>,
        /// The sum of the lines before discounts and tax.
        subtotal: Money,
        /// All discounts together, without a minus.
        discount: Money,
        /// The discounts one by one, in the order in which they apply.
        discounts: Vec<Discount>,
        /// The sum after discounts and before tax.
        net: Money,
        /// The tax. Absent where the provider does not document whether it is an amount.
        tax: Money,
        /// The tax rate in percent.
        tax_rate: Decimal,
        /// The name of the tax.
        tax_name: String,
        /// The provider's code for the way in which tax applies, where its meaning is not documented.
        tax_type: String,
        /// True if the prices contain the tax, false if it is added to them.
        tax_included: bool,
        /// The amount that tax is computed from.
        taxable: Money,
        /// The delivery fee.
        shipping_fee: Money,
        /// The tax in the delivery fee.
        shipping_tax: Money,
        /// Fees on top, such as a card fee.
        surcharge: Money,
        /// The amount to pay.
        total: Money,
        /// The amount that was paid. Absent if nothing was paid.
        paid: Money,
        /// The amount that is left to pay.
        amount_due: Money,
        /// Every position of the document's sums, as the provider lists them.
        charges: Vec<Charge>,
        /// A note.
        note: String,
        /// The products that are bought.
        lines: Vec<Line>,
        /// The payments.
        payments: Vec<Payment>,
        /// The delivery of the goods.
        delivery: Delivery,
        /// The time at which the order was placed.
        placed_at: Time,
        /// The time at which the payment is due.
        due_at: Time,
        /// The time at which the record was created in the provider's system.
        created_at: Time,
        /// The time of the last change.
        updated_at: Time,
    }

    /// Goods that come back from a customer.
    pub struct ReturnOrder {
        /// The provider's id.
        id: String,
        /// The number on the document.
        number: String,
        /// The order that the goods belong to.
        order_id: String,
        /// The number of the order that the goods belong to.
        order_number: String,
        /// The merchant's own reference.
        reference: String,
        /// The kind of return, in the provider's words.
        type_of_return: String,
        /// The state in the provider's words.
        status: String,
        /// The state in the common vocabulary.
        state: State,
        /// The reason as a code.
        reason_code: String,
        /// The reason in words.
        reason: String,
        /// True if some of the order's goods stay with the customer.
        partial: bool,
        /// The state of the payment in the provider's words.
        payment_status: String,
        /// The state of the payment in the common vocabulary.
        payment_state: State,
        /// The payment method, as code where there is one.
        payment_method: String,
        /// True if the document was voided.
        voided: bool,
        /// The channel that the sale came from.
        channel: String,
        /// The marketplace that the sale came from.
        marketplace: Marketplace,
        /// The place that the goods come back to.
        location: Location,
        /// The page of the document.
        url: String,
        /// The customer.
        customer: Party,
        /// The user who created the document.
        creator: Actor,
        /// Tags that the merchant attached.
        tags: Vec<String>,
        /// The sum of the lines before discounts and tax.
        subtotal: Money,
        /// All discounts together, without a minus.
        discount: Money,
        /// The discounts one by one, in the order in which they apply.
        discounts: Vec<Discount>,
        /// The sum after discounts and before tax.
        net: Money,
        /// The tax.
        tax: Money,
        /// The tax rate in percent.
        tax_rate: Decimal,
        /// The name of the tax.
        tax_name: String,
        /// The provider's code for the way in which tax applies, where its meaning is not documented.
        tax_type: String,
        /// True if the prices contain the tax, false if it is added to them.
        tax_included: bool,
        /// The amount that tax is computed from.
        taxable: Money,
        /// The delivery fee.
        shipping_fee: Money,
        /// The tax in the delivery fee.
        shipping_tax: Money,
        /// Fees on top, such as a card fee.
        surcharge: Money,
        /// The value of the return.
        total: Money,
        /// The amount that was paid. Absent if nothing was paid.
        paid: Money,
        /// The amount that is left to pay.
        amount_due: Money,
        /// Every position of the document's sums, as the provider lists them.
        charges: Vec<Charge>,
        /// The amount that was refunded so far.
        refunded: Money,
        /// A note.
        note: String,
        /// The products that come back.
        lines: Vec<Line>,
        /// The payments to the customer.
        payments: Vec<Payment>,
        /// The way back of the goods.
        delivery: Delivery,
        /// The time of the return.
        placed_at: Time,
        /// The time at which the record was created in the provider's system.
        created_at: Time,
        /// The time of the last change.
        updated_at: Time,
    }

    /// Goods that go back to a supplier.
    pub struct ReturnPurchaseOrder {
        /// The provider's id.
        id: String,
        /// The number on the document.
        number: String,
        /// The purchase order that the goods belong to.
        purchase_order_id: String,
        /// The number of the purchase order that the goods belong to.
        purchase_order_number: String,
        /// The merchant's own reference.
        reference: String,
        /// The state in the provider's words.
        status: String,
        /// The state in the common vocabulary.
        state: State,
        /// The state of the payment in the provider's words.
        payment_status: String,
        /// The state of the payment in the common vocabulary.
        payment_state: State,
        /// The payment method, as code where there is one.
        payment_method: String,
        /// True if the document was voided.
        voided: bool,
        /// The place that the goods leave from.
        location: Location,
        /// The page of the document.
        url: String,
        /// The supplier.
        supplier: Party,
        /// The user who created the document.
        creator: Actor,
        /// Tags that the merchant attached.
        tags: Vec<String>,
        /// The sum of the lines before discounts and tax.
        subtotal: Money,
        /// All discounts together, without a minus.
        discount: Money,
        /// The discounts one by one, in the order in which they apply.
        discounts: Vec<Discount>,
        /// The sum after discounts and before tax.
        net: Money,
        /// The tax.
        tax: Money,
        /// The tax rate in percent.
        tax_rate: Decimal,
        /// The name of the tax.
        tax_name: String,
        /// The provider's code for the way in which tax applies, where its meaning is not documented.
        tax_type: String,
        /// True if the prices contain the tax, false if it is added to them.
        tax_included: bool,
        /// The amount that tax is computed from.
        taxable: Money,
        /// The delivery fee.
        shipping_fee: Money,
        /// The tax in the delivery fee.
        shipping_tax: Money,
        /// Fees on top, such as a card fee.
        surcharge: Money,
        /// The value of the return.
        total: Money,
        /// The amount that was paid. Absent if nothing was paid.
        paid: Money,
        /// The amount that is left to pay.
        amount_due: Money,
        /// Every position of the document's sums, as the provider lists them.
        charges: Vec<Charge>,
        /// The amount that was refunded so far.
        refunded: Money,
        /// A note.
        note: String,
        /// The products that go back.
        lines: Vec<Line>,
        /// The payments from the supplier.
        payments: Vec<Payment>,
        /// The way of the goods.
        delivery: Delivery,
        /// The time of the return.
        placed_at: Time,
        /// The time at which the record was created in the provider's system.
        created_at: Time,
        /// The time of the last change.
        updated_at: Time,
    }

    /// Goods that move between the merchant's own places.
    pub struct Transfer {
        /// The provider's id.
        id: String,
        /// The number on the document.
        number: String,
        /// The merchant's own reference.
        reference: String,
        /// The kind of transfer, in the provider's words: some are corrections of the stock.
        type_of_transfer: String,
        /// The state in the provider's words.
        status: String,
        /// The state in the common vocabulary.
        state: State,
        /// The place that the goods come from, as code or as name.
        origin: String,
        /// The provider's id of that place.
        origin_id: String,
        /// The place that the goods go to, as code or as name.
        destination: String,
        /// The provider's id of that place.
        destination_id: String,
        /// The carrier.
        courier: String,
        /// The user who created the document.
        creator: Actor,
        /// A note.
        note: String,
        /// A note of the place that received the goods.
        received_note: String,
        /// Tags that the merchant attached.
        tags: Vec<String>,
        /// The value of the goods.
        total: Money,
        /// The products that move.
        lines: Vec<Line>,
        /// The time at which the goods left.
        sent_at: Time,
        /// The time at which the goods arrived.
        arrived_at: Time,
        /// The time at which the record was created in the provider's system.
        created_at: Time,
        /// The time of the last change.
        updated_at: Time,
    }

    /// Goods on their way in or out.
    pub struct Shipment {
        /// The provider's id.
        id: String,
        /// The number on the document.
        number: String,
        /// `outbound` to a customer or `inbound` from a supplier.
        direction: String,
        /// The state in the provider's words.
        status: String,
        /// The state in the common vocabulary.
        state: State,
        /// The reason for the state, as a code.
        reason_code: String,
        /// The reason for the state, in words.
        reason: String,
        /// The merchant's order that the shipment belongs to.
        order_id: String,
        /// The provider's own order that the shipment belongs to.
        provider_order_id: String,
        /// The provider's id of the merchant's shop.
        shop_id: String,
        /// The merchant's outlet at one end.
        outlet: String,
        /// The customer at the other end.
        customer: Party,
        /// The supplier at the other end.
        supplier: Party,
        /// The recipient, where the provider names one beside the customer.
        recipient: Party,
        /// The carrier.
        carrier: String,
        /// The carrier's service.
        service: String,
        /// The carrier's tracking number.
        tracking_number: String,
        /// The page that shows where the parcel is.
        tracking_url: String,
        /// The driver.
        driver: Driver,
        /// The fee.
        fee: Money,
        /// The fees one by one.
        charges: Vec<Charge>,
        /// The user who created the document.
        creator: Actor,
        /// A note.
        note: String,
        /// The products that travel.
        lines: Vec<Line>,
        /// The time at which the goods were shipped.
        shipped_at: Time,
        /// The time at which the goods arrived.
        arrived_at: Time,
        /// The time at which the record was created in the provider's system.
        created_at: Time,
        /// The time of the last change.
        updated_at: Time,
    }

    /// A correction of the stock.
    pub struct Adjustment {
        /// The provider's id.
        id: String,
        /// The number on the document.
        number: String,
        /// The kind of correction, in the provider's words.
        type_of_adjustment: String,
        /// The state in the provider's words.
        status: String,
        /// The state in the common vocabulary.
        state: State,
        /// The outlet whose stock it is.
        outlet: String,
        /// The person in charge.
        responsible: Personal,
        /// The user who created the document.
        creator: Actor,
        /// A note.
        note: String,
        /// The products that were corrected.
        lines: Vec<Line>,
        /// The products that were counted.
        counted: Vec<Line>,
        /// The time of the correction.
        adjusted_at: Time,
        /// The time at which the record was created in the provider's system.
        created_at: Time,
    }

    /// A cashier's shift.
    pub struct Shift {
        /// The provider's id.
        id: String,
        /// The number on the document.
        number: String,
        /// The kind of shift, in the provider's words.
        type_of_shift: String,
        /// The outlet.
        outlet: String,
        /// The till.
        register: String,
        /// The provider's id of the till.
        register_id: String,
        /// The cashier.
        cashier: Personal,
        /// The provider's id of the cashier.
        cashier_id: String,
        /// The user who created the record.
        creator: Actor,
        /// The takings. The provider's pages disagree on whether tax is in them.
        sales: Money,
        /// The takings before tax.
        net: Money,
        /// The tax.
        tax: Money,
        /// The amount that tax is computed from.
        taxable: Money,
        /// The amount that no tax applies to.
        tax_exempt: Money,
        /// Fees on top, such as card fees.
        surcharge: Money,
        /// The takings with the fees on top.
        sales_with_surcharge: Money,
        /// The money that customers owe.
        receivables: Receivables,
        /// The cash in the till at the beginning.
        opening_amount: Money,
        /// The number of invoices.
        invoices: Decimal,
        /// The number of visitors.
        visitors: Decimal,
        /// The last document number, in the provider's meaning.
        last_number: String,
        /// A note.
        note: String,
        /// The time at which the shift began.
        opened_at: Time,
        /// The time at which the shift ended.
        closed_at: Time,
        /// The time at which the record was created in the provider's system.
        created_at: Time,
    }

    /// A question for a customer's points, or a sale that earns some.
    pub struct Loyalty {
        /// The provider's id of the sale that earns.
        id: String,
        /// The number of the sale.
        number: String,
        /// The outlet that asks.
        outlet: String,
        /// The customer whose points it is about.
        customer: Party,
        /// The state of the payment in the provider's words.
        payment_status: String,
        /// The state of the payment in the common vocabulary.
        payment_state: State,
        /// The state of the goods in the provider's words.
        delivery_status: String,
        /// The state of the goods in the common vocabulary.
        delivery_state: State,
        /// True if the sale was voided.
        voided: bool,
        /// The channel that the sale came from.
        channel: String,
        /// The salesperson.
        salesperson: Personal,
        /// The user who entered the sale.
        creator: Actor,
        /// The sum of the lines before discounts and tax.
        subtotal: Money,
        /// All discounts together, without a minus.
        discount: Money,
        /// The discounts one by one, in the order in which they apply.
        discounts: Vec<Discount>,
        /// The sum after discounts and before tax.
        net: Money,
        /// The tax.
        tax: Money,
        /// The tax rate in percent.
        tax_rate: Decimal,
        /// The name of the tax.
        tax_name: String,
        /// The provider's code for the way in which tax applies, where its meaning is not documented.
        tax_type: String,
        /// True if the prices contain the tax, false if it is added to them.
        tax_included: bool,
        /// The amount that tax is computed from.
        taxable: Money,
        /// The delivery fee.
        shipping_fee: Money,
        /// The tax in the delivery fee.
        shipping_tax: Money,
        /// Fees on top, such as a card fee.
        surcharge: Money,
        /// The amount to pay.
        total: Money,
        /// The amount that was paid. Absent if nothing was paid.
        paid: Money,
        /// The amount that is left to pay.
        amount_due: Money,
        /// Every position of the document's sums, as the provider lists them.
        charges: Vec<Charge>,
        /// The coupon that was used.
        coupon: Discount,
        /// Loyalty points that the sale used and earned.
        points: Points,
        /// The merchant's own reference.
        reference: String,
        /// A note.
        note: String,
        /// The products that were sold.
        lines: Vec<Line>,
        /// The payments.
        payments: Vec<Payment>,
        /// The shipments.
        shipments: Vec<Shipment>,
        /// The delivery of the goods.
        delivery: Delivery,
        /// The time of the sale.
        placed_at: Time,
        /// The time at which the payment is due.
        due_at: Time,
        /// The time at which the record was created in the provider's system.
        created_at: Time,
    }

    /// A coupon that a customer shows at the till.
    pub struct Coupon {
        /// The provider's id.
        id: String,
        /// The code on the coupon.
        code: String,
        /// The outlet that asks.
        outlet: String,
        /// The unit of `value`.
        unit: Unit,
        /// The size of the reduction in that unit.
        value: Decimal,
        /// The customer.
        customer: Party,
        /// The total of the cart.
        cart_total: Money,
        /// The products in the cart.
        lines: Vec<Line>,
    }

    /// A shop or a warehouse of the merchant.
    pub struct Outlet {
        /// The provider's id.
        id: String,
        /// The code.
        code: String,
        /// The name.
        name: String,
        /// The e-mail address.
        email: Personal,
        /// The address in one text.
        address: Personal,
        /// True if the outlet is closed.
        suspended: bool,
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
        /// The state in the provider's words.
        status: String,
        /// The state in the common vocabulary.
        state: State,
        /// The name of the plan.
        plan: String,
        /// The provider's id of the plan.
        plan_id: String,
        /// The kind of plan, in the provider's words.
        type_of_plan: String,
        /// The name of the plan before.
        previous_plan: String,
        /// The amount that was paid.
        paid: Money,
        /// The merchant.
        merchant: Party,
        /// The time at which the plan began.
        starts_at: Time,
        /// The time at which the plan ends.
        ends_at: Time,
        /// The time of the payment.
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
        /// The state in the provider's words.
        status: String,
        /// The state in the common vocabulary.
        state: State,
        /// The name of the plan.
        plan: String,
        /// The provider's id of the plan.
        plan_id: String,
        /// The kind of plan, in the provider's words.
        type_of_plan: String,
        /// The name of the plan before.
        previous_plan: String,
        /// The amount that was paid.
        paid: Money,
        /// The merchant.
        merchant: Party,
        /// The time at which the plan began.
        starts_at: Time,
        /// The time at which the plan ends.
        ends_at: Time,
        /// The time of the payment.
        paid_at: Time,
    }

    /// An event that could not be read. The raw body is stored.
    pub struct Unknown {
        /// The id, where one could be read.
        id: String,
        /// The reason: `unknown_event`, `unreadable_body` or `nothing_read`.
        reason: String,
    }
}
