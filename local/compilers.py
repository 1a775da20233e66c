"""Finds a compiler for a target: one with the target's standard library, or with the library's sources."""

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from local.steps import Failed, run, step

# Lambda's runtime has glibc, so the functions are linked with it.
FUNCTIONS = {"x86_64": "x86_64-unknown-linux-gnu", "arm64": "aarch64-unknown-linux-gnu"}

# The command is linked statically with musl, so that one binary runs on every Linux. Statically linked glibc would load
# the name services of the machine's own glibc, which can be another version.
COMMAND = {"x86_64": "x86_64-unknown-linux-musl", "arm64": "aarch64-unknown-linux-musl"}

# The compiler in use, and Debian's, for which Debian packages standard libraries of other architectures and the sources.
COMPILERS = ("rustc", "/usr/bin/rustc")
DEBIAN_FUNCTIONS = {"x86_64": ["rustc-web"], "arm64": ["rustc-web", "libstd-rust-web-dev:arm64"]}
DEBIAN_SOURCES = ["rustc-web", "rust-web-src"]


@dataclass(frozen=True)
class Compiler:
    """A compiler and the variables with which cargo uses it for one target."""

    rustc: str
    flags: str = ""
    variables: dict[str, str] = field(default_factory=dict)


def find(triple: str) -> Compiler | None:
    """Returns the first compiler that can compile for this target, or None.

    A compiler without the target's standard library compiles it too, from the sources, if it has them. That is tried
    for musl only, where zig brings the C library and the start-up code which otherwise come with the standard library.
    """
    for rustc in filter(shutil.which, COMPILERS):
        if _has_standard_library(rustc, triple):
            return Compiler(rustc)
    for rustc in filter(shutil.which, COMPILERS):
        if triple.endswith("-musl") and _sources(rustc).is_dir():
            flags = f"-Clink-self-contained=no --remap-path-prefix={_sources(rustc).parent}=/rustc"
            # cargo builds a standard library on nightly toolchains only, or if this variable allows it.
            return Compiler(rustc, flags, {"RUSTC_BOOTSTRAP": "1", "CARGO_UNSTABLE_BUILD_STD": "std,panic_unwind"})
    return None


def find_or_install(architecture: str, triples: dict[str, str]) -> Compiler | None:
    """Returns a compiler for the architecture's target. If there is none, installs Debian's, which needs Debian and root."""
    triple = triples[architecture]
    if found := find(triple):
        return found
    if not can_install():
        return None
    install(*(DEBIAN_SOURCES if triples is COMMAND else DEBIAN_FUNCTIONS[architecture]))
    return find(triple)


def missing(architecture: str) -> str:
    """Returns the advice if there is no compiler for the functions of an architecture."""
    return f"no standard library for {architecture}: rustup target add {FUNCTIONS[architecture]}"


def can_install() -> bool:
    """Returns whether this process can install Debian packages."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(*packages: str) -> None:
    """Installs Debian packages, of arm64 too."""
    with step(f"install {' '.join(packages)}"):
        run(["dpkg", "--add-architecture", "arm64"])
        run(["apt-get", "update", "--quiet=2"])
        run(["apt-get", "install", "--yes", "--quiet=2", "--no-install-recommends", *packages], log="apt")


def _has_standard_library(rustc: str, triple: str) -> bool:
    folder = _printed(rustc, "target-libdir", "--target", triple)
    return any(Path(folder).glob("libstd-*.rlib"))


def _sources(rustc: str) -> Path:
    return Path(_printed(rustc, "sysroot")) / "lib" / "rustlib" / "src" / "rust" / "library"


def _printed(rustc: str, what: str, *options: str) -> str:
    printed = subprocess.run([rustc, "--print", what, *options], capture_output=True, text=True)
    if printed.returncode != 0:
        raise Failed(f"{rustc} --print {what} {' '.join(options)}: {printed.stderr.strip()}")
    return printed.stdout.strip()
