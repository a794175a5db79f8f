# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps the values of Secrets out of what a cluster says: its messages may quote what they complain of.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._kube.request import UNSEEN
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.wire import Object

WITHHELD = "(the cluster's message is withheld: it repeats a value)"
# Shorter values occur in any sentence by chance, so they count only as words of their own.
_SURELY_A_VALUE = 6
# What a policy or webhook says after this are its own words, and they may be about what the object was before.
_GUARDS_WORDS = re.compile(r"(denied (?:the )?request): .*", re.DOTALL)


def shown(text: str, manifest: Object) -> str:
    """The text as it may be shown: another one where it repeats a value of the manifest, if that is a Secret's."""
    if manifest.get("kind") != "Secret":
        return text
    values = _values(manifest)
    # Only a whole manifest has a type, so one without data is of a Secret that holds none.
    is_told = bool(values) or "type" in manifest
    if not is_told or (manifest.get("metadata") or {}).get("resourceVersion") not in (None, UNSEEN):
        # The values that are there already are known to the cluster alone.
        text = _GUARDS_WORDS.sub(r"\1 (its words are withheld: they may repeat a value)", text)
    return WITHHELD if any(_holds(text, value) for value in values) else text


def _values(manifest: Object) -> set[str]:
    """Every form in which a message could hold a value: as it is, decoded, escaped, and each of its lines."""
    values: set[str] = set()
    for name in ("data", "stringData"):
        for value in _leaves(manifest.get(name)):
            for form in (value, *_decoded(value)):
                values.update({form, json.dumps(form)[1:-1], *form.split("\n")})
                values.add(base64.b64encode(form.encode("utf-8", "surrogateescape")).decode())
    return {value.strip() for value in values if value.strip()}


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _leaves(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _leaves(inner)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def _decoded(value: str) -> tuple[str, ...]:
    try:
        return (base64.b64decode(value, validate=True).decode("utf-8", "surrogateescape"),)
    except (binascii.Error, ValueError):
        return ()


def _holds(text: str, value: str) -> bool:
    # What is shown has lost its line breaks and control characters, so none of them count.
    bare = _squeezed(value)
    if len(bare) >= _SURELY_A_VALUE:
        return bare in _squeezed(text)
    return re.search(rf"(?<!\w){re.escape(value)}(?!\w)", text) is not None


def _squeezed(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable() and not letter.isspace())
