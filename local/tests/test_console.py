"""The console's pages in a real Chromium: every page and action, by keyboard alone, at two sizes and in two colour schemes."""

import base64
import copy
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator

import pytest

from local import browser, paths, samples
from local.aws import Aws
from local.browser import ENTER, TAB, Browser
from local.tests.console import base, console, iso

pytestmark = pytest.mark.stack

AXE = paths.ROOT / "local" / "axe"
INSTALLED = paths.STATE / "axe"

# Texts that a page must show as text.
HOSTILE = "\"'><script>window.owned=1</script><img src=x onerror=window.owned=1>\u202e"
ARABIC = "سارة العلي"
THAI = "สมหญิง ใจดี"

SIZES = {"desktop": (1280, 900), "phone": (400, 800)}

# The pictures of docs/console.md: written if this variable is set.
WRITE_PICTURES = "INLET_SCREENSHOTS"
PICTURES = paths.ROOT / "docs" / "images"


@pytest.fixture(scope="module")
def axe() -> str:
    """Returns the source of axe-core."""
    if missing := [program for program in ("node", "npm") if not shutil.which(program)]:
        pytest.skip(f"NOTICE: the console's accessibility was not checked: {' and '.join(missing)} missing")
    shutil.copytree(AXE, INSTALLED, dirs_exist_ok=True)
    if not (INSTALLED / "node_modules").exists():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=INSTALLED, check=True, capture_output=True)
    return (INSTALLED / "node_modules" / "axe-core" / "axe.min.js").read_text()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if missing := browser.missing():
        pytest.skip(f"NOTICE: the console was not tested in a browser: {' and '.join(missing)} missing")
    with browser.started() as started:
        yield started


@pytest.fixture(scope="module")
def given(running_stack) -> dict:
    """Returns names of things in the stack: an order with three states, a hostile one, a dead letter, a quarantined delivery."""
    number = str(time.time_ns())
    aws = Aws(running_stack["endpoint"])
    for status in ("new", "preparing", "ready"):
        send(running_stack, number, ARABIC, status)
    send(running_stack, f"{number}1", HOSTILE, "new", note=HOSTILE)
    send(running_stack, f"{number}2", THAI, "new")
    send(running_stack, f"{number}3", THAI, "new", password="mistyped")
    path = f"zid/demo/order/{number}"
    events = stored(aws, running_stack, path)
    assert len(events) == 3
    message = {"id": events[0], "type": "commerce.order.created", "provider": "zid", "store": "demo", "receivedtime": "2025-06-12T08:01:12.345Z",
               "specversion": "1.0", "source": "/zid/demo", "subject": f"order/{number}", "trust": "shared_secret", "data": {"id": number}}
    aws.client("sqs").send_message(
        QueueUrl=running_stack["dlq_url"], MessageBody=json.dumps(message), MessageGroupId=path, MessageDeduplicationId=number,
    )
    return {"number": number, "path": path, "events": events, "hostile": f"zid/demo/order/{number}1", "thai": f"zid/demo/order/{number}2"}


def send(stack: dict, number: str, name: str, status: str, note: str = "", password: str | None = None, extra: dict | None = None) -> None:
    """Sends a state of a Zid order to the demo store."""
    sample = samples.read(samples.file_of("zid"))
    body = json.loads((paths.ROOT / "functions/zid/payloads/order.create.json").read_text())
    order = copy.deepcopy(body)
    order["id"] = int(number)
    order["code"] = number[-8:]
    order["order_status"] = {"name": status, "code": status}
    order.setdefault("customer", {})["name"] = name
    order["customer_note"] = note
    order.update(extra or {})
    order["updated_at"] = time.strftime("%Y-%m-%d %H:%M:%S")
    headers = dict(sample.headers)
    if password:
        name = next(name for name in headers if name.lower() == "authorization")
        headers[name] = "Basic " + base64.b64encode(f"inlet:{password}".encode()).decode()
    target = "/zid/demo/order.create"
    response = samples.send(stack["api"], samples.Request("POST", target, headers, json.dumps(order).encode()))
    assert response.status == (401 if password else 200), response


