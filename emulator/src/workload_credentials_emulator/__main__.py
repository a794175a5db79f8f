# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Command line: `workload-credentials-emulator` serves until Ctrl-C."""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import sys
from pathlib import Path

from .errors import StartError
from .packages import require_packages

try:
    require_packages()
    from .behaviour_options import add_behaviour_options, chosen_behaviour
    from .server import DEMO_SITE, DEMO_TOKEN, Emulator
except ModuleNotFoundError as error:
    print(
        f"emulator: the Python package {error.name} is missing: install the emulator with its dependencies.",
        file=sys.stderr,
    )
    sys.exit(2)
except StartError as error:
    print(f"emulator: {error}", file=sys.stderr)
    sys.exit(2)


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit code: 2 when it cannot start."""
    options = _parser().parse_args(arguments)
    # Ends as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        emulator = Emulator(
            options.site or [DEMO_SITE],
            options.token or [DEMO_TOKEN],
            host=options.host,
            port=options.port,
            tls_dir=options.tls_dir,
            tls=not options.no_tls,
            tls_names=options.tls_name,
            control_token=options.control_token,
            behaviour=chosen_behaviour(options),
            services=options.service,
            roles=options.role,
            leading_slash=options.leading_slash,
            example=options.with_example,
            fill=options.fill,
        )
        emulator.run(lambda: _announce(emulator, options))
    except StartError as error:
        print(f"emulator: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        pass
    return 0


def _announce(emulator: Emulator, options: argparse.Namespace) -> None:
    if options.explain:
        print(_explanation(emulator), file=sys.stderr, flush=True)
    if emulator.control_token and (options.explain or not options.control_token):
        header = f"Authorization: Bearer {emulator.control_token}"
        print(f"{emulator.url}/_control wants the header {header}", file=sys.stderr, flush=True)
    print(f"ready {emulator.url}", flush=True)


def _explanation(emulator: Emulator) -> str:
    lines = [f"export {name}={shlex.quote(value)}" for name, value in emulator.environment.items()]
    end = f"Look inside at {emulator.url}/_control/journal; Ctrl-C ends it."
    return "\n".join(("Point a play at it with:", *lines, f"It behaves {emulator.behaviour}.", end))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="workload-credentials-emulator", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8443, help="0 for a free one (default: %(default)s)")
    parser.add_argument("--site", action="append", metavar="UUID", help=f"may be repeated (default: {DEMO_SITE})")
    parser.add_argument(
        "--token",
        action="append",
        help=f"may be repeated: one for each site in their order, else each opens all sites (default: {DEMO_TOKEN})",
    )
    for kind, header in (("service", "X-BT-Service-Name"), ("role", "X-BT-Role")):
        parser.add_argument(
            f"--{kind}",
            action="append",
            default=[],
            metavar="NAME[=JWKS]",
            help=f"what the header {header} may say, may be repeated; with a JSON Web Key Set it takes only JWTs "
            "that one of its keys has signed for the site (default: anything)",
        )
    parser.add_argument(
        "--leading-slash", action="store_true", help="show static secrets' paths with a slash before them"
    )
    parser.add_argument(
        "--with-example",
        action="store_true",
        help="begin with what the collection's guides work with",
    )
    parser.add_argument(
        "--with",
        dest="fill",
        type=Path,
        metavar="FILE",
        help="begin with what this YAML or JSON file has: folders, static, integrations, dynamic, sites, tokens",
    )
    parser.add_argument(
        "--tls-dir", type=Path, metavar="DIR", help="folder of ca.pem, server.pem and server.key, made when missing"
    )
    parser.add_argument(
        "--tls-name",
        action="append",
        metavar="NAME",
        default=os.environ.get("EMULATOR_TLS_NAMES", "").replace(",", " ").split(),
        help="a name or address that the certificate is for, may be repeated (besides those in $EMULATOR_TLS_NAMES)",
    )
    parser.add_argument("--no-tls", action="store_true", help="serve plain HTTP, whatever is said of TLS")
    parser.add_argument(
        "--control-token",
        default=os.environ.get("EMULATOR_CONTROL_TOKEN", ""),
        metavar="TOKEN",
        help="what /_control asks for (default: $EMULATOR_CONTROL_TOKEN; without it one is made up and printed where "
        "other machines reach the port, and none is needed elsewhere)",
    )
    add_behaviour_options(parser)
    parser.add_argument("--explain", action="store_true", help="say how to point a play at it")
    return parser


if __name__ == "__main__":
    sys.exit(main())
