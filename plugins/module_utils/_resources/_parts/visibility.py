# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is there, on a service that answers 403 for what is missing, and whose reads and lists lag behind its writes."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import unquote

from ..._api.client import Client
from ..._api.errors import DeniedError, NotFoundError, OptionError, RequestError, StateError, WorkloadCredentialsError
from ..._api.own_writes import PREDICTED, Trace, pauses
from ..._api.paths import ResourcePath, folders_above, integration_path, parse_folder, parse_path
from ..._api.permissions import permission_for
from ..._api.request import Request, item
from ..._api.text import one_line


def entries_now(client: Client, request: Request) -> list[dict[str, Any]]:
    """The entries of a list; it is repeated while it does not show what this run has just written there.

    :raises DeniedError: the last one was refused.
    :raises NotFoundError: what should hold them is not there.
    """
    kind, _slash, provider = request.path.strip("/").partition("/")
    is_of_integrations = kind == "integrations"
    folder = provider if is_of_integrations else str(request.query.get("path") or "")
    recursive = bool(request.query.get("recursive")) or (is_of_integrations and not folder)
    written = client.writes.listed_in(kind, folder, recursive=recursive)
    holder = client.writes.of(*_holder(request))
    is_made = holder is not None and holder.is_recent and not holder.gone
    since = [one.at for one in written.values()] + ([holder.at] if holder is not None and is_made else [])
    waits = pauses(max(since, default=0.0))
    while True:
        try:
            entries = client.items(request)
        except (DeniedError, NotFoundError):
            pause = next(waits, None) if is_made else None
            if pause is None:
                raise
        else:
            names = {client.writes.name_of(kind, _place(kind, entry)) for entry in entries}
            pause = (
                None if _shows(names, written, deleted=bool(request.query.get("deletedOnly"))) else next(waits, None)
            )
            if pause is None:
                return entries
        time.sleep(pause)


def _holder(request: Request) -> tuple[str, str]:
    """Kind and path of what holds the entries: a folder, or the definition or integration that they are of."""
    kind, _slash, rest = request.path.strip("/").partition("/")
    if kind == "leases":
        folder, name = str(request.query.get("folder") or ""), unquote(rest)
        return "dynamic", f"{folder}/{name}" if folder else name
    if kind == "integrations":
        return kind, unquote(rest.rpartition("/")[0])
    return "folders", str(request.query.get("path") or "")


def _place(kind: str, entry: Mapping[str, Any]) -> str:
    if kind == "integrations":
        return f"{entry.get('type')}/{entry.get('name')}"
    return str(entry.get("path", "")).strip("/")


def _shows(names: set[str], written: Mapping[str, Trace], *, deleted: bool) -> bool:
    return all((name in names) == (one.deleted if deleted else not one.gone) for name, one in written.items())


def listed_path(entry: Mapping[str, Any]) -> ResourcePath:
    """Where the entry of a list lies.

    :raises StateError: the service names something that cannot be asked for.
    """
    try:
        return parse_path(entry["path"], "path")
    except OptionError as error:
        raise StateError(
            f"The service lists {one_line(repr(entry['path']), 200)}, which it cannot hold: {error}"
        ) from None


def listing(kind: str, parameters: Mapping[str, Any], **query: Any) -> Request:
    """The request for what is in the option ``folder``, or with ``recursive`` anywhere below it.

    :arg parameters: where ``deleted_only`` is one of the options, it counts.
    :raises OptionError: a folder that the API cannot hold.
    """
    where = {"path": parse_folder(parameters["folder"], "folder"), "recursive": parameters["recursive"]}
    return Request("GET", f"/{kind}", query={**where, **query, "deletedOnly": parameters.get("deleted_only")})


class Unseen(str):
    """A sentence about what is not there, or hidden from this token."""

    __slots__ = ()


