"""Runs the fuzz targets with cargo fuzz, each for some seconds."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from local import paths, samples, tools
from local.steps import Failed, Unavailable, run, step

HOME = paths.ROOT / "fuzz"
SEEDS = HOME / "seeds"

# Longer inputs slow every run down and reach no further code: the parsed texts are small.
MAX_LEN = 8_192

NO_NIGHTLY = "NOTICE: not fuzzed: there is no nightly Rust toolchain (rustup toolchain install nightly)"
NO_CARGO_FUZZ = "NOTICE: not fuzzed: cargo-fuzz could not be installed"


def fuzz(seconds: int) -> None:
    """Fuzz every target for some seconds, seeded from events/."""
    _install()
    with step("building the fuzz targets"):
        run(["cargo", "+nightly", "fuzz", "build"], log="fuzz-build", env=tools.environment())
    for target in targets():
        with step(f"{target}, {seconds} s"):
            _run(target, seconds)


def targets() -> list[str]:
    return re.findall(r'^name = "(\w+)"$', (HOME / "Cargo.toml").read_text(), re.MULTILINE)


def _install() -> None:
    if subprocess.run(["cargo", "+nightly", "--version"], capture_output=True).returncode != 0:
        raise Unavailable(NO_NIGHTLY)
    try:
        tools.install_cargo_fuzz()
    except subprocess.CalledProcessError as failure:
        raise Unavailable(NO_CARGO_FUZZ) from failure


def _run(target: str, seconds: int) -> None:
    corpus, artifacts = (HOME / folder / target for folder in ("corpus", "artifacts"))
    for folder in (corpus, artifacts):
        folder.mkdir(parents=True, exist_ok=True)
    limits = [f"-max_total_time={seconds}", f"-max_len={MAX_LEN}", "-timeout=10", "-rss_limit_mb=2048"]
    # Not `cargo fuzz run`, which would check every target's sources first.
    binary = next(HOME.glob(f"target/*/release/{target}"))
    output = run([binary, corpus, _seeds(target), *limits, f"-artifact_prefix={artifacts}/"], log=f"fuzz-{target}")
    done = re.search(r"^Done (\d+) runs in \d+ second", output, re.MULTILINE)
    if not done:
        raise Failed(f"{target} did not run to its end")
    print(f"    {int(done[1]):,} inputs", flush=True)


def _seeds(target: str) -> Path:
    """Writes the sample events in the form that the target reads, and returns the folder."""
    folder = SEEDS / target
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    for name, seed in _seeds_of(target):
        (folder / name).write_bytes(seed)
    return folder


def _seeds_of(target: str) -> Iterator[tuple[str, bytes]]:
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
        provider = target.partition("_")[2]
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
