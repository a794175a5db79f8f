# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What folders, static and dynamic secrets have in common: parents, soft deletion and restoring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..._api.client import Client
from ..._api.errors import ConflictError, DeniedError, RequestError, StateError, WorkloadCredentialsError
from ..._api.own_writes import Written
from ..._api.paths import ResourcePath, parse_path
from ..._api.permissions import permission_for
from ..._api.request import Replay, Request, item
from ..._change import Change
from .finding import find_deleted, lacking_folders, no_folder
from .tags import wanted_tags
from .visibility import (
    ABSENT,
    NOUNS,
    SHOWN,
    UNTOLD,
    Search,
    hidden_words,
    read,
    refused,
    search,
    shown_at_last,
    tried,
    unreadable,
)

# How an item is looked at.
_LOOKS = {"folders": "metadata", "static": "", "dynamic": ""}


@dataclass(frozen=True)
class Place:
    """What was found at a path.

    :arg kind: ``folders``, ``static`` or ``dynamic``.
    :arg living: the resource, of a folder its metadata; None: none is there.
    :arg lacking: where none is there, the folders above it that are not there either, outermost first.
    :arg deleted: what lies there in deleted form, in the way of what is wanted: the resource, or the outermost of
        ``lacking``.
    :arg refusal: the read was refused, so that all this is only what lists say: nothing is there, or it is hidden.
    :arg how: what lists say then: SHOWN, ABSENT or UNTOLD.
    """

    kind: str
    path: ResourcePath
    living: Mapping[str, Any] | None = field(default=None, repr=False)
    lacking: tuple[ResourcePath, ...] = ()
    deleted: ResourcePath | None = None
    refusal: DeniedError | None = None
    how: str = ABSENT

    @property
    def what(self) -> str:
        """The thing, for messages."""
        return f"the {NOUNS[self.kind]} {self.path}"


def look_at(client: Client, kind: str, parameters: Mapping[str, Any]) -> Place:
    """What is at the path; where nothing is, also what a creation, or a deletion for good, would meet.

    :raises OptionError: a path or tags that the API cannot hold.
    """
    path = parse_path(parameters["path"], "path")
    wanted_tags(parameters)
    try:
        living = read(client, kind, path, _LOOKS[kind])
    except DeniedError as refusal:
        return _look_around(client, kind, path, parameters, refusal)
    if living is not None:
        return Place(kind, path, living)
    if parameters["state"] == "absent":
        return Place(kind, path, deleted=find_deleted(client, kind, path) if parameters["permanent"] else None)
    lacking = lacking_folders(client, path)
    if not lacking:
        return Place(kind, path, deleted=find_deleted(client, kind, path))
    return Place(kind, path, lacking=lacking, deleted=_deleted_parent(client, lacking, parameters))


def _look_around(
    client: Client, kind: str, path: ResourcePath, parameters: Mapping[str, Any], refusal: DeniedError
) -> Place:
    """The same from lists, where the read was refused: the thing is missing, or hidden from this token."""
    found, trace = search(client, kind, path), client.writes.of(kind, str(path))
    is_gone = trace is not None and trace.gone
    if trace is not None and is_gone and trace.is_recent and found.how == SHOWN:
        # The list lags behind.
        found = Search(ABSENT)
    place = Place(kind, path, lacking=found.lacking, refusal=refusal, how=found.how)
    if found.how == SHOWN:
        living = shown_at_last(client, kind, str(path), lambda: read(client, kind, path, _LOOKS[kind]))
        return place if living is None else Place(kind, path, living)
    if found.lacking:
        return replace(place, deleted=_deleted_parent(client, found.lacking, parameters))
    deleted = find_deleted(client, kind, path)
    if parameters["state"] == "absent" and not parameters["permanent"]:
        # What waits to be restored, or was removed by this run, is absent and not hidden.
        return Place(kind, path) if is_gone or deleted is not None else place
    return replace(place, deleted=deleted)


def _deleted_parent(
    client: Client, lacking: tuple[ResourcePath, ...], parameters: Mapping[str, Any]
) -> ResourcePath | None:
    # Who may not make parents does not restore any.
    return find_deleted(client, "folders", lacking[0]) if parameters.get("parents", True) else None


def missing_parent(place: Place) -> tuple[str, ...]:
    """A sentence where the folder that should hold the resource is surely not there."""
    return () if place.refusal is not None else _no_parent(place)


