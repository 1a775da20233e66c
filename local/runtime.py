"""Lambda's Runtime API for one process: events are handed out one at a time, answers are taken."""

import json
import queue
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from local.steps import Failed

# In an emulator everything is slow; the function's own limits end a delivery long before.
PATIENCE_SECONDS = 120


class Runtime:
    """The API while it is entered."""

    def __init__(self):
        self._events: queue.Queue = queue.Queue()
        self._answers: queue.Queue = queue.Queue()
        self._server = _Server(("127.0.0.1", 0), _handler(self._events, self._answers))

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    def invoke(self, event: dict) -> dict:
        self._events.put(event)
        try:
            return self._answers.get(timeout=PATIENCE_SECONDS)
        except queue.Empty:
            raise Failed("the function does not answer; see .local/logs/") from None

    def __enter__(self) -> "Runtime":
        Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self._server.shutdown()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request, client_address) -> None:
        # A function is ended while it asks for the next event, and nobody is there to be answered.
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def _handler(events: queue.Queue, answers: queue.Queue) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = json.dumps(events.get()).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("lambda-runtime-aws-request-id", f"00000000-0000-4000-8000-{time.time_ns():024x}"[:36])
            self.send_header("lambda-runtime-deadline-ms", str(int((time.time() + PATIENCE_SECONDS) * 1000)))
            self.send_header("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:000000000000:function:x")
            self._end(body)

        def do_POST(self) -> None:
            said = json.loads(self.rfile.read(int(self.headers["content-length"])) or b"null")
            answers.put(said if self.path.endswith("/response") else {"failed": said})
            self.send_response(202)
            self._end(b"{}")

        def _end(self, body: bytes) -> None:
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_) -> None:
            pass

    return Handler
