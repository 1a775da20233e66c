/** Types and helpers for consumers of Inlet's events. */

export type * from "./types.js";
export { isForgotten, isKind, kindOf, parseEvent, verbOf, NotAnEvent, type DataOf, type Event, type EventOf, type Kind } from "./event.js";
export { eachEvent, parseEvents, Permanent, Transient, type Failure, type FunctionRequest, type FunctionResponse } from "./function.js";
export { rawBody, type TableReader } from "./raw-body.js";
export { verify, WebhookVerificationError, type Headers } from "./signature.js";
