"""The body as the provider sent it."""

import gzip
from typing import Any


def raw_body(table: Any, id: str) -> bytes:
    """Returns the bytes that the provider sent, from Inlet's table (a boto3 `Table`). Raises KeyError without such an event."""
    path, digest = id.rsplit("/", 1)
    head = table.get_item(Key={"pk": path, "sk": f"event/{digest}"})["Item"]
    # Events that version 0.2 stored have the body alone.
    is_old = "body_encoding" in head
    name = "body" if is_old else "gzip"
    if name in head:
        stored = bytes(head[name])
    else:
        chunks = range(int(head[f"{name}_chunks"]))
        keys = [{"pk": f"chunk/{path}/{n}", "sk": head[f"{name}_chunk_key"]} for n in chunks]
        stored = b"".join(bytes(table.get_item(Key=key)["Item"]["piece"]) for key in keys)
    if is_old:
        return gzip.decompress(stored) if head["body_encoding"] == "gzip" else stored
    return gzip.decompress(stored)[: int(head["size"])]
