# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Static secrets: values compared key by key, tags, earlier versions, and reading them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .._api.client import Client
from .._api.concurrency import run_concurrently
from .._api.errors import DeniedError, StateError
from .._api.own_writes import Written, left_by
from .._api.paths import ResourcePath, check_version, parse_path
from .._api.request import Replay, item
from .._change import Change, ReadResult, answer_to
from .._spec import CONNECTION, RESOURCE, Spec
from ._parts.finding import find
from ._parts.json_values import check_json, merged, patch_between
from ._parts.lifecycle import (
    Place,
    deletion,
    doubts,
    existing,
    explained_creation,
    hidden,
    is_restore,
    look_at,
    missing_parent,
    revive,
)
from ._parts.tags import Tags, tag_requests, tags_after, wanted_tags
from ._parts.view import view, without_secret
from ._parts.visibility import SHOWN, listed, listed_path, listing, must_show, read_back, refused, version_of, with_tags

_NO_METADATA = "{path}: it was written, and this token may not read its metadata (ReadSecretMetadata)."
_HIDDEN = "(hidden)"
_HIDDEN_CHANGED = "(hidden, changed)"


@dataclass(frozen=True)
class ExistingSecret:
    """What was found of a static secret.

    :arg values: those that it has.
    :arg earlier: those of the version that is wanted; None: there is none yet.
    """

    place: Place
    values: Mapping[str, Any] = field(default_factory=dict, repr=False)
    earlier: Mapping[str, Any] | None = field(default=None, repr=False)


def look(client: Client, parameters: Mapping[str, Any]) -> ExistingSecret:
    """What is at the path, and the version to go back to.

    :raises OptionError: a path or tag that the API cannot hold, or a value or version that cannot be.
    :raises StateError: the service keeps back values, or never had the version.
    """
    check_version(parameters["version"])
    check_json(parameters["secret"], "secret")
    place = look_at(client, "static", parameters)
    living = place.living
    if living is None:
        return ExistingSecret(place)
    values = _values(place.path, living)
    if parameters["state"] == "present" and parameters["tags"] is not None:
        living = with_tags(client, "static", place.path, living)
    return ExistingSecret(replace(place, living=living), values, _earlier(client, place.path, living, parameters))


def _earlier(
    client: Client, path: ResourcePath, living: Mapping[str, Any], parameters: Mapping[str, Any]
) -> dict[str, Any] | None:
    version, newest = parameters["version"], (living.get("metadata") or {}).get("version")
    is_to_come = version is not None and newest is not None and version > newest
    if version is None or is_to_come or parameters["state"] == "absent":
        return None
    try:
        found = version_of(client, path, version)
    except DeniedError as error:
        raise refused(f"version {version} of the static secret {path}", SHOWN, error) from None
    if found is None:
        raise StateError(_no_version(path, version))
    return _values(path, found)


def plan(found: ExistingSecret, parameters: Mapping[str, Any]) -> Change:
    """What is to be done so that the secret is as wanted.

    :raises OptionError: more tags than the API can hold.
    :raises StateError: something deleted is in the way.
    """
    place = found.place
    if parameters["state"] == "absent":
        before = None if place.living is None else _shown(place.path, found.values, {}, _tags(place.living))
        return deletion(place, before, parameters)
    if place.living is not None:
        return _update(found, place.living, parameters)
    if any(parameters[name] is not None for name in ("secret", "tags", "version")):
        existing(place)
    elif place.how == SHOWN:
        warning = f"{place.path}: this static secret exists, and this token may not read it (ReadSecret)."
        return Change(predicted=_result(place.path, {}, {}), warnings=[warning])
    return _create(place, parameters)


