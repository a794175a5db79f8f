# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the role's objects differ from their manifests, also by what a server-side apply would leave there.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._kube.kinds import reference
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.wire import FIELD_MANAGER
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.marks import Found

Path = tuple[str, ...]
# What serves once differs each time.
_CODE = "tokenCode"


def added(found: Found, manifest: Found) -> list[Path]:
    """The fields of the spec that others have written and that the manifest does not have."""
    paths: set[Path] = set()
    for writer in found["metadata"].get("managedFields") or ():
        is_applied = (writer.get("manager"), writer.get("operation")) == (FIELD_MANAGER, "Apply")
        if not is_applied and not writer.get("subresource"):
            fields = (writer.get("fieldsV1") or {}).get("f:spec") or {}
            paths |= {("spec", *path) for path in _beside(fields, manifest.get("spec") or {})}
    return sorted(path for path in paths if _is_there(found, path))


def _beside(fields: Mapping[str, Any], wanted: Any) -> Iterator[Path]:
    """The paths in an account of fields that are not wanted, no further down than needed."""
    for key, below in fields.items():
        name = key.removeprefix("f:")
        # A list is applied as a whole.
        if key == name or not isinstance(wanted, Mapping):
            continue
        if name not in wanted:
            yield (name,)
        else:
            yield from ((name, *path) for path in _beside(below, wanted[name]))


def _is_there(found: Any, path: Path) -> bool:
    for name in path:
        if not isinstance(found, Mapping) or name not in found:
            return False
        found = found[name]
    return True


def code_in(found: Any) -> str | None:
    """The code of an MFA device in a generator, of whatever scope; None: there is none."""
    if not isinstance(found, Mapping):
        return None
    return found.get(_CODE) or next(filter(None, map(code_in, found.values())), None)


def removal(found: Found, paths: Sequence[Path]) -> dict[str, Any]:
    """The patch that takes these fields away."""
    patch = reference(found)
    for path in paths:
        place = patch
        for name in path[:-1]:
            place = place.setdefault(name, {})
        place[path[-1]] = None
    return patch


def without(found: Found, paths: Sequence[Path]) -> dict[str, Any]:
    """The object as it is without these fields."""
    return _without(found, {}, [path for path in paths if _is_there(found, path)])


def _without(found: Mapping[str, Any], result: dict[str, Any], paths: Sequence[Path]) -> dict[str, Any]:
    for name, value in found.items():
        below = [path[1:] for path in paths if path[0] == name]
        if () not in below:
            result[name] = _without(value, {}, below) if below else value
    return result


def different(wanted: Found, found: Found) -> Iterator[str]:
    """The fields of which an object has not what its manifest says; the cluster may have added to them."""
    yield from _unlike(wanted.get("spec") or {}, found.get("spec") or {}, "spec")
    for field in ("labels", "annotations"):
        own = wanted["metadata"].get(field) or {}
        yield from _unlike(own, found["metadata"].get(field) or {}, f"metadata.{field}")


def _unlike(wanted: Any, found: Any, path: str) -> Iterator[str]:
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        for name, value in wanted.items():
            if name != _CODE and value not in (None, {}):
                yield from _unlike(value, found.get(name), f"{path}.{name}")
    elif isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for value, there in zip(wanted, found):
            yield from _unlike(value, there, path)
    elif wanted != found:
        yield path
