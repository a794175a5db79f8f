# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The common parts of folders, static and dynamic secrets: parents, soft deletion and restoring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from ..._api.client import Client
from ..._api.errors import ConflictError, DeniedError, RequestError, StateError, WorkloadCredentialsError
from ..._api.own_writes import Trace, Written
from ..._api.paths import ResourcePath, parse_path
from ..._api.permissions import permission_for
from ..._api.request import Replay, Request, item
from ..._change import Change
from .finding import find_deleted, lacking_folders, no_folder
from .tags import Tags, tag_requests, tags_after, wanted_tags
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

_Wanted = TypeVar("_Wanted", bound="Wanted")


@dataclass(frozen=True)
class Wanted:
    """The wanted state of a folder, a static or a dynamic secret, as far as they share it.

    :arg tags: None: not given; a tag that is None is removed.
    :arg on_deleted: ``restore``, ``replace`` or ``fail``.
    :arg parents: missing folders above may be created or restored.
    """

    path: ResourcePath
    is_absent: bool
    permanent: bool
    on_deleted: str
    tags: Mapping[str, str | None] | None
    purge_tags: bool
    parents: bool

    @classmethod
    def of(cls: type[_Wanted], parameters: Mapping[str, Any], **more: Any) -> _Wanted:
        """Return the wanted state from the module's parameters.

        :arg more: the fields of a subclass.
        :raises OptionError: the API cannot hold such a path or such tags.
        """
        return cls(
            path=parse_path(parameters["path"], "path"),
            is_absent=parameters["state"] == "absent",
            permanent=parameters["permanent"],
            on_deleted=parameters["on_deleted"],
            tags=wanted_tags(parameters),
            purge_tags=parameters["purge_tags"],
            parents=parameters.get("parents", True),
            **more,
        )

    def tags_from(self, current: Tags) -> dict[str, str]:
        """Return the tags after the change.

        :raises OptionError: the API does not allow so many.
        """
        return tags_after(current, self.tags, purge=self.purge_tags)

    def tag_requests(self, kind: str, current: Tags, after: Tags) -> tuple[Request, ...]:
        """Return the one request that changes the tags, or none."""
        return tag_requests(kind, self.path, current, after, purge=self.purge_tags)


# What is read of an item.
_LOOKS = {"folders": "metadata", "static": "", "dynamic": ""}


@dataclass(frozen=True)
class Place:
    """What exists at a path.

    :arg kind: ``folders``, ``static`` or ``dynamic``.
    :arg living: the resource, of a folder its metadata; None: it does not exist.
    :arg lacking: the missing folders above a missing resource, outermost first.
    :arg deleted: a restorable resource in the way: the one at the path, or the outermost of ``lacking``.
    :arg refusal: of the read, so that lists are the only source: the resource does not exist, or is hidden.
    :arg how: what lists show then: SHOWN, ABSENT or UNTOLD.
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
        """Return the resource, for messages."""
        return f"the {NOUNS[self.kind]} {self.path}"


def look_at(client: Client, kind: str, wanted: Wanted) -> Place:
    """Return what exists at the path, and what a creation or a deletion for good would meet."""
    path = wanted.path
    try:
        living = read(client, kind, path, _LOOKS[kind])
    except DeniedError as refusal:
        return _look_around(client, kind, wanted, refusal)
    if living is not None:
        return Place(kind, path, living)
    if wanted.is_absent:
        return Place(kind, path, deleted=find_deleted(client, kind, path) if wanted.permanent else None)
    lacking = lacking_folders(client, path)
    if not lacking:
        return Place(kind, path, deleted=find_deleted(client, kind, path))
    return Place(kind, path, lacking=lacking, deleted=_deleted_parent(client, lacking, wanted))


def _look_around(client: Client, kind: str, wanted: Wanted, refusal: DeniedError) -> Place:
    """Return the same from lists, since the read was refused: the resource does not exist, or is hidden."""
    path = wanted.path
    removal = _removal(client, kind, path)
    result = _search(client, kind, path, removal)
    place = Place(kind, path, lacking=result.lacking, refusal=refusal, how=result.how)
    if place.how == SHOWN:
        living = shown_at_last(client, kind, str(path), lambda: read(client, kind, path, _LOOKS[kind]))
        return place if living is None else Place(kind, path, living)
    if place.lacking:
        return replace(place, deleted=_deleted_parent(client, place.lacking, wanted))
    deleted = find_deleted(client, kind, path)
    if wanted.permanent or not wanted.is_absent:
        return replace(place, deleted=deleted)
    if removal is None and deleted is None:
        return place
    # A restorable resource, or one that this run has removed, is absent and not hidden.
    return Place(kind, path)


def _search(client: Client, kind: str, path: ResourcePath, removal: Trace | None) -> Search:
    result = search(client, kind, path)
    if result.how == SHOWN and removal is not None and removal.is_recent:
        # The list lags behind.
        return Search(ABSENT)
    return result


def _removal(client: Client, kind: str, path: ResourcePath) -> Trace | None:
    """Return the trace of this run's removal of the resource; None: it has not removed it."""
    trace = client.writes.of(kind, str(path))
    return trace if trace is not None and trace.gone else None


