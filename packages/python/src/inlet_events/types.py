# Generated from schemas/ by `make types`.

from __future__ import annotations

from typing import Annotated, Literal

from inlet_events._model import Model
from pydantic import Field
from typing_extensions import TypeAliasType

Currency = TypeAliasType("Currency", Annotated[str, Field(..., title='Currency')])
"""
An ISO 4217 code: three capital letters.
"""


Decimal = TypeAliasType("Decimal", Annotated[str, Field(..., title='Decimal')])
"""
A decimal number: an optional `-`, digits, and optionally a point with digits. Never a float.
"""


class Dimensions(Model):
    """
    Width, length and height.
    """

    height: Decimal | None = None
    """
    The height.
    """
    length: Decimal | None = None
    """
    The length.
    """
    unit: str | None = None
    """
    The unit of all three.
    """
    width: Decimal | None = None
    """
    The width.
    """


Direction = TypeAliasType(
    "Direction", Annotated[Literal['in', 'out'] | str, Field(..., title='Direction')]
)
"""
The direction of a payment, seen from the merchant.
"""


class ExchangeRate(Model):
    """
    A currency and its exchange rate. The direction of the rate is the provider's; read the provider's notes.
    """

    currency: Currency | None = None
    """
    The ISO 4217 code.
    """
    rate: Decimal | None = None
    """
    The rate, with the digits that were sent.
    """


class Flags(Model):
    """
    Yes-or-no facts about an order.
    """

    cash_on_delivery: bool | None = None
    """
    The customer pays on delivery.
    """
    cash_on_delivery_confirmed: bool | None = None
    """
    The customer confirmed an order that is paid on delivery.
    """
    deposit: bool | None = None
    """
    The order is a deposit.
    """
    gift: bool | None = None
    """
    The order is a gift.
    """
    guest: bool | None = None
    """
    The customer has no account.
    """
    marketplace: bool | None = None
    """
    The order was placed on a marketplace.
    """
    needs_shipping: bool | None = None
    """
    The goods are shipped.
    """
    needs_shipping_method: bool | None = None
    """
    The merchant must choose the delivery method.
    """
    on_demand: bool | None = None
    """
    The goods are made or delivered on demand.
    """
    other_recipient: bool | None = None
    """
    The recipient is not the customer.
    """
    potential_fraud: bool | None = None
    """
    The provider suspects fraud.
    """
    preorder: bool | None = None
    """
    The goods are ordered before they are available.
    """
    preorder_allocated: bool | None = None
    """
    The goods of a preorder are reserved.
    """
    quick_checkout: bool | None = None
    """
    The customer used a short checkout.
    """
    reactivated: bool | None = None
    """
    The order was cancelled and opened again.
    """
    reseller: bool | None = None
    """
    A reseller placed the order.
    """


class Image(Model):
    """
    A picture.
    """

    alt: str | None = None
    """
    The text that describes the picture.
    """
    url: str | None = None
    """
    The address of the largest version.
    """


Instant = TypeAliasType("Instant", Annotated[str, Field(..., title='Instant')])
"""
An RFC 3339 date-time with its offset.
"""


class Local(Model):
    """
    A local date, with or without a time of day.
    """

    local: str
    """
    ISO 8601 without an offset: `2024-03-05` or `2024-03-05T10:11:12`, with a fraction where one was sent.
    """
    zone: str | None
    """
    The store's time zone beside a day; null where the zone is not known.
    """


class Money(Model):
    """
    An amount with its currency.
    """

    amount: Decimal
    """
    The amount, with the digits that were sent.
    """
    currency: Currency | None
    """
    The ISO 4217 code; null where the provider sends none and the store has no setting for it.
    """


class OutletPrice(Model):
    """
    The price of a product in one outlet.
    """

    extra_cost: Money | None = None
    """
    The cost that this outlet adds.
    """
    outlet: str | None = None
    """
    The outlet's name.
    """
    price: Money | None = None
    """
    The price there.
    """


Personal = TypeAliasType("Personal", Annotated[str, Field(..., title='Personal')])
"""
A name, an e-mail address, a phone number or a street. It must not reach a log, an error or a metric.
"""


class Points(Model):
    """
    Loyalty points of one sale.
    """

    balance: Decimal | None = None
    """
    The points that the customer has now.
    """
    earned: Decimal | None = None
    """
    The points that the customer earned.
    """
    used: Decimal | None = None
    """
    The points that the customer spent.
    """


Purpose = TypeAliasType(
    "Purpose",
    Annotated[Literal['payment', 'write_off'] | str, Field(..., title='Purpose')],
)
"""
The purpose of a payment record.
"""


class Receivables(Model):
    """
    Money that customers owe, in a report.
    """

    amount: Money | None = None
    """
    The sum.
    """
    count: Decimal | None = None
    """
    The number of documents.
    """


State = TypeAliasType(
    "State",
    Annotated[
        Literal[
            'draft',
            'open',
            'in_progress',
            'in_transit',
            'partially_fulfilled',
            'fulfilled',
            'authorized',
            'partially_paid',
            'paid',
            'cancelled',
            'declined',
            'partially_returned',
            'returned',
            'partially_refunded',
            'refunded',
            'failed',
            'expired',
            'active',
            'suspended',
        ]
        | str,
        Field(..., title='State'),
    ],
)
"""
The state of an order, a payment, a delivery, a return, a document or a subscription, in one vocabulary for all providers. Absent where a provider's word has no documented meaning.
"""


Time = TypeAliasType("Time", Annotated[Instant | Local, Field(..., title='Time')])
"""
A point in time, or a local time whose zone is not known.
"""


Unit = TypeAliasType(
    "Unit", Annotated[Literal['amount', 'percent'] | str, Field(..., title='Unit')]
)
"""
The unit of a discount's `value`.
"""


class Unknown(Model):
    """
    An event that could not be read. The raw body is stored.
    """

    id: str | None = None
    """
    The id, where one could be read.
    """
    reason: str | None = None
    """
    The reason: `unknown_event`, `unreadable_body` or `nothing_read`.
    """


Words = TypeAliasType(
    "Words", Annotated[str | dict[str, str], Field(..., title='Words')]
)
"""
A text in one language or in several.
"""


class Actor(Model):
    """
    A user of the provider's system who did something.
    """

    id: str | None = None
    """
    The provider's id.
    """
    name: Personal | None = None
    """
    The name.
    """


class Address(Model):
    """
    A postal address.
    """

    additional_number: Personal | None = None
    """
    The additional number of a Saudi national address.
    """
    building_number: Personal | None = None
    """
    The building's number, where it is apart from the street.
    """
    city: Personal | None = None
    """
    City.
    """
    country: str | None = None
    """
    Country, as code or as name.
    """
    district: Personal | None = None
    """
    District.
    """
    latitude: Personal | None = None
    """
    Degrees north, as sent.
    """
    line1: Personal | None = None
    """
    Street and house number.
    """
    line2: Personal | None = None
    """
    More of the street.
    """
    longitude: Personal | None = None
    """
    Degrees east, as sent.
    """
    postal_code: Personal | None = None
    """
    Postal code.
    """
    short_address: Personal | None = None
    """
    The short code of a Saudi national address.
    """
    state: Personal | None = None
    """
    State or province.
    """
    subdistrict: Personal | None = None
    """
    Sub-district.
    """
    text: Personal | None = None
    """
    The whole address in one text.
    """


class Bundle(Model):
    """
    A bundle: several products that are sold as one.
    """

    code: str | None = None
    """
    The code.
    """
    id: str | None = None
    """
    The provider's id.
    """
    item_id: str | None = None
    """
    The provider's id of the line's part in the bundle.
    """
    name: Words | None = None
    """
    The name.
    """
    quantity: Decimal | None = None
    """
    The number of bundles.
    """


class CategoryReference(Model):
    """
    A category as named inside a product, or a category's child.
    """

    id: str | None = None
    """
    The provider's id.
    """
    name: Words | None = None
    """
    The name.
    """


