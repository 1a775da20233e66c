// An HTTPS endpoint for Inlet's events: checks the signature over the raw body, then prints the event.
// INLET_SECRETS="whsec_... whsec_..." PORT=3000 node server.mjs
import { createServer } from "node:http";
import { Webhook } from "standardwebhooks";

// Several secrets are live while one replaces another.
const webhooks = (process.env.INLET_SECRETS ?? "").split(" ").filter(Boolean).map((secret) => new Webhook(secret));
// In your code: a conditional write to your database.
const done = new Set();

function isSigned(body, headers) {
  return webhooks.some((webhook) => {
    try {
      webhook.verify(body, headers, { jsonParse: false });
      return true;
    } catch {
      return false;
    }
  });
}

createServer(async (request, response) => {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  const body = Buffer.concat(pieces);
  if (!isSigned(body, request.headers)) return response.writeHead(401).end();
  try {
    const event = JSON.parse(body);
    const key = `${event.id} ${event.replayid ?? ""}`;
    if (!done.has(key)) console.log("processed:", event.subject, event.data?.status);
    done.add(key);
    // 2xx: done. 408, 425, 429, 5xx: tried until it is done. Others: tried five times, then parked.
    response.writeHead(204).end();
  } catch (error) {
    console.error(error.name);
    response.writeHead(500).end();
  }
}).listen(Number(process.env.PORT ?? 3000), "127.0.0.1");
