# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries of the role cluster_credentials: checked and completed before anything is asked or changed.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import OptionError
from ansible_collections.community.workload_credentials.plugins.module_utils._api.paths import parse_path
from ansible_collections.community.workload_credentials.plugins.plugin_utils._formats import FORMATS
from ansible_collections.community.workload_credentials.plugins.plugin_utils._in_process import plain

SOURCES = ("dynamic_secret", "static_secret")
DELIVERIES = ("push",)
_KNOWN = {"name", "namespace", "delivery", "keys", "format", "type", "labels", "annotations", *SOURCES}
# Kubernetes' names of Secrets and namespaces (RFC 1123), and keys of a Secret's data.
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_DATA_KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}")


def checked_entries(entries: Any, delivery: str) -> list[dict[str, Any]]:
    """Every entry with all its fields, ``source`` and ``path`` in the place of the two kinds of source.

    :arg delivery: the default delivery.
    :raises OptionError: the message names the entry and the field.
    """
    if not isinstance(entries, list):
        raise OptionError("cluster_credentials_entries", "it must be a list.")
    checked = [
        _checked(plain(entry), f"cluster_credentials_entries[{number}]", delivery)
        for number, entry in enumerate(entries)
    ]
    seen: set[tuple[str, str]] = set()
    for number, entry in enumerate(checked):
        identity = (entry["namespace"], entry["name"])
        if identity in seen:
            raise OptionError(f"cluster_credentials_entries[{number}]", f"{'/'.join(identity)} is listed twice.")
        seen.add(identity)
    return checked


def _checked(entry: Any, where: str, delivery: str) -> dict[str, Any]:
    if not isinstance(entry, Mapping):
        raise OptionError(where, "it must be a dictionary.")
    unknown = sorted(set(entry) - _KNOWN)
    if unknown:
        raise OptionError(where, f"unknown: {', '.join(unknown)}. Known: {', '.join(sorted(_KNOWN))}.")
    sources = [source for source in SOURCES if entry.get(source)]
    if len(sources) != 1:
        raise OptionError(where, f"exactly one of {' and '.join(SOURCES)} is needed.")
    where = f"{where} ({entry.get('name')})"
    path = str(parse_path(str(entry[sources[0]]), f"{where}.{sources[0]}"))
    completed = {
        "name": _matching(entry, "name", _NAME, where),
        "namespace": _matching(entry, "namespace", _NAMESPACE, where),
        "delivery": entry.get("delivery") or delivery,
        "source": sources[0],
        "path": path,
        "keys": _keys(entry, where),
        "format": _format(entry, sources[0], where),
        "type": entry.get("type") or "Opaque",
        "labels": _texts(entry, "labels", where),
        "annotations": _texts(entry, "annotations", where),
    }
    if completed["delivery"] not in DELIVERIES:
        raise OptionError(f"{where}.delivery", f"{completed['delivery']!r} is not one of: {', '.join(DELIVERIES)}.")
    return completed


def _matching(entry: Mapping[str, Any], field: str, pattern: re.Pattern[str], where: str) -> str:
    value = str(entry.get(field) or "")
    if not pattern.fullmatch(value):
        raise OptionError(f"{where}.{field}", f"{value!r} is not a name that Kubernetes allows here.")
    return value


def _keys(entry: Mapping[str, Any], where: str) -> dict[str, str] | None:
    keys = entry.get("keys")
    if keys is None:
        return None
    if entry.get("format"):
        raise OptionError(f"{where}.keys", "keys and format exclude each other.")
    if not isinstance(keys, Mapping) or not keys:
        raise OptionError(f"{where}.keys", "it must be a dictionary of target key and source key.")
    for target in keys:
        if not _DATA_KEY.fullmatch(str(target)):
            raise OptionError(f"{where}.keys", f"{target!r} cannot be a key of a Secret.")
    return {str(target): str(source) for target, source in keys.items()}


def _format(entry: Mapping[str, Any], source: str, where: str) -> str:
    chosen = str(entry.get("format") or "raw")
    if chosen not in FORMATS:
        raise OptionError(f"{where}.format", f"{chosen!r} is not one of: {', '.join(FORMATS)}.")
    if source == "static_secret" and chosen != "raw":
        raise OptionError(f"{where}.format", "it is for dynamic secrets; use keys for static ones.")
    return chosen


def _texts(entry: Mapping[str, Any], field: str, where: str) -> dict[str, str]:
    value = entry.get(field) or {}
    if not isinstance(value, Mapping) or any(isinstance(text, (Mapping, list, type(None))) for text in value.values()):
        raise OptionError(f"{where}.{field}", "it must be a dictionary of texts.")
    return {str(key): str(text) for key, text in value.items()}
