# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Minting a service account's token: record, what a dynamic one needs, token. What breaks off leaves nothing behind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ...._api.errors import MayExistError, OptionError, StateError, WorkloadCredentialsError
from ...._api.times import parse_time
from ...._change import foreseen
from ...._kube.client import InWorker
from ...._kube.errors import ForbiddenError
from ...._kube.objects import OBJECT_KINDS, Applied, Object, Refusal
from ...._kube.refusals import name_of
from .ending import end, removed_with
from .objects import AccountLease, account_of, bindings_of, lease_of, record_of, roles_of, settled
from .wanted import TokenSpec

# In the text of an error that leaves something behind.
LEFT = "Of what was made for it something may be left"
_WHO = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
_AUTHENTICATION = "authentication.k8s.io/v1"
_MAY = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_AUTHORIZATION = "authorization.k8s.io/v1"
# What a refusal is about.
_IDENTITY = {"kind": "The identity", "metadata": {"name": "of this task"}}


@dataclass(frozen=True)
class Token:
    """A token, and the lease that ends it.

    :arg expiration: the API server's own.
    :arg warnings: what the API server made otherwise than it was asked.
    """

    wanted: TokenSpec
    token: str
    expiration: str
    audiences: Sequence[str]
    warnings: Sequence[str] = ()


def mint(cluster: InWorker, wanted: TokenSpec) -> Token:
    """One more lease.

    :raises WorkloadCredentialsError: none was made; or, and then it is MayExistError, something of it is left.
    """
    _check_role(cluster, wanted)
    record = record_of(wanted, _who(cluster))
    made: list[dict[str, Any]] = []
    try:
        for batch in _batches(wanted, record):
            made += _accepted(cluster.make(batch), made)
            if batch[0] is record:
                # What it is to own names it so.
                record["metadata"]["uid"] = made[0]["metadata"]["uid"]
        token = _token(cluster, wanted, record)
        _accepted(cluster.patch([settled(record, token.expiration, token.audiences)]), made)
    except _Refused as error:
        # A refusal is an answer: there is what was accepted, and nothing else.
        left = _said(lease_of(record), removed_with(cluster, made))
        raise (MayExistError if left else StateError)(f"{error}{left}") from None
    except WorkloadCredentialsError as error:
        left = _undone(cluster, record)
        raise (MayExistError if left else StateError)(f"{error}{left}") from None
    except BaseException:
        # Ctrl-C too: what is left then stands in the record, which is pruned when it has expired.
        _undone(cluster, record)
        raise
    return token


class _Refused(StateError):
    """The cluster has answered, and made nothing of it."""


def foresee(cluster: InWorker, wanted: TokenSpec) -> list[str]:
    """Try with the cluster's dry run what can be tried; a warning for each thing that an earlier task may make.

    :raises WorkloadCredentialsError: a real run would be refused.
    """
    try:
        check_account(cluster, wanted)
    except OptionError as missing:
        return [foreseen(str(missing))]
    record = record_of(wanted, None)
    tried = [one for batch in _batches(wanted, record) for one in batch]
    warnings = []
    for answer in cluster.make(tried, dry_run=True):
        if isinstance(answer, Refusal):
            # A namespace, or the role that was not made either.
            if answer.status != 404:
                raise StateError(answer.words)
            warnings.append(foreseen(answer.words))
    if not warnings:
        _check_rights(cluster, wanted)
    return list(dict.fromkeys(warnings))


def _check_rights(cluster: InWorker, wanted: TokenSpec) -> None:
    """Ask for the rights that no dry run shows: the cluster tries no token, nor a change of what is not there.

    :raises StateError: one of them is lacking.
    """
    for verb, resource, name in (
        ("create", "serviceaccounts/token", wanted.service_account),
        ("patch", "secrets", wanted.lease),
    ):
        kind, _slash, below = resource.partition("/")
        attributes = {"namespace": wanted.namespace, "verb": verb, "resource": kind, "subresource": below, "name": name}
        spec = {"resourceAttributes": attributes}
        question = {"apiVersion": _AUTHORIZATION, "kind": "SelfSubjectAccessReview", "spec": spec}
        answer = cluster.ask(_IDENTITY, _MAY, question)
        # Who may not ask learns it in a real run.
        if not isinstance(answer, Refusal) and (answer.get("status") or {}).get("allowed") is False:
            raise StateError(
                f"The identity of this task may not {verb} {resource} in namespace {wanted.namespace}: grant it that, "
                "or use another identity."
            )


class MissingRole(OptionError):
    """The role that should be bound is not there. An earlier task may make it in a real run."""


