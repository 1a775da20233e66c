"""Packs what is deployed without a compiler: a zip for each function and architecture, and a list of what is in it."""

import hashlib
import json
import os
import shutil
import subprocess
import zipfile
from pathlib import Path

from local import build, place, tools, upgrade
from local.steps import Failed, run, step

DIST = place.ROOT / "dist"
ARCHITECTURES = {"x86_64": "x86_64-unknown-linux-gnu", "arm64": "aarch64-unknown-linux-gnu"}

# The earliest time that a zip can hold: the same for every file in every build.
EARLIEST = (1980, 1, 1, 0, 0, 0)
RUNNABLE = 0o100755 << 16


def package() -> None:
    """Pack every function for every architecture that the toolchain builds for, into dist/."""
    shutil.rmtree(DIST, ignore_errors=True)
    DIST.mkdir()
    _pack(place.ROOT, DIST)
    for file in sorted(DIST.iterdir()):
        print(f"    {file.name}  {file.stat().st_size:,} bytes", flush=True)


def check() -> None:
    """Pack twice, the second time from a copy at another place, and compare the bytes."""
    package()
    copy = place.STATE / "package-check"
    shutil.rmtree(copy, ignore_errors=True)
    (copy / "dist").mkdir(parents=True)
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=place.ROOT, capture_output=True, check=True).stdout
    for name in filter(None, tracked.decode().split("\0")):
        (copy / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(place.ROOT / name, copy / "tree" / name)
    _pack(copy / "tree", copy / "dist")
    names = {file.name for folder in (DIST, copy / "dist") for file in folder.iterdir()}
    other = [name for name in sorted(names) if _bytes(DIST / name) != _bytes(copy / "dist" / name)]
    if other:
        raise Failed(f"another build has other bytes: {', '.join(other)}")
    print(f"    {len(names)} files, the same bytes twice", flush=True)


def _pack(root: Path, dist: Path) -> None:
    for architecture, triple in ARCHITECTURES.items():
        if not _has_target(triple):
            print(f"NOTICE: not packed: {architecture}; rustup target add {triple}", flush=True)
            continue
        with step(f"compile for {architecture}"):
            binaries = _compile(root, architecture)
        for name, binary in binaries.items():
            _zip(binary, dist / f"{name}-{architecture}.zip")
            (dist / f"{name}-{architecture}.cdx.json").write_text(_bill(root, name, triple))
    _write_sums(dist)


def _compile(root: Path, architecture: str) -> dict[str, Path]:
    """The functions' binaries by their names, built so that no path of this machine is in them."""
    target = root / ".local" / "target" / "package" / architecture
    names = build.binaries()
    packages = [part for name in names for part in ("--package", name)]
    option = "--arm64" if architecture == "arm64" else "--x86-64"
    environment = tools.environment() | {
        "CARGO_TARGET_DIR": str(target),
        "RUSTFLAGS": " ".join(f"--remap-path-prefix={path}={name}" for path, name in _told_apart(root).items()),
        "SOURCE_DATE_EPOCH": _committed(),
    }
    command = ["cargo", "lambda", "build", "--release", "--locked", option, *packages]
    run(command, env=environment, directory=root)
    return {name: target / "lambda" / name / "bootstrap" for name in names}


def _told_apart(root: Path) -> dict[str, str]:
    """Paths that a compiler writes into panics' messages, and what stands there instead."""
    home = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo"))
    return {str(home): "/cargo", str(root): "/inlet"}


def _zip(binary: Path, file: Path) -> None:
    entry = zipfile.ZipInfo("bootstrap", EARLIEST)
    entry.external_attr = RUNNABLE
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = 3
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(entry, binary.read_bytes(), compresslevel=9)


def _bill(root: Path, name: str, triple: str) -> str:
    """The CycloneDX list of the crates in a function."""
    tools.install_cargo_cyclonedx()
    folder = root / "functions" / name.removeprefix("inlet-")
    command = [
        "cargo", "cyclonedx", "--manifest-path", folder / "Cargo.toml", "--format", "json", "--target", triple,
        "--no-build-deps", "--override-filename", "bill",
    ]
    run(command, log="cyclonedx", env=tools.environment() | {"SOURCE_DATE_EPOCH": _committed()}, directory=root)
    bill = (folder / "bill.json").read_text()
    for written in root.glob("**/bill.json"):
        written.unlink()
    return json.dumps(json.loads(bill.replace(str(root), "/inlet")), indent=1, sort_keys=True) + "\n"


def _write_sums(dist: Path) -> None:
    lines = [f"{hashlib.sha256(_bytes(file)).hexdigest()}  {file.name}\n" for file in sorted(dist.iterdir())]
    (dist / f"inlet-{upgrade.version()}.sha256").write_text("".join(lines))


def _committed() -> str:
    """When the code was committed, in seconds since 1970 UTC."""
    told = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=place.ROOT, capture_output=True, check=True)
    return told.stdout.decode().strip()


def _has_target(triple: str) -> bool:
    told = subprocess.run(["rustc", "--print", "target-libdir", "--target", triple], capture_output=True, text=True)
    return any(Path(told.stdout.strip()).glob("libstd-*.rlib"))


def _bytes(file: Path) -> bytes:
    return file.read_bytes() if file.exists() else b""
