"""Finds words in comments, texts, documents and names that this project avoids: CONTRIBUTING.md, "Plain English"."""

import re
import subprocess
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from local.steps import Failed

ROOT = Path(__file__).resolve().parent.parent

# Each pattern with what to write instead.
WORDS = [
    (r"nobody|no one|somebody|someone|anybody|whoever|whosoever", "name the component: receiver, operator, provider, sender"),
    (r"strangers?(?:'s)?", "an unknown sender, an attacker"),
    (r"anew", "again"),
    (r"of late", "recently, or the time"),
    (r"at the most", "at most"),
    (r"(?:is|are|was|were) to be", "must be, or the plain verb"),
    (r"tells?|telling|told", "returns, contains, shows, reports, distinguishes"),
    (r"stands?(?!-in)|standing|stood", "is, is in, means"),
    (r"mend(?:s|ed|ing)?", "repair, fix, correct"),
    (r"lets? (?:\w+ )?go(?: of)?", "deletes, releases"),
    (r"whom", "the recipient, by name"),
    (r"hears?|heard", "gets, receives"),
    (r"becomes? of", "happens to, or the result"),
    (r"came to its end|comes? to (?:its|an) end", "finished, finishes"),
    (r"by heart|for good|in its stead|at hand|none of (?:ours|theirs)|be it", "a plain word"),
    (r"all the same", "nevertheless, too"),
    (r"in the end", "at the end, finally"),
    (r"at work", "running"),
    (r"by now", "already"),
    (r"(?:takes|taken|taking|took) up", "takes, starts, receives"),
    (r"(?:takes?|taken|took|taking) (?:\w+ ){0,3}for (?:a|an|one|done|another|granted)", "counts as, is read as, mistakes for"),
    (r"(?:knows?|knew|learns?|learnt) of", "has, lists, gets"),
    (r"turns? up|turned up", "appears, arrives"),
    (r"(?:holds?|held|holding) back|(?:puts?|putting) off", "delays"),
    (r"(?:goes?|went|going) away", "disappears, is deleted"),
    (r"breaks? off|broke off", "ends, is incomplete"),
    (r"for its own reasons?", "by its own fault"),
    (r"un(?:proven|proved)", "not processed, not verified"),
    (r"believ(?:es?|ed|ing)", "accepts, verifies"),
    (r"(?:an?|the|its|their|no|every|each|this|that|any|first|last|next|only) answers?", "response, result, reply"),
    (r"mere(?:ly)?|scarcely|shall|upon|lest|whence|hence|where(?:by|in|of)|there(?:by|in|of)|here(?:by|in)", "a plain word"),
    (r"to the letter|without a word|as it were|of every sort|the least that|a matter of", "a plain word"),
    (r"knock(?:s|ed|ing)?|vouch(?:es|ed)?|moulds?|weather", "the standard term: CONTRIBUTING.md"),
]
WORD = re.compile("|".join(rf"\b(?P<w{n}>{pattern})\b" for n, (pattern, _) in enumerate(WORDS)), re.IGNORECASE)

# A doc comment or a sentence names its subject first.
OPENING = re.compile(r"(?:^|(?<=[.!?:] ))(?:What|Whether|How(?! to\b)|Since when|So many|Whatever|Who|Where it|All that)\b(?![^.]*\?)")

# A test's name is a sentence, with the same words, that fits into a line of the test report. A test of the providers'
# contract is a function with the contract as its parameter.
TESTS = {
    ".rs": re.compile(
        r"(?:#\[(?:tokio::)?test(?:\([^\]]*\))?\]\s*(?:#\[[^\]]*\]\s*)*(?:async\s+)?fn\s+(?=\w+\()|pub fn (?=\w+<C: Contract>\())(\w+)"
    ),
    ".py": re.compile(r"^\s*(?:async )?def (test_\w+)", re.MULTILINE),
}
LONGEST_TEST_NAME = 60

