# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real runs to take pictures of."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from workload_credentials_emulator import Emulator


def run(command: Sequence[str], service: Emulator, folder: Path, **variables: str) -> str:
    """Run a program of Ansible's against this service, and return what it prints.

    :raises subprocess.CalledProcessError: it failed.
    """
    own = {
        **service.environment,
        "ANSIBLE_CALLBACKS_ENABLED": "community.workload_credentials.leases",
        # Nothing of other runs on this machine.
        "ANSIBLE_HOME": str(folder / "ansible"),
        "ANSIBLE_REMOTE_TMP": str(folder / "ansible" / "tmp"),
        **variables,
    }
    program = str(Path(sys.executable).with_name(command[0]))
    environment = {**os.environ, **own}
    # stderr has warnings that there is no inventory; what it says of a failure is seen.
    return subprocess.run(
        [program, *command[1:]], cwd=folder, env=environment, stdout=subprocess.PIPE, text=True, check=True
    ).stdout
