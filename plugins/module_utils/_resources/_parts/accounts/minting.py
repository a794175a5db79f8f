# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Minting a service account's token: record, objects of a dynamic one, token. A failure leaves nothing behind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ...._api.errors import MayExistError, OptionError, StateError, WorkloadCredentialsError
from ...._api.times import parse_time
from ...._change import assumed
from ...._kube.client import InWorker
from ...._kube.errors import ForbiddenError
from ...._kube.objects import OBJECT_KINDS, Applied, Object, Refusal
from ...._kube.refusals import name_of
from .ending import end, remove_with_record
from .objects import AccountLease, account_of, bindings_of, lease_of, outcome_patch, record_of, roles_of
from .wanted import TokenSpec

# Part of the message of an error that leaves something behind.
LEFT = "Some objects created for it may remain"
_WHO = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
_AUTHENTICATION = "authentication.k8s.io/v1"
_MAY = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_AUTHORIZATION = "authorization.k8s.io/v1"
# The object that a refusal of a review names.
_IDENTITY = {"kind": "The identity", "metadata": {"name": "of this task"}}


@dataclass(frozen=True)
class Token:
    """A token and its lease.

    :arg expiration, audiences: as the API server granted them.
    :arg warnings: about what it granted differently.
    """

    wanted: TokenSpec
    token: str
    expiration: str
    audiences: Sequence[str]
    warnings: Sequence[str] = ()


def mint(cluster: InWorker, wanted: TokenSpec) -> Token:
    """Mint one more lease.

    :raises MayExistError: it failed, and something of it is left.
    :raises WorkloadCredentialsError: it failed, and nothing is left.
    """
    _check_role(cluster, wanted)
    record = record_of(wanted, _who(cluster))
    made: list[dict[str, Any]] = []
    try:
        for batch in _batches(wanted, record):
            made += _accepted(cluster.post(batch), made)
            if batch[0] is record:
                # The objects that it owns name its uid.
                record["metadata"]["uid"] = made[0]["metadata"]["uid"]
        token = _token(cluster, wanted, record)
        _accepted(cluster.patch([outcome_patch(record, token.expiration, token.audiences)]), made)
    except _Refused as error:
        # The cluster has answered, so only the accepted objects exist.
        left = _sentence_about(lease_of(record), remove_with_record(cluster, made))
        raise (MayExistError if left else StateError)(f"{error}{left}") from None
    except WorkloadCredentialsError as error:
        left = _undone(cluster, record)
        raise (MayExistError if left else StateError)(f"{error}{left}") from None
    except BaseException:
        # After Ctrl-C too. Anything left is found by the record and pruned when it has expired.
        _undone(cluster, record)
        raise
    return token


class _Refused(StateError):
    """The cluster has answered that it did not do it."""


def predict(cluster: InWorker, wanted: TokenSpec) -> list[str]:
    """Try a minting with the cluster's dry run; return a warning for each thing that an earlier task may make.

    :raises WorkloadCredentialsError: a real run would be refused.
    """
    try:
        check_account(cluster, wanted)
    except OptionError as missing:
        return [assumed(str(missing))]
    record = record_of(wanted, None)
    objects = [manifest for batch in _batches(wanted, record) for manifest in batch]
    warnings = []
    for answer in cluster.post(objects, dry_run=True):
        if isinstance(answer, Refusal):
            # The namespace is missing, or the role, which the dry run did not create either.
            if answer.status != 404:
                raise StateError(answer.words)
            warnings.append(assumed(answer.words))
    if not warnings:
        _check_rights(cluster, wanted)
    return list(dict.fromkeys(warnings))


def _check_rights(cluster: InWorker, wanted: TokenSpec) -> None:
    """Check the permissions that no dry run covers: for the token, and for changes of objects that do not exist yet.

    :raises StateError: one of them is missing.
    """
    for verb, resource, name in (
        ("create", "serviceaccounts/token", wanted.service_account),
        ("patch", "secrets", wanted.lease),
    ):
        kind, _slash, below = resource.partition("/")
        attributes = {"namespace": wanted.namespace, "verb": verb, "resource": kind, "subresource": below, "name": name}
        spec = {"resourceAttributes": attributes}
        review = {"apiVersion": _AUTHORIZATION, "kind": "SelfSubjectAccessReview", "spec": spec}
        answer = cluster.create_review(_IDENTITY, _MAY, review)
        # Without the permission to ask, only a real run shows it.
        if not isinstance(answer, Refusal) and (answer.get("status") or {}).get("allowed") is False:
            raise StateError(
                f"The identity of this task may not {verb} {resource} in namespace {wanted.namespace}: grant this "
                "permission, or use another identity."
            )


