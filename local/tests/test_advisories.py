"""The age of the copy of the advisory database is that of its newest commit."""

import os
import subprocess

import pytest

from local import advisories
from local.steps import Failed

DAY = 86_400
COMMITTED = 1_700_000_000


@pytest.fixture
def database(tmp_path):
    environment = os.environ | {"GIT_COMMITTER_DATE": f"{COMMITTED} +0000", "GIT_AUTHOR_DATE": f"{COMMITTED} +0000"}
    git = ["git", "-c", "user.name=test", "-c", "user.email=test@example.com"]
    subprocess.run([*git, "init", "--quiet"], cwd=tmp_path, check=True)
    subprocess.run([*git, "commit", "--quiet", "--allow-empty", "-m", "x"], cwd=tmp_path, env=environment, check=True)
    return tmp_path


@pytest.mark.parametrize(("days", "age"), [(0, 0), (1, 1), (30.9, 30), (400, 400)])
def test_the_age_is_counted_in_days(database, days, age):
    assert advisories.age_in_days(database, COMMITTED + days * DAY) == age


def test_a_missing_copy_has_no_age():
    assert advisories.age_in_days(None, COMMITTED) is None


def test_a_folder_without_commits_is_an_error(tmp_path):
    with pytest.raises(Failed, match="is not a git repository"):
        advisories.age_in_days(tmp_path, COMMITTED)
