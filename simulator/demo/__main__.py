"""The command line of the demo (`scripts/demo`)."""

import argparse
from collections.abc import Sequence
import sys

from simulator.demo import MODELS, PORT, PROXY_PORT


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/demo",
        description="Start a Home Assistant with this integration, a virtual ESPHome Bluetooth proxy"
        " and a virtual lock behind it.",
        epilog="It listens on 127.0.0.1 only. If you are logged in by ssh, it prints the command that brings its port to"
        " your own computer.",
    )
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument(
        "--check", action="store_true", help="do the main job without a person, print one line a step and end"
    )
    mode.add_argument("--ready", action="store_true", help="add the lock before anybody looks")
    parser.add_argument("--port", type=int, help=f"port of Home Assistant; default {PORT}")
    parser.add_argument("--proxy-port", type=int, help=f"port of the Bluetooth proxy; default {PROXY_PORT}")
    parser.add_argument("--model", choices=MODELS, default="gen3", help="model of the lock; default gen3")
    parser.add_argument(
        "--keep", action="store_true", help="go on where the last demo ended instead of starting afresh"
    )
    parser.add_argument(
        "--without-esphome",
        action="store_true",
        help="use an adapter inside Home Assistant's process instead of an ESPHome proxy;"
        " done by itself where the packages that ESPHome needs did not compile",
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    options = _parser().parse_args(arguments)
    # It imports Home Assistant, which takes longer than an answer to --help should.
    from simulator.demo.running import run

    return run(options)


if __name__ == "__main__":
    sys.exit(main())
