# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions of AWS' Security Token Service as a source: nothing can end a session early."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Any

from .._api.errors import OptionError, StateError
from .._api.times import NO_TIME, parse_time, written
from .._kube.client import InWorker
from .._kube.objects import OBJECT_KINDS, Refusal
from .._kube.refusals import name_of
from .._resources._parts.view import no_value
from .._sts.client import FIELDS, session_of
from .._sts.options import AUDIENCE, IDENTITY
from .._sts.request import AwsIdentity, Call, WebIdentity, call_of, token_in, with_what_a_pod_has
from .lease import STS_SESSION, Credentials, Lease
from .source import Facts, Origin

# Connects to a cluster with kubernetes.core's options.
Connect = Callable[[Mapping[str, Any]], AbstractContextManager[Any]]
_OPTION = "service_account"
_REQUIRED = ("namespace", "name")
# Options of kubernetes.core, for another cluster than that of its environment variables or the usual kubeconfig.
_CLUSTER = ("kubeconfig", "context")
# The shortest life that a cluster gives: the token is used at once.
_SECONDS = 600


def projected_token(account: Mapping[str, Any], cluster: Connect = InWorker) -> WebIdentity:
    """Return the token of a service account, still to be requested.

    :arg account: ``namespace`` and ``name``, perhaps with ``audience``, ``kubeconfig`` and ``context``.
    :arg cluster: connects to the cluster that makes the token.
    :raises OptionError: a key is unknown or missing.
    """
    unknown = sorted(account.keys() - {*_REQUIRED, *_CLUSTER, "audience"})
    if unknown:
        raise OptionError(
            _OPTION, f"{unknown[0]!r} is unknown: it takes namespace, name, audience, kubeconfig and context."
        )
    missing = [name for name in _REQUIRED if not account.get(name)]
    if missing:
        raise OptionError(_OPTION, f"it needs {missing[0]}.")
    given = {name: str(value) for name, value in account.items() if value}
    name = " ".join(f"{key}={given[key]}" for key in sorted(given))
    return WebIdentity(name, partial(_asked, {"audience": AUDIENCE, **given}, cluster))


def _asked(account: Mapping[str, str], connect: Connect) -> str:
    namespace, name = account["namespace"], account["name"]
    reference = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": namespace}}
    path = f"{OBJECT_KINDS['ServiceAccount'].path(namespace, name)}/token"
    spec = {"audiences": [account["audience"]], "expirationSeconds": _SECONDS}
    question = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
    with connect({option: account[option] for option in _CLUSTER if option in account}) as cluster:
        answer = cluster.create_review(reference, path, question)
    if isinstance(answer, Refusal):
        if answer.status == 404:
            raise OptionError(_OPTION, f"there is no service account {namespace}/{name}.")
        raise StateError(answer.words)
    token = (answer.get("status") or {}).get("token")
    if not token:
        raise StateError(f"{name_of(reference)}: the cluster's answer to a token request contains no token.")
    return str(token)


# Takes an MFA device and its code, and raises OptionError if it took this code before.
Spend = Callable[[str, str], None]


