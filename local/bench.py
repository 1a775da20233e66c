"""Builds the bench and every program that it measures, and runs it."""

import os
import shutil
import subprocess
import sys

from local import build, cargo, paths, tools
from local.steps import Failed, Unavailable, run, step

BENCH = paths.ROOT / "bench"
PEERS = BENCH / "peers"
STATE = paths.STATE / "bench"
STRIPPED = STATE / "stripped"
WITH_SYMBOLS = STATE / "with-symbols"

RECEIVERS = ("inlet-zip", "inlet-tiki", "inlet-zid")
OF_CONSUMERS = ("inlet-zid", "inlet-processor")


def bench(rounds: int) -> None:
    """Measure the receivers against their peers and write bench/results."""
    _needs("valgrind", "strip", "openssl", "node", "npm")
    with step("our receivers, as they are deployed"):
        _ours()
    with step("the peers in Rust"):
        build_rust_peers()
    with step("the peer on Node.js"):
        _node()
    with step("the peer on Python"):
        _python()
    run([quick_harness(), "run", str(rounds)])
    run([quick_harness(), "consumers", str(rounds)])


def consumers(rounds: int) -> None:
    """Measure the time from the provider's POST to the consumer's handler, in each mode."""
    _needs("strip", "openssl")
    with step("receiver and processor, as they are deployed"):
        _ours(OF_CONSUMERS)
    run([quick_harness(), "consumers", str(rounds)])


def report() -> None:
    """Write the bench's tables and pictures from the recorded results."""
    run([harness(), "report"])


def gate(accept: bool = False) -> None:
    """Compare size, instructions and calls of the functions with bench/figures.json."""
    if paths.architecture() != "x86_64":
        raise Unavailable("NOTICE: not counted: bench/figures.json has figures of x86-64 binaries")
    missing = [program for program in ("valgrind", "openssl") if shutil.which(program) is None]
    if missing:
        raise Unavailable(f"NOTICE: not counted: {' and '.join(missing)} missing")
    with step("the functions, optimised"):
        build.compile_functions(build.MEASURED_RELEASE)
    run([harness(), "gate", *(["--accept"] if accept else [])])


def _ours(names: tuple[str, ...] = (*RECEIVERS, "inlet-processor", "inlet-bench-floor")) -> None:
    """Builds our functions with symbols for valgrind, and a stripped copy for all other measurements."""
    packages = [part for name in names for part in ("--package", name)]
    environment = os.environ | {"CARGO_PROFILE_RELEASE_STRIP": "none"}
    run(["cargo", "build", "--locked", "--release", *packages], env=environment)
    built = paths.ROOT / "target" / "release"
    for name in names:
        _strip(built / name)


def build_rust_peers() -> None:
    """Builds the peers R0 and R1."""
    run(["cargo", "build", "--locked", "--release", "--manifest-path", PEERS / "Cargo.toml"])
    for name in ("peer-hello", "peer-idiomatic"):
        _strip(PEERS / "target" / "release" / name)


def _strip(binary) -> None:
    """Strips a binary, and keeps a copy with symbols for valgrind."""
    for folder in (STRIPPED, WITH_SYMBOLS):
        folder.mkdir(parents=True, exist_ok=True)
    shutil.copy2(binary, WITH_SYMBOLS / binary.name)
    run(["strip", "--strip-all", "-o", STRIPPED / binary.name, binary])


def _node() -> None:
    """Builds one minified bundle, as the SDK's documentation recommends for Lambda."""
    sources, built = STATE / "node-sources", STATE / "node"
    shutil.copytree(PEERS / "node", sources, dirs_exist_ok=True)
    run(["npm", "--prefix", sources, "ci", "--no-audit", "--no-fund"], log="bench-npm")
    bundle = ["--bundle", "--minify", "--platform=node", "--target=node20", f"--outfile={built / 'index.js'}"]
    run([sources / "node_modules" / ".bin" / "esbuild", sources / "index.js", *bundle], log="bench-esbuild")


def _python() -> None:
    home = STATE / "python"
    if not (home / "bin" / "python").exists():
        subprocess.run([sys.executable, "-m", "venv", home], check=True)
    pip = [home / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    run([*pip, "--requirement", PEERS / "python" / "requirements.txt"])


def harness():
    """Builds the bench's program for measurements without times, and returns its path."""
    run(cargo.build("--bin", "inlet-bench"), env=tools.environment())
    return paths.ROOT / "target" / "debug" / "inlet-bench"


def quick_harness():
    """Builds the bench's program with optimisation, because its simulated services are part of every measured time."""
    run(["cargo", "build", "--locked", "--profile", "timing", "--package", "inlet-bench"], env=tools.environment())
    return paths.ROOT / "target" / "timing" / "inlet-bench"


def _needs(*programs: str) -> None:
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        raise Failed(f"the bench needs {', '.join(missing)}")
