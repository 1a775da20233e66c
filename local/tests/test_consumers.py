"""The consumers of examples/ and docs/consumers.md get a Zid order's events in order, and again after a failure."""

import json
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from local import cargo, consumer, order, paths, runtime, stack, template, tools, watch
from local.aws import Aws

pytestmark = pytest.mark.stack

DOCUMENT = "docs/consumers.md"
STATES = [state for _, state, _ in order.STATES]

# The delay of a failed message in these tests.
RETRY_SECONDS = 2


@pytest.fixture(scope="module")
def aws(running_stack) -> Iterator[Aws]:
    """Returns the clients of the running stack, and afterwards connects the stack to its bus again."""
    yield Aws(running_stack["endpoint"])
    stack.up(without=[])


@pytest.fixture
def own_folder() -> Iterator[Path]:
    """Returns the folder of a new handler, which the test removes."""
    folder = paths.STATE / "my-consumer"
    shutil.rmtree(folder, ignore_errors=True)
    yield folder
    shutil.rmtree(folder)


def test_the_documents_commands_give_an_order_to_a_handler(aws, own_folder, inlet):
    commands = paths.block(DOCUMENT, "tested: own handler")
    printed = shell(commands.replace("my-consumer", str(own_folder.relative_to(paths.ROOT))))
    assert processed(printed) == STATES
    assert re.search(r"3 events of order \d+ are processed", printed)
    assert consumer_checks(inlet) == [("pass", "whose timeout of 20 s is within ConsumerTimeoutSeconds=20")]
    function = consumer.function_name(aws, str(own_folder))
    aws.client("lambda").update_function_configuration(FunctionName=function, Timeout=60)
    assert consumer_checks(inlet) == [("warning", "60 s, is longer than ConsumerTimeoutSeconds=20")]

    # A code change: each first try fails.
    code = own_folder / "app.py"
    changed = code.read_text().replace("def process(event):\n", "def process(event):\n" + paths.block(DOCUMENT, "tested: first try fails"))
    assert changed != code.read_text()
    code.write_text(changed)
    stack.up(without=[], own_consumer=str(own_folder))
    retry_soon(aws)
    printed = shell("make order")
    steps = re.findall(r"(failed|processed): \S+ ?(.*)", printed)
    expected = [step for state in STATES for step in (("failed", None), ("processed", state))]
    assert [(step, detail if step == "processed" else None) for step, detail in steps] == expected, printed


def test_the_function_in_typescript_gets_the_order(aws):
    if not shutil.which("npm"):
        pytest.skip("NOTICE: the function in TypeScript was not run: npm missing")
    shell(paths.block(DOCUMENT, "tested: typescript function"))
    stack.up(without=[], own_consumer="examples/typescript-function")
    assert [line.split()[1] for line in processed(shell("make order"))] == STATES


@pytest.mark.parametrize(("program", "mark"), [("node", "node endpoint"), ("php", "php endpoint")])
def test_an_endpoint_gets_the_order_signed(program, mark, aws, inlet):
    if not shutil.which(program):
        pytest.skip(f"NOTICE: the endpoint was not run: {program} missing")
    port = free_port()
    with running(paths.block(DOCUMENT, f"tested: {mark}").replace("3000", str(port)), port) as log:
        stack.up(without=[], own_consumer=f"http://127.0.0.1:{port}/")
        shell("make order")
        assert processed(log.read_text()) == STATES
        assert consumer_checks(inlet) == [("pass", "1 secret signs each request")]
        assert status_of(port, {}) == 401
        headers = {"webhook-id": "x", "webhook-timestamp": str(int(time.time())), "webhook-signature": "v1,AAAA"}
        assert status_of(port, headers) == 401


def test_a_function_behind_the_bus_keeps_the_newest_state(aws):
    stack.up(without=[])
    outputs = consumer.deploy_folder(aws, paths.ROOT / "examples" / "eventbridge-python", f"BusName={stack.described()['bus']}")
    entity = order.send(stack.described()["api"])
    orders = aws.client("dynamodb")
    key = {"id": {"S": f"/zid/demo/order/{entity}"}}

    def item() -> dict:
        return orders.get_item(TableName=outputs["OrdersTable"], Key=key).get("Item", {})

    eventually(lambda: item().get("state", {}).get("S") == STATES[-1])
    # An older event that arrives late changes nothing.
    notification = {"detail": {
        "source": "/zid/demo", "subject": f"order/{entity}", "receivedtime": "2020-01-01T00:00:00.000Z", "data": {"status": "new"},
    }}
    functions = aws.client("lambda")
    response = functions.invoke(FunctionName=outputs["FunctionName"], Payload=json.dumps(notification).encode())
    assert "FunctionError" not in response
    assert item()["state"]["S"] == STATES[-1]
    # Both retry policies end in the dead-letter queue. The emulator has none for a function's own failures.
    function = template.load(paths.ROOT / "examples" / "eventbridge-python" / "template.yaml")["Resources"]["Function"]
    assert function["Properties"]["DeadLetterQueue"]["TargetArn"] == {"Fn::GetAtt": ["DeadLetters", "Arn"]}
    queue = aws.client("sqs").get_queue_attributes(QueueUrl=outputs["DeadLettersUrl"], AttributeNames=["QueueArn"])
    events, bus = aws.client("events"), stack.described()["bus"]
    (rule,) = [one for one in events.list_rules(EventBusName=bus)["Rules"] if "eventbridge-python" in one["Name"]]
    (target,) = events.list_targets_by_rule(Rule=rule["Name"], EventBusName=bus)["Targets"]
    assert target["DeadLetterConfig"]["Arn"] == queue["Attributes"]["QueueArn"]
    events.remove_targets(Rule=rule["Name"], EventBusName=bus, Ids=[target["Id"]])


