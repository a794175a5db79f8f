# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ansible-doc knows of the collection's plugins."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._resources.index import MODULES

COLLECTION = "community.workload_credentials"
_LOOKUP_FILES = Path(__file__).parents[2] / "plugins" / "lookup"
LOOKUPS = tuple(sorted(path.stem for path in _LOOKUP_FILES.glob("*.py")))
CALLBACKS = ("leases",)
# Its logic is an action plugin alone.
ON_THE_CONTROLLER = "cluster_credentials"
# Their logic is an action plugin and a part on the host.
ON_HOSTS = ("credentials_file", "credentials_file_info")


def documented(kind: str, name: str) -> dict[str, Any]:
    """``doc``, ``examples`` and ``return`` of a module, lookup or callback plugin."""
    names = {"module": (*MODULES, ON_THE_CONTROLLER, *ON_HOSTS), "lookup": LOOKUPS, "callback": CALLBACKS}[kind]
    found: dict[str, Any] = _documentation(kind, names)[name]
    return found


@functools.cache
def _documentation(kind: str, names: tuple[str, ...]) -> dict[str, Any]:
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("ansible-doc")),
            "-t",
            kind,
            "-j",
            *(f"{COLLECTION}.{name}" for name in names),
        ],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return {name: found[f"{COLLECTION}.{name}"] for name in names}
