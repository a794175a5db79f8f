# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refusals of the cluster as sentences that name the object and the next step, and never a value."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from .._api.text import one_line, printable_line, repeats_a_value, texts_in
from .objects import CREATE_ONLY, NOT_SENT, Applied, Object, Refusal

WITHHELD = "(the cluster's message is withheld: it repeats a value)"
# A policy or webhook writes what follows, which may repeat the object's earlier values.
_POLICY_MESSAGE = re.compile(r"(denied (?:the )?request): .*", re.DOTALL)


def redacted(text: str, manifest: Object) -> str:
    """Return the text, or another one if it repeats a value of the manifest of a Secret."""
    if manifest.get("kind") != "Secret":
        return text
    values = _values(manifest)
    # Only a whole manifest has a type: with a type and no data the Secret holds no values.
    is_whole = bool(values) or "type" in manifest
    if not is_whole or (manifest.get("metadata") or {}).get("resourceVersion") not in (None, CREATE_ONLY):
        # Only the cluster knows the values that the object has already.
        text = _POLICY_MESSAGE.sub(r"\1 (its message is withheld: it may repeat a value)", text)
    return WITHHELD if repeats_a_value(text, values) else text


def _values(manifest: Object) -> set[str]:
    """Return each form in which a message could repeat a value: as it is, decoded, escaped, and each of its lines."""
    values: set[str] = set()
    for value in (*texts_in(manifest.get("data")), *texts_in(manifest.get("stringData"))):
        for form in (value, *_decoded(value)):
            values.update({form, json.dumps(form)[1:-1], *form.split("\n")})
            values.add(base64.b64encode(form.encode("utf-8", "surrogateescape")).decode())
    return {value.strip() for value in values if value.strip()}


def _decoded(value: str) -> tuple[str, ...]:
    try:
        return (base64.b64decode(value, validate=True).decode("utf-8", "surrogateescape"),)
    except (binascii.Error, ValueError):
        return ()


# RBAC's sentence, from the user to the namespace.
_RBAC = re.compile(
    r'User "(?P<user>[^"]*)" cannot (?P<verb>\S+) resource "(?P<resource>[^"]*)"'
    r'(?: in API group "[^"]*")?(?: in the namespace "(?P<namespace>[^"]*)")?'
)
# RBAC's sentence when a user would grant permissions that it does not have.
_ESCALATION = re.compile(
    r'user "(?P<user>[^"]*)".* is attempting to grant RBAC permissions not currently held:\s*(?P<rules>.*)', re.DOTALL
)
# What an admission policy or webhook says, without Kubernetes' words before it.
_DENIAL = re.compile("(?:admission webhook|ValidatingAdmissionPolicy|MutatingAdmissionPolicy) .*", re.DOTALL)
_MALFORMED = re.compile(r"failed to (?:create typed patch object|convert new object) \([^)]*\)(?:[^:]*): (.*)")
_ADVICE_BY_STATUS = {
    401: "check the token or certificate of the kubeconfig, which is wrong or expired",
    404: "it does not exist any more, or the cluster does not serve its kind",
    413: "it is too large for the cluster",
    407: "a proxy requires authentication: check proxy and proxy_headers of kubernetes.core (HTTPS_PROXY)",
    429: "the cluster is overloaded; run again later",
}


def refusal(manifest: Object, status: int, body: Mapping[str, Any]) -> Refusal:
    """Return the cluster's refusal of a write of this manifest, without any value of a Secret.

    :arg body: a Kubernetes ``Status``, or whatever the answer holds.
    """
    reason = str(body.get("reason") or "")
    problem, advice = _explained(status, reason, body)
    text = f"{name_of(manifest)}: {redacted(problem, manifest)}"
    return Refusal(status, reason, _sentence(text, advice), exists=reason == "AlreadyExists")


def no_answer_refusal(manifest: Object, problem: str, *, sent: bool) -> Refusal:
    """Return the refusal for an object whose write was not answered."""
    advice = "it may have been done nevertheless; run again" if sent else ""
    text = f"{name_of(manifest)}: {redacted(problem, manifest)}"
    return Refusal(0, "NoAnswer" if sent else NOT_SENT, _sentence(text, advice))


def as_creation(result: Applied, manifest: Object) -> Applied:
    """Return the result of applying a create-only manifest: a conflict means that the object exists."""
    if not isinstance(result, Refusal) or (result.status, result.reason) != (409, "Conflict"):
        return result
    text = f"{name_of(manifest)}: someone else created it in the meantime, and it is left unchanged"
    return Refusal(409, "AlreadyExists", _sentence(text, "run again"), exists=True)


