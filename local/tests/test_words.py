"""The word check finds words in comments, texts, documents and names of definitions, and in no other place."""

import pytest

from local import words


def found(path: str, text: str) -> list[tuple[int, str]]:
    """Returns line and word of each finding."""
    return [(finding.line, finding.word) for finding in words.findings_in(path, text)]


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("a.rs", "/// Nobody waits.\nfn a() {}\n", [(1, "Nobody")]),
        ("a.rs", "fn a() {} // It is written anew.\n", [(1, "anew")]),
        ("a.rs", "/// What a call returned.\n/// The time. Whether it is late.\n", [(1, "What"), (2, "Whether")]),
        ("a.rs", "//! # Errors\n//! How it failed.\n", [(2, "How")]),
        ("a.rs", 'fn a() { panic!("nobody {heard} it"); }\n', [(1, "nobody")]),
        ("a.py", '"""A module.\n\nIt tells nothing.\n"""\n', [(3, "tells")]),
        ("a.py", "x = 1  # what stands here\n", [(1, "stands")]),
        ("a.py", 'print(f"nobody heard {x}")\n', [(1, "nobody"), (1, "heard")]),
        ("a.ts", "const a = 1; // anew\n/**\n * It tells nothing.\n */\n", [(1, "anew"), (3, "tells")]),
        ("a.md", "# Title\n\n- The sweeper mends it.\n", [(3, "mends")]),
        ("a.toml", 'a = "b" # somebody else\n', [(1, "somebody")]),
        ("a.md", "An answer of the bus, and no answer.\n", [(1, "An answer"), (1, "no answer")]),
        ("template.yaml", "Description: >-\n  Nobody hears\n  of it.\nType: nobody\n", [(2, "Nobody"), (2, "hears")]),
        ("Makefile", "up: ## Start it anew\n", [(1, "anew")]),
    ],
)
def test_a_word_of_the_list_is_found_with_its_line(path, text, expected):
    assert found(path, text) == expected


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.rs", "fn a() { let anew = told(1); }\n"),
        ("a.rs", "struct StandIn; fn stand_in() {}\n"),
        ("a.rs", '#[serde(rename = "answers")]\nstruct Outcome; // A delivery that was answered 2xx.\n'),
        ("a.rs", "/// ```\n/// let told = nobody();\n/// ```\nfn a() {}\n"),
        ("a.rs", "/// Calls `told`, see [the page](https://example.com/told).\n"),
        ("a.py", 'told = "nobody"\n'),
        ("a.md", "```\nnobody\n```\n"),
        ("a.md", "How to report a problem\n\nA stand-in for the API.\n"),
        ("a.yaml", "Nobody: yes\n"),
        ("CHANGELOG.md", "nobody\n"),
    ],
)
def test_code_and_allowed_places_are_not_searched(path, text):
    assert found(path, text) == []


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("a.rs", "fn told() {}\nstruct Heard;\nconst A_STRANGER: u8 = 1;\n", ["told", "Heard", "A_STRANGER"]),
        ("a.rs", "fn every_answer_is_read() {}\n", ["every_answer_is_read"]),
        ("a.py", "class Told:\n    def hears(self):\n        pass\n\nANEW = 1\n", ["Told", "hears", "ANEW"]),
        ("a.rs", "fn retold() {}\nstruct Untold;\n", []),
    ],
)
def test_a_word_in_the_name_of_a_definition_is_found(path, text, expected):
    assert [word for _, word in found(path, text)] == expected


def test_the_name_of_a_test_is_a_short_plain_sentence() -> None:
    """The name of a test is read as a sentence; those of other functions are not."""
    short = "    #[tokio::test]\n    async fn a_delivery_is_stored() {}\n"
    what = "    #[test]\n    fn what_drifts_is_reported() {}\n"
    long = f"    #[test]\n    fn {'a' * 61}() {{}}\n"
    other = f"    fn what_drifts() {{}}\n    fn {'b' * 61}() {{}}\n"
    contract = f"pub fn {'c' * 61}<C: Contract>() {{}}\n"
    names = ["what_drifts_is_reported", "a" * 61, "c" * 61]
    assert [word for _, word in found("tests/x.rs", short + what + long + other + contract)] == names
    assert found("a.py", f"def test_{'d' * 56}():\n    pass\n") == [(1, f"test_{'d' * 56}")]