class Charge(Model):
    """
    One position of a document's sums, as the provider lists them.
    """

    amount: Money | None = None
    """
    The amount, negative where it reduces the total.
    """
    code: str | None = None
    """
    The provider's code of the position.
    """
    is_sum: bool | None = None
    """
    True if the position is a sum of others, so that adding it up would count twice.
    """
    title: str | None = None
    """
    The title, often translated.
    """


class Component(Model):
    """
    A part of a composite product.
    """

    name: Words | None = None
    """
    The part's name.
    """
    quantity: Decimal | None = None
    """
    The quantity in one composite product.
    """
    sku: str | None = None
    """
    The part's code.
    """


class Currencies(Model):
    """
    The currencies that are involved in an order.
    """

    order: ExchangeRate | None = None
    """
    The currency of the order's amounts.
    """
    store: ExchangeRate | None = None
    """
    The currency that the store keeps its books in.
    """
    transaction: ExchangeRate | None = None
    """
    The currency that the customer was charged in.
    """
    transaction_differs: bool | None = None
    """
    True if the customer was charged in another currency than the order's.
    """


class CustomField(Model):
    """
    A field that the merchant defined and the customer filled in.
    """

    name: str | None = None
    """
    The field's name.
    """
    price: Money | None = None
    """
    The price that the value adds.
    """
    value: Personal | None = None
    """
    The value that the customer entered.
    """


class Discount(Model):
    """
    A reduction of a price: a discount or a coupon.
    """

    amount: Money | None = None
    """
    The money that the discount takes off, without a minus.
    """
    code: str | None = None
    """
    The code, such as the coupon code that the customer entered.
    """
    id: str | None = None
    """
    The provider's id.
    """
    name: str | None = None
    """
    The name.
    """
    note: str | None = None
    """
    A note.
    """
    unit: Unit | None = None
    """
    The unit of `value`: `amount` or `percent`. Absent where the provider does not document it.
    """
    value: Decimal | None = None
    """
    The size in that unit, without a minus: `10` for 10 percent.
    """


class Driver(Model):
    """
    A driver who carries a shipment.
    """

    id: Personal | None = None
    """
    The carrier's id of the driver.
    """
    latitude: Personal | None = None
    """
    The last known position, degrees north.
    """
    longitude: Personal | None = None
    """
    The last known position, degrees east.
    """
    name: Personal | None = None
    """
    The name.
    """
    phone: Personal | None = None
    """
    The telephone number.
    """
    photo_url: Personal | None = None
    """
    The picture.
    """
    plate: Personal | None = None
    """
    The number plate.
    """


class Gift(Model):
    """
    A gift's texts.
    """

    media_url: Personal | None = None
    """
    A picture or film that belongs to the message.
    """
    message: Personal | None = None
    """
    The message to the recipient.
    """
    receiver: Personal | None = None
    """
    The name of the person who receives.
    """
    sender: Personal | None = None
    """
    The name of the person who gives.
    """


class Location(Model):
    """
    A shop, a warehouse or another place of the merchant that holds goods.
    """

    address: Address | None = None
    """
    The address.
    """
    code: str | None = None
    """
    The code that the merchant assigned.
    """
    id: str | None = None
    """
    The provider's id.
    """
    name: Words | None = None
    """
    The name.
    """
    type_of_location: str | None = None
    """
    The kind of place, in the provider's words.
    """


class Lot(Model):
    """
    A lot or batch of goods.
    """

    expires_at: Time | None = None
    """
    The time at which the goods expire.
    """
    number: str | None = None
    """
    The lot's number.
    """
    quantity: Decimal | None = None
    """
    The quantity from this lot.
    """


class Marketplace(Model):
    """
    The marketplace that an order came from.
    """

    commission: Money | None = None
    """
    The commission.
    """
    commission_rate: Decimal | None = None
    """
    The commission in percent.
    """
    name: str | None = None
    """
    The marketplace's name.
    """
    payment_status: str | None = None
    """
    The state of the payment, in the marketplace's words.
    """
    platform: str | None = None
    """
    The platform through which the marketplace is connected.
    """
    shop: str | None = None
    """
    The merchant's shop on the marketplace.
    """
    status: str | None = None
    """
    The state of the goods, in the marketplace's words.
    """


class Outlet(Model):
    """
    A shop or a warehouse of the merchant.
    """

    address: Personal | None = None
    """
    The address in one text.
    """
    code: str | None = None
    """
    The code.
    """
    email: Personal | None = None
    """
    The e-mail address.
    """
    id: str | None = None
    """
    The provider's id.
    """
    name: str | None = None
    """
    The name.
    """
    suspended: bool | None = None
    """
    True if the outlet is closed.
    """


class Parcel(Model):
    """
    One parcel of a delivery.
    """

    carrier: str | None = None
    """
    The carrier.
    """
    shipped_at: Time | None = None
    """
    The time at which the parcel was shipped.
    """
    tracking_number: str | None = None
    """
    The carrier's tracking number.
    """
    tracking_url: str | None = None
    """
    The page that shows where the parcel is.
    """


class Party(Model):
    """
    A customer, a supplier, a merchant or a recipient.
    """

    address: Address | None = None
    """
    The address.
    """
    branch_name: Personal | None = None
    """
    The name of the company's branch, as tax documents name it.
    """
    branch_number: Personal | None = None
    """
    The number of the company's branch, as tax documents number it.
    """
    business_name: Personal | None = None
    """
    The company's name.
    """
    code: str | None = None
    """
    The code that the merchant assigned, such as a member code.
    """
    email: Personal | None = None
    """
    The e-mail address. May be masked or a placeholder, so it is not validated.
    """
    first_name: Personal | None = None
    """
    The given name.
    """
    gender: Personal | None = None
    """
    The gender, in the provider's words or codes.
    """
    id: str | None = None
    """
    The provider's id.
    """
    identity_number: Personal | None = None
    """
    The number of an identity card or document.
    """
    last_name: Personal | None = None
    """
    The family name.
    """
    marketplace_id: Personal | None = None
    """
    The id that the party has at the marketplace.
    """
    marketplace_name: Personal | None = None
    """
    The name that the party has at the marketplace.
    """
    mobile: Personal | None = None
    """
    The mobile telephone number as sent.
    """
    name: Personal | None = None
    """
    The full name.
    """
    nickname: Personal | None = None
    """
    The nickname.
    """
    note: Personal | None = None
    """
    A note about the party.
    """
    phone: Personal | None = None
    """
    The telephone number as sent.
    """
    registration_number: Personal | None = None
    """
    The number in the commercial register.
    """
    social: dict[str, Personal] | None = None
    """
    Names and ids in social networks, by the provider's field name.
    """
    tax_id: Personal | None = None
    """
    The tax number.
    """
    title: Personal | None = None
    """
    The form of address.
    """
    type_of_party: str | None = None
    """
    Person or company, in the provider's words.
    """
    verified: bool | None = None
    """
    True if the provider verified the account.
    """