def listed(
    client: Client, request: Request, holder: tuple[str, ResourcePath] | None = None
) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """The entries of a list, and a sentence where what should hold them is not there.

    :arg holder: kind and path of what should hold them; None: the folder that the request names.
    :raises RefusedError: they may not be listed, or what should hold them may not be there.
    """
    try:
        return entries_now(client, request), ()
    except NotFoundError as error:
        return [], (str(error),)
    except DeniedError as error:
        kind, path = holder or ("folders", _folder_of(request))
        how = search(client, kind, path).how if path is not None else UNTOLD
        if how != ABSENT:
            raise refused(f"the {NOUNS[kind]} {path or '/'}", how, error) from None
        return [], (Unseen(f"{error} This token sees no {NOUNS[kind]} {path}."),)


def _folder_of(request: Request) -> ResourcePath | None:
    """The folder that a list is of; None: the top."""
    folder = str(request.query.get("path") or "")
    return parse_path(folder, "folder") if folder else None


NOUNS = {"folders": "folder", "static": "static secret", "dynamic": "dynamic secret"}
# What lists say of a thing that a read was refused: it is there, it is not, or they do not tell.
SHOWN, ABSENT, UNTOLD = "shown", "absent", "untold"


@dataclass(frozen=True)
class Search:
    """What lists say.

    :arg how: SHOWN, ABSENT (or hidden from this token, since lists leave out what it may not see) or UNTOLD.
    :arg lacking: the folders above it that are absent as well, outermost first.
    """

    how: str
    lacking: tuple[ResourcePath, ...] = ()


def read(client: Client, kind: str, path: ResourcePath, action: str = "", **query: Any) -> dict[str, Any] | None:
    """An item or its metadata as it is now; None where there is none.

    What this run wrote there a moment ago is waited for.

    :arg action: ``metadata``, or "" for the item itself.
    :raises DeniedError: it may not be read, or is not there: ``search`` tells more.
    """
    if query.get("version") is not None:
        return version_of(client, path, **query)
    found = patiently(client, kind, str(path), lambda: client.find(item("GET", kind, path, action, query=query)))
    return None if found is None or _is_deleted(found) else found


def patiently(client: Client, kind: str, path: str, look: Callable[[], dict[str, Any] | None]) -> dict[str, Any] | None:
    """Return what the look finds; repeat it while it does not show what this run has just written there.

    :arg kind, path: as in ``Written``.
    :raises DeniedError: the last look was refused.
    """
    trace = client.writes.of(kind, path)
    if trace is None or not trace.is_recent:
        return look()
    waits = pauses(trace.at)
    while True:
        found, refusal = _attempt(look)
        pause = None if client.writes.shows(trace, found) else next(waits, None)
        if pause is not None:
            time.sleep(pause)
        elif refusal is not None:
            raise refusal
        else:
            return found


def version_of(client: Client, path: ResourcePath, version: int, **query: Any) -> dict[str, Any] | None:
    """An earlier version of a static secret, which no write changes any more; None: there is none.

    :raises DeniedError: it may not be read.
    """
    request = item("GET", "static", path, query={"version": version, **query})

    def look() -> dict[str, Any] | None:
        found = client.find(request)
        return None if found is None else {"earlier": found}

    found = patiently(client, "static", str(path), look)
    return None if found is None else dict(found["earlier"])


def must_show(client: Client, kind: str, path: ResourcePath, action: str = "") -> dict[str, Any]:
    """The same for what has just been written.

    :raises WorkloadCredentialsError: it is not shown.
    """
    found = read(client, kind, path, action)
    if found is None:
        raise StateError(f"{path}: the service does not show it yet.")
    return found