def check_account(cluster: InWorker, wanted: TokenSpec) -> None:
    """See that the account of a static token exists, or the role of a dynamic one, as far as this identity may look.

    :raises OptionError: there is none, which an earlier task may make in a real run.
    """
    _check_role(cluster, wanted)
    if wanted.is_dynamic:
        return
    place = (wanted.namespace, wanted.service_account)
    with suppress(ForbiddenError):
        if cluster.get_many(OBJECT_KINDS["ServiceAccount"], [place], metadata_only=True) == [None]:
            raise _no_account(wanted)


def _no_account(wanted: TokenSpec) -> OptionError:
    return OptionError("service_account", f"there is no service account {wanted.namespace}/{wanted.service_account}.")


def _check_role(cluster: InWorker, wanted: TokenSpec) -> None:
    """See that the role exists: who may bind anything would else make a binding to nothing."""
    if wanted.role is None:
        return
    kind, name = wanted.role
    spaces: Sequence[str | None] = wanted.namespaces if kind == "Role" else [None]
    try:
        found = cluster.get_many(OBJECT_KINDS[kind], [(one, name) for one in spaces], metadata_only=True)
    except ForbiddenError:
        # Who may bind the role need not be allowed to read it.
        return
    for space, one in zip(spaces, found):
        if one is None:
            where = f" in namespace {space}" if space else ""
            raise MissingRole("role", f"there is no {kind} {name}{where}.")


def _batches(wanted: TokenSpec, record: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
    """What is made, each batch when the one before it is there, since its objects name what is in it."""
    yield [record]
    if wanted.is_dynamic:
        yield [account_of(wanted, record), *roles_of(wanted, record)]
        yield bindings_of(wanted, record)


def _token(cluster: InWorker, wanted: TokenSpec, record: Object) -> Token:
    account = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": wanted.service_account, "namespace": wanted.namespace},
    }
    bound = {
        "kind": "Secret",
        "apiVersion": "v1",
        "name": record["metadata"]["name"],
        "uid": record["metadata"]["uid"],
    }
    spec = {"expirationSeconds": wanted.ttl, "boundObjectRef": bound, "audiences": wanted.audiences or []}
    path = OBJECT_KINDS["ServiceAccount"].path(wanted.namespace, wanted.service_account) + "/token"
    question = {"apiVersion": _AUTHENTICATION, "kind": "TokenRequest", "spec": spec}
    answer = cluster.ask(account, path, question)
    if isinstance(answer, Refusal):
        if answer.status == 404 and not wanted.is_dynamic:
            raise _Refused(str(_no_account(wanted)))
        raise _error_of([answer])
    given = answer.get("status") or {}
    if not given.get("token") or not parse_time(given.get("expirationTimestamp")):
        raise StateError(f"{name_of(account)}: the cluster's answer to a token request holds no token.")
    asked = int((answer.get("spec") or {}).get("expirationSeconds") or wanted.ttl)
    shortened = f"ttl: the API server gives {asked} seconds instead of {wanted.ttl}, which is its own limit."
    audiences = (answer.get("spec") or {}).get("audiences") or wanted.audiences or []
    return Token(
        wanted,
        given["token"],
        given["expirationTimestamp"],
        list(audiences),
        [shortened] if asked < wanted.ttl else [],
    )


def _who(cluster: InWorker) -> str | None:
    """The identity that the API server sees; None: it does not say, as before Kubernetes 1.28."""
    answer = cluster.ask(_IDENTITY, _WHO, {"apiVersion": _AUTHENTICATION, "kind": "SelfSubjectReview"})
    if isinstance(answer, Refusal):
        if answer.status in (403, 404):
            return None
        raise StateError(answer.words)
    user = (answer.get("status") or {}).get("userInfo") or {}
    return str(user["username"]) if user.get("username") else None


def _accepted(answers: Sequence[Applied], made: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The objects as the cluster has them.

    :arg made: those of earlier answers, to which these are added if others with them were refused.
    :raises StateError: it did not take one of them.
    """
    accepted = [one for one in answers if not isinstance(one, Refusal)]
    refusals = [one for one in answers if isinstance(one, Refusal)]
    if not refusals:
        return accepted
    made += accepted
    raise _error_of(refusals)


def _error_of(refusals: Sequence[Refusal]) -> StateError:
    said = " ".join(dict.fromkeys(one.words for one in refusals))
    return StateError(said) if any(one.may_be_done for one in refusals) else _Refused(said)


def _undone(cluster: InWorker, record: Object) -> str:
    """Remove what has been made, wherever it is; a sentence about what is left."""
    lease = lease_of(record)
    try:
        (ended,) = end(cluster, [lease])
    except WorkloadCredentialsError as error:
        return _said(lease, [str(error)])
    return _said(lease, ended.problems)


def _said(lease: AccountLease, problems: Sequence[str]) -> str:
    """What is left, in a sentence; "": nothing is."""
    if not problems:
        return ""
    return (
        f" {LEFT}, which has no use without the token: {' '.join(problems)} "
        f"community.workload_credentials.service_account_lease removes it, by lease_id {lease.id} or when it has "
        "expired."
    )
