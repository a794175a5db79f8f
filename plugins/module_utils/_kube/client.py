# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client for a cluster in this process: concurrent requests, waiting, and resolving writes without an answer."""

from __future__ import annotations

import base64
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from itertools import count
from typing import Any, TypeVar

from .._api import interruption
from .._api.concurrency import check_concurrency, run_concurrently
from .._api.retry import backoff
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
    create_only,
    create_request,
    delete_request,
    get_request,
    is_retryable,
    kind_of,
    list_request,
    patch_request,
    place_of,
    review_request,
    with_kind,
)
from .refusals import as_creation, no_answer_refusal, reading_problem, refusal

# Metadata that the cluster sets, or that is a condition of the write.
_OWN = ("resourceVersion", "uid", "managedFields", "creationTimestamp", "generation")


def is_applied(current: Object, manifest: Object) -> bool:
    """Return whether the object has all fields of the manifest, and this collection has written to it."""
    managers = {entry.get("manager") for entry in current["metadata"].get("managedFields") or ()}
    return FIELD_MANAGER in managers and _holds(current, _wanted(manifest))


def is_being_deleted(current: Object, reference: Object) -> bool:
    """Return whether the reference's object is being deleted and only waits for its finalizers."""
    uid = reference["metadata"].get("uid")
    return bool(current["metadata"].get("deletionTimestamp")) and uid in (None, current["metadata"].get("uid"))


def _wanted(manifest: Object) -> dict[str, Any]:
    metadata = {name: value for name, value in manifest["metadata"].items() if name not in _OWN}
    plain = {name: value for name, value in manifest.items() if name not in ("stringData", "status")}
    # The cluster stores stringData as data.
    texts = manifest.get("stringData") or {}
    if texts:
        encoded = {name: base64.b64encode(str(text).encode()).decode() for name, text in texts.items()}
        plain["data"] = {**plain.get("data", {}), **encoded}
    return {**plain, "metadata": metadata}


def _holds(current: Any, wanted: Any) -> bool:
    if isinstance(wanted, Mapping):
        inner = current if isinstance(current, Mapping) else {}
        return all(_holds(inner.get(name), value) for name, value in wanted.items())
    if isinstance(wanted, (list, tuple)):
        is_same_length = isinstance(current, list) and len(current) == len(wanted)
        return is_same_length and all(map(_holds, current, wanted))
    return bool(current == wanted)


_Read = TypeVar("_Read")


def poll_until(read: Callable[[], _Read], is_enough: Callable[[_Read], bool], timeout_s: float) -> _Read:
    """Read repeatedly, at least once, and return the first result that is enough, or the last before the timeout."""
    deadline = time.monotonic() + timeout_s
    for attempt in count():
        result = read()
        remaining = deadline - time.monotonic()
        if remaining <= 0 or is_enough(result):
            break
        interruption.pause(min(backoff(attempt, first=0.1, longest=2.0), remaining))
        interruption.check()
    return result


def wait_gone(cluster: Cluster, references: Sequence[Object], timeout_s: float) -> References:
    """Wait until the objects are gone; return those still present at the timeout.

    An object that has another ``uid`` than its reference is another object.
    """
    left = list(references)

    def read() -> References:
        left[:] = _still_there(cluster, left)
        return left

    return poll_until(read, lambda still_there: not still_there, timeout_s)


def resolve_removals(cluster: Cluster, references: Sequence[Object], answers: Removals) -> Removals:
    """Return the answers to deletions; one that was refused because another object has the name counts as gone."""
    refused = [
        reference
        for reference, answer in zip(references, answers)
        if isinstance(answer, Refusal) and answer.status == 409 and reference["metadata"].get("uid")
    ]
    try:
        left = _still_there(cluster, refused)
    except ClusterError:
        # Without the permission to read, the refusals stand.
        return answers
    gone = [reference for reference in refused if reference not in left]
    return [Gone(was_there=False) if reference in gone else answer for reference, answer in zip(references, answers)]


def _still_there(cluster: Cluster, references: References) -> References:
    by_kind: dict[ObjectKind, References] = {}
    for reference in references:
        by_kind.setdefault(kind_of(reference), []).append(reference)
    left: References = []
    for kind, of_kind in by_kind.items():
        objects = cluster.get_many(kind, list(map(place_of, of_kind)), metadata_only=True)
        left += [
            reference
            for reference, current in zip(of_kind, objects)
            if current is not None and _is_same(reference, current)
        ]
    return left


def _is_same(reference: Object, current: Object) -> bool:
    uid = reference["metadata"].get("uid")
    return not uid or uid == current["metadata"].get("uid")


RETRIES = 4
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 5.0
# No attempt begins later than this after the first.
PATIENCE_SECONDS = 60.0

_T = TypeVar("_T")
_R = TypeVar("_R")