def shown_at_last(
    client: Client, kind: str, path: str, look: Callable[[], dict[str, Any] | None]
) -> dict[str, Any] | None:
    """Return what the look finds of something that a list shows and a read was refused, where it may be just written.

    None: it stays refused, or this run has not written it or a folder above it a moment ago, so that nothing is waited
    for.
    """
    above = () if kind == "integrations" else folders_above(path)
    traces = [client.writes.left_at(kind, path), *(client.writes.left_at("folders", one) for one in above)]
    since = max((one.at for one in traces if one is not None and not one.gone), default=0.0)
    for pause in pauses(since):
        time.sleep(pause)
        found, _refusal = _attempt(look)
        if found is not None:
            return found
    return None


def _attempt(look: Callable[[], dict[str, Any] | None]) -> tuple[dict[str, Any] | None, DeniedError | None]:
    try:
        found = look()
    except DeniedError as error:
        return None, error
    return (None if found is None or _is_deleted(found) else found), None


def _is_deleted(found: Mapping[str, Any]) -> bool:
    """Whether an answer shows something deleted: a service may hide it, or show it with its time of deletion."""
    return bool(found.get("deletedAt") or (found.get("metadata") or {}).get("deletedAt"))


def search(client: Client, kind: str, path: ResourcePath) -> Search:
    """Ask the lists about something that a read was refused, from its folder upwards.

    :raises RequestError: a list failed for another reason than a refusal.
    """
    shown = listed_paths(client, kind, path.folder)
    if shown is not None:
        return Search(SHOWN if str(path) in shown else ABSENT)
    if path.parent is None:
        return Search(UNTOLD)
    above = search(client, "folders", path.parent)
    if above.how == ABSENT:
        return Search(ABSENT, (*above.lacking, path.parent))
    # Its folder is there and may not be listed, or not even that is known.
    return Search(UNTOLD)


def listed_paths(client: Client, kind: str, folder: str, **query: Any) -> Collection[str] | None:
    """The paths of what lies in a folder; None: it may not be listed, or is not there."""
    try:
        entries = client.items(Request("GET", f"/{kind}", query={"path": folder, **query}))
    except (DeniedError, NotFoundError):
        return None
    return {str(entry.get("path", "")).strip("/") for entry in entries}


def is_predicted_gone(client: Client, kind: str, path: str) -> bool:
    """Whether an earlier task in check mode would have removed it, or a folder above it, and none made it again."""
    places = [(kind, path), *(("folders", folder) for folder in folders_above(path))]
    traces = (client.writes.left_at(PREDICTED + its_kind, place) for its_kind, place in places)
    nearest = next((trace for trace in traces if trace is not None), None)
    return nearest is not None and nearest.gone


def listed_integrations(client: Client, kind: str) -> list[dict[str, Any]] | None:
    """The provider's integrations as far as this token sees them; None: it may not list any."""
    try:
        return client.items(Request("GET", integration_path(kind)))
    except DeniedError:
        return None
    except NotFoundError:
        return []


def search_integration(client: Client, kind: str, name: str) -> tuple[str, Mapping[str, Any]]:
    """The same for an integration; and the list's entry, where it is shown."""
    entries = listed_integrations(client, kind)
    if entries is None:
        return UNTOLD, {}
    found = next((entry for entry in entries if entry.get("name") == name), None)
    return (ABSENT, {}) if found is None else (SHOWN, found)


class RefusedError(StateError):
    """A read is refused, and what is asked for is there or may be."""


def refused(what: str, how: str, error: DeniedError) -> RefusedError:
    """The error of a read that is refused, where something is there or lists do not tell.

    :arg what: the thing, such as ``the static secret prod/app``.
    :arg how: SHOWN or UNTOLD.
    """
    request = f"{error.method} {error.path}"
    permission = permission_for(error.method, error.path) or "to read it"
    if how == SHOWN:
        return RefusedError(f"{request}: {what} exists, and this token lacks the permission {permission}.")
    return RefusedError(
        f"{request}: {what} does not exist, or this token lacks the permission {permission}; it may not list what "
        f"would show which (ListFolderContents). The service said: {_said(error)}."
    )