def _deleted_parent(client: Client, lacking: tuple[ResourcePath, ...], wanted: Wanted) -> ResourcePath | None:
    # With parents=false none is restored either.
    return find_deleted(client, "folders", lacking[0]) if wanted.parents else None


def missing_parent(place: Place) -> tuple[str, ...]:
    """Return a sentence if the folder of the resource surely does not exist."""
    return () if place.refusal is not None else _no_parent(place)


def _no_parent(place: Place) -> tuple[str, ...]:
    if not place.lacking:
        return ()
    if place.deleted:
        problem = f"{place.path}: its folder {place.deleted} is deleted (folder_deleted)."
        return (f"{problem} community.workload_credentials.folder restores it by default.",)
    problem = f"{place.path}: {no_folder(place.lacking)}"
    return (f"{problem} Create it first with community.workload_credentials.folder.",)


def revive(place: Place, on_deleted: str) -> tuple[Request, ...]:
    """Return the request for something deleted that is in the way; after a restore no creation is needed.

    :arg on_deleted: ``restore``, ``replace`` or ``fail``.
    :raises StateError: something deleted is there and ``on_deleted`` is ``fail``.
    """
    path, kind = place.deleted, place.kind
    if path is None:
        return ()
    if on_deleted == "fail":
        raise StateError(
            f"{path} is deleted. on_deleted=restore restores it, on_deleted=replace deletes it permanently and "
            "creates a new one."
        )
    if on_deleted == "replace":
        loss = f"the deleted {NOUNS[kind]} {path}, which could have been restored"
        return (item("DELETE", kind, path, query={"permanent": True}, loss=loss),)
    return (item("POST", kind, path, "restore", replay=Replay.CREATE),)


def is_restore(requests: tuple[Request, ...]) -> bool:
    """Return whether the first of these writes restores something."""
    return bool(requests) and requests[0].method == "POST" and requests[0].path.endswith("/restore")


def deletion(place: Place, before: Mapping[str, Any] | None, *, permanent: bool, **query: Any) -> Change:
    """Return the change that removes the resource, for good with ``permanent`` and else restorable.

    :arg before: the diff's view of it; None: it cannot be read.
    """
    request = item("DELETE", place.kind, place.path, query={"permanent": permanent, **query})
    leaves = (Written(place.kind, str(place.path), gone=True, deleted=not permanent),)
    if place.living is None and place.deleted is None and place.how != SHOWN:
        if place.refusal is None:
            return Change()
        # It may exist without being visible, which only the deletion shows.
        warning = hidden_words(f"{place.path}: this token sees no {NOUNS[place.kind]} there", request)
        return Change(first=lambda client: tried(client, request, warning), uncertain=warning, leaves=leaves)
    mark = {"path": str(place.path), "deleted": True}
    return Change(requests=(request,), before=before or mark, after=None if permanent else mark, leaves=leaves)


def check_readable(place: Place) -> None:
    """Raise RefusedError if a list shows the resource and this token may not read it."""
    if place.how == SHOWN and place.refusal is not None:
        raise refused(place.what, SHOWN, place.refusal)


def doubts(place: Place) -> tuple[str, ...]:
    """Return why a creation may fail if lists are the only source."""
    if place.how == UNTOLD:
        look = item("GET", place.kind, place.path, _LOOKS[place.kind])
        lacking = f"{permission_for(look.method, look.target)}, ListFolderContents"
        words = f"this token may neither read nor list what is there ({lacking}), so it counts as missing"
        return (f"{place.path}: {words}.",)
    return _no_parent(place) if place.refusal is not None else ()


def hidden(place: Place) -> tuple[str, ...]:
    """Return a sentence if lists do not show the resource, which may only be hidden."""
    if place.refusal is None or place.how != ABSENT:
        return ()
    reads = [item("GET", place.kind, place.path, action) for action in (_LOOKS[place.kind], "metadata")]
    lacking = " or ".join(dict.fromkeys(str(permission_for(look.method, look.target)) for look in reads))
    return (f"If {place.path} exists, it is hidden from this token, which then lacks the permission {lacking}.",)


def explained_creation(place: Place, error: RequestError) -> WorkloadCredentialsError:
    """Return the error for a creation of something that could not be read before."""
    if isinstance(error, ConflictError) and error.code != "folder_deleted" and place.refusal is not None:
        return unreadable(place.what, error, item("GET", place.kind, place.path, _LOOKS[place.kind]))
    if isinstance(error, DeniedError) and hidden(place):
        return StateError(" ".join([str(error), *hidden(place)]))
    return error
