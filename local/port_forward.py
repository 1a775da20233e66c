"""Lets containers reach the emulator, which listens on loopback only."""

import errno
import json
import socket
import subprocess
import sys
import threading
from urllib.parse import urlsplit

from local import docker, paths, processes
from local.steps import Failed

RECORD = paths.STATE / "port-forward.json"
LOG = paths.LOGS / "port-forward.log"
COMMAND = "port-forward"


def start(endpoint: str) -> str:
    """Starts forwarding in the background, unless it runs, and returns the emulator's address as containers see it."""
    port, gateway = urlsplit(endpoint).port, docker.gateway()
    if not _is_of_this_machine(gateway):
        # Docker Desktop's engine runs in a virtual machine, which has this name for the host's loopback.
        return f"http://host.docker.internal:{port}"
    wanted = {"gateway": gateway, "port": port}
    recorded = _recorded()
    if not recorded or {key: recorded[key] for key in wanted} != wanted:
        stop()
        RECORD.write_text(json.dumps(wanted | {"pid": _launch(gateway, port)}))
    return f"http://{gateway}:{port}"


def stop() -> None:
    """Ends the forwarding."""
    if recorded := _recorded():
        processes.end(recorded["pid"], COMMAND)
    RECORD.unlink(missing_ok=True)


def serve(gateway: str, port: int) -> None:
    """Forward connections to the engine's address to the emulator, until this process ends."""
    with socket.create_server((gateway, port)) as listener:
        while True:
            inside, _ = listener.accept()
            outside = socket.create_connection(("127.0.0.1", port))
            for source, target in ((inside, outside), (outside, inside)):
                threading.Thread(target=_copy, args=(source, target), daemon=True).start()


def _recorded() -> dict | None:
    """Returns the record of the process, if it still runs."""
    try:
        recorded = json.loads(RECORD.read_text())
        return recorded if processes.is_running(recorded["pid"], COMMAND) else None
    except (FileNotFoundError, ValueError, KeyError):
        return None


def _launch(gateway: str, port: int) -> int:
    paths.LOGS.mkdir(parents=True, exist_ok=True)
    with LOG.open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "local", COMMAND, gateway, str(port)],
            cwd=paths.ROOT, start_new_session=True, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )
    for _ in range(100):
        if process.poll() is not None:
            break
        try:
            socket.create_connection((gateway, port), timeout=1).close()
            return process.pid
        except OSError:
            pass
        threading.Event().wait(0.1)
    raise Failed(f"containers cannot reach the emulator; see {LOG}\n{LOG.read_text()[-2000:]}")


def _is_of_this_machine(address: str) -> bool:
    try:
        socket.create_server((address, 0)).close()
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL:
            return False
        raise
    return True


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        source.close()
        target.close()
