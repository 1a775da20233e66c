/* Generated from schemas/ by `make types`. */

/**
 * A decimal number: an optional `-`, digits, and optionally a point with digits. Never a float.
 */
export type Decimal = string;
/**
 * An ISO 4217 code: three capital letters.
 */
export type Currency = string;
/**
 * A point in time, or a local time whose zone is not known.
 */
export type Time = Instant | Local;
/**
 * An RFC 3339 date-time with its offset.
 */
export type Instant = string;
/**
 * The unit of a discount's `value`.
 */
export type Unit = "amount" | "percent" | (string & {});
/**
 * A name, an e-mail address, a phone number or a street. It must not reach a log, an error or a metric.
 */
export type Personal = string;
/**
 * The state of an order, a payment, a delivery, a return, a document or a subscription, in one vocabulary for all providers. Absent where a provider's word has no documented meaning.
 */
export type State =
  | "draft"
  | "open"
  | "in_progress"
  | "in_transit"
  | "partially_fulfilled"
  | "fulfilled"
  | "authorized"
  | "partially_paid"
  | "paid"
  | "cancelled"
  | "declined"
  | "partially_returned"
  | "returned"
  | "partially_refunded"
  | "refunded"
  | "failed"
  | "expired"
  | "active"
  | "suspended"
  | (string & {});
/**
 * A text in one language or in several.
 */
export type Words =
  | string
  | {
      [k: string]: string;
    };
/**
 * The direction of a payment, seen from the merchant.
 */
export type Direction = "in" | "out" | (string & {});
/**
 * The purpose of a payment record.
 */
export type Purpose = "payment" | "write_off" | (string & {});

/**
 * One event: a CloudEvents 1.0 event in its JSON format. Consumers ignore attributes that they do not know.
 */
export interface Event {
  /**
   * Present if the store's setting `currency` was filled in where the provider sends an amount without a currency.
   */
  currencyfrom?: "settings";
  /**
   * The object of the kind that `type` names.
   */
  data?:
    | Order
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
    | Unknown;
  /**
   * The media type of `data`.
   */
  datacontenttype: "application/json";
  /**
   * Present instead of `data` where the data is too large for a message: the id of the stored event.
   */
  dataref?: string;
  /**
   * The extent to which the provider documents this event's body: every field, some fields, or nothing but the event's name. Absent for events that are inferred or unknown.
   */
  documented?: "full" | "partial" | "name" | (string & {});
  /**
   * The event's id: provider, store, kind, entity and digest, joined by slashes.
   */
  id: string;
  /**
   * Present if the provider documents no event of this name: the type follows from how the provider names its other events.
   */
  inferred?: true;
  /**
   * Present if the event is reconciled: the fields of `data` that no event had carried, joined by commas.
   */
  missed?: string;
  /**
   * Present if no webhook brought the event: Inlet found the state in the provider's own API.
   */
  origin?: "reconciled";
  /**
   * The provider's name.
   */
  provider: string;
  /**
   * The provider's own name of the event.
   */
  providertype: string;
  /**
   * The time at which the receiver got the delivery.
   */
  receivedtime: string;
  /**
   * Present if the event is sent again on purpose: the replay's id.
   */
  replayid?: string;
  /**
   * The provider and the store: `/{provider}/{store}`.
   */
  source: string;
  /**
   * The version of CloudEvents.
   */
  specversion: "1.0";
  /**
   * The store's name, as the operator chose it.
   */
  store: string;
  /**
   * The kind and the entity: `{kind}/{entity}`.
   */
  subject: string;
  /**
   * The time at which it happened, where the provider sends one with a known time zone.
   */
  time?: string;
  /**
   * The strength of the proof that the provider sent it. `fetched`: Inlet read it from the provider's own API.
   */
  trust: "signed" | "signed_fields" | "shared_secret" | "url_token" | "fetched" | (string & {});
  /**
   * The kind of object and what happened to it: `commerce.{kind}.{verb}`.
   */
  type: string;
  /**
   * Present if the store's setting `zone` was applied to local times that the provider sends without a zone.
   */
  zonefrom?: "settings";
}
/**
 * A sale, from the basket to the door.
 */
export interface Order {
  /**
   * The amount that is left to pay.
   */
  amount_due?: Money;
  /**
   * The channel that the sale came from.
   */
  channel?: string;
  /**
   * The amount to charge, in the currency of the payment.
   */
  charged?: Money;
  /**
   * Every position of the document's sums, as the provider lists them.
   */
  charges?: Charge[];
  /**
   * The code that the customer knows the order by.
   */
  code?: string;
  /**
   * The time at which the order was completed.
   */
  completed_at?: Time;
  /**
   * The coupon that was used.
   */
  coupon?: Discount;
  /**
   * The time at which the record was created in the provider's system.
   */
  created_at?: Time;
  /**
   * The user who created the order.
   */
  creator?: Actor;
  /**
   * The currencies that are involved, with their exchange rates.
   */
  currencies?: Currencies;
  /**
   * The customer.
   */
  customer?: Party;
  /**
   * The delivery of the goods.
   */
  delivery?: Delivery;
  /**
   * The state of the goods in the common vocabulary.
   */
  delivery_state?: State;
  /**
   * The state of the goods in the provider's words.
   */
  delivery_status?: string;
  /**
   * All discounts together, without a minus.
   */
  discount?: Money;
  /**
   * The discounts one by one, in the order in which they apply.
   */
  discounts?: Discount[];
  /**
   * The time at which the payment is due.
   */
  due_at?: Time;
  /**
   * The time at which the order expires unless it is paid.
   */
  expires_at?: Time;
  /**
   * Yes-or-no facts.
   */
  flags?: Flags;
  /**
   * The outlet that ships, where it is another one.
   */
  fulfillment_outlet?: string;
  /**
   * The gift's texts.
   */
  gift?: Gift;
  /**
   * The provider's id.
   */
  id?: string;
  /**
   * The page of the invoice.
   */
  invoice_url?: string;
  /**
   * The language of the order, as a tag.
   */
  language?: string;
  /**
   * The products that were sold.
   */
  lines?: Line[];
  /**
   * The place that the goods leave from.
   */
  location?: Location;
  /**
   * The marketplace that the sale came from.
   */
  marketplace?: Marketplace;
  /**
   * The sum after discounts and before tax.
   */
  net?: Money;
  /**
   * A note.
   */
  note?: string;
  /**
   * The number on the document.
   */
  number?: string;
  /**
   * The outlet that sold.
   */
  outlet?: string;
  /**
   * The amount that was paid. Absent if nothing was paid.
   */
  paid?: Money;
  /**
   * The time at which the order was paid.
   */
  paid_at?: Time;
  /**
   * The payment method, as code where there is one.
   */
  payment_method?: string;
  /**
   * The name of the payment method.
   */
  payment_method_name?: string;
  /**
   * The card network or payment network.
   */
  payment_network?: string;
  /**
   * The state of the payment in the common vocabulary.
   */
  payment_state?: State;
  /**
   * The state of the payment in the provider's words.
   */
  payment_status?: string;
  /**
   * The state of the payment before this event, in the provider's words.
   */
  payment_status_before?: string;
  /**
   * The payments.
   */
  payments?: Payment[];
  /**
   * The time at which the order was placed.
   */
  placed_at?: Time;
  /**
   * Loyalty points that the sale used and earned.
   */
  points?: Points;
  /**
   * The number of lines or pieces, as the provider counts.
   */
  products_count?: Decimal;
  /**
   * The reason for the state, in words.
   */
  reason?: string;
  /**
   * The reason for the state, as a code.
   */
  reason_code?: string;
  /**
   * The merchant's or the marketplace's own reference.
   */
  reference?: string;
  /**
   * The amount that was refunded so far.
   */
  refunded?: Money;
  /**
   * The till.
   */
  register?: string;
  /**
   * The returns.
   */
  returns?: ReturnOrder[];
  /**
   * The salesperson.
   */
  salesperson?: Personal;
  /**
   * The shipments, where the provider lists them as documents.
   */
  shipments?: Shipment[];
  /**
   * The delivery fee.
   */
  shipping_fee?: Money;
  /**
   * The tax in the delivery fee.
   */
  shipping_tax?: Money;
  /**
   * The state in the common vocabulary.
   */
  state?: State;
  /**
   * The state in the provider's words.
   */
  status?: string;
  /**
   * The name of the state as people read it.
   */
  status_label?: string;
  /**
   * The name of the online store.
   */
  store?: string;
  /**
   * A finer state in the provider's or the merchant's words.
   */
  substatus?: string;
  /**
   * The sum of the lines before discounts and tax.
   */
  subtotal?: Money;
  /**
   * Fees on top, such as a card fee.
   */
  surcharge?: Money;
  /**
   * Tags that the merchant attached.
   */
  tags?: string[];
  /**
   * The tax.
   */
  tax?: Money;
  /**
   * True if the prices contain the tax, false if it is added to them.
   */
  tax_included?: boolean;
  /**
   * The name of the tax.
   */
  tax_name?: string;
  /**
   * The tax rate in percent.
   */
  tax_rate?: Decimal;
  /**
   * The provider's code for the way in which tax applies, where its meaning is not documented.
   */
  tax_type?: string;
  /**
   * The amount that tax is computed from.
   */
  taxable?: Money;
  /**
   * The amount to pay.
   */
  total?: Money;
  /**
   * The kind of order, in the provider's words or codes.
   */
  type_of_order?: string;
  /**
   * The number that the caller gave against duplicates.
   */
  unique_number?: string;
  /**
   * The time of the last change.
   */
  updated_at?: Time;
  /**
   * The page of the order.
   */
  url?: string;
  /**
   * True if the order was voided.
   */
  voided?: boolean;
  /**
   * The weight of all goods.
   */
  weight?: Decimal;
  /**
   * The unit of `weight`.
   */
  weight_unit?: string;
}
/**
 * An amount with its currency.
 */
