# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lists show of a site below one folder: each list is read once, and recursively."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ..._api.client import Client
from ..._api.concurrency import run_concurrently
from ..._api.errors import DeniedError, NotFoundError
from ..._api.paths import integration_path
from ..._api.request import Request
from .._parts.lifecycle import Place, look_at
from .._parts.visibility import ABSENT, entries_now
from .wanted import FOLDERS, WantedTree

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Lists:
    """The lists of a site, as far as a tree needs them.

    :arg living: the entries of each kind by path; None: this token may not list them.
    :arg integrations: the entries by type and name; None: this token may not list them, or nobody needs them.
    :arg top: the root, if it cannot be listed: it is missing, deleted or hidden. None: it exists.
    :arg deleted: what can be restored, by kind and path; a kind that is missing here was not listed.
    """

    living: Mapping[str, Mapping[str, Row] | None]
    integrations: Mapping[str, Row] | None = None
    top: Place | None = None
    deleted: Mapping[str, Mapping[str, Row]] = field(default_factory=dict)

    def rows(self, kind: str) -> Mapping[str, Row]:
        """Return what is there of a kind, as far as this token sees it."""
        return self.living.get(kind) or {}

    def restorable(self, kind: str) -> Mapping[str, Row]:
        """Return what can be restored of a kind, as far as this token sees it."""
        return self.deleted.get(kind) or {}

    @cached_property
    def deleted_paths(self) -> Mapping[str, frozenset[str]]:
        """Return the paths of all that can be restored by kind, the root and the folders above it among them."""
        paths = {kind: frozenset(rows) for kind, rows in self.deleted.items()}
        if self.top is not None and self.top.deleted is not None:
            folders = paths.get(FOLDERS.api, frozenset())
            paths[FOLDERS.api] = folders | {str(self.top.deleted)}
        return paths

    def is_refused(self, kind: str) -> bool:
        """Return whether this token may not list a kind."""
        return kind in self.living and self.living[kind] is None


def lists_of(client: Client, tree: WantedTree, kinds: Iterable[str], *, integrations: bool) -> Lists:
    """Return the living objects of these kinds below the tree's root, and the integrations of the site.

    :raises RequestError: the service does not answer as it should.
    """
    wanted: list[str] = [*kinds, *(["integrations"] if integrations else [])]
    lists = run_concurrently(lambda kind: _list(client, kind, tree.root), wanted, tree.concurrency)
    entries = dict(zip(wanted, lists))
    found = entries.pop("integrations", None)
    top = None
    if tree.root and None in entries.values():
        top = _missing(client, tree)
        if top is not None:
            entries = {kind: {} for kind in entries}
    return Lists(entries, found, top)


def restorable(client: Client, tree: WantedTree, kinds: Iterable[str]) -> dict[str, Mapping[str, Row]]:
    """Return what can be restored of these kinds below the root."""
    wanted = list(kinds)
    lists = run_concurrently(lambda kind: _list(client, kind, tree.root, deleted=True), wanted, tree.concurrency)
    return {kind: entries or {} for kind, entries in zip(wanted, lists)}


def _list(client: Client, kind: str, root: str, *, deleted: bool = False) -> dict[str, Row] | None:
    """Return a list's entries by path; None: it is refused, or there is no such folder."""
    if kind == "integrations":
        request = Request("GET", integration_path())
    else:
        request = Request("GET", f"/{kind}", query={"path": root, "recursive": True, "deletedOnly": deleted})
    try:
        entries = entries_now(client, request)
    except (DeniedError, NotFoundError):
        return None
    if kind == "integrations":
        return {f"{entry['type']}/{entry['name']}": entry for entry in entries}
    return {str(entry["path"]).strip("/"): entry for entry in entries}


def _missing(client: Client, tree: WantedTree) -> Place | None:
    """Return the root as its module finds it if it is missing; None: it exists, and may not be listed."""
    place = look_at(client, FOLDERS.api, tree.folder(tree.root).wanted)
    is_missing = place.living is None and (place.refusal is None or place.how == ABSENT)
    return place if is_missing else None
