"""Sends one sample of each provider and prints what was answered, stored and enqueued."""

from local import samples, watch
from local.aws import Aws
from local.steps import Failed

HEADINGS = ("provider", "sample", "answered", "stored", "enqueued")
NOTHING = "nothing"


def send_samples(aws: Aws, stack: dict) -> None:
    """One line per deployed provider; fails if any sample is not accepted or left no trace."""
    rows = [_send(aws, stack, provider) for provider in stack["stores"]]
    _print_table([HEADINGS, *rows])
    refused = [provider for provider, _, answered, *_ in rows if not answered.startswith("2")]
    lost = [provider for provider, *_, stored, enqueued in rows if NOTHING in (stored, enqueued)]
    if refused or lost:
        raise Failed(f"not accepted: {', '.join(refused) or 'none'}; without a trace: {', '.join(lost) or 'none'}")


def _send(aws: Aws, stack: dict, provider: str) -> tuple[str, ...]:
    request = samples.read(samples.file_of(provider))
    items_before, messages_before = _holdings(aws, stack)
    answer = samples.send(stack["api"], request)
    items, messages = _holdings(aws, stack)
    new_messages = [messages[id] for id in messages.keys() - messages_before.keys()]
    return (
        provider,
        samples.SAMPLES[provider],
        f"{answer.status} {answer.body}"[:40],
        _trace(provider, items - items_before, items_before),
        _trace(provider, new_messages, messages_before.values()),
    )


def _holdings(aws: Aws, stack: dict) -> tuple[set[str], dict[str, str]]:
    return watch.stored(aws, stack["table"]), watch.enqueued(aws, stack["queue_url"])


def _trace(provider: str, new, before) -> str:
    """What is new of this provider, else how much of it was there before: a sample sent again is a duplicate."""
    new, before = ([name for name in sorted(names) if name.startswith(f"{provider}/")] for names in (new, before))
    if new:
        return new[0] + (f" and {len(new) - 1} more" if new[1:] else "")
    return f"nothing new, {len(before)} before" if before else NOTHING


def _print_table(rows: list[tuple[str, ...]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        print("    " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
