"""Installs the pinned tools into .local/tools, once for each state of the requirements."""

import hashlib
import importlib.metadata
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from local import paths

HOME = paths.STATE / "tools"
PYTHON = HOME / "python"
CARGO = HOME / "cargo"

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
STAMP = PYTHON / "installed-from"

# Installed by pip: the tool that compiles the functions, and the quicker installer of everything else.
FIRST = {"cargo-lambda", "uv"}

CARGO_DENY = "0.20.2"
CARGO_FUZZ = "0.13.2"
CARGO_CYCLONEDX = "0.5.9"

RESTARTED = "INLET_LOCAL_RESTARTED"


def ready() -> bool:
    """Returns whether this process runs in the tools' own Python, and the pinned versions are installed there."""
    return Path(sys.prefix) == PYTHON and _is_installed()


def install(meanwhile: Callable[[], None] | None = None) -> None:
    """Installs what the requirements pin, unless it is installed.

    `meanwhile` runs as soon as the functions can be compiled, while the other tools are installed.
    """
    if _is_installed():
        return
    if sys.version_info < (3, 11):
        sys.exit("the local stack needs Python 3.11 or newer")
    print("==> installing the tools into .local/tools (once)", flush=True)
    shutil.rmtree(PYTHON, ignore_errors=True)
    # A pip of its own takes seconds, before anything compiles: it is among the requirements.
    without_pip = ["--without-pip"] if _has_pip_for_others() else []
    subprocess.run([sys.executable, "-m", "venv", *without_pip, PYTHON], check=True)
    pinned = _pinned()
    subprocess.run(_pip(_file("first", (pinned[name] for name in FIRST))), check=True)
    everything = _file("everything", pinned.values())
    rest = subprocess.Popen(_uv(everything))
    try:
        if meanwhile is not None:
            meanwhile()
    finally:
        failed = rest.wait() != 0
    if failed:
        # pip knows this machine's index of packages, which uv does not.
        print("==> uv cannot install the tools; pip installs them", flush=True)
        subprocess.run(_pip(everything), check=True)
    STAMP.write_text(_wanted())


def restart() -> None:
    """Replaces this process by the same command in the tools' Python."""
    if RESTARTED in os.environ:
        sys.exit(f"{PYTHON} does not work as a Python of its own; remove it and try again")
    os.environ[RESTARTED] = "yes"
    python = PYTHON / "bin" / "python"
    os.chdir(paths.ROOT)
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


def environment(base: dict[str, str] | None = None) -> dict[str, str]:
    """Returns `base` with the tools first on its path: cargo-lambda finds zig through this `python3`."""
    base = dict(os.environ if base is None else base)
    base["PATH"] = os.pathsep.join([str(PYTHON / "bin"), str(CARGO / "bin"), base.get("PATH", "")])
    # The emulator deploys within seconds; SAM would look every five.
    return base | {"SAM_CLI_TELEMETRY": "0", "SAM_CLI_POLL_DELAY": "0.2"}


# The requirements are complete, so nothing is left to resolve.
COMPLETE = ["--quiet", "--no-deps", "--require-hashes", "--requirement"]


def _pip(requirements: Path) -> list[str | Path]:
    """Returns pip's command that installs the requirements of a file, with the pip of this Python if its own has none."""
    python = PYTHON / "bin" / "python"
    has_pip = subprocess.run([python, "-c", "import pip"], capture_output=True).returncode == 0
    pip = [python, "-m", "pip"] if has_pip else [sys.executable, "-m", "pip", "--python", python]
    # Compiling every module to byte code would take half of the time; Python does it for those that are imported.
    return [*pip, "--disable-pip-version-check", "install", "--no-compile", *COMPLETE, requirements]


def _uv(requirements: Path) -> list[str | Path]:
    """Returns uv's command that installs the requirements of a file."""
    return [PYTHON / "bin" / "uv", "pip", "install", "--python", PYTHON / "bin" / "python", *COMPLETE, requirements]


def _has_pip_for_others() -> bool:
    """Returns whether this Python has a pip that installs into another one. pip can since 22.3."""
    try:
        version = importlib.metadata.version("pip")
    except importlib.metadata.PackageNotFoundError:
        return False
    return int(version.split(".")[0]) >= 23


def _file(name: str, lines: Iterable[str]) -> Path:
    """Writes a file of requirements next to the tools, and returns its path."""
    file = PYTHON / f"{name}.txt"
    file.write_text("\n".join(lines) + "\n")
    return file


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
