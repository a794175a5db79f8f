# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster over kubernetes.core's own connection, in this process: nothing touches the disk.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._kube.connection import (
    Connection,
    connect,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.errors import (
    ClusterError,
    ForbiddenError,
    NoClusterError,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.identity import secret_of
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.kinds import (
    Kind,
    kind_of,
    named,
    place_of,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.refusals import (
    as_creation,
    no_answer_refusal,
    reading_problem,
    refusal,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.request import (
    PAGE,
    Request,
    apply_request,
    create_request,
    delete_request,
    get_request,
    list_request,
    patch_request,
    question_request,
    unseen,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.sending import Sender
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.settling import (
    is_as_wanted,
    is_leaving,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.waiting import (
    settled_removals,
    wait_gone,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.wire import (
    Applied,
    Found,
    Gone,
    Object,
    Objects,
    Place,
    References,
    Refusal,
    Removals,
    Removed,
    Results,
)


class InWorker:
    """The port over one connection (see wire.Cluster); to be closed, as ``with`` does.

    :arg options: kubernetes.core's, validated.
    :arg concurrency: how many requests run at once.
    :raises ClusterError: there is no usable configuration, which is found before anything is sent.
    """

    def __init__(self, options: Mapping[str, Any], concurrency: int = 8) -> None:
        self.options, self._concurrency = options, concurrency
        self._connection: Connection = connect(options, concurrency)
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
        kind: Kind,
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
        self, kind: Kind, name: str, namespace: str | None = None, *, metadata_only: bool = False
    ) -> dict[str, Any] | None:
        """One object; None: there is none."""
        return self.get_many(kind, [(namespace, name)], metadata_only=metadata_only)[0]

    def get_many(self, kind: Kind, places: Sequence[Place], *, metadata_only: bool = False) -> Found:
        """The objects of these namespaces and names."""

        def one(place: Place) -> dict[str, Any] | None:
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

        def one(pair: tuple[Object, Request]) -> Removed:
            answer = self._attempt(*pair)
            if isinstance(answer, Refusal):
                return Gone(was_there=False) if answer.status == 404 else answer
            return Gone()

        return settled_removals(self, references, self._sender.side_by_side(one, requests))

    def wait_gone(self, references: Sequence[Object], timeout_s: float) -> References:
        """Wait until they are gone, and return those that are not in time."""
        return wait_gone(self, references, timeout_s)

    def _write(self, manifests: Sequence[Object], to_request: Callable[[Object], Request]) -> Results:
        # All of them are made first: one without a name is a mistake that should not stop half-way.
        requests = [(manifest, to_request(manifest)) for manifest in manifests]
        return self._sender.side_by_side(lambda pair: self._settled(*pair), requests)

    def _settled(self, manifest: Object, request: Request) -> Applied:
        answer = self._attempt(manifest, request)
        if isinstance(answer, Refusal):
            return answer
        metadata = answer.get("metadata")
        if not isinstance(metadata, Mapping) or not metadata.get("name"):
            # Whatever has answered, it was no API server.
            return refusal(manifest, 200, {})
        return named(kind_of(manifest), answer)

    def _attempt(self, manifest: Object, request: Request) -> Applied:
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

    def _done_before(self, manifest: Object, request: Request) -> dict[str, Any] | None:
        """The object, if an attempt whose answer was lost has done it and so changed the version that was named."""
        kind = kind_of(manifest)
        try:
            found = self._read(kind, get_request(kind, place_of(manifest), metadata_only=False))
        except ClusterError:
            return None
        is_done = is_leaving if request.method == "DELETE" else is_as_wanted
        return dict(found) if found is not None and is_done(found, manifest) else None

    def _pages(self, kind: Kind, request: Request, limit: int) -> Objects | None:
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

    def _read(self, kind: Kind, request: Request) -> Mapping[str, Any] | None:
        """The body of the answer; None: there is no such thing."""
        answer, _lost = self._sender.send(request)
        if answer.status == 404 and (not kind.is_core or answer.body.get("kind") == "Status"):
            return None
        if answer.status == 410 or (answer.status == 200 and "kind" in answer.body):
            return answer.body
        error = ForbiddenError if answer.status == 403 else ClusterError
        raise error(reading_problem(f"{kind.plural} cannot be read", answer.status, answer.body))
