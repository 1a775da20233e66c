"""Builds the bench and every program that it measures, and runs it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from local import arm64, build, cargo, compilers, package, paths, template, tools
from local.steps import Failed, Unavailable, run, step

BENCH = paths.ROOT / "bench"
PEERS = BENCH / "peers"
STATE = paths.STATE / "bench"
STRIPPED = STATE / "stripped"
WITH_SYMBOLS = STATE / "with-symbols"
ARM64 = STATE / "arm64"

RECEIVERS = tuple(f"inlet-{provider}" for provider in paths.PROVIDERS)
FUNCTIONS = (*RECEIVERS, "inlet-processor", "inlet-sweeper")
OF_CONSUMERS = ("inlet-zid", "inlet-processor")
OPERATE = ("inlet-bench-operate",)
COUNTED_ON_ARM64 = ("inlet-zid", "inlet-zip", "inlet-tiki")
PEERS_IN_RUST = ("peer-hello", "peer-idiomatic")


def bench(rounds: int) -> None:
    """Measure the receivers against their peers and write bench/results."""
    _needs("valgrind", "strip", "openssl", "node", "npm")
    with step("our receivers, as they are deployed"):
        _ours()
    with step("replay and forget"):
        _operate()
    with step("the peers in Rust"):
        build_rust_peers()
    with step("the peer on Node.js"):
        _node()
    with step("the peer on Python"):
        _python()
    _template()
    run([quick_harness(), "run", str(rounds)])
    run([quick_harness(), "consumers", str(rounds)])


def consumers(rounds: int) -> None:
    """Measure the time from the provider's POST to the consumer's handler, in each mode."""
    _needs("strip", "openssl")
    with step("receiver and processor, as they are deployed"):
        _ours(OF_CONSUMERS)
    run([quick_harness(), "consumers", str(rounds)])


def prices(events: int) -> None:
    """Count the calls, units and bytes of some events' whole way, and write the prices and tables."""
    _needs("strip", "openssl")
    with step("our functions, as they are deployed"):
        _ours(FUNCTIONS)
    _template()
    run([quick_harness(), "prices", str(events)])


def rates(rounds: int) -> None:
    """Measure the rates of receiver, processor, sweeper, replay and forget, and write the tables."""
    _needs("strip", "openssl")
    with step("our functions, as they are deployed"):
        _ours(FUNCTIONS)
    with step("replay and forget"):
        _operate()
    run([quick_harness(), "rates", str(rounds)])


def arm64_instructions() -> None:
    """Count the instructions of the receivers for arm64, in QEMU, and write the table."""
    _needs("openssl", "cc")
    arm64.install_emulator()
    compiler = compilers.find_or_install("arm64", compilers.FUNCTIONS)
    if compiler is None:
        raise Failed(compilers.missing("arm64"))
    with step("compile for arm64, as in a package"):
        binaries = package.compile_functions(paths.ROOT, "arm64", compiler, COUNTED_ON_ARM64)
    ARM64.mkdir(parents=True, exist_ok=True)
    for name, binary in binaries.items():
        shutil.copy2(binary, ARM64 / name)
    run(["cc", "-O2", "-fPIC", "-shared", BENCH / "qemu" / "instructions.c", "-o", STATE / "instructions.so"])
    run([harness(), "arm64"])


def report() -> None:
    """Write the bench's tables and pictures from the recorded results."""
    run([harness(), "report"])


def gate(accept: bool = False) -> None:
    """Compare size, instructions, calls, units and CPU of the functions with bench/figures.json."""
    if paths.architecture() != "x86_64":
        raise Unavailable("NOTICE: not counted: bench/figures.json has figures of x86-64 binaries")
    missing = [program for program in ("valgrind", "strip", "openssl") if shutil.which(program) is None]
    if missing:
        raise Unavailable(f"NOTICE: not counted: {' and '.join(missing)} missing")
    with step("our functions, as they are deployed"):
        _ours(FUNCTIONS)
    run([harness(), "gate", *(["--accept"] if accept else [])])


def _ours(names: tuple[str, ...] = (*FUNCTIONS, "inlet-bench-floor")) -> None:
    """Builds our functions with symbols for valgrind, and a stripped copy for all other measurements."""
    for name, binary in build.compile_as_deployed(list(names)).items():
        _strip(name, binary)


def _operate() -> None:
    """Builds the program that replays and forgets.

    It has a call of cargo of its own: the functions would be compiled with its features otherwise.
    """
    _ours(OPERATE)


def _template() -> None:
    """Writes the template as JSON, for the parts of a price that it decides."""
    STATE.mkdir(parents=True, exist_ok=True)
    (STATE / "template.json").write_text(json.dumps(template.load()))


def build_rust_peers() -> None:
    """Builds the peers R0 and R1."""
    built = build.compile_peers(PEERS / "Cargo.toml", PEERS / "target", list(PEERS_IN_RUST))
    for name, binary in built.items():
        _strip(name, binary)


def _strip(name: str, binary: Path) -> None:
    """Strips a binary, and keeps a copy with symbols for valgrind."""
    for folder in (STRIPPED, WITH_SYMBOLS):
        folder.mkdir(parents=True, exist_ok=True)
    shutil.copy2(binary, WITH_SYMBOLS / name)
    run(["strip", "--strip-all", "-o", STRIPPED / name, binary])


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
