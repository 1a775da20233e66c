"""The Docker engine: a check that one is running, and the image in which `sam local` runs the functions."""

import io
import json
import re
import shutil
import subprocess
import tarfile
from ipaddress import ip_network
from pathlib import Path

from local import paths
from local.steps import Failed, run

BASE = f"public.ecr.aws/lambda/provided:al2023-{paths.architecture()}"
IMAGE = "inlet-local/provided:al2023"
# The image that SAM builds from IMAGE by adding its runtime emulator.
RAPID_IMAGE = f"inlet-local/provided:rapid-{paths.architecture()}"
# Labels: of an image that this module made under the name of Lambda's, and of the address in IMAGE.
STAND_IN = "inlet.stand-in"
ADDRESS = "inlet.endpoint"


def is_running() -> bool:
    """Returns whether a Docker engine responds."""
    return shutil.which("docker") is not None and _docker("version").returncode == 0


def make_image(endpoint: str) -> None:
    """Makes the image, unless it exists with this address of AWS.

    It is Lambda's own if a registry can be reached, else a stand-in from this machine's libraries.
    """
    if _label(IMAGE, ADDRESS) == endpoint:
        return
    if not _pulled() and not _kept():
        print(f"    {BASE} cannot be pulled; a stand-in with this machine's libraries replaces it")
        _import_stand_in()
    # SAM passes only variables that the template declares, so the endpoint is part of the image. The credentials are
    # those of the emulator; SAM would pass the caller's own.
    dockerfile = f"FROM {BASE}\nENV AWS_ENDPOINT_URL={endpoint}\nLABEL {ADDRESS}={endpoint}\n"
    run(["docker", "build", "--quiet", "--tag", IMAGE, "-"], log="docker-build", input=dockerfile)
    _docker("image", "rm", "--force", RAPID_IMAGE)


def gateway() -> str:
    """Returns the engine's address as containers see it: the first of their network, unless it is configured."""
    inspected = json.loads(_docker("network", "inspect", "bridge").stdout)
    config = inspected[0]["IPAM"]["Config"][0]
    return config.get("Gateway") or str(next(ip_network(config["Subnet"]).hosts()))


def _pulled() -> bool:
    return _docker("pull", "--quiet", BASE).returncode == 0


def _kept() -> bool:
    """Returns whether Lambda's own image exists from an earlier pull."""
    return _docker("image", "inspect", BASE).returncode == 0 and not _label(BASE, STAND_IN)


def _label(image: str, name: str) -> str:
    found = _docker("image", "inspect", image, "--format", f'{{{{index .Config.Labels "{name}"}}}}')
    return found.stdout.strip() if found.returncode == 0 else ""


def _import_stand_in() -> None:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for inside, outside in _stand_in_files().items():
            tar.add(outside.resolve(), arcname=inside)
    command = ["docker", "import", "--change", f"LABEL {STAND_IN}=yes", "-", BASE]
    imported = subprocess.run(command, input=archive.getvalue(), capture_output=True)
    if imported.returncode != 0:
        raise Failed(imported.stderr.decode())


def _stand_in_files() -> dict[str, Path]:
    """Returns the files that a function and SAM's build of the image need: C library, shell, `mv` and `chmod`."""
    busybox = shutil.which("busybox")
    if busybox is None:
        raise Failed("the stand-in image needs busybox (Debian: apt-get install busybox-static)")
    programs = {f"bin/{name}": Path(busybox) for name in ("sh", "mv", "chmod")}
    libraries = _libraries(Path(busybox)) | _libraries(next(paths.BUILT.glob("*/bootstrap")))
    return programs | {str(path).lstrip("/"): path for path in libraries}


def _libraries(program: Path) -> set[Path]:
    """Returns the shared libraries of a program: none if it is linked statically."""
    linked = subprocess.run(["ldd", program], capture_output=True, text=True).stdout
    return {Path(path) for path in re.findall(r"(/\S+) \(0x", linked)}


def _docker(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True)
