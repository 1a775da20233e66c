"""The commands of the local stack; `make help` lists them."""

import sys

from local import build, tools
from local.steps import Failed


def main() -> None:
    try:
        _run()
    except Failed as failure:
        sys.exit(f"failed: {failure}")


def _run() -> None:
    if not tools.ready():
        # `up` takes longest to compile: it starts that before all tools are installed.
        tools.install(meanwhile=build.compile_functions if sys.argv[1:2] == ["up"] else None)
        tools.restart()
    from local import commands

    commands.run(sys.argv[1:])


main()