export interface Money {
  /**
   * The amount, with the digits that were sent.
   */
  amount: Decimal;
  /**
   * The ISO 4217 code; null where the provider sends none and the store has no setting for it.
   */
  currency: Currency | null;
}
/**
 * One position of a document's sums, as the provider lists them.
 */
export interface Charge {
  /**
   * The amount, negative where it reduces the total.
   */
  amount?: Money;
  /**
   * The provider's code of the position.
   */
  code?: string;
  /**
   * True if the position is a sum of others, so that adding it up would count twice.
   */
  is_sum?: boolean;
  /**
   * The title, often translated.
   */
  title?: string;
}
/**
 * A local date, with or without a time of day.
 */
export interface Local {
  /**
   * ISO 8601 without an offset: `2024-03-05` or `2024-03-05T10:11:12`, with a fraction where one was sent.
   */
  local: string;
  /**
   * The store's time zone beside a day; null where the zone is not known.
   */
  zone: string | null;
}
/**
 * A reduction of a price: a discount or a coupon.
 */
export interface Discount {
  /**
   * The money that the discount takes off, without a minus.
   */
  amount?: Money;
  /**
   * The code, such as the coupon code that the customer entered.
   */
  code?: string;
  /**
   * The provider's id.
   */
  id?: string;
  /**
   * The name.
   */
  name?: string;
  /**
   * A note.
   */
  note?: string;
  /**
   * The unit of `value`: `amount` or `percent`. Absent where the provider does not document it.
   */
  unit?: Unit;
  /**
   * The size in that unit, without a minus: `10` for 10 percent.
   */
  value?: Decimal;
}
/**
 * A user of the provider's system who did something.
 */
export interface Actor {
  /**
   * The provider's id.
   */
  id?: string;
  /**
   * The name.
   */
  name?: Personal;
}
/**
 * The currencies that are involved in an order.
 */
export interface Currencies {
  /**
   * The currency of the order's amounts.
   */
  order?: ExchangeRate;
  /**
   * The currency that the store keeps its books in.
   */
  store?: ExchangeRate;
  /**
   * The currency that the customer was charged in.
   */
  transaction?: ExchangeRate;
  /**
   * True if the customer was charged in another currency than the order's.
   */
  transaction_differs?: boolean;
}
/**
 * A currency and its exchange rate. The direction of the rate is the provider's; read the provider's notes.
 */
export interface ExchangeRate {
  /**
   * The ISO 4217 code.
   */
  currency?: Currency;
  /**
   * The rate, with the digits that were sent.
   */
  rate?: Decimal;
}
/**
 * A customer, a supplier, a merchant or a recipient.
 */
export interface Party {
  /**
   * The address.
   */
  address?: Address;
  /**
   * The name of the company's branch, as tax documents name it.
   */
  branch_name?: Personal;
  /**
   * The number of the company's branch, as tax documents number it.
   */
  branch_number?: Personal;
  /**
   * The company's name.
   */
  business_name?: Personal;
  /**
   * The code that the merchant assigned, such as a member code.
   */
  code?: string;
  /**
   * The e-mail address. May be masked or a placeholder, so it is not validated.
   */
  email?: Personal;
  /**
   * The given name.
   */
  first_name?: Personal;
  /**
   * The gender, in the provider's words or codes.
   */
  gender?: Personal;
  /**
   * The provider's id.
   */
  id?: string;
  /**
   * The number of an identity card or document.
   */
  identity_number?: Personal;
  /**
   * The family name.
   */
  last_name?: Personal;
  /**
   * The id that the party has at the marketplace.
   */
  marketplace_id?: Personal;
  /**
   * The name that the party has at the marketplace.
   */
  marketplace_name?: Personal;
  /**
   * The mobile telephone number as sent.
   */
  mobile?: Personal;
  /**
   * The full name.
   */
  name?: Personal;
  /**
   * The nickname.
   */
  nickname?: Personal;
  /**
   * A note about the party.
   */
  note?: Personal;
  /**
   * The telephone number as sent.
   */
  phone?: Personal;
  /**
   * The number in the commercial register.
   */
  registration_number?: Personal;
  /**
   * Names and ids in social networks, by the provider's field name.
   */
  social?: {
    [k: string]: Personal;
  };
  /**
   * The tax number.
   */
  tax_id?: Personal;
  /**
   * The form of address.
   */
  title?: Personal;
  /**
   * Person or company, in the provider's words.
   */
  type_of_party?: string;
  /**
   * True if the provider verified the account.
   */
  verified?: boolean;
}
/**
 * A postal address.
 */
export interface Address {
  /**
   * The additional number of a Saudi national address.
   */
  additional_number?: Personal;
  /**
   * The building's number, where it is apart from the street.
   */
  building_number?: Personal;
  /**
   * City.
   */
  city?: Personal;
  /**
   * Country, as code or as name.
   */
  country?: string;
  /**
   * District.
   */
  district?: Personal;
  /**
   * Degrees north, as sent.
   */
  latitude?: Personal;
  /**
   * Street and house number.
   */
  line1?: Personal;
  /**
   * More of the street.
   */
  line2?: Personal;
  /**
   * Degrees east, as sent.
   */
  longitude?: Personal;
  /**
   * Postal code.
   */
  postal_code?: Personal;
  /**
   * The short code of a Saudi national address.
   */
  short_address?: Personal;
  /**
   * State or province.
   */
  state?: Personal;
  /**
   * Sub-district.
   */
  subdistrict?: Personal;
  /**
   * The whole address in one text.
   */
  text?: Personal;
}
/**
 * The delivery of an order's goods.
 */