def reading_problem(what: str, status: int, body: Mapping[str, Any]) -> str:
    """Return the sentence for a refused read.

    :arg what: the objects that were read.
    """
    problem, advice = _explained(status, str(body.get("reason") or ""), body)
    return _sentence(f"{what}: {problem}", advice)


def _explained(status: int, reason: str, body: Mapping[str, Any]) -> tuple[str, str]:
    """Return the problem and the advice."""
    message = printable_line(str(body.get("message") or "")).rstrip(" .")
    if not message:
        return _foreign(status)
    causes = _causes(body)
    rbac = _RBAC.search(message)
    if rbac:
        return _missing_permission(rbac)
    escalation = _ESCALATION.search(message)
    if escalation:
        problem = f"RBAC lets {escalation['user']} grant only what it may do itself, and it lacks {escalation['rules']}"
        return problem, "give it these permissions, or the verb bind on the role (escalate for rules of its own)"
    return _not_permitted_now(reason, message, causes) or _other(status, reason, message)


def _not_permitted_now(reason: str, message: str, causes: Sequence[Mapping[str, Any]]) -> tuple[str, str] | None:
    """Return what else forbids a write: its namespace, a quota, a policy or an invalid field; None: none of these."""
    if "being terminated" in message or "NamespaceTerminating" in [cause.get("reason") for cause in causes]:
        return "its namespace is being deleted", "wait until it is gone, and run again"
    if "exceeded quota" in message:
        return message[message.index("exceeded quota") :], "raise the namespace's quota or remove something"
    denial = _DENIAL.search(message)
    if denial:
        return denial.group(0), "an admission policy of the cluster forbids it: ask its administrators"
    if reason == "Invalid" and causes:
        return _invalid(causes)
    return None


def _missing_permission(rbac: re.Match[str]) -> tuple[str, str]:
    if rbac["user"] == "system:anonymous":
        advice = "check the user of the kubeconfig, and its exec plugin"
        return "the cluster treated the request as anonymous", advice
    where = f"in namespace {rbac['namespace']}" if rbac["namespace"] else "in the whole cluster"
    problem = f"{rbac['user']} may not {rbac['verb']} {rbac['resource']} {where}"
    return problem, "grant this permission, or use another identity"


def _invalid(causes: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    problem = "; ".join(dict.fromkeys(map(_cause, causes)))
    # The type of a Secret, and everything in one that is marked as immutable.
    if "immutable" in problem:
        return problem, "remove the object, so that it is created again"
    return problem, "correct the option"


def _other(status: int, reason: str, message: str) -> tuple[str, str]:
    if status == 404 and message.startswith("namespaces "):
        return "its namespace does not exist", "create it, or let it be created"
    if reason == "Conflict":
        return "someone else changed or replaced it in the meantime", "run again"
    malformed = _MALFORMED.match(message)
    if malformed:
        return malformed.group(1), "correct the option that it is made from, or its template"
    return message, _ADVICE_BY_STATUS.get(status, "")


def _foreign(status: int) -> tuple[str, str]:
    """Return what an answer means that the API server has not sent."""
    problem = f"the answer has status {status}"
    if status in (407, 429):
        return problem, _ADVICE_BY_STATUS[status]
    if status in (500, 502, 503, 504):
        return problem, "the cluster, or a proxy in front of it, does not work; run again later"
    return f"{problem} and is not from a Kubernetes API", "check host or kubeconfig, and what is in between"


def _causes(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    details = body.get("details")
    causes = details.get("causes") if isinstance(details, Mapping) else None
    return [cause for cause in causes if isinstance(cause, Mapping)] if isinstance(causes, list) else []


def _cause(cause: Mapping[str, Any]) -> str:
    # The whole rule is long; the part before its example says what is wrong.
    message = str(cause.get("message") or cause.get("reason")).partition(" (e.g.")[0]
    return f"{cause['field']}: {message}" if cause.get("field") else message


def name_of(manifest: Object) -> str:
    """Return an object's kind, namespace and name."""
    metadata = manifest.get("metadata") or {}
    where = f"{metadata['namespace']}/" if metadata.get("namespace") else ""
    return f"{manifest.get('kind')} {where}{metadata.get('name')}"


def _sentence(text: str, advice: str) -> str:
    # Cut only after the check for values, which would not find half of one.
    line = one_line(text, 1000).rstrip(" .")
    return f"{line}: {advice}." if advice else f"{line}."
