# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Load lookups with all that they need once, in the process that all workers are forked from.

Ansible evaluates a lookup in the worker of its task, and each worker would load all this for itself. This relies on
workers being forked, so that they find in ``sys.modules`` what their parent has imported, and on Ansible's loader,
which keeps lookups and their options under names of its own. Otherwise a worker loads what it needs, as it does without
this file. Nothing here opens a connection or starts a thread, which workers could not share.
"""

from __future__ import annotations

# A worker would load it when it mints its first lease.
import ansible_collections.community.workload_credentials.plugins.plugin_utils._leases.run_connections  # noqa: F401  # pylint: disable=unused-import
from ansible.plugins.loader import lookup_loader

_LOOKUPS = ("static_secret", "dynamic_credentials")


def preload() -> None:
    """Load the lookups that most plays use; a worker that uses others loads what they need besides."""
    for name in _LOOKUPS:
        lookup_loader.get(f"community.workload_credentials.{name}", class_only=True)
