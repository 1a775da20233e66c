"""Compiles all functions in one quick cargo call, then packs them with `sam build`."""

import hashlib
import os
import subprocess
from pathlib import Path

from local import paths, tools
from local.steps import run

TARGET = paths.STATE / "target"

# Quick to build: only the libraries that Cargo.toml names for speed are optimised.
QUICK_PROFILE = {
    "CARGO_PROFILE_RELEASE_OPT_LEVEL": "0",
    "CARGO_PROFILE_RELEASE_LTO": "off",
    "CARGO_PROFILE_RELEASE_CODEGEN_UNITS": "16",
    "CARGO_PROFILE_RELEASE_DEBUG": "0",
    "CARGO_PROFILE_RELEASE_STRIP": "symbols",
}

QUICK_RELEASE = QUICK_PROFILE | {"CARGO_TARGET_DIR": str(TARGET)}

# For the figures of the bench and of its gate: what is deployed, but with the symbols that valgrind needs.
MEASURED_TARGET = TARGET / "measured"
MEASURED_RELEASE = {"CARGO_TARGET_DIR": str(MEASURED_TARGET), "CARGO_PROFILE_RELEASE_STRIP": "none"}

# The compiler's flag for crates of which little is used, and the wrapper that gives it to the SDK's clients. The flag is
# not stable.
MOSTLY_UNUSED = "hint-mostly-unused"
WRAPPER = Path(__file__).with_name("quick-rustc")


def compile_functions() -> None:
    """Compiles every function for the local stack; takes a second if nothing changed.

    The receivers have a call of cargo of their own. The others use the providers' libraries without the `function`
    feature: compiled together, the libraries would have it, and `sam build` would compile all of that again. The others
    are first, because then the providers' libraries are compiled beside the SDK.
    """
    architecture = ["--arm64"] if paths.architecture() == "arm64" else []
    build = ["cargo", "lambda", "build", "--release", *architecture]
    receivers = [f"inlet-{provider}" for provider in paths.PROVIDERS]
    others = [binary for binary in binaries() if binary not in receivers]
    for group in (others, receivers):
        packages = [part for binary in group for part in ("--package", binary)]
        run([*build, *packages], env=tools.environment() | local_release())


def compile_as_deployed(names: list[str]) -> dict[str, Path]:
    """Compiles these packages as a deployment has them, with their symbols, and returns the binaries by name.

    cargo-lambda compiles with the release profile for the processor that Lambda promises, not for this machine's.
    """
    packages = [part for name in names for part in ("--package", name)]
    command = ["cargo", "lambda", "build", "--release", "--locked", "--skip-target-check", _architecture_option()]
    run([*command, *packages], env=tools.environment() | MEASURED_RELEASE)
    return {name: MEASURED_TARGET / "lambda" / name / "bootstrap" for name in names}


def compile_peers(manifest: Path, target: Path, names: list[str]) -> dict[str, Path]:
    """Compiles programs of another workspace with the same target processor, and returns the binaries by name."""
    command = ["cargo", "lambda", "build", "--release", "--locked", "--skip-target-check", _architecture_option()]
    variables = {
        "CARGO_TARGET_DIR": str(target),
        "CARGO_PROFILE_RELEASE_STRIP": "none",
        # This machine's linker: zig cannot compile the C library of the peer's TLS everywhere.
        "CARGO_LAMBDA_COMPILER": "cargo",
    }
    run([*command, "--manifest-path", manifest], env=tools.environment() | variables)
    return {name: target / "lambda" / name / "bootstrap" for name in names}


def _architecture_option() -> str:
    return "--arm64" if paths.architecture() == "arm64" else "--x86-64"


def pack(parameters: list[str]) -> None:
    """Runs the real `sam build`, which calls cargo for each function again and finds it compiled."""
    command = ["sam", "build", "--template", paths.TEMPLATE, "--build-dir", paths.BUILT]
    run([*command, "--parameter-overrides", *parameters], log="sam-build", env=tools.environment() | local_release())


def local_release() -> dict[str, str]:
    """Returns cargo's variables for the local stack: the quick profile, and what else saves time.

    They are in the environment, so that SAM's own calls of cargo find everything compiled.
    """
    variables = QUICK_RELEASE | {
        # The local stack runs on this machine: its linker is faster than zig, which first builds a C library.
        "CARGO_LAMBDA_COMPILER": "cargo",
    }
    if "RUSTC_WRAPPER" not in os.environ and _has_flag(MOSTLY_UNUSED):
        variables["RUSTC_WRAPPER"] = str(WRAPPER)
    return variables


def _has_flag(name: str) -> bool:
    """Returns whether the compiler has an unstable flag of this name."""
    environment = os.environ | {"RUSTC_BOOTSTRAP": "1"}
    return name in subprocess.run(["rustc", "-Zhelp"], env=environment, capture_output=True, text=True).stdout


def fingerprint() -> str:
    """Returns a hash of everything that would be deployed: the template and every function's binary."""
    digest = hashlib.sha256(paths.TEMPLATE.read_bytes())
    for binary in binaries():
        digest.update((TARGET / "lambda" / binary / "bootstrap").read_bytes())
    return digest.hexdigest()


def binaries() -> list[str]:
    """Returns the functions' binaries: one for each folder below functions/. Each is also the name of its package."""
    return [f"inlet-{manifest.parent.name}" for manifest in sorted((paths.ROOT / "functions").glob("*/Cargo.toml"))]
