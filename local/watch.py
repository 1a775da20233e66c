"""Looks at what the stack holds without touching it: the table's items and the queue's messages."""

import json
import urllib.request
from urllib.parse import quote

from local.aws import Aws


def stored(aws: Aws, table: str) -> set[str]:
    """The keys of all items in the table; a local table is small."""
    pages = aws.client("dynamodb").get_paginator("scan").paginate(TableName=table, ProjectionExpression="pk, sk")
    return {f"{item['pk']['S']}/{item['sk']['S']}" for page in pages for item in page["Items"]}


def enqueued(aws: Aws, queue_url: str) -> dict[str, str]:
    """The message groups on the queue by message id.

    Through the emulator's own window: receiving a message, even for no time, would count as a
    try and hold back what follows in its group.
    """
    window = f"{aws.endpoint}/_ministack/sqs/messages?QueueUrl={quote(queue_url, safe='')}"
    with urllib.request.urlopen(window, timeout=10) as answer:
        accounts = json.load(answer)["messages"]
    queues = [messages for regions in accounts.values() for queue in regions.values() for messages in queue.values()]
    return {message["MessageId"]: message["MessageGroupId"] for messages in queues for message in messages}
