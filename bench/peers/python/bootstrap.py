"""R3: the same job as a receiver's, with boto3, clients made at import, as the SDK's examples show it.

It verifies, parses, stores on a condition and sends; no quarantine, fallback, windows or compression.
"""

import base64
import hashlib
import hmac
import http.client
import json
import os
import sys
import time

import boto3

RETENTION_SECONDS = 90 * 24 * 60 * 60
TABLE, QUEUE_URL, STAGE = (os.environ[name] for name in ("INLET_TABLE", "INLET_QUEUE_URL", "INLET_STAGE"))

dynamodb = boto3.client("dynamodb")
sqs = boto3.client("sqs")
ssm = boto3.client("ssm")
secrets = {}


def zip_is_genuine(secret, topic, headers, body):
    tag = hmac.new(secret["secret"].encode(), body, hashlib.sha256).digest()
    return hmac.compare_digest(base64.b64encode(tag).decode(), headers.get("x-qp-signature", ""))


def tiki_is_genuine(secret, topic, headers, body):
    tag = hmac.new(secret[topic].encode(), body, hashlib.sha1).hexdigest()
    return hmac.compare_digest(f"sha1={tag}", headers.get("x-signature", ""))


def zid_is_genuine(secret, topic, headers, body):
    pair = base64.b64encode(f"{secret['username']}:{secret['password']}".encode()).decode()
    return hmac.compare_digest(f"Basic {pair}", headers.get("authorization", ""))


def zip_order(body):
    return {
        "id": text(body.get("orderId")), "status": text(body.get("success")), "total": text(body.get("amount")),
        "currency": text(body.get("currency")), "items": [],
    }


def tiki_order(body):
    data = body.get("data", {})
    return {"id": text(data.get("order_code")), "status": text(data.get("main_state")), "items": []}


def zid_order(body):
    customer = body.get("customer", {})
    return {
        "id": text(body.get("id")), "status": text(body.get("order_status", {}).get("code")),
        "total": text(body.get("order_total")), "currency": text(body.get("currency_code")),
        "customer": {
            "id": text(customer.get("id")), "name": text(customer.get("name")),
            "email": text(customer.get("email")), "phone": text(customer.get("mobile")),
        },
        "items": [
            {name: text(item.get(name)) for name in ("id", "sku", "name", "quantity", "price", "total")}
            for item in body.get("products", [])
        ],
    }


PROVIDERS = {
    "zip": (zip_is_genuine, zip_order), "tiki": (tiki_is_genuine, tiki_order), "zid": (zid_is_genuine, zid_order),
}


def handler(event):
    _, provider, store, topic = event["rawPath"].split("/")
    if provider not in PROVIDERS:
        return answer(404, {"error": "not_found"})
    is_genuine, parse = PROVIDERS[provider]
    secret = secret_of(provider, store)
    body = event.get("body") or ""
    body = base64.b64decode(body) if event.get("isBase64Encoded") else body.encode()
    if not is_genuine(secret, topic, event["headers"], body):
        log("warn", store=store, reason="the signature does not fit")
        return answer(401, {"error": "unauthenticated"})
    order = parse(json.loads(body))
    if order["id"] is None:
        return answer(422, {"error": "malformed"})
    digest = hashlib.sha256(body).hexdigest()
    entity = f"{provider}/{store}/order/{order['id']}"
    event_id = f"{entity}/{digest[:16]}"
    if keep(event_id, entity, digest, topic, body):
        send(event_id, entity, provider, store, topic, order)
        log("info", message="accepted", id=event_id, size=len(body))
    else:
        log("info", message="repeated", id=event_id)
    return answer(200, {"received": True})


def secret_of(provider, store):
    name = f"/inlet/{STAGE}/{provider}/{store}"
    if name not in secrets:
        parameter = ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]
        secrets[name] = json.loads(parameter["Value"])[0]
    return secrets[name]


def keep(event_id, entity, digest, topic, body):
    """Whether it was not there before."""
    now = time.time()
    item = {
        "pk": {"S": entity},
        "sk": {"S": f"event/{digest[:16]}"},
        "id": {"S": event_id},
        "type": {"S": topic},
        "received_ms": {"N": str(int(now * 1000))},
        "sha256": {"S": digest},
        "body": {"B": body},
        "expires": {"N": str(int(now) + RETENTION_SECONDS)},
    }
    try:
        dynamodb.put_item(TableName=TABLE, Item=item, ConditionExpression="attribute_not_exists(pk)")
    except dynamodb.exceptions.ConditionalCheckFailedException:
        return False
    return True


def send(event_id, entity, provider, store, topic, order):
    message = {
        "specversion": "1.0", "id": event_id, "source": f"/{provider}/{store}", "type": "commerce.order",
        "providertype": topic, "datacontenttype": "application/json", "data": order,
    }
    sqs.send_message(
        QueueUrl=QUEUE_URL, MessageGroupId=entity, MessageDeduplicationId=event_id,
        MessageBody=json.dumps(message, ensure_ascii=False),
    )


def text(value):
    return None if value is None else str(value)


def log(level, **line):
    print(json.dumps({"level": level, **line}), file=sys.stdout, flush=True)


def answer(status, body):
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": json.dumps(body)}


def run():
    """Lambda's runtime interface, in as little as it takes: less than Lambda's own client does."""
    base = "/2018-06-01/runtime/invocation"
    runtime = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    while True:
        runtime.request("GET", f"{base}/next")
        response = runtime.getresponse()
        request_id, event = response.headers["lambda-runtime-aws-request-id"], json.loads(response.read())
        try:
            outcome, result = "response", handler(event)
        except Exception as error:  # whatever it is, Lambda is told
            outcome, result = "error", {"errorMessage": repr(error)}
        runtime.request("POST", f"{base}/{request_id}/{outcome}", json.dumps(result))
        runtime.getresponse().read()


run()
