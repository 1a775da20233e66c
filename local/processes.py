"""Background processes of the local stack: a check that one still runs, and a way to end it."""

import os
import signal
import subprocess
import time
from pathlib import Path


def is_running(pid: int, mark: str) -> bool:
    """Returns whether the process runs and its command contains `mark`: the number may belong to another program now."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        if Path("/proc/self").exists():
            return False
        command = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True).stdout
    return mark in command


def end(pid: int, mark: str) -> None:
    """Ends the process with its children, first politely."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        if not is_running(pid, mark):
            return
        try:
            os.killpg(pid, how)
        except ProcessLookupError:
            return
        for _ in range(50):
            if not is_running(pid, mark):
                return
            time.sleep(0.1)
