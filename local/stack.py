"""Starts and stops the local stack."""

import json
import shlex
import shutil
from concurrent.futures import ThreadPoolExecutor

from local import build, consumer, deploy, emulator, emulator_permissions, paths, port_forward, routes, samlocal, show, store_names, stores, tools
from local.aws import Aws
from local.steps import step


ENVIRONMENT = paths.STATE / "env"

# The last lines of `make up`: the next three commands.
NEXT = """
The local stack runs at {api} (its parts: .local/stack.json; `make down` stops it). Next, in this shell:

  . .local/env
  cargo install --locked --path cli
  inlet console"""


def up(without: list[str], own_consumer: str | None = None) -> None:
    """Start or update the local stack, and send a sample of each provider.

    With `own_consumer`, a function's folder or an endpoint's URL, its events go there instead of to the bus.
    """
    with ThreadPoolExecutor() as beside:
        starting = beside.submit(emulator.start)
        with step("compile the functions"):
            build.compile_functions()
        code = build.fingerprint()
        if not deploy.is_packed(code):
            # The build replaces the last deployment's files: if it or the deployment fails, the record would be wrong.
            deploy.forget()
            with step("sam build"):
                build.pack(deploy.parameters(without))
        running = starting.result()
    aws = Aws(running.endpoint)
    parameters = deploy.parameters(without) + consumer.deploy(aws, own_consumer)
    state = {"emulator": running.started, "code": code, "parameters": parameters}
    if not deploy.is_current(state):
        _deploy(aws, parameters)
        deploy.remember(state)
    stores.put_secrets(aws)
    stack = _describe(aws, without)
    consumer.set_retry_delay(aws, stack["queue_url"], own_consumer)
    _write_environment(aws)
    samlocal.prepare(stack)
    if own_consumer:
        print(consumer.next_commands(aws, own_consumer))
        return
    with step("one sample of each provider"):
        show.send_samples(aws, stack)
    print(NEXT.format(api=stack["api"]))


def down() -> None:
    """Stop the local stack. The tools and compiled code stay for the next time."""
    port_forward.stop()
    emulator.stop()
    deploy.forget()
    paths.STACK_FILE.unlink(missing_ok=True)
    ENVIRONMENT.unlink(missing_ok=True)
    shutil.rmtree(paths.BUILT.parent, ignore_errors=True)


def described() -> dict:
    """Returns the description of the running stack."""
    return json.loads(paths.STACK_FILE.read_text())


def _write_environment(aws: Aws) -> None:
    """Writes .local/env: with it, `sam`, `aws` and `inlet` in a shell act on the local stack and on no real account."""
    variables = {name: value for name, value in aws.environment().items() if name.startswith("AWS_")}
    lines = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    path = f"export PATH={shlex.quote(str(tools.PYTHON / 'bin'))}:$PATH"
    ENVIRONMENT.write_text("\n".join([path, "unset AWS_PROFILE AWS_SESSION_TOKEN", *lines, "export INLET_LOCAL=true", ""]))


def _deploy(aws: Aws, parameters: list[str]) -> None:
    paths.STACK_FILE.unlink(missing_ok=True)
    with step("sam deploy"):
        deploy.deploy(aws, parameters)
    with step("routes and permissions"):
        routes.create(aws)
        emulator_permissions.widen(aws)
        store_names.list_always(aws)


def _describe(aws: Aws, without: list[str]) -> dict:
    """Writes .local/stack.json, which has everything that a client of this stack needs."""
    outputs = aws.outputs()
    stack = {
        "endpoint": aws.endpoint,
        "region": paths.REGION,
        "api": aws.api(),
        "table": outputs["TableName"],
        "queue_url": outputs["QueueUrl"],
        "dlq_url": outputs["DeadLetterQueueUrl"],
        "bus": outputs["BusName"],
        "stage": paths.STAGE,
        "stores": {provider: demo for provider, demo in stores.DEMO.items() if provider not in without},
    }
    paths.STACK_FILE.write_text(json.dumps(stack, indent=2) + "\n")
    return stack
