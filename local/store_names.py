"""Makes the receivers of the local stack list the stores' names for each new name: tests configure stores and use them immediately."""

from local import paths
from local.aws import Aws

VARIABLE = "INLET_STORE_NAMES_SECONDS"


def list_always(aws: Aws, stack: str = paths.STACK) -> None:
    """Sets the lifetime of each receiver's list of names to zero. In an account it is 50 seconds."""
    functions, resources = aws.client("lambda"), aws.resources(stack)
    for function in map(paths.function, paths.PROVIDERS):
        if name := resources.get(function):
            variables = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
            functions.update_function_configuration(
                FunctionName=name, Environment={"Variables": variables | {VARIABLE: "0"}}
            )
