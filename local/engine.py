"""The Docker engine: whether one answers, and the image that `sam local` runs the functions in."""

import io
import os
import re
import shutil
import subprocess
import tarfile
from pathlib import Path

from local import place
from local.steps import Failed, run

BASE = f"public.ecr.aws/lambda/provided:al2023-{place.architecture()}"
IMAGE = "inlet-local/provided:al2023"
# What SAM makes of IMAGE by adding its runtime emulator.
RAPID_IMAGE = f"inlet-local/provided:rapid-{place.architecture()}"


def answers() -> bool:
    return shutil.which("docker") is not None and _docker("version").returncode == 0


def make_image(endpoint: str) -> None:
    """Makes the image: Lambda's own where a registry can be reached, else a stand-in, with the way to AWS."""
    if _docker("image", "inspect", BASE).returncode != 0 and _docker("pull", BASE).returncode != 0:
        print(f"    {BASE} cannot be pulled: a stand-in of this machine's own libraries is used")
        _import_stand_in()
    dockerfile = f"FROM {BASE}\nENV AWS_ENDPOINT_URL={endpoint}\n"
    run(["docker", "build", "--quiet", "--tag", IMAGE, "-"], log="docker-build", input=dockerfile)
    _docker("image", "rm", "--force", RAPID_IMAGE)


def gateway() -> str | None:
    """The engine's address as containers see it, where that is an address of this machine."""
    wanted = "{{(index .IPAM.Config 0).Gateway}}"
    found = _docker("network", "inspect", "bridge", "--format", wanted).stdout.strip()
    return found or None


def _import_stand_in() -> None:
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for inside, outside in _stand_in_files().items():
            tar.add(outside.resolve(), arcname=inside)
    imported = subprocess.run(["docker", "import", "-", BASE], input=archive.getvalue(), capture_output=True)
    if imported.returncode != 0:
        raise Failed(imported.stderr.decode())


def _stand_in_files() -> dict[str, Path]:
    """What a function and SAM's build of the image need: C library, shell, `mv`, `chmod`, root certificates."""
    busybox = shutil.which("busybox")
    if busybox is None:
        raise Failed("the stand-in image needs busybox (Debian: apt-get install busybox-static)")
    files = {f"bin/{name}": Path(busybox) for name in ("sh", "mv", "chmod")}
    bootstrap = next(place.BUILT.glob("*/bootstrap"))
    linked = subprocess.run(["ldd", bootstrap], capture_output=True, text=True, check=True).stdout
    libraries = [Path(path) for path in re.findall(r"(/\S+) \(0x", linked)]
    return files | {str(path).lstrip("/"): path for path in libraries}


def _docker(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, env=os.environ)
