"""Steps of a command: each prints a headline and its duration, and its output if it fails."""

import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from local import paths


class Failed(Exception):
    """A step failed. Its output has been printed."""


class Unavailable(Failed):
    """A step needs a program that this machine lacks and that the step cannot install."""


@contextmanager
def step(headline: str):
    """Prints the headline before the block and the duration after it."""
    print(f"==> {headline}", flush=True)
    started = time.monotonic()
    yield
    print(f"    {time.monotonic() - started:.1f} s", flush=True)


def run(command: list, log: str | None = None, directory: Path = paths.ROOT, **options) -> str:
    """Runs a program; with `log` its output goes to that file and is shown only if it fails."""
    command = [str(part) for part in command]
    if log is None:
        result = subprocess.run(command, cwd=directory, **options)
        output = ""
    else:
        result, output = _run_quietly(command, log, {"cwd": directory} | options)
    if result.returncode != 0:
        print(output[-8000:], file=sys.stderr)
        raise Failed(f"{' '.join(command[:3])} ... ended with {result.returncode}")
    return output


def _run_quietly(command: list[str], log: str, options: dict):
    result = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, errors="replace", **options,
    )
    paths.LOGS.mkdir(parents=True, exist_ok=True)
    (paths.LOGS / f"{log}.log").write_text(result.stdout)
    return result, result.stdout
