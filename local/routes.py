"""Creates the API's routes from the OpenAPI body of the deployed template, which the emulator ignores."""

import json
import re

from local import paths
from local.aws import Aws
from local.template import Conditions

# The extensions in which SAM writes a route; only the integration's function is needed.
ANY_METHOD = "x-amazon-apigateway-any-method"
INTEGRATION = "x-amazon-apigateway-integration"
DEFAULT_PATH = "$default"
FUNCTION_IN_URI = re.compile(r"\$\{(\w+)\.Arn\}")


def create(aws: Aws, stack: str = paths.STACK) -> None:
    """Replaces the API's routes by those of the deployed template."""
    cloudformation = aws.client("cloudformation")
    described = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    parameters = {parameter["ParameterKey"]: parameter["ParameterValue"] for parameter in described["Parameters"]}
    deployed = cloudformation.get_template(StackName=stack, TemplateStage="Processed")["TemplateBody"]
    template = deployed if isinstance(deployed, dict) else json.loads(deployed)

    conditions = Conditions(template.get("Conditions", {}), parameters)
    body = conditions.resolve(template["Resources"]["Api"]["Properties"]["Body"])
    resources = aws.resources(stack)
    _replace(aws, resources["Api"], {key: resources[function] for key, function in _routes(body).items()})


def _routes(body: dict) -> dict[str, str]:
    """Returns the logical id of the function by route key."""
    return {
        _key(method, path): FUNCTION_IN_URI.search(operation[INTEGRATION]["uri"]["Fn::Sub"])[1]
        for path, methods in body["paths"].items()
        for method, operation in methods.items()
    }


def _key(method: str, path: str) -> str:
    """Returns the route key. SAM writes the route `$default` as a path of its own."""
    if path == DEFAULT_PATH:
        return "$default"
    return f"{'ANY' if method == ANY_METHOD else method.upper()} {path}"


def _replace(aws: Aws, api: str, routes: dict[str, str]) -> None:
    gateway = aws.client("apigatewayv2")
    for route in gateway.get_routes(ApiId=api)["Items"]:
        gateway.delete_route(ApiId=api, RouteId=route["RouteId"])
    for integration in gateway.get_integrations(ApiId=api)["Items"]:
        gateway.delete_integration(ApiId=api, IntegrationId=integration["IntegrationId"])
    targets = {function: _integrate(aws, api, function) for function in sorted(set(routes.values()))}
    for key, function in sorted(routes.items()):
        gateway.create_route(ApiId=api, RouteKey=key, Target=targets[function])


def _integrate(aws: Aws, api: str, function: str) -> str:
    arn = aws.client("lambda").get_function(FunctionName=function)["Configuration"]["FunctionArn"]
    integration = aws.client("apigatewayv2").create_integration(
        ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=arn, PayloadFormatVersion="2.0"
    )
    return f"integrations/{integration['IntegrationId']}"
