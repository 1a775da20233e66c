"""From the release archive in an empty folder: two stages are deployed next to the local stack, used, checked by
`inlet doctor` and deleted."""

import json
import subprocess
import tarfile
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from local import build, dist, emulator_permissions, package, paths, routes, samples, stores, tools
from local.aws import Aws

pytestmark = pytest.mark.stack

FIRST = "inlet"
SECOND = "inlet-second"

# A bus outside every stack.
BUS = "orders-of-the-shop"
RUNBOOK = "https://example.com/inlet/docs/runbook.md"


@pytest.fixture(scope="module")
def folder(tmp_path_factory, running_stack) -> Path:
    """Returns the unpacked release archive: that of dist/ in `make dist-check`, else one of the local stack's binaries."""
    unpacked = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(release_archive(tmp_path_factory)) as archive:
        archive.extractall(unpacked, filter="data")
    (folder,) = unpacked.iterdir()
    return folder


def release_archive(tmp_path_factory) -> Path:
    if dist.checks_dist():
        return dist.deploy_archive_of(paths.architecture())
    packed = tmp_path_factory.mktemp("packed")
    binaries = {name: build.TARGET / "lambda" / name / "bootstrap" for name in build.binaries()}
    package.pack_functions(binaries, paths.architecture(), packed)
    return dist.deploy_archive(paths.architecture(), packed)


@pytest.fixture(scope="module")
def aws(running_stack) -> Iterator[Aws]:
    """Returns clients of the emulator, and deletes afterwards what the tests deployed."""
    aws = Aws(running_stack["endpoint"])
    events = aws.client("events")
    # One that an earlier run left behind.
    events.delete_event_bus(Name=BUS)
    events.create_event_bus(Name=BUS)
    yield aws
    for stack in (FIRST, SECOND):
        aws.client("cloudformation").delete_stack(StackName=stack)
    events.delete_event_bus(Name=BUS)


def sam(aws: Aws, folder: Path, *command: str, typed: str = "", succeeds: bool = True) -> str:
    """Runs `sam` in the folder and returns its output."""
    ran = subprocess.run(
        ["sam", *command, "--region", paths.REGION],
        cwd=folder, env=tools.environment(aws.environment()), input=typed, capture_output=True, text=True,
    )
    output = ran.stdout + ran.stderr
    assert (ran.returncode == 0) == succeeds, output
    return output


def status(aws: Aws, stack: str) -> str:
    return aws.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]


def test_enter_at_every_question_deploys(aws, folder):
    output = sam(aws, folder, "deploy", "--guided", typed="\n" * 80)
    assert "has no authentication" not in output
    assert status(aws, FIRST) == "CREATE_COMPLETE"
    assert aws.outputs(FIRST)["StageName"] == "dev"


def test_a_second_stage_is_deployed_beside_it(aws, folder):
    overrides = ["Stage=second", "Reconcile=on", f"EventBusName={BUS}", f"RunbookUrl={RUNBOOK}"]
    sam(aws, folder, "deploy", "--stack-name", SECOND, "--parameter-overrides", *overrides)
    assert (status(aws, FIRST), status(aws, SECOND)) == ("CREATE_COMPLETE", "CREATE_COMPLETE")
    first, second = aws.resources(FIRST), aws.resources(SECOND)
    shared = {name: first[name] for name in first.keys() & second.keys() if first[name] == second[name]}
    # Every API calls its stage so; the name is not one of the account's.
    assert set(shared.values()) <= {"$default"}


def test_the_second_stage_accepts_a_delivery(aws, folder):
    routes.create(aws, SECOND)
    emulator_permissions.widen(aws, SECOND)
    stores.put_secrets(aws, "second")
    response = samples.send(aws.api(SECOND), samples.read(samples.file_of("zid")))
    assert response.status == 200, response.body
    scanned = aws.client("dynamodb").scan(TableName=aws.outputs(SECOND)["TableName"])
    events = {item["pk"]["S"] for item in scanned["Items"] if item["sk"]["S"].startswith("event/")}
    assert {event.split("/")[0] for event in events} == {"zid"}


