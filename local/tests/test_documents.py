"""Every link between the documents has a target, and the two long documents stay short."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
DOCUMENTS = subprocess.run(
    ["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True
).stdout.split()


def without_code(text: str) -> str:
    return re.sub(r"```.*?```", "", text, flags=re.DOTALL)


def anchors(document: Path) -> set[str]:
    """Returns the anchors of a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", without_code(document.read_text()), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower().replace("`", "")).strip().replace(" ", "-") for heading in headings}


def broken_links(name: str) -> list[str]:
    """Returns the links of a document whose file or heading does not exist."""
    document = ROOT / name
    links = re.findall(r"\]\(([^)\s]+)\)", without_code(document.read_text()))
    broken = []
    for link in links:
        path, _, anchor = link.partition("#")
        target = document if not path else document.parent / path
        if re.match(r"[a-z]+:", link):
            continue
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    return broken


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_of_a_document_has_its_target(name):
    assert broken_links(name) == []


@pytest.mark.parametrize(("name", "kilobytes"), [("README.md", 8), ("ARCHITECTURE.md", 12)])
def test_the_first_documents_stay_short(name, kilobytes):
    assert len((ROOT / name).read_bytes()) <= kilobytes * 1024


@pytest.mark.parametrize("name", [
    "eventbridge-python/app.py", "https-node/server.mjs", "https-php/index.php", "python-function/app.py", "typescript-function/app.ts",
])
def test_a_consumer_of_the_examples_has_at_most_40_lines(name):
    assert len((ROOT / "examples" / name).read_text().splitlines()) <= 40
