/** Prints the payments of each order. Inlet calls `handler` with events, in order within each order. */

import { eachEvent, isKind, Permanent, verbOf } from "inlet-events";

// Ids of this instance's events. In your code: a conditional write to your database.
const done = new Set<string>();

export const handler = eachEvent((event) => {
  // An event that comes a second time has the same id. A replay has the same id and a `replayid`.
  const key = `${event.id} ${event.replayid ?? ""}`;
  if (!isKind(event, "order") || done.has(key)) return;
  const order = event.data;
  // The data is absent if it is too large for a call: event.dataref is the id for rawBody.
  if (order === undefined) throw new Permanent("an order without data");
  console.log("processed:", event.subject, verbOf(event), order.status, order.total?.amount, order.total?.currency);
  done.add(key);
});
