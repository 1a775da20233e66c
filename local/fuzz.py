"""Runs the fuzz targets with cargo fuzz, each for some seconds."""

import json
import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

from local import paths, samples, tools
from local.steps import Failed, Unavailable, run, step

HOME = paths.ROOT / "fuzz"
SEEDS = HOME / "seeds"

# The targets that check one provider at a time, and the environment variable with its name.
OF_A_PROVIDER = ("read", "verify")
SELECTED = "INLET_FUZZ_PROVIDER"

# Longer inputs slow every run down and reach no further code: the parsed texts are small.
MAX_LEN = 8_192

# libdeflate compiles one file of constants several times, and GCC lets the linker merge the equal ones, which looks like
# a name with two definitions. Level 1 reports only definitions of different sizes.
SANITIZER = {"ASAN_OPTIONS": "detect_odr_violation=1"}

NO_NIGHTLY = "NOTICE: not fuzzed: there is no nightly Rust toolchain (rustup toolchain install nightly)"
NO_CARGO_FUZZ = "NOTICE: not fuzzed: cargo-fuzz could not be installed"


def fuzz(seconds: int) -> None:
    """Fuzz every target for some seconds, seeded from events/."""
    _install()
    with step("building the fuzz targets"):
        run(["cargo", "+nightly", "fuzz", "build"], log="fuzz-build", env=tools.environment())
    for target, provider in runs():
        with step(f"{_label(target, provider)}, {seconds} s"):
            _run(target, provider, seconds)


def runs() -> list[tuple[str, str]]:
    """Returns each target with the provider that it checks: a run for each provider, or one with no provider."""
    targets = [binary["name"] for binary in tomllib.loads((HOME / "Cargo.toml").read_text())["bin"]]
    return [(target, provider) for target in targets for provider in (paths.PROVIDERS if target in OF_A_PROVIDER else ("",))]


def _label(target: str, provider: str) -> str:
    return f"{target}_{provider}" if provider else target


def _install() -> None:
    if subprocess.run(["cargo", "+nightly", "--version"], capture_output=True).returncode != 0:
        raise Unavailable(NO_NIGHTLY)
    try:
        tools.install_cargo_fuzz()
    except subprocess.CalledProcessError as failure:
        raise Unavailable(NO_CARGO_FUZZ) from failure


def _run(target: str, provider: str, seconds: int) -> None:
    label = _label(target, provider)
    corpus, artifacts = (HOME / folder / label for folder in ("corpus", "artifacts"))
    for folder in (corpus, artifacts):
        folder.mkdir(parents=True, exist_ok=True)
    limits = [f"-max_total_time={seconds}", f"-max_len={MAX_LEN}", "-timeout=10", "-rss_limit_mb=2048"]
    # Not `cargo fuzz run`, which would check every target's sources first.
    binary = next(HOME.glob(f"target/*/release/{target}"))
    environment = os.environ | SANITIZER | ({SELECTED: provider} if provider else {})
    command = [binary, corpus, _seeds(target, provider), *limits, f"-artifact_prefix={artifacts}/"]
    output = run(command, log=f"fuzz-{label}", env=environment)
    done = re.search(r"^Done (\d+) runs in \d+ second", output, re.MULTILINE)
    if not done:
        raise Failed(f"{label} did not finish")
    print(f"    {int(done[1]):,} inputs", flush=True)


def _seeds(target: str, provider: str) -> Path:
    """Writes the sample events in the form that the target reads, and returns the folder."""
    folder = SEEDS / _label(target, provider)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    for name, seed in _seeds_of(target, provider):
        (folder / name).write_bytes(seed)
    return folder


def _seeds_of(target: str, provider: str) -> Iterator[tuple[str, bytes]]:
    message = re.search(r'^\{"specversion".*$', (paths.ROOT / "docs" / "events.md").read_text(), re.MULTILINE)[0]
    if target == "message":
        yield "documented", message.encode()
    elif target == "event_id":
        yield "documented", json.loads(message)["id"].encode()
    elif target == "whole_event":
        yield "record", _record(json.loads(message)["id"])
    elif target == "gateway_event":
        yield from ((_name(event), event.read_bytes()) for event in _events(paths.PROVIDERS))
    else:
        yield from ((_name(event), _text(samples.read(event))) for event in _events([provider]))


def _events(providers: Iterable[str]) -> Iterator[Path]:
    return (file for provider in providers for file in sorted((paths.EVENTS / provider).glob("*.json")))


def _name(event: Path) -> str:
    return f"{event.parent.name}-{event.stem}"


def _record(event_id: str) -> bytes:
    """Returns an event's stored record as a line, followed by its body."""
    words = ["type", "canonical_type", "received", "trust", "attempt", "content", "method", "query", "sha256"]
    record = dict.fromkeys(words, "x") | {"id": event_id, "inferred": False, "received_ms": 0, "size": 2}
    return json.dumps(record | {"origin": "fallback", "headers": {}}).encode() + b"\n{}"


def _text(request: samples.Request) -> bytes:
    """Returns the request in the form of fuzz/src/request.rs: the topic instead of the path, lines without a carriage return."""
    path, _, query = request.target.partition("?")
    topic = "/".join(path.split("/")[3:])
    headers = "".join(f"{name}: {value}\n" for name, value in request.headers.items())
    return f"{request.method} {topic}{'?' if query else ''}{query}\n{headers}\n".encode() + request.body
