"""The body as the provider sent it."""

import gzip
from typing import Any


def raw_body(table: Any, id: str) -> bytes:
    """Returns the bytes that the provider sent, from Inlet's table (a boto3 `Table`). Raises KeyError without such an event."""
    path, digest = id.rsplit("/", 1)
    head = table.get_item(Key={"pk": path, "sk": f"event/{digest}"})["Item"]
    if "body" in head:
        body = bytes(head["body"])
    else:
        chunks = range(int(head["body_chunks"]))
        keys = [{"pk": f"chunk/{path}/{n}", "sk": head["body_chunk_key"]} for n in chunks]
        body = b"".join(bytes(table.get_item(Key=key)["Item"]["piece"]) for key in keys)
    return gzip.decompress(body) if head["body_encoding"] == "gzip" else body
