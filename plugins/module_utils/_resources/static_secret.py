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
    Wanted,
    check_readable,
    deletion,
    doubts,
    explained_creation,
    hidden,
    is_restore,
    look_at,
    missing_parent,
    revive,
)
from ._parts.tags import Tags
from ._parts.view import view, without_secret
from ._parts.visibility import SHOWN, listed, listed_path, listing, must_show, read_back, refused, version_of, with_tags

_NO_METADATA = "{path}: it was written, but this token may not read its metadata (ReadSecretMetadata)."
_HIDDEN = "(hidden)"
_HIDDEN_CHANGED = "(hidden, changed)"


@dataclass(frozen=True)
class ExistingSecret:
    """What exists of a static secret.

    :arg values: the present ones.
    :arg earlier: the values of the wanted version; None: it does not exist yet.
    """

    place: Place
    values: Mapping[str, Any] = field(default_factory=dict, repr=False)
    earlier: Mapping[str, Any] | None = field(default=None, repr=False)


@dataclass(frozen=True)
class WantedStaticSecret(Wanted):
    """The wanted state of a static secret.

    :arg secret: the values to merge; None: not given.
    :arg version: to go back to; None: none.
    """

    secret: Mapping[str, Any] | None = field(repr=False)
    purge_keys: bool
    version: int | None

    def values_from(self, current: ExistingSecret) -> dict[str, Any]:
        """Return the values after the change."""
        if self.version is not None or self.secret is None:
            return dict(current.values if current.earlier is None else current.earlier)
        return dict(merged({} if self.purge_keys else current.values, self.secret))


def wanted_of(parameters: Mapping[str, Any]) -> WantedStaticSecret:
    """Return the wanted secret from the module's parameters.

    :raises OptionError: the API cannot hold the path, the tags, a value or the version.
    """
    check_version(parameters["version"])
    check_json(parameters["secret"], "secret")
    own = {name: parameters[name] for name in ("secret", "purge_keys", "version")}
    return WantedStaticSecret.of(parameters, **own)


def look(client: Client, parameters: Mapping[str, Any]) -> ExistingSecret:
    """Return what exists at the path, and the version to go back to.

    :raises OptionError: the API cannot hold something that is wanted.
    :raises StateError: the service withholds values, or never had the version.
    """
    return look_for(client, wanted_of(parameters))


def look_for(client: Client, wanted: WantedStaticSecret) -> ExistingSecret:
    """Return the same for a wanted secret."""
    return look_further(client, look_at(client, "static", wanted), wanted)


def look_further(client: Client, place: Place, wanted: WantedStaticSecret) -> ExistingSecret:
    """Return what exists at a place that has been read: with tags and the version to go back to.

    :raises StateError: the service withholds values, or never had the version.
    """
    living = place.living
    if living is None:
        return ExistingSecret(place)
    values = _values(place.path, living)
    if wanted.tags is not None and not wanted.is_absent:
        living = with_tags(client, "static", place.path, living)
    return ExistingSecret(replace(place, living=living), values, _earlier(client, living, wanted))


def _earlier(client: Client, living: Mapping[str, Any], wanted: WantedStaticSecret) -> dict[str, Any] | None:
    version, newest = wanted.version, (living.get("metadata") or {}).get("version")
    if version is None or wanted.is_absent or (newest is not None and version > newest):
        return None
    try:
        secret = version_of(client, wanted.path, version)
    except DeniedError as error:
        raise refused(f"version {version} of the static secret {wanted.path}", SHOWN, error) from None
    if secret is None:
        raise StateError(_no_version(wanted.path, version))
    return _values(wanted.path, secret)


def plan(current: ExistingSecret, parameters: Mapping[str, Any]) -> Change:
    """Return the change to the wanted secret.

    :raises OptionError: the API cannot hold so many tags.
    :raises StateError: something deleted is in the way.
    """
    return change_to(current, wanted_of(parameters))


def change_to(current: ExistingSecret, wanted: WantedStaticSecret) -> Change:
    """Return the change to the wanted secret.

    :raises OptionError: the API cannot hold so many tags.
    :raises StateError: something deleted is in the way.
    """
    place = current.place
    if wanted.is_absent:
        before = None if place.living is None else _shown(place.path, current.values, {}, _tags(place.living))
        return deletion(place, before, permanent=wanted.permanent)
    if place.living is not None:
        return _update(current, place.living, wanted)
    if (wanted.secret, wanted.tags, wanted.version) != (None, None, None):
        check_readable(place)
    elif place.how == SHOWN:
        warning = f"{place.path}: this static secret exists, but this token may not read it (ReadSecret)."
        return Change(predicted=_result(place.path, {}, {}), warnings=[warning])
    return _create(place, wanted)


def _create(place: Place, wanted: WantedStaticSecret) -> Change:
    path, missing = place.path, missing_parent(place)
    requests = () if place.lacking else revive(place, wanted.on_deleted)
    restored = is_restore(requests)
    if wanted.version is not None and not restored:
        missing += (f"version: {path} does not exist, so it has no version to restore.", *hidden(place))
    values, tags = merged({}, wanted.secret or {}), wanted.tags_from({})
    creation = item("POST", "static", path, body={"secret": values}, replay=Replay.CREATE)
    if not restored:
        requests += (creation, *wanted.tag_requests("static", {}, tags))
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


