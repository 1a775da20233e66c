"""Counts the instructions of a comparison, which must be the same for every position of the first wrong byte."""

import base64
import hashlib
import hmac
import re
import shutil
import subprocess
from itertools import count
from pathlib import Path

from local import paths, tools
from local.steps import Failed, Unavailable, run

SECRET = "a-secret-of-forty-characters-exactly-yes"
BODY = '{"id":1}'

# Comparisons that stop at the first wrong byte, which the count must detect.
BYTE_BY_BYTE = Path(__file__).with_name("compare.c")

TARGET = paths.STATE / "target" / "timing"
COMPARE = TARGET / "timing" / "examples" / "compare"
PRELOADED = TARGET / "compare.so"

NO_VALGRIND = "NOTICE: not counted: valgrind is missing (on Debian: apt-get install valgrind)"


def count_instructions() -> None:
    """Check that a comparison executes the same number of instructions wherever it fails."""
    if not shutil.which("valgrind"):
        raise Unavailable(NO_VALGRIND)
    build = ["cargo", "build", "--locked", "--package", "inlet", "--example", "compare", "--profile", "timing"]
    run([*build, "--target-dir", TARGET], env=tools.environment())
    run(["cc", "-O1", "-fno-builtin", "-fPIC", "-shared", BYTE_BY_BYTE, "-o", PRELOADED])
    if len(set(_counts("careless", _texts()).values())) == 1:
        raise Failed("the count did not detect a comparison that stops at the first wrong byte")
    for scheme, proofs in {
        "shared": _texts() | _texts_by_digest(),
        "sha1": _signatures(hashlib.sha1),
        "sha256": _signatures(hashlib.sha256),
    }.items():
        counts = _counts(scheme, proofs)
        print(f"    {scheme}: " + ", ".join(f"{at}: {n:,}" for at, n in counts.items()), flush=True)
        if len(set(counts.values())) > 1:
            raise Failed(f"{scheme}: the duration of a comparison depends on the position of the wrong byte")


def _texts() -> dict[str, str]:
    """Returns the right text, and texts with one wrong byte."""
    return {"right": SECRET} | {f"byte {at}": _wrong(SECRET.encode(), at).decode() for at in (0, 1, 20, 39)}


def _texts_by_digest() -> dict[str, str]:
    """Returns texts whose SHA-256 is wrong from a certain byte on, because digests are compared."""
    right = hashlib.sha256(SECRET.encode()).digest()
    found: dict[int, str] = {}
    for text in (f"{number:0{len(SECRET)}}" for number in count()):
        found.setdefault(_agreeing(hashlib.sha256(text.encode()).digest(), right), text)
        if found.keys() >= {0, 1, 2}:
            return {f"digest's byte {at}": found[at] for at in (0, 1, 2)}


def _signatures(algorithm) -> dict[str, str]:
    """Returns the right signature, and signatures with one wrong byte."""
    right = hmac.digest(SECRET.encode(), BODY.encode(), algorithm)
    places = (0, 1, len(right) // 2, len(right) - 1)
    wrong = {"right": right} | {f"byte {at}": _wrong(right, at) for at in places}
    return {at: base64.b64encode(signature).decode() for at, signature in wrong.items()}


def _wrong(right: bytes, at: int) -> bytes:
    return right[:at] + bytes([right[at] ^ 1]) + right[at + 1 :]


def _agreeing(left: bytes, right: bytes) -> int:
    return next((at for at, (l, r) in enumerate(zip(left, right)) if l != r), len(right))


def _counts(scheme: str, proofs: dict[str, str]) -> dict[str, int]:
    """Returns the number of instructions to refuse each wrong proof, and checks that the right one is accepted."""
    taken = {at: _count(scheme, proof, 0 if at == "right" else 1) for at, proof in proofs.items()}
    return {at: n for at, n in taken.items() if at != "right"}


def _count(scheme: str, proof: str, ends_with: int) -> int:
    """Returns the instructions of the whole program, which differ only in the comparison."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", COMPARE, scheme, SECRET, BODY, proof]
    environment = {"PATH": "/usr/bin:/bin", "LD_PRELOAD": str(PRELOADED)}
    ran = subprocess.run(command, capture_output=True, text=True, env=environment)
    counted = re.search(r"Collected : (\d+)", ran.stderr)
    if ran.returncode != ends_with or not counted:
        raise Failed(f"{scheme}: exited with {ran.returncode} instead of {ends_with}\n{ran.stderr[-2000:]}")
    return int(counted[1])
