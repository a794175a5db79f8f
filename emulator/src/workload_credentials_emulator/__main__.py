# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Command line: `workload-credentials-emulator` serves until Ctrl-C."""

from __future__ import annotations

import argparse
import shlex
import signal
import sys

from .errors import StartError
from .packages import require_packages

try:
    require_packages()
    from .behaviour_options import chosen_behaviour
    from .options import new_parser
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
    options = new_parser(__doc__).parse_args(arguments)
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
            admin_site=options.admin_site,
            admin_token=options.admin_token,
            behaviour=chosen_behaviour(options),
            services=options.service,
            roles=options.role,
            issuer_ca=options.issuer_ca,
            issuer_keys=options.issuer_keys,
            principals=options.principal,
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
    end = f"Open {emulator.url}/ in a browser to see its contents. Press Ctrl-C to stop it."
    return "\n".join(("Point a play at it with:", *lines, f"It behaves {emulator.behaviour}.", end))


if __name__ == "__main__":
    sys.exit(main())
