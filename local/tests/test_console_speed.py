"""The console's pages are fast on a table of 100,000 events."""

import bisect
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from local.tests.console import base, console, iso

pytestmark = pytest.mark.stack

# Events and quarantined deliveries in the table of the measurement, requests of each page, and the 95th percentile that a
# page may take. The list pages, with the calls of the emulator that they wait for.
EVENTS = 100_000
QUARANTINED = 20_000
REQUESTS = 40
LIMIT_MS = 300
FAST_PAGES = (
    "/", "/events?since=24h", "/events?since=24h&until=12h", "/events?store=zid%2Fdemo&since=24h", "/events?entity=77777",
    "/events?type=product.create&since=all", "/quarantine", "/quarantine?store=zid%2Fdemo", "/dead-letters", "/stores",
    "/stores?store=zid%2Fdemo",
)


def test_a_page_of_100_000_events_is_fast(inlet, running_stack, tmp_path):
    # The emulator evaluates every item of an index partition in Python: it would be measured instead of the console.
    with table_of_events(EVENTS, QUARANTINED, running_stack["endpoint"]) as endpoint:
        (tmp_path / ".local").mkdir()
        (tmp_path / ".local" / "stack.json").write_text(json.dumps(running_stack | {"endpoint": endpoint}))
        with console(inlet, folder=tmp_path) as url:
            cookie = entered(url)
            # The best of three rounds: other programs of the machine are not measured.
            slowest = {path: round(min(milliseconds(base(url) + path, cookie) for _ in range(3)), 1) for path in FAST_PAGES}
    print(f"\n95th percentile of {REQUESTS} requests, in ms: {slowest}")
    assert all(time <= LIMIT_MS for time in slowest.values()), slowest


@contextmanager
def table_of_events(count: int, quarantined: int, emulator: str) -> Iterator[str]:
    """Yields the endpoint of a time index with this many events of the last day, and a quarantine with this many
    deliveries of a store. Other calls go to the emulator."""
    now, partitions = time.time(), {}
    refused = [quarantined_item(number, now - number * 86_400 / quarantined) for number in range(quarantined)]
    for number in range(count):
        item = event_item(number, now - number * 86_400 / count)
        partitions.setdefault(item["bucket"]["S"], []).append((item["arrival"]["S"], item))
    for partition in partitions.values():
        partition.sort(key=lambda pair: pair[0])

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # A response is one packet: with two, the client's delayed acknowledgement is measured.
        wbufsize = 1 << 16
        disable_nagle_algorithm = True

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            target = self.headers.get("X-Amz-Target", "")
            request_body = json.loads(body) if target.startswith("DynamoDB") else {}
            if target.endswith(".Query") and "IndexName" in request_body:
                response = json.dumps(query(partitions, request_body)).encode()
            elif target.endswith(".BatchGetItem"):
                response = json.dumps({"Responses": {}, "UnprocessedKeys": {}}).encode()
            elif target.endswith(".Query") and (pk := partition_of(request_body)).startswith("quarantine/"):
                response = json.dumps(newest_refused(refused if pk == "quarantine/zid/demo" else [], request_body)).encode()
            else:
                return self.pass_on(body)
            self.respond(200, "application/x-amz-json-1.0", response)

        def pass_on(self, body: bytes):
            headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "content-length", "connection")}
            request = urllib.request.Request(emulator + self.path, body, headers)
            try:
                with urllib.request.urlopen(request) as response:
                    content = response.read()
                    if self.headers.get("X-Amz-Target") == "AmazonSSM.GetParametersByPath":
                        content = only_demo_stores(content)
                    self.respond(response.status, response.headers["Content-Type"], content)
            except urllib.error.HTTPError as refused:
                self.respond(refused.code, refused.headers["Content-Type"], refused.read())

        def respond(self, status: int, kind: str, body: bytes):
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


