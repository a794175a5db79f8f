# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client for a cluster in this process: sending side by side, waiting, and settling writes without an answer."""

from __future__ import annotations

import base64
import random
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from typing import Any, TypeVar

from .._api import interruption
from .._api.concurrency import check_concurrency, pooled
from .._api.interruption import is_interrupted, pause
from .connection import ClusterAnswer, ClusterConnection, connect, secret_of
from .errors import ClusterError, ForbiddenError, NoClusterError
from .objects import (
    FIELD_MANAGER,
    PAGE,
    Applied,
    Cluster,
    ClusterRequest,
    FoundObjects,
    Gone,
    NamespacedName,
    Object,
    ObjectKind,
    Objects,
    References,
    Refusal,
    Removals,
    Removed,
    Results,
    apply_request,
    create_request,
    delete_request,
    get_request,
    is_passing,
    kind_of,
    list_request,
    named,
    patch_request,
    place_of,
    question_request,
    unseen,
)
from .refusals import as_creation, no_answer_refusal, reading_problem, refusal

# What is a condition of the write, or the cluster's own to set.
_OWN = ("resourceVersion", "uid", "managedFields", "creationTimestamp", "generation")


def is_as_wanted(found: Object, manifest: Object) -> bool:
    """Whether the object has everything that the manifest says, and this collection has written to it."""
    managers = {one.get("manager") for one in found["metadata"].get("managedFields") or ()}
    return FIELD_MANAGER in managers and _holds(found, _wanted(manifest))


def is_leaving(found: Object, reference: Object) -> bool:
    """Whether the object that the reference means is being deleted, and stays only for what holds it."""
    uid = reference["metadata"].get("uid")
    return bool(found["metadata"].get("deletionTimestamp")) and uid in (None, found["metadata"].get("uid"))


def _wanted(manifest: Object) -> dict[str, Any]:
    metadata = {name: value for name, value in manifest["metadata"].items() if name not in _OWN}
    plain = {name: value for name, value in manifest.items() if name not in ("stringData", "status")}
    # What is given as text is kept as data.
    texts = manifest.get("stringData") or {}
    encoded = {name: base64.b64encode(str(text).encode()).decode() for name, text in texts.items()}
    return {**plain, "metadata": metadata, **({"data": {**plain.get("data", {}), **encoded}} if encoded else {})}


def _holds(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, Mapping):
        inner = found if isinstance(found, Mapping) else {}
        return all(_holds(inner.get(name), value) for name, value in wanted.items())
    if isinstance(wanted, (list, tuple)):
        same = isinstance(found, list) and len(found) == len(wanted)
        return same and all(map(_holds, found, wanted))
    return bool(found == wanted)


_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0

_Seen = TypeVar("_Seen")


def looked_until(look: Callable[[], _Seen], is_enough: Callable[[_Seen], bool], timeout_s: float) -> _Seen:
    """What was seen last, once it is enough or the time is over; it is looked once at least."""
    deadline, pause = time.monotonic() + timeout_s, _FIRST_PAUSE
    while True:
        seen = look()
        remaining = deadline - time.monotonic()
        if remaining <= 0 or is_enough(seen):
            return seen
        interruption.pause(min(pause, remaining))
        interruption.check()
        pause = min(pause * 1.5, _LONGEST_PAUSE)


def wait_gone(cluster: Cluster, references: Sequence[Object], timeout_s: float) -> References:
    """Those of the references whose objects are there when the time is over; it is looked once at least.

    An object that has another ``uid`` than its reference is another object.
    """
    left = list(references)

    def look() -> References:
        left[:] = _still_there(cluster, left)
        return left

    return looked_until(look, lambda still_there: not still_there, timeout_s)


def settled_removals(cluster: Cluster, references: Sequence[Object], answers: Removals) -> Removals:
    """The answers to deletions; one refused since another object has that name says that the one meant is gone."""
    refused = [
        one
        for one, answer in zip(references, answers)
        if isinstance(answer, Refusal) and answer.status == 409 and one["metadata"].get("uid")
    ]
    try:
        left = _still_there(cluster, refused)
    except ClusterError:
        # Who may not look does not know.
        return answers
    gone = [one for one in refused if one not in left]
    return [Gone(was_there=False) if one in gone else answer for one, answer in zip(references, answers)]


def _still_there(cluster: Cluster, references: References) -> References:
    by_kind: dict[ObjectKind, References] = {}
    for one in references:
        by_kind.setdefault(kind_of(one), []).append(one)
    left: References = []
    for kind, ones in by_kind.items():
        found = cluster.get_many(kind, [place_of(one) for one in ones], metadata_only=True)
        left += [one for one, now in zip(ones, found) if now is not None and _is_same(one, now)]
    return left


def _is_same(reference: Object, found: Object) -> bool:
    uid = reference["metadata"].get("uid")
    return not uid or uid == found["metadata"].get("uid")


RETRIES = 4
# The pause doubles with each attempt.
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 5.0
# No attempt begins later than this after the first.
PATIENCE_SECONDS = 60.0

_T = TypeVar("_T")
_R = TypeVar("_R")