class Payment(Model):
    """
    Money that moved, that was meant to move, or that was written off.
    """

    amount: Money | None = None
    """
    The amount.
    """
    bank: str | None = None
    """
    The bank.
    """
    created_at: Time | None = None
    """
    The time at which the record was created in the provider's system.
    """
    creator: Actor | None = None
    """
    The user who entered the payment.
    """
    customer: Party | None = None
    """
    The customer who pays.
    """
    direction: Direction | None = None
    """
    `in` if the merchant receives, `out` if the merchant pays. Absent for a write-off.
    """
    id: str | None = None
    """
    The provider's id of the payment, or of the order that is paid where payments have none.
    """
    merchant_id: str | None = None
    """
    The merchant's account at the provider.
    """
    message: str | None = None
    """
    The reason why it did not work.
    """
    metadata: dict[str, str] | None = None
    """
    Names and values that the merchant sent along.
    """
    method: str | None = None
    """
    The name of the payment method.
    """
    method_code: str | None = None
    """
    The code of the payment method.
    """
    method_id: str | None = None
    """
    The provider's id of the payment method.
    """
    network: str | None = None
    """
    The card network or payment network.
    """
    note: str | None = None
    """
    A note.
    """
    number: str | None = None
    """
    The number on the document.
    """
    operation: str | None = None
    """
    The operation, in the provider's words.
    """
    order_id: str | None = None
    """
    The order or invoice that the payment belongs to.
    """
    outlet: str | None = None
    """
    The outlet that took the payment.
    """
    paid_at: Time | None = None
    """
    The time at which the money moved. Absent where no money moved.
    """
    processed_at: Time | None = None
    """
    The time at which the provider carried out the operation, or tried to.
    """
    purchase_order_id: str | None = None
    """
    The purchase order or supplier bill that the payment belongs to.
    """
    purpose: Purpose | None = None
    """
    `payment` or `write_off`.
    """
    reason: str | None = None
    """
    The reason of a write-off.
    """
    reason_id: str | None = None
    """
    The provider's id of a write-off's reason or tag.
    """
    reference: str | None = None
    """
    The merchant's, the bank's or the terminal's reference of this payment.
    """
    sender_name: Personal | None = None
    """
    The name of the person who transferred the money.
    """
    slip_url: Personal | None = None
    """
    A picture of the transfer slip.
    """
    state: State | None = None
    """
    The state in the common vocabulary.
    """
    status: str | None = None
    """
    The state in the provider's words.
    """
    success: bool | None = None
    """
    True if the operation worked.
    """
    supplier: Party | None = None
    """
    The supplier who is paid.
    """
    territory: str | None = None
    """
    The provider's region.
    """
    test: bool | None = None
    """
    True if it is a test.
    """
    type_of_method: str | None = None
    """
    The kind of payment method, in the provider's words.
    """
    updated_at: Time | None = None
    """
    The time of the last change.
    """


class ProductOption(Model):
    """
    An option that a product's variants differ in.
    """

    id: str | None = None
    """
    The provider's id.
    """
    name: Words | None = None
    """
    The name.
    """
    values: list[Words] | None = None
    """
    The values to choose from.
    """


class SelectedOption(Model):
    """
    A choice that makes a variant, such as `Size` = `42`.
    """

    name: Words | None = None
    """
    The option's name; absent where the provider sends the value alone.
    """
    value: Words | None = None
    """
    The chosen value.
    """


class Shift(Model):
    """
    A cashier's shift.
    """

    cashier: Personal | None = None
    """
    The cashier.
    """
    cashier_id: str | None = None
    """
    The provider's id of the cashier.
    """
    closed_at: Time | None = None
    """
    The time at which the shift ended.
    """
    created_at: Time | None = None
    """
    The time at which the record was created in the provider's system.
    """
    creator: Actor | None = None
    """
    The user who created the record.
    """
    id: str | None = None
    """
    The provider's id.
    """
    invoices: Decimal | None = None
    """
    The number of invoices.
    """
    last_number: str | None = None
    """
    The last document number, in the provider's meaning.
    """
    net: Money | None = None
    """
    The takings before tax.
    """
    note: str | None = None
    """
    A note.
    """
    number: str | None = None
    """
    The number on the document.
    """
    opened_at: Time | None = None
    """
    The time at which the shift began.
    """
    opening_amount: Money | None = None
    """
    The cash in the till at the beginning.
    """
    outlet: str | None = None
    """
    The outlet.
    """
    receivables: Receivables | None = None
    """
    The money that customers owe.
    """
    register_: str | None = Field(None, alias='register')
    """
    The till.
    """
    register_id: str | None = None
    """
    The provider's id of the till.
    """
    sales: Money | None = None
    """
    The takings. The provider's pages disagree on whether tax is in them.
    """
    sales_with_surcharge: Money | None = None
    """
    The takings with the fees on top.
    """
    surcharge: Money | None = None
    """
    Fees on top, such as card fees.
    """
    tax: Money | None = None
    """
    The tax.
    """
    tax_exempt: Money | None = None
    """
    The amount that no tax applies to.
    """
    taxable: Money | None = None
    """
    The amount that tax is computed from.
    """
    type_of_shift: str | None = None
    """
    The kind of shift, in the provider's words.
    """
    visitors: Decimal | None = None
    """
    The number of visitors.
    """


class Stock(Model):
    """
    A stock level: how many there are, not how many were added.
    """

    allocated: Decimal | None = None
    """
    The quantity that is reserved.
    """
    available: Decimal | None = None
    """
    The quantity that can be sold.
    """
    counted_at: Time | None = None
    """
    The time at which the quantity was counted or sent.
    """
    id: str | None = None
    """
    The provider's id of the product, or of the stock record where it has one.
    """
    merchant_sku: str | None = None
    """
    The merchant's own code of the product.
    """
    name: Words | None = None
    """
    The product's name.
    """
    on_hand: Decimal | None = None
    """
    The quantity that is there.
    """
    partner_id: str | None = None
    """
    The provider's id of the stock's owner.
    """
    sku: str | None = None
    """
    The product's code.
    """
    warehouse: str | None = None
    """
    The warehouse, as code or as name.
    """


class StockLevel(Model):
    """
    The stock of a product in one location.
    """

    allocated: Decimal | None = None
    """
    The quantity that is reserved.
    """
    available: Decimal | None = None
    """
    The quantity that can be sold.
    """
    id: str | None = None
    """
    The provider's id of the stock record.
    """
    location: Location | None = None
    """
    The location.
    """
    on_hand: Decimal | None = None
    """
    The quantity that is there.
    """
    unlimited: bool | None = None
    """
    True if the quantity is unlimited.
    """


class Subscription(Model):
    """
    A merchant's subscription to an app.
    """

    app_id: str | None = None
    """
    The app.
    """
    ends_at: Time | None = None
    """
    The time at which the plan ends.
    """
    id: str | None = None
    """
    The app and the store, as the provider's ids.
    """
    merchant: Party | None = None
    """
    The merchant.
    """
    paid: Money | None = None
    """
    The amount that was paid.
    """
    paid_at: Time | None = None
    """
    The time of the payment.
    """
    plan: str | None = None
    """
    The name of the plan.
    """
    plan_id: str | None = None
    """
    The provider's id of the plan.
    """
    previous_plan: str | None = None
    """
    The name of the plan before.
    """
    provider_store_id: str | None = None
    """
    The provider's id of the merchant's store.
    """
    provider_store_uuid: str | None = None
    """
    The provider's other id of the merchant's store.
    """
    starts_at: Time | None = None
    """
    The time at which the plan began.
    """
    state: State | None = None
    """
    The state in the common vocabulary.
    """
    status: str | None = None
    """
    The state in the provider's words.
    """
    store_url: str | None = None
    """
    The merchant's store.
    """
    type_of_plan: str | None = None
    """
    The kind of plan, in the provider's words.
    """


class Supplier(Model):
    """
    A supplier of the merchant.
    """

    created_at: Time | None = None
    """
    The time at which the record was created in the provider's system.
    """
    id: str | None = None
    """
    The provider's id.
    """
    party: Party | None = None
    """
    The person or the company.
    """
    updated_at: Time | None = None
    """
    The time of the last change.
    """


class App(Model):
    """
    An app in a merchant's store.
    """

    app_id: str | None = None
    """
    The app.
    """
    ends_at: Time | None = None
    """
    The time at which the plan ends.
    """
    id: str | None = None
    """
    The app and the store, as the provider's ids.
    """
    merchant: Party | None = None
    """
    The merchant.
    """
    paid: Money | None = None
    """
    The amount that was paid.
    """
    paid_at: Time | None = None
    """
    The time of the payment.
    """
    plan: str | None = None
    """
    The name of the plan.
    """
    plan_id: str | None = None
    """
    The provider's id of the plan.
    """
    previous_plan: str | None = None
    """
    The name of the plan before.
    """
    provider_store_id: str | None = None
    """
    The provider's id of the merchant's store.
    """
    provider_store_uuid: str | None = None
    """
    The provider's other id of the merchant's store.
    """
    starts_at: Time | None = None
    """
    The time at which the plan began.
    """
    state: State | None = None
    """
    The state in the common vocabulary.
    """
    status: str | None = None
    """
    The state in the provider's words.
    """
    store_url: str | None = None
    """
    The merchant's store.
    """
    type_of_plan: str | None = None
    """
    The kind of plan, in the provider's words.
    """


