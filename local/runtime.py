"""Runs a function's program with Lambda's Runtime API: it receives one event at a time and returns a response for each."""

import json
import os
import queue
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from local import paths, samlocal
from local.aws import Aws
from local.steps import Failed

# QEMU is slow. The function's own timeouts end a delivery long before.
RESPONSE_SECONDS = 120


@contextmanager
def running(aws: Aws, provider: str, command: list, log: str, endpoint: str | None = None) -> Iterator["Runtime"]:
    """Runs a receiver's program with the environment of the deployed one, and yields its Runtime API.

    With `endpoint`, the program calls that address instead of the emulator's.
    """
    with running_function(aws, paths.function(provider), command, log, endpoint) as runtime:
        yield runtime


@contextmanager
def running_function(aws: Aws, logical_id: str, command: list, log: str, endpoint: str | None = None) -> Iterator["Runtime"]:
    """Runs a program in place of the function with this logical id, and yields its Runtime API."""
    name = aws.resources()[logical_id]
    log_file = paths.LOGS / f"{log}.log"
    log_file.parent.mkdir(parents=True, exist_ok=True)
    with Runtime() as runtime, log_file.open("w") as printed:
        environment = samlocal.variables(aws, name) | aws.environment() | {
            "AWS_LAMBDA_RUNTIME_API": runtime.address,
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
            "AWS_ENDPOINT_URL": endpoint or aws.endpoint,
            "PATH": os.environ["PATH"],
        }
        process = subprocess.Popen(command, env=environment, stdout=printed, stderr=subprocess.STDOUT)
        try:
            yield runtime
        finally:
            process.terminate()
            process.wait()


class Runtime:
    """The Runtime API of one process, within a `with` block."""

    def __init__(self):
        self._events: queue.Queue = queue.Queue()
        self._responses: queue.Queue = queue.Queue()
        self._server = _Server(("127.0.0.1", 0), _handler(self._events, self._responses))

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    def invoke(self, event: dict) -> dict:
        self._events.put(event)
        try:
            return self._responses.get(timeout=RESPONSE_SECONDS)
        except queue.Empty:
            raise Failed("the function did not respond; see .local/logs/") from None

    def __enter__(self) -> "Runtime":
        Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self._server.shutdown()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request, client_address) -> None:
        # A function ends while its request for the next event is open.
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def _handler(events: queue.Queue, responses: queue.Queue) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = json.dumps(events.get()).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("lambda-runtime-aws-request-id", f"00000000-0000-4000-8000-{time.time_ns():024x}"[:36])
            self.send_header("lambda-runtime-deadline-ms", str(int((time.time() + RESPONSE_SECONDS) * 1000)))
            self.send_header("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:000000000000:function:x")
            self._end(body)

        def do_POST(self) -> None:
            response = json.loads(self.rfile.read(int(self.headers["content-length"])) or b"null")
            responses.put(response if self.path.endswith("/response") else {"failed": response})
            self.send_response(202)
            self._end(b"{}")

        def _end(self, body: bytes) -> None:
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_) -> None:
            pass

    return Handler