class Sender:
    """Requests over one connection.

    :arg concurrency: how many at once.
    :raises OptionError: that is out of range.
    """

    def __init__(self, connection: ClusterConnection, concurrency: int) -> None:
        check_concurrency(concurrency)
        self._connection = connection
        self._concurrency = concurrency
        self._broken = threading.Event()

    def send(self, request: ClusterRequest) -> tuple[ClusterAnswer, bool]:
        """The answer, and whether an earlier attempt may have been acted upon.

        :raises ClusterError: the connection cannot work, or (NoClusterError) no attempt was answered.
        """
        lost, deadline = False, time.monotonic() + PATIENCE_SECONDS
        if self._broken.is_set():
            raise NoClusterError("It was not sent, since the connection to the cluster was lost.", sent=False)
        for attempt in range(RETRIES + 1):
            try:
                answer = self._connection.send(request)
            except NoClusterError as error:
                lost = lost or error.sent
                seconds = _pause(attempt, "")
                if not self._may_wait(attempt, seconds, deadline):
                    if not error.sent:
                        # What else is waiting to be sent would find the same.
                        self._broken.set()
                    raise NoClusterError(str(error), sent=lost) from None
            else:
                seconds = _pause(attempt, answer.retry_after)
                passing = is_passing(answer.status, answer.body, versioned=request.versioned)
                if not passing or not self._may_wait(attempt, seconds, deadline):
                    return answer, lost
                # A gateway's answer leaves open what the cluster did.
                lost = lost or answer.status in (500, 502, 504)
            pause(seconds, self._broken.is_set)
        raise AssertionError("the last attempt returns or raises")

    def side_by_side(self, function: Callable[[_T], _R], items: Sequence[_T]) -> list[_R]:
        """Results in the items' order; an error, or Ctrl-C, lets nothing more begin, and waits for what has begun."""
        self._broken.clear()
        return pooled(function, items, self._concurrency, self._broken.set) if items else []

    def _may_wait(self, attempt: int, seconds: float, deadline: float) -> bool:
        is_open = not (self._broken.is_set() or is_interrupted())
        return attempt < RETRIES and is_open and time.monotonic() + seconds < deadline


def _pause(attempt: int, retry_after: str) -> float:
    """Seconds until the next attempt; the cluster asks in whole seconds."""
    asked = float(retry_after) if re.fullmatch("[0-9]{1,6}", retry_after) else 0.0
    return asked + random.uniform(0.5, 1.0) * min(FIRST_PAUSE * 2.0**attempt, LONGEST_PAUSE)