class Category(Model):
    """
    A category of products.
    """

    children: list[CategoryReference] | None = None
    """
    The categories in this one.
    """
    description: Words | None = None
    """
    The description.
    """
    id: str | None = None
    """
    The provider's id.
    """
    image_url: str | None = None
    """
    The picture.
    """
    name: Words | None = None
    """
    The name.
    """
    parent_id: str | None = None
    """
    The category that this one is in.
    """
    path: str | None = None
    """
    The names of the categories from the top to this one, in one text.
    """
    products: Decimal | None = None
    """
    The number of products in the category.
    """
    published: bool | None = None
    """
    True if customers see the category.
    """
    slug: str | None = None
    """
    The name in URLs.
    """
    url: str | None = None
    """
    The page of the category.
    """
    uuid: str | None = None
    """
    The provider's other id.
    """


class Customer(Model):
    """
    A customer of the merchant.
    """

    active: bool | None = None
    """
    True if the account may buy.
    """
    average_order: Money | None = None
    """
    The average total of an order.
    """
    birth_date: Personal | None = None
    """
    The date of birth.
    """
    cash_on_delivery: bool | None = None
    """
    True if the customer may pay on delivery.
    """
    channel: str | None = None
    """
    The channel that the customer came from.
    """
    created_at: Time | None = None
    """
    The time at which the record was created in the provider's system.
    """
    expires_at: Time | None = None
    """
    The time at which the membership ends.
    """
    group: str | None = None
    """
    The customer group.
    """
    id: str | None = None
    """
    The provider's id.
    """
    joined_at: Time | None = None
    """
    The time at which the membership began.
    """
    last_order_at: Time | None = None
    """
    The time of the last order.
    """
    orders: Decimal | None = None
    """
    The number of orders.
    """
    outlet: str | None = None
    """
    The outlet that knows the customer.
    """
    party: Party | None = None
    """
    The person or the company.
    """
    points: Decimal | None = None
    """
    The loyalty points.
    """
    points_pending: Decimal | None = None
    """
    The loyalty points that do not count yet.
    """
    tags: list[str] | None = None
    """
    Tags that the merchant attached.
    """
    total_paid: Money | None = None
    """
    The amount of all payments.
    """
    updated_at: Time | None = None
    """
    The time of the last change.
    """
    verified: bool | None = None
    """
    True if the provider verified the account.
    """


class Delivery(Model):
    """
    The delivery of an order's goods.
    """

    address: Address | None = None
    """
    The address that the goods go to.
    """
    carrier: str | None = None
    """
    The carrier.
    """
    delivered_at: Time | None = None
    """
    The time at which the goods were delivered.
    """
    estimate: str | None = None
    """
    The delivery time that was announced to the customer, in the provider's words.
    """
    label_url: str | None = None
    """
    The shipping label.
    """
    method: str | None = None
    """
    The name of the delivery method.
    """
    method_code: str | None = None
    """
    The code of the delivery method.
    """
    packages: Decimal | None = None
    """
    The number of parcels.
    """
    parcels: list[Parcel] | None = None
    """
    The parcels, where the provider lists them.
    """
    recipient: Party | None = None
    """
    The recipient, where the provider names one beside the buyer.
    """
    service: str | None = None
    """
    The carrier's service.
    """
    shipped_at: Time | None = None
    """
    The time at which the goods were shipped, or will be.
    """
    state: State | None = None
    """
    The state in the common vocabulary.
    """
    status: str | None = None
    """
    The state in the provider's words.
    """
    tracking_number: str | None = None
    """
    The carrier's tracking number: the only one, or the first.
    """
    tracking_url: str | None = None
    """
    The page that shows where the parcel is.
    """


class Line(Model):
    """
    A line of an order, a purchase, a return, a transfer, a shipment or an adjustment.
    """

    additions: Money | None = None
    """
    The price of one that the chosen options add.
    """
    barcode: str | None = None
    """
    The barcode.
    """
    bundle: Bundle | None = None
    """
    The bundle that the line is a part of.
    """
    commission: Money | None = None
    """
    The salesperson's commission.
    """
    custom_fields: list[CustomField] | None = None
    """
    Fields that the customer filled in.
    """
    description: Words | None = None
    """
    A short description.
    """
    discount: Discount | None = None
    """
    The discount of the line.
    """
    discounts: list[Discount] | None = None
    """
    The document's discounts that the line bears a part of.
    """
    earns_points: bool | None = None
    """
    True if the line earns loyalty points.
    """
    expense: Money | None = None
    """
    An expense of the line, in the provider's meaning.
    """
    gross_price: Money | None = None
    """
    The price of one with tax.
    """
    id: str | None = None
    """
    The line's own id.
    """
    images: list[Image] | None = None
    """
    Pictures.
    """
    lots: list[Lot] | None = None
    """
    Lots that the pieces are from.
    """
    marketplace_item_id: str | None = None
    """
    The marketplace's id of the item.
    """
    marketplace_variant_id: str | None = None
    """
    The marketplace's id of the variant.
    """
    name: Words | None = None
    """
    The name.
    """
    net_price: Money | None = None
    """
    The price of one without tax, or after discounts where the provider's word for it is net price.
    """
    note: str | None = None
    """
    A note.
    """
    options: list[SelectedOption] | None = None
    """
    The chosen options, such as size and colour.
    """
    original_price: Money | None = None
    """
    The price of one before the discount.
    """
    parent_id: str | None = None
    """
    The id of the product that the variant belongs to.
    """
    parent_name: Words | None = None
    """
    The name of the product that the variant belongs to.
    """
    product_id: str | None = None
    """
    The id of the product or the variant.
    """
    quantity: Decimal | None = None
    """
    The quantity.
    """
    sale_price: Money | None = None
    """
    The sale price of one.
    """
    salesperson: Personal | None = None
    """
    The salesperson.
    """
    serials: list[str] | None = None
    """
    Serial numbers of the pieces.
    """
    sku: str | None = None
    """
    The code of the product or the variant.
    """
    tax: Money | None = None
    """
    The tax in the line.
    """
    tax_rate: Decimal | None = None
    """
    The tax rate in percent.
    """
    tax_status: str | None = None
    """
    The tax status, in the provider's words or codes.
    """
    taxable: bool | None = None
    """
    True if tax applies.
    """
    total: Money | None = None
    """
    The line's total.
    """
    total_after_discount: Money | None = None
    """
    The line's total after its part of the document's discounts.
    """
    total_before_discount: Money | None = None
    """
    The line's total before the discount.
    """
    total_before_tax: Money | None = None
    """
    The line's total without tax.
    """
    total_cost: Money | None = None
    """
    The cost of the whole line for the merchant.
    """
    type_of_product: str | None = None
    """
    The kind of product, in the provider's words or codes.
    """
    unit: str | None = None
    """
    The unit that `quantity` counts.
    """
    unit_cost: Money | None = None
    """
    The cost of one for the merchant.
    """
    unit_price: Money | None = None
    """
    The price of one.
    """
    unit_quantity: Decimal | None = None
    """
    The quantity in the provider's other unit.
    """
    url: str | None = None
    """
    The page of the product.
    """
    weight: Decimal | None = None
    """
    The weight of one.
    """
    weight_unit: str | None = None
    """
    The unit of `weight`.
    """