# A name of a definition is split into words. `stand_in` is one word.
DEFINITIONS = {
    ".rs": re.compile(r"\b(?:fn|struct|enum|trait|type|mod|const|static)\s+(?!_\b)([A-Za-z]\w*)"),
    ".py": re.compile(r"^\s*(?:async )?(?:def|class) (\w+)|^([A-Z][A-Z_]+) =", re.MULTILINE),
}
WORDS_OF_A_NAME = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

# Places that keep a word, each with its reason: a file, a text that its line contains.
ALLOWED = [
    ("local/words.py", "", "the list itself"),
    ("local/tests/test_words.py", "", "examples of the list's words"),
    ("CHANGELOG.md", "", "entries of released versions stay as they were published"),
    ("bench/peers/node/", "", "code of the peers, not of this project"),
    (".github/", "What it does", "the form of a commit message"),
    ("CONTRIBUTING.md", "What it does", "the form of a commit message"),
]

SUFFIXES = {".rs", ".py", ".ts", ".mjs", ".toml", ".md", ".yaml", ".yml"}
SKIPPED = ("events/", "schemas/", "releases/", "bench/results/", "bench/peers/", "target/", ".local/")


@dataclass(frozen=True)
class Finding:
    """A word that the project avoids, and its place."""

    path: str
    line: int
    word: str
    advice: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.word!r}: {self.advice}"


def check() -> None:
    """Fail with a line for each word in comments, texts, documents and names that this project avoids."""
    findings = [finding for path in _files() for finding in findings_in(path, (ROOT / path).read_text(errors="replace"))]
    for finding in findings:
        print(f"    {finding}", flush=True)
    if findings:
        raise Failed(f"{len(findings)} words that this project avoids: CONTRIBUTING.md, Plain English")


def findings_in(path: str, text: str) -> list[Finding]:
    """Returns the findings in the comments, texts and names of a source file, or in a document."""
    if any(path.startswith(file) and not part for file, part, _ in ALLOWED):
        return []
    findings = []
    for number, prose in _prose(path, text):
        if any(path.startswith(file) and part in prose for file, part, _ in ALLOWED):
            continue
        findings += _findings_in_prose(path, number, _without_code(prose))
    if Path(path).suffix in DEFINITIONS:
        for number, prose in _texts(text):
            findings += _findings_in_prose(path, number, _without_code(prose))
        findings += _findings_in_names(path, text)
    return findings


def _words_in(prose: str) -> Iterator[tuple[str, str]]:
    """Yields each word of the list in a text, with its advice."""
    for match in WORD.finditer(prose):
        yield match.group(), next(WORDS[int(name[1:])][1] for name, word in match.groupdict().items() if word)


def _findings_in_prose(path: str, number: int, prose: str) -> list[Finding]:
    findings = [Finding(path, number, word, advice) for word, advice in _words_in(prose)]
    for match in OPENING.finditer(prose):
        findings.append(Finding(path, number, match.group(), "start with the subject: Returns, The, A, If"))
    return findings


def _findings_in_names(path: str, text: str) -> list[Finding]:
    """Returns the words of the list in the names of definitions, and names of tests that are too long or no sentences."""
    suffix = Path(path).suffix
    findings = []
    for match in TESTS[suffix].finditer(text):
        number = _line_of(text, match)
        if OPENING.match(match[1].removeprefix("test_").replace("_", " ").capitalize()):
            findings.append(Finding(path, number, match[1], "start with the subject: A, The, If"))
        if len(match[1]) > LONGEST_TEST_NAME:
            findings.append(Finding(path, number, match[1], f"at most {LONGEST_TEST_NAME} characters"))
    for match in DEFINITIONS[suffix].finditer(text):
        name = match[match.lastindex]
        words = " ".join(WORDS_OF_A_NAME.findall(name)).lower().replace("stand in", "stand-in")
        findings += [Finding(path, _line_of(text, match), name, advice) for _, advice in _words_in(words)]
    return findings


def _line_of(text: str, match: re.Match) -> int:
    return text.count("\n", 0, match.start(match.lastindex)) + 1