def _create(place: Place, parameters: Mapping[str, Any]) -> Change:
    path, missing = place.path, missing_parent(place)
    requests = () if place.lacking else revive(place, parameters["on_deleted"])
    restored = is_restore(requests)
    if parameters["version"] is not None and not restored:
        missing += (f"version: {path} does not exist, so it has no version to go back to.", *hidden(place))
    values = merged({}, parameters["secret"] or {})
    tags = tags_after({}, wanted_tags(parameters), purge=parameters["purge_tags"])
    creation = item("POST", "static", path, body={"secret": values}, replay=Replay.CREATE)
    if not restored:
        requests += (creation, *tag_requests("static", path, {}, tags, purge=parameters["purge_tags"]))
    return Change(
        requests=requests,
        after=_shown(path, values, {}, tags),
        predicted=_result(path, {"tags": tags}, values),
        outcome=lambda client, answers: _made(client, path, answer_to(creation, requests, answers), tags, values),
        explain=lambda _client, error: explained_creation(place, error),
        replan=restored,
        missing=missing,
        doubts=doubts(place),
        leaves=(Written("static", str(path), content=None if restored else values, tags=None if restored else tags),),
    )


def _update(found: ExistingSecret, living: Mapping[str, Any], parameters: Mapping[str, Any]) -> Change:
    path, current, current_tags = found.place.path, found.values, _tags(living)
    is_missing = parameters["version"] is not None and found.earlier is None
    missing = (_no_version(path, parameters["version"]),) if is_missing else ()
    after = _values_after(found, parameters)
    patch = patch_between(current, after)
    tags = tags_after(current_tags, wanted_tags(parameters), purge=parameters["purge_tags"])
    requests = (item("PATCH", "static", path, body={"secret": patch}),) if patch or missing else ()
    metadata = living.get("metadata") or {}
    version = (metadata.get("version") or 0) + 1 if patch else metadata.get("version")
    # A token may read values and not metadata, and then need not try again.
    known = {**metadata, "version": version} if metadata else {}
    knows_tags = parameters["tags"] is not None or "tags" in metadata
    if known and knows_tags:
        known["tags"] = tags
    predicted = _result(path, known, patch)
    unread = {**predicted, "warnings": [_NO_METADATA.format(path=path)]}
    left = Written(
        "static", str(path), content=left_by(current, after), tags=tags if knows_tags else None, version=version
    )
    return Change(
        requests=requests + tag_requests("static", path, current_tags, tags, purge=parameters["purge_tags"]),
        before=_shown(path, current, {}, current_tags),
        after=_shown(path, after, patch, tags),
        predicted=predicted,
        outcome=lambda client, _answers: _read(client, path, known, patch) if metadata else unread,
        warnings=tuple(_emptied(current, after)),
        missing=missing,
        leaves=(left,),
    )


def _emptied(before: Mapping[str, Any], after: Mapping[str, Any], above: str = "secret") -> Iterator[str]:
    """A sentence for each value that is to become empty: few mean it, and many a variable is not set."""
    for key, value in after.items():
        old, name = before.get(key), f"{above}.{key}"
        if isinstance(value, Mapping) and isinstance(old, Mapping):
            yield from _emptied(old, value, name)
        elif _is_empty(value) and not _is_empty(old):
            yield f"{name}: it becomes empty, and was not. See that the variable in it is set."


def _is_empty(value: Any) -> bool:
    # Neither a number nor a switch is empty.
    return not value.strip() if isinstance(value, str) else value is None or value == [] or value == {}


def _values_after(found: ExistingSecret, parameters: Mapping[str, Any]) -> dict[str, Any]:
    if parameters["version"] is not None or parameters["secret"] is None:
        return dict(found.values if found.earlier is None else found.earlier)
    base = {} if parameters["purge_keys"] else found.values
    return dict(merged(base, parameters["secret"]))


def _no_version(path: ResourcePath, version: int) -> str:
    return f"version: {path} has no version {version}."


