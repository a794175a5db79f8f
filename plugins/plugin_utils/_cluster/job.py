# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task of cluster_credentials is asked to do, and whom it asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

# Renders the template of this name (and says which file that was) with these variables.
Template = Callable[[str, Mapping[str, Any]], "tuple[str, str]"]


@dataclass(frozen=True)
class Scope:
    """Where generators and stores live: in each entry's namespace, or once for the cluster.

    :arg namespace: with ``cluster``, where the Secrets of ClusterSecretStores lie.
    :arg controller: which of several operators they are for, by its class; empty: any.
    """

    cluster: bool = False
    namespace: str = ""
    controller: str = ""


@dataclass(frozen=True)
class Reference:
    """A key of a Secret or ConfigMap in the cluster.

    :arg namespace: None: that of the object which refers to it; what belongs to the cluster names one.
    :arg is_own: whether the role makes it.
    """

    name: str
    key: str
    namespace: str | None = None
    kind: str = "Secret"
    is_own: bool = False


@dataclass(frozen=True)
class Service:
    """The Secrets API as the operator reaches it.

    :arg access_token: None where the user keeps the Secret with it; ``token`` is that Secret, or the role's.
    :arg ca_cert: PEM text. ``ca`` is where it lies, None where the operator's own authorities count; the manifests
        themselves hold it with ``ca_inline``. ``ca_name`` is that of the Secret which the role makes for it.
    :arg product: the segment after the site. The operator's own stores and generators know no other than ``secrets``.
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
        """Its address and site, in the operator's words."""
        return f"{self.api_url}/site/{self.site_id}"

    @property
    def ca(self) -> Reference | None:
        """Where the operator finds the CA; None: nowhere, or in the manifest itself."""
        if self.ca_source or self.ca_inline or not self.ca_cert:
            return self.ca_source
        return Reference(self.ca_name, "ca.crt", is_own=True)

    @property
    def kept(self) -> list[Reference]:
        """What the user keeps."""
        return [one for one in (self.token, self.ca) if one is not None and not one.is_own]


@dataclass(frozen=True)
class Job:
    """One task.

    :arg client: the Secrets API, and ``service`` how the operator reaches it; asked for only where it is needed.
    :arg cluster: the cluster, likewise; ``tokens`` another one that mints tokens of service accounts, by its options.
    :arg template: renders the operator's templates.
    :arg tell: shows lines to the person who runs the play; ``last_words`` one that must be seen, as no result follows.
    :arg wait_timeout: seconds, for the operator and for what is removed to be gone.
    :arg render_dir: a folder for the operator's manifests; None: none are written.
    :arg concurrency: how many requests are under way at most.
    :arg renew: mint anew for every entry.
    :arg owner: whose objects these are; nobody else's are changed or removed.
    :arg notes: this run's notes of leases of a kind that a service mints; None: none are taken. ``journal_dir``: where
        others may have left theirs.
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
        """What mints and ends leases of a kind at a site.

        :arg holder: namespace and name of the Secret: of several identities there, its entry's counts.
        :raises WorkloadCredentialsError: it cannot be had, or no entry leads there.
        """
        if kind == DYNAMIC_SECRET:
            return self.client()
        if site is None:
            return self.cluster()
        ways = [(one.where, one.request.elsewhere) for one in self.entries if one.request and one.request.elsewhere]
        for _where, elsewhere in (*(way for way in ways if way[0] == holder), *ways):
            cluster = self.tokens(elsewhere)
            if cluster.address == site:
                return cluster
        if site == self.cluster().address:
            return self.cluster()
        raise ClusterError(
            f"They are of the cluster {site}, to which no entry leads: "
            "community.workload_credentials.service_account_lease ends them there."
        )

    def notes_of(self, kind: str, site: str | None, holder: str = "") -> Notes | None:
        """This run's notes of such leases; None: none are taken."""
        if self.notes is None or kind not in (DYNAMIC_SECRET, SERVICE_ACCOUNT):
            return None
        return self.notes(kind, self.service_of(kind, site, holder))

    @property
    def operated(self) -> list[Entry]:
        """The entries that the operator delivers."""
        return [entry for entry in self.entries if not entry.is_pushed]