def stored(aws: Aws, stack: dict, path: str) -> list[str]:
    found = aws.client("dynamodb").query(
        TableName=stack["table"], KeyConditionExpression="pk = :pk AND begins_with(sk, :event)",
        ExpressionAttributeValues={":pk": {"S": path}, ":event": {"S": "event/"}},
    )
    items = sorted(found["Items"], key=lambda item: item["arrival"]["S"])
    return [f"{path}/{item['sk']['S'].removeprefix('event/')}" for item in items]


def enter(chromium: Browser, url: str) -> str:
    """Opens the printed address, and returns the console's address once the overview is shown."""
    chromium.resize(*SIZES["desktop"])
    chromium.prefer("light")
    chromium.open(url)
    chromium.wait_for(lambda: chromium.address() == f"{base(url)}/", "the overview")
    return base(url)


def pages(given: dict) -> dict[str, str]:
    event = escaped(given["events"][1])
    return {
        "overview": "/",
        "events": "/events?since=1h",
        "event": f"/event?id={event}",
        "personal": f"/event?id={event}&personal=show",
        "timeline": f"/entity?path={escaped(given['path'])}&personal=show",
        "hostile": f"/entity?path={escaped(given['hostile'])}&personal=show",
        "quarantine": "/quarantine",
        "dead-letters": "/dead-letters",
        "stores": "/stores?store=zid%2Fdemo",
        "missing": "/none",
    }


def escaped(text: str) -> str:
    return text.replace("%", "%25").replace("/", "%2F")


def first_quarantined(chromium: Browser, address: str) -> str:
    chromium.open(f"{address}/quarantine?store=zid%2Fdemo")
    return chromium.run("return document.querySelector('tbody a').getAttribute('href')")


def test_every_page_is_accessible_and_fits(inlet, chromium, axe, given):
    with console(inlet, "--allow-write") as url:
        address = enter(chromium, url)
        chromium.wait_for(lambda: "Accepted" in chromium.text(), "the numbers")
        shown = pages(given) | {"quarantined": first_quarantined(chromium, address)}
        chromium.logged()
        for scheme in ("light", "dark"):
            chromium.prefer(scheme)
            for size, (width, height) in SIZES.items():
                chromium.resize(width, height)
                for name, path in shown.items():
                    chromium.open(address + path)
                    where = f"{name}, {scheme}, {size}"
                    wide = chromium.run("return document.documentElement.scrollWidth - window.innerWidth")
                    assert wide <= 0, f"{where}: {wide} pixels too wide"
                    assert violations(chromium, axe) == [], where
                    assert chromium.run("return window.owned") is None, where
                    logged = [line for line in chromium.logged() if "/none" not in line]
                    assert logged == [], where


def violations(chromium: Browser, axe: str) -> list[str]:
    chromium.run(axe)
    found = chromium.run_async("const done = arguments[0]; axe.run().then((result) => done(result.violations))")
    return [
        f"{one['id']}: {one['help']}: {one['nodes'][0]['html'][:200]} {one['nodes'][0].get('failureSummary', '')[:300]}"
        for one in found if one["impact"] in ("serious", "critical")
    ]


