"""Keeps the state of each order. Inlet calls `handler` with events, in order within each order."""

import os

import boto3

orders = boto3.resource("dynamodb").Table(os.environ["ORDERS_TABLE"])
errors = orders.meta.client.exceptions


def handler(payload, context):
    failures = []
    for event in payload["events"]:
        try:
            process(event)
        except (errors.ProvisionedThroughputExceededException, errors.InternalServerError) as error:
            # DynamoDB is down: Inlet tries the event until it is done.
            failures.append({"id": event["id"], "kind": "transient", "reason": type(error).__name__})
        except Exception as error:
            # A bug, or an event that cannot be processed: Inlet tries it five times, then parks it.
            print("failed:", event["id"], repr(error))
            failures.append({"id": event["id"], "kind": "permanent", "reason": type(error).__name__})
    return {"failures": failures}


def process(event):
    state = event.get("data", {}).get("status", "")
    # An event that comes a second time has the same id. A replay has the same id and a `replayid`.
    key = event["id"] + " " + event.get("replayid", "")
    try:
        orders.update_item(
            Key={"id": event["source"] + "/" + event["subject"]},
            UpdateExpression="SET #state = :state, last_event = :key ADD events :one",
            ConditionExpression="attribute_not_exists(last_event) OR last_event <> :key",
            ExpressionAttributeNames={"#state": "state"},
            ExpressionAttributeValues={":state": state, ":key": key, ":one": 1},
        )
    except errors.ConditionalCheckFailedException:
        return
    print("processed:", event["subject"], state)