def _update(current: ExistingSecret, living: Mapping[str, Any], wanted: WantedStaticSecret) -> Change:
    path, current_tags = wanted.path, _tags(living)
    missing: tuple[str, ...] = ()
    if wanted.version is not None and current.earlier is None:
        missing = (_no_version(path, wanted.version),)
    after, tags = wanted.values_from(current), wanted.tags_from(current_tags)
    patch = patch_between(current.values, after)
    requests = (item("PATCH", "static", path, body={"secret": patch}),) if patch or missing else ()
    metadata = living.get("metadata") or {}
    known = _metadata_after(metadata, wanted, tags, has_new_version=bool(patch))
    return Change(
        requests=requests + wanted.tag_requests("static", current_tags, tags),
        before=_shown(path, current.values, {}, current_tags),
        after=_shown(path, after, patch, tags),
        predicted=_result(path, known if metadata else {}, patch),
        outcome=lambda client, _answers: _updated(client, path, known if metadata else {}, patch),
        warnings=tuple(_emptied(current.values, after)),
        missing=missing,
        leaves=(
            Written(
                "static",
                str(path),
                content=left_by(current.values, after),
                tags=known.get("tags"),
                version=known["version"],
            ),
        ),
    )


def _metadata_after(
    metadata: Mapping[str, Any], wanted: WantedStaticSecret, tags: Tags, *, has_new_version: bool
) -> dict[str, Any]:
    """Return the metadata after the change, with the tags as far as they are known."""
    version = metadata.get("version")
    known = {**metadata, "version": (version or 0) + 1 if has_new_version else version}
    if wanted.tags is not None or "tags" in metadata:
        known["tags"] = tags
    return known


def _updated(
    client: Client, path: ResourcePath, known: Mapping[str, Any], changed: Mapping[str, Any]
) -> dict[str, Any]:
    """Read the result; a token that could read values and no metadata before need not try again."""
    if known:
        return _read(client, path, known, changed)
    return {**_result(path, {}, changed), "warnings": [_NO_METADATA.format(path=path)]}


def _emptied(before: Mapping[str, Any], after: Mapping[str, Any], above: str = "secret") -> Iterator[str]:
    """Yield a sentence for each value that becomes empty, which often means that a variable is not set."""
    for key, value in after.items():
        old, name = before.get(key), f"{above}.{key}"
        if isinstance(value, Mapping) and isinstance(old, Mapping):
            yield from _emptied(old, value, name)
        elif _is_empty(value) and not _is_empty(old):
            yield f"{name}: it becomes empty. Check that the variable in it is set."


def _is_empty(value: Any) -> bool:
    # Numbers and booleans are never empty.
    return not value.strip() if isinstance(value, str) else value is None or value == [] or value == {}


def _no_version(path: ResourcePath, version: int) -> str:
    return f"version: {path} has no version {version}."


def _values(path: ResourcePath, secret: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(secret.get("secret"), Mapping):
        raise StateError(f"{path}: this version is deleted, so the service withholds its values.")
    return dict(secret["secret"])


def _tags(secret: Mapping[str, Any]) -> Tags:
    return (secret.get("metadata") or {}).get("tags") or {}


def _made(
    client: Client, path: ResourcePath, answer: Mapping[str, Any] | None, tags: Tags, values: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the secret from the answer of its creation, or else read it."""
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
    """Return the diff's view with the names of keys and never a value."""
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
    """Return the secrets in a folder, or the one at a path."""
    check_version(parameters["version"])
    if parameters["path"] is not None:
        secret = _at_path(client, parse_path(parameters["path"], "path"), parameters)
        return ReadResult({"static_secrets": [] if secret is None else [secret]})
    entries, missing = listed(client, listing("static", parameters, versions=parameters["versions"]))
    secrets = _with_values(client, view(entries), parameters)
    return ReadResult({"static_secrets": secrets}, missing)


def _at_path(client: Client, path: ResourcePath, parameters: Mapping[str, Any]) -> dict[str, Any] | None:
    query = {"version": parameters["version"], "versions": parameters["versions"]}
    if parameters["values"] or parameters["versions"] or parameters["version"] is not None:
        secret = find(client, "static", path, **query)
    else:
        metadata = find(client, "static", path, "metadata")
        secret = None if metadata is None else {"metadata": metadata}
    if secret is None:
        return None
    shown = view(secret if parameters["values"] else without_secret(secret))
    return {**shown, "path": str(path), "type": "static"}


def _with_values(client: Client, entries: list[dict[str, Any]], parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
    # The values of deleted secrets cannot be read.
    if not parameters["values"] or parameters["deleted_only"]:
        return entries
    values = run_concurrently(lambda path: find(client, "static", path), [listed_path(entry) for entry in entries])
    # A secret that was deleted between the two requests is left out.
    return [{**entry, "secret": secret["secret"]} for entry, secret in zip(entries, values) if secret is not None]


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