class Product(Model):
    """
    A product, or a variant of one.
    """

    active: bool | None = None
    """
    True if the product is in use.
    """
    available: Decimal | None = None
    """
    The quantity that can be sold.
    """
    barcode: str | None = None
    """
    The barcode.
    """
    brand: str | None = None
    """
    The brand.
    """
    categories: list[CategoryReference] | None = None
    """
    All categories.
    """
    category: str | None = None
    """
    The category's name.
    """
    category_id: str | None = None
    """
    The provider's id of the category.
    """
    components: list[Component] | None = None
    """
    The parts of a composite product.
    """
    cost: Money | None = None
    """
    The cost of one for the merchant.
    """
    created_at: Time | None = None
    """
    The time at which the record was created in the provider's system.
    """
    description: Words | None = None
    """
    The description.
    """
    dimensions: Dimensions | None = None
    """
    Width, length and height of one.
    """
    discontinued: bool | None = None
    """
    True if the product is no longer sold.
    """
    discount: Discount | None = None
    """
    The discount of the price.
    """
    draft: bool | None = None
    """
    True if the product is a draft.
    """
    earns_points: bool | None = None
    """
    True if the product earns loyalty points.
    """
    id: str | None = None
    """
    The provider's id.
    """
    image_url: str | None = None
    """
    The main picture.
    """
    images: list[Image] | None = None
    """
    All pictures.
    """
    name: Words | None = None
    """
    The name.
    """
    needs_shipping: bool | None = None
    """
    True if the product is shipped.
    """
    options: list[ProductOption] | None = None
    """
    The options that the product's variants differ in.
    """
    order_price: Money | None = None
    """
    The price of one on purchase orders.
    """
    outlet_prices: list[OutletPrice] | None = None
    """
    The prices that differ by outlet.
    """
    parent: str | None = None
    """
    The product that this is a variant of, as id or as name.
    """
    parent_sku: str | None = None
    """
    The code of the product that this is a variant of.
    """
    price: Money | None = None
    """
    The price of one.
    """
    published: bool | None = None
    """
    True if customers see the product.
    """
    purchase_tax_status: str | None = None
    """
    The tax status of purchases, in the provider's words or codes.
    """
    quantity: Decimal | None = None
    """
    The quantity in stock.
    """
    released_at: Time | None = None
    """
    The time from which the product is sold.
    """
    sale_price: Money | None = None
    """
    The price of one while a sale lasts.
    """
    selected_options: list[SelectedOption] | None = None
    """
    The choices that make the variant.
    """
    short_description: Words | None = None
    """
    The short description.
    """
    sku: str | None = None
    """
    The code.
    """
    stocks: list[StockLevel] | None = None
    """
    The stock by location.
    """
    structure: str | None = None
    """
    Standalone, parent or child, in the provider's words.
    """
    supplier: str | None = None
    """
    The supplier's name.
    """
    tags: list[str] | None = None
    """
    Words to find the product by.
    """
    tax_status: str | None = None
    """
    The tax status of sales, in the provider's words or codes.
    """
    taxable: bool | None = None
    """
    True if tax applies.
    """
    thumbnail_url: str | None = None
    """
    The small version of the main picture.
    """
    type_of_product: str | None = None
    """
    The kind of product, in the provider's words or codes.
    """
    unit: str | None = None
    """
    The unit that quantities count.
    """
    unlimited: bool | None = None
    """
    True if the quantity is unlimited.
    """
    updated_at: Time | None = None
    """
    The time of the last change.
    """
    url: str | None = None
    """
    The page of the product.
    """
    variant: str | None = None
    """
    The words that make the variant, such as its size.
    """
    variants: list[Product] | None = None
    """
    The variants.
    """
    variation_id: str | None = None
    """
    The provider's id of the group of variants.
    """
    weight: Decimal | None = None
    """
    The weight of one.
    """
    weight_unit: str | None = None
    """
    The unit of `weight`.
    """


class PurchaseOrder(Model):
    """
    A purchase from a supplier.
    """

    amount_due: Money | None = None
    """
    The amount that is left to pay.
    """
    channel: str | None = None
    """
    The channel, or the merchant's tag of the document.
    """
    charges: list[Charge] | None = None
    """
    Every position of the document's sums, as the provider lists them.
    """
    created_at: Time | None = None
    """
    The time at which the record was created in the provider's system.
    """
    creator: Actor | None = None
    """
    The user who created the document.
    """
    delivery: Delivery | None = None
    """
    The delivery of the goods.
    """
    delivery_state: State | None = None
    """
    The state of the goods in the common vocabulary.
    """
    delivery_status: str | None = None
    """
    The state of the goods in the provider's words.
    """
    discount: Money | None = None
    """
    All discounts together, without a minus.
    """
    discounts: list[Discount] | None = None
    """
    The discounts one by one, in the order in which they apply.
    """
    due_at: Time | None = None
    """
    The time at which the payment is due.
    """
    id: str | None = None
    """
    The provider's id.
    """
    lines: list[Line] | None = None
    """
    The products that are bought.
    """
    location: Location | None = None
    """
    The place that the goods arrive at.
    """
    net: Money | None = None
    """
    The sum after discounts and before tax.
    """
    note: str | None = None
    """
    A note.
    """
    number: str | None = None
    """
    The number on the document.
    """
    outlet: str | None = None
    """
    The outlet that buys.
    """
    paid: Money | None = None
    """
    The amount that was paid. Absent if nothing was paid.
    """
    payment_method: str | None = None
    """
    The payment method, as code where there is one.
    """
    payment_state: State | None = None
    """
    The state of the payment in the common vocabulary.
    """
    payment_status: str | None = None
    """
    The state of the payment in the provider's words.
    """
    payments: list[Payment] | None = None
    """
    The payments.
    """
    placed_at: Time | None = None
    """
    The time at which the order was placed.
    """
    reference: str | None = None
    """
    The merchant's own reference.
    """
    shipping_fee: Money | None = None
    """
    The delivery fee.
    """
    shipping_tax: Money | None = None
    """
    The tax in the delivery fee.
    """
    state: State | None = None
    """
    The state in the common vocabulary.
    """
    status: str | None = None
    """
    The state in the provider's words.
    """
    subtotal: Money | None = None
    """
    The sum of the lines before discounts and tax.
    """
    supplier: Party | None = None
    """
    The supplier.
    """
    surcharge: Money | None = None
    """
    Fees on top, such as a card fee.
    """
    tags: list[str] | None = None
    """
    Tags that the merchant attached.
    """
    tax: Money | None = None
    """
    The tax. Absent where the provider does not document whether it is an amount.
    """
    tax_included: bool | None = None
    """
    True if the prices contain the tax, false if it is added to them.
    """
    tax_name: str | None = None
    """
    The name of the tax.
    """
    tax_rate: Decimal | None = None
    """
    The tax rate in percent.
    """
    tax_type: str | None = None
    """
    The provider's code for the way in which tax applies, where its meaning is not documented.
    """
    taxable: Money | None = None
    """
    The amount that tax is computed from.
    """
    total: Money | None = None
    """
    The amount to pay.
    """
    type_of_order: str | None = None
    """
    The kind of document, in the provider's words or codes.
    """
    updated_at: Time | None = None
    """
    The time of the last change.
    """
    url: str | None = None
    """
    The page of the document.
    """
    voided: bool | None = None
    """
    True if the document was voided.
    """