export interface Delivery {
  /**
   * The address that the goods go to.
   */
  address?: Address;
  /**
   * The carrier.
   */
  carrier?: string;
  /**
   * The time at which the goods were delivered.
   */
  delivered_at?: Time;
  /**
   * The delivery time that was announced to the customer, in the provider's words.
   */
  estimate?: string;
  /**
   * The shipping label.
   */
  label_url?: string;
  /**
   * The name of the delivery method.
   */
  method?: string;
  /**
   * The code of the delivery method.
   */
  method_code?: string;
  /**
   * The number of parcels.
   */
  packages?: Decimal;
  /**
   * The parcels, where the provider lists them.
   */
  parcels?: Parcel[];
  /**
   * The recipient, where the provider names one beside the buyer.
   */
  recipient?: Party;
  /**
   * The carrier's service.
   */
  service?: string;
  /**
   * The time at which the goods were shipped, or will be.
   */
  shipped_at?: Time;
  /**
   * The state in the common vocabulary.
   */
  state?: State;
  /**
   * The state in the provider's words.
   */
  status?: string;
  /**
   * The carrier's tracking number: the only one, or the first.
   */
  tracking_number?: string;
  /**
   * The page that shows where the parcel is.
   */
  tracking_url?: string;
}
/**
 * One parcel of a delivery.
 */
export interface Parcel {
  /**
   * The carrier.
   */
  carrier?: string;
  /**
   * The time at which the parcel was shipped.
   */
  shipped_at?: Time;
  /**
   * The carrier's tracking number.
   */
  tracking_number?: string;
  /**
   * The page that shows where the parcel is.
   */
  tracking_url?: string;
}
/**
 * Yes-or-no facts about an order.
 */
export interface Flags {
  /**
   * The customer pays on delivery.
   */
  cash_on_delivery?: boolean;
  /**
   * The customer confirmed an order that is paid on delivery.
   */
  cash_on_delivery_confirmed?: boolean;
  /**
   * The order is a deposit.
   */
  deposit?: boolean;
  /**
   * The order is a gift.
   */
  gift?: boolean;
  /**
   * The customer has no account.
   */
  guest?: boolean;
  /**
   * The order was placed on a marketplace.
   */
  marketplace?: boolean;
  /**
   * The goods are shipped.
   */
  needs_shipping?: boolean;
  /**
   * The merchant must choose the delivery method.
   */
  needs_shipping_method?: boolean;
  /**
   * The goods are made or delivered on demand.
   */
  on_demand?: boolean;
  /**
   * The recipient is not the customer.
   */
  other_recipient?: boolean;
  /**
   * The provider suspects fraud.
   */
  potential_fraud?: boolean;
  /**
   * The goods are ordered before they are available.
   */
  preorder?: boolean;
  /**
   * The goods of a preorder are reserved.
   */
  preorder_allocated?: boolean;
  /**
   * The customer used a short checkout.
   */
  quick_checkout?: boolean;
  /**
   * The order was cancelled and opened again.
   */
  reactivated?: boolean;
  /**
   * A reseller placed the order.
   */
  reseller?: boolean;
}
/**
 * A gift's texts.
 */
export interface Gift {
  /**
   * A picture or film that belongs to the message.
   */
  media_url?: Personal;
  /**
   * The message to the recipient.
   */
  message?: Personal;
  /**
   * The name of the person who receives.
   */
  receiver?: Personal;
  /**
   * The name of the person who gives.
   */
  sender?: Personal;
}
/**
 * A line of an order, a purchase, a return, a transfer, a shipment or an adjustment.
 */
export interface Line {
  /**
   * The price of one that the chosen options add.
   */
  additions?: Money;
  /**
   * The barcode.
   */
  barcode?: string;
  /**
   * The bundle that the line is a part of.
   */
  bundle?: Bundle;
  /**
   * The salesperson's commission.
   */
  commission?: Money;
  /**
   * Fields that the customer filled in.
   */
  custom_fields?: CustomField[];
  /**
   * A short description.
   */
  description?: Words;
  /**
   * The discount of the line.
   */
  discount?: Discount;
  /**
   * The document's discounts that the line bears a part of.
   */
  discounts?: Discount[];
  /**
   * True if the line earns loyalty points.
   */
  earns_points?: boolean;
  /**
   * An expense of the line, in the provider's meaning.
   */
  expense?: Money;
  /**
   * The price of one with tax.
   */
  gross_price?: Money;
  /**
   * The line's own id.
   */
  id?: string;
  /**
   * Pictures.
   */
  images?: Image[];
  /**
   * Lots that the pieces are from.
   */
  lots?: Lot[];
  /**
   * The marketplace's id of the item.
   */
  marketplace_item_id?: string;
  /**
   * The marketplace's id of the variant.
   */
  marketplace_variant_id?: string;
  /**
   * The name.
   */
  name?: Words;
  /**
   * The price of one without tax, or after discounts where the provider's word for it is net price.
   */
  net_price?: Money;
  /**
   * A note.
   */
  note?: string;
  /**
   * The chosen options, such as size and colour.
   */
  options?: SelectedOption[];
  /**
   * The price of one before the discount.
   */
  original_price?: Money;
  /**
   * The id of the product that the variant belongs to.
   */
  parent_id?: string;
  /**
   * The name of the product that the variant belongs to.
   */
  parent_name?: Words;
  /**
   * The id of the product or the variant.
   */
  product_id?: string;
  /**
   * The quantity.
   */
  quantity?: Decimal;
  /**
   * The sale price of one.
   */
  sale_price?: Money;
  /**
   * The salesperson.
   */
  salesperson?: Personal;
  /**
   * Serial numbers of the pieces.
   */
  serials?: string[];
  /**
   * The code of the product or the variant.
   */
  sku?: string;
  /**
   * The tax in the line.
   */
  tax?: Money;
  /**
   * The tax rate in percent.
   */
  tax_rate?: Decimal;
  /**
   * The tax status, in the provider's words or codes.
   */
  tax_status?: string;
  /**
   * True if tax applies.
   */
  taxable?: boolean;
  /**
   * The line's total.
   */
  total?: Money;
  /**
   * The line's total after its part of the document's discounts.
   */
  total_after_discount?: Money;
  /**
   * The line's total before the discount.
   */
  total_before_discount?: Money;
  /**
   * The line's total without tax.
   */
  total_before_tax?: Money;
  /**
   * The cost of the whole line for the merchant.
   */
  total_cost?: Money;
  /**
   * The kind of product, in the provider's words or codes.
   */
  type_of_product?: string;
  /**
   * The unit that `quantity` counts.
   */
  unit?: string;
  /**
   * The cost of one for the merchant.
   */
  unit_cost?: Money;
  /**
   * The price of one.
   */
  unit_price?: Money;
  /**
   * The quantity in the provider's other unit.
   */
  unit_quantity?: Decimal;
  /**
   * The page of the product.
   */
  url?: string;
  /**
   * The weight of one.
   */
  weight?: Decimal;
  /**
   * The unit of `weight`.
   */
  weight_unit?: string;
}
/**
 * A bundle: several products that are sold as one.
 */
export interface Bundle {
  /**
   * The code.
   */
  code?: string;
  /**
   * The provider's id.
   */
  id?: string;
  /**
   * The provider's id of the line's part in the bundle.
   */
  item_id?: string;
  /**
   * The name.
   */
  name?: Words;
  /**
   * The number of bundles.
   */
  quantity?: Decimal;
}
/**
 * A field that the merchant defined and the customer filled in.
 */
export interface CustomField {
  /**
   * The field's name.
   */
  name?: string;
  /**
   * The price that the value adds.
   */
  price?: Money;
  /**
   * The value that the customer entered.
   */
  value?: Personal;
}
/**
 * A picture.
 */
export interface Image {
  /**
   * The text that describes the picture.
   */
  alt?: string;
  /**
   * The address of the largest version.
   */
  url?: string;
}
/**
 * A lot or batch of goods.
 */
