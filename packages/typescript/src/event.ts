/** The event as a whole: an envelope, and data of the kind that its type names. */

import type * as types from "./types.js";

/** The object of each kind. */
interface Kinds {
  order: types.Order;
  payment: types.Payment;
  product: types.Product;
  stock: types.Stock;
  customer: types.Customer;
  supplier: types.Supplier;
  cart: types.Cart;
  category: types.Category;
  purchase_order: types.PurchaseOrder;
  return_order: types.ReturnOrder;
  return_purchase_order: types.ReturnPurchaseOrder;
  transfer: types.Transfer;
  shipment: types.Shipment;
  adjustment: types.Adjustment;
  shift: types.Shift;
  loyalty: types.Loyalty;
  coupon: types.Coupon;
  outlet: types.Outlet;
  subscription: types.Subscription;
  app: types.App;
  unknown: types.Unknown;
}

/** A kind of object. */
export type Kind = keyof Kinds;

/** The object of a kind. */
export type DataOf<K extends Kind> = Kinds[K];

/** An event whose data is of this kind. `data` is absent if it was too large for a message; then `dataref` has the id of the stored event. */
export type EventOf<K extends Kind> = Omit<types.Event, "data" | "type"> & { type: `commerce.${K}.${string}`; data?: Kinds[K] };

/** An event of any kind; `isKind` narrows it. */
export type Event = { [K in Kind]: EventOf<K> }[Kind];

/** The payload is not an event. */
export class NotAnEvent extends Error {
  override name = "NotAnEvent";
}

/** The attributes of every event; `specversion` has its own check. */
const REQUIRED = ["id", "source", "type", "subject", "datacontenttype", "provider", "store", "providertype", "trust", "receivedtime"];

/**
 * Reads an event from JSON text, or from an object that was read from JSON. Checks the envelope; the data is Inlet's own.
 * On EventBridge, the event is the notification's `detail`.
 * @throws NotAnEvent if the payload is not an event.
 */
export function parseEvent(payload: unknown): Event {
  const event = typeof payload === "string" || payload instanceof Uint8Array ? fromJson(payload) : payload;
  if (!isObject(event)) throw new NotAnEvent("the payload is not an object");
  if (event["specversion"] !== "1.0") throw new NotAnEvent("specversion is not 1.0");
  const missing = REQUIRED.filter((name) => typeof event[name] !== "string");
  if (missing.length > 0) throw new NotAnEvent(`missing: ${missing.join(", ")}`);
  if (event["data"] !== undefined && !isObject(event["data"])) throw new NotAnEvent("data is not an object");
  return event as unknown as Event;
}

/** Returns the kind of an event's data: the second part of its type. */
export function kindOf(event: Pick<Event, "type">): string {
  return event.type.split(".")[1] ?? "";
}

/** Returns what happened to the object: the last part of the event's type, for example `created`. */
export function verbOf(event: Pick<Event, "type">): string {
  return event.type.split(".")[2] ?? "";
}

/** Returns whether the event's data is of this kind. */
export function isKind<K extends Kind>(event: Event, kind: K): event is Extract<Event, EventOf<K>> {
  return kindOf(event) === kind;
}

/** The type of the notice that an entity was forgotten. */
const FORGOTTEN = "inlet.entity.forgotten";

/** Returns whether this is the notice that the entity was forgotten: delete what arrived until `time`. It has no data. */
export function isForgotten(event: Event): boolean {
  return (event.type as string) === FORGOTTEN;
}

function fromJson(text: string | Uint8Array): unknown {
  try {
    return JSON.parse(typeof text === "string" ? text : new TextDecoder().decode(text));
  } catch {
    // The error's message would contain a part of the payload.
    throw new NotAnEvent("the payload is not JSON");
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
