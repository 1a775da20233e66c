/** A consumer in the mode `https`: checks the signature of a delivery. */

import { Webhook, WebhookVerificationError } from "standardwebhooks";

import { parseEvent, type Event } from "./event.js";

export { WebhookVerificationError };

/** The headers of a request, as Node.js and API Gateway have them; names in lower case. */
export type Headers = Record<string, string | string[] | undefined>;

/**
 * Returns the event of a delivery whose signature fits one of the secrets (`whsec_...`).
 *
 * `body` is the raw body: the signature covers its bytes. Several secrets are live while one replaces another.
 * @throws WebhookVerificationError if no secret fits, or if the delivery is more than five minutes old or early.
 */
export function verify(body: string | Buffer, headers: Headers, secrets: string | string[]): Event {
  const single = Object.entries(headers).flatMap(([name, value]) => (typeof value === "string" ? [[name, value]] : []));
  const fits = [secrets].flat().map((secret) => new Webhook(secret)).some((webhook) => verifies(webhook, body, Object.fromEntries(single)));
  if (!fits) throw new WebhookVerificationError("no secret verifies the delivery");
  return parseEvent(body);
}

function verifies(webhook: Webhook, body: string | Buffer, headers: Record<string, string>): boolean {
  try {
    webhook.verify(body, headers, { jsonParse: false });
    return true;
  } catch {
    // The library throws errors of several classes for headers that are malformed.
    return false;
  }
}
