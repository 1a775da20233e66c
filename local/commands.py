"""The commands of `python3 -m local`, for which the tools are installed."""

import argparse

from local import (
    arm64, bench, build, checks, compilers, consumer_packages, dist, event_types, faults, fuzz, load, order, package, paths,
    port_forward, samlocal, stack, upgrade,
)


def run(arguments: list[str]) -> None:
    """Runs the command that the arguments name."""
    chosen = _parser().parse_args(arguments)
    chosen.act(chosen)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python3 -m local", description=__doc__)
    commands = parser.add_subparsers(required=True)

    up = commands.add_parser("up", help=stack.up.__doc__)
    up.add_argument("--without", nargs="*", default=[], choices=paths.PROVIDERS, help="providers not to deploy")
    up.add_argument("--consumer", help="a folder with the SAM template of a function, or the URL of an endpoint")
    up.set_defaults(act=lambda chosen: stack.up(chosen.without, chosen.consumer))

    sent = commands.add_parser("order", help=order.order.__doc__)
    sent.set_defaults(act=lambda _: order.order())

    down = commands.add_parser("down", help=stack.down.__doc__)
    down.set_defaults(act=lambda _: stack.down())

    sam_local = commands.add_parser("sam-local", help=samlocal.invoke_all.__doc__)
    sam_local.set_defaults(act=lambda _: samlocal.invoke_all())

    matrix = commands.add_parser("faults", help=faults.faults.__doc__)
    matrix.set_defaults(act=lambda _: faults.faults())

    soak = commands.add_parser("soak", help=faults.soak.__doc__)
    soak.add_argument("events", nargs="?", type=int, default=5_000)
    soak.set_defaults(act=lambda chosen: faults.soak(chosen.events))

    flood = commands.add_parser("flood", help=faults.flood.__doc__)
    flood.set_defaults(act=lambda _: faults.flood())

    fuzzing = commands.add_parser("fuzz", help=fuzz.fuzz.__doc__)
    fuzzing.add_argument("seconds", nargs="?", type=int, default=60)
    fuzzing.set_defaults(act=lambda chosen: fuzz.fuzz(chosen.seconds))

    measured = commands.add_parser("bench", help=bench.bench.__doc__)
    measured.add_argument("rounds", nargs="?", type=int, default=5)
    measured.set_defaults(act=lambda chosen: bench.bench(chosen.rounds))

    until_handler = commands.add_parser("bench-consumers", help=bench.consumers.__doc__)
    until_handler.add_argument("rounds", nargs="?", type=int, default=5)
    until_handler.set_defaults(act=lambda chosen: bench.consumers(chosen.rounds))

    priced = commands.add_parser("bench-prices", help=bench.prices.__doc__)
    priced.add_argument("events", nargs="?", type=int, default=1_000)
    priced.set_defaults(act=lambda chosen: bench.prices(chosen.events))

    rated = commands.add_parser("bench-rates", help=bench.rates.__doc__)
    rated.add_argument("rounds", nargs="?", type=int, default=5)
    rated.set_defaults(act=lambda chosen: bench.rates(chosen.rounds))

    for_arm64 = commands.add_parser("bench-arm64", help=bench.arm64_instructions.__doc__)
    for_arm64.set_defaults(act=lambda _: bench.arm64_instructions())

    driven = commands.add_parser("load", help=load.load.__doc__)
    driven.add_argument("seconds", nargs="?", type=int, default=20)
    driven.set_defaults(act=lambda chosen: load.load(chosen.seconds))

    report = commands.add_parser("bench-report", help=bench.report.__doc__)
    report.set_defaults(act=lambda _: bench.report())

    gate = commands.add_parser("gate", help=bench.gate.__doc__)
    gate.add_argument("--accept", action="store_true", help="write the figures instead of comparing them")
    gate.set_defaults(act=lambda chosen: bench.gate(chosen.accept))

    emulated = commands.add_parser("arm64", help=arm64.arm64.__doc__)
    emulated.set_defaults(act=lambda _: arm64.arm64())

    packed = commands.add_parser("package", help=package.package.__doc__)
    packed.set_defaults(act=lambda chosen: package.package(chosen.architectures))

    typed = commands.add_parser("types", help=event_types.write.__doc__)
    typed.set_defaults(act=lambda _: event_types.write())

    for_consumers = commands.add_parser("packages", help=consumer_packages.build.__doc__)
    for_consumers.set_defaults(act=lambda _: consumer_packages.build())

    released = commands.add_parser("dist", help=dist.dist.__doc__)
    released.add_argument("architectures", nargs="*", metavar="architecture")
    released.set_defaults(act=lambda chosen: dist.dist(chosen.architectures))

    released_here = commands.add_parser("dist-check", help=dist.check.__doc__)
    released_here.set_defaults(act=lambda _: dist.check())

    packed_twice = commands.add_parser("package-check", help=package.check.__doc__)
    packed_twice.set_defaults(act=lambda chosen: package.check(chosen.architectures))

    for packing in (packed, packed_twice):
        packing.add_argument("architectures", nargs="*", default=list(compilers.FUNCTIONS), metavar="architecture")

    release = commands.add_parser("record-release", help=upgrade.record.__doc__)
    release.set_defaults(act=lambda _: upgrade.record())

    forward = commands.add_parser(port_forward.COMMAND, help=port_forward.serve.__doc__)
    forward.add_argument("gateway")
    forward.add_argument("port", type=int)
    forward.set_defaults(act=lambda chosen: port_forward.serve(chosen.gateway, chosen.port))

    lint = commands.add_parser("lint", help=checks.lint.__doc__)
    lint.set_defaults(act=lambda _: checks.lint())

    test = commands.add_parser("test", help=checks.test.__doc__)
    test.set_defaults(act=lambda _: checks.test())
    return parser
