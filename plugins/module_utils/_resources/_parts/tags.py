# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags: the wanted ones and the present ones (API document, "Tags": at most 50, keys without case)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._api.errors import OptionError
from ..._api.paths import ResourcePath
from ..._api.request import Request, item

MAX_TAGS = 50
MAX_VALUE = 256

Tags = Mapping[str, str]


def wanted_tags(parameters: Mapping[str, Any]) -> dict[str, str | None] | None:
    """Return the option ``tags``: texts, and None for each tag to remove; None: the option is not set.

    :raises OptionError: the API cannot hold them.
    """
    tags = parameters["tags"]
    if tags is None:
        return None
    if len({str(key).lower() for key in tags}) < len(tags):
        raise OptionError("tags", "two keys differ only by case, and to the API they are the same.")
    return {str(key): _value(str(key), value) for key, value in tags.items()}


def tags_after(current: Tags, wanted: Mapping[str, str | None] | None, *, purge: bool) -> dict[str, str]:
    """Return the tags after the change, with the present spelling of existing keys.

    :raises OptionError: the API does not allow so many.
    """
    if wanted is None:
        return dict(current)
    spelling = {key.lower(): key for key in current}
    named = {spelling.get(key.lower(), key): value for key, value in wanted.items()}
    merged = named if purge else {**current, **named}
    after = {key: value for key, value in merged.items() if value is not None}
    if len(after) > MAX_TAGS:
        raise OptionError("tags", f"the resource would have {len(after)} tags, the API allows {MAX_TAGS}.")
    return after


def tag_requests(kind: str, path: ResourcePath, current: Tags, after: Tags, *, purge: bool) -> tuple[Request, ...]:
    """Return the one request that turns ``current`` into ``after``, or none."""
    if dict(current) == dict(after):
        return ()
    if purge and not after:
        return (item("DELETE", kind, path, "metadata/tags"),)
    if purge:
        return (item("PUT", kind, path, "metadata/tags", body=dict(after)),)
    patch: dict[str, str | None] = {key: None for key in current if key not in after}
    patch.update({key: value for key, value in after.items() if current.get(key) != value})
    return (item("PATCH", kind, path, "metadata/tags", body=patch),)


def _value(key: str, value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, (bool, Mapping, list, tuple)):
        raise OptionError("tags", f"the value of {key!r} must be text; quote it.")
    text = str(value)
    if not key.strip():
        raise OptionError("tags", "a key is empty.")
    if len(text) > MAX_VALUE:
        raise OptionError("tags", f"the value of {key!r} has {len(text)} characters, the API allows {MAX_VALUE}.")
    return text
