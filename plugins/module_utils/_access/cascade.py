# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How grants cascade: the one place that knows which resources a grant reaches, and with which actions."""

from __future__ import annotations

from .actions import DYNAMIC, FOLDER, INTEGRATION, PRODUCT, STATIC, checked_on, disputed
from .cedar import Grant, Resource


def covers(granted: Resource, target: Resource) -> bool:
    """Return whether a grant on one resource counts on another.

    What is granted on a folder counts on everything below it, what is granted on the product everywhere. Folders hold
    no integrations. A grant on anything else counts there alone.
    """
    if granted == target or granted.kind == PRODUCT:
        return True
    if granted.kind != FOLDER or target.kind not in (FOLDER, STATIC, DYNAMIC):
        return False
    return not granted.path or target.path.startswith(f"{granted.path}/")


def granted_on(grant: Grant, target: Resource) -> frozenset[str]:
    """Return the actions that a grant allows on a resource, with roles expanded; none: it does not reach it."""
    return checked_on(grant.actions, target.kind) if covers(grant.resource, target) else frozenset()


def disputed_on(grant: Grant, target: Resource) -> frozenset[str]:
    """Return the actions of which the vendor's documents do not agree whether the grant allows them on a resource."""
    return disputed(grant.actions, target.kind) if covers(grant.resource, target) else frozenset()


def distance(granted: Resource, target: Resource) -> int:
    """Return how far a grant's resource is from another: the steps from one to the other in the tree of folders."""
    if INTEGRATION in (granted.kind, target.kind):
        return 0 if granted == target else 1000
    one, other = _steps(granted), _steps(target)
    shared = 0
    while shared < min(len(one), len(other)) and one[shared] == other[shared]:
        shared += 1
    return len(one) + len(other) - 2 * shared


def _steps(resource: Resource) -> list[str]:
    return resource.path.split("/") if resource.path else []
