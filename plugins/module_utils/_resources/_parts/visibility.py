# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding resources on a service that answers 403 for missing ones and whose reads lag behind its writes."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import unquote

from ..._api.client import Client
from ..._api.errors import DeniedError, NotFoundError, OptionError, RequestError, StateError, WorkloadCredentialsError
from ..._api.own_writes import PREDICTED, Trace, pauses, wait_for_next
from ..._api.paths import ResourcePath, folders_above, integration_path, parse_folder, parse_path
from ..._api.permissions import permission_for
from ..._api.request import Request, item
from ..._api.text import one_line


def entries_now(client: Client, request: Request) -> list[dict[str, Any]]:
    """Return the entries of a list; read it again while it does not show what this run has just written there.

    :raises DeniedError: the last read was refused.
    :raises NotFoundError: what should hold the entries does not exist.
    """
    kind = request.path.strip("/").partition("/")[0]
    written, new_holder = _written_into(client, request), _new_holder(client, request)
    waits = pauses(max((trace.at for trace in (*written.values(), *new_holder)), default=0.0))
    while True:
        try:
            entries = client.items(request)
        except (DeniedError, NotFoundError):
            # The service may not know a new holder yet.
            if new_holder and wait_for_next(waits):
                continue
            raise
        names = {client.writes.name_of(kind, _place(kind, entry)) for entry in entries}
        is_up_to_date = _shows(names, written, deleted=bool(request.query.get("deletedOnly")))
        if is_up_to_date or not wait_for_next(waits):
            return entries


def _written_into(client: Client, request: Request) -> dict[str, Trace]:
    """Return the traces of what this run has just written into a list, by ``OwnWrites.name_of``."""
    kind, _slash, provider = request.path.strip("/").partition("/")
    if kind == "integrations":
        return client.writes.listed_in(kind, provider, recursive=not provider)
    folder = str(request.query.get("path") or "")
    return client.writes.listed_in(kind, folder, recursive=bool(request.query.get("recursive")))


def _new_holder(client: Client, request: Request) -> list[Trace]:
    """Return the trace of what holds the entries if this run has just made it."""
    trace = client.writes.of(*_holder(request))
    return [trace] if trace is not None and trace.is_recent and not trace.gone else []


def _holder(request: Request) -> tuple[str, str]:
    """Return kind and path of what holds the entries: a folder, a definition or an integration."""
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
    for name, trace in written.items():
        is_expected = trace.deleted if deleted else not trace.gone
        if (name in names) != is_expected:
            return False
    return True


def listed_path(entry: Mapping[str, Any]) -> ResourcePath:
    """Return the path of a list's entry.

    :raises StateError: the service lists a path that it cannot hold.
    """
    try:
        return parse_path(entry["path"], "path")
    except OptionError as error:
        raise StateError(
            f"The service lists {one_line(repr(entry['path']), 200)}, which it cannot hold: {error}"
        ) from None


def listing(kind: str, parameters: Mapping[str, Any], **query: Any) -> Request:
    """Return the request for what is in the option ``folder``, or with ``recursive`` anywhere below it.

    :arg parameters: may have ``deleted_only``.
    :raises OptionError: a folder that the API cannot hold.
    """
    where = {"path": parse_folder(parameters["folder"], "folder"), "recursive": parameters["recursive"]}
    return Request("GET", f"/{kind}", query={**where, **query, "deletedOnly": parameters.get("deleted_only")})


class Unseen(str):
    """A sentence about something that does not exist or is hidden from this token."""

    __slots__ = ()