def _no_parent(place: Place) -> tuple[str, ...]:
    if not place.lacking:
        return ()
    sentence = (
        f"{place.path}: its folder {place.lacking[-1]} does not exist: {no_folder(place.lacking)} "
        "Create it first with community.workload_credentials.folder."
    )
    if place.deleted:
        sentence = (
            f"{place.path}: its folder {place.deleted} is deleted (folder_deleted). "
            "community.workload_credentials.folder restores it by default."
        )
    return (sentence,)


def revive(place: Place, on_deleted: str) -> tuple[Request, ...]:
    """What must come before creating where something deleted is in the way; a restore makes creating needless.

    :arg on_deleted: ``restore``, ``replace`` or ``fail``.
    :raises StateError: something deleted is there and ``on_deleted`` is ``fail``.
    """
    path, kind = place.deleted, place.kind
    if path is None:
        return ()
    if on_deleted == "fail":
        raise StateError(
            f"{path} exists in deleted form. on_deleted=restore brings it back, on_deleted=replace removes it for good "
            "and creates it anew."
        )
    if on_deleted == "replace":
        loss = f"the deleted {NOUNS[kind]} {path}, which could have been restored"
        return (item("DELETE", kind, path, query={"permanent": True}, loss=loss),)
    return (item("POST", kind, path, "restore", replay=Replay.CREATE),)


def is_restore(requests: tuple[Request, ...]) -> bool:
    """Whether the first of these writes restores something."""
    return bool(requests) and requests[0].method == "POST" and requests[0].path.endswith("/restore")


def deletion(place: Place, before: Mapping[str, Any] | None, parameters: Mapping[str, Any], **query: Any) -> Change:
    """The change that makes the resource absent: gone for good with ``permanent``, else restorable.

    :arg before: its view for the diff, None where there is none.
    """
    permanent = parameters["permanent"]
    request = item("DELETE", place.kind, place.path, query={"permanent": permanent, **query})
    leaves = (Written(place.kind, str(place.path), gone=True, deleted=not permanent),)
    if place.living is None and place.deleted is None and place.how != SHOWN:
        if place.refusal is None:
            return Change()
        # What nobody shows may be there, and only deleting it tells.
        hidden = hidden_words(f"{place.path}: this token sees no {NOUNS[place.kind]} there", request)
        return Change(first=lambda client: tried(client, request, hidden), uncertain=hidden, leaves=leaves)
    mark = {"path": str(place.path), "deleted": True}
    return Change(requests=(request,), before=before or mark, after=None if permanent else mark, leaves=leaves)


def existing(place: Place) -> None:
    """Refuse to go on from something that a list shows and that may not be read.

    :raises RefusedError: it does.
    """
    if place.how == SHOWN and place.refusal is not None:
        raise refused(place.what, SHOWN, place.refusal)


def doubts(place: Place) -> tuple[str, ...]:
    """Why a creation may fail, where lists alone say what is there."""
    if place.how == UNTOLD:
        look = item("GET", place.kind, place.path, _LOOKS[place.kind])
        lacking = f"{permission_for(look.method, look.target)}, ListFolderContents"
        words = f"this token may neither read nor list what is there ({lacking}), so it is taken as missing"
        return (f"{place.path}: {words}.",)
    return _no_parent(place) if place.refusal is not None else ()


def unseen(place: Place) -> tuple[str, ...]:
    """A sentence where lists do not show something that may only be hidden."""
    if place.refusal is None or place.how != ABSENT:
        return ()
    looks = (item("GET", place.kind, place.path, action) for action in (_LOOKS[place.kind], "metadata"))
    lacking = " or ".join(dict.fromkeys(str(permission_for(one.method, one.target)) for one in looks))
    return (f"If {place.path} is there, it is hidden from this token, which then lacks the permission {lacking}.",)


def explained_creation(place: Place, error: RequestError) -> WorkloadCredentialsError:
    """The error of a creation of what could not be read before."""
    if isinstance(error, ConflictError) and error.code != "folder_deleted" and place.refusal is not None:
        return unreadable(place.what, error, item("GET", place.kind, place.path, _LOOKS[place.kind]))
    if isinstance(error, DeniedError) and unseen(place):
        return StateError(" ".join([str(error), *unseen(place)]))
    return error
