"""Builds the functions for arm64, the deployed default, and has them answer every file under events/ in an emulator."""

import json
import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

from local import build, place, samlocal, tools
from local.aws import Aws
from local.runtime import Runtime
from local.steps import Failed, run, step

TRIPLE = "aarch64-unknown-linux-gnu"
TARGET = place.STATE / "target" / "arm64"
LINKER = "aarch64-linux-gnu-gcc"
QEMU = "qemu-aarch64-static"
LIBRARIES = "/usr/aarch64-linux-gnu"

# Debian's compiler, whose standard library for arm64 is a package like any other.
RUSTC = "/usr/bin/rustc"
PACKAGES = [
    "rustc-web", "libstd-rust-web-dev:arm64", "gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross", "qemu-user-static",
]


def arm64() -> None:
    """Check that the arm64 binaries answer every file under events/, in QEMU and against the running local stack."""
    if not place.STACK_FILE.exists():
        raise Failed("no local stack is up: make up")
    stack = json.loads(place.STACK_FILE.read_text())
    _install()
    with step("compile for arm64"):
        _compile(stack)
    with step("answer every event file"):
        _answer(stack)


def _install() -> None:
    """Installs what is missing, where that is possible: on a Debian, for root."""
    if os.path.exists(RUSTC) and shutil.which(LINKER) and shutil.which(QEMU) and _has_standard_library():
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise Failed(f"missing, by the names of Debian's packages: {' '.join(PACKAGES)}")
    with step("install the compiler and the emulator"):
        run(["dpkg", "--add-architecture", "arm64"])
        run(["apt-get", "update", "--quiet=2"])
        run(["apt-get", "install", "--yes", "--quiet=2", "--no-install-recommends", *PACKAGES], log="arm64-apt")


def _has_standard_library() -> bool:
    told = subprocess.run([RUSTC, "--print", "target-libdir", "--target", TRIPLE], capture_output=True, text=True)
    return any(Path(told.stdout.strip()).glob("libstd-*.rlib"))


def _compile(stack: dict) -> None:
    packages = [part for binary in _binaries(stack) for part in ("--package", binary)]
    environment = tools.environment() | build.CHEAP_RELEASE | {
        "CARGO_TARGET_DIR": str(TARGET),
        "RUSTC": RUSTC,
        f"CARGO_TARGET_{TRIPLE.upper().replace('-', '_')}_LINKER": LINKER,
        f"CC_{TRIPLE.replace('-', '_')}": LINKER,
    }
    run(["cargo", "build", "--locked", "--release", "--target", TRIPLE, "--bins", *packages], env=environment)


def _answer(stack: dict) -> None:
    expected = samlocal.expected(stack)
    aws = Aws(stack["endpoint"])
    wrong = []
    for provider in stack["stores"]:
        with _function(aws, provider) as runtime:
            for event, status in ((e, s) for e, s in expected.items() if e.startswith(f"{provider}/")):
                answer = runtime.invoke(json.loads((place.EVENTS / event).read_text()))
                if answer.get("statusCode") != status:
                    wrong.append(f"{event}: {answer} instead of {status}")
    print(f"    {len(expected) - len(wrong)} of {len(expected)} event files were answered as they should be", flush=True)
    if wrong:
        raise Failed("\n".join(wrong))


@contextmanager
def _function(aws: Aws, provider: str):
    """A receiver's process in the emulator, with the environment that the deployed one has, and its Runtime API."""
    name = aws.resources()[place.function(provider)]
    binary = TARGET / TRIPLE / "release" / f"inlet-{provider}"
    log = place.LOGS / f"arm64-{provider}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with Runtime() as runtime, log.open("w") as printed:
        environment = samlocal.variables(aws, name) | aws.environment() | {
            "AWS_LAMBDA_RUNTIME_API": runtime.address,
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
            "PATH": os.environ["PATH"],
        }
        command = [QEMU, "-L", LIBRARIES, binary]
        process = subprocess.Popen(command, env=environment, stdout=printed, stderr=subprocess.STDOUT)
        try:
            yield runtime
        finally:
            process.terminate()
            process.wait()


def _binaries(stack: dict) -> list[str]:
    return [f"inlet-{provider}" for provider in stack["stores"]]