def test_the_console_works_by_keyboard_alone(inlet, chromium, given):
    with console(inlet) as url:
        enter(chromium, url)
        chromium.press(TAB)
        assert chromium.focused() == "Skip to the content"
        outline = chromium.run("return getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", "the focus is visible"
        chromium.press(ENTER)
        chromium.wait_for(lambda: chromium.run("return document.activeElement.id") == "main", "the content has the focus")
        chromium.open(f"{base(url)}/events")
        for _ in range(30):
            chromium.press(TAB)
            if chromium.run("return document.activeElement.name") == "entity":
                break
        chromium.press(*given["number"], ENTER)
        chromium.wait_for(lambda: "3 events" in chromium.text(), "the order is found by its number")
        for _ in range(40):
            chromium.press(TAB)
            if chromium.run("return (document.activeElement.getAttribute('href') || '').startsWith('/event?')"):
                break
        chromium.press(ENTER)
        chromium.wait_for(lambda: "As consumers read it" in chromium.text(), "the event")


def test_personal_data_is_masked_until_a_person_asks(inlet, chromium, given):
    with console(inlet) as url:
        address = enter(chromium, url)
        for page in ("event", "timeline"):
            path = pages(given)[page].replace("&personal=show", "")
            chromium.open(address + path)
            assert ARABIC not in unfolded(chromium) and "•••" in unfolded(chromium), page
            chromium.click("a[href*='personal=show']")
            chromium.wait_for(lambda: ARABIC in unfolded(chromium), f"{page} with personal data")
        chromium.open(f"{address}/event?id={escaped(given['events'][0])}")
        assert ARABIC not in chromium.text(), "every page masks it again"


def unfolded(chromium: Browser) -> str:
    """Returns the visible text of the page with everything on it unfolded."""
    chromium.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    return chromium.text()


def test_hostile_and_foreign_text_is_shown_as_text(inlet, chromium, given):
    with console(inlet) as url:
        address = enter(chromium, url)
        chromium.open(address + pages(given)["hostile"])
        text = unfolded(chromium)
        assert "<script>window.owned=1</script>" in text and "\u202e" not in text and "\ufffd" in text
        assert chromium.run("return window.owned") is None
        assert chromium.run("return document.images.length") == 0
        chromium.open(f"{address}/entity?path={escaped(given['thai'])}&personal=show")
        assert THAI in unfolded(chromium)
        chromium.open(address + pages(given)["timeline"])
        direction = """
            const cell = [...document.querySelectorAll('ins')].find((one) => one.textContent === arguments[0]);
            return getComputedStyle(cell).direction"""
        assert chromium.run(direction, ARABIC) == "rtl"
        assert chromium.logged() == []


def test_new_events_appear_without_a_reload(inlet, chromium, running_stack):
    with console(inlet) as url:
        address = enter(chromium, url)
        chromium.open(f"{address}/events?since=1h")
        chromium.run("window.kept = true")
        number = str(time.time_ns())
        send(running_stack, number, THAI, "new")
        chromium.wait_for(lambda: f"order/{number}" in chromium.text(), "the new event")
        assert chromium.run("return window.kept") is True, "the page was not loaded again"


def test_no_page_is_shown_to_another_browser(inlet, chromium):
    with console(inlet) as url:
        enter(chromium, url)
        with browser.started() as other:
            other.open(url)
            assert "the token in the address is used or wrong" in other.text()
            other.open(f"{base(url)}/events")
            assert "this browser has no session" in other.text() and "inlet-local" not in other.text()


def carried_out(chromium: Browser, selector: str) -> tuple[str, str]:
    """Clicks the button of an action, then the one that confirms it. Returns the question and the result."""
    chromium.click(selector)
    chromium.wait_for(lambda: chromium.run("return !!document.querySelector('.question')"), "the question")
    question = chromium.run("return document.querySelector('.question').innerText")
    chromium.click("form[action='/actions/run'] button")
    chromium.wait_for(lambda: chromium.run("return !!document.querySelector('[data-ended]')"), "the result")
    return question, chromium.run("return document.querySelector('[data-ended]').innerText")


def test_every_action_is_counted_first_and_carried_out(inlet, chromium, running_stack, given):
    aws = Aws(running_stack["endpoint"])
    browser.PATIENCE_SECONDS = 60
    with console(inlet, "--allow-write") as url:
        address = enter(chromium, url)
        chromium.open(f"{address}/event?id={escaped(given['events'][0])}")
        question, result = carried_out(chromium, "form[action='/actions/replay'] button")
        assert question == "Send 1 event to the consumers again?" and "1 event sent again as console-" in result

        chromium.open(f"{address}/events?entity={given['number']}")
        chromium.click("tbody tr:nth-child(1) input")
        chromium.click("tbody tr:nth-child(2) input")
        question, result = carried_out(chromium, "button[form='picked']")
        assert question == "Send 2 events to the consumers again?" and "2 events sent again" in result

        chromium.open(f"{address}/events?store=zid%2Fdemo&entity=order%2F{given['number']}&since=1h")
        question, result = carried_out(chromium, ".actions form[action='/actions/replay'] button")
        assert question == "Send 3 events to the consumers again?" and "3 events sent again" in result

        for search in (f"entity={given['number']}", f"entity={given['number']}&state=processed&type=order.create,order.update"):
            chromium.open(f"{address}/events?{search}")
            question, result = carried_out(chromium, ".actions form[action='/actions/replay'] button")
            assert question == "Send 3 events to the consumers again?" and "3 events sent again" in result, search

        chromium.open(f"{address}/dead-letters")
        assert given["number"] in chromium.text()
        question, result = carried_out(chromium, "form[action='/actions/redrive'] button")
        assert re.fullmatch(r"Move \d+ dead letters? back to the queue\?", question) and "moved back to the queue" in result

        chromium.open(f"{address}/quarantine?store=zid%2Fdemo")
        question, result = carried_out(chromium, "form[action='/actions/reverify'] button")
        assert re.fullmatch(r"Verify \d+ quarantined deliver(y|ies) again\?", question) and "still fail verification" in result

        chromium.open(f"{address}/entity?path={escaped(given['hostile'])}")
        question, result = carried_out(chromium, "form[action='/actions/forget'] button")
        assert question == f"Delete 1 event of {given['hostile']} permanently?" and "1 event of" in result
        assert stored(aws, running_stack, given["hostile"]) == []


def test_an_order_at_three_takes_at_most_ten_clicks(inlet, chromium, running_stack):
    aws, number, reason = Aws(running_stack["endpoint"]), str(time.time_ns()), "the consumer refuses it: no such product"
    send(running_stack, number, THAI, "new")
    path = f"zid/demo/order/{number}"
    [event] = stored(aws, running_stack, path)
    parked = {"pk": {"S": path}, "sk": {"S": f"parked/{event.rsplit('/', 1)[1]}"}, "reason": {"S": reason},
              "parked": {"S": iso(time.time())}, "expires": {"N": str(int(time.time()) + 86_400)}}
    aws.client("dynamodb").put_item(TableName=running_stack["table"], Item=parked)
    clicks = []

    def click(selector: str) -> None:
        clicks.append(selector)
        chromium.click(selector)

    def find_the_order() -> None:
        click("nav a[href='/events']")
        chromium.type("input[name='entity']", number)
        click(".search button")
        chromium.wait_for(lambda: "1 event" in chromium.text(), "the order is found by its number")

    with console(inlet, "--allow-write") as url:
        enter(chromium, url)
        find_the_order()
        assert reason in chromium.text()
        click("td.time a")
        chromium.wait_for(lambda: f"Parked: {reason}" in chromium.text(), "the reason")
        # The fix is made outside of Inlet.
        click("form[action='/actions/replay'] button")
        chromium.wait_for(lambda: "Send 1 event to the consumers again?" in chromium.text(), "the question")
        click("form[action='/actions/run'] button")
        chromium.wait_for(lambda: "1 event sent again" in chromium.text(), "the result")
        find_the_order()
        state = "return document.querySelector('tbody .state:not(.phone)').innerText"
        chromium.wait_for(lambda: chromium.run(state) == "processed", "the order is processed")
    assert len(clicks) <= 10, clicks


def test_a_read_only_console_shows_no_action(inlet, chromium, given):
    with console(inlet) as url:
        address = enter(chromium, url)
        for name, path in pages(given).items():
            chromium.open(address + path)
            assert chromium.run("return document.querySelectorAll('form[method=post]').length") == 0, name


def test_a_credential_in_a_body_is_masked_in_every_view(inlet, chromium, running_stack):
    number = str(time.time_ns())
    token = "eyJhbGciOiJIUzI1NiJ9.eyJjYW5hcnkiOjF9.c2lnbmF0dXJl"
    extra = {"extra": {"password": "hunter2canary", "apiKey": "sk_live_canary", "token": token, "deep": [{"X-Secret": "canary"}]}}
    send(running_stack, number, THAI, "new", note=f"Call Fatima, Bearer {token}", extra=extra)
    path = f"zid/demo/order/{number}"
    [event] = stored(Aws(running_stack["endpoint"]), running_stack, path)
    with console(inlet) as url:
        address = enter(chromium, url)
        for page in (f"/event?id={escaped(event)}", f"/entity?path={escaped(path)}"):
            for personal in ("", "&personal=show"):
                chromium.open(address + page + personal)
                source = chromium.run("return document.documentElement.outerHTML")
                assert "canary" not in source and "eyJ" not in source, page + personal
                assert ("Fatima" in source) == bool(personal), page + personal


def test_a_search_that_cannot_match_says_why(inlet, chromium):
    with console(inlet) as url:
        address = enter(chromium, url)
        for search, text in (
            ("type=ordr.create", "did you mean order.create"),
            ("store=zid/dmo", "did you mean zid/demo?"),
            ("state=nosuch", "nosuch is no state of an event"),
            ("colour=red", "a search has no parameter colour"),
        ):
            chromium.open(f"{address}/events?{search}")
            assert text in chromium.text(), search


def test_no_page_contains_a_credential(inlet, chromium, running_stack, given):
    sample = samples.read(samples.file_of("zid"))
    offered = next(value for name, value in sample.headers.items() if name.lower() == "authorization")
    username, password = base64.b64decode(offered.split()[1]).decode().split(":")
    secrets = [offered, offered.split()[1], password, base64.b64encode(b"inlet:mistyped").decode(), "inlet:mistyped"]
    with console(inlet, "--allow-write") as url:
        address = enter(chromium, url)
        for name, path in (pages(given) | {"quarantined": first_quarantined(chromium, address)}).items():
            chromium.open(address + path)
            source = chromium.run("return document.documentElement.outerHTML")
            assert [secret for secret in secrets if secret in source] == [], name


@pytest.mark.skipif(WRITE_PICTURES not in os.environ, reason="writes the pictures of docs/console.md")
def test_write_the_pictures(inlet, chromium, given):
    PICTURES.mkdir(exist_ok=True)
    shots = {
        "console-overview": ("overview", "light", (1280, 900)),
        "console-overview-dark": ("overview", "dark", (1280, 900)),
        "console-events": ("events", "light", (1280, 900)),
        "console-events-phone": ("events", "light", (400, 800)),
        "console-event": ("event", "light", (1280, 900)),
        "console-event-dark": ("event", "dark", (1280, 900)),
        "console-event-phone": ("event", "dark", (400, 800)),
        "console-timeline": ("timeline", "light", (1280, 900)),
        "console-quarantine": ("quarantine", "light", (1280, 900)),
        "console-dead-letters": ("dead-letters", "light", (1280, 900)),
        "console-stores": ("stores", "light", (1280, 900)),
        "console-overview-phone": ("overview", "dark", (400, 800)),
    }
    with console(inlet, "--allow-write") as url:
        address = enter(chromium, url)
        chromium.wait_for(lambda: "Accepted" in chromium.text(), "the numbers")
        for name, (page, scheme, size) in shots.items():
            chromium.prefer(scheme)
            chromium.resize(*size)
            chromium.open(address + pages(given)[page])
            time.sleep(0.5)
            chromium.screenshot(PICTURES / f"{name}.png")
