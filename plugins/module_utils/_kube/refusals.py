# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the cluster refuses, in one sentence that names the object and what to do next, and never a value."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .objects import NOT_SENT, UNSEEN, Applied, Object, Refusal

WITHHELD = "(the cluster's message is withheld: it repeats a value)"
# Shorter values occur in any sentence by chance, so they count only as words of their own.
_SURELY_A_VALUE = 6
# What a policy or webhook says after this are its own words, and they may be about what the object was before.
_GUARDS_WORDS = re.compile(r"(denied (?:the )?request): .*", re.DOTALL)


def shown(text: str, manifest: Object) -> str:
    """The text as it may be shown: another one where it repeats a value of the manifest, if that is a Secret's."""
    if manifest.get("kind") != "Secret":
        return text
    values = _values(manifest)
    # Only a whole manifest has a type, so one without data is of a Secret that holds none.
    is_told = bool(values) or "type" in manifest
    if not is_told or (manifest.get("metadata") or {}).get("resourceVersion") not in (None, UNSEEN):
        # The values that are there already are known to the cluster alone.
        text = _GUARDS_WORDS.sub(r"\1 (its words are withheld: they may repeat a value)", text)
    return WITHHELD if any(_holds(text, value) for value in values) else text


def _values(manifest: Object) -> set[str]:
    """Every form in which a message could hold a value: as it is, decoded, escaped, and each of its lines."""
    values: set[str] = set()
    for name in ("data", "stringData"):
        for value in _leaves(manifest.get(name)):
            for form in (value, *_decoded(value)):
                values.update({form, json.dumps(form)[1:-1], *form.split("\n")})
                values.add(base64.b64encode(form.encode("utf-8", "surrogateescape")).decode())
    return {value.strip() for value in values if value.strip()}


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _leaves(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _leaves(inner)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def _decoded(value: str) -> tuple[str, ...]:
    try:
        return (base64.b64decode(value, validate=True).decode("utf-8", "surrogateescape"),)
    except (binascii.Error, ValueError):
        return ()


def _holds(text: str, value: str) -> bool:
    # What is shown has lost its line breaks and control characters, so none of them count.
    bare = _squeezed(value)
    if len(bare) >= _SURELY_A_VALUE:
        return bare in _squeezed(text)
    return re.search(rf"(?<!\w){re.escape(value)}(?!\w)", text) is not None


def _squeezed(text: str) -> str:
    return "".join(letter for letter in text if letter.isprintable() and not letter.isspace())


# RBAC's sentence, from who is asking to where.
_RBAC = re.compile(
    r'User "(?P<user>[^"]*)" cannot (?P<verb>\S+) resource "(?P<resource>[^"]*)"'
    r'(?: in API group "[^"]*")?(?: in the namespace "(?P<namespace>[^"]*)")?'
)
# What RBAC says of who would give away more than he has.
_ESCALATION = re.compile(
    r'user "(?P<user>[^"]*)".* is attempting to grant RBAC permissions not currently held:\s*(?P<rules>.*)', re.DOTALL
)
_ADVICE_BY_STATUS = {
    401: "check the token or certificate of the kubeconfig, it is wrong or expired",
    404: "it is not there any more, or the cluster does not serve its kind",
    413: "it is too large for the cluster",
    407: "a proxy wants a name and password: check proxy and proxy_headers of kubernetes.core (HTTPS_PROXY)",
    429: "the cluster is overloaded; run again later",
}


def refusal(manifest: Object, status: int, body: Mapping[str, Any]) -> Refusal:
    """What the cluster answered to a write of this manifest, with every value of a Secret left out.

    :arg body: a Kubernetes ``Status``, or anything else that stood in the answer.
    """
    reason = str(body.get("reason") or "")
    problem, advice = _explained(status, reason, body)
    text = f"{name_of(manifest)}: {shown(problem, manifest)}"
    return Refusal(status, reason, _sentence(text, advice), exists=reason == "AlreadyExists")


def no_answer_refusal(manifest: Object, problem: str, *, sent: bool) -> Refusal:
    """The refusal for an object whose write was not answered."""
    advice = "it may have been done all the same; run again" if sent else ""
    return Refusal(
        0, "NoAnswer" if sent else NOT_SENT, _sentence(f"{name_of(manifest)}: {shown(problem, manifest)}", advice)
    )


def as_creation(result: Applied, manifest: Object) -> Applied:
    """The result of applying a manifest with the version that none has: a conflict means that something is there."""
    if not isinstance(result, Refusal) or (result.status, result.reason) != (409, "Conflict"):
        return result
    text = f"{name_of(manifest)}: somebody else has made it in the meantime, and it is left as it is"
    return Refusal(409, "AlreadyExists", _sentence(text, "run again"), exists=True)


def reading_problem(what: str, status: int, body: Mapping[str, Any]) -> str:
    """The sentence for a refused read.

    :arg what: what was read.
    """
    problem, advice = _explained(status, str(body.get("reason") or ""), body)
    return _sentence(f"{what}: {problem}", advice)


def _explained(status: int, reason: str, body: Mapping[str, Any]) -> tuple[str, str]:
    """The problem and the advice."""
    message = _line(str(body.get("message") or ""))
    if not message:
        return _foreign(status)
    causes = _causes(body)
    rbac = _RBAC.search(message)
    if rbac:
        where = f"in namespace {rbac['namespace']}" if rbac["namespace"] else "in the whole cluster"
        if rbac["user"] == "system:anonymous":
            return "the cluster knows no credentials", "check the user of the kubeconfig, and its exec plugin"
        problem = f"{rbac['user']} may not {rbac['verb']} {rbac['resource']} {where}"
        return problem, "grant it that, or use another identity"
    escalation = _ESCALATION.search(message)
    if escalation:
        problem = f"RBAC lets {escalation['user']} grant only what it may do itself, and it lacks {escalation['rules']}"
        return problem, "give it these permissions, or the verb bind on the role (escalate for rules of its own)"
    if any(cause.get("reason") == "NamespaceTerminating" for cause in causes) or "being terminated" in message:
        return "its namespace is being deleted", "wait until it is gone, and run again"
    if "exceeded quota" in message:
        return message[message.index("exceeded quota") :], "raise the namespace's quota or remove something"
    if _denied(message):
        return _denied(message), "what guards the cluster has decided so: ask those who run it"
    if reason == "Invalid" and causes:
        problem = "; ".join(_unique(map(_cause, causes)))
        # A Secret's type, and all of one that is marked so.
        return problem, "remove it, so that it is made anew" if "immutable" in problem else "correct the option"
    return _other(status, reason, message)


def _other(status: int, reason: str, message: str) -> tuple[str, str]:
    if status == 404 and message.startswith("namespaces "):
        return "its namespace does not exist", "create it, or let it be created"
    if reason == "Conflict":
        return "somebody else changed or replaced it in the meantime", "run again"
    malformed = re.match(
        r"failed to (?:create typed patch object|convert new object) \([^)]*\)(?:[^:]*): (.*)", message
    )
    if malformed:
        return malformed.group(1), "correct the option that it is made of, or its template"
    return message, _ADVICE_BY_STATUS.get(status, "")


def _foreign(status: int) -> tuple[str, str]:
    """What an answer means that is not as the API server's are."""
    said = f"the answer has status {status}"
    if status in (429, 500, 502, 503, 504):
        return said, _ADVICE_BY_STATUS.get(
            status, "the cluster, or what is in front of it, does not work; run again later"
        )
    if status == 407:
        return said, _ADVICE_BY_STATUS[status]
    return f"{said} and is no Kubernetes API's", "check host or kubeconfig, and what is in between"


def _denied(message: str) -> str:
    """What an admission policy or webhook says, without what Kubernetes puts before it."""
    found = re.search(r"(?:admission webhook|ValidatingAdmissionPolicy|MutatingAdmissionPolicy) .*", message, re.DOTALL)
    return found.group(0) if found else ""


def _causes(body: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    details = body.get("details")
    causes = details.get("causes") if isinstance(details, Mapping) else None
    return [cause for cause in causes if isinstance(cause, Mapping)] if isinstance(causes, list) else []


def _cause(cause: Mapping[str, Any]) -> str:
    # The rule in full is long; its first half says what is wrong.
    message = str(cause.get("message") or cause.get("reason")).partition(" (e.g.")[0]
    return f"{cause['field']}: {message}" if cause.get("field") else message


def _unique(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))


def name_of(manifest: Object) -> str:
    """An object's kind, namespace and name."""
    metadata = manifest.get("metadata") or {}
    where = f"{metadata['namespace']}/" if metadata.get("namespace") else ""
    return f"{manifest.get('kind')} {where}{metadata.get('name')}"


def _sentence(text: str, advice: str) -> str:
    # Cut only now, when it is known that no value stands in it: half of one would not be found.
    line = _line(text)[:1000]
    return f"{line}: {advice}." if advice else f"{line}."


def _line(text: str) -> str:
    # What comes from elsewhere may hold anything, also what a terminal would obey.
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(printable.split()).rstrip(" .")