class ReturnOrder(Model):
    """
    Goods that come back from a customer.
    """

    amount_due: Money | None = None
    """
    The amount that is left to pay.
    """
    channel: str | None = None
    """
    The channel that the sale came from.
    """
    charges: list[Charge] | None = None
    """
    Every position of the document's sums, as the provider lists them.
    """
    created_at: Time | None = None
    """
    The time at which the record was created in the provider's system.
    """
    creator: Actor | None = None
    """
    The user who created the document.
    """
    customer: Party | None = None
    """
    The customer.
    """
    delivery: Delivery | None = None
    """
    The way back of the goods.
    """
    discount: Money | None = None
    """
    All discounts together, without a minus.
    """
    discounts: list[Discount] | None = None
    """
    The discounts one by one, in the order in which they apply.
    """
    id: str | None = None
    """
    The provider's id.
    """
    lines: list[Line] | None = None
    """
    The products that come back.
    """
    location: Location | None = None
    """
    The place that the goods come back to.
    """
    marketplace: Marketplace | None = None
    """
    The marketplace that the sale came from.
    """
    net: Money | None = None
    """
    The sum after discounts and before tax.
    """
    note: str | None = None
    """
    A note.
    """
    number: str | None = None
    """
    The number on the document.
    """
    order_id: str | None = None
    """
    The order that the goods belong to.
    """
    order_number: str | None = None
    """
    The number of the order that the goods belong to.
    """
    paid: Money | None = None
    """
    The amount that was paid. Absent if nothing was paid.
    """
    partial: bool | None = None
    """
    True if some of the order's goods stay with the customer.
    """
    payment_method: str | None = None
    """
    The payment method, as code where there is one.
    """
    payment_state: State | None = None
    """
    The state of the payment in the common vocabulary.
    """
    payment_status: str | None = None
    """
    The state of the payment in the provider's words.
    """
    payments: list[Payment] | None = None
    """
    The payments to the customer.
    """
    placed_at: Time | None = None
    """
    The time of the return.
    """
    reason: str | None = None
    """
    The reason in words.
    """
    reason_code: str | None = None
    """
    The reason as a code.
    """
    reference: str | None = None
    """
    The merchant's own reference.
    """
    refunded: Money | None = None
    """
    The amount that was refunded so far.
    """
    shipping_fee: Money | None = None
    """
    The delivery fee.
    """
    shipping_tax: Money | None = None
    """
    The tax in the delivery fee.
    """
    state: State | None = None
    """
    The state in the common vocabulary.
    """
    status: str | None = None
    """
    The state in the provider's words.
    """
    subtotal: Money | None = None
    """
    The sum of the lines before discounts and tax.
    """
    surcharge: Money | None = None
    """
    Fees on top, such as a card fee.
    """
    tags: list[str] | None = None
    """
    Tags that the merchant attached.
    """
    tax: Money | None = None
    """
    The tax.
    """
    tax_included: bool | None = None
    """
    True if the prices contain the tax, false if it is added to them.
    """
    tax_name: str | None = None
    """
    The name of the tax.
    """
    tax_rate: Decimal | None = None
    """
    The tax rate in percent.
    """
    tax_type: str | None = None
    """
    The provider's code for the way in which tax applies, where its meaning is not documented.
    """
    taxable: Money | None = None
    """
    The amount that tax is computed from.
    """
    total: Money | None = None
    """
    The value of the return.
    """
    type_of_return: str | None = None
    """
    The kind of return, in the provider's words.
    """
    updated_at: Time | None = None
    """
    The time of the last change.
    """
    url: str | None = None
    """
    The page of the document.
    """
    voided: bool | None = None
    """
    True if the document was voided.
    """


class ReturnPurchaseOrder(Model):
    """
    Goods that go back to a supplier.
    """

    amount_due: Money | None = None
    """
    The amount that is left to pay.
    """
    charges: list[Charge] | None = None
    """
    Every position of the document's sums, as the provider lists them.
    """
    created_at: Time | None = None
    """
    The time at which the record was created in the provider's system.
    """
    creator: Actor | None = None
    """
    The user who created the document.
    """
    delivery: Delivery | None = None
    """
    The way of the goods.
    """
    discount: Money | None = None
    """
    All discounts together, without a minus.
    """
    discounts: list[Discount] | None = None
    """
    The discounts one by one, in the order in which they apply.
    """
    id: str | None = None
    """
    The provider's id.
    """
    lines: list[Line] | None = None
    """
    The products that go back.
    """
    location: Location | None = None
    """
    The place that the goods leave from.
    """
    net: Money | None = None
    """
    The sum after discounts and before tax.
    """
    note: str | None = None
    """
    A note.
    """
    number: str | None = None
    """
    The number on the document.
    """
    paid: Money | None = None
    """
    The amount that was paid. Absent if nothing was paid.
    """
    payment_method: str | None = None
    """
    The payment method, as code where there is one.
    """
    payment_state: State | None = None
    """
    The state of the payment in the common vocabulary.
    """
    payment_status: str | None = None
    """
    The state of the payment in the provider's words.
    """
    payments: list[Payment] | None = None
    """
    The payments from the supplier.
    """
    placed_at: Time | None = None
    """
    The time of the return.
    """
    purchase_order_id: str | None = None
    """
    The purchase order that the goods belong to.
    """
    purchase_order_number: str | None = None
    """
    The number of the purchase order that the goods belong to.
    """
    reference: str | None = None
    """
    The merchant's own reference.
    """
    refunded: Money | None = None
    """
    The amount that was refunded so far.
    """
    shipping_fee: Money | None = None
    """
    The delivery fee.
    """
    shipping_tax: Money | None = None
    """
    The tax in the delivery fee.
    """
    state: State | None = None
    """
    The state in the common vocabulary.
    """
    status: str | None = None
    """
    The state in the provider's words.
    """
    subtotal: Money | None = None
    """
    The sum of the lines before discounts and tax.
    """
    supplier: Party | None = None
    """
    The supplier.
    """
    surcharge: Money | None = None
    """
    Fees on top, such as a card fee.
    """
    tags: list[str] | None = None
    """
    Tags that the merchant attached.
    """
    tax: Money | None = None
    """
    The tax.
    """
    tax_included: bool | None = None
    """
    True if the prices contain the tax, false if it is added to them.
    """
    tax_name: str | None = None
    """
    The name of the tax.
    """
    tax_rate: Decimal | None = None
    """
    The tax rate in percent.
    """
    tax_type: str | None = None
    """
    The provider's code for the way in which tax applies, where its meaning is not documented.
    """
    taxable: Money | None = None
    """
    The amount that tax is computed from.
    """
    total: Money | None = None
    """
    The value of the return.
    """
    updated_at: Time | None = None
    """
    The time of the last change.
    """
    url: str | None = None
    """
    The page of the document.
    """
    voided: bool | None = None
    """
    True if the document was voided.
    """


class Shipment(Model):
    """
    Goods on their way in or out.
    """

    arrived_at: Time | None = None
    """
    The time at which the goods arrived.
    """
    carrier: str | None = None
    """
    The carrier.
    """
    charges: list[Charge] | None = None
    """
    The fees one by one.
    """
    created_at: Time | None = None
    """
    The time at which the record was created in the provider's system.
    """
    creator: Actor | None = None
    """
    The user who created the document.
    """
    customer: Party | None = None
    """
    The customer at the other end.
    """
    direction: str | None = None
    """
    `outbound` to a customer or `inbound` from a supplier.
    """
    driver: Driver | None = None
    """
    The driver.
    """
    fee: Money | None = None
    """
    The fee.
    """
    id: str | None = None
    """
    The provider's id.
    """
    lines: list[Line] | None = None
    """
    The products that travel.
    """
    note: str | None = None
    """
    A note.
    """
    number: str | None = None
    """
    The number on the document.
    """
    order_id: str | None = None
    """
    The merchant's order that the shipment belongs to.
    """
    outlet: str | None = None
    """
    The merchant's outlet at one end.
    """
    provider_order_id: str | None = None
    """
    The provider's own order that the shipment belongs to.
    """
    reason: str | None = None
    """
    The reason for the state, in words.
    """
    reason_code: str | None = None
    """
    The reason for the state, as a code.
    """
    recipient: Party | None = None
    """
    The recipient, where the provider names one beside the customer.
    """
    service: str | None = None
    """
    The carrier's service.
    """
    shipped_at: Time | None = None
    """
    The time at which the goods were shipped.
    """
    shop_id: str | None = None
    """
    The provider's id of the merchant's shop.
    """
    state: State | None = None
    """
    The state in the common vocabulary.
    """
    status: str | None = None
    """
    The state in the provider's words.
    """
    supplier: Party | None = None
    """
    The supplier at the other end.
    """
    tracking_number: str | None = None
    """
    The carrier's tracking number.
    """
    tracking_url: str | None = None
    """
    The page that shows where the parcel is.
    """
    updated_at: Time | None = None
    """
    The time of the last change.
    """


