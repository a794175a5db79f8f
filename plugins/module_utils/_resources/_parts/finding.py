# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Static and dynamic secrets and folders as a reader finds them, and why one is not there.

What only reads loads no more than this.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import Any

from ..._api.client import Client
from ..._api.errors import DeniedError, MissingError
from ..._api.paths import ResourcePath
from .visibility import ABSENT, NOUNS, SHOWN, listed_paths, read, refused, search, shown_at_last

_OTHERS = {"static": "dynamic", "dynamic": "static"}
_READ_BY = {
    "static": "The lookup community.workload_credentials.static_secret reads it; a delivery names it static_secret.",
    "dynamic": (
        "The lookup community.workload_credentials.dynamic_credentials generates from it; a delivery names it "
        "dynamic_secret."
    ),
}


def present(client: Client, kind: str, path: ResourcePath) -> dict[str, Any]:
    """The static or dynamic secret that must be there.

    :raises MissingError: it is not; the text is ``absence``.
    :raises RefusedError: it may not be read, or may not even be there.
    """
    found = find(client, kind, path)
    if found is None:
        raise MissingError(absence(client, kind, path))
    return found


def find(client: Client, kind: str, path: ResourcePath, action: str = "", **query: Any) -> dict[str, Any] | None:
    """An item or its metadata; None: there is none, or none that this token could see.

    :arg action: ``metadata``, or "" for the item itself.
    :raises RefusedError: it may not be read, or may not even be there.
    """
    try:
        return read(client, kind, path, action, **query)
    except DeniedError as error:
        how = search(client, kind, path).how
        if how == ABSENT or (query.get("version") is not None and _is_readable(client, kind, path)):
            return None
        look = partial(read, client, kind, path, action, **query)
        found = shown_at_last(client, kind, str(path), look) if how == SHOWN else None
        if found is not None:
            return found
        raise refused(f"the {NOUNS[kind]} {path}", how, error) from None


def _is_readable(client: Client, kind: str, path: ResourcePath) -> bool:
    """Whether the newest version can be read, so that it is an older one that is not there."""
    try:
        return read(client, kind, path) is not None
    except DeniedError:
        return False


def absence(client: Client, kind: str, path: ResourcePath, hidden: str = "") -> str:
    """Why nothing is at this path, in a sentence that says what to do.

    :arg kind: ``static`` or ``dynamic``.
    :arg hidden: a sentence for where it may be there all the same.
    """
    deleted = listed_paths(client, kind, path.folder, deletedOnly=True)
    if _deleted_by(client, kind, path, deleted) is not None:
        restores = f"community.workload_credentials.{kind}_secret restores it by default"
        return f"{path}: this {kind} secret is deleted. {restores}."
    # The folder's other list stands for a look at the folder: what can be listed is there.
    other = _OTHERS[kind]
    others = None if deleted is None else listed_paths(client, other, path.folder)
    if others is not None and str(path) in others:
        return f"{path}: this is a {NOUNS[other]}, and no {NOUNS[kind]}. {_READ_BY[other]}"
    lacking = lacking_folders(client, path) if others is None else ()
    if lacking:
        return f"{path}: {no_folder(lacking)} {hidden}".strip()
    where = f"folder {path.folder}" if path.folder else "top folder"
    return f"{path}: there is no {kind} secret {path.name!r} in the {where}, which exists. {hidden}".strip()


def find_deleted(client: Client, kind: str, path: ResourcePath) -> ResourcePath | None:
    """The path, if a soft-deleted resource lies there: by the list of its folder, or as a write was told."""
    return _deleted_by(client, kind, path, listed_paths(client, kind, path.folder, deletedOnly=True))


def _deleted_by(client: Client, kind: str, path: ResourcePath, shown: Collection[str] | None) -> ResourcePath | None:
    """The same.

    :arg shown: what the list of the deleted says; None: it may not be listed.
    """
    trace = client.writes.left_at(kind, str(path))
    if trace is not None and trace.gone and (trace.is_recent or shown is None):
        # The list may lag behind.
        return path if trace.deleted else None
    return path if shown is not None and str(path) in shown else None


def lacking_folders(client: Client, path: ResourcePath) -> tuple[ResourcePath, ...]:
    """The folders above the path that are not there, outermost first."""
    parent = path.parent
    if parent is None:
        return ()
    try:
        if read(client, "folders", parent, "metadata") is not None:
            return ()
    except DeniedError:
        found = search(client, "folders", parent)
        return (*found.lacking, parent) if found.how == ABSENT else ()
    return (*lacking_folders(client, parent), parent)


def no_folder(lacking: tuple[ResourcePath, ...]) -> str:
    """Return in words which folder is missing, and where it would have to be."""
    exists = f"; its parent {lacking[0].parent} exists" if lacking[0].parent else ""
    return f"there is no folder {lacking[0]}{exists}."
