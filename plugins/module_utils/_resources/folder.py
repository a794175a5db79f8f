# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders: present with tags, absent, or read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .._api.client import Client
from .._api.concurrency import gather_attempts
from .._api.errors import ApiError, StateError
from .._api.own_writes import Written
from .._api.paths import ResourcePath, parse_path
from .._api.request import Replay, Request, item
from .._change import EXISTS, Change, ReadResult, answer_to
from .._spec import CONNECTION, RESOURCE, Spec
from ._parts.leases import in_use, living_leases, named
from ._parts.lifecycle import (
    Place,
    Wanted,
    check_readable,
    deletion,
    doubts,
    explained_creation,
    is_restore,
    look_at,
    revive,
)
from ._parts.tags import Tags
from ._parts.view import view
from ._parts.visibility import (
    NOUNS,
    SHOWN,
    UNTOLD,
    is_predicted_gone,
    listed,
    listed_paths,
    listing,
    must_show,
    read_back,
)

# So many contents are named in a sentence.
_SOME = 5


@dataclass(frozen=True)
class WantedFolder(Wanted):
    """The wanted state of a folder. ``recursive``: a deletion removes its contents too."""

    recursive: bool


def wanted_of(parameters: Mapping[str, Any]) -> WantedFolder:
    """Return the wanted folder from the module's parameters."""
    return WantedFolder.of(parameters, recursive=parameters["recursive"])


def look(client: Client, parameters: Mapping[str, Any]) -> Place:
    """Return the folder at the path, or which folders above it are missing."""
    return look_for(client, wanted_of(parameters))


def look_for(client: Client, wanted: WantedFolder) -> Place:
    """Return the same for a wanted folder."""
    return look_at(client, "folders", wanted)


def plan(place: Place, parameters: Mapping[str, Any]) -> Change:
    """Return the change to the wanted folder.

    :raises OptionError: the API cannot hold so many tags.
    :raises StateError: something deleted is in the way.
    """
    return change_to(place, wanted_of(parameters))


def change_to(place: Place, wanted: WantedFolder) -> Change:
    """Return the change to the wanted folder.

    :raises OptionError: the API cannot hold so many tags.
    :raises StateError: something deleted is in the way.
    """
    if wanted.is_absent:
        return _delete(place, wanted)
    if place.how == SHOWN and place.refusal is not None:
        return _unread(place, wanted)
    if place.living is None:
        return _create(place, wanted)
    return _update(place.living, wanted)


def _delete(place: Place, wanted: WantedFolder) -> Change:
    path = place.path
    before = None if place.living is None else _shown(path, place.living.get("tags"))
    return replace(
        deletion(place, before, permanent=wanted.permanent, recursive=wanted.recursive),
        dry_run=lambda client: _predicted_deletion(client, place, wanted),
        explain=lambda client, error: in_use(error, lambda: _leases_in(client, path)),
    )


def _update(metadata: Mapping[str, Any], wanted: WantedFolder) -> Change:
    path, current = wanted.path, metadata.get("tags") or {}
    after = wanted.tags_from(current)
    return Change(
        requests=wanted.tag_requests("folders", current, after),
        before=_shown(path, current),
        after=_shown(path, after),
        predicted={"folder": _view(path, {**metadata, "tags": after})},
        outcome=lambda client, _answers: _read(client, path, {**metadata, "tags": after}),
        leaves=(Written("folders", str(path), tags=after),),
    )


def _unread(place: Place, wanted: WantedFolder) -> Change:
    """Return no change for a folder that exists and may not be read.

    :raises RefusedError: there are wanted tags.
    """
    if wanted.tags is not None:
        check_readable(place)
    return Change(predicted=_unread_result(place.path))


def _unread_result(path: ResourcePath) -> dict[str, Any]:
    warning = f"{path}: this folder exists, but this token may not read its metadata (ReadFolderMetadata)."
    return {"folder": {"path": str(path), "type": "folder"}, "warnings": [warning]}


def _predicted_deletion(client: Client, place: Place, wanted: WantedFolder) -> dict[str, Any]:
    """Return warnings about contents that may prevent the deletion.

    :raises StateError: contents surely prevent it.
    """
    path = place.path
    if place.living is None:
        return {}
    if wanted.recursive:
        leases = _leases_in(client, path)
        if leases:
            raise StateError(f"{path} cannot be deleted: dynamic secrets in it have active leases: {named(leases)}.")
        return {}
    living, deleted = _contents(client, path)
    contents = sorted({*living, *deleted})
    some = ", ".join(contents[:_SOME]) + (", ..." if len(contents) > _SOME else "")
    with_it = "recursive=true removes its contents with it."
    if living or (deleted and wanted.permanent):
        raise StateError(f"{path} cannot be deleted: it is not empty ({len(contents)}: {some}). {with_it}")
    if not deleted:
        return {}
    # Not every service counts these as contents.
    contains = f"{path} contains deleted items that can be restored ({len(contents)}: {some})"
    return {"warnings": [f"{contains}, so the service may refuse to delete it. {with_it}"]}


