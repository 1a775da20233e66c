"""Installs the pinned tools into .local/tools, once for each state of the requirements."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from local import place

HOME = place.STATE / "tools"
PYTHON = HOME / "python"
CARGO = HOME / "cargo"

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
CONSTRAINTS = Path(__file__).with_name("constraints.txt")
STAMP = PYTHON / "installed-from"

CARGO_DENY = "0.20.2"
CARGO_FUZZ = "0.13.2"
CARGO_CYCLONEDX = "0.5.9"

RESTARTED = "INLET_LOCAL_RESTARTED"


def ready() -> bool:
    """Whether this process already runs in the tools' own Python, and that is the pinned one."""
    return Path(sys.prefix) == PYTHON and _is_installed()


def install() -> None:
    """Makes the tools' Python what the requirements say; does nothing when it is."""
    if _is_installed():
        return
    if sys.version_info < (3, 11):
        sys.exit("the local stack needs Python 3.11 or newer")
    print("==> installing the tools into .local/tools (once, about a minute)", flush=True)
    shutil.rmtree(PYTHON, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", PYTHON], check=True)
    pip = [PYTHON / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*pip, "--requirement", REQUIREMENTS, "--constraint", CONSTRAINTS], check=True)
    STAMP.write_text(_wanted())


def restart() -> None:
    """Runs the same command again in the tools' Python, in place of this process."""
    if RESTARTED in os.environ:
        sys.exit(f"{PYTHON} does not work as a Python of its own; remove it and try again")
    os.environ[RESTARTED] = "yes"
    python = PYTHON / "bin" / "python"
    os.chdir(place.ROOT)
    os.execv(python, [python, "-m", "local", *sys.argv[1:]])


def install_cargo_deny() -> None:
    """Builds cargo-deny once: without its network features that takes a minute."""
    _install_crate("cargo-deny", CARGO_DENY, "--no-default-features")


def install_cargo_fuzz() -> None:
    """Builds cargo-fuzz once."""
    _install_crate("cargo-fuzz", CARGO_FUZZ)


def install_cargo_cyclonedx() -> None:
    """Builds cargo-cyclonedx once."""
    _install_crate("cargo-cyclonedx", CARGO_CYCLONEDX)


def _install_crate(name: str, version: str, *options: str) -> None:
    installed = CARGO / ".crates.toml"
    if installed.exists() and f'"{name} {version} ' in installed.read_text():
        return
    options = ["--locked", "--debug", "--root", CARGO, *options]
    subprocess.run(["cargo", "install", f"{name}@{version}", *options], check=True)


def environment(base: dict[str, str] | None = None) -> dict[str, str]:
    """`base` with the tools found first: cargo-lambda finds zig through this `python3`."""
    base = dict(os.environ if base is None else base)
    base["PATH"] = os.pathsep.join([str(PYTHON / "bin"), str(CARGO / "bin"), base.get("PATH", "")])
    return base | {"SAM_CLI_TELEMETRY": "0"}


def _is_installed() -> bool:
    return STAMP.exists() and STAMP.read_text() == _wanted()


def _wanted() -> str:
    """What is installed from, and where and for whom: such a folder works in no other place."""
    pinned = REQUIREMENTS.read_text() + CONSTRAINTS.read_text()
    return hashlib.sha256(f"{pinned}{PYTHON}{sys.version_info[:2]}".encode()).hexdigest()
