"""Looks at what the stack holds without touching it: the table's items and the queue's messages."""

import json
import urllib.request
from urllib.parse import quote

import boto3


def stored(session: boto3.Session, table: str) -> set[tuple[str, str]]:
    """The keys of all items in the table; a local table is small."""
    pages = session.client("dynamodb").get_paginator("scan").paginate(TableName=table, ProjectionExpression="pk, sk")
    return {(item["pk"]["S"], item["sk"]["S"]) for page in pages for item in page["Items"]}


def enqueued(endpoint: str, queue_url: str) -> dict[str, dict]:
    """The messages on the queue by message id.

    Through the emulator's own window: receiving them, even for no time, would count as a try
    and would hold back what follows in the same group.
    """
    window = f"{endpoint}/_ministack/sqs/messages?QueueUrl={quote(queue_url, safe='')}"
    with urllib.request.urlopen(window, timeout=10) as answer:
        accounts = json.load(answer)["messages"]
    queues = [queue for regions in accounts.values() for queues in regions.values() for queue in queues.values()]
    return {message["MessageId"]: message for queue in queues for message in queue}