class Sender:
    """Requests over one connection.

    :arg concurrency: the number of requests at the same time.
    :raises OptionError: this number is out of range.
    """

    def __init__(self, connection: ClusterConnection, concurrency: int) -> None:
        check_concurrency(concurrency)
        self._connection = connection
        self._concurrency = concurrency
        self._broken = threading.Event()

    def send(self, request: ClusterRequest) -> tuple[ClusterAnswer, bool]:
        """Send a request; return the answer, and whether the cluster may have carried out an earlier attempt.

        :raises ClusterError: the connection cannot work, or (NoClusterError) no attempt was answered.
        """
        lost, deadline = False, time.monotonic() + PATIENCE_SECONDS
        if self._broken.is_set():
            raise NoClusterError("It was not sent, since the connection to the cluster was lost.", sent=False)
        for attempt in range(RETRIES + 1):
            pause = backoff(attempt, FIRST_PAUSE, LONGEST_PAUSE)
            try:
                answer = self._connection.send(request)
            except NoClusterError as error:
                lost = lost or error.sent
                if not self._may_wait(attempt, pause, deadline):
                    self._give_up(error)
                    raise NoClusterError(str(error), sent=lost) from None
            else:
                pause += _asked_wait(answer)
                may_pass = is_retryable(answer.status, answer.body, versioned=request.versioned)
                if not may_pass or not self._may_wait(attempt, pause, deadline):
                    return answer, lost
                # After a gateway's answer nobody knows what the cluster did.
                lost = lost or answer.status in (500, 502, 504)
            interruption.pause(pause, self._broken.is_set)
        raise AssertionError("the last attempt returns or raises")

    def run_concurrently(self, function: Callable[[_T], _R], items: Sequence[_T]) -> list[_R]:
        """Return the results in the items' order. After an error or Ctrl-C no new item begins."""
        if not items:
            return []
        self._broken.clear()
        return run_concurrently(function, items, self._concurrency, on_error=self._broken.set)

    def _may_wait(self, attempt: int, seconds: float, deadline: float) -> bool:
        is_open = not (self._broken.is_set() or interruption.is_interrupted())
        return attempt < RETRIES and is_open and time.monotonic() + seconds < deadline

    def _give_up(self, error: NoClusterError) -> None:
        """Let no other request begin if this one could not even be sent."""
        if not error.sent:
            self._broken.set()


def _asked_wait(answer: ClusterAnswer) -> float:
    """Return the seconds that the cluster asks to wait, which it writes as a whole number."""
    return float(answer.retry_after) if re.fullmatch("[0-9]{1,6}", answer.retry_after) else 0.0


