# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tags: at most 50 on a resource, and keys that differ only by case are one key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import StringConstraints

from .errors import InvalidRequest

MAX_TAGS = 50
MAX_VALUE = 256

TagKey = Annotated[str, StringConstraints(strict=True, min_length=1)]
TagValue = Annotated[str, StringConstraints(strict=True, max_length=MAX_VALUE)]
Tags = dict[TagKey, TagValue]
TagPatch = dict[TagKey, TagValue | None]


def replaced(tags: Mapping[str, str]) -> dict[str, str]:
    """What PUT leaves: these tags, in this spelling."""
    _refuse_twins(tags)
    return _counted(dict(tags))


def patched(current: Mapping[str, str], patch: Mapping[str, str | None]) -> dict[str, str]:
    """What PATCH leaves: a key that exists keeps its spelling, None removes it."""
    _refuse_twins(patch)
    spelling = {key.casefold(): key for key in current}
    tags = dict(current)
    for key, value in patch.items():
        known = spelling.get(key.casefold(), key)
        if value is None:
            tags.pop(known, None)
        else:
            tags[known] = value
    return _counted(tags)


def _refuse_twins(keys: Iterable[str]) -> None:
    seen: set[str] = set()
    for key in keys:
        if key.casefold() in seen:
            raise InvalidRequest(f"the tag key {key!r} is there twice: keys are case-insensitive.", "duplicate_tag")
        seen.add(key.casefold())


def _counted(tags: dict[str, str]) -> dict[str, str]:
    if len(tags) > MAX_TAGS:
        raise InvalidRequest(f"{len(tags)} tags, and at most {MAX_TAGS} are allowed.", "too_many_tags")
    return tags
