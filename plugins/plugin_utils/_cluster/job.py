# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options and the services of a task of cluster_credentials."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Callable

from ...module_utils._credentials.lease import DYNAMIC_SECRET, SERVICE_ACCOUNT
from ...module_utils._kube.errors import ClusterError
from .entries import Entry
from .spec import CA_SECRET, DEFAULT_OWNER, TOKEN_SECRET

if TYPE_CHECKING:
    from ...module_utils._api.client import Client
    from ...module_utils._kube.objects import Cluster
    from .._leases.notes import Notes

# Renders the template of this name with these variables; returns the text and the name of the file.
Template = Callable[[str, Mapping[str, Any]], "tuple[str, str]"]


@dataclass(frozen=True)
class Scope:
    """Where generators and stores live: in each entry's namespace, or once for the cluster.

    :arg namespace: with ``cluster``, the namespace of the Secrets of ClusterSecretStores.
    :arg controller: the class of the operator that they are for; empty: any operator.
    """

    cluster: bool = False
    namespace: str = ""
    controller: str = ""


@dataclass(frozen=True)
class Reference:
    """A key of a Secret or ConfigMap in the cluster.

    :arg namespace: None: that of the object which refers to it. An object of the whole cluster names a namespace.
    :arg is_own: whether the role makes the Secret or ConfigMap.
    """

    name: str
    key: str
    namespace: str | None = None
    kind: str = "Secret"
    is_own: bool = False


@dataclass(frozen=True)
class Service:
    """The Secrets API as the operator reaches it.

    :arg access_token: None: the user keeps the Secret that holds it. ``token`` is that Secret, or the role's.
    :arg ca_cert: PEM text; None: the operator's own authorities count.
    :arg ca_source: where the user keeps the CA.
    :arg ca_inline: whether the manifests themselves hold the CA; else the role makes the Secret ``ca_name`` for it.
    :arg product: the segment after the site. The operator's own stores and generators know ``secrets`` alone.
    """

    api_url: str
    site_id: str
    api_version: str
    access_token: str | None = field(repr=False)
    ca_cert: str | None
    token: Reference = Reference(TOKEN_SECRET, "token", is_own=True)
    ca_source: Reference | None = None
    ca_inline: bool = False
    ca_name: str = CA_SECRET
    product: str = "secrets"

    @property
    def site(self) -> str:
        """Return the URL of the site, as the operator takes it."""
        return f"{self.api_url}/site/{self.site_id}"

    @property
    def ca(self) -> Reference | None:
        """Return where the operator finds the CA; None: nowhere, or in the manifest itself."""
        if self.ca_source or self.ca_inline or not self.ca_cert:
            return self.ca_source
        return Reference(self.ca_name, "ca.crt", is_own=True)

    @property
    def kept(self) -> list[Reference]:
        """Return the objects that the user keeps."""
        return [reference for reference in (self.token, self.ca) if reference is not None and not reference.is_own]


@dataclass(frozen=True)
class Job:
    """One task.

    :arg client: returns the Secrets API, and ``service`` how the operator reaches it; called only if it is needed.
    :arg cluster: returns the cluster of the Secrets.
    :arg tokens: returns another cluster, which mints tokens of service accounts, by its options.
    :arg template: renders the operator's templates.
    :arg tell: shows lines to the person who runs the play.
    :arg last_words: shows a line that this person must see although no result follows.
    :arg wait_timeout: seconds for the operator to deliver, and for removed objects to be gone.
    :arg render_dir: a folder for the operator's manifests; None: none are written.
    :arg concurrency: the most requests at a time.
    :arg renew: mint anew for every entry.
    :arg owner: of the objects; the task neither changes nor removes those of another owner.
    :arg notes: returns this run's notes of leases, by their kind and the service that mints them; None: it takes none.
    :arg journal_dir: returns where other runs may have left their notes.
    """

    entries: Sequence[Entry]
    client: Callable[[], Client]
    service: Callable[[], Service]
    cluster: Callable[[], Cluster]
    tokens: Callable[[Mapping[str, Any]], Cluster]
    template: Template
    tell: Callable[[Sequence[str]], None]
    last_words: Callable[[str], None]
    check_mode: bool = False
    create_namespaces: bool = False
    prune: bool = False
    renew: bool = False
    wait: bool = True
    wait_timeout: int = 120
    render_dir: str | None = None
    scope: Scope = field(default_factory=Scope)
    concurrency: int = 8
    owner: str = DEFAULT_OWNER
    notes: Callable[[str, Any], Notes | None] | None = None
    journal_dir: Callable[[], str | None] = lambda: None

    def service_of(self, kind: str, site: str | None, holder: str = "") -> Any:
        """Return the service that mints and ends leases of a kind at a site.

        :arg holder: namespace and name of the Secret: where several identities reach the site, its entry's counts.
        :raises WorkloadCredentialsError: it cannot be reached, or no entry leads there.
        """
        if kind == DYNAMIC_SECRET:
            return self.client()
        if site is None:
            return self.cluster()
        for cluster in self._clusters(holder):
            if cluster.address == site:
                return cluster
        raise ClusterError(
            f"These leases are of the cluster {site}, which no entry uses. Revoke them with "
            "community.workload_credentials.service_account_lease there."
        )

    def _clusters(self, holder: str) -> Iterator[Cluster]:
        """Yield the clusters to which entries lead: that of the holder's entry first, that of the Secrets last."""
        for entry in sorted(self.entries, key=lambda entry: entry.where != holder):
            if entry.request and entry.request.elsewhere:
                yield self.tokens(entry.request.elsewhere)
        yield self.cluster()

    def notes_of(self, kind: str, site: str | None, holder: str = "") -> Notes | None:
        """Return this run's notes of such leases; None: it takes none."""
        if self.notes is None or kind not in (DYNAMIC_SECRET, SERVICE_ACCOUNT):
            return None
        return self.notes(kind, self.service_of(kind, site, holder))

    @property
    def operated(self) -> list[Entry]:
        """Return the entries that the operator delivers."""
        return [entry for entry in self.entries if not entry.is_pushed]
