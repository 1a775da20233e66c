"""The AWS calls of the functions: those that a binary contains, and those that it makes while it runs."""

import http.client
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

# The `x-amz-target` of each service's JSON protocol up to the operation, by the prefix of its IAM actions.
TARGETS = {
    "dynamodb": "DynamoDB_20120810",
    "sqs": "AmazonSQS",
    "events": "AWSEvents",
    "ssm": "AmazonSSM",
}

# The SDK's crates, by the prefix of the service's IAM actions. A crate has a module for each operation, and names its
# types in the binary for tracing.
CRATES = {"dynamodb": "dynamodb", "sqs": "sqs", "eventbridge": "events", "lambda": "lambda", "ssm": "ssm"}
OPERATION = re.compile(rb"aws_sdk_(\w+)::operation::([a-z_]+)::")

# AWS checks a transaction by the actions of its items.
ACTIONS_OF = {
    "dynamodb:TransactWriteItems": {"dynamodb:PutItem", "dynamodb:UpdateItem"},
    "dynamodb:TransactGetItems": {"dynamodb:GetItem"},
    "sqs:SendMessageBatch": {"sqs:SendMessage"},
    "sqs:DeleteMessageBatch": {"sqs:DeleteMessage"},
    "lambda:Invoke": {"lambda:InvokeFunction"},
}


@dataclass(frozen=True)
class Call:
    """A request to a service with a JSON protocol."""

    operation: str
    body: dict

    def leading_keys(self) -> set[str]:
        """Returns the partition keys that a DynamoDB request names."""
        return {key["pk"]["S"] for key in _objects(self.body) if isinstance(key.get("pk"), dict) and "S" in key["pk"]}


def in_binary(binary: Path) -> set[str]:
    """Returns the actions of the operations that the linker left in a binary, as `service:Operation`."""
    found = set()
    for crate, module in set(OPERATION.findall(binary.read_bytes())):
        service = CRATES[crate.decode()]
        found.add(f"{service}:{_operations(service)[module.decode()]}")
    return set().union(*(ACTIONS_OF.get(operation, {operation}) for operation in found))


class Recorder:
    """A proxy in front of the emulator that records every call, within a `with` block."""

    def __init__(self, endpoint: str):
        self.calls: list[Call] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(urlsplit(endpoint).netloc, self.calls))

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "Recorder":
        Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self._server.shutdown()


def _handler(emulator: str, calls: list[Call]) -> type[BaseHTTPRequestHandler]:
    by_target = {target: service for service, target in TARGETS.items()}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"] or 0))
            target, _, operation = self.headers.get("x-amz-target", "").partition(".")
            if target in by_target:
                calls.append(Call(f"{by_target[target]}:{operation}", json.loads(body)))
            connection = http.client.HTTPConnection(emulator, timeout=30)
            connection.request("POST", self.path, body, dict(self.headers))
            response = connection.getresponse()
            content = response.read()
            self.send_response(response.status)
            for name, value in response.getheaders():
                if name.lower() not in ("connection", "content-length", "date", "server", "transfer-encoding"):
                    self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_) -> None:
            pass

    return Handler


@cache
def _operations(service: str) -> dict[str, str]:
    """Returns the names of a service's operations by the names of their modules in the SDK."""
    # Imported late: they are among the tools.
    from botocore import xform_name
    from botocore.session import Session

    return {xform_name(name): name for name in Session().get_service_model(service).operation_names}


def _objects(node) -> Iterator[dict]:
    """Yields every object within a JSON value."""
    match node:
        case dict():
            yield node
            for value in node.values():
                yield from _objects(value)
        case list():
            for value in node:
                yield from _objects(value)