class Transfer(Model):
    """
    Goods that move between the merchant's own places.
    """

    arrived_at: Time | None = None
    """
    The time at which the goods arrived.
    """
    courier: str | None = None
    """
    The carrier.
    """
    created_at: Time | None = None
    """
    The time at which the record was created in the provider's system.
    """
    creator: Actor | None = None
    """
    The user who created the document.
    """
    destination: str | None = None
    """
    The place that the goods go to, as code or as name.
    """
    destination_id: str | None = None
    """
    The provider's id of that place.
    """
    id: str | None = None
    """
    The provider's id.
    """
    lines: list[Line] | None = None
    """
    The products that move.
    """
    note: str | None = None
    """
    A note.
    """
    number: str | None = None
    """
    The number on the document.
    """
    origin: str | None = None
    """
    The place that the goods come from, as code or as name.
    """
    origin_id: str | None = None
    """
    The provider's id of that place.
    """
    received_note: str | None = None
    """
    A note of the place that received the goods.
    """
    reference: str | None = None
    """
    The merchant's own reference.
    """
    sent_at: Time | None = None
    """
    The time at which the goods left.
    """
    state: State | None = None
    """
    The state in the common vocabulary.
    """
    status: str | None = None
    """
    The state in the provider's words.
    """
    tags: list[str] | None = None
    """
    Tags that the merchant attached.
    """
    total: Money | None = None
    """
    The value of the goods.
    """
    type_of_transfer: str | None = None
    """
    The kind of transfer, in the provider's words: some are corrections of the stock.
    """
    updated_at: Time | None = None
    """
    The time of the last change.
    """


class Adjustment(Model):
    """
    A correction of the stock.
    """

    adjusted_at: Time | None = None
    """
    The time of the correction.
    """
    counted: list[Line] | None = None
    """
    The products that were counted.
    """
    created_at: Time | None = None
    """
    The time at which the record was created in the provider's system.
    """
    creator: Actor | None = None
    """
    The user who created the document.
    """
    id: str | None = None
    """
    The provider's id.
    """
    lines: list[Line] | None = None
    """
    The products that were corrected.
    """
    note: str | None = None
    """
    A note.
    """
    number: str | None = None
    """
    The number on the document.
    """
    outlet: str | None = None
    """
    The outlet whose stock it is.
    """
    responsible: Personal | None = None
    """
    The person in charge.
    """
    state: State | None = None
    """
    The state in the common vocabulary.
    """
    status: str | None = None
    """
    The state in the provider's words.
    """
    type_of_adjustment: str | None = None
    """
    The kind of correction, in the provider's words.
    """


class Cart(Model):
    """
    A cart that the customer abandoned, or came back to.
    """

    channel: str | None = None
    """
    The channel that the customer came from.
    """
    created_at: Time | None = None
    """
    The time at which the record was created in the provider's system.
    """
    customer: Party | None = None
    """
    The customer.
    """
    id: str | None = None
    """
    The provider's id.
    """
    lines: list[Line] | None = None
    """
    The products in the cart.
    """
    order_id: str | None = None
    """
    The order that the cart became.
    """
    phase: str | None = None
    """
    The step of the checkout that the customer reached, in the provider's words.
    """
    products_count: Decimal | None = None
    """
    The number of products.
    """
    reminders: Decimal | None = None
    """
    The number of reminders that were sent.
    """
    total: Money | None = None
    """
    The cart's total.
    """
    updated_at: Time | None = None
    """
    The time of the last change.
    """
    url: str | None = None
    """
    The link that opens the cart again.
    """


class Coupon(Model):
    """
    A coupon that a customer shows at the till.
    """

    cart_total: Money | None = None
    """
    The total of the cart.
    """
    code: str | None = None
    """
    The code on the coupon.
    """
    customer: Party | None = None
    """
    The customer.
    """
    id: str | None = None
    """
    The provider's id.
    """
    lines: list[Line] | None = None
    """
    The products in the cart.
    """
    outlet: str | None = None
    """
    The outlet that asks.
    """
    unit: Unit | None = None
    """
    The unit of `value`.
    """
    value: Decimal | None = None
    """
    The size of the reduction in that unit.
    """


class Loyalty(Model):
    """
    A question for a customer's points, or a sale that earns some.
    """

    amount_due: Money | None = None
    """
    The amount that is left to pay.
    """
    channel: str | None = None
    """
    The channel that the sale came from.
    """
    charges: list[Charge] | None = None
    """
    Every position of the document's sums, as the provider lists them.
    """
    coupon: Discount | None = None
    """
    The coupon that was used.
    """
    created_at: Time | None = None
    """
    The time at which the record was created in the provider's system.
    """
    creator: Actor | None = None
    """
    The user who entered the sale.
    """
    customer: Party | None = None
    """
    The customer whose points it is about.
    """
    delivery: Delivery | None = None
    """
    The delivery of the goods.
    """
    delivery_state: State | None = None
    """
    The state of the goods in the common vocabulary.
    """
    delivery_status: str | None = None
    """
    The state of the goods in the provider's words.
    """
    discount: Money | None = None
    """
    All discounts together, without a minus.
    """
    discounts: list[Discount] | None = None
    """
    The discounts one by one, in the order in which they apply.
    """
    due_at: Time | None = None
    """
    The time at which the payment is due.
    """
    id: str | None = None
    """
    The provider's id of the sale that earns.
    """
    lines: list[Line] | None = None
    """
    The products that were sold.
    """
    net: Money | None = None
    """
    The sum after discounts and before tax.
    """
    note: str | None = None
    """
    A note.
    """
    number: str | None = None
    """
    The number of the sale.
    """
    outlet: str | None = None
    """
    The outlet that asks.
    """
    paid: Money | None = None
    """
    The amount that was paid. Absent if nothing was paid.
    """
    payment_state: State | None = None
    """
    The state of the payment in the common vocabulary.
    """
    payment_status: str | None = None
    """
    The state of the payment in the provider's words.
    """
    payments: list[Payment] | None = None
    """
    The payments.
    """
    placed_at: Time | None = None
    """
    The time of the sale.
    """
    points: Points | None = None
    """
    Loyalty points that the sale used and earned.
    """
    reference: str | None = None
    """
    The merchant's own reference.
    """
    salesperson: Personal | None = None
    """
    The salesperson.
    """
    shipments: list[Shipment] | None = None
    """
    The shipments.
    """
    shipping_fee: Money | None = None
    """
    The delivery fee.
    """
    shipping_tax: Money | None = None
    """
    The tax in the delivery fee.
    """
    subtotal: Money | None = None
    """
    The sum of the lines before discounts and tax.
    """
    surcharge: Money | None = None
    """
    Fees on top, such as a card fee.
    """
    tax: Money | None = None
    """
    The tax.
    """
    tax_included: bool | None = None
    """
    True if the prices contain the tax, false if it is added to them.
    """
    tax_name: str | None = None
    """
    The name of the tax.
    """
    tax_rate: Decimal | None = None
    """
    The tax rate in percent.
    """
    tax_type: str | None = None
    """
    The provider's code for the way in which tax applies, where its meaning is not documented.
    """
    taxable: Money | None = None
    """
    The amount that tax is computed from.
    """
    total: Money | None = None
    """
    The amount to pay.
    """
    voided: bool | None = None
    """
    True if the sale was voided.
    """


