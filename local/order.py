"""Sends a Zid order that changes twice, and prints the log of the consumer's function until all three events are processed."""

import base64
import json
import random
import time
from collections.abc import Iterator

from local import paths, samples, stack, stores, watch
from local.aws import Aws
from local.steps import Failed

PAYLOADS = paths.ROOT / "functions" / "zid" / "payloads"

# Each state with the event that Zid sends for it, and the time of the change.
STATES = (
    ("order.create", "new", "2025-06-12 08:00:00"),
    ("order.status.update", "preparing", "2025-06-12 08:01:00"),
    ("order.status.update", "indelivery", "2025-06-12 08:02:00"),
)

# The beginnings of the lines that Lambda itself writes.
BY_LAMBDA = ("START ", "END ", "REPORT ", "INIT_START ")

# Five tries of a message take less.
PROCESSED_SECONDS = 120


def order() -> None:
    """Send a Zid order that changes twice to the local stack, and print the consumer's log."""
    description = stack.described()
    aws = Aws(description["endpoint"])
    since = int(time.time() * 1000)
    entity = send(description["api"])
    for line in follow(aws, description["table"], entity, since):
        print(f"    {line}", flush=True)


def send(api: str, entity: str | None = None) -> str:
    """Sends the order's three events and returns its id."""
    entity = entity or str(random.randrange(10**8, 10**9))
    for event, state, changed in STATES:
        response = samples.send(api, _request(event, entity, state, changed))
        print(f"==> {event}: order {entity} is {state}: response {response.status}", flush=True)
        if response.status != 200:
            raise Failed(response.body)
    return entity


def follow(aws: Aws, table: str, entity: str, since: int) -> Iterator[str]:
    """Yields the lines of the function's log until every event of the order has a receipt."""
    function, printed = _function(aws), 0
    until = time.monotonic() + PROCESSED_SECONDS
    while True:
        ids = {id for id in watch.holdings(aws, table).processed if id.startswith(f"zid/demo/order/{entity}/")}
        lines = _lines(aws, function, since) if function else []
        yield from lines[printed:]
        printed = len(lines)
        if len(ids) == len(STATES):
            yield f"{len(ids)} events of order {entity} are processed"
            return
        if time.monotonic() > until:
            raise Failed(f"after {PROCESSED_SECONDS} s {len(ids)} of {len(STATES)} events are processed")
        time.sleep(0.3)


def _request(event: str, entity: str, state: str, changed: str) -> samples.Request:
    body = json.loads((PAYLOADS / f"{event}.json").read_text())
    body |= {"id": int(entity), "invoice_number": int(entity), "updated_at": changed}
    body["order_status"]["code"] = body["display_status"]["code"] = state
    (credential,) = stores.DEMO["zid"]["demo"]
    proof = base64.b64encode(f"{credential['username']}:{credential['password']}".encode()).decode()
    headers = {"content-type": "application/json", "authorization": f"Basic {proof}"}
    return samples.Request("POST", f"/zid/demo/{event}", headers, json.dumps(body).encode())


def _function(aws: Aws) -> str | None:
    """Returns the name of the function that the processor invokes."""
    name = aws.resources()["ProcessorFunction"]
    variables = aws.client("lambda").get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    arn = variables.get("INLET_CONSUMER_FUNCTION")
    return arn.split(":")[6] if arn else None


def _lines(aws: Aws, function: str, since: int) -> list[str]:
    """Returns the lines that the function printed since then, in milliseconds since 1970."""
    logs = aws.client("logs")
    try:
        events = logs.filter_log_events(logGroupName=f"/aws/lambda/{function}", startTime=since)["events"]
    except logs.exceptions.ResourceNotFoundException:
        return []
    lines = [event["message"].rstrip() for event in events]
    return [line for line in lines if not line.startswith(BY_LAMBDA)]
