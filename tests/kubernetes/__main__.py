# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Command line: `python -m tests.kubernetes` starts a control plane and keeps it until Ctrl-C."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from .binaries import find_binaries
from .errors import ControlPlaneError, MissingPrerequisiteError
from .report import report_to_stderr


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit code: 2 when something must be installed or set first."""
    options = _parser().parse_args(arguments)
    # Both clean up. SIGINT is set too, as shells have it ignored in what a script runs in the background.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        if options.command == "build":
            print(find_binaries(report_to_stderr))
        else:
            _run(options.kubeconfig)
    except MissingPrerequisiteError as error:
        report_to_stderr(str(error))
        return 2
    except ControlPlaneError as error:
        report_to_stderr(str(error))
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _run(kubeconfig: Path | None) -> None:
    try:
        # Here, as building needs no package, and a missing one is to be named rather than shown as a traceback.
        from .control_plane import ControlPlane
    except ModuleNotFoundError as error:
        raise MissingPrerequisiteError(
            f"The Python package {error.name} is needed to start a control plane: install it for {sys.executable}."
        ) from None
    with ControlPlane(kubeconfig) as cluster:
        print(f"ready {cluster.kubeconfig}", flush=True)
        report_to_stderr(f"Kubernetes {cluster.version} at {cluster.server}; Ctrl-C ends it.")
        cluster.wait()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.kubernetes", description=__doc__)
    parser.add_argument(
        "command", nargs="?", choices=("run", "build"), default="run", help="build: only build what is missing"
    )
    parser.add_argument("--kubeconfig", type=Path, metavar="FILE", help="write the admin's kubeconfig to this file")
    return parser


if __name__ == "__main__":
    sys.exit(main())
