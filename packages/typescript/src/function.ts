/** A consumer in the mode `function`: reads the payload and writes the response. */

import { parseEvent, type Event } from "./event.js";

/** The payload of a consumer's function, before `parseEvents` has checked it. */
export interface FunctionRequest {
  events: unknown[];
}

/** An event that is not done. */
export interface Failure {
  id: string;
  kind: "permanent" | "transient";
  reason: string;
}

/** The return value of a consumer's function. Every event that it does not name is done. */
export interface FunctionResponse {
  failures: Failure[];
}

/** The event itself cannot be processed: it is tried five times and then parked. The message is the reason. */
export class Permanent extends Error {
  override name = "Permanent";
}

/** A service that processing needs is down: the event is tried until it is done. The message is the reason. */
export class Transient extends Error {
  override name = "Transient";
}

/**
 * Reads the events of a function's payload.
 * @throws NotAnEvent if one of them is not an event.
 */
export function parseEvents(payload: FunctionRequest): Event[] {
  return payload.events.map(parseEvent);
}

/**
 * Makes a Lambda handler of a function that processes one event.
 *
 * An error fails its event only. Every error but `Transient` counts as one of the event's five tries, because an error in
 * the code would otherwise hold up the entity for as long as the error is there. The response has the name of an error, and
 * its message only for `Permanent` and `Transient`: other messages may contain personal data.
 */
export function eachEvent(process: (event: Event) => unknown): (payload: FunctionRequest) => Promise<FunctionResponse> {
  return async (payload) => {
    const failures: Failure[] = [];
    for (const attributes of payload.events) {
      try {
        await process(parseEvent(attributes));
      } catch (error) {
        failures.push({ id: String((attributes as { id?: unknown }).id), ...judge(error) });
      }
    }
    return { failures };
  };
}

function judge(error: unknown): Omit<Failure, "id"> {
  if (error instanceof Transient) return { kind: "transient", reason: error.message };
  if (error instanceof Permanent) return { kind: "permanent", reason: error.message };
  console.error("an event failed", error);
  return { kind: "permanent", reason: error instanceof Error ? error.name : "unknown" };
}