def listed(
    client: Client, request: Request, holder: tuple[str, ResourcePath] | None = None
) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """Return the entries of a list, and a sentence if what should hold them does not exist.

    :arg holder: kind and path of what should hold them; None: the folder in the request.
    :raises RefusedError: this token may not list them, or what should hold them may not exist.
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
    """Return the folder of a list; None: the top."""
    folder = str(request.query.get("path") or "")
    return parse_path(folder, "folder") if folder else None


NOUNS = {"folders": "folder", "static": "static secret", "dynamic": "dynamic secret"}
# What lists show about something that may not be read: it exists, it does not, or it is not known.
SHOWN, ABSENT, UNTOLD = "shown", "absent", "untold"


@dataclass(frozen=True)
class Search:
    """What lists show.

    :arg how: SHOWN, UNTOLD, or ABSENT (which may mean hidden: lists leave out what this token may not see).
    :arg lacking: the folders above it that are absent too, outermost first.
    """

    how: str
    lacking: tuple[ResourcePath, ...] = ()


def read(client: Client, kind: str, path: ResourcePath, action: str = "", **query: Any) -> dict[str, Any] | None:
    """Return an item or its metadata as it is now, after the latest write of this run; None: it does not exist.

    :arg action: ``metadata``, or "" for the item itself.
    :raises DeniedError: this token may not read it, or it does not exist: ``search`` shows which.
    """
    if query.get("version") is not None:
        return version_of(client, path, **query)
    resource = patiently(client, kind, str(path), lambda: client.find(item("GET", kind, path, action, query=query)))
    return None if resource is None or _is_deleted(resource) else resource


def patiently(client: Client, kind: str, path: str, look: Callable[[], dict[str, Any] | None]) -> dict[str, Any] | None:
    """Return what ``look`` reads; repeat it while it does not show what this run has just written there.

    :arg kind, path: as in ``Written``.
    :raises DeniedError: the last read was refused.
    """
    trace = client.writes.of(kind, path)
    if trace is None or not trace.is_recent:
        return look()
    waits = pauses(trace.at)
    while True:
        resource, refusal = _attempt(look)
        if not client.writes.shows(trace, resource) and wait_for_next(waits):
            continue
        if refusal is not None:
            raise refusal
        return resource


def version_of(client: Client, path: ResourcePath, version: int, **query: Any) -> dict[str, Any] | None:
    """Return an earlier version of a static secret, which no write changes any more; None: it does not exist.

    :raises DeniedError: this token may not read it.
    """
    request = item("GET", "static", path, query={"version": version, **query})

    def look() -> dict[str, Any] | None:
        secret = client.find(request)
        # Without values and metadata nothing in it is compared with the latest write.
        return None if secret is None else {"earlier": secret}

    wrapped = patiently(client, "static", str(path), look)
    return None if wrapped is None else dict(wrapped["earlier"])


def must_show(client: Client, kind: str, path: ResourcePath, action: str = "") -> dict[str, Any]:
    """Return something that has just been written.

    :raises WorkloadCredentialsError: the service does not show it.
    """
    resource = read(client, kind, path, action)
    if resource is None:
        raise StateError(f"{path}: the service does not show it yet.")
    return resource


def shown_at_last(
    client: Client, kind: str, path: str, look: Callable[[], dict[str, Any] | None]
) -> dict[str, Any] | None:
    """Return what ``look`` reads of something that a list shows although a read was refused.

    It waits only if this run has just written it or a folder above it. None: the read stays refused.
    """
    traces = [client.writes.left_at(kind, path)]
    if kind != "integrations":
        traces += [client.writes.left_at("folders", folder) for folder in folders_above(path)]
    since = max((trace.at for trace in traces if trace is not None and not trace.gone), default=0.0)
    for pause in pauses(since):
        time.sleep(pause)
        resource, _refusal = _attempt(look)
        if resource is not None:
            return resource
    return None


def _attempt(look: Callable[[], dict[str, Any] | None]) -> tuple[dict[str, Any] | None, DeniedError | None]:
    try:
        resource = look()
    except DeniedError as error:
        return None, error
    return (None if resource is None or _is_deleted(resource) else resource), None


def _is_deleted(resource: Mapping[str, Any]) -> bool:
    """Return whether an answer shows something deleted: a service may hide it, or show its time of deletion."""
    return bool(resource.get("deletedAt") or (resource.get("metadata") or {}).get("deletedAt"))


def search(client: Client, kind: str, path: ResourcePath) -> Search:
    """Look for something that may not be read in lists, from its folder upwards.

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
    # Its folder may not be listed, or may not exist.
    return Search(UNTOLD)


def listed_paths(client: Client, kind: str, folder: str, **query: Any) -> Collection[str] | None:
    """Return the paths of everything in a folder; None: it may not be listed, or does not exist."""
    try:
        entries = client.items(Request("GET", f"/{kind}", query={"path": folder, **query}))
    except (DeniedError, NotFoundError):
        return None
    return {str(entry.get("path", "")).strip("/") for entry in entries}


def is_predicted_gone(client: Client, kind: str, path: str) -> bool:
    """Return whether earlier tasks in check mode would have removed it, or a folder above it, in the end."""
    trace = client.writes.left_at(PREDICTED + kind, path)
    for folder in folders_above(path):
        trace = trace or client.writes.left_at(PREDICTED + "folders", folder)
    return trace is not None and trace.gone


def listed_integrations(client: Client, kind: str) -> list[dict[str, Any]] | None:
    """Return the provider's integrations that this token sees; None: it may not list them."""
    try:
        return client.items(Request("GET", integration_path(kind)))
    except DeniedError:
        return None
    except NotFoundError:
        return []


def search_integration(client: Client, kind: str, name: str) -> tuple[str, Mapping[str, Any]]:
    """Look for an integration in its list; return SHOWN, ABSENT or UNTOLD, and the list's entry."""
    entries = listed_integrations(client, kind)
    if entries is None:
        return UNTOLD, {}
    for entry in entries:
        if entry.get("name") == name:
            return SHOWN, entry
    return ABSENT, {}


