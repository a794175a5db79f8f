# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A site or a folder of it as one tree: planned as a whole, and then applied."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._api.client import Client
from .._api.concurrency import USUAL, check_concurrency
from .._change import Change, ReadResult
from .._spec import CONNECTION, RESOURCE, Options, Spec
from ._tree.plan import counts, plan_of
from ._tree.present import look as look_at_tree
from ._tree.shown import entry, text
from ._tree.states import PresentTree
from ._tree.wanted import KINDS, UPDATE_SECRET, refused, wanted_tree


def look(client: Client, parameters: Mapping[str, Any]) -> PresentTree:
    """Return what exists of the tree.

    :raises OptionError: an option of the whole tree cannot be used.
    """
    check_concurrency(parameters["concurrency"])
    return look_at_tree(client, wanted_tree(parameters))


def plan(present: PresentTree, parameters: Mapping[str, Any]) -> Change:
    """Return one change with the writes for all objects.

    :raises StateError: something cannot work; the message has all reasons.
    """
    del parameters
    planned = plan_of(present)
    if planned.problems:
        raise refused(planned.problems)
    entries = sorted(map(entry, planned.changes), key=lambda one: (one["path"], one["kind"]))
    values = {"summary": counts(entries, len(planned.steps) - len(entries), 0), "changes": entries}
    if not entries:
        return Change(predicted=values, warnings=planned.warnings, missing=planned.missing)
    return Change(
        first=lambda client: _carry_out(client, planned),
        predicted=values,
        warnings=planned.warnings,
        doubts=planned.doubts,
        missing=planned.missing,
        text=text(planned),
    )


def _carry_out(client: Client, planned: Any) -> Mapping[str, Any]:
    # Check mode needs nothing of it.
    from ._tree.carry_out import carry_out

    return carry_out(client, planned)


_SECTION: Mapping[str, Any] = {"type": "dict"}
# Values and client secrets are in them.
_HIDDEN_SECTION: Mapping[str, Any] = {"type": "dict", "no_log": True}
_SHARED: Options = {name: RESOURCE[name] for name in ("purge_tags", "permanent", "on_deleted")}

TREE = Spec(
    name="tree",
    options={
        **CONNECTION,
        "root": {"type": "str"},
        "folders": _SECTION,
        "static_secrets": _HIDDEN_SECTION,
        "integrations": _HIDDEN_SECTION,
        "dynamic_secrets": {**_SECTION, "no_log": False},
        "policies": _SECTION,
        "src": {"type": "path"},
        "documents": {"type": "list", "elements": "dict", "no_log": True},
        "prune": {
            "type": "list",
            "elements": "str",
            "choices": [kind.section for kind in KINDS],
            "default": [],
        },
        "prune_limit": {"type": "int", "default": 50},
        **_SHARED,
        # Names of keys, not keys.
        "purge_keys": {"type": "bool", "default": False, "no_log": False},
        "update_secret": UPDATE_SECRET,
        "revoke_leases": {"type": "bool", "default": False},
        "concurrency": {"type": "int", "default": USUAL},
    },
    look=look,
    plan=plan,
    administers_with=("policies", "documents", "prune"),
)


def read(client: Client, parameters: Mapping[str, Any]) -> ReadResult:
    """Return the tree below a folder."""
    from ._tree.export import read as read_tree

    check_concurrency(parameters["concurrency"])
    return read_tree(client, parameters)


TREE_INFO = Spec(
    name="tree_info",
    options={
        **CONNECTION,
        "root": {"type": "str", "default": ""},
        "values": {"type": "bool", "default": False},
        "deleted_only": {"type": "bool", "default": False},
        "policies": {"type": "bool", "default": False},
        "dest": {"type": "path"},
        "vault_id": {"type": "str"},
        "concurrency": {"type": "int", "default": USUAL},
    },
    read=read,
    administers_with=("policies",),
    returns_values=True,
    values_option="values",
)
