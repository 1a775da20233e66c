"""Sends one sample of each provider and prints what was answered, stored and enqueued."""

import boto3

from local import samples, watch
from local.steps import Failed

HEADINGS = ("provider", "sample", "answered", "stored", "enqueued")


def send_samples(session: boto3.Session, stack: dict) -> None:
    """One line per deployed provider; fails if any sample is not accepted or left no trace."""
    rows = [_send(session, stack, provider) for provider in stack["stores"]]
    _print_table([HEADINGS, *rows])
    refused = [row[0] for row in rows if not row[2].startswith("2")]
    lost = [row[0] for row in rows if "nothing" in (row[3], row[4])]
    if refused or lost:
        raise Failed(f"samples refused: {refused or 'none'}; samples without a trace: {lost or 'none'}")


def _send(session: boto3.Session, stack: dict, provider: str) -> tuple[str, ...]:
    sample = samples.file_of(provider)
    items, messages = _holdings(session, stack)
    answer = samples.send(stack["api"], samples.read(sample))
    new_items, new_messages = _holdings(session, stack)
    return (
        provider,
        sample.name,
        f"{answer.status} {answer.body}"[:48],
        _trace(sorted("/".join(key) for key in new_items - items), _of(provider, (pk for pk, _ in items))),
        _trace(
            sorted(new_messages[id]["MessageDeduplicationId"] for id in new_messages.keys() - messages.keys()),
            _of(provider, (message["MessageGroupId"] for message in messages.values())),
        ),
    )


def _holdings(session: boto3.Session, stack: dict):
    return watch.stored(session, stack["table"]), watch.enqueued(stack["endpoint"], stack["queue_url"])


def _of(provider: str, names) -> int:
    return sum(name.startswith(f"{provider}/") for name in names)


def _trace(new: list[str], before: int) -> str:
    if new:
        return new[0] if len(new) == 1 else f"{new[0]} and {len(new) - 1} more"
    return f"known, {before} there" if before else "nothing"


def _print_table(rows: list[tuple[str, ...]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
