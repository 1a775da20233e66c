"""Starts and stops MiniStack, the AWS emulator, on loopback."""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass
from pathlib import Path

from local import place, tools
from local.aws import ACCESS_KEY
from local.steps import Failed

RECORD = place.STATE / "emulator.json"
SCRATCH = place.STATE / "emulator"
LOG = place.LOGS / "emulator.log"
USUAL_PORT = 4566
PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class Emulator:
    """A MiniStack that this folder started."""

    pid: int
    port: int
    # When it was started: what was deployed to an earlier one is gone.
    started: float

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def start() -> Emulator:
    """The emulator, started unless it is running."""
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
    """The emulator that this folder started, if it still answers."""
    emulator = _recorded()
    return emulator if emulator and _is_ours(emulator.pid) and _answers(emulator) else None


def stop() -> None:
    """Ends the emulator with everything in it."""
    emulator = _recorded()
    if emulator and _is_ours(emulator.pid):
        _end(emulator.pid)
    RECORD.unlink(missing_ok=True)
    shutil.rmtree(SCRATCH, ignore_errors=True)


def _recorded() -> Emulator | None:
    try:
        return Emulator(**json.loads(RECORD.read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def _launch(port: int) -> subprocess.Popen:
    SCRATCH.mkdir(parents=True, exist_ok=True)
    place.LOGS.mkdir(parents=True, exist_ok=True)
    with LOG.open("w") as log:
        return subprocess.Popen(
            [tools.PYTHON / "bin" / "python", "-m", "ministack"],
            env=_environment(port), cwd=SCRATCH, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
        )


def _environment(port: int) -> dict[str, str]:
    """Little is handed on: the emulator gives its own environment to every function it runs."""
    return ACCESS_KEY | {
        "PATH": os.environ["PATH"],
        "HOME": str(SCRATCH),
        "TMPDIR": str(SCRATCH),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_REGION": place.REGION,
        # Where the functions find AWS.
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        # Every function may do what its role in the template allows, and nothing else.
        "AUTH": "true",
        # Services that would listen on other ports, and on all addresses.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
    }


def _free_port() -> int:
    for port in (USUAL_PORT, 0):
        with socket.socket() as probe:
            # As the emulator's own socket: a port that was in use a moment ago is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return probe.getsockname()[1]
    raise Failed("no free port on loopback")


def _wait_until_ready(process: subprocess.Popen, emulator: Emulator) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while process.poll() is None and time.monotonic() < until:
        if _answers(emulator):
            return
        time.sleep(0.1)
    raise Failed(f"the emulator did not start; see {LOG}\n{LOG.read_text()[-2000:]}")


def _answers(emulator: Emulator) -> bool:
    try:
        with urllib.request.urlopen(f"{emulator.endpoint}/_ministack/health", timeout=5) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def _is_ours(pid: int) -> bool:
    """A process number can be another program's by now, so its command is looked at."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        if Path("/proc/self").exists():
            return False
        command = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True).stdout
    return "ministack" in command


def _end(pid: int) -> None:
    for how in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(pid, how)
        except ProcessLookupError:
            return
        for _ in range(50):
            if not _is_ours(pid):
                return
            time.sleep(0.1)