class RefusedError(StateError):
    """A read is refused, and the resource exists or may exist."""


def refused(what: str, how: str, error: DeniedError) -> RefusedError:
    """Return the error for a refused read of something that exists or may exist.

    :arg what: the resource, such as ``the static secret prod/app``.
    :arg how: SHOWN or UNTOLD.
    """
    request = f"{error.method} {error.path}"
    permission = permission_for(error.method, error.path) or "to read it"
    if how == SHOWN:
        return RefusedError(f"{request}: {what} exists, and this token lacks the permission {permission}.")
    return RefusedError(
        f"{request}: {what} does not exist, or this token lacks the permission {permission}; it may not list what "
        f"would show which (ListFolderContents). The service said: {_answer_in(error)}."
    )


def unreadable(what: str, error: RequestError, request: Request) -> StateError:
    """Return the error for a creation that found something which a read does not show.

    :arg request: the read.
    """
    permission = permission_for(request.method, request.target)
    return StateError(
        f"{what} exists, since the service refused to create it: {_answer_in(error)}. This token does not see it: it "
        f"lacks the permission {permission}, or another kind of resource holds the path."
    )


def _answer_in(error: RequestError) -> str:
    """Return the status, the code and the message of the answer."""
    parts = ["status", str(getattr(error, "status", ""))]
    code, message = getattr(error, "code", ""), getattr(error, "api_message", "")
    if code:
        parts.append(f"{code}:")
    return " ".join(filter(None, [*parts, message])).rstrip(".:")


def read_back(look: Callable[[], dict[str, Any]], known: Mapping[str, Any], what: str) -> dict[str, Any]:
    """Read and return the result of a write; if that fails, return the expected result with a warning.

    :arg look: reads and returns the result.
    :arg known: the expected result.
    """
    try:
        return look()
    except WorkloadCredentialsError as error:
        warning = f"{what} was written, but could not be read afterwards: {error} The result says what was written."
        return {**known, "warnings": [warning]}


def with_tags(client: Client, kind: str, path: ResourcePath, resource: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a static or dynamic secret with its tags, which a service may show only with its metadata.

    :raises RefusedError: this token may not read them.
    """
    metadata = resource.get("metadata") or {}
    if "tags" in metadata:
        return resource
    try:
        shown = must_show(client, kind, path, "metadata")
    except DeniedError as error:
        raise refused(f"the {NOUNS[kind]} {path}", SHOWN, error) from None
    return {**resource, "metadata": {**metadata, **shown}}


def tried(client: Client, request: Request, hidden: str) -> dict[str, Any]:
    """Delete something that this token does not see, and return whether anything was deleted.

    :arg hidden: the warning if the service refuses, so that nobody knows whether it exists.
    """
    try:
        return {"changed": client.remove(request)}
    except DeniedError as error:
        if error.after_ambiguous:
            # The first answer was lost, and the service refuses something deleted like something hidden.
            lost = f"{request.method} {request.target}: no answer came, so it may have existed and be deleted now."
            return {"changed": True, "warnings": [lost]}
        return {"changed": False, "warnings": [hidden]}


def hidden_words(seen: str, request: Request) -> str:
    """Return the warning about something that counts as absent but may only be hidden.

    :arg seen: says what this token sees, without a full stop.
    :arg request: the deletion.
    """
    permission = permission_for(request.method, request.target)
    return (
        f"{seen}, so it counts as absent. If it exists, it is hidden from this token, which then lacks the "
        f"permission {permission}."
    )


def read_integration(client: Client, kind: str, name: str) -> dict[str, Any] | None:
    """Return an integration as it is now; None: it does not exist.

    :raises DeniedError: this token may not read it, or it does not exist: ``search_integration`` shows which.
    """
    request = Request("GET", integration_path(kind, name))
    return patiently(client, "integrations", f"{kind}/{name}", lambda: client.find(request))


def look_for_integration(client: Client, kind: str, name: str) -> tuple[dict[str, Any] | None, DeniedError | None, str]:
    """Return an integration, or the refusal of the read; and what the list shows then."""
    look = partial(read_integration, client, kind, name)
    try:
        return look(), None, ABSENT
    except DeniedError as error:
        how, _entry = search_integration(client, kind, name)
        integration = shown_at_last(client, "integrations", f"{kind}/{name}", look) if how == SHOWN else None
        return (None, error, how) if integration is None else (integration, None, how)


def find_integration(client: Client, kind: str, name: str) -> dict[str, Any] | None:
    """Return an integration; None: it does not exist, or this token does not see it.

    :raises RefusedError: this token may not read it, and it exists or may exist.
    """
    integration, refusal, how = look_for_integration(client, kind, name)
    if refusal is not None and how != ABSENT:
        raise refused(f"the {kind} integration {name}", how, refusal)
    return integration
