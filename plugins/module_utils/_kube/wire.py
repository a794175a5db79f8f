# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster as the rest of the collection sees it, whoever carries the requests.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional, Protocol, Union

from ansible_collections.community.workload_credentials.plugins.module_utils._kube.kinds import Kind

FIELD_MANAGER = "community.workload_credentials"
# The modules of kubernetes.core that can do it, too.
WRITE, READ = "kubernetes.core.k8s", "kubernetes.core.k8s_info"

# An object as the API writes it; a manifest or a reference holds as much of it as is needed.
# The reason of what never left this machine.
NOT_SENT = "NotSent"

Object = Mapping[str, Any]


@dataclass(frozen=True)
class Refusal:
    """What the cluster did not do.

    ``status`` is 0 where no answer came, so that it may have been done all the same. ``reason`` is Kubernetes' word, or
    NOT_SENT.
    ``words`` is for the user: it names the object, holds no secret value, and says what to do next.
    ``exists``: what should be made was there already.
    """

    status: int
    reason: str
    words: str
    exists: bool = False

    @property
    def may_be_done(self) -> bool:
        """Whether the cluster may have done it all the same."""
        return not 400 <= self.status < 500 and self.reason != NOT_SENT


@dataclass(frozen=True)
class Gone:
    """A deletion that the cluster accepted. ``was_there``: not, where somebody else was first."""

    was_there: bool = True


# The object as the cluster then had it, and (dry run) as it would have it.
Applied = Union[dict[str, Any], Refusal]
Removed = Union[Gone, Refusal]
Place = tuple[Optional[str], str]
# Named here because the protocol has a method of the name of Python's list.
Objects = list[dict[str, Any]]
Found = list[Optional[dict[str, Any]]]
Results = list[Applied]
Removals = list[Removed]
References = list[Object]


class Cluster(Protocol):
    """Reads raise ClusterError; writes answer for each object by itself, and none stops another."""

    @property
    def address(self) -> str:
        """Which cluster it is, in words that only compare."""

    def list(
        self,
        kind: Kind,
        *,
        namespace: str | None = None,
        labels: Sequence[str] = (),
        fields: Sequence[str] = (),
        metadata_only: bool = False,
    ) -> Objects | None:
        """The objects of a kind; None: the cluster does not serve the kind.

        :arg labels: selectors that all must hold, such as ``a=b``; ``fields`` likewise.
        :arg metadata_only: no data leaves the cluster.
        :raises ForbiddenError: the identity may not list them.
        """

    def get(
        self, kind: Kind, name: str, namespace: str | None = None, *, metadata_only: bool = False
    ) -> dict[str, Any] | None:
        """One object; None: there is none.

        :raises ForbiddenError: the identity may not get it.
        """

    def get_many(self, kind: Kind, places: Sequence[Place], *, metadata_only: bool = False) -> Found:
        """The objects of these namespaces and names, in their order.

        :raises ForbiddenError: the identity may not get one of them.
        """

    def apply(self, manifests: Sequence[Object], *, dry_run: bool = False) -> Results:
        """Bring objects to what the manifests say, by server-side apply; what others own of that is taken over.

        A manifest with a ``resourceVersion`` is applied only while its object has that version or is not there at all.
        """

    def create(self, manifests: Sequence[Object], *, dry_run: bool = False) -> Results:
        """The same, for objects that must not be there yet; those that are give a refusal with ``exists``."""

    def patch(self, manifests: Sequence[Object], *, dry_run: bool = False) -> Results:
        """Merge manifests into objects that are there: what is None goes, lists are replaced."""

    def delete(self, references: Sequence[Object], *, dry_run: bool = False) -> Removals:
        """Delete objects; what is not there is gone.

        A ``resourceVersion`` in a reference must still be the object's. One that has another ``uid`` is another object.
        """

    def wait_gone(self, references: Sequence[Object], timeout_s: float) -> References:
        """Wait until they are gone, and return those that are not when the time is over."""
