# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders: present with tags, absent, or read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
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
from ._parts.lifecycle import Place, deletion, doubts, existing, explained_creation, is_restore, look_at, revive
from ._parts.tags import tag_requests, tags_after, wanted_tags
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

# As many are named as fit a sentence.
_SOME = 5


def look(client: Client, parameters: Mapping[str, Any]) -> Place:
    """What is at the path, or which folders above it lack."""
    return look_at(client, "folders", parameters)


def plan(found: Place, parameters: Mapping[str, Any]) -> Change:
    """What is to be done so that the folder is as wanted.

    :raises OptionError: more tags than the API can hold.
    :raises StateError: something deleted is in the way.
    """
    path, metadata = found.path, found.living
    if parameters["state"] == "absent":
        before = None if metadata is None else _shown(path, metadata.get("tags"))
        return replace(
            deletion(found, before, parameters, recursive=parameters["recursive"]),
            dry_run=lambda client: _predicted_deletion(client, found, parameters),
            explain=lambda client, error: in_use(error, lambda: _leases_in(client, path)),
        )
    if found.how == SHOWN and found.refusal is not None:
        return _unread(found, parameters)
    if metadata is None:
        return _create(found, parameters)
    current = metadata.get("tags") or {}
    after = tags_after(current, wanted_tags(parameters), purge=parameters["purge_tags"])
    return Change(
        requests=tag_requests("folders", path, current, after, purge=parameters["purge_tags"]),
        before=_shown(path, current),
        after=_shown(path, after),
        predicted={"folder": _view(path, {**metadata, "tags": after})},
        outcome=lambda client, _answers: _read(client, path, {**metadata, "tags": after}),
        leaves=(Written("folders", str(path), tags=after),),
    )


def _unread(found: Place, parameters: Mapping[str, Any]) -> Change:
    """A folder that is there and may not be read, which is enough where no tags are asked for.

    :raises RefusedError: some are.
    """
    if parameters["tags"] is not None:
        existing(found)
    return Change(predicted=_there(found.path))


def _there(path: ResourcePath) -> dict[str, Any]:
    warning = f"{path}: this folder exists, and this token may not read its metadata (ReadFolderMetadata)."
    return {"folder": {"path": str(path), "type": "folder"}, "warnings": [warning]}


def _predicted_deletion(client: Client, found: Place, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """What a listing shows to be in the way of the deletion.

    :raises StateError: something is.
    """
    if found.living is None:
        return {}
    if parameters["recursive"]:
        leases = _leases_in(client, found.path)
        if leases:
            raise StateError(
                f"{found.path} cannot be deleted: dynamic secrets in it have active leases: {named(leases)}."
            )
        return {}
    living, deleted = _contents(client, found.path)
    contents = sorted({*living, *deleted})
    some = ", ".join(contents[:_SOME]) + (", ..." if len(contents) > _SOME else "")
    with_it = "recursive=true removes its contents with it."
    if living or (deleted and parameters["permanent"]):
        raise StateError(f"{found.path} cannot be deleted: it is not empty ({len(contents)}: {some}). {with_it}")
    # Services differ in whether these count.
    doubt = (
        f"{found.path} holds what can be restored ({len(contents)}: {some}), for which the service may refuse to "
        f"delete it. {with_it}"
    )
    return {"warnings": [doubt]} if deleted else {}


def _contents(client: Client, path: ResourcePath) -> tuple[set[str], set[str]]:
    """What lies in the folder, as far as this token sees it, and what is only restorable."""
    living: set[str] = set()
    deleted: set[str] = set()
    for kind in NOUNS:
        shown = listed_paths(client, kind, str(path)) or ()
        living.update(one for one in shown if not is_predicted_gone(client, kind, one))
        deleted.update(listed_paths(client, kind, str(path), deletedOnly=True) or ())
    return living, deleted


def _leases_in(client: Client, path: ResourcePath) -> list[dict[str, Any]]:
    """The active leases of the dynamic secrets anywhere in the folder, as far as this token sees them."""
    inside = listed_paths(client, "dynamic", str(path), recursive=True) or ()
    paths = [one for one in inside if not is_predicted_gone(client, "dynamic", one)]
    found = gather_attempts(lambda one: living_leases(client, parse_path(one, "path")), paths)
    # Where they may not be listed, only a real run can tell.
    return [lease for leases in found if isinstance(leases, list) for lease in leases]


def _create(found: Place, parameters: Mapping[str, Any]) -> Change:
    path, lacking = found.path, found.lacking
    missing: tuple[str, ...] = ()
    if lacking and not parameters["parents"]:
        missing = (f"{path}: its folder {lacking[-1]} does not exist, and parents=false forbids creating it.",)
        lacking = ()
    # A deleted one comes back with all its contents.
    requests = revive(found, parameters["on_deleted"])
    tags = tags_after({}, wanted_tags(parameters), purge=parameters["purge_tags"])
    restored = is_restore(requests)
    if not restored:
        # What could not be read may be there.
        unread = found.refusal is not None
        above_it: dict[str, Any] = {"replay": Replay.CREATE, "may_exist": unread, "may_be_denied": unread}
        requests += tuple(item("POST", "folders", one, **above_it) for one in lacking)
        may_exist = unread and parameters["tags"] is None
        requests += (item("POST", "folders", path, replay=Replay.CREATE, may_exist=may_exist),)
        requests += tag_requests("folders", path, {}, tags, purge=parameters["purge_tags"])
    above = () if restored or lacking or not parameters["parents"] or found.how != UNTOLD else _folders_above(path)
    left = [Written("folders", str(one)) for one in lacking] + [Written("folders", str(path), tags=tags)]
    return Change(
        requests=requests,
        after=_shown(path, tags),
        predicted={"folder": _view(path, {"tags": tags})},
        outcome=lambda client, answers: _made(client, path, requests, answers, tags),
        explain=lambda _client, error: explained_creation(found, error),
        replan=restored,
        missing=missing,
        doubts=doubts(found) if found.how == UNTOLD else (),
        # Whether those above are there is not told either, until this one cannot be made.
        otherwise=_create(replace(found, lacking=above), parameters) if above else None,
        leaves=(Written("folders", str(found.deleted), restored=True),) if restored else tuple(left),
    )


def _folders_above(path: ResourcePath) -> tuple[ResourcePath, ...]:
    """Outermost first."""
    return () if path.parent is None else (*_folders_above(path.parent), path.parent)


def _made(
    client: Client, path: ResourcePath, requests: Sequence[Request], answers: Sequence[Any], tags: Mapping[str, str]
) -> dict[str, Any]:
    """The folder as the answer of its creation says."""
    answer = answer_to(item("POST", "folders", path), requests, answers)
    if answers and all(one == EXISTS or isinstance(one, ApiError) for one in answers):
        return {**_there(path), "changed": False}
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
    """What is there."""
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
