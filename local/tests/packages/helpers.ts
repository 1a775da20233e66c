/** Checks the helpers of the installed TypeScript package, and reads every sample that the arguments name. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

import {
  eachEvent, isKind, kindOf, NotAnEvent, parseEvent, parseEvents, Permanent, rawBody, Transient, verbOf, verify, WebhookVerificationError,
} from "inlet-events";
import { Webhook } from "standardwebhooks";

const OLD = "whsec_b2xkIHNlY3JldCBvZiB0aGUgY29uc3VtZXIgMTIzNA==";
const NEW = "whsec_bmV3IHNlY3JldCBvZiB0aGUgY29uc3VtZXIgMTIzNA==";
const OTHER = "whsec_b3RoZXIgc2VjcmV0IG9mIHRoZSBjb25zdW1lciAxMg==";

function anEvent(changes: Record<string, unknown> = {}): Record<string, unknown> & { id: string } {
  return {
    specversion: "1.0", id: "zid/riyadh/order/1/9f2c41d8a3b7e6f0", source: "/zid/riyadh", type: "commerce.order.created",
    subject: "order/1", datacontenttype: "application/json", provider: "zid", store: "riyadh", providertype: "order.create",
    trust: "shared_secret", receivedtime: "2025-06-12T08:01:12.345Z", data: { id: "1" }, ...changes,
  };
}

for (const name of process.argv.slice(2)) {
  const text = readFileSync(name);
  const event = parseEvent(text);
  assert.deepEqual(event, JSON.parse(text.toString()), name);
  assert.equal(event.type, `commerce.${kindOf(event)}.${verbOf(event)}`);
}

const order = parseEvent(anEvent({ data: { state: "melted", number: "7" } }));
assert.ok(isKind(order, "order") && !isKind(order, "payment"));
assert.equal(order.data?.state, "melted");
for (const wrong of [{}, null, "{", "[]", new Uint8Array([255]), anEvent({ specversion: "2.0" }), anEvent({ id: 1 }), anEvent({ data: [] })]) {
  assert.throws(() => parseEvent(wrong), NotAnEvent);
}

const body = JSON.stringify(anEvent({ data: { id: "1", number: "Ä-1" } }));
const now = new Date();
const sign = (secret: string, time = now): string => new Webhook(secret).sign(anEvent().id, time, body);
const at = (time: Date): string => String(Math.floor(time.getTime() / 1000));
const headers = { "Webhook-Id": anEvent().id, "webhook-timestamp": at(now), "webhook-signature": `${sign(NEW)} ${sign(OLD)}`, accept: ["a", "b"] };
for (const secrets of [OLD, NEW, [NEW], [OTHER, OLD]]) {
  assert.equal(verify(body, headers, secrets).id, anEvent().id);
  assert.equal(verify(Buffer.from(body), headers, secrets).id, anEvent().id);
}
const refused = (...arguments_: Parameters<typeof verify>): void => assert.throws(() => verify(...arguments_), WebhookVerificationError);
refused(body, headers, OTHER);
refused(body, headers, []);
refused(`${body} `, headers, OLD);
refused(body, {}, OLD);
for (const malformed of ["v1", "v1,!", "v1,ä", "", `v2,${sign(OLD).slice(3)}`, ","]) refused(body, { ...headers, "webhook-signature": malformed }, OLD);
for (const minutes of [-6, 6]) {
  const time = new Date(now.getTime() + minutes * 60_000);
  refused(body, { ...headers, "webhook-timestamp": at(time), "webhook-signature": sign(OLD, time) }, OLD);
}

const done: string[] = [];
const handler = eachEvent(async (event) => {
  await Promise.resolve();
  if (event.store === "a") throw new Transient("the shop is down");
  if (event.store === "b") throw new Permanent("the shop is unknown");
  if (event.store === "c") throw new TypeError("a name that must not be in the response");
  done.push(event.id);
});
const events = [..."abcd"].map((store) => anEvent({ id: store, store }));
const silent = console.error;
console.error = () => undefined;
assert.deepEqual(await handler({ events: [...events, { id: "e" }] }), {
  failures: [
    { id: "a", kind: "transient", reason: "the shop is down" },
    { id: "b", kind: "permanent", reason: "the shop is unknown" },
    { id: "c", kind: "permanent", reason: "TypeError" },
    { id: "e", kind: "permanent", reason: "NotAnEvent" },
  ],
});
console.error = silent;
assert.deepEqual(done, ["d"]);
assert.deepEqual(await handler({ events: [anEvent()] }), { failures: [] });
assert.equal(parseEvents({ events: [anEvent()] })[0]?.id, anEvent().id);

const raw = Buffer.from([255, 1, 2, 3]);
const packed = gzipSync(raw);
const joined = gzipSync(Buffer.concat([raw, Buffer.from('{"specversion":"1.0"}')]));
const items: Record<string, Record<string, unknown>> = {
  "zid/a/order/1|event/1": { gzip: joined, size: 4 },
  "zid/a/order/1|event/2": { gzip_chunks: 2, gzip_chunk_key: "k", size: 4 },
  "chunk/zid/a/order/1/0|k": { piece: joined.subarray(0, 9) },
  "chunk/zid/a/order/1/1|k": { piece: joined.subarray(9) },
  "zid/a/order/1|event/3": { body: raw, body_encoding: "identity" },
  "zid/a/order/1|event/4": { body: packed, body_encoding: "gzip" },
  "zid/a/order/1|event/5": { body_chunks: 2, body_chunk_key: "o", body_encoding: "gzip" },
  "chunk/zid/a/order/1/0|o": { piece: packed.subarray(0, 9) },
  "chunk/zid/a/order/1/1|o": { piece: packed.subarray(9) },
};
const table = {
  get: (input: { TableName: string; Key: Record<string, string> }) =>
    Promise.resolve({ Item: items[`${input.Key["pk"]}|${input.Key["sk"]}`] }),
};
for (const digest of ["1", "2", "3", "4", "5"]) assert.deepEqual(await rawBody(table, "t", `zid/a/order/1/${digest}`), raw);
await assert.rejects(rawBody(table, "t", "zid/a/order/1/6"));
