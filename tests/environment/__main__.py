# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python3 -m tests.environment [FLAVOUR] -- COMMAND ...``: run a command in an isolated environment.

Without a flavour it is the best that this machine can have. The command takes this process's place, so that signals
reach it.
"""

from __future__ import annotations

import argparse
import os
import sys

from tests.environment.environments import Environment, environment
from tests.environment.flavours import FLAVOURS, available
from tests.environment.problem import MissingPrerequisiteError
from tests.environment.progress import report


def main(arguments: list[str]) -> int:
    """Become the command; return 2 where the environment cannot be had."""
    own, command = _split(arguments)
    parser = argparse.ArgumentParser(prog="python3 -m tests.environment", usage="%(prog)s [FLAVOUR] -- COMMAND ...")
    parser.add_argument("flavour", nargs="?", choices=[flavour.name for flavour in FLAVOURS])
    parser.add_argument("--keep", action="append", default=[], metavar="VARIABLE", help="one of yours to pass on")
    options = parser.parse_args(own)
    if not command:
        parser.error("a command is needed after --")
    try:
        variables = _chosen(options.flavour).variables(keep=tuple(options.keep))
    except MissingPrerequisiteError as problem:
        report(str(problem))
        return 2
    except KeyboardInterrupt:
        return 130
    try:
        os.execvpe(command[0], command, variables)
    except OSError as error:
        report(f"{command[0]}: {error.strerror}")
        return 127


def _split(arguments: list[str]) -> tuple[list[str], list[str]]:
    split = arguments.index("--") if "--" in arguments else len(arguments)
    return arguments[:split], arguments[split + 1 :]


def _chosen(name: str | None) -> Environment:
    found = available()
    for flavour, interpreter in found.items():
        if name in (None, flavour.name):
            return environment(flavour, interpreter)
    raise MissingPrerequisiteError(next(flavour.need() for flavour in FLAVOURS if flavour.name == name))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