def test_the_consumer_in_rust_processes_a_message(aws):
    sample = json.loads((paths.ROOT / "packages" / "samples" / "zid" / "order.create.json").read_text())
    sample["id"] = f"zid/demo/order/{time.time_ns()}/0123456789abcdef"
    shell(" ".join(cargo.build("--quiet", "--example", "stock")))
    metadata = json.loads(shell("cargo metadata --format-version 1 --no-deps"))
    program = Path(metadata["target_directory"]) / "debug" / "examples" / "stock"
    record = {
        "messageId": "m-1", "receiptHandle": "r-1", "body": json.dumps(sample), "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:q.fifo", "awsRegion": "us-east-1", "messageAttributes": {},
        "md5OfBody": "", "attributes": {
            "ApproximateReceiveCount": "1", "SentTimestamp": str(int(time.time() * 1000)), "MessageGroupId": "g",
            "ApproximateFirstReceiveTimestamp": str(int(time.time() * 1000)), "MessageDeduplicationId": sample["id"],
        },
    }
    with runtime.running_function(aws, "ProcessorFunction", [program], "stock") as function:
        assert function.invoke({"Records": [record]}) == {"batchItemFailures": []}
    assert sample["id"] in watch.holdings(aws, stack.described()["table"]).processed


def consumer_checks(inlet: Path) -> list[tuple[str, str]]:
    """Returns the status of each of the doctor's checks of the consumer, with the part of its finding that depends on it."""
    ran = subprocess.run([inlet, "--local", "--json", "doctor"], cwd=paths.ROOT, capture_output=True, text=True)
    checks = [check for check in json.loads(ran.stdout)["checks"] if check["subject"] == "consumer"]
    parts = r"whose timeout .*|\d+ s, is longer than ConsumerTimeoutSeconds=\d+|\d+ secrets? signs? each request"
    return [(check["status"], re.search(parts, check["finding"])[0]) for check in checks]


def shell(script: str) -> str:
    """Runs commands of a document as in a shell after `. .local/env`, and returns what they printed."""
    environment = tools.environment(Aws(stack.described()["endpoint"]).environment())
    result = subprocess.run(["bash", "-euc", script], cwd=paths.ROOT, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout[-5000:] + result.stderr[-5000:]
    return result.stdout


@contextmanager
def running(script: str, port: int) -> Iterator[Path]:
    """Runs a server until the end of the block, and returns the file that it prints to."""
    log = paths.LOGS / "endpoint.log"
    with log.open("w") as printed:
        # `exec`, so that the last command is the process that is ended.
        script = re.sub(r"^(INLET_SECRETS=.*)$", r"exec env \1", script, flags=re.MULTILINE)
        process = subprocess.Popen(["bash", "-euc", script], cwd=paths.ROOT, stdout=printed, stderr=subprocess.STDOUT)
        try:
            eventually(lambda: is_open(port))
            yield log
        finally:
            process.terminate()
            process.wait()


def processed(printed: str) -> list[str]:
    """Returns the part of each line that a consumer prints behind an order's subject."""
    return re.findall(r"processed: order/\d+ (.*)", printed)


def status_of(port: int, headers: dict[str, str]) -> int:
    """Returns the status of the response to a request with these headers."""
    command = ["curl", "--silent", "--output", "/dev/null", "--write-out", "%{http_code}", "--data", "{}"]
    options = [option for name, value in headers.items() for option in ("--header", f"{name}: {value}")]
    return int(subprocess.run([*command, *options, f"http://127.0.0.1:{port}/"], capture_output=True, text=True).stdout)


def retry_soon(aws: Aws) -> None:
    """Shortens the wait of the next failed message."""
    attributes = {"VisibilityTimeout": str(RETRY_SECONDS)}
    aws.client("sqs").set_queue_attributes(QueueUrl=stack.described()["queue_url"], Attributes=attributes)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def eventually(condition, seconds: int = 60) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"not within {seconds} s"
        time.sleep(0.2)
