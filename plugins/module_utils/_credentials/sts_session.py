# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions of AWS' Security Token Service as a source: each minting is a session, which nothing can end early.

Private to this collection: it may change at any time.
"""

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
from .._sts.options import IDENTITY
from .._sts.request import GET_SESSION_TOKEN, AwsIdentity, Call, WebIdentity, call_of, token_in, with_what_a_pod_has
from .lease import STS_SESSION, Credentials, Lease
from .source import Facts, Origin

# Makes a connection of kubernetes.core's options.
Connect = Callable[[Mapping[str, Any]], AbstractContextManager[Any]]
_OPTION = "service_account"
_REQUIRED = ("namespace", "name")
# kubernetes.core's, for a cluster that is not the one of its environment variables or of the usual kubeconfig.
_CLUSTER = ("kubeconfig", "context")
_AUDIENCE = "sts.amazonaws.com"
# The shortest that a cluster gives: it is used at once.
_SECONDS = 600


def projected_token(account: Mapping[str, Any], cluster: Connect = InWorker) -> WebIdentity:
    """A token of the service account.

    :arg account: ``namespace`` and ``name``, perhaps with ``audience``, ``kubeconfig`` and ``context``.
    :arg cluster: connects to the one that makes it.
    :raises OptionError: something else is in it, or something is missing.
    """
    unknown = sorted(account.keys() - {*_REQUIRED, *_CLUSTER, "audience"})
    if unknown:
        raise OptionError(_OPTION, f"it has no {unknown[0]!r}, but namespace, name, audience, kubeconfig and context.")
    missing = [name for name in _REQUIRED if not account.get(name)]
    if missing:
        raise OptionError(_OPTION, f"it needs {missing[0]}.")
    said = {name: str(value) for name, value in account.items() if value}
    name = " ".join(f"{key}={said[key]}" for key in sorted(said))
    return WebIdentity(name, partial(_asked, {"audience": _AUDIENCE, **said}, cluster))


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
        raise StateError(f"{name_of(reference)}: the cluster's answer to a token request holds no token.")
    return str(token)


# How long a session lasts where nothing is said.
_USUAL, _USUAL_OF_A_ROLE = 43200, 3600
# Takes an MFA device and its code, and raises OptionError where it took that code before.
Spend = Callable[[str, str], None]


class StsSession:
    """The sessions that a call gives to a caller.

    :arg proof: for the call that wants one.
    :arg spend: called before a code is sent, which may be done once.
    :arg must_end: who keeps it renews it in time, so it has to be known when it ends.
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
        """What is called, and by whom."""
        role = self._call.parameters.get("RoleArn")
        what = f"{self._call.operation.name} of {role}" if role else self._call.operation.name
        return what if self._proof else f"{what} as {self._caller}"

    @property
    def variant(self) -> str:
        """Everything that makes another session, without what proves who asks."""
        where = (self._caller.region, self._caller.endpoint_url)
        return json.dumps([where, self._call.parameters, self._proof and self._proof.name], sort_keys=True)

    def facts(self) -> Facts:
        """What can be said without asking."""
        usual = _USUAL if self._call.operation is GET_SESSION_TOKEN else _USUAL_OF_A_ROLE
        return Facts(tuple(FIELDS), self._call.duration or usual, None)

    def mint(self) -> Credentials:
        """One more session.

        :raises WorkloadCredentialsError: there is none.
        """
        token = self._proof.token() if self._proof else None
        if self._call.token_code:
            self._spend(str(self._call.parameters["SerialNumber"]), self._call.token_code)
        began = datetime.now(timezone.utc)
        values = session_of(self._caller, self._call, token)
        lease = self._lease(began, values)
        if self._must_end and lease.expiration is None:
            raise StateError(
                f"{self.identity}: it is not known when this session ends, so nothing could renew it in time. Set "
                "role_arn, or take keys or a profile that says it."
            )
        return Credentials(values, lease, tuple(_doubts(lease)))

    def placeholder(self) -> Credentials:
        """The keys of any session."""
        values = {**{key: no_value(key) for key in FIELDS}, "expiration": NO_TIME}
        return Credentials(values, self._lease(datetime.now(timezone.utc), values))

    def _lease(self, began: datetime, values: Mapping[str, str]) -> Lease:
        # AWS names no session, and has no call that ends one.
        return Lease(
            "", self.identity, began, parse_time(values.get("expiration", "")), revocable=False, kind=self.kind
        )


def _doubts(lease: Lease) -> Iterator[str]:
    """What is odd about a session that was just made."""
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
    """A source for each profile, or the one that the options say.

    :arg parameters: the options of ``_sts/options.py``, in their types; what is not set is None.
    :arg environment: of this machine, which in a pod names the role of its service account.
    :arg cluster: connects to the one that makes the token of a service account.
    :arg must_end: a session whose end is not known is none.
    :raises OptionError: they do not go together, or the call would be refused.
    """
    meant = parameters if profiles else with_what_a_pod_has(parameters, environment)
    call = call_of(meant)
    proof = _proof(meant, cluster)
    if profiles and proof:
        raise OptionError("_terms", f"{call.operation.name} needs no credentials, so there is no profile to name.")
    if len(profiles) > 1 and call.token_code:
        raise OptionError("token_code", "a code serves once, so it cannot serve for several terms.")
    callers = [AwsIdentity.from_parameters(one) for one in _asking(meant, profiles)]
    return [StsSession(caller, call, proof, spend, must_end=must_end) for caller in callers]


def origin_of_sessions(parameters: Mapping[str, Any], key: Callable[[], str]) -> Origin:
    """Where sessions are kept apart by: the service's address and the key that signs.

    :arg key: gives what seals where the options hold no secret key.
    """
    site = parameters.get("endpoint_url") or "sts"
    secret = parameters.get("secret_key") or key()
    return Origin(STS_SESSION, site, secret, (parameters.get("access_key") or "",), is_noted=False)


def _asking(parameters: Mapping[str, Any], profiles: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    if not profiles:
        yield parameters
    for one in profiles:
        yield {**parameters, **dict.fromkeys(IDENTITY), "profile": one}


def _proof(parameters: Mapping[str, Any], cluster: Connect) -> WebIdentity | None:
    path, account = parameters.get("web_identity_token_file"), parameters.get("service_account")
    if path:
        return WebIdentity(str(path), partial(token_in, str(path)))
    return projected_token(account, cluster) if account else None
