"""Sends an event file to the API as the HTTP request that it represents."""

import base64
import http.client
import json
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from local import paths
from local.steps import Failed

# Headers that the HTTP client and the gateway write themselves.
NOT_SENT = {"host", "content-length", "x-forwarded-for", "x-forwarded-port", "x-forwarded-proto", "x-amzn-trace-id"}


@dataclass(frozen=True)
class Request:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Response:
    status: int
    body: str


def file_of(provider: str) -> Path:
    """Returns a provider's authenticated delivery that `make up` sends."""
    file = paths.EVENTS / provider / paths.SAMPLES[provider]
    if not file.exists():
        raise Failed(f"there is no sample {file.relative_to(paths.ROOT)}")
    return file


def read(event_file: Path) -> Request:
    """Returns the request that API Gateway turns into this event."""
    event = json.loads(event_file.read_text())
    query = event.get("rawQueryString")
    # The gateway decodes the path, except for an escaped percent sign.
    target = quote(event["rawPath"], safe="/%") + (f"?{query}" if query else "")
    headers = {name: value for name, value in event["headers"].items() if name.lower() not in NOT_SENT}
    return Request(event["requestContext"]["http"]["method"], target, headers, _body(event))


def send(api: str, request: Request) -> Response:
    url = urlsplit(api)
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=30)
    try:
        connection.request(request.method, url.path + request.target, request.body, request.headers)
        response = connection.getresponse()
        return Response(response.status, response.read().decode("utf-8", "replace"))
    finally:
        connection.close()


def _body(event: dict) -> bytes:
    body = event.get("body") or ""
    return base64.b64decode(body) if event.get("isBase64Encoded") else body.encode()
