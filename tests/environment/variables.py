# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables that commands see: nothing of the person's own work decides what demo and tests do."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

FOREIGN = (
    "ANSIBLE_",
    "AWS_",
    "AZURE_",
    "BEYONDTRUST_",
    "K8S_AUTH_",
    "KUBECONFIG",
    "MYPY",
    "PYTEST_",
    "PYTHON",
    "VIRTUAL_ENV",
)


def for_command(programs: Path, paths: Mapping[str, Sequence[Path]], keep: Collection[str]) -> dict[str, str]:
    """Return the variables for a command of a virtual environment.

    :arg programs: the environment's commands.
    :arg paths: variables that hold paths.
    :arg keep: the person's own that it shall see all the same.
    """
    inherited = {name: value for name, value in os.environ.items() if name in keep or not name.startswith(FOREIGN)}
    own = {
        "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "VIRTUAL_ENV": str(programs.parent),
        # Ansible passes over a file that does not exist, and takes the next that does.
        "ANSIBLE_CONFIG": str(Path(__file__).with_name("ansible.cfg")),
        **{name: os.pathsep.join(map(str, values)) for name, values in paths.items()},
    }
    return {**inherited, **{name: value for name, value in own.items() if name not in keep}}
