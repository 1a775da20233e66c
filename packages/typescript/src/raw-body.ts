/** The body as the provider sent it. */

import { gunzipSync } from "node:zlib";

/** The part of a `DynamoDBDocument` (`@aws-sdk/lib-dynamodb`) that reading needs. */
export interface TableReader {
  get(input: { TableName: string; Key: Record<string, string> }): Promise<{ Item?: Record<string, unknown> | undefined }>;
}

/**
 * Returns the bytes that the provider sent, from Inlet's table.
 * @throws Error without such an event.
 */
export async function rawBody(client: TableReader, table: string, id: string): Promise<Buffer> {
  const read = async (pk: string, sk: string): Promise<Record<string, unknown>> => {
    const { Item } = await client.get({ TableName: table, Key: { pk, sk } });
    if (Item === undefined) throw new Error(`the table has no ${pk}/${sk}`);
    return Item;
  };
  const [path, digest] = [id.slice(0, id.lastIndexOf("/")), id.slice(id.lastIndexOf("/") + 1)];
  const head = await read(path, `event/${digest}`);
  // Events that version 0.2 stored have the body alone.
  const isOld = "body_encoding" in head;
  const name = isOld ? "body" : "gzip";
  const pieces: Uint8Array[] = [];
  const inline = head[name];
  if (inline instanceof Uint8Array) {
    pieces.push(inline);
  } else {
    for (let n = 0; n < Number(head[`${name}_chunks`]); n++) {
      const chunk = await read(`chunk/${path}/${n}`, String(head[`${name}_chunk_key`]));
      pieces.push(chunk["piece"] as Uint8Array);
    }
  }
  const stored = Buffer.concat(pieces);
  if (isOld) return head["body_encoding"] === "gzip" ? gunzipSync(stored) : stored;
  return gunzipSync(stored).subarray(0, Number(head["size"]));
}
