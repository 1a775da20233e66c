"""Starts and stops MiniStack, the AWS emulator, on loopback."""

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass
from pathlib import Path

from local import paths, processes, tools
from local.aws import ACCESS_KEY
from local.steps import Failed

RECORD = paths.STATE / "emulator.json"
SCRATCH = paths.STATE / "emulator"
LOG = paths.LOGS / "emulator.log"
# A part of the command of its process.
MARK = "ministack"
USUAL_PORT = 4566
START_SECONDS = 60


@dataclass(frozen=True)
class Emulator:
    """A MiniStack process that this folder started."""

    pid: int
    port: int
    # Seconds since 1970: an earlier emulator took its deployments with it.
    started: float

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def start() -> Emulator:
    """Returns the emulator, and starts it unless it is running."""
    if (emulator := running()) is not None:
        return emulator
    stop()
    port = _free_port()
    process = _launch(port)
    emulator = Emulator(process.pid, port, time.time())
    RECORD.write_text(json.dumps(asdict(emulator)))
    _wait_until_ready(process, emulator)
    return emulator


def running() -> Emulator | None:
    """Returns the emulator that this folder started, if it responds."""
    emulator = _recorded()
    return emulator if emulator and processes.is_running(emulator.pid, MARK) and _is_healthy(emulator) else None


def stop() -> None:
    """Ends the emulator and deletes everything in it."""
    emulator = _recorded()
    if emulator and processes.is_running(emulator.pid, MARK):
        processes.end(emulator.pid, MARK)
    RECORD.unlink(missing_ok=True)
    shutil.rmtree(SCRATCH, ignore_errors=True)


def _recorded() -> Emulator | None:
    try:
        return Emulator(**json.loads(RECORD.read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def _launch(port: int) -> subprocess.Popen:
    SCRATCH.mkdir(parents=True, exist_ok=True)
    paths.LOGS.mkdir(parents=True, exist_ok=True)
    with LOG.open("w") as log:
        return subprocess.Popen(
            # `-P`: modules in the program's folder must not hide packages of the same names.
            [tools.PYTHON / "bin" / "python", "-P", Path(__file__).with_name("ministack_bridge.py")],
            env=_environment(port), cwd=SCRATCH, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
        )


def _environment(port: int) -> dict[str, str]:
    """Returns few variables: the emulator hands its own environment to every function that it runs."""
    return ACCESS_KEY | {
        "PATH": os.environ["PATH"],
        "HOME": str(SCRATCH),
        "TMPDIR": str(SCRATCH),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_REGION": paths.REGION,
        # Where the functions find AWS.
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        # The emulator refuses each call that the function's role in the template does not allow.
        "AUTH": "true",
        # Services that would listen on further ports of all addresses.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
    }


def _free_port() -> int:
    for port in (USUAL_PORT, 0):
        with socket.socket() as probe:
            # Like the emulator's own socket: a port that was closed a moment ago counts as free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return probe.getsockname()[1]
    raise Failed("no free port on loopback")


def _wait_until_ready(process: subprocess.Popen, emulator: Emulator) -> None:
    until = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < until:
        if _is_healthy(emulator):
            return
        time.sleep(0.1)
    raise Failed(f"the emulator did not start; see {LOG}\n{LOG.read_text()[-2000:]}")


def _is_healthy(emulator: Emulator) -> bool:
    try:
        with urllib.request.urlopen(f"{emulator.endpoint}/_ministack/health", timeout=5) as response:
            return response.status == 200
    except (urllib.error.URLError, OSError):
        return False
