"""Builds the packages for consumers: a wheel and an npm archive."""

import shutil
from pathlib import Path

from local import event_types, package, paths
from local.steps import run, step

BUILT = paths.STATE / "packages"


def build() -> None:
    """Build the packages for consumers, the wheel and the npm archive, into dist/."""
    package.DIST.mkdir(exist_ok=True)
    with step("packages for consumers"):
        for file in (wheel(), archive()):
            shutil.copy(file, package.DIST)
            print(f"    dist/{file.name}  {file.stat().st_size:,} bytes", flush=True)


def wheel() -> Path:
    """Builds the Python package and returns the wheel."""
    python = event_types.python_tools() / "python"
    folder = _copy("python")
    run([python, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", folder / "out", folder], log="wheel")
    return next((folder / "out").glob("*.whl"))


def archive() -> Path:
    """Builds the TypeScript package and returns the archive that `npm install` takes."""
    modules = event_types.npm_tools()
    folder = _copy("typescript")
    (folder / "node_modules").symlink_to(modules)
    run([modules / ".bin" / "tsc"], directory=folder, log="tsc")
    run(["npm", "pack", "--ignore-scripts", "--pack-destination", folder], directory=folder, log="npm-pack")
    return next(folder.glob("*.tgz"))


def _copy(language: str) -> Path:
    """Returns a fresh copy of a package's sources, so that nothing is written next to them."""
    folder = BUILT / language
    shutil.rmtree(folder, ignore_errors=True)
    source = event_types.PACKAGES / language
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns("node_modules", "dist", "__pycache__"))
    return folder