export interface Lot {
  /**
   * The time at which the goods expire.
   */
  expires_at?: Time;
  /**
   * The lot's number.
   */
  number?: string;
  /**
   * The quantity from this lot.
   */
  quantity?: Decimal;
}
/**
 * A choice that makes a variant, such as `Size` = `42`.
 */
export interface SelectedOption {
  /**
   * The option's name; absent where the provider sends the value alone.
   */
  name?: Words;
  /**
   * The chosen value.
   */
  value?: Words;
}
/**
 * A shop, a warehouse or another place of the merchant that holds goods.
 */
export interface Location {
  /**
   * The address.
   */
  address?: Address;
  /**
   * The code that the merchant assigned.
   */
  code?: string;
  /**
   * The provider's id.
   */
  id?: string;
  /**
   * The name.
   */
  name?: Words;
  /**
   * The kind of place, in the provider's words.
   */
  type_of_location?: string;
}
/**
 * The marketplace that an order came from.
 */
export interface Marketplace {
  /**
   * The commission.
   */
  commission?: Money;
  /**
   * The commission in percent.
   */
  commission_rate?: Decimal;
  /**
   * The marketplace's name.
   */
  name?: string;
  /**
   * The state of the payment, in the marketplace's words.
   */
  payment_status?: string;
  /**
   * The platform through which the marketplace is connected.
   */
  platform?: string;
  /**
   * The merchant's shop on the marketplace.
   */
  shop?: string;
  /**
   * The state of the goods, in the marketplace's words.
   */
  status?: string;
}
/**
 * Money that moved, that was meant to move, or that was written off.
 */
export interface Payment {
  /**
   * The amount.
   */
  amount?: Money;
  /**
   * The bank.
   */
  bank?: string;
  /**
   * The time at which the record was created in the provider's system.
   */
  created_at?: Time;
  /**
   * The user who entered the payment.
   */
  creator?: Actor;
  /**
   * The customer who pays.
   */
  customer?: Party;
  /**
   * `in` if the merchant receives, `out` if the merchant pays. Absent for a write-off.
   */
  direction?: Direction;
  /**
   * The provider's id of the payment, or of the order that is paid where payments have none.
   */
  id?: string;
  /**
   * The merchant's account at the provider.
   */
  merchant_id?: string;
  /**
   * The reason why it did not work.
   */
  message?: string;
  /**
   * Names and values that the merchant sent along.
   */
  metadata?: {
    [k: string]: string;
  };
  /**
   * The name of the payment method.
   */
  method?: string;
  /**
   * The code of the payment method.
   */
  method_code?: string;
  /**
   * The provider's id of the payment method.
   */
  method_id?: string;
  /**
   * The card network or payment network.
   */
  network?: string;
  /**
   * A note.
   */
  note?: string;
  /**
   * The number on the document.
   */
  number?: string;
  /**
   * The operation, in the provider's words.
   */
  operation?: string;
  /**
   * The order or invoice that the payment belongs to.
   */
  order_id?: string;
  /**
   * The outlet that took the payment.
   */
  outlet?: string;
  /**
   * The time at which the money moved. Absent where no money moved.
   */
  paid_at?: Time;
  /**
   * The time at which the provider carried out the operation, or tried to.
   */
  processed_at?: Time;
  /**
   * The purchase order or supplier bill that the payment belongs to.
   */
  purchase_order_id?: string;
  /**
   * `payment` or `write_off`.
   */
  purpose?: Purpose;
  /**
   * The reason of a write-off.
   */
  reason?: string;
  /**
   * The provider's id of a write-off's reason or tag.
   */
  reason_id?: string;
  /**
   * The merchant's, the bank's or the terminal's reference of this payment.
   */
  reference?: string;
  /**
   * The name of the person who transferred the money.
   */
  sender_name?: Personal;
  /**
   * A picture of the transfer slip.
   */
  slip_url?: Personal;
  /**
   * The state in the common vocabulary.
   */
  state?: State;
  /**
   * The state in the provider's words.
   */
  status?: string;
  /**
   * True if the operation worked.
   */
  success?: boolean;
  /**
   * The supplier who is paid.
   */
  supplier?: Party;
  /**
   * The provider's region.
   */
  territory?: string;
  /**
   * True if it is a test.
   */
  test?: boolean;
  /**
   * The kind of payment method, in the provider's words.
   */
  type_of_method?: string;
  /**
   * The time of the last change.
   */
  updated_at?: Time;
}
/**
 * Loyalty points of one sale.
 */
export interface Points {
  /**
   * The points that the customer has now.
   */
  balance?: Decimal;
  /**
   * The points that the customer earned.
   */
  earned?: Decimal;
  /**
   * The points that the customer spent.
   */
  used?: Decimal;
}
/**
 * Goods that come back from a customer.
 */
export interface ReturnOrder {
  /**
   * The amount that is left to pay.
   */
  amount_due?: Money;
  /**
   * The channel that the sale came from.
   */
  channel?: string;
  /**
   * Every position of the document's sums, as the provider lists them.
   */
  charges?: Charge[];
  /**
   * The time at which the record was created in the provider's system.
   */
  created_at?: Time;
  /**
   * The user who created the document.
   */
  creator?: Actor;
  /**
   * The customer.
   */
  customer?: Party;
  /**
   * The way back of the goods.
   */
  delivery?: Delivery;
  /**
   * All discounts together, without a minus.
   */
  discount?: Money;
  /**
   * The discounts one by one, in the order in which they apply.
   */
  discounts?: Discount[];
  /**
   * The provider's id.
   */
  id?: string;
  /**
   * The products that come back.
   */
  lines?: Line[];
  /**
   * The place that the goods come back to.
   */
  location?: Location;
  /**
   * The marketplace that the sale came from.
   */
  marketplace?: Marketplace;
  /**
   * The sum after discounts and before tax.
   */
  net?: Money;
  /**
   * A note.
   */
  note?: string;
  /**
   * The number on the document.
   */
  number?: string;
  /**
   * The order that the goods belong to.
   */
  order_id?: string;
  /**
   * The number of the order that the goods belong to.
   */
  order_number?: string;
  /**
   * The amount that was paid. Absent if nothing was paid.
   */
  paid?: Money;
  /**
   * True if some of the order's goods stay with the customer.
   */
  partial?: boolean;
  /**
   * The payment method, as code where there is one.
   */
  payment_method?: string;
  /**
   * The state of the payment in the common vocabulary.
   */
  payment_state?: State;
  /**
   * The state of the payment in the provider's words.
   */
  payment_status?: string;
  /**
   * The payments to the customer.
   */
  payments?: Payment[];
  /**
   * The time of the return.
   */
  placed_at?: Time;
  /**
   * The reason in words.
   */
  reason?: string;
  /**
   * The reason as a code.
   */
  reason_code?: string;
  /**
   * The merchant's own reference.
   */
  reference?: string;
  /**
   * The amount that was refunded so far.
   */
  refunded?: Money;
  /**
   * The delivery fee.
   */
  shipping_fee?: Money;
  /**
   * The tax in the delivery fee.
   */
  shipping_tax?: Money;
  /**
   * The state in the common vocabulary.
   */
  state?: State;
  /**
   * The state in the provider's words.
   */
  status?: string;
  /**
   * The sum of the lines before discounts and tax.
   */
  subtotal?: Money;
  /**
   * Fees on top, such as a card fee.
   */
  surcharge?: Money;
  /**
   * Tags that the merchant attached.
   */
  tags?: string[];
  /**
   * The tax.
   */
  tax?: Money;
  /**
   * True if the prices contain the tax, false if it is added to them.
   */
  tax_included?: boolean;
  /**
   * The name of the tax.
   */
  tax_name?: string;
  /**
   * The tax rate in percent.
   */
  tax_rate?: Decimal;
  /**
   * The provider's code for the way in which tax applies, where its meaning is not documented.
   */
  tax_type?: string;
  /**
   * The amount that tax is computed from.
   */
  taxable?: Money;
  /**
   * The value of the return.
   */
  total?: Money;
  /**
   * The kind of return, in the provider's words.
   */
  type_of_return?: string;
  /**
   * The time of the last change.
   */
  updated_at?: Time;
  /**
   * The page of the document.
   */
  url?: string;
  /**
   * True if the document was voided.
   */
  voided?: boolean;
}
/**
 * Goods on their way in or out.
 */
