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
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster_marks import MANAGED_LABEL, PREFIX
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster_sts import checked_sts
from ansible_collections.community.workload_credentials.plugins.plugin_utils._durations import seconds
from ansible_collections.community.workload_credentials.plugins.plugin_utils._formats import FORMATS
from ansible_collections.community.workload_credentials.plugins.plugin_utils._worker import plain

SOURCES = ("dynamic_secret", "static_secret", "sts_session_token")
DELIVERIES = ("push", "external_secret")
# What External Secrets Operator does, and a push cannot.
_OPERATORS = ("template", "refresh_interval", "creation_policy", "deletion_policy")
_POLICIES = {
    "creation_policy": ("Owner", "Orphan", "Merge", "CreateOrMerge"),
    "deletion_policy": ("Retain", "Delete", "Merge"),
}
_KNOWN = {
    *("name", "namespace", "delivery", "keys", "format", "type", "labels", "annotations"),
    *SOURCES,
    *_OPERATORS,
}
# Kubernetes' names of Secrets and namespaces (RFC 1123), keys of a Secret's data, labels and annotations.
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_DATA_KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}")
_WORD = r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_MARK = re.compile(rf"(?:{_NAME.pattern}/)?{_WORD}")
_LABEL = re.compile(rf"(?:{_WORD})?")


def checked_entries(entries: Any, delivery: str) -> list[dict[str, Any]]:
    """Every entry with all its fields, ``source`` and ``path`` in the place of the kinds of source.

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
        raise OptionError(where, "exactly one of dynamic_secret and static_secret (or sts_session_token) is needed.")
    where = f"{where} ({entry.get('name')})"
    (source,) = sources
    sts = checked_sts(entry[source], f"{where}.{source}") if source == "sts_session_token" else None
    completed = {
        "name": _matching(entry, "name", _NAME, where),
        "namespace": _matching(entry, "namespace", _NAMESPACE, where),
        "delivery": entry.get("delivery") or delivery,
        "source": source,
        "path": None if sts else str(parse_path(str(entry[source]), f"{where}.{source}")),
        "sts": sts,
        "keys": _keys(entry, where),
        "format": _format(entry, source, where),
        "type": entry.get("type") or "Opaque",
        "labels": _labels(entry, entry.get("delivery") or delivery, where),
        "annotations": _marks(entry, "annotations", where),
    }
    if completed["delivery"] not in DELIVERIES:
        raise OptionError(f"{where}.delivery", f"{completed['delivery']!r} is not one of: {', '.join(DELIVERIES)}.")
    return {**completed, **_operators_own(entry, completed, where)}


def _operators_own(entry: Mapping[str, Any], completed: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The fields that only External Secrets Operator honours."""
    if completed["delivery"] == "push":
        for field in (*_OPERATORS, "sts_session_token"):
            if entry.get(field):
                raise OptionError(f"{where}.{field}", "it needs delivery external_secret.")
        return {}
    if entry.get("template") and (entry.get("keys") or entry.get("format")):
        raise OptionError(f"{where}.template", "template excludes keys and format.")
    interval = str(entry.get("refresh_interval") or "auto")
    if interval != "auto":
        seconds(interval, f"{where}.refresh_interval")
    own = {
        "template": _texts(entry, "template", where, _DATA_KEY),
        "refresh_interval": interval,
        "creation_policy": _choice(entry, "creation_policy", "Owner", where),
        "deletion_policy": _choice(entry, "deletion_policy", "Retain", where),
    }
    if (own["creation_policy"], own["deletion_policy"]) == ("Merge", "Delete"):
        raise OptionError(f"{where}.deletion_policy", "with creation_policy Merge the Secret is somebody else's.")
    return own


def _choice(entry: Mapping[str, Any], field: str, default: str, where: str) -> str:
    value = str(entry.get(field) or default)
    if value not in _POLICIES[field]:
        raise OptionError(f"{where}.{field}", f"{value!r} is not one of: {', '.join(_POLICIES[field])}.")
    return value


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
    if source != "dynamic_secret" and chosen != "raw":
        raise OptionError(f"{where}.format", "it is for dynamic secrets; use keys for others.")
    return chosen


def _labels(entry: Mapping[str, Any], delivery: str, where: str) -> dict[str, str]:
    labels = _marks(entry, "labels", where)
    for name, text in labels.items():
        # The operator takes labels as templates.
        is_template = "{{" in text and delivery == "external_secret"
        if not (is_template or _LABEL.fullmatch(text)):
            raise OptionError(f"{where}.labels.{name}", f"{text!r} cannot be a label.")
    return labels


def _marks(entry: Mapping[str, Any], field: str, where: str) -> dict[str, str]:
    """Labels or annotations that are not the role's own."""
    texts = _texts(entry, field, where, _MARK)
    for name in texts:
        if name in MANAGED_LABEL or name.startswith(PREFIX):
            raise OptionError(f"{where}.{field}", f"{name} is the role's own.")
    return texts


def _texts(entry: Mapping[str, Any], field: str, where: str, names: re.Pattern[str]) -> dict[str, str]:
    value = entry.get(field) or {}
    if not isinstance(value, Mapping) or any(isinstance(text, (Mapping, list, type(None))) for text in value.values()):
        raise OptionError(f"{where}.{field}", "it must be a dictionary of texts.")
    for name in value:
        if not names.fullmatch(str(name)):
            raise OptionError(f"{where}.{field}", f"{name!r} is not a name that Kubernetes allows here.")
    # YAML's true, as Kubernetes spells it.
    return {str(key): str(text).lower() if isinstance(text, bool) else str(text) for key, text in value.items()}