def unreadable(what: str, error: RequestError, request: Request) -> StateError:
    """The error of a creation that says that something is there, of which a read says nothing.

    :arg request: the read.
    """
    permission = permission_for(request.method, request.target)
    return StateError(
        f"{what} exists, for creating it was answered: {_said(error)}. This token does not see it: it lacks the "
        f"permission {permission}, or another kind of resource holds the path."
    )


def _said(error: WorkloadCredentialsError) -> str:
    status, code, message = (getattr(error, name, "") for name in ("status", "code", "api_message"))
    return " ".join(str(part) for part in ("status", status, f"{code}:" if code else "", message) if part).rstrip(".:")


def read_back(look: Callable[[], dict[str, Any]], known: Mapping[str, Any], what: str) -> dict[str, Any]:
    """A result that is read after a write; where that fails, what is known so far and a warning: the write is done.

    :arg look: reads and returns the result.
    :arg known: the result as the write should have left it.
    """
    try:
        return look()
    except WorkloadCredentialsError as error:
        warning = f"{what} was written, and could not be read afterwards: {error} The result says what was written."
        return {**known, "warnings": [warning]}


def with_tags(client: Client, kind: str, path: ResourcePath, found: Mapping[str, Any]) -> Mapping[str, Any]:
    """What was read of a static or dynamic secret, with its tags, which may be shown only on a page of their own.

    :raises RefusedError: they may not be read.
    """
    metadata = found.get("metadata") or {}
    if "tags" in metadata:
        return found
    try:
        shown = must_show(client, kind, path, "metadata")
    except DeniedError as error:
        raise refused(f"the {NOUNS[kind]} {path}", SHOWN, error) from None
    return {**found, "metadata": {**metadata, **shown}}


def tried(client: Client, request: Request, hidden: str) -> dict[str, Any]:
    """Delete something that this token does not see, and return whether anything was deleted.

    :arg hidden: the warning where the service does not tell.
    """
    try:
        return {"changed": client.remove(request)}
    except DeniedError as error:
        if error.after_ambiguous:
            # The first answer was lost, and what is gone is refused as what is hidden.
            lost = f"{request.method} {request.target}: no answer came, so it may have been there and be deleted now."
            return {"changed": True, "warnings": [lost]}
        return {"changed": False, "warnings": [hidden]}


def hidden_words(seen: str, request: Request) -> str:
    """The warning about something that counts as absent and may only be hidden.

    :arg seen: what this token sees, without a full stop.
    :arg request: the deletion.
    """
    permission = permission_for(request.method, request.target)
    return (
        f"{seen}, so it counts as absent. If there is one, it is hidden from this token, which then lacks the "
        f"permission {permission}."
    )


def read_integration(client: Client, kind: str, name: str) -> dict[str, Any] | None:
    """An integration as it is now; None: there is none.

    :raises DeniedError: it may not be read, or is not there: ``search_integration`` tells more.
    """
    request = Request("GET", integration_path(kind, name))
    return patiently(client, "integrations", f"{kind}/{name}", lambda: client.find(request))


def look_for_integration(client: Client, kind: str, name: str) -> tuple[dict[str, Any] | None, DeniedError | None, str]:
    """An integration; or where the read is refused the refusal, and what the list says."""
    look = partial(read_integration, client, kind, name)
    try:
        return look(), None, ABSENT
    except DeniedError as error:
        how, _entry = search_integration(client, kind, name)
        found = shown_at_last(client, "integrations", f"{kind}/{name}", look) if how == SHOWN else None
        return (None, error, how) if found is None else (found, None, how)


def find_integration(client: Client, kind: str, name: str) -> dict[str, Any] | None:
    """An integration; None: there is none, or none that this token could see.

    :raises RefusedError: it may not be read, or may not even be there.
    """
    found, refusal, how = look_for_integration(client, kind, name)
    if refusal is not None and how != ABSENT:
        raise refused(f"the {kind} integration {name}", how, refusal)
    return found