export interface Shipment {
  /**
   * The time at which the goods arrived.
   */
  arrived_at?: Time;
  /**
   * The carrier.
   */
  carrier?: string;
  /**
   * The fees one by one.
   */
  charges?: Charge[];
  /**
   * The time at which the record was created in the provider's system.
   */
  created_at?: Time;
  /**
   * The user who created the document.
   */
  creator?: Actor;
  /**
   * The customer at the other end.
   */
  customer?: Party;
  /**
   * `outbound` to a customer or `inbound` from a supplier.
   */
  direction?: string;
  /**
   * The driver.
   */
  driver?: Driver;
  /**
   * The fee.
   */
  fee?: Money;
  /**
   * The provider's id.
   */
  id?: string;
  /**
   * The products that travel.
   */
  lines?: Line[];
  /**
   * A note.
   */
  note?: string;
  /**
   * The number on the document.
   */
  number?: string;
  /**
   * The merchant's order that the shipment belongs to.
   */
  order_id?: string;
  /**
   * The merchant's outlet at one end.
   */
  outlet?: string;
  /**
   * The provider's own order that the shipment belongs to.
   */
  provider_order_id?: string;
  /**
   * The reason for the state, in words.
   */
  reason?: string;
  /**
   * The reason for the state, as a code.
   */
  reason_code?: string;
  /**
   * The recipient, where the provider names one beside the customer.
   */
  recipient?: Party;
  /**
   * The carrier's service.
   */
  service?: string;
  /**
   * The time at which the goods were shipped.
   */
  shipped_at?: Time;
  /**
   * The provider's id of the merchant's shop.
   */
  shop_id?: string;
  /**
   * The state in the common vocabulary.
   */
  state?: State;
  /**
   * The state in the provider's words.
   */
  status?: string;
  /**
   * The supplier at the other end.
   */
  supplier?: Party;
  /**
   * The carrier's tracking number.
   */
  tracking_number?: string;
  /**
   * The page that shows where the parcel is.
   */
  tracking_url?: string;
  /**
   * The time of the last change.
   */
  updated_at?: Time;
}
/**
 * A driver who carries a shipment.
 */
export interface Driver {
  /**
   * The carrier's id of the driver.
   */
  id?: Personal;
  /**
   * The last known position, degrees north.
   */
  latitude?: Personal;
  /**
   * The last known position, degrees east.
   */
  longitude?: Personal;
  /**
   * The name.
   */
  name?: Personal;
  /**
   * The telephone number.
   */
  phone?: Personal;
  /**
   * The picture.
   */
  photo_url?: Personal;
  /**
   * The number plate.
   */
  plate?: Personal;
}
/**
 * A product, or a variant of one.
 */
export interface Product {
  /**
   * True if the product is in use.
   */
  active?: boolean;
  /**
   * The quantity that can be sold.
   */
  available?: Decimal;
  /**
   * The barcode.
   */
  barcode?: string;
  /**
   * The brand.
   */
  brand?: string;
  /**
   * All categories.
   */
  categories?: CategoryReference[];
  /**
   * The category's name.
   */
  category?: string;
  /**
   * The provider's id of the category.
   */
  category_id?: string;
  /**
   * The parts of a composite product.
   */
  components?: Component[];
  /**
   * The cost of one for the merchant.
   */
  cost?: Money;
  /**
   * The time at which the record was created in the provider's system.
   */
  created_at?: Time;
  /**
   * The description.
   */
  description?: Words;
  /**
   * Width, length and height of one.
   */
  dimensions?: Dimensions;
  /**
   * True if the product is no longer sold.
   */
  discontinued?: boolean;
  /**
   * The discount of the price.
   */
  discount?: Discount;
  /**
   * True if the product is a draft.
   */
  draft?: boolean;
  /**
   * True if the product earns loyalty points.
   */
  earns_points?: boolean;
  /**
   * The provider's id.
   */
  id?: string;
  /**
   * The main picture.
   */
  image_url?: string;
  /**
   * All pictures.
   */
  images?: Image[];
  /**
   * The name.
   */
  name?: Words;
  /**
   * True if the product is shipped.
   */
  needs_shipping?: boolean;
  /**
   * The options that the product's variants differ in.
   */
  options?: ProductOption[];
  /**
   * The price of one on purchase orders.
   */
  order_price?: Money;
  /**
   * The prices that differ by outlet.
   */
  outlet_prices?: OutletPrice[];
  /**
   * The product that this is a variant of, as id or as name.
   */
  parent?: string;
  /**
   * The code of the product that this is a variant of.
   */
  parent_sku?: string;
  /**
   * The price of one.
   */
  price?: Money;
  /**
   * True if customers see the product.
   */
  published?: boolean;
  /**
   * The tax status of purchases, in the provider's words or codes.
   */
  purchase_tax_status?: string;
  /**
   * The quantity in stock.
   */
  quantity?: Decimal;
  /**
   * The time from which the product is sold.
   */
  released_at?: Time;
  /**
   * The price of one while a sale lasts.
   */
  sale_price?: Money;
  /**
   * The choices that make the variant.
   */
  selected_options?: SelectedOption[];
  /**
   * The short description.
   */
  short_description?: Words;
  /**
   * The code.
   */
  sku?: string;
  /**
   * The stock by location.
   */
  stocks?: StockLevel[];
  /**
   * Standalone, parent or child, in the provider's words.
   */
  structure?: string;
  /**
   * The supplier's name.
   */
  supplier?: string;
  /**
   * Words to find the product by.
   */
  tags?: string[];
  /**
   * The tax status of sales, in the provider's words or codes.
   */
  tax_status?: string;
  /**
   * True if tax applies.
   */
  taxable?: boolean;
  /**
   * The small version of the main picture.
   */
  thumbnail_url?: string;
  /**
   * The kind of product, in the provider's words or codes.
   */
  type_of_product?: string;
  /**
   * The unit that quantities count.
   */
  unit?: string;
  /**
   * True if the quantity is unlimited.
   */
  unlimited?: boolean;
  /**
   * The time of the last change.
   */
  updated_at?: Time;
  /**
   * The page of the product.
   */
  url?: string;
  /**
   * The words that make the variant, such as its size.
   */
  variant?: string;
  /**
   * The variants.
   */
  variants?: Product[];
  /**
   * The provider's id of the group of variants.
   */
  variation_id?: string;
  /**
   * The weight of one.
   */
  weight?: Decimal;
  /**
   * The unit of `weight`.
   */
  weight_unit?: string;
}
/**
 * A category as named inside a product, or a category's child.
 */
export interface CategoryReference {
  /**
   * The provider's id.
   */
  id?: string;
  /**
   * The name.
   */
  name?: Words;
}
/**
 * A part of a composite product.
 */
export interface Component {
  /**
   * The part's name.
   */
  name?: Words;
  /**
   * The quantity in one composite product.
   */
  quantity?: Decimal;
  /**
   * The part's code.
   */
  sku?: string;
}
/**
 * Width, length and height.
 */
export interface Dimensions {
  /**
   * The height.
   */
  height?: Decimal;
  /**
   * The length.
   */
  length?: Decimal;
  /**
   * The unit of all three.
   */
  unit?: string;
  /**
   * The width.
   */
  width?: Decimal;
}
/**
 * An option that a product's variants differ in.
 */
export interface ProductOption {
  /**
   * The provider's id.
   */
  id?: string;
  /**
   * The name.
   */
  name?: Words;
  /**
   * The values to choose from.
   */
  values?: Words[];
}
/**
 * The price of a product in one outlet.
 */
