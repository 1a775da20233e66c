"""Lets containers reach the emulator, which itself listens on loopback alone."""

import errno
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from local import engine


@contextmanager
def from_containers(endpoint: str) -> Iterator[str]:
    """The emulator's address as containers see it, for as long as the block runs."""
    port = urlsplit(endpoint).port
    gateway = engine.gateway()
    listener = _listen(gateway, port)
    if listener is None:
        # An engine in a virtual machine, as Docker Desktop's, has this name for the host's loopback.
        yield f"http://host.docker.internal:{port}"
        return
    threading.Thread(target=_accept, args=(listener, port), daemon=True).start()
    try:
        yield f"http://{gateway}:{port}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def _listen(address: str, port: int) -> socket.socket | None:
    """None where the engine's address is not one of this machine."""
    try:
        return socket.create_server((address, port))
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL:
            return None
        raise


def _accept(listener: socket.socket, port: int) -> None:
    while True:
        try:
            inside, _ = listener.accept()
        except OSError:
            return
        outside = socket.create_connection(("127.0.0.1", port))
        for way in ((inside, outside), (outside, inside)):
            threading.Thread(target=_copy, args=way, daemon=True).start()


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        source.close()
        target.close()