def test_the_reconciler_exists_and_runs_where_it_is_on(aws, folder):
    assert "ReconcilerFunction" not in aws.resources(FIRST)
    # The sample stores have no access to a provider's API, so the run has no list to read.
    ran = aws.client("lambda").invoke(FunctionName=aws.resources(SECOND)["ReconcilerFunction"])
    assert "FunctionError" not in ran, ran["Payload"].read()
    key = {"pk": {"S": "reconciler"}, "sk": {"S": "lease"}}
    lease = aws.client("dynamodb").get_item(TableName=aws.outputs(SECOND)["TableName"], Key=key)["Item"]
    assert int(lease["until_ms"]["N"]) <= time.time() * 1_000, lease


def test_the_alarms_of_the_second_stage_link_to_the_runbook(aws, folder):
    described = aws.client("cloudwatch").describe_alarms(AlarmNamePrefix="inlet-second-")["MetricAlarms"]
    assert described
    without = [alarm["AlarmName"] for alarm in described if f"{RUNBOOK}#" not in alarm["AlarmDescription"]]
    assert without == []


def doctor(inlet: Path, aws: Aws, folder: Path, stack: str, **endpoints: str) -> list[tuple[str, str, str]]:
    """Runs `inlet doctor` in the folder and returns subject, status and finding of each check."""
    environment = aws.environment() | endpoints
    ran = subprocess.run(
        [inlet, "--stack", stack, "--json", "doctor"], cwd=folder, env=environment, capture_output=True, text=True,
    )
    assert ran.stdout, ran.stderr
    checks = [(check["subject"], check["status"], check["finding"]) for check in json.loads(ran.stdout)["checks"]]
    # The exit code shows that a check failed, and a warning is not a failure.
    assert ran.returncode == any(status == "fail" for _, status, _ in checks), ran.stdout
    return checks


