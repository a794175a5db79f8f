# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading folders, static and dynamic secrets, and why one is missing. Readers load only this file."""

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
    """Return a static or dynamic secret.

    :raises MissingError: it does not exist; the message is ``absence``.
    :raises RefusedError: this token may not read it, and it exists or may exist.
    """
    secret = find(client, kind, path)
    if secret is None:
        raise MissingError(absence(client, kind, path))
    return secret


def find(client: Client, kind: str, path: ResourcePath, action: str = "", **query: Any) -> dict[str, Any] | None:
    """Return an item or its metadata; None: it does not exist, or this token does not see it.

    :arg action: ``metadata``, or "" for the item itself.
    :raises RefusedError: this token may not read it, and it exists or may exist.
    """
    try:
        return read(client, kind, path, action, **query)
    except DeniedError as error:
        how = search(client, kind, path).how
        if how == ABSENT or (query.get("version") is not None and _is_readable(client, kind, path)):
            return None
        look = partial(read, client, kind, path, action, **query)
        resource = shown_at_last(client, kind, str(path), look) if how == SHOWN else None
        if resource is not None:
            return resource
        raise refused(f"the {NOUNS[kind]} {path}", how, error) from None


def _is_readable(client: Client, kind: str, path: ResourcePath) -> bool:
    """Return whether the newest version can be read, so that only the wanted one is missing."""
    try:
        return read(client, kind, path) is not None
    except DeniedError:
        return False


def absence(client: Client, kind: str, path: ResourcePath, hidden: str = "") -> str:
    """Return a sentence about why nothing is at this path and what to do.

    :arg kind: ``static`` or ``dynamic``.
    :arg hidden: a sentence to add if it may exist nevertheless.
    """
    deleted = listed_paths(client, kind, path.folder, deletedOnly=True)
    if _deleted_by(client, kind, path, deleted) is not None:
        restores = f"community.workload_credentials.{kind}_secret restores it by default"
        return f"{path}: this {kind} secret is deleted. {restores}."
    # If the folder's other list can be read, the folder exists.
    other = _OTHERS[kind]
    others = None if deleted is None else listed_paths(client, other, path.folder)
    if others is not None and str(path) in others:
        return f"{path}: this is a {NOUNS[other]} and not a {NOUNS[kind]}. {_READ_BY[other]}"
    lacking = lacking_folders(client, path) if others is None else ()
    if lacking:
        return f"{path}: {no_folder(lacking)} {hidden}".strip()
    where = f"folder {path.folder}" if path.folder else "top folder"
    return f"{path}: there is no {kind} secret {path.name!r} in the {where}, which exists. {hidden}".strip()


def find_deleted(client: Client, kind: str, path: ResourcePath) -> ResourcePath | None:
    """Return the path if a deleted resource there can be restored, as its folder's list or this run's writes show."""
    return _deleted_by(client, kind, path, listed_paths(client, kind, path.folder, deletedOnly=True))


def _deleted_by(client: Client, kind: str, path: ResourcePath, shown: Collection[str] | None) -> ResourcePath | None:
    """Return the path if a deleted resource there can be restored.

    :arg shown: the paths in the list of deleted resources; None: it may not be read.
    """
    trace = client.writes.left_at(kind, str(path))
    if trace is not None and trace.gone and (trace.is_recent or shown is None):
        # The list may lag behind.
        return path if trace.deleted else None
    return path if shown is not None and str(path) in shown else None


def lacking_folders(client: Client, path: ResourcePath) -> tuple[ResourcePath, ...]:
    """Return the missing folders above the path, outermost first."""
    parent = path.parent
    if parent is None:
        return ()
    try:
        if read(client, "folders", parent, "metadata") is not None:
            return ()
    except DeniedError:
        result = search(client, "folders", parent)
        return (*result.lacking, parent) if result.how == ABSENT else ()
    return (*lacking_folders(client, parent), parent)


def no_folder(lacking: tuple[ResourcePath, ...]) -> str:
    """Return a sentence about which folder is missing, and its parent."""
    exists = f"; its parent {lacking[0].parent} exists" if lacking[0].parent else ""
    return f"there is no folder {lacking[0]}{exists}."
