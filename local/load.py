"""Measures the local stack under load, and the default Rust peer in the same emulator."""

import io
import json
import time
import zipfile

from local import bench, paths, stack
from local.aws import Aws
from local.steps import run, step

PEER = "inlet-peer"

# The emulator enforces roles, so the peer needs one.
TRUSTED = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
ALLOWED = {
    "Effect": "Allow", "Resource": "*",
    "Action": ["dynamodb:PutItem", "sqs:SendMessage", "ssm:GetParameter", "logs:*"],
}


def load(seconds: int) -> None:
    """Send with eight senders as all five providers, and the same deliveries to the default Rust peer."""
    stack.up(without=[])
    running = stack.described()
    with step("the peer in Rust"):
        bench.build_rust_peers()
        api = _deploy(Aws(running["endpoint"]))
    run([bench.quick_harness(), "load", str(seconds), running["api"], api])


def _deploy(aws: Aws) -> str:
    """Creates the peer's table, queue, function and API, replaces earlier ones, and returns the API's URL."""
    _remove(aws)
    keys = [("pk", "HASH"), ("sk", "RANGE")]
    aws.client("dynamodb").create_table(
        TableName=PEER, BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name, _ in keys],
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys],
    )
    queue = aws.client("sqs").create_queue(QueueName=f"{PEER}.fifo", Attributes={"FifoQueue": "true"})
    function = aws.client("lambda").create_function(
        FunctionName=PEER, Runtime="provided.al2023", Handler="bootstrap", Role=_role(aws), MemorySize=256,
        Timeout=26,
        Code={"ZipFile": _package()},
        Environment={"Variables": {
            "INLET_TABLE": PEER, "INLET_QUEUE_URL": queue["QueueUrl"], "INLET_STAGE": paths.STAGE,
        }},
    )
    gateway = aws.client("apigatewayv2")
    api = gateway.create_api(Name=PEER, ProtocolType="HTTP")["ApiId"]
    integration = gateway.create_integration(
        ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=function["FunctionArn"], PayloadFormatVersion="2.0",
    )
    gateway.create_route(
        ApiId=api, RouteKey="ANY /{provider}/{store}/{topic}", Target=f"integrations/{integration['IntegrationId']}",
    )
    gateway.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
    time.sleep(1)
    return f"{aws.endpoint}/_aws/execute-api/{api}"


def _role(aws: Aws) -> str:
    iam = aws.client("iam")
    if all(role["RoleName"] != PEER for role in iam.list_roles()["Roles"]):
        iam.create_role(RoleName=PEER, AssumeRolePolicyDocument=_policy(TRUSTED))
    iam.put_role_policy(RoleName=PEER, PolicyName=PEER, PolicyDocument=_policy(ALLOWED))
    return iam.get_role(RoleName=PEER)["Role"]["Arn"]


def _policy(statement: dict) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _remove(aws: Aws) -> None:
    gateway, lambdas, tables, queues = map(aws.client, ("apigatewayv2", "lambda", "dynamodb", "sqs"))
    for api in gateway.get_apis()["Items"]:
        if api["Name"] == PEER:
            gateway.delete_api(ApiId=api["ApiId"])
    if any(function["FunctionName"] == PEER for function in lambdas.list_functions()["Functions"]):
        lambdas.delete_function(FunctionName=PEER)
    if PEER in tables.list_tables()["TableNames"]:
        tables.delete_table(TableName=PEER)
    for url in queues.list_queues(QueueNamePrefix=PEER).get("QueueUrls", []):
        queues.delete_queue(QueueUrl=url)


def _package() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as package:
        bootstrap = zipfile.ZipInfo("bootstrap")
        bootstrap.external_attr = 0o755 << 16
        package.writestr(bootstrap, (bench.STRIPPED / "peer-idiomatic").read_bytes())
    return packed.getvalue()