class InWorker:
    """A cluster (see objects.Cluster) over one connection of this process, which ``with`` closes.

    :arg options: of kubernetes.core, validated.
    :arg concurrency: the number of requests at the same time.
    :raises ClusterError: there is no usable configuration; nothing has been sent then.
    """

    def __init__(self, options: Mapping[str, Any], concurrency: int = 8) -> None:
        self.options, self._concurrency = options, concurrency
        self._connection: ClusterConnection = connect(options, concurrency)
        # How this identity reaches its cluster.
        self.endpoint = self._connection.endpoint
        self._sender = Sender(self._connection, concurrency)

    @property
    def address(self) -> str:
        """Return the API server's address."""
        return self._connection.host

    @property
    def secret(self) -> str | None:
        """Return a secret that only this identity has; None: it has none that stays the same for a run."""
        return secret_of(self.options, self._connection.configuration)

    @property
    def impersonated(self) -> tuple[str, ...]:
        """Return the headers with the impersonated identity; empty: there is none."""
        return self._connection.impersonated

    def fork(self) -> InWorker:
        """Return a client with the same connection, whose work goes on when the work of this one breaks off."""
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
        """Return the objects of a kind; None: the cluster does not serve it."""
        request = list_request(kind, namespace, labels, fields, metadata_only=metadata_only)
        items = self._pages(kind, request, PAGE)
        if items is None:
            return None
        return [with_kind(kind, item) for item in items]

    def get(
        self, kind: ObjectKind, name: str, namespace: str | None = None, *, metadata_only: bool = False
    ) -> dict[str, Any] | None:
        """Return one object; None: it does not exist."""
        return self.get_many(kind, [(namespace, name)], metadata_only=metadata_only)[0]

    def get_many(
        self, kind: ObjectKind, places: Sequence[NamespacedName], *, metadata_only: bool = False
    ) -> FoundObjects:
        """Return the objects of these namespaces and names, in their order."""

        def get(place: NamespacedName) -> dict[str, Any] | None:
            body = self._read(kind, get_request(kind, place, metadata_only=metadata_only))
            return None if body is None else with_kind(kind, body)

        return self._sender.run_concurrently(get, places)

    def apply(self, manifests: Sequence[Object], *, dry_run: bool = False) -> Results:
        """Apply each manifest on the server."""
        return self._write(manifests, lambda manifest: apply_request(manifest, dry_run=dry_run))

    def create(self, manifests: Sequence[Object], *, dry_run: bool = False) -> Results:
        """Apply each manifest on the server if its object does not exist yet."""
        results = self.apply(list(map(create_only, manifests)), dry_run=dry_run)
        return list(map(as_creation, results, manifests))

    def post(self, manifests: Sequence[Object], *, dry_run: bool = False) -> Results:
        """Create objects by requests that need no permission to patch."""
        return self._write(manifests, lambda manifest: create_request(manifest, dry_run=dry_run))

    def create_review(self, reference: Object, path: str, review: Object) -> Applied:
        """Return the cluster's answer to an object that it does not keep, such as a token request.

        :arg reference: the object that a refusal names.
        """
        requests = [review_request(path, review)]
        return self._sender.run_concurrently(lambda request: self._attempt(reference, request), requests)[0]

    def patch(self, manifests: Sequence[Object], *, dry_run: bool = False) -> Results:
        """Send a merge patch for each manifest."""
        return self._write(manifests, lambda manifest: patch_request(manifest, dry_run=dry_run))

    def delete(self, references: Sequence[Object], *, dry_run: bool = False) -> Removals:
        """Delete each object; one that does not exist counts as deleted."""
        requests = [(reference, delete_request(reference, dry_run=dry_run)) for reference in references]

        def delete(pair: tuple[Object, ClusterRequest]) -> Removed:
            answer = self._attempt(*pair)
            if isinstance(answer, Refusal):
                return Gone(was_there=False) if answer.status == 404 else answer
            return Gone()

        return resolve_removals(self, references, self._sender.run_concurrently(delete, requests))

    def wait_gone(self, references: Sequence[Object], timeout_s: float) -> References:
        """Wait until the objects are gone; return those still present at the timeout."""
        return wait_gone(self, references, timeout_s)

    def _write(self, manifests: Sequence[Object], to_request: Callable[[Object], ClusterRequest]) -> Results:
        # All requests are made first: a manifest without a name should not stop the writes half-way.
        requests = [(manifest, to_request(manifest)) for manifest in manifests]
        return self._sender.run_concurrently(lambda pair: self._written(*pair), requests)

    def _written(self, manifest: Object, request: ClusterRequest) -> Applied:
        answer = self._attempt(manifest, request)
        if isinstance(answer, Refusal):
            return answer
        metadata = answer.get("metadata")
        if not isinstance(metadata, Mapping) or not metadata.get("name"):
            # Something other than an API server has answered.
            return refusal(manifest, 200, {})
        return with_kind(kind_of(manifest), answer)

    def _attempt(self, manifest: Object, request: ClusterRequest) -> Applied:
        """Send a request and return the object in the answer, or the refusal."""
        try:
            answer, lost = self._sender.send(request)
        except ClusterError as error:
            sent = isinstance(error, NoClusterError) and error.sent and not request.dry_run
            return no_answer_refusal(manifest, str(error), sent=sent)
        if 200 <= answer.status < 300 and "kind" in answer.body:
            return dict(answer.body)
        if lost and answer.status == 409:
            written = self._written_before(manifest, request)
            if written is not None:
                return written
        return refusal(manifest, answer.status, answer.body)

    def _written_before(self, manifest: Object, request: ClusterRequest) -> dict[str, Any] | None:
        """Return the object if the attempt without an answer has written it, so that it caused the conflict itself."""
        if not request.versioned and request.method != "POST":
            return None
        kind = kind_of(manifest)
        try:
            current = self._read(kind, get_request(kind, place_of(manifest), metadata_only=False))
        except ClusterError:
            return None
        is_done = is_being_deleted if request.method == "DELETE" else is_applied
        return dict(current) if current is not None and is_done(current, manifest) else None

    def _pages(self, kind: ObjectKind, request: ClusterRequest, limit: int) -> Objects | None:
        """Return the items of a list, page by page; ``limit`` 0 is one page with everything."""
        items: Objects = []
        following = ""
        while True:
            page = replace(request, query={**request.query, "limit": limit or "", "continue": following})
            body = self._sender.run_concurrently(lambda request: self._read(kind, request), [page])[0]
            if body is None:
                return None
            if body.get("code") == 410:
                # The cluster has dropped the snapshot of the first page, so read everything at once.
                return self._pages(kind, request, 0)
            items += body.get("items") or ()
            following = str((body.get("metadata") or {}).get("continue") or "")
            if not following:
                return items

    def _read(self, kind: ObjectKind, request: ClusterRequest) -> Mapping[str, Any] | None:
        """Return the body of the answer; None: the object or kind does not exist."""
        answer, _lost = self._sender.send(request)
        if answer.status == 404 and (not kind.is_core or answer.body.get("kind") == "Status"):
            return None
        if answer.status == 410 or (answer.status == 200 and "kind" in answer.body):
            return answer.body
        error = ForbiddenError if answer.status == 403 else ClusterError
        raise error(reading_problem(f"{kind.plural} cannot be read", answer.status, answer.body))
