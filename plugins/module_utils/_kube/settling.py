# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an object is what a manifest says: settles a write whose answer was lost.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._kube.wire import FIELD_MANAGER, Object

# What is a condition of the write, or the cluster's own to set.
_OWN = ("resourceVersion", "uid", "managedFields", "creationTimestamp", "generation")


def is_as_wanted(found: Object, manifest: Object) -> bool:
    """Whether the object has everything that the manifest says, and this collection has written to it."""
    managers = {one.get("manager") for one in found["metadata"].get("managedFields") or ()}
    return FIELD_MANAGER in managers and _holds(found, _wanted(manifest))


def is_leaving(found: Object, reference: Object) -> bool:
    """Whether the object that the reference means is being deleted, and stays only for what holds it."""
    uid = reference["metadata"].get("uid")
    return bool(found["metadata"].get("deletionTimestamp")) and uid in (None, found["metadata"].get("uid"))


def _wanted(manifest: Object) -> dict[str, Any]:
    metadata = {name: value for name, value in manifest["metadata"].items() if name not in _OWN}
    plain = {name: value for name, value in manifest.items() if name not in ("stringData", "status")}
    # What is given as text is kept as data.
    texts = manifest.get("stringData") or {}
    encoded = {name: base64.b64encode(str(text).encode()).decode() for name, text in texts.items()}
    return {**plain, "metadata": metadata, **({"data": {**plain.get("data", {}), **encoded}} if encoded else {})}


def _holds(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, Mapping):
        inner = found if isinstance(found, Mapping) else {}
        return all(_holds(inner.get(name), value) for name, value in wanted.items())
    if isinstance(wanted, (list, tuple)):
        same = isinstance(found, list) and len(found) == len(wanted)
        return same and all(map(_holds, found, wanted))
    return bool(found == wanted)