class MissingRole(OptionError):
    """The role to bind does not exist. An earlier task may make it in a real run."""


def check_account(cluster: InWorker, wanted: TokenSpec) -> None:
    """Check that the account of a static token, or the role of a dynamic one, exists, if this identity may read it.

    :raises OptionError: it does not exist; an earlier task may make it in a real run.
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
    """Check that the role exists, since the cluster would accept a binding to a missing one."""
    if wanted.role is None:
        return
    kind, name = wanted.role
    namespaces: Sequence[str | None] = wanted.namespaces if kind == "Role" else [None]
    places = [(namespace, name) for namespace in namespaces]
    try:
        roles = cluster.get_many(OBJECT_KINDS[kind], places, metadata_only=True)
    except ForbiddenError:
        # An identity may bind a role without reading it.
        return
    for namespace, role in zip(namespaces, roles):
        if role is None:
            where = f" in namespace {namespace}" if namespace else ""
            raise MissingRole("role", f"there is no {kind} {name}{where}.")


def _batches(wanted: TokenSpec, record: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
    """Yield the objects to create in batches: each names objects of the batch before it."""
    yield [record]
    if wanted.is_dynamic:
        yield [account_of(wanted, record), *roles_of(wanted, record)]
        yield bindings_of(wanted, record)


def _token(cluster: InWorker, wanted: TokenSpec, record: Object) -> Token:
    """Request the token, bound to the record."""
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
    review = {"apiVersion": _AUTHENTICATION, "kind": "TokenRequest", "spec": spec}
    answer = cluster.create_review(account, path, review)
    if isinstance(answer, Refusal):
        if answer.status == 404 and not wanted.is_dynamic:
            raise _Refused(str(_no_account(wanted)))
        raise _error_of([answer])
    return _granted(wanted, answer.get("spec") or {}, answer.get("status") or {}, name_of(account))


def _granted(wanted: TokenSpec, spec: Mapping[str, Any], status: Mapping[str, Any], account: str) -> Token:
    """Return the token in the answer to a token request."""
    token, expiration = status.get("token"), status.get("expirationTimestamp")
    if not token or not parse_time(expiration):
        raise StateError(f"{account}: the cluster's answer to a token request contains no token.")
    seconds = int(spec.get("expirationSeconds") or wanted.ttl)
    warnings = []
    if seconds < wanted.ttl:
        warnings.append(f"ttl: the API server limits it to {seconds} seconds instead of {wanted.ttl}.")
    return Token(wanted, token, str(expiration), list(spec.get("audiences") or wanted.audiences or []), warnings)


def _who(cluster: InWorker) -> str | None:
    """Return the identity that the API server sees; None: it does not say, as before Kubernetes 1.28."""
    answer = cluster.create_review(_IDENTITY, _WHO, {"apiVersion": _AUTHENTICATION, "kind": "SelfSubjectReview"})
    if isinstance(answer, Refusal):
        if answer.status in (403, 404):
            return None
        raise StateError(answer.words)
    user = (answer.get("status") or {}).get("userInfo") or {}
    return str(user["username"]) if user.get("username") else None


def _accepted(answers: Sequence[Applied], made: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the objects as the cluster has them.

    :arg made: takes the accepted objects if others were refused.
    :raises StateError: the cluster refused one of them.
    """
    accepted = [answer for answer in answers if not isinstance(answer, Refusal)]
    refusals = [answer for answer in answers if isinstance(answer, Refusal)]
    if not refusals:
        return accepted
    made += accepted
    raise _error_of(refusals)


def _error_of(refusals: Sequence[Refusal]) -> StateError:
    message = " ".join(dict.fromkeys(refusal.words for refusal in refusals))
    if any(refusal.may_be_done for refusal in refusals):
        return StateError(message)
    return _Refused(message)


def _undone(cluster: InWorker, record: Object) -> str:
    """Remove what has been made, wherever it is, and return a sentence about what is left."""
    lease = lease_of(record)
    try:
        problems = end(cluster, [lease])[lease.id]
    except WorkloadCredentialsError as error:
        return _sentence_about(lease, [str(error)])
    return _sentence_about(lease, problems)


def _sentence_about(lease: AccountLease, problems: Sequence[str]) -> str:
    """Return a sentence about what is left of a lease; "": nothing is."""
    if not problems:
        return ""
    return (
        f" {LEFT}, which has no use without the token: {' '.join(problems)} "
        f"community.workload_credentials.service_account_lease removes it, by lease_id {lease.id} or when it has "
        "expired."
    )
