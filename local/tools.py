"""Installs the pinned tools into .local/tools, once for each state of the requirements."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Set
from pathlib import Path

from local import paths

HOME = paths.STATE / "tools"
PYTHON = HOME / "python"
CARGO = HOME / "cargo"

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
STAMP = PYTHON / "installed-from"

# The tool that compiles the functions for the local stack.
COMPILE_TOOL = "cargo-lambda"

# The linker of what is deployed. It has two thirds of all files of the tools, and the local stack does not need it.
ZIG = "ziglang"

CARGO_DENY = "0.20.2"
CARGO_FUZZ = "0.13.2"
CARGO_CYCLONEDX = "0.5.9"

RESTARTED = "INLET_LOCAL_RESTARTED"


def ready() -> bool:
    """Returns whether this process runs in the tools' own Python, and the pinned versions are installed there."""
    return Path(sys.prefix) == PYTHON and _is_installed()


def install(meanwhile: Callable[[], None] | None = None) -> None:
    """Installs what the requirements pin, but for zig, unless it is installed.

    `meanwhile` runs as soon as the functions can be compiled, while the other tools are installed.
    """
    if _is_installed():
        return
    if sys.version_info < (3, 11):
        sys.exit("the local stack needs Python 3.11 or newer")
    print("==> installing the tools into .local/tools (once)", flush=True)
    shutil.rmtree(PYTHON, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", PYTHON], check=True)
    pinned = _pinned()
    if meanwhile is None:
        subprocess.run(_pip(pinned.keys() - {ZIG}), check=True)
    else:
        subprocess.run(_pip({COMPILE_TOOL}), check=True)
        rest = subprocess.Popen(_pip(pinned.keys() - {ZIG, COMPILE_TOOL}))
        try:
            meanwhile()
        finally:
            failed = rest.wait() != 0
        if failed:
            sys.exit("the tools could not be installed")
    STAMP.write_text(_wanted())


def restart() -> None:
    """Replaces this process by the same command in the tools' Python."""
    if RESTARTED in os.environ:
        sys.exit(f"{PYTHON} does not work as a Python of its own; remove it and try again")
    os.environ[RESTARTED] = "yes"
    python = PYTHON / "bin" / "python"
    os.chdir(paths.ROOT)
    os.execv(python, [python, "-m", "local", *sys.argv[1:]])


def install_zig() -> None:
    """Installs the linker of what is deployed, once."""
    if not (PYTHON / "installed-zig").exists():
        subprocess.run(_pip({ZIG}), check=True)
        (PYTHON / "installed-zig").touch()


def install_cargo_deny() -> None:
    """Builds cargo-deny once: without its network features that takes a minute."""
    _install_crate("cargo-deny", CARGO_DENY, "--no-default-features")


def install_cargo_fuzz() -> None:
    """Builds cargo-fuzz once."""
    _install_crate("cargo-fuzz", CARGO_FUZZ)


def install_cargo_cyclonedx() -> None:
    """Builds cargo-cyclonedx once."""
    _install_crate("cargo-cyclonedx", CARGO_CYCLONEDX)


def environment(base: dict[str, str] | None = None) -> dict[str, str]:
    """Returns `base` with the tools first on its path: cargo-lambda finds zig through this `python3`."""
    base = dict(os.environ if base is None else base)
    base["PATH"] = os.pathsep.join([str(PYTHON / "bin"), str(CARGO / "bin"), base.get("PATH", "")])
    # The emulator deploys within seconds; SAM would look every five.
    return base | {"SAM_CLI_TELEMETRY": "0", "SAM_CLI_POLL_DELAY": "0.2"}


def _pip(names: Set[str]) -> list[str | Path]:
    """Returns the command that installs these of the requirements."""
    pinned = _pinned()
    if missing := names - pinned.keys():
        sys.exit(f"{REQUIREMENTS.name} does not pin {' and '.join(missing)}")
    file = PYTHON / "requirements.txt"
    file.write_text("\n".join(pinned[name] for name in names) + "\n")
    # The requirements are complete, so nothing is left to resolve. Compiling every module to byte code would take half
    # of the time; Python does it for those that are imported.
    options = ["--disable-pip-version-check", "install", "--quiet", "--no-compile", "--no-deps", "--require-hashes"]
    return [PYTHON / "bin" / "python", "-m", "pip", *options, "--requirement", file]


def _pinned() -> dict[str, str]:
    """Returns the requirements by name, each as a line with its version and hashes."""
    lines = REQUIREMENTS.read_text().replace("\\\n", "").splitlines()
    return {line.split("==")[0]: line for line in lines if "==" in line.split(" ")[0]}


def _install_crate(name: str, version: str, *options: str) -> None:
    installed = CARGO / ".crates.toml"
    if installed.exists() and f'"{name} {version} ' in installed.read_text():
        return
    options = ["--locked", "--debug", "--root", CARGO, *options]
    subprocess.run(["cargo", "install", f"{name}@{version}", *options], check=True)


def _is_installed() -> bool:
    return STAMP.exists() and STAMP.read_text() == _wanted()


def _wanted() -> str:
    """Returns a hash of the requirements, the folder and the Python version: a virtual environment cannot be moved."""
    return hashlib.sha256(f"{REQUIREMENTS.read_text()}{PYTHON}{sys.version_info[:2]}".encode()).hexdigest()
