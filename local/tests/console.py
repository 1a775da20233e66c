"""Runs `inlet console` for tests."""

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from local import paths


@contextmanager
def console(inlet: Path, *options: str, folder: Path = paths.ROOT) -> Iterator[str]:
    """Runs the console and yields the address that it prints."""
    command = [inlet, "--local", "--json", "console", *options]
    running = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)
    try:
        yield json.loads(running.stdout.readline())["url"]
    finally:
        running.send_signal(signal.SIGINT)
        running.wait(60)


def base(url: str) -> str:
    """Returns the console's address without the token."""
    return url.split("/?")[0]


def iso(seconds: float) -> str:
    """Returns a time as the table has it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
