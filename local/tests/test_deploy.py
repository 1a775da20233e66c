"""From the release archive in an empty folder: two stages are deployed beside the local stack, used and deleted."""

import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import build, dist, emulator_permissions, package, paths, routes, samples, stores, tools
from local.aws import Aws

pytestmark = pytest.mark.stack

FIRST = "inlet"
SECOND = "inlet-second"


@pytest.fixture(scope="module")
def folder(tmp_path_factory, running_stack) -> Path:
    """Returns the unpacked release archive, made from the binaries of the local stack."""
    packed, unpacked = tmp_path_factory.mktemp("packed"), tmp_path_factory.mktemp("unpacked")
    binaries = {name: build.TARGET / "lambda" / name / "bootstrap" for name in build.binaries()}
    package.pack_functions(binaries, paths.architecture(), packed)
    with tarfile.open(dist.deploy_archive(paths.architecture(), packed)) as archive:
        archive.extractall(unpacked, filter="data")
    (folder,) = unpacked.iterdir()
    return folder


@pytest.fixture(scope="module")
def aws(running_stack) -> Iterator[Aws]:
    """Returns clients of the emulator, and deletes afterwards what the tests deployed."""
    aws = Aws(running_stack["endpoint"])
    yield aws
    for stack in (FIRST, SECOND):
        aws.client("cloudformation").delete_stack(StackName=stack)


def sam(aws: Aws, folder: Path, *command: str, answers: str = "") -> str:
    """Runs `sam` in the folder and returns its output."""
    ran = subprocess.run(
        ["sam", *command, "--region", paths.REGION],
        cwd=folder, env=tools.environment(aws.environment()), input=answers, capture_output=True, text=True,
    )
    output = ran.stdout + ran.stderr
    assert ran.returncode == 0, output
    return output


def status(aws: Aws, stack: str) -> str:
    return aws.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]


def test_enter_at_every_question_deploys(aws, folder):
    output = sam(aws, folder, "deploy", "--guided", answers="\n" * 80)
    assert "has no authentication" not in output
    assert status(aws, FIRST) == "CREATE_COMPLETE"
    assert aws.outputs(FIRST)["StageName"] == "dev"


def test_a_second_stage_is_deployed_beside_it(aws, folder):
    sam(aws, folder, "deploy", "--stack-name", SECOND, "--parameter-overrides", "Stage=second")
    assert (status(aws, FIRST), status(aws, SECOND)) == ("CREATE_COMPLETE", "CREATE_COMPLETE")
    first, second = aws.resources(FIRST), aws.resources(SECOND)
    shared = {name: first[name] for name in first.keys() & second.keys() if first[name] == second[name]}
    # Every API calls its stage so; it is no name in the account.
    assert set(shared.values()) <= {"$default"}


def test_the_second_stage_accepts_a_delivery(aws, folder):
    routes.create(aws, SECOND)
    emulator_permissions.widen(aws, SECOND)
    stores.put_secrets(aws, "second")
    answer = samples.send(aws.api(SECOND), samples.read(samples.file_of("zid")))
    assert answer.status == 200, answer.body
    scanned = aws.client("dynamodb").scan(TableName=aws.outputs(SECOND)["TableName"])
    events = {item["pk"]["S"] for item in scanned["Items"] if item["sk"]["S"].startswith("event/")}
    assert {event.split("/")[0] for event in events} == {"zid"}


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
    sam(aws, folder, "delete", "--no-prompts", "--stack-name", SECOND)
    assert kept <= tables_and_queues(aws)
