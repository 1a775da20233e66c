"""The policies for people: each one suffices for its commands of `inlet`, and for no others."""

import json
import subprocess
from pathlib import Path

import pytest

from local import paths, tools
from local.aws import Aws

pytestmark = pytest.mark.stack

STORE = "zid/demo"

# The emulator checks these calls as `*`, where AWS checks the parameters' paths.
CHECKED_AS_ANY = {"recover": ["ssm:GetParameters", "ssm:GetParametersByPath"]}
PROFILES = {"inspect": ["InspectPolicyArn"], "recover": ["InspectPolicyArn", "RecoverPolicyArn"], "secrets": ["SecretsPolicyArn"]}


@pytest.fixture(scope="module")
def people(running_stack):
    """Returns the environment of a user with each policy, and deletes the users afterwards."""
    aws = Aws(running_stack["endpoint"])
    iam, outputs = aws.client("iam"), aws.outputs()
    # A store that an earlier run set.
    aws.client("ssm").delete_parameters(Names=[f"/inlet/{paths.STAGE}/zid/people"])
    environments = {}
    for name, policies in PROFILES.items():
        iam.create_user(UserName=name)
        for policy in policies:
            iam.attach_user_policy(UserName=name, PolicyArn=outputs[policy])
        if actions := CHECKED_AS_ANY.get(name):
            iam.put_user_policy(UserName=name, PolicyName="emulator", PolicyDocument=json.dumps({
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}],
            }))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        environments[name] = tools.environment(aws.environment()) | {
            "AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        }
    yield environments
    for name, policies in PROFILES.items():
        for key in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
            iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
        for policy in policies:
            iam.detach_user_policy(UserName=name, PolicyArn=outputs[policy])
        for policy in iam.list_user_policies(UserName=name)["PolicyNames"]:
            iam.delete_user_policy(UserName=name, PolicyName=policy)
        iam.delete_user(UserName=name)


@pytest.fixture(scope="module")
def copy(running_stack) -> str:
    """Returns the name of a copy of the table, and deletes it afterwards."""
    dynamodb, table = Aws(running_stack["endpoint"]).client("dynamodb"), running_stack["table"]
    backup = dynamodb.create_backup(TableName=table, BackupName="people")["BackupDetails"]["BackupArn"]
    dynamodb.restore_table_from_backup(TargetTableName=f"{table}-people", BackupArn=backup)
    yield f"{table}-people"
    dynamodb.delete_table(TableName=f"{table}-people")
    dynamodb.delete_backup(BackupArn=backup)


def run(inlet: Path, environment: dict, command: str, typed: str = "") -> subprocess.CompletedProcess:
    """Runs `inlet` on the local stack as on a deployment in an account."""
    return subprocess.run(
        [inlet, "--stack", paths.STACK, *command.split()],
        cwd="/", env=environment, input=typed, capture_output=True, text=True,
    )


@pytest.mark.parametrize(
    ("person", "command"),
    [
        ("inspect", "list --limit 5"),
        ("inspect", "list --unprocessed"),
        ("inspect", "list --parked"),
        ("inspect", f"timeline {STORE}/order/1"),
        ("inspect", "stats --since 1h"),
        ("inspect", f"verify --store {STORE}"),
        ("recover", f"replay --store {STORE} --since 1h --dry-run"),
        ("recover", f"replay --store {STORE} --since 1h --yes"),
        ("recover", "redrive --dry-run"),
        ("recover", "redrive --yes"),
        ("recover", "reverify --dry-run"),
        ("recover", f"forget {STORE}/order/no-such-order --yes --settle 0"),
        ("recover", f"restore --from-table {{copy}} --store {STORE} --yes"),
        ("secrets", f"secret list {STORE}"),
        ("secrets", "secret set zid/people --generate"),
        ("secrets", "secret rotate zid/people --generate"),
        ("secrets", "secret retire zid/people --yes"),
    ],
)
def test_a_policy_suffices(inlet, people, copy, person, command):
    ran = run(inlet, people[person], command.replace("{copy}", copy))
    # 3: there is nothing to show, which only a permitted call can find out.
    assert ran.returncode in (0, 3), ran.stdout + ran.stderr
    assert "denied" not in (ran.stdout + ran.stderr).lower()


@pytest.mark.parametrize(
    ("person", "command"),
    [
        ("inspect", f"replay --store {STORE} --since 1h --yes"),
        ("inspect", f"secret list {STORE}"),
        ("inspect", f"forget {STORE}/order/no-such-order --yes --settle 0"),
        ("secrets", "list --limit 5"),
        ("secrets", f"replay --store {STORE} --since 1h --yes"),
    ],
)
def test_a_policy_allows_no_more(inlet, people, person, command):
    ran = run(inlet, people[person], command)
    assert ran.returncode not in (0, 3), ran.stdout


def test_the_doctor_reads_everything_but_secrets(inlet, people):
    ran = run(inlet, people["inspect"], "doctor --json")
    denied = [check for check in json.loads(ran.stdout)["checks"] if "denied" in json.dumps(check).lower()]
    assert denied
    # The emulator checks a bus as `*`, where AWS checks its ARN, which the policy has.
    allowed = ("ssm:", "events:DescribeEventBus")
    assert all(any(call in json.dumps(check) for call in allowed) for check in denied), denied
