"""Checks the dependencies against the RustSec advisory database. Without a network, it uses its copy of the database."""

import contextlib
import subprocess
import time
from pathlib import Path

from local import paths, tools
from local.steps import Failed, Unavailable, run

# The folder of the copy, by deny.toml.
DATABASES = paths.STATE / "advisory-dbs"
FETCH_SECONDS = 60
# An advisory is usually acted on within weeks.
OLD_DAYS = 30

NO_DATABASE = """
********************************************************************************
*  NOT CHECKED: the advisory database cannot be fetched, and there is no copy  *
*  of it in .local/advisory-dbs. Known vulnerabilities would go unnoticed.     *
********************************************************************************
"""
OLD_DATABASE = """
********************************************************************************
*  OLD: the newest entry of the advisory database here is {days} days old.
*  Vulnerabilities that became known since then go unnoticed.
********************************************************************************
"""


def check() -> None:
    """Check that no dependency has a known vulnerability; without a network, by the copy of the database."""
    tools.install_cargo_deny()
    _fetch()
    days = age_in_days(_database(), time.time())
    if days is None:
        raise Unavailable(NO_DATABASE)
    print(f"    the advisory database is {days} days old", flush=True)
    if days > OLD_DAYS:
        print(OLD_DATABASE.format(days=days), flush=True)
    # cargo-deny reads the manifests of all platforms, and with --offline it uses the copy as it is.
    run(["cargo", "fetch", "--locked", "--quiet"])
    run(["cargo", "deny", "--locked", "--offline", "check", "advisories"], env=tools.environment())


def age_in_days(database: Path | None, now: float) -> int | None:
    """Returns the age of the newest commit of a copy, or None if there is no copy."""
    if database is None:
        return None
    log = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=database, capture_output=True, text=True)
    if log.returncode != 0:
        raise Failed(f"{database} is not a git repository: {log.stderr}")
    return int((now - int(log.stdout)) // 86_400)


def _fetch() -> None:
    """Fetches the database where there is a network; otherwise the copy stays as it is."""
    command = ["cargo", "deny", "fetch", "db"]
    with contextlib.suppress(subprocess.TimeoutExpired):
        subprocess.run(command, cwd=paths.ROOT, env=tools.environment(), capture_output=True, timeout=FETCH_SECONDS)


def _database() -> Path | None:
    return next((git.parent for git in sorted(DATABASES.glob("*/.git"))), None)
