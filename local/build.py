"""Builds all functions in one cheap cargo call, then packs them with `sam build`."""

import hashlib
import sys
from pathlib import Path

from samtranslator.yaml_helper import yaml_parse

from local import place, tools
from local.steps import run

TARGET = Path(tools.CHEAP_RELEASE["CARGO_TARGET_DIR"])


def compile_functions() -> None:
    """Compiles every function that the template names; quick when nothing changed."""
    packages = [part for binary in binaries() for part in ("--package", binary)]
    command = ["cargo", "lambda", "build", "--release", *packages]
    if place.architecture() == "arm64":
        command.append("--arm64")
    run(command, env=_environment())


def pack(parameters: list[str]) -> None:
    """Runs the real `sam build`, which asks cargo again and finds everything fresh."""
    command = ["sam", "build", "--template", place.TEMPLATE, "--build-dir", place.BUILT]
    output = run([*command, "--parameter-overrides", *parameters], log="sam-build", env=_environment())
    if "Compiling" in output:
        print("    note: sam build compiled again what was compiled before (.local/logs/sam-build.log)", file=sys.stderr)


def binaries() -> list[str]:
    """The binaries of the template's functions; each is also the name of its package."""
    resources = yaml_parse(place.TEMPLATE.read_text())["Resources"].values()
    return [
        resource["Metadata"]["BuildProperties"]["Binary"]
        for resource in resources
        if resource["Type"] == "AWS::Serverless::Function"
    ]


def fingerprint() -> str:
    """A hash of what would be deployed: the template and every function's binary."""
    digest = hashlib.sha256(place.TEMPLATE.read_bytes())
    for binary in binaries():
        digest.update((TARGET / "lambda" / binary / "bootstrap").read_bytes())
    return digest.hexdigest()


def _environment() -> dict[str, str]:
    return tools.environment() | tools.CHEAP_RELEASE
