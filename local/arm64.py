"""Builds the functions for arm64, the deployed default, and has them answer every file under events/ in an emulator."""

import json
import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

from local import build, package, place, samlocal
from local.aws import Aws
from local.runtime import Runtime
from local.steps import Failed, run, step

QEMU = "qemu-aarch64-static"
LIBRARIES = "/usr/aarch64-linux-gnu"

# Debian's: the compiler's standard library for arm64, the emulator, and the C library that it loads.
COMPILER = ["rustc-web", "libstd-rust-web-dev:arm64"]
EMULATOR = ["qemu-user-static", "libc6-arm64-cross"]


def arm64() -> None:
    """Check that the arm64 binaries answer every file under events/, in QEMU and against the running local stack."""
    if not place.STACK_FILE.exists():
        raise Failed("no local stack is up: make up")
    stack = json.loads(place.STACK_FILE.read_text())
    _install()
    with step("compile for arm64, as it is packed"):
        binaries = package.compile_functions(place.ROOT, "arm64", build.compiler("arm64"))
    with step("answer every event file"):
        _answer(stack, binaries)


def _install() -> None:
    """Installs what is missing, where that is possible: on a Debian, for root."""
    missing = [] if build.compiler("arm64") else COMPILER
    if not shutil.which(QEMU) or not os.path.isdir(LIBRARIES):
        missing = missing + EMULATOR
    if not missing:
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise Failed(f"missing, by the names of Debian's packages: {' '.join(missing)}")
    with step("install the compiler and the emulator"):
        run(["dpkg", "--add-architecture", "arm64"])
        run(["apt-get", "update", "--quiet=2"])
        run(["apt-get", "install", "--yes", "--quiet=2", "--no-install-recommends", *missing], log="arm64-apt")


def _answer(stack: dict, binaries: dict[str, Path]) -> None:
    expected = samlocal.expected(stack)
    aws = Aws(stack["endpoint"])
    wrong = []
    for provider in stack["stores"]:
        with _function(aws, provider, binaries[f"inlet-{provider}"]) as runtime:
            for event, status in ((e, s) for e, s in expected.items() if e.startswith(f"{provider}/")):
                answer = runtime.invoke(json.loads((place.EVENTS / event).read_text()))
                if answer.get("statusCode") != status:
                    wrong.append(f"{event}: {answer} instead of {status}")
    print(f"    {len(expected) - len(wrong)} of {len(expected)} event files were answered as they should be", flush=True)
    if wrong:
        raise Failed("\n".join(wrong))


@contextmanager
def _function(aws: Aws, provider: str, binary: Path):
    """A receiver's process in the emulator, with the environment that the deployed one has, and its Runtime API."""
    name = aws.resources()[place.function(provider)]
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