export interface OutletPrice {
  /**
   * The cost that this outlet adds.
   */
  extra_cost?: Money;
  /**
   * The outlet's name.
   */
  outlet?: string;
  /**
   * The price there.
   */
  price?: Money;
}
/**
 * The stock of a product in one location.
 */
export interface StockLevel {
  /**
   * The quantity that is reserved.
   */
  allocated?: Decimal;
  /**
   * The quantity that can be sold.
   */
  available?: Decimal;
  /**
   * The provider's id of the stock record.
   */
  id?: string;
  /**
   * The location.
   */
  location?: Location;
  /**
   * The quantity that is there.
   */
  on_hand?: Decimal;
  /**
   * True if the quantity is unlimited.
   */
  unlimited?: boolean;
}
/**
 * A stock level: how many there are, not how many were added.
 */
export interface Stock {
  /**
   * The quantity that is reserved.
   */
  allocated?: Decimal;
  /**
   * The quantity that can be sold.
   */
  available?: Decimal;
  /**
   * The time at which the quantity was counted or sent.
   */
  counted_at?: Time;
  /**
   * The provider's id of the product, or of the stock record where it has one.
   */
  id?: string;
  /**
   * The merchant's own code of the product.
   */
  merchant_sku?: string;
  /**
   * The product's name.
   */
  name?: Words;
  /**
   * The quantity that is there.
   */
  on_hand?: Decimal;
  /**
   * The provider's id of the stock's owner.
   */
  partner_id?: string;
  /**
   * The product's code.
   */
  sku?: string;
  /**
   * The warehouse, as code or as name.
   */
  warehouse?: string;
}
/**
 * A customer of the merchant.
 */
export interface Customer {
  /**
   * True if the account may buy.
   */
  active?: boolean;
  /**
   * The average total of an order.
   */
  average_order?: Money;
  /**
   * The date of birth.
   */
  birth_date?: Personal;
  /**
   * True if the customer may pay on delivery.
   */
  cash_on_delivery?: boolean;
  /**
   * The channel that the customer came from.
   */
  channel?: string;
  /**
   * The time at which the record was created in the provider's system.
   */
  created_at?: Time;
  /**
   * The time at which the membership ends.
   */
  expires_at?: Time;
  /**
   * The customer group.
   */
  group?: string;
  /**
   * The provider's id.
   */
  id?: string;
  /**
   * The time at which the membership began.
   */
  joined_at?: Time;
  /**
   * The time of the last order.
   */
  last_order_at?: Time;
  /**
   * The number of orders.
   */
  orders?: Decimal;
  /**
   * The outlet that knows the customer.
   */
  outlet?: string;
  /**
   * The person or the company.
   */
  party?: Party;
  /**
   * The loyalty points.
   */
  points?: Decimal;
  /**
   * The loyalty points that do not count yet.
   */
  points_pending?: Decimal;
  /**
   * Tags that the merchant attached.
   */
  tags?: string[];
  /**
   * The amount of all payments.
   */
  total_paid?: Money;
  /**
   * The time of the last change.
   */
  updated_at?: Time;
  /**
   * True if the provider verified the account.
   */
  verified?: boolean;
}
/**
 * A supplier of the merchant.
 */
export interface Supplier {
  /**
   * The time at which the record was created in the provider's system.
   */
  created_at?: Time;
  /**
   * The provider's id.
   */
  id?: string;
  /**
   * The person or the company.
   */
  party?: Party;
  /**
   * The time of the last change.
   */
  updated_at?: Time;
}
/**
 * A cart that the customer abandoned, or came back to.
 */
export interface Cart {
  /**
   * The channel that the customer came from.
   */
  channel?: string;
  /**
   * The time at which the record was created in the provider's system.
   */
  created_at?: Time;
  /**
   * The customer.
   */
  customer?: Party;
  /**
   * The provider's id.
   */
  id?: string;
  /**
   * The products in the cart.
   */
  lines?: Line[];
  /**
   * The order that the cart became.
   */
  order_id?: string;
  /**
   * The step of the checkout that the customer reached, in the provider's words.
   */
  phase?: string;
  /**
   * The number of products.
   */
  products_count?: Decimal;
  /**
   * The number of reminders that were sent.
   */
  reminders?: Decimal;
  /**
   * The cart's total.
   */
  total?: Money;
  /**
   * The time of the last change.
   */
  updated_at?: Time;
  /**
   * The link that opens the cart again.
   */
  url?: string;
}
/**
 * A category of products.
 */
export interface Category {
  /**
   * The categories in this one.
   */
  children?: CategoryReference[];
  /**
   * The description.
   */
  description?: Words;
  /**
   * The provider's id.
   */
  id?: string;
  /**
   * The picture.
   */
  image_url?: string;
  /**
   * The name.
   */
  name?: Words;
  /**
   * The category that this one is in.
   */
  parent_id?: string;
  /**
   * The names of the categories from the top to this one, in one text.
   */
  path?: string;
  /**
   * The number of products in the category.
   */
  products?: Decimal;
  /**
   * True if customers see the category.
   */
  published?: boolean;
  /**
   * The name in URLs.
   */
  slug?: string;
  /**
   * The page of the category.
   */
  url?: string;
  /**
   * The provider's other id.
   */
  uuid?: string;
}
/**
 * A purchase from a supplier.
 */
export interface PurchaseOrder {
  /**
   * The amount that is left to pay.
   */
  amount_due?: Money;
  /**
   * The channel, or the merchant's tag of the document.
   */
  channel?: string;
  /**
   * Every position of the document's sums, as the provider lists them.
   */
  charges?: Charge[];
  /**
   * The time at which the record was created in the provider's system.
   */
  created_at?: Time;
  /**
   * The user who created the document.
   */
  creator?: Actor;
  /**
   * The delivery of the goods.
   */
  delivery?: Delivery;
  /**
   * The state of the goods in the common vocabulary.
   */
  delivery_state?: State;
  /**
   * The state of the goods in the provider's words.
   */
  delivery_status?: string;
  /**
   * All discounts together, without a minus.
   */
  discount?: Money;
  /**
   * The discounts one by one, in the order in which they apply.
   */
  discounts?: Discount[];
  /**
   * The time at which the payment is due.
   */
  due_at?: Time;
  /**
   * The provider's id.
   */
  id?: string;
  /**
   * The products that are bought.
   */
  lines?: Line[];
  /**
   * The place that the goods arrive at.
   */
  location?: Location;
  /**
   * The sum after discounts and before tax.
   */
  net?: Money;
  /**
   * A note.
   */
  note?: string;
  /**
   * The number on the document.
   */
  number?: string;
  /**
   * The outlet that buys.
   */
  outlet?: string;
  /**
   * The amount that was paid. Absent if nothing was paid.
   */
  paid?: Money;
  /**
   * The payment method, as code where there is one.
   */
  payment_method?: string;
  /**
   * The state of the payment in the common vocabulary.
   */
  payment_state?: State;
  /**
   * The state of the payment in the provider's words.
   */
  payment_status?: string;
  /**
   * The payments.
   */
  payments?: Payment[];
  /**
   * The time at which the order was placed.
   */
  placed_at?: Time;
  /**
   * The merchant's own reference.
   */
  reference?: string;
  /**
   * The delivery fee.
   */
  shipping_fee?: Money;
  /**
   * The tax in the delivery fee.
   */
  shipping_tax?: Money;
  /**
   * The state in the common vocabulary.
   */
  state?: State;
  /**
   * The state in the provider's words.
   */
  status?: string;
  /**
   * The sum of the lines before discounts and tax.
   */
  subtotal?: Money;
  /**
   * The supplier.
   */
  supplier?: Party;
  /**
   * Fees on top, such as a card fee.
   */
  surcharge?: Money;
  /**
   * Tags that the merchant attached.
   */
  tags?: string[];
  /**
   * The tax. Absent where the provider does not document whether it is an amount.
   */
  tax?: Money;
  /**
   * True if the prices contain the tax, false if it is added to them.
   */
  tax_included?: boolean;
  /**
   * The name of the tax.
   */
  tax_name?: string;
  /**
   * The tax rate in percent.
   */
  tax_rate?: Decimal;
  /**
   * The provider's code for the way in which tax applies, where its meaning is not documented.
   */
  tax_type?: string;
  /**
   * The amount that tax is computed from.
   */
  taxable?: Money;
  /**
   * The amount to pay.
   */
  total?: Money;
  /**
   * The kind of document, in the provider's words or codes.
   */
  type_of_order?: string;
  /**
   * The time of the last change.
   */
  updated_at?: Time;
  /**
   * The page of the document.
   */
  url?: string;
  /**
   * True if the document was voided.
   */
  voided?: boolean;
}
/**
 * Goods that go back to a supplier.
 */