class Order(Model):
    """
    A sale, from the basket to the door.
    """

    amount_due: Money | None = None
    """
    The amount that is left to pay.
    """
    channel: str | None = None
    """
    The channel that the sale came from.
    """
    charged: Money | None = None
    """
    The amount to charge, in the currency of the payment.
    """
    charges: list[Charge] | None = None
    """
    Every position of the document's sums, as the provider lists them.
    """
    code: str | None = None
    """
    The code that the customer knows the order by.
    """
    completed_at: Time | None = None
    """
    The time at which the order was completed.
    """
    coupon: Discount | None = None
    """
    The coupon that was used.
    """
    created_at: Time | None = None
    """
    The time at which the record was created in the provider's system.
    """
    creator: Actor | None = None
    """
    The user who created the order.
    """
    currencies: Currencies | None = None
    """
    The currencies that are involved, with their exchange rates.
    """
    customer: Party | None = None
    """
    The customer.
    """
    delivery: Delivery | None = None
    """
    The delivery of the goods.
    """
    delivery_state: State | None = None
    """
    The state of the goods in the common vocabulary.
    """
    delivery_status: str | None = None
    """
    The state of the goods in the provider's words.
    """
    discount: Money | None = None
    """
    All discounts together, without a minus.
    """
    discounts: list[Discount] | None = None
    """
    The discounts one by one, in the order in which they apply.
    """
    due_at: Time | None = None
    """
    The time at which the payment is due.
    """
    expires_at: Time | None = None
    """
    The time at which the order expires unless it is paid.
    """
    flags: Flags | None = None
    """
    Yes-or-no facts.
    """
    fulfillment_outlet: str | None = None
    """
    The outlet that ships, where it is another one.
    """
    gift: Gift | None = None
    """
    The gift's texts.
    """
    id: str | None = None
    """
    The provider's id.
    """
    invoice_url: str | None = None
    """
    The page of the invoice.
    """
    language: str | None = None
    """
    The language of the order, as a tag.
    """
    lines: list[Line] | None = None
    """
    The products that were sold.
    """
    location: Location | None = None
    """
    The place that the goods leave from.
    """
    marketplace: Marketplace | None = None
    """
    The marketplace that the sale came from.
    """
    net: Money | None = None
    """
    The sum after discounts and before tax.
    """
    note: str | None = None
    """
    A note.
    """
    number: str | None = None
    """
    The number on the document.
    """
    outlet: str | None = None
    """
    The outlet that sold.
    """
    paid: Money | None = None
    """
    The amount that was paid. Absent if nothing was paid.
    """
    paid_at: Time | None = None
    """
    The time at which the order was paid.
    """
    payment_method: str | None = None
    """
    The payment method, as code where there is one.
    """
    payment_method_name: str | None = None
    """
    The name of the payment method.
    """
    payment_network: str | None = None
    """
    The card network or payment network.
    """
    payment_state: State | None = None
    """
    The state of the payment in the common vocabulary.
    """
    payment_status: str | None = None
    """
    The state of the payment in the provider's words.
    """
    payment_status_before: str | None = None
    """
    The state of the payment before this event, in the provider's words.
    """
    payments: list[Payment] | None = None
    """
    The payments.
    """
    placed_at: Time | None = None
    """
    The time at which the order was placed.
    """
    points: Points | None = None
    """
    Loyalty points that the sale used and earned.
    """
    products_count: Decimal | None = None
    """
    The number of lines or pieces, as the provider counts.
    """
    reason: str | None = None
    """
    The reason for the state, in words.
    """
    reason_code: str | None = None
    """
    The reason for the state, as a code.
    """
    reference: str | None = None
    """
    The merchant's or the marketplace's own reference.
    """
    refunded: Money | None = None
    """
    The amount that was refunded so far.
    """
    register_: str | None = Field(None, alias='register')
    """
    The till.
    """
    returns: list[ReturnOrder] | None = None
    """
    The returns.
    """
    salesperson: Personal | None = None
    """
    The salesperson.
    """
    shipments: list[Shipment] | None = None
    """
    The shipments, where the provider lists them as documents.
    """
    shipping_fee: Money | None = None
    """
    The delivery fee.
    """
    shipping_tax: Money | None = None
    """
    The tax in the delivery fee.
    """
    state: State | None = None
    """
    The state in the common vocabulary.
    """
    status: str | None = None
    """
    The state in the provider's words.
    """
    status_label: str | None = None
    """
    The name of the state as people read it.
    """
    store: str | None = None
    """
    The name of the online store.
    """
    substatus: str | None = None
    """
    A finer state in the provider's or the merchant's words.
    """
    subtotal: Money | None = None
    """
    The sum of the lines before discounts and tax.
    """
    surcharge: Money | None = None
    """
    Fees on top, such as a card fee.
    """
    tags: list[str] | None = None
    """
    Tags that the merchant attached.
    """
    tax: Money | None = None
    """
    The tax.
    """
    tax_included: bool | None = None
    """
    True if the prices contain the tax, false if it is added to them.
    """
    tax_name: str | None = None
    """
    The name of the tax.
    """
    tax_rate: Decimal | None = None
    """
    The tax rate in percent.
    """
    tax_type: str | None = None
    """
    The provider's code for the way in which tax applies, where its meaning is not documented.
    """
    taxable: Money | None = None
    """
    The amount that tax is computed from.
    """
    total: Money | None = None
    """
    The amount to pay.
    """
    type_of_order: str | None = None
    """
    The kind of order, in the provider's words or codes.
    """
    unique_number: str | None = None
    """
    The number that the caller gave against duplicates.
    """
    updated_at: Time | None = None
    """
    The time of the last change.
    """
    url: str | None = None
    """
    The page of the order.
    """
    voided: bool | None = None
    """
    True if the order was voided.
    """
    weight: Decimal | None = None
    """
    The weight of all goods.
    """
    weight_unit: str | None = None
    """
    The unit of `weight`.
    """


class Event(Model):
    """
    One event: a CloudEvents 1.0 event in its JSON format. Consumers ignore attributes that they do not know.
    """

    currencyfrom: Literal['settings'] | None = None
    """
    Present if the store's setting `currency` was filled in where the provider sends an amount without a currency.
    """
    data: (
        Order
        | Payment
        | Product
        | Stock
        | Customer
        | Supplier
        | Cart
        | Category
        | PurchaseOrder
        | ReturnOrder
        | ReturnPurchaseOrder
        | Transfer
        | Shipment
        | Adjustment
        | Shift
        | Loyalty
        | Coupon
        | Outlet
        | Subscription
        | App
        | Unknown
        | None
    ) = None
    """
    The object of the kind that `type` names.
    """
    datacontenttype: Literal['application/json']
    """
    The media type of `data`.
    """
    dataref: str | None = None
    """
    Present instead of `data` where the data is too large for a message: the id of the stored event.
    """
    documented: Literal['full', 'partial', 'name'] | str | None = None
    """
    The extent to which the provider documents this event's body: every field, some fields, or nothing but the event's name. Absent for events that are inferred or unknown.
    """
    id: str
    """
    The event's id: provider, store, kind, entity and digest, joined by slashes.
    """
    inferred: Literal[True] | None = None
    """
    Present if the provider documents no event of this name: the type follows from how the provider names its other events.
    """
    missed: str | None = None
    """
    Present if the event is reconciled: the fields of `data` that no event had carried, joined by commas.
    """
    origin: Literal['reconciled'] | None = None
    """
    Present if no webhook brought the event: Inlet found the state in the provider's own API.
    """
    provider: str
    """
    The provider's name.
    """
    providertype: str
    """
    The provider's own name of the event.
    """
    receivedtime: str
    """
    The time at which the receiver got the delivery.
    """
    replayid: str | None = None
    """
    Present if the event is sent again on purpose: the replay's id.
    """
    source: str
    """
    The provider and the store: `/{provider}/{store}`.
    """
    specversion: Literal['1.0']
    """
    The version of CloudEvents.
    """
    store: str
    """
    The store's name, as the operator chose it.
    """
    subject: str
    """
    The kind and the entity: `{kind}/{entity}`.
    """
    time: str | None = None
    """
    The time at which it happened, where the provider sends one with a known time zone.
    """
    trust: (
        Literal['signed', 'signed_fields', 'shared_secret', 'url_token', 'fetched']
        | str
    )
    """
    The strength of the proof that the provider sent it. `fetched`: Inlet read it from the provider's own API.
    """
    type: str
    """
    The kind of object and what happened to it: `commerce.{kind}.{verb}`.
    """
    zonefrom: Literal['settings'] | None = None
    """
    Present if the store's setting `zone` was applied to local times that the provider sends without a zone.
    """


Product.model_rebuild()
