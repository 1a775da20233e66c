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

CARGO_DENY = "cargo-deny@0.20.2"

# What the functions are built with: quick to build, the same everywhere in one target directory.
CHEAP_RELEASE = {
    "CARGO_TARGET_DIR": str(place.STATE / "target"),
    "CARGO_PROFILE_RELEASE_OPT_LEVEL": "1",
    "CARGO_PROFILE_RELEASE_LTO": "off",
    "CARGO_PROFILE_RELEASE_CODEGEN_UNITS": "16",
    "CARGO_PROFILE_RELEASE_DEBUG": "0",
    "CARGO_PROFILE_RELEASE_STRIP": "debuginfo",
}


def ready() -> bool:
    """Whether this process already runs in the tools' own Python, and that is the pinned one."""
    return Path(sys.prefix) == PYTHON and _installed_from() == _wanted()


def install() -> None:
    """Makes the tools' Python what the requirements say; does nothing when it is."""
    if _installed_from() == _wanted():
        return
    if sys.version_info < (3, 11):
        sys.exit("the local stack needs Python 3.11 or newer")
    print("installing the tools into .local/tools (once, about a minute) ...", flush=True)
    shutil.rmtree(PYTHON, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", PYTHON], check=True)
    pip = [PYTHON / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*pip, "--requirement", REQUIREMENTS, "--constraint", CONSTRAINTS], check=True)
    STAMP.write_text(_wanted())


def restart() -> None:
    """Runs the same command again in the tools' Python, in place of this process."""
    python = PYTHON / "bin" / "python"
    os.chdir(place.ROOT)
    os.execv(python, [python, "-m", "local", *sys.argv[1:]])


def install_cargo_deny() -> None:
    """Builds cargo-deny once: a debug build without its network features takes a minute."""
    if (CARGO / "bin" / "cargo-deny").exists():
        return
    options = ["--locked", "--debug", "--no-default-features", "--root", CARGO]
    subprocess.run(["cargo", "install", CARGO_DENY, *options], check=True)


def environment(base: dict[str, str] | None = None) -> dict[str, str]:
    """`base` with the tools found first: cargo-lambda finds zig through this `python3`."""
    base = dict(os.environ if base is None else base)
    base.pop("PYTHONPATH", None)
    base["PATH"] = os.pathsep.join([str(PYTHON / "bin"), str(CARGO / "bin"), base.get("PATH", "")])
    return base | {"SAM_CLI_TELEMETRY": "0", "CARGO_TERM_COLOR": base.get("CARGO_TERM_COLOR", "auto")}


def _installed_from() -> str | None:
    return STAMP.read_text() if STAMP.exists() else None


def _wanted() -> str:
    return hashlib.sha256(REQUIREMENTS.read_bytes() + CONSTRAINTS.read_bytes()).hexdigest()