export interface ReturnPurchaseOrder {
  /**
   * The amount that is left to pay.
   */
  amount_due?: Money;
  /**
   * Every position of the document's sums, as the provider lists them.
   */
  charges?: Charge[];
  /**
   * The time at which the record was created in the provider's system.
   */
  created_at?: Time;
  /**
   * The user who created the document.
   */
  creator?: Actor;
  /**
   * The way of the goods.
   */
  delivery?: Delivery;
  /**
   * All discounts together, without a minus.
   */
  discount?: Money;
  /**
   * The discounts one by one, in the order in which they apply.
   */
  discounts?: Discount[];
  /**
   * The provider's id.
   */
  id?: string;
  /**
   * The products that go back.
   */
  lines?: Line[];
  /**
   * The place that the goods leave from.
   */
  location?: Location;
  /**
   * The sum after discounts and before tax.
   */
  net?: Money;
  /**
   * A note.
   */
  note?: string;
  /**
   * The number on the document.
   */
  number?: string;
  /**
   * The amount that was paid. Absent if nothing was paid.
   */
  paid?: Money;
  /**
   * The payment method, as code where there is one.
   */
  payment_method?: string;
  /**
   * The state of the payment in the common vocabulary.
   */
  payment_state?: State;
  /**
   * The state of the payment in the provider's words.
   */
  payment_status?: string;
  /**
   * The payments from the supplier.
   */
  payments?: Payment[];
  /**
   * The time of the return.
   */
  placed_at?: Time;
  /**
   * The purchase order that the goods belong to.
   */
  purchase_order_id?: string;
  /**
   * The number of the purchase order that the goods belong to.
   */
  purchase_order_number?: string;
  /**
   * The merchant's own reference.
   */
  reference?: string;
  /**
   * The amount that was refunded so far.
   */
  refunded?: Money;
  /**
   * The delivery fee.
   */
  shipping_fee?: Money;
  /**
   * The tax in the delivery fee.
   */
  shipping_tax?: Money;
  /**
   * The state in the common vocabulary.
   */
  state?: State;
  /**
   * The state in the provider's words.
   */
  status?: string;
  /**
   * The sum of the lines before discounts and tax.
   */
  subtotal?: Money;
  /**
   * The supplier.
   */
  supplier?: Party;
  /**
   * Fees on top, such as a card fee.
   */
  surcharge?: Money;
  /**
   * Tags that the merchant attached.
   */
  tags?: string[];
  /**
   * The tax.
   */
  tax?: Money;
  /**
   * True if the prices contain the tax, false if it is added to them.
   */
  tax_included?: boolean;
  /**
   * The name of the tax.
   */
  tax_name?: string;
  /**
   * The tax rate in percent.
   */
  tax_rate?: Decimal;
  /**
   * The provider's code for the way in which tax applies, where its meaning is not documented.
   */
  tax_type?: string;
  /**
   * The amount that tax is computed from.
   */
  taxable?: Money;
  /**
   * The value of the return.
   */
  total?: Money;
  /**
   * The time of the last change.
   */
  updated_at?: Time;
  /**
   * The page of the document.
   */
  url?: string;
  /**
   * True if the document was voided.
   */
  voided?: boolean;
}
/**
 * Goods that move between the merchant's own places.
 */
export interface Transfer {
  /**
   * The time at which the goods arrived.
   */
  arrived_at?: Time;
  /**
   * The carrier.
   */
  courier?: string;
  /**
   * The time at which the record was created in the provider's system.
   */
  created_at?: Time;
  /**
   * The user who created the document.
   */
  creator?: Actor;
  /**
   * The place that the goods go to, as code or as name.
   */
  destination?: string;
  /**
   * The provider's id of that place.
   */
  destination_id?: string;
  /**
   * The provider's id.
   */
  id?: string;
  /**
   * The products that move.
   */
  lines?: Line[];
  /**
   * A note.
   */
  note?: string;
  /**
   * The number on the document.
   */
  number?: string;
  /**
   * The place that the goods come from, as code or as name.
   */
  origin?: string;
  /**
   * The provider's id of that place.
   */
  origin_id?: string;
  /**
   * A note of the place that received the goods.
   */
  received_note?: string;
  /**
   * The merchant's own reference.
   */
  reference?: string;
  /**
   * The time at which the goods left.
   */
  sent_at?: Time;
  /**
   * The state in the common vocabulary.
   */
  state?: State;
  /**
   * The state in the provider's words.
   */
  status?: string;
  /**
   * Tags that the merchant attached.
   */
  tags?: string[];
  /**
   * The value of the goods.
   */
  total?: Money;
  /**
   * The kind of transfer, in the provider's words: some are corrections of the stock.
   */
  type_of_transfer?: string;
  /**
   * The time of the last change.
   */
  updated_at?: Time;
}
/**
 * A correction of the stock.
 */
export interface Adjustment {
  /**
   * The time of the correction.
   */
  adjusted_at?: Time;
  /**
   * The products that were counted.
   */
  counted?: Line[];
  /**
   * The time at which the record was created in the provider's system.
   */
  created_at?: Time;
  /**
   * The user who created the document.
   */
  creator?: Actor;
  /**
   * The provider's id.
   */
  id?: string;
  /**
   * The products that were corrected.
   */
  lines?: Line[];
  /**
   * A note.
   */
  note?: string;
  /**
   * The number on the document.
   */
  number?: string;
  /**
   * The outlet whose stock it is.
   */
  outlet?: string;
  /**
   * The person in charge.
   */
  responsible?: Personal;
  /**
   * The state in the common vocabulary.
   */
  state?: State;
  /**
   * The state in the provider's words.
   */
  status?: string;
  /**
   * The kind of correction, in the provider's words.
   */
  type_of_adjustment?: string;
}
/**
 * A cashier's shift.
 */
export interface Shift {
  /**
   * The cashier.
   */
  cashier?: Personal;
  /**
   * The provider's id of the cashier.
   */
  cashier_id?: string;
  /**
   * The time at which the shift ended.
   */
  closed_at?: Time;
  /**
   * The time at which the record was created in the provider's system.
   */
  created_at?: Time;
  /**
   * The user who created the record.
   */
  creator?: Actor;
  /**
   * The provider's id.
   */
  id?: string;
  /**
   * The number of invoices.
   */
  invoices?: Decimal;
  /**
   * The last document number, in the provider's meaning.
   */
  last_number?: string;
  /**
   * The takings before tax.
   */
  net?: Money;
  /**
   * A note.
   */
  note?: string;
  /**
   * The number on the document.
   */
  number?: string;
  /**
   * The time at which the shift began.
   */
  opened_at?: Time;
  /**
   * The cash in the till at the beginning.
   */
  opening_amount?: Money;
  /**
   * The outlet.
   */
  outlet?: string;
  /**
   * The money that customers owe.
   */
  receivables?: Receivables;
  /**
   * The till.
   */
  register?: string;
  /**
   * The provider's id of the till.
   */
  register_id?: string;
  /**
   * The takings. The provider's pages disagree on whether tax is in them.
   */
  sales?: Money;
  /**
   * The takings with the fees on top.
   */
  sales_with_surcharge?: Money;
  /**
   * Fees on top, such as card fees.
   */
  surcharge?: Money;
  /**
   * The tax.
   */
  tax?: Money;
  /**
   * The amount that no tax applies to.
   */
  tax_exempt?: Money;
  /**
   * The amount that tax is computed from.
   */
  taxable?: Money;
  /**
   * The kind of shift, in the provider's words.
   */
  type_of_shift?: string;
  /**
   * The number of visitors.
   */
  visitors?: Decimal;
}
/**
 * Money that customers owe, in a report.
 */
