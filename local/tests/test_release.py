"""The command of a release is one static file, and its wheel installs with pip and runs with pipx.

`make dist-check` tests the release in dist/. Its build takes too long for other runs: those test one with the same target,
linker and packaging, without optimisation.
"""

import struct
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from local import build, compilers, dist, paths, upgrade

pytestmark = pytest.mark.release

# Runs a program of a wheel without installing it.
PIPX = "pipx==1.18.4"

# The kind of an ELF file's segment that names the loader of shared libraries.
PT_INTERP = 3


@pytest.fixture(scope="module")
def released(tmp_path_factory) -> tuple[Path, Path]:
    """Returns the wheel and the archive."""
    architecture = paths.architecture()
    if dist.checks_dist():
        return dist.command_of(architecture)
    if compilers.find_or_install(architecture, compilers.COMMAND) is None:
        pytest.skip(f"NOTICE: the command was not built: rustup target add {compilers.COMMAND[architecture]}")
    return dist.command(architecture, tmp_path_factory.mktemp("dist"), build.QUICK_PROFILE)


def version(*command: str | Path) -> str:
    ran = subprocess.run([*command, "--version"], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def segments(elf: bytes) -> set[int]:
    """Returns the kinds of the segments of a 64-bit little-endian ELF file."""
    assert elf[:6] == b"\x7fELF\x02\x01"
    (start,) = struct.unpack_from("<Q", elf, 32)
    size, count = struct.unpack_from("<HH", elf, 54)
    return {struct.unpack_from("<I", elf, start + size * index)[0] for index in range(count)}


def virtual_environment(folder: Path) -> Path:
    """Makes a virtual environment and returns the folder of its programs."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    return folder / "bin"


def test_the_archive_has_a_static_binary_with_its_papers(released, tmp_path):
    _, archive = released
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path, filter="data")
    (folder,) = tmp_path.iterdir()
    assert {file.name for file in folder.iterdir()} == {"inlet", *dist.PAPERS}
    assert PT_INTERP not in segments((folder / "inlet").read_bytes())
    assert version(folder / "inlet") == f"inlet {upgrade.version()}"


def test_no_path_of_this_machine_is_in_the_binary(released):
    wheel, _ = released
    assert str(paths.ROOT).encode() not in dist.binary(wheel)


def test_pip_installs_the_wheel(released, tmp_path):
    wheel, _ = released
    programs = virtual_environment(tmp_path / "venv")
    install = [programs / "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index", wheel]
    subprocess.run(install, check=True)
    assert version(programs / "inlet") == f"inlet {upgrade.version()}"


def test_pipx_runs_the_wheel(released, tmp_path):
    wheel, _ = released
    programs = virtual_environment(tmp_path / "venv")
    subprocess.run([programs / "pip", "install", "--quiet", "--disable-pip-version-check", PIPX], check=True)
    assert version(programs / "pipx", "run", "--spec", wheel, "inlet") == f"inlet {upgrade.version()}"