class StsSession:
    """The sessions that STS gives an identity for one call.

    :arg proof: the token of the call that takes one.
    :arg spend: called before a code is sent, which works once.
    :arg must_end: refuse a session of unknown expiration: nothing could renew it in time.
    """

    kind, site = STS_SESSION, None
    lease_id = None

    def __init__(
        self, caller: AwsIdentity, call: Call, proof: WebIdentity | None, spend: Spend, *, must_end: bool = False
    ) -> None:
        self._caller = caller
        self._call = call
        self._proof = proof
        self._spend = spend
        self._must_end = must_end

    @property
    def identity(self) -> str:
        """Return the name of the call and of the identity."""
        role = self._call.parameters.get("RoleArn")
        what = f"{self._call.operation.name} of {role}" if role else self._call.operation.name
        return what if self._proof else f"{what} as {self._caller}"

    @property
    def cache_key(self) -> str:
        """Return all options that lead to another session, without those that authenticate."""
        where = (self._caller.region, self._caller.endpoint_url)
        return json.dumps([where, self._call.parameters, self._proof and self._proof.name], sort_keys=True)

    def facts(self) -> Facts:
        """Return what is known without a request."""
        return Facts(tuple(FIELDS), self._call.duration or self._call.operation.usual, None)

    def mint(self) -> Credentials:
        """Request a session.

        :raises WorkloadCredentialsError: STS gives none.
        """
        token = self._proof.token() if self._proof else None
        if self._call.token_code:
            self._spend(str(self._call.parameters["SerialNumber"]), self._call.token_code)
        began = datetime.now(timezone.utc)
        values = session_of(self._caller, self._call, token)
        lease = self._lease(began, values)
        if self._must_end and lease.expiration is None:
            raise StateError(
                f"{self.identity}: the expiration of this session is unknown, so nothing could renew it in time. Set "
                "role_arn, or use keys or a profile with a known expiration."
            )
        return Credentials(values, lease, tuple(_doubts(lease)))

    def placeholder(self) -> Credentials:
        """Return placeholders under the keys of a session."""
        values = {**{key: no_value(key) for key in FIELDS}, "expiration": NO_TIME}
        return Credentials(values, self._lease(datetime.now(timezone.utc), values))

    def _lease(self, began: datetime, values: Mapping[str, str]) -> Lease:
        # AWS names no session, and has no call that ends one.
        return Lease(
            "", self.identity, began, parse_time(values.get("expiration", "")), revocable=False, kind=self.kind
        )


def _doubts(lease: Lease) -> Iterator[str]:
    """Yield what is odd about a session that was just made."""
    if lease.expiration and lease.life <= timedelta(0):
        when = written(lease.expiration)
        yield f"{lease.source}: the session had expired when it arrived ({when}). Check this machine's clock."


def sessions_of(
    parameters: Mapping[str, Any],
    profiles: Sequence[str],
    environment: Mapping[str, str],
    spend: Spend,
    cluster: Connect = InWorker,
    *,
    must_end: bool = False,
) -> list[StsSession]:
    """Return a source for each profile, or the one of the options.

    :arg parameters: the options of ``_sts/options.py``, in their types; None: not set.
    :arg environment: of this machine, which in a pod names the role of its service account.
    :arg cluster: connects to the cluster that makes the token of a service account.
    :arg must_end: refuse a session of unknown expiration.
    :raises OptionError: the options exclude each other, or STS would refuse the call.
    """
    meant = parameters if profiles else with_what_a_pod_has(parameters, environment)
    call = call_of(meant)
    proof = _proof(meant, cluster)
    if profiles and proof:
        raise OptionError("_terms", f"{call.operation.name} needs no credentials, so there is no profile to name.")
    if len(profiles) > 1 and call.token_code:
        raise OptionError("token_code", "a code works only once, so it cannot be used for several terms.")
    callers = [AwsIdentity.from_parameters(asking) for asking in _asking(meant, profiles)]
    return [StsSession(caller, call, proof, spend, must_end=must_end) for caller in callers]


def origin_of_sessions(parameters: Mapping[str, Any], key: Callable[[], str]) -> Origin:
    """Return the identity for which sessions are kept: the service's address and the key that signs.

    :arg key: returns the secret to seal with if the options hold no secret key.
    """
    site = parameters.get("endpoint_url") or "sts"
    secret = parameters.get("secret_key") or key()
    return Origin(STS_SESSION, site, secret, (parameters.get("access_key") or "",), is_noted=False)


def _asking(parameters: Mapping[str, Any], profiles: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    if not profiles:
        yield parameters
    for profile in profiles:
        yield {**parameters, **dict.fromkeys(IDENTITY), "profile": profile}


def _proof(parameters: Mapping[str, Any], cluster: Connect) -> WebIdentity | None:
    path, account = parameters.get("web_identity_token_file"), parameters.get("service_account")
    if path:
        return WebIdentity(str(path), partial(token_in, str(path)))
    return projected_token(account, cluster) if account else None