def _values(path: ResourcePath, found: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(found.get("secret"), Mapping):
        raise StateError(f"{path}: this version is deleted, so the service keeps back its values.")
    return dict(found["secret"])


def _tags(found: Mapping[str, Any]) -> Tags:
    return (found.get("metadata") or {}).get("tags") or {}


def _made(
    client: Client, path: ResourcePath, answer: Mapping[str, Any] | None, tags: Tags, values: Mapping[str, Any]
) -> dict[str, Any]:
    """The secret as the answer of its creation says."""
    metadata = (answer or {}).get("metadata")
    if not metadata:
        return _read(client, path, {"tags": tags}, values)
    return _result(path, {**metadata, "tags": tags}, values)


def _read(client: Client, path: ResourcePath, known: Mapping[str, Any], changed: Mapping[str, Any]) -> dict[str, Any]:
    def look() -> dict[str, Any]:
        return _result(path, must_show(client, "static", path, "metadata"), changed)

    return read_back(look, _result(path, known, changed), f"The static secret {path}")


def _result(path: ResourcePath, metadata: Mapping[str, Any], changed: Mapping[str, Any]) -> dict[str, Any]:
    shown = {"metadata": view(metadata)} if metadata else {}
    return {"static_secret": {"path": str(path), "type": "static", **shown}, "changed_keys": sorted(changed)}


def _shown(path: ResourcePath, values: Mapping[str, Any], patch: Mapping[str, Any], tags: Tags) -> dict[str, Any]:
    """The diff's view: names of keys, never a value."""
    keys = {key: _HIDDEN_CHANGED if key in patch else _HIDDEN for key in values}
    return {"path": str(path), "secret": keys, "tags": dict(tags)}


STATIC_SECRET = Spec(
    name="static_secret",
    options={
        **RESOURCE,
        "secret": {"type": "dict", "no_log": True},
        # Names of keys, not keys.
        "purge_keys": {"type": "bool", "default": False, "no_log": False},
        "version": {"type": "int"},
    },
    look=look,
    plan=plan,
    mutually_exclusive=(("secret", "version"),),
)


def read(client: Client, parameters: Mapping[str, Any]) -> ReadResult:
    """What is there."""
    check_version(parameters["version"])
    if parameters["path"] is not None:
        found = _one(client, parse_path(parameters["path"], "path"), parameters)
        return ReadResult({"static_secrets": [] if found is None else [found]})
    entries, missing = listed(client, listing("static", parameters, versions=parameters["versions"]))
    secrets = _with_values(client, view(entries), parameters)
    return ReadResult({"static_secrets": secrets}, missing)


def _one(client: Client, path: ResourcePath, parameters: Mapping[str, Any]) -> dict[str, Any] | None:
    query = {"version": parameters["version"], "versions": parameters["versions"]}
    if parameters["values"] or parameters["versions"] or parameters["version"] is not None:
        found = find(client, "static", path, **query)
    else:
        metadata = find(client, "static", path, "metadata")
        found = None if metadata is None else {"metadata": metadata}
    if found is None:
        return None
    shown = view(found if parameters["values"] else without_secret(found))
    return {**shown, "path": str(path), "type": "static"}


def _with_values(client: Client, entries: list[dict[str, Any]], parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    # The values of what is deleted cannot be read.
    if not parameters["values"] or parameters["deleted_only"]:
        return entries
    values = run_concurrently(lambda path: find(client, "static", path), [listed_path(entry) for entry in entries])
    # One that went between the two requests is left out, as if it had gone before.
    return [{**entry, "secret": found["secret"]} for entry, found in zip(entries, values) if found is not None]


STATIC_SECRET_INFO = Spec(
    name="static_secret_info",
    options={
        **CONNECTION,
        "path": {"type": "str"},
        "folder": {"type": "str"},
        "recursive": {"type": "bool", "default": False},
        "deleted_only": {"type": "bool", "default": False},
        "versions": {"type": "bool", "default": False},
        "version": {"type": "int"},
        "values": {"type": "bool", "default": True},
    },
    read=read,
    returns_values=True,
    values_option="values",
    required_one_of=(("path", "folder"),),
    mutually_exclusive=(
        ("path", "folder"),
        ("path", "recursive"),
        ("path", "deleted_only"),
        ("folder", "version"),
    ),
)
