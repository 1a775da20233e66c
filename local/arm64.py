"""Builds the functions for arm64, the deployed default, and runs them in QEMU with every file under events/."""

import json
import shutil
from pathlib import Path

from local import compilers, package, paths, runtime, samlocal
from local.aws import Aws
from local.steps import Failed, step

QEMU = "qemu-aarch64"

# The C library's loader, at the place that is written into every binary.
LOADER = Path("/lib/ld-linux-aarch64.so.1")

# Debian's: the emulator, and the C library that it loads.
EMULATOR = ["qemu-user", "libc6:arm64"]


def arm64() -> None:
    """Check the responses of the arm64 binaries to every file under events/, in QEMU and against the running local stack."""
    if not paths.STACK_FILE.exists():
        raise Failed("no local stack is running: make up")
    stack = json.loads(paths.STACK_FILE.read_text())
    install_emulator()
    compiler = compilers.find_or_install("arm64", compilers.FUNCTIONS)
    if compiler is None:
        raise Failed(compilers.missing("arm64"))
    with step("compile for arm64, as in a package"):
        binaries = package.compile_functions(paths.ROOT, "arm64", compiler)
    with step("run every event file"):
        _run_events(stack, binaries)


def install_emulator() -> None:
    """Installs missing Debian packages, which needs Debian and root."""
    if shutil.which(QEMU) and LOADER.exists():
        return
    if not compilers.can_install():
        raise Failed(f"missing, by the names of Debian's packages: {' '.join(EMULATOR)}")
    compilers.install(*EMULATOR)


def _run_events(stack: dict, binaries: dict[str, Path]) -> None:
    expected = samlocal.expected(stack)
    aws = Aws(stack["endpoint"])
    wrong = []
    for provider in stack["stores"]:
        command = [QEMU, binaries[f"inlet-{provider}"]]
        with runtime.running(aws, provider, command, f"arm64-{provider}") as function:
            for event, status in ((e, s) for e, s in expected.items() if e.startswith(f"{provider}/")):
                response = function.invoke(json.loads((paths.EVENTS / event).read_text()))
                if response.get("statusCode") != status:
                    wrong.append(f"{event}: {response} instead of {status}")
    print(f"    {len(expected) - len(wrong)} of {len(expected)} event files had the expected status", flush=True)
    if wrong:
        raise Failed("\n".join(wrong))
