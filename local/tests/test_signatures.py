"""The libraries of Standard Webhooks accept each signature of the deployed processor, also while secrets are rotated."""

import base64
import json
import secrets
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread

import pytest

from local import consumer, event_types, order, stack, watch
from local.aws import Aws
from local.steps import Unavailable

pytestmark = pytest.mark.stack

# After a read of the secrets, the processor reads them again no sooner than this, in seconds.
REREAD_SECONDS = 10

# Prints for each delivery and secret if the library accepts it: a list of deliveries in, a list of lists out.
NODE = """
import { readFileSync } from "node:fs";
import { Webhook } from "standardwebhooks";
const { deliveries, secrets } = JSON.parse(readFileSync(0, "utf8"));
const accepts = (secret, { body, headers }) => {
  try {
    new Webhook(secret).verify(Buffer.from(body, "base64"), headers);
    return true;
  } catch { return false; }
};
console.log(JSON.stringify(deliveries.map((delivery) => secrets.map((secret) => accepts(secret, delivery)))));
"""

PYTHON = """
import base64, json, sys
from standardwebhooks import Webhook, WebhookVerificationError
given = json.load(sys.stdin)
def accepts(secret, delivery):
    try:
        Webhook(secret).verify(base64.b64decode(delivery["body"]), delivery["headers"])
        return True
    except WebhookVerificationError:
        return False
print(json.dumps([[accepts(secret, delivery) for secret in given["secrets"]] for delivery in given["deliveries"]]))
"""


@dataclass
class Delivery:
    """A request that the endpoint received."""

    body: bytes
    headers: dict[str, str]
    status: int

    def as_json(self) -> dict:
        return {"body": base64.b64encode(self.body).decode(), "headers": self.headers}


@dataclass
class Endpoint:
    """An endpoint that knows one secret, and responds 401 to requests that this secret does not sign."""

    url: str = ""
    secret: str = ""
    deliveries: list[Delivery] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    def status_for(self, body: bytes, headers: dict[str, str]) -> int:
        with self.lock:
            delivery = Delivery(body, headers, 0)
            delivery.status = 204 if with_python([delivery], [self.secret]) == [[True]] else 401
            self.deliveries.append(delivery)
            return delivery.status

    def take(self) -> list[Delivery]:
        """Returns the deliveries since the last call."""
        with self.lock:
            taken, self.deliveries = self.deliveries, []
            return taken


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    endpoint = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            self.send_response(endpoint.status_for(body, {name.lower(): value for name, value in self.headers.items()}))
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    endpoint.url = f"http://127.0.0.1:{server.server_port}/hook?tenant=1"
    yield endpoint
    server.shutdown()


@pytest.fixture
def connected(running_stack, endpoint) -> Iterator[Aws]:
    """Returns the clients of a stack whose events go to the endpoint, and afterwards connects it to its bus again."""
    stack.up(without=[], own_consumer=endpoint.url)
    yield Aws(running_stack["endpoint"])
    stack.up(without=[])


def test_both_libraries_accept_each_signature_during_a_rotation(connected, endpoint):
    # Before the first delivery: an endpoint that installs a library first would respond too late.
    event_types.python_tools()
    try:
        event_types.npm_tools()
    except Unavailable as reason:
        pytest.skip(f"NOTICE: the signatures were not checked: {reason}")
    oldest, middle, newest = (f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}" for _ in range(3))
    known = [oldest, middle, newest]

    def sent(live: list[str], secret_of_endpoint: str) -> list[Delivery]:
        """Sets the live secrets and the endpoint's, sends an order, and returns the deliveries."""
        value = json.dumps(live)
        connected.client("ssm").put_parameter(Name=consumer.SECRETS, Type="SecureString", Value=value, Overwrite=True)
        endpoint.secret = secret_of_endpoint
        send_order(connected)
        return endpoint.take()

    def check(deliveries: list[Delivery], live: list[str]) -> None:
        accepted = [delivery for delivery in deliveries if delivery.status == 204]
        assert len(accepted) == len(order.STATES), [delivery.status for delivery in deliveries]
        expected = [[secret in live for secret in known] for _ in accepted]
        assert with_python(accepted, known) == expected
        assert with_node(accepted, known) == expected
        signatures = [len(delivery.headers["webhook-signature"].split()) for delivery in accepted]
        assert signatures == [len(live)] * len(accepted), "one for each live secret"

    first = sent([oldest], oldest)
    check(first, [oldest])
    changed = [Delivery(delivery.body.replace(b"order", b"ordes", 1), delivery.headers, 0) for delivery in first]
    assert with_python(changed, known) == with_node(changed, known) == [[False] * 3] * 3, "another body"

    # The endpoint has the new secret, and the warm processor's cache only the old one: one request is refused, the next
    # one has both signatures, and no event fails.
    time.sleep(REREAD_SECONDS + 1)
    second = sent([middle, oldest], middle)
    assert [delivery.status for delivery in second] == [401, 204, 204, 204]
    check(second, [middle, oldest])

    # The next rotation, in which the oldest secret is removed.
    time.sleep(REREAD_SECONDS + 1)
    third = sent([newest, middle], newest)
    assert [delivery.status for delivery in third] == [401, 204, 204, 204]
    check(third, [newest, middle])


def send_order(aws: Aws) -> None:
    """Sends an order and waits until all of its events are processed."""
    description = stack.described()
    entity = order.send(description["api"])
    until = time.monotonic() + order.PROCESSED_SECONDS
    while True:
        done = [id for id in watch.holdings(aws, description["table"]).processed if id.startswith(f"zid/demo/order/{entity}/")]
        if len(done) == len(order.STATES):
            return
        assert time.monotonic() < until, f"{done} are processed"
        time.sleep(0.2)


def with_python(deliveries: list[Delivery], known: list[str]) -> list[list[bool]]:
    """Returns for each delivery and secret if the library from PyPI accepts it."""
    return _verified([str(event_types.python_tools() / "python"), "-c", PYTHON], deliveries, known)


def with_node(deliveries: list[Delivery], known: list[str]) -> list[list[bool]]:
    """Returns for each delivery and secret if the library from npm accepts it."""
    return _verified(["node", "--input-type=module", "--eval", NODE], deliveries, known)


def _verified(command: list[str], deliveries: list[Delivery], known: list[str]) -> list[list[bool]]:
    given = json.dumps({"deliveries": [delivery.as_json() for delivery in deliveries], "secrets": known})
    # Node.js finds the library above its working directory.
    result = subprocess.run(command, input=given, cwd=event_types.INSTALLED / "npm", capture_output=True, text=True)
    assert result.returncode == 0, result.stderr[-5000:]
    return json.loads(result.stdout)