def _files() -> list[str]:
    """Returns the paths of the tracked files with comments or prose."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    wanted = [name for name in names if Path(name).suffix in SUFFIXES or name in ("Makefile", ".ci/run")]
    return [name for name in wanted if not name.startswith(SKIPPED) and (ROOT / name).is_file()]


def _prose(path: str, text: str) -> Iterator[tuple[int, str]]:
    """Yields line number and text of each sentence-like part: comment blocks and paragraphs are joined by line."""
    match Path(path).suffix:
        case ".md":
            yield from _markdown(text)
        case ".rs":
            yield from _slash_comments(text)
        case ".ts" | ".mjs":
            yield from _slash_comments(text)
            yield from _block_comments(text)
        case ".py":
            yield from _python(text)
        case _:
            yield from _hash_comments(path, text)


def _markdown(text: str) -> Iterator[tuple[int, str]]:
    fenced = False
    for number, line in enumerate(text.splitlines(), start=1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced and not line.startswith("<!--"):
            yield number, line.lstrip("#>-*| 0123456789.").strip()


def _slash_comments(text: str) -> Iterator[tuple[int, str]]:
    """Line comments; a `//` inside a string literal does not start one."""
    fenced = False
    for number, line in enumerate(text.splitlines(), start=1):
        comment = re.match(r'^(?:[^"/]|"(?:[^"\\]|\\.)*"|/(?!/))*(//[/!]?)\s?(.*)$', line)
        if not comment:
            continue
        marker, prose = comment.groups()
        if prose.lstrip().startswith("```"):
            fenced = not fenced
        elif not (fenced and marker != "//"):
            yield number, prose.lstrip("#-* ").strip()


def _block_comments(text: str) -> Iterator[tuple[int, str]]:
    """The lines of block comments."""
    for block in re.finditer(r"/\*\*?(.*?)\*/", text, re.DOTALL):
        first = text.count("\n", 0, block.start()) + 1
        for offset, line in enumerate(block[1].splitlines()):
            yield first + offset, line.lstrip("* ").strip()


def _texts(text: str) -> Iterator[tuple[int, str]]:
    """Yields the string literals with a space: messages, help, reasons. Placeholders are no prose."""
    for number, line in enumerate(text.splitlines(), start=1):
        for literal in re.findall(r'"((?:[^"\\]|\\.)*)"', line.split(" // ", 1)[0]):
            if " " in literal:
                yield number, re.sub(r"\{[^}]*\}", "", literal)


def _python(text: str) -> Iterator[tuple[int, str]]:
    """Comments and docstrings."""
    lines = text.splitlines(keepends=True)
    previous = tokenize.INDENT
    for token in tokenize.generate_tokens(iter(lines).__next__):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string.lstrip("# ").strip()
        elif token.type == tokenize.STRING and previous in (tokenize.INDENT, tokenize.NEWLINE, tokenize.NL, tokenize.ENCODING):
            for offset, line in enumerate(token.string.strip("rbuf").strip("\"'").splitlines()):
                yield token.start[0] + offset, line.strip()
        previous = token.type


def _hash_comments(path: str, text: str) -> Iterator[tuple[int, str]]:
    """Comments behind `#`, the help behind a Makefile's `##`, and descriptions of a template."""
    described = None
    for number, line in enumerate(text.splitlines(), start=1):
        indent = len(line) - len(line.lstrip())
        if described is not None and line.strip() and indent <= described:
            described = None
        description = re.match(r"\s*(?:Alarm)?(?:Constraint)?Description:\s*(.*)$", line)
        if described is not None:
            yield number, line.strip()
        elif description and Path(path).suffix in (".yaml", ".yml"):
            described = indent if description[1].startswith((">", "|")) else None
            yield number, description[1].strip("\"'>- ")
        elif comment := re.match(r"""^(?:[^"'#]|"[^"]*"|'[^']*')*?(?:^|\s)#+\s?(.*)$""", line):
            yield number, comment[1].lstrip("-# ").strip()


def _without_code(prose: str) -> str:
    """The prose without code, links' targets and addresses."""
    prose = re.sub(r"`[^`]*`", "`code`", prose)
    prose = re.sub(r"\]\([^)]*\)", "]", prose)
    return re.sub(r"https?://\S+", "", prose)
