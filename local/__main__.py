"""The local stack's commands; `make help` says what each is for."""

import sys

from local import tools


def main() -> None:
    if not tools.ready():
        tools.install()
        tools.restart()
    from local import commands

    commands.run(sys.argv[1:])


main()