def _contents(client: Client, path: ResourcePath) -> tuple[set[str], set[str]]:
    """Return the contents that this token sees, and those that can only be restored."""
    living: set[str] = set()
    deleted: set[str] = set()
    for kind in NOUNS:
        shown = listed_paths(client, kind, str(path)) or ()
        living.update(inner for inner in shown if not is_predicted_gone(client, kind, inner))
        deleted.update(listed_paths(client, kind, str(path), deletedOnly=True) or ())
    return living, deleted


def _leases_in(client: Client, path: ResourcePath) -> list[dict[str, Any]]:
    """Return the active leases of all dynamic secrets in the folder and below it that this token sees."""
    inside = listed_paths(client, "dynamic", str(path), recursive=True) or ()
    paths = [inner for inner in inside if not is_predicted_gone(client, "dynamic", inner)]
    active: list[dict[str, Any]] = []
    for leases in gather_attempts(lambda inner: living_leases(client, parse_path(inner, "path")), paths):
        # If they may not be listed, only a real run finds them.
        if isinstance(leases, list):
            active += leases
    return active


def _create(place: Place, wanted: WantedFolder) -> Change:
    lacking = place.lacking
    missing: tuple[str, ...] = ()
    if lacking and not wanted.parents:
        missing = (f"{place.path}: its folder {lacking[-1]} does not exist, and parents=false forbids creating it.",)
        lacking = ()
    # A deleted folder comes back with all its contents.
    requests = revive(place, wanted.on_deleted)
    if is_restore(requests):
        restored = Written("folders", str(place.deleted), restored=True)
        return replace(_creation(place, wanted, requests, missing), replan=True, leaves=(restored,))
    creation = _creation(place, wanted, requests + _creations(place, wanted, lacking), missing)
    leaves = (*(Written("folders", str(parent)) for parent in lacking), *creation.leaves)
    above = _folders_above(place.path)
    if lacking or not wanted.parents or place.how != UNTOLD or not above:
        return replace(creation, leaves=leaves)
    # Nobody knows whether the folders above exist: if the service refuses, they are created first.
    return replace(creation, leaves=leaves, otherwise=_create(replace(place, lacking=above), wanted))


def _creations(place: Place, wanted: WantedFolder, lacking: Sequence[ResourcePath]) -> tuple[Request, ...]:
    """Return the requests for the missing folders above, the folder and its tags."""
    # A folder that could not be read may exist.
    unread = place.refusal is not None
    above: dict[str, Any] = {"replay": Replay.CREATE, "may_exist": unread, "may_be_denied": unread}
    may_exist = unread and wanted.tags is None
    return (
        *(item("POST", "folders", parent, **above) for parent in lacking),
        item("POST", "folders", place.path, replay=Replay.CREATE, may_exist=may_exist),
        *wanted.tag_requests("folders", {}, wanted.tags_from({})),
    )


def _creation(place: Place, wanted: WantedFolder, requests: tuple[Request, ...], missing: tuple[str, ...]) -> Change:
    path, tags = place.path, wanted.tags_from({})
    return Change(
        requests=requests,
        after=_shown(path, tags),
        predicted={"folder": _view(path, {"tags": tags})},
        outcome=lambda client, answers: _made(client, path, requests, answers, tags),
        explain=lambda _client, error: explained_creation(place, error),
        missing=missing,
        doubts=doubts(place) if place.how == UNTOLD else (),
        leaves=(Written("folders", str(path), tags=tags),),
    )


def _folders_above(path: ResourcePath) -> tuple[ResourcePath, ...]:
    """Return the folders above, outermost first."""
    return () if path.parent is None else (*_folders_above(path.parent), path.parent)


def _made(
    client: Client, path: ResourcePath, requests: Sequence[Request], answers: Sequence[Any], tags: Tags
) -> dict[str, Any]:
    """Return the folder from the answer of its creation, or else read it."""
    answer = answer_to(item("POST", "folders", path), requests, answers)
    if answers and all(given == EXISTS or isinstance(given, ApiError) for given in answers):
        return {**_unread_result(path), "changed": False}
    metadata = (answer or {}).get("metadata")
    if not metadata:
        return _read(client, path, {"tags": tags})
    return {"folder": _view(path, {**metadata, "tags": tags})}


def _read(client: Client, path: ResourcePath, known: Mapping[str, Any]) -> dict[str, Any]:
    def look() -> dict[str, Any]:
        return {"folder": _view(path, must_show(client, "folders", path, "metadata"))}

    return read_back(look, {"folder": _view(path, known)}, f"The folder {path}")


def _view(path: ResourcePath, metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {"path": str(path), "type": "folder", "metadata": view(metadata)}


def _shown(path: ResourcePath, tags: Any) -> dict[str, Any]:
    return {"path": str(path), "tags": dict(tags or {})}


FOLDER = Spec(
    name="folder",
    options={
        **RESOURCE,
        "parents": {"type": "bool", "default": True},
        "recursive": {"type": "bool", "default": False},
    },
    look=look,
    plan=plan,
)


def read(client: Client, parameters: Mapping[str, Any]) -> ReadResult:
    """Return the folders in a folder."""
    folders, missing = listed(client, listing("folders", parameters))
    return ReadResult({"folders": view(folders)}, missing)


FOLDER_INFO = Spec(
    name="folder_info",
    options={
        **CONNECTION,
        "folder": {"type": "str", "default": "/"},
        "recursive": {"type": "bool", "default": False},
        "deleted_only": {"type": "bool", "default": False},
    },
    read=read,
)