export interface Receivables {
  /**
   * The sum.
   */
  amount?: Money;
  /**
   * The number of documents.
   */
  count?: Decimal;
}
/**
 * A question for a customer's points, or a sale that earns some.
 */
export interface Loyalty {
  /**
   * The amount that is left to pay.
   */
  amount_due?: Money;
  /**
   * The channel that the sale came from.
   */
  channel?: string;
  /**
   * Every position of the document's sums, as the provider lists them.
   */
  charges?: Charge[];
  /**
   * The coupon that was used.
   */
  coupon?: Discount;
  /**
   * The time at which the record was created in the provider's system.
   */
  created_at?: Time;
  /**
   * The user who entered the sale.
   */
  creator?: Actor;
  /**
   * The customer whose points it is about.
   */
  customer?: Party;
  /**
   * The delivery of the goods.
   */
  delivery?: Delivery;
  /**
   * The state of the goods in the common vocabulary.
   */
  delivery_state?: State;
  /**
   * The state of the goods in the provider's words.
   */
  delivery_status?: string;
  /**
   * All discounts together, without a minus.
   */
  discount?: Money;
  /**
   * The discounts one by one, in the order in which they apply.
   */
  discounts?: Discount[];
  /**
   * The time at which the payment is due.
   */
  due_at?: Time;
  /**
   * The provider's id of the sale that earns.
   */
  id?: string;
  /**
   * The products that were sold.
   */
  lines?: Line[];
  /**
   * The sum after discounts and before tax.
   */
  net?: Money;
  /**
   * A note.
   */
  note?: string;
  /**
   * The number of the sale.
   */
  number?: string;
  /**
   * The outlet that asks.
   */
  outlet?: string;
  /**
   * The amount that was paid. Absent if nothing was paid.
   */
  paid?: Money;
  /**
   * The state of the payment in the common vocabulary.
   */
  payment_state?: State;
  /**
   * The state of the payment in the provider's words.
   */
  payment_status?: string;
  /**
   * The payments.
   */
  payments?: Payment[];
  /**
   * The time of the sale.
   */
  placed_at?: Time;
  /**
   * Loyalty points that the sale used and earned.
   */
  points?: Points;
  /**
   * The merchant's own reference.
   */
  reference?: string;
  /**
   * The salesperson.
   */
  salesperson?: Personal;
  /**
   * The shipments.
   */
  shipments?: Shipment[];
  /**
   * The delivery fee.
   */
  shipping_fee?: Money;
  /**
   * The tax in the delivery fee.
   */
  shipping_tax?: Money;
  /**
   * The sum of the lines before discounts and tax.
   */
  subtotal?: Money;
  /**
   * Fees on top, such as a card fee.
   */
  surcharge?: Money;
  /**
   * The tax.
   */
  tax?: Money;
  /**
   * True if the prices contain the tax, false if it is added to them.
   */
  tax_included?: boolean;
  /**
   * The name of the tax.
   */
  tax_name?: string;
  /**
   * The tax rate in percent.
   */
  tax_rate?: Decimal;
  /**
   * The provider's code for the way in which tax applies, where its meaning is not documented.
   */
  tax_type?: string;
  /**
   * The amount that tax is computed from.
   */
  taxable?: Money;
  /**
   * The amount to pay.
   */
  total?: Money;
  /**
   * True if the sale was voided.
   */
  voided?: boolean;
}
/**
 * A coupon that a customer shows at the till.
 */
export interface Coupon {
  /**
   * The total of the cart.
   */
  cart_total?: Money;
  /**
   * The code on the coupon.
   */
  code?: string;
  /**
   * The customer.
   */
  customer?: Party;
  /**
   * The provider's id.
   */
  id?: string;
  /**
   * The products in the cart.
   */
  lines?: Line[];
  /**
   * The outlet that asks.
   */
  outlet?: string;
  /**
   * The unit of `value`.
   */
  unit?: Unit;
  /**
   * The size of the reduction in that unit.
   */
  value?: Decimal;
}
/**
 * A shop or a warehouse of the merchant.
 */
export interface Outlet {
  /**
   * The address in one text.
   */
  address?: Personal;
  /**
   * The code.
   */
  code?: string;
  /**
   * The e-mail address.
   */
  email?: Personal;
  /**
   * The provider's id.
   */
  id?: string;
  /**
   * The name.
   */
  name?: string;
  /**
   * True if the outlet is closed.
   */
  suspended?: boolean;
}
/**
 * A merchant's subscription to an app.
 */
export interface Subscription {
  /**
   * The app.
   */
  app_id?: string;
  /**
   * The time at which the plan ends.
   */
  ends_at?: Time;
  /**
   * The app and the store, as the provider's ids.
   */
  id?: string;
  /**
   * The merchant.
   */
  merchant?: Party;
  /**
   * The amount that was paid.
   */
  paid?: Money;
  /**
   * The time of the payment.
   */
  paid_at?: Time;
  /**
   * The name of the plan.
   */
  plan?: string;
  /**
   * The provider's id of the plan.
   */
  plan_id?: string;
  /**
   * The name of the plan before.
   */
  previous_plan?: string;
  /**
   * The provider's id of the merchant's store.
   */
  provider_store_id?: string;
  /**
   * The provider's other id of the merchant's store.
   */
  provider_store_uuid?: string;
  /**
   * The time at which the plan began.
   */
  starts_at?: Time;
  /**
   * The state in the common vocabulary.
   */
  state?: State;
  /**
   * The state in the provider's words.
   */
  status?: string;
  /**
   * The merchant's store.
   */
  store_url?: string;
  /**
   * The kind of plan, in the provider's words.
   */
  type_of_plan?: string;
}
/**
 * An app in a merchant's store.
 */
export interface App {
  /**
   * The app.
   */
  app_id?: string;
  /**
   * The time at which the plan ends.
   */
  ends_at?: Time;
  /**
   * The app and the store, as the provider's ids.
   */
  id?: string;
  /**
   * The merchant.
   */
  merchant?: Party;
  /**
   * The amount that was paid.
   */
  paid?: Money;
  /**
   * The time of the payment.
   */
  paid_at?: Time;
  /**
   * The name of the plan.
   */
  plan?: string;
  /**
   * The provider's id of the plan.
   */
  plan_id?: string;
  /**
   * The name of the plan before.
   */
  previous_plan?: string;
  /**
   * The provider's id of the merchant's store.
   */
  provider_store_id?: string;
  /**
   * The provider's other id of the merchant's store.
   */
  provider_store_uuid?: string;
  /**
   * The time at which the plan began.
   */
  starts_at?: Time;
  /**
   * The state in the common vocabulary.
   */
  state?: State;
  /**
   * The state in the provider's words.
   */
  status?: string;
  /**
   * The merchant's store.
   */
  store_url?: string;
  /**
   * The kind of plan, in the provider's words.
   */
  type_of_plan?: string;
}
/**
 * An event that could not be read. The raw body is stored.
 */
export interface Unknown {
  /**
   * The id, where one could be read.
   */
  id?: string;
  /**
   * The reason: `unknown_event`, `unreadable_body` or `nothing_read`.
   */
  reason?: string;
}