def query(partitions: dict, request_body: dict) -> dict:
    """Returns the response to a query of the time index, as DynamoDB does: a page of a partition between two arrivals."""
    values = {name: value["S"] for name, value in request_body["ExpressionAttributeValues"].items()}
    partition = partitions.get(values[":bucket"], [])
    first = bisect.bisect_left(partition, values[":first"], key=lambda pair: pair[0])
    last = bisect.bisect_right(partition, values[":last"], key=lambda pair: pair[0])
    items = [item for _, item in partition[first:last]]
    if not request_body.get("ScanIndexForward", True):
        items.reverse()
    if start := request_body.get("ExclusiveStartKey"):
        items = items[next(index for index, item in enumerate(items) if item["pk"] == start["pk"]) + 1:]
    page = items[:request_body["Limit"]]
    response = {"Items": page, "Count": len(page), "ScannedCount": len(page)}
    if len(items) > len(page):
        response["LastEvaluatedKey"] = {name: page[-1][name] for name in ("pk", "sk", "bucket", "arrival")}
    return response


def only_demo_stores(listed: bytes) -> bytes:
    """Returns a list of parameters without the stores that other tests left: hundreds, each with a quarantine of its own,
    for which this server in Python would be measured."""
    response = json.loads(listed)
    return json.dumps(response | {"Parameters": [one for one in response["Parameters"] if one["Name"].endswith("/demo")]}).encode()


def partition_of(request_body: dict) -> str:
    return request_body["ExpressionAttributeValues"].get(":pk", {}).get("S", "")


def newest_refused(refused: list[dict], request_body: dict) -> dict:
    """Returns the response to a query of a quarantine, newest first: a page of the items between two sort keys."""
    values = {name: value["S"] for name, value in request_body["ExpressionAttributeValues"].items()}
    assert request_body["ScanIndexForward"] is False
    items = [item for item in refused if values[":from"] <= item["sk"]["S"] <= values[":until"]]
    page = items[:request_body["Limit"]]
    response = {"Items": page, "Count": len(page), "ScannedCount": len(page)}
    if len(items) > len(page):
        response["LastEvaluatedKey"] = {name: page[-1][name] for name in ("pk", "sk")}
    return response


def quarantined_item(number: int, received: float) -> dict:
    """Returns the attributes of a quarantined delivery that lists read."""
    texts = {
        "pk": "quarantine/zid/demo", "sk": f"{iso(received)}/{number:016x}", "method": "POST", "topic": "order.create",
        "reason": "no live credential matches the proof",
    }
    numbers = {"received_ms": int(received * 1_000), "size": 3_642, "expires": int(received) + 72 * 3_600}
    return {name: {"S": text} for name, text in texts.items()} | {name: {"N": str(value)} for name, value in numbers.items()}


def event_item(number: int, received: float) -> dict:
    """Returns the attributes of an event that lists read: those of the time index."""
    digest = f"{number * 2_654_435_761 % 2**32:08x}{number:08x}"
    arrival = iso(received)
    texts = {
        "pk": f"zid/demo/order/{number}", "sk": f"event/{digest}", "bucket": f"{arrival[:13]}#{int(digest[:8], 16) % 8}",
        "arrival": arrival, "received": arrival, "type": "order.create", "canonical_type": "commerce.order.created",
    }
    return {attribute: {"S": text} for attribute, text in texts.items()}


def entered(url: str) -> str:
    """Exchanges the token of the printed address, and returns the cookie."""
    with urllib.request.urlopen(url) as response:
        return response.headers["Set-Cookie"].split(";")[0]


def milliseconds(url: str, cookie: str) -> float:
    """Returns the 95th percentile of the time that a page takes."""
    times = []
    for _ in range(REQUESTS):
        started = time.monotonic()
        with urllib.request.urlopen(urllib.request.Request(url, headers={"Cookie": cookie})) as response:
            response.read()
        times.append((time.monotonic() - started) * 1_000)
    return sorted(times)[REQUESTS * 95 // 100 - 1]
