# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of each entry that is pushed: in the report and in the diff.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.entries import Entry
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.marks import (
    Found,
    data_keys,
    lease_fields,
    notes_of,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.outcome import Outcome
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.plan import MINT, Step
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.push import shown
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.pushing import Write


def reported(
    step: Step, write: Write | None, found: Found | None, outcome: Outcome, *, is_failed: bool, check_mode: bool
) -> dict[str, Any]:
    """What happened to an entry, by the server's answer; a difference goes into the outcome.

    :arg write: what was to be written, and ``found`` what the server made of it; None: nothing.
    """
    own = {"name": step.name, "namespace": step.namespace, "delivery": "push"}
    now = found if found is not None else step.found
    action = "failed" if is_failed else _happened(step, write, found, check_mode=check_mode)
    if action not in ("failed", "kept") and write is not None and found is not None:
        _differs(step, write, found, outcome, check_mode=check_mode)
    foretold = check_mode and step.action == MINT
    notes = notes_of(now) if now is not None and not foretold else {}
    keys = data_keys(now) if now is not None else []
    return {**own, "action": action, "reason": step.reason, "keys": keys, **lease_fields(notes)}


def _happened(step: Step, write: Write | None, found: Found | None, *, check_mode: bool) -> str:
    if write is None or found is None:
        return "kept"
    before = write.before
    version = found["metadata"].get("resourceVersion")
    if before is not None and not check_mode and before["metadata"].get("resourceVersion") == version:
        return "kept"
    return "created" if before is None else "renewed" if step.action == MINT else "updated"


def _differs(step: Step, write: Write, found: Found, outcome: Outcome, *, check_mode: bool) -> None:
    before = write.before
    same = before is not None and before.get("data") == found.get("data") and step.action != MINT
    old, new = ("as it was", "as it was") if same else ("old values", "new values")
    is_minted = not (check_mode and step.action == MINT)
    outcome.differs(step.where, None if before is None else shown(before, old), shown(found, new, is_minted=is_minted))


def foreseen_report(entry: Entry) -> dict[str, Any]:
    """What check mode reports of an entry whose source is still to be made."""
    own = {"name": entry.name, "namespace": entry.namespace, "delivery": entry.delivery}
    said = {"action": "created", "reason": "its source is still to be made", "keys": []}
    return {**own, **said, **lease_fields({})}
