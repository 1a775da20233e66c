"""Counts the instructions of a comparison, wherever the proof is wrong: they must be the same."""

import re
import shutil
import subprocess

from local import place, tools
from local.steps import Failed, Unavailable, run

# The bytes that are made wrong, one at a time: the first ones, one in the middle, the last.
PLACES = {"shared": (0, 1, 20, 39), "sha1": (0, 1, 10, 19), "sha256": (0, 1, 16, 31)}
NO_BYTE = 99

TARGET = place.STATE / "target" / "timing"
COMPARE = TARGET / "timing" / "examples" / "compare"

NO_VALGRIND = "NOTICE: not counted: there is no valgrind (on Debian: apt-get install valgrind)"


def count_instructions() -> None:
    """Check that a comparison takes the same instructions wherever it fails."""
    if not shutil.which("valgrind"):
        raise Unavailable(NO_VALGRIND)
    build = ["cargo", "build", "--locked", "--package", "inlet", "--example", "compare", "--profile", "timing"]
    run([*build, "--target-dir", TARGET], env=tools.environment())
    for kind, places in PLACES.items():
        if _count(kind, NO_BYTE, 0) == 0:
            raise Failed(f"{kind}: nothing was counted")
        counts = {at: _count(kind, at, 1) for at in places}
        print(f"    {kind}: " + ", ".join(f"byte {at}: {n:,}" for at, n in counts.items()), flush=True)
        if len(set(counts.values())) > 1:
            raise Failed(f"{kind}: how long a comparison takes tells where it fails")


def _count(kind: str, at: int, ends_with: int) -> int:
    """The instructions of the whole program, which are the same but for the comparison."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", COMPARE, kind, f"{at:02}"]
    ran = subprocess.run(command, capture_output=True, text=True, env={"PATH": "/usr/bin:/bin"})
    counted = re.search(r"Collected : (\d+)", ran.stderr)
    if ran.returncode != ends_with or not counted:
        raise Failed(f"{kind}, wrong at byte {at}: ended with {ran.returncode}\n{ran.stderr[-2000:]}")
    return int(counted[1])
