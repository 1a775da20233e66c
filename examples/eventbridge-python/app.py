"""Keeps the newest state of each order. EventBridge keeps no order and may deliver an event twice."""

import os

import boto3

orders = boto3.resource("dynamodb").Table(os.environ["ORDERS_TABLE"])


def handler(notification, context):
    event = notification["detail"]
    try:
        orders.put_item(
            Item={
                "id": event["source"] + "/" + event["subject"],
                "received": event["receivedtime"],
                "state": event.get("data", {}).get("status", ""),
            },
            # An event that is older than the stored one changes nothing. `receivedtime` sorts as text.
            ConditionExpression="attribute_not_exists(id) OR received < :received",
            ExpressionAttributeValues={":received": event["receivedtime"]},
        )
    except orders.meta.client.exceptions.ConditionalCheckFailedException:
        print("older or equal:", event["subject"], event["receivedtime"])