def problems(checks: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """Returns what failed or warns, but for what the emulator ignores in a template: a table's time to live and backups."""
    return [check for check in checks if check[1] in ("fail", "warning") and not is_gap(*check)]


def is_gap(subject: str, _: str, finding: str) -> bool:
    return subject == "table" and finding.startswith(("time to live is off", "it has no point-in-time backups"))


def about(checks: list[tuple[str, str, str]], subject: str) -> list[tuple[str, str]]:
    return [(status, finding) for found, status, finding in checks if found == subject]


def sweep(aws: Aws, stack: str) -> None:
    """Runs the sweeper once, as its schedule does every minute."""
    aws.client("lambda").invoke(FunctionName=aws.resources(stack)["SweeperFunction"])


def test_the_doctor_finds_no_problem_of_the_first_stage(inlet, aws, folder):
    routes.create(aws, FIRST)
    emulator_permissions.widen(aws, FIRST)
    sweep(aws, FIRST)
    checks = doctor(inlet, aws, folder, FIRST)
    assert problems(checks) == []
    assert {"stack", "account", "api", "resources", "bus", "receiver", "router", "table", "queue", "alarms", "sweeper"} <= {
        subject for subject, status, _ in checks if status == "pass"
    }


def test_the_doctor_warns_of_a_second_stage_without_guards(inlet, aws, folder):
    sweep(aws, SECOND)
    found = problems(doctor(inlet, aws, folder, SECOND))
    expected = [("stack", "warning"), ("alarms", "warning"), ("reconciler", "warning")]
    assert [(subject, status) for subject, status, _ in found] == expected
    assert "no termination protection" in found[0][2] and "no subscriber" in found[1][2]
    assert "without an access to the provider's API" in found[2][2]

    topic = aws.outputs(SECOND)["AlarmTopicArn"]
    # The emulator asks for a confirmation of HTTP addresses only.
    pending = aws.client("sns").subscribe(TopicArn=topic, Protocol="http", Endpoint="http://127.0.0.1:9/")
    assert "1 subscription is not confirmed" in problems(doctor(inlet, aws, folder, SECOND))[1][2], pending

    aws.client("sns").subscribe(TopicArn=topic, Protocol="email", Endpoint="on-call@example.com")
    aws.client("cloudformation").update_termination_protection(StackName=SECOND, EnableTerminationProtection=True)
    assert [subject for subject, _, _ in problems(doctor(inlet, aws, folder, SECOND))] == ["reconciler"]


def test_the_doctor_finds_an_access_that_cannot_be_used(inlet, aws, folder):
    assert ("pass", "it ran within the last 30 minutes") in about(doctor(inlet, aws, folder, SECOND), "reconciler")
    name = "/inlet-access/second/zid/a"
    aws.client("ssm").put_parameter(Name=name, Value="{}", Type="SecureString")
    found = about(doctor(inlet, aws, folder, SECOND), "reconciler")
    aws.client("ssm").delete_parameter(Name=name)
    assert [finding for status, finding in found if status == "fail"] == [
        "zid/a: its access to the provider's API cannot be used: a field is missing or has another form"
    ]


def test_the_doctor_warns_of_small_quotas(inlet, aws, folder):
    responses = {
        "/2016-08-19/account-settings": {"AccountLimit": {"ConcurrentExecutions": 10}},
        "/account": {"throttleSettings": {"rateLimit": 500.0, "burstLimit": 250}},
    }

    class Quotas(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(responses[self.path.rstrip("/")]).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Quotas)
    Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    try:
        checks = doctor(inlet, aws, folder, FIRST, AWS_ENDPOINT_URL_LAMBDA=address, AWS_ENDPOINT_URL_API_GATEWAY=address)
    finally:
        server.shutdown()
    ((account, executions),) = about(checks, "account")
    assert account == "warning" and "10 functions concurrently" in executions
    ((api, requests),) = about(checks, "api")
    assert api == "warning" and "500 requests a second here, with a burst of 250" in requests


def test_the_doctor_finds_an_existing_bus_and_a_missing_one(inlet, aws, folder):
    assert about(doctor(inlet, aws, folder, SECOND), "bus") == [("pass", f"events are published on {BUS}")]
    aws.client("events").delete_event_bus(Name=BUS)
    ((status, finding),) = about(doctor(inlet, aws, folder, SECOND), "bus")
    assert status == "fail" and "does not exist" in finding


def tables_and_queues(aws: Aws) -> set[str]:
    """Returns the names of all tables and queues of the emulator."""
    urls = aws.client("sqs").list_queues().get("QueueUrls", [])
    return {*aws.client("dynamodb").list_tables()["TableNames"], *(url.rsplit("/", 1)[1] for url in urls)}


def of_stack(aws: Aws, stack: str) -> set[str]:
    """Returns the names of a stack's table and queues."""
    outputs = aws.outputs(stack)
    urls = (outputs["QueueUrl"], outputs["DeadLetterQueueUrl"])
    return {outputs["TableName"], *(url.rsplit("/", 1)[1] for url in urls)}


def test_the_disposable_stage_is_deleted_whole(aws, folder):
    deleted = of_stack(aws, FIRST)
    assert deleted <= tables_and_queues(aws)
    sam(aws, folder, "delete", "--no-prompts", "--stack-name", FIRST)
    assert deleted & tables_and_queues(aws) == set()


def test_a_protected_stage_leaves_table_and_queues(aws, folder):
    kept = of_stack(aws, SECOND)
    # AWS refuses this while termination protection is on; the emulator does not.
    aws.client("cloudformation").update_termination_protection(StackName=SECOND, EnableTerminationProtection=False)
    sam(aws, folder, "delete", "--no-prompts", "--stack-name", SECOND)
    assert kept <= tables_and_queues(aws)
