"""The Docker engine: whether one answers, and the image that `sam local` runs the functions in."""

import io
import json
import re
import shutil
import subprocess
import tarfile
from ipaddress import ip_network
from pathlib import Path

from local import place
from local.steps import Failed, run

BASE = f"public.ecr.aws/lambda/provided:al2023-{place.architecture()}"
IMAGE = "inlet-local/provided:al2023"
# What SAM makes of IMAGE by adding its runtime emulator.
RAPID_IMAGE = f"inlet-local/provided:rapid-{place.architecture()}"
# The mark of an image that was made here under Lambda's name.
STAND_IN = "inlet.stand-in"


def answers() -> bool:
    return shutil.which("docker") is not None and _docker("version").returncode == 0


def make_image(endpoint: str) -> None:
    """Makes the image: Lambda's own where a registry can be reached, else a stand-in, with the way to AWS."""
    if not _pulled() and not _kept():
        print(f"    {BASE} cannot be pulled: a stand-in of this machine's own libraries takes its place")
        _import_stand_in()
    dockerfile = f"FROM {BASE}\nENV AWS_ENDPOINT_URL={endpoint}\n"
    run(["docker", "build", "--quiet", "--tag", IMAGE, "-"], log="docker-build", input=dockerfile)
    _docker("image", "rm", "--force", RAPID_IMAGE)


def gateway() -> str:
    """The engine's own address as containers see it: the first of their network, unless it says otherwise."""
    inspected = json.loads(_docker("network", "inspect", "bridge").stdout)
    config = inspected[0]["IPAM"]["Config"][0]
    return config.get("Gateway") or str(next(ip_network(config["Subnet"]).hosts()))


def _pulled() -> bool:
    return _docker("pull", "--quiet", BASE).returncode == 0


def _kept() -> bool:
    """Whether Lambda's own image is there from an earlier pull."""
    found = _docker("image", "inspect", BASE, "--format", "{{json .Config.Labels}}")
    return found.returncode == 0 and STAND_IN not in found.stdout


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
    """What a function and SAM's build of the image need: C library, shell, `mv` and `chmod`."""
    busybox = shutil.which("busybox")
    if busybox is None:
        raise Failed("the stand-in image needs busybox (Debian: apt-get install busybox-static)")
    programs = {f"bin/{name}": Path(busybox) for name in ("sh", "mv", "chmod")}
    libraries = _libraries(Path(busybox)) | _libraries(next(place.BUILT.glob("*/bootstrap")))
    return programs | {str(path).lstrip("/"): path for path in libraries}


def _libraries(program: Path) -> set[Path]:
    """The shared libraries that a program is linked with; none where it is linked statically."""
    linked = subprocess.run(["ldd", program], capture_output=True, text=True).stdout
    return {Path(path) for path in re.findall(r"(/\S+) \(0x", linked)}


def _docker(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True)
