# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kubernetes' service accounts as a source: each token is a lease, whose ID this side chooses."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timezone
from typing import Any, Callable

from .._api.errors import MissingError, OptionError, WorkloadCredentialsError
from .._api.times import parse_time
from .._kube.client import InWorker
from .._kube.connection import environment_of_options
from .._kube.options import AUTH
from .._resources._parts.accounts.ending import end, leases, leases_by_id, place_of
from .._resources._parts.accounts.minting import Token, check_account, mint, predict
from .._resources._parts.accounts.wanted import TokenSpec
from .._resources._parts.leases import REFUSED, REVOKED, Ended
from .._resources.service_account_token import file_of, no_token, values_of
from .formats import SERVICE_ACCOUNTS
from .lease import SERVICE_ACCOUNT, Credentials, Lease
from .source import Facts, Origin

_FILE = "kubeconfig"


class ServiceAccountToken:
    """One token of a service account, to be minted once.

    :arg site: the cluster's address; None: it is the cluster of this run.
    """

    kind = SERVICE_ACCOUNT

    def __init__(self, cluster: InWorker, wanted: TokenSpec, site: str | None = None) -> None:
        self.site = site
        # Several tokens may be minted at the same time, and one that fails stops no other.
        self._cluster = cluster.fork()
        self._wanted = wanted

    @property
    def identity(self) -> str:
        """Return namespace and name of what its leases are for."""
        return identity_of(self._wanted.namespace, self._wanted.name)

    @property
    def cache_key(self) -> str:
        """Return all that the request asks for, without the random parts of names."""
        chance = ("lease", "service_account") if self._wanted.is_dynamic else ("lease",)
        asked = {name: value for name, value in asdict(self._wanted).items() if name not in chance}
        return json.dumps(asked, sort_keys=True)

    @property
    def lease_id(self) -> str:
        """Return the ID of its lease: namespace and name of the record."""
        return self._wanted.lease_id

    def facts(self) -> Facts:
        """Return what the request asks for; the API server may give a shorter life.

        :raises MissingError: there is no such account, or no such role.
        """
        try:
            check_account(self._cluster, self._wanted)
        except OptionError as error:
            raise MissingError(str(error)) from None
        return Facts(tuple(SERVICE_ACCOUNTS.keys), self._wanted.ttl, None)

    def mint(self) -> Credentials:
        """Mint a token.

        :raises MayExistError: it failed, and something that was made for it is left.
        :raises WorkloadCredentialsError: none was minted.
        """
        began = datetime.now(timezone.utc)
        token = mint(self._cluster, self._wanted)
        return self._credentials(token, token.warnings, began)

    def placeholder(self) -> Credentials:
        """Return no token, once the cluster's dry run of all that a token needs has succeeded.

        :raises WorkloadCredentialsError: a real run would be refused.
        """
        warnings = predict(self._cluster, self._wanted)
        return self._credentials(no_token(self._wanted), warnings, datetime.now(timezone.utc))

    def _credentials(self, token: Token, warnings: Sequence[str], began: datetime) -> Credentials:
        values = {**values_of(self._cluster, token), _FILE: file_of(self._cluster, token)}
        lease = Lease(self.lease_id, self.identity, began, parse_time(token.expiration), kind=self.kind, site=self.site)
        return Credentials(values, lease, warnings)


def identity_of(namespace: str, name: str) -> str:
    """Return the name of a source of tokens for notes and messages."""
    return f"{namespace}/{name}"


def named(term: str) -> dict[str, str]:
    """Return namespace and name of a term.

    :raises OptionError: it has another form.
    """
    namespace, slash, name = term.partition("/")
    if not (namespace and slash and name) or "/" in name:
        raise OptionError("_terms", f"{term!r} is not a namespace and a name, as in apps/deployer.")
    return {"namespace": namespace, "name": name}


def origin_of_cluster(cluster: InWorker, options: Mapping[str, Any], instead: Callable[[], str]) -> Origin:
    """Return a cluster as the identity of these options sees it.

    :arg options: kubernetes.core's own, validated.
    :arg instead: returns the secret to seal with if the identity has none of its own.
    """
    given = {name: options[name] for name in AUTH if options.get(name) is not None}
    connection = {"options": given, "environment": environment_of_options()}
    whom = cluster.impersonated
    # An identity that impersonates another one is an identity of its own.
    secret = "\n".join((cluster.secret or instead(), *whom))
    return Origin(SERVICE_ACCOUNT, cluster.address, secret, whom, connection)


def is_lease_id(lease_id: str | None) -> bool:
    """Return whether a request can name the lease."""
    try:
        place_of(lease_id or "", "lease_id")
    except OptionError:
        return False
    return True


def living(cluster: InWorker, source: str) -> list[dict[str, Any]]:
    """Return the leases of a source in the form that the Secrets API lists its own."""
    where = named(source)
    return [
        {
            "id": lease.id,
            "expiration": lease.fields["expiration"],
            "created_at": lease.fields["created"],
            "created_by": lease.fields["requested_by"],
            "revocable": True,
        }
        for lease in leases(cluster, where["namespace"], where["name"])
    ]


def end_by_id(cluster: InWorker, ending: Sequence[Mapping[str, Any]]) -> list[Ended]:
    """End each lease, and return what became of it, in their order; raise nothing.

    :arg ending: each with ``id`` and ``expiration``.
    """
    try:
        records = leases_by_id(cluster, [str(lease["id"]) for lease in ending], "lease_id")
        problems = end(cluster, list(filter(None, records)))
    except WorkloadCredentialsError as error:
        if len(ending) == 1:
            return [Ended(ending[0], REFUSED, str(error))]
        # A lease that this identity may not read keeps none of the others from its end.
        return [end_by_id(cluster, [lease])[0] for lease in ending]
    ended: list[Ended] = []
    for lease in ending:
        # A lease without a record has ended before.
        left = " ".join(problems.get(lease["id"], ()))
        ended.append(Ended(lease, REFUSED, left) if left else Ended(lease, REVOKED))
    return ended
