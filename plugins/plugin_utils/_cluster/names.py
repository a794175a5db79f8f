# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role's names in a cluster.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

MANAGED_LABEL = {"app.kubernetes.io/managed-by": "community.workload_credentials"}
# What selects the role's objects.
SELECTOR = tuple(f"{name}={value}" for name, value in MANAGED_LABEL.items())
# Whose they are, where several lists of entries share a cluster; what has no such label is the default owner's.
OWNER_LABEL, DEFAULT_OWNER = "workload-credentials.ansible.com/owner", "default"
# The Secrets with which the operator reaches the Secrets API.
TOKEN_SECRET, CA_SECRET = "workload-credentials-token", "workload-credentials-ca"
PART_LABEL = {"app.kubernetes.io/component": "operator-connection"}


def labels_for(owner: str) -> dict[str, str]:
    """The labels of an owner's objects. A label of the default owner would be a new lease where there was none."""
    return {**MANAGED_LABEL, **({OWNER_LABEL: owner} if owner != DEFAULT_OWNER else {})}