class InWorker:
    """The port over one connection (see wire.Cluster); to be closed, as ``with`` does.

    :arg options: kubernetes.core's, validated.
    :arg concurrency: how many requests run at once.
    :raises ClusterError: there is no usable configuration, which is found before anything is sent.
    """

    def __init__(self, options: Mapping[str, Any], concurrency: int = 8) -> None:
        self.options, self._concurrency = options, concurrency
        self._connection: ClusterConnection = connect(options, concurrency)
        # How this identity reaches its cluster.
        self.endpoint = self._connection.endpoint
        self._sender = Sender(self._connection, concurrency)

    @property
    def address(self) -> str:
        """The API server's address."""
        return self._connection.host

    @property
    def secret(self) -> str | None:
        """What only this identity has; None: nothing that stays the same for a run."""
        return secret_of(self.options, self._connection.configuration)

    @property
    def impersonated(self) -> tuple[str, ...]:
        """In whose name it works; nobody's but its own: empty."""
        return self._connection.impersonated

    def apart(self) -> InWorker:
        """The same connection for other work, which goes on where this one's breaks off."""
        other = copy(self)
        other._sender = Sender(self._connection, self._concurrency)
        return other

    def __enter__(self) -> InWorker:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """End the connections."""
        self._connection.close()

    def list(
        self,
        kind: ObjectKind,
        *,
        namespace: str | None = None,
        labels: Sequence[str] = (),
        fields: Sequence[str] = (),
        metadata_only: bool = False,
    ) -> Objects | None:
        """The objects of a kind; None: the cluster does not serve it."""
        request = list_request(kind, namespace, labels, fields, metadata_only=metadata_only)
        items = self._pages(kind, request, PAGE)
        if items is None:
            return None
        return [named(kind, item) for item in items]

    def get(
        self, kind: ObjectKind, name: str, namespace: str | None = None, *, metadata_only: bool = False
    ) -> dict[str, Any] | None:
        """One object; None: there is none."""
        return self.get_many(kind, [(namespace, name)], metadata_only=metadata_only)[0]

    def get_many(
        self, kind: ObjectKind, places: Sequence[NamespacedName], *, metadata_only: bool = False
    ) -> FoundObjects:
        """The objects of these namespaces and names."""

        def one(place: NamespacedName) -> dict[str, Any] | None:
            body = self._read(kind, get_request(kind, place, metadata_only=metadata_only))
            return None if body is None else named(kind, body)

        return self._sender.side_by_side(one, places)

    def apply(self, manifests: Sequence[Object], *, dry_run: bool = False) -> Results:
        """Server-side apply of each manifest."""
        return self._write(manifests, lambda one: apply_request(one, dry_run=dry_run))

    def create(self, manifests: Sequence[Object], *, dry_run: bool = False) -> Results:
        """Server-side apply of each manifest, if there is no such object yet."""
        results = self.apply([unseen(one) for one in manifests], dry_run=dry_run)
        return [as_creation(one, manifest) for one, manifest in zip(results, manifests)]

    def make(self, manifests: Sequence[Object], *, dry_run: bool = False) -> Results:
        """The same by requests that need no right to change what is there."""
        return self._write(manifests, lambda one: create_request(one, dry_run=dry_run))

    def ask(self, reference: Object, path: str, question: Object) -> Applied:
        """The cluster's answer to what it does not keep, such as a token request.

        :arg reference: the object that it is about, for a refusal's words.
        """
        return self._sender.side_by_side(
            lambda request: self._attempt(reference, request), [question_request(path, question)]
        )[0]

    def patch(self, manifests: Sequence[Object], *, dry_run: bool = False) -> Results:
        """A merge patch for each manifest."""
        return self._write(manifests, lambda one: patch_request(one, dry_run=dry_run))

    def delete(self, references: Sequence[Object], *, dry_run: bool = False) -> Removals:
        """Delete each of them; what is not there is gone."""
        requests = [(one, delete_request(one, dry_run=dry_run)) for one in references]

        def one(pair: tuple[Object, ClusterRequest]) -> Removed:
            answer = self._attempt(*pair)
            if isinstance(answer, Refusal):
                return Gone(was_there=False) if answer.status == 404 else answer
            return Gone()

        return settled_removals(self, references, self._sender.side_by_side(one, requests))

    def wait_gone(self, references: Sequence[Object], timeout_s: float) -> References:
        """Wait until they are gone, and return those that are not in time."""
        return wait_gone(self, references, timeout_s)

    def _write(self, manifests: Sequence[Object], to_request: Callable[[Object], ClusterRequest]) -> Results:
        # All of them are made first: one without a name is a mistake that should not stop half-way.
        requests = [(manifest, to_request(manifest)) for manifest in manifests]
        return self._sender.side_by_side(lambda pair: self._settled(*pair), requests)

    def _settled(self, manifest: Object, request: ClusterRequest) -> Applied:
        answer = self._attempt(manifest, request)
        if isinstance(answer, Refusal):
            return answer
        metadata = answer.get("metadata")
        if not isinstance(metadata, Mapping) or not metadata.get("name"):
            # Whatever has answered, it was no API server.
            return refusal(manifest, 200, {})
        return named(kind_of(manifest), answer)

    def _attempt(self, manifest: Object, request: ClusterRequest) -> Applied:
        """The cluster's answer, or why there is none."""
        try:
            answer, lost = self._sender.send(request)
        except ClusterError as error:
            sent = isinstance(error, NoClusterError) and error.sent and not request.dry_run
            return no_answer_refusal(manifest, str(error), sent=sent)
        if 200 <= answer.status < 300 and "kind" in answer.body:
            return dict(answer.body)
        settles = request.versioned or request.method == "POST"
        ours = self._done_before(manifest, request) if lost and settles and answer.status == 409 else None
        return ours or refusal(manifest, answer.status, answer.body)

    def _done_before(self, manifest: Object, request: ClusterRequest) -> dict[str, Any] | None:
        """The object, if an attempt whose answer was lost has done it and so changed the version that was named."""
        kind = kind_of(manifest)
        try:
            found = self._read(kind, get_request(kind, place_of(manifest), metadata_only=False))
        except ClusterError:
            return None
        is_done = is_leaving if request.method == "DELETE" else is_as_wanted
        return dict(found) if found is not None and is_done(found, manifest) else None

    def _pages(self, kind: ObjectKind, request: ClusterRequest, limit: int) -> Objects | None:
        """The items of a list, page by page; ``limit`` 0 is one page with everything."""
        items: Objects = []
        following = ""
        while True:
            page = replace(request, query={**request.query, "limit": limit or "", "continue": following})
            body = self._sender.side_by_side(lambda one: self._read(kind, one), [page])[0]
            if body is None:
                return None
            if body.get("code") == 410:
                # The cluster has forgotten what the first page was part of: all of it at once.
                return self._pages(kind, request, 0)
            items += body.get("items") or ()
            following = str((body.get("metadata") or {}).get("continue") or "")
            if not following:
                return items

    def _read(self, kind: ObjectKind, request: ClusterRequest) -> Mapping[str, Any] | None:
        """The body of the answer; None: there is no such thing."""
        answer, _lost = self._sender.send(request)
        if answer.status == 404 and (not kind.is_core or answer.body.get("kind") == "Status"):
            return None
        if answer.status == 410 or (answer.status == 200 and "kind" in answer.body):
            return answer.body
        error = ForbiddenError if answer.status == 403 else ClusterError
        raise error(reading_problem(f"{kind.plural} cannot be read", answer.status, answer.body))
