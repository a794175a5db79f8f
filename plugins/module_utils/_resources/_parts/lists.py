# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists that may lag behind what this run has just written.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from ansible_collections.community.workload_credentials.plugins.module_utils._api.client import Client
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import (
    DeniedError,
    NotFoundError,
    OptionError,
    StateError,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._api.own_writes import Trace, pauses
from ansible_collections.community.workload_credentials.plugins.module_utils._api.paths import (
    ResourcePath,
    parse_folder,
    parse_path,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._api.request import Request
from ansible_collections.community.workload_credentials.plugins.module_utils._api.shown import one_line
from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.visibility import (
    ABSENT,
    NOUNS,
    UNTOLD,
    refused,
    search,
)


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
