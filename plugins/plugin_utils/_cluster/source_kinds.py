# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of sources that an entry can name: SOURCES lists them, and nothing else of the role tells them apart."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...module_utils._api.errors import MissingError, OptionError, WorkloadCredentialsError
from ...module_utils._api.paths import parse_path
from ...module_utils._credentials.formats import (
    DYNAMIC_SECRETS,
    SERVICE_ACCOUNTS,
    STATIC_SECRETS,
    STS_SESSIONS,
    Formats,
)
from ...module_utils._credentials.lease import DYNAMIC_SECRET, SERVICE_ACCOUNT, STS_SESSION
from ...module_utils._kube.client import InWorker
from ...module_utils._kube.objects import OBJECT_KINDS
from ...module_utils._resources._parts.accounts.wanted import WANTED, wanted_of
from ...module_utils._spec import Options
from ...module_utils._sts.options import AUDIENCE, SHORTEST_SESSION, STS_OPTIONS, TOKEN_CODE
from ...module_utils._sts.request import GET_SESSION_TOKEN, AwsIdentity, call_of
from .spec import ONCE

if TYPE_CHECKING:
    from ...module_utils._credentials.source import Source
    from .entries import Entry
    from .job import Job


@dataclass(frozen=True)
class SourceRequest:
    """The options with which a source without a path is asked, completed.

    :arg secret_ref: where the keys of an IAM user lie in the cluster, as the operator's manifests have it.
    """

    options: Mapping[str, Any] = field(repr=False)
    secret_ref: Mapping[str, Any] = field(default_factory=dict)

    @property
    def lasting(self) -> dict[str, Any]:
        """Return the options that determine which credentials are issued."""
        lasting = {name: value for name, value in self.options.items() if name not in _NOT_LASTING}
        if self.secret_ref:
            lasting["secret_ref"] = self.secret_ref
        return lasting

    @property
    def elsewhere(self) -> dict[str, Any]:
        """Return the connection to the cluster that mints; empty: the cluster of the Secret mints."""
        return {name: self.options[name] for name in ELSEWHERE if self.options.get(name) not in (None, "")}


@dataclass(frozen=True)
class SourceFields:
    """The fields of an entry that follow from its source.

    :arg path: names the source.
    :arg sts: what the operator asks STS with.
    :arg request: what a pushed source without a path is asked with.
    """

    path: str
    sts: Mapping[str, Any] = field(default_factory=dict)
    request: SourceRequest | None = None


@dataclass(frozen=True)
class SourceKind:
    """All that the role knows of one kind of source.

    :arg name: the option of an entry that names the source; ``option`` is the spec of that option.
    :arg formats: of its credentials.
    :arg problems: yields what would be refused, from the option's value, all fields of the entry and the option's full
        name.
    :arg fields: returns what follows from the option, from the value and the fields of an entry without problems.
    :arg make: returns the source of a pushed entry, or raises an error that names the option.
    :arg leases: the kind of its leases; None: it has none, and reading it mints nothing.
    :arg needs_api: whether the Secrets API is asked, by the role and by the operator.
    :arg is_stored: whether the operator reads it from a store; a generator makes all others.
    :arg push_only: why the operator cannot deliver it; "": it can.
    """

    name: str
    option: Mapping[str, Any]
    formats: Formats
    problems: Callable[[Any, Mapping[str, Any], str], Iterator[str]]
    fields: Callable[[Any, Mapping[str, Any]], SourceFields]
    make: Callable[[Job, Entry], Source]
    leases: str | None
    needs_api: bool = False
    is_stored: bool = False
    push_only: str = ""

    @property
    def has_api_leases(self) -> bool:
        """Return whether the Secrets API lists and ends its leases."""
        return self.leases == DYNAMIC_SECRET


def problems_of(check: Callable[[], object], where: str = "") -> Iterator[str]:
    """Yield the message of the error that a check raises, if it raises one.

    :arg where: the option above the one that the error names; "": the error names all.
    """
    try:
        check()
    except OptionError as error:
        yield f"{where}.{error}" if where else str(error)
    except WorkloadCredentialsError as error:
        yield f"{where}: {error}" if where else str(error)


# Dynamic and static secrets: a path of the Secrets API.


def _problems_of_path(path: str, _fields: Mapping[str, Any], where: str) -> Iterator[str]:
    yield from problems_of(lambda: parse_path(path, where))


def _path_fields(path: str, _fields: Mapping[str, Any]) -> SourceFields:
    return SourceFields(str(parse_path(path, "path")))


def _dynamic_secret(job: Job, entry: Entry) -> Source:
    from ...module_utils._credentials.dynamic_secret import DynamicSecret

    return DynamicSecret(job.client(), parse_path(entry.path, entry.source))


def _static_secret(job: Job, entry: Entry) -> Source:
    from ...module_utils._credentials.static_secret import StaticSecret

    return StaticSecret(job.client(), parse_path(entry.path, entry.source))


# Tokens of service accounts: a cluster mints them, which may be another one than that of the Secret. The names of the
# options of its connection are kubernetes.core's.
ELSEWHERE: Options = {
    "kubeconfig": {"type": "raw"},
    "context": {"type": "str"},
    "host": {"type": "str"},
    "api_key": {"type": "str", "no_log": True},
    "ca_cert": {"type": "path"},
    "validate_certs": {"type": "bool"},
    "proxy": {"type": "str"},
}
_ACCOUNT: Options = {"name": {"type": "str"}, "namespace": {"type": "str"}, **WANTED, **ELSEWHERE}


def _account_request(given: Mapping[str, Any], fields: Mapping[str, Any]) -> SourceRequest:
    """Return what the token is asked with; it has the Secret's name and namespace unless the option says otherwise."""
    own = {name: given[name] or str(fields[name]) for name in ("name", "namespace")}
    return SourceRequest({**given, **own})


def _problems_of_account(given: Mapping[str, Any], fields: Mapping[str, Any], where: str) -> Iterator[str]:
    yield from problems_of(lambda: wanted_of(_account_request(given, fields).options), where)


def _account_fields(given: Mapping[str, Any], fields: Mapping[str, Any]) -> SourceFields:
    request = _account_request(given, fields)
    return SourceFields("{namespace}/{name}".format(**request.options), request=request)


def _account_token(job: Job, entry: Entry) -> Source:
    from ...module_utils._credentials.service_account import ServiceAccountToken

    request = _request(entry)
    cluster = _minting_cluster(job, entry.source, request.elsewhere)
    # The cluster of the Secret may have several addresses, so its leases name none.
    site = cluster.address if request.elsewhere else None
    return ServiceAccountToken(cluster, wanted_of(request.options), site)


def _minting_cluster(job: Job, option: str, elsewhere: Mapping[str, Any]) -> Any:
    """Return the cluster that makes a token.

    :raises OptionError: only modules on another host reach it, and a module's result would hold the token.
    """
    cluster = job.tokens(elsewhere) if elsewhere else job.cluster()
    if not isinstance(cluster, InWorker):
        raise OptionError(
            option,
            "the controller itself has to reach the cluster that makes the token, but this task works through modules "
            "on another host. Set how the controller reaches it (kubeconfig, or host and api_key), or mint with the "
            "module service_account_token on that host.",
        )
    return cluster


def _request(entry: Entry) -> SourceRequest:
    if entry.request is None:
        raise AssertionError(f"{entry.source} is asked with options")
    return entry.request


# Sessions of STS, which may be written as for the lookup or as in the manifests of External Secrets Operator.
_REFERENCE: Options = {
    "name": {"type": "str", "required": True},
    # A key of a Secret in the entry's namespace. Names of keys are no secrets.
    "key": {"type": "str", "required": True, "no_log": False},
}
_KEY: Mapping[str, Any] = {"type": "dict", "options": _REFERENCE, "no_log": False}
_SECRET_REF: Options = {
    "access_key_id": {**_KEY, "required": True, "aliases": ["accessKeyIDSecretRef"]},
    "secret_access_key": {**_KEY, "required": True, "aliases": ["secretAccessKeySecretRef"]},
    "session_token": {**_KEY, "aliases": ["sessionTokenSecretRef"]},
}
_KEY_OPTIONS = {"access_key_id": "access_key", "secret_access_key": "secret_key", "session_token": "session_token"}
_SERVICE_ACCOUNT_REF: Options = {
    "name": {"type": "str", "required": True},
    "namespace": {"type": "str"},
    "audiences": {"type": "list", "elements": "str"},
}
# What the operator accepts although it surely fails is an option too, so that it is refused with its reason.
_JWT: Options = {
    "service_account_ref": {"type": "dict", "options": _SERVICE_ACCOUNT_REF, "aliases": ["serviceAccountRef"]},
}
_AUTH: Options = {
    "secret_ref": {"type": "dict", "options": _SECRET_REF, "aliases": ["secretRef"], "no_log": False},
    "jwt": {"type": "dict", "options": _JWT},
}
_REQUEST_PARAMETERS: Options = {
    "session_duration": {"type": "int", "aliases": ["sessionDuration"]},
    "serial_number": {"type": "str", "aliases": ["serialNumber"]},
    "token_code": {"type": "str", "aliases": ["tokenCode"], "no_log": True},
}
# The lookup's word for each of these.
_PARAMETERS = {"session_duration": "duration_seconds", "serial_number": "serial_number", "token_code": "token_code"}
_PROJECTED: Options = {
    "namespace": {"type": "str"},
    "name": {"type": "str", "required": True},
    "audience": {"type": "str"},
}


def _session_options() -> dict[str, dict[str, Any]]:
    """Return the lookup's options but region, which the operator needs too."""
    options: dict[str, dict[str, Any]] = {}
    for name, option in STS_OPTIONS.items():
        # In the role botocore itself reads the environment.
        own = {key: value for key, value in option.items() if key != "env"}
        # An ID is no secret, though the name of its option looks like one.
        options[name] = {**own, "no_log": option.get("no_log", False)}
    del options["region"]
    return {**options, "service_account": {"type": "dict", "options": _PROJECTED}}


_SESSION: Options = _session_options()
_STS: Options = {
    "region": {"type": "str"},
    **_SESSION,
    "auth": {"type": "dict", "options": _AUTH},
    **_AUTH,
    "role": {"type": "str"},
    "request_parameters": {"type": "dict", "options": _REQUEST_PARAMETERS, "aliases": ["requestParameters"]},
}
# Options that authenticate do not change what is issued, and a cluster should hold no fingerprint of them.
_NOT_LASTING = (
    *("kubeconfig", "api_key", "ca_cert", "validate_certs", "proxy"),
    *("access_key", "secret_key", "session_token", "token_code"),
)
# The keys that the operator gets of STS, whatever names an entry gives them.
STS_KEYS = tuple(STS_SESSIONS.keys)
_LONG_TERM = "GetSessionToken works only with the long-term keys of an IAM user"


def _auth(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the authentication, written with or without the manifest's word auth."""
    nested = given["auth"] or {}
    return {name: given[name] or nested.get(name) for name in _AUTH}


def _operators_parameters(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of the operator's request, written as in its manifests or as for the lookup."""
    nested = given["request_parameters"] or {}
    return {name: nested.get(name) or given[own] for name, own in _PARAMETERS.items()}


def _session_request(given: Mapping[str, Any], namespace: str) -> SourceRequest:
    """Return what a pushed session is asked with.

    :arg namespace: of the entry.
    """
    nested = given["request_parameters"] or {}
    options = {name: given[name] for name in _SESSION}
    for name, own in _PARAMETERS.items():
        options[own] = given[own] or nested.get(name)
    options["region"] = given["region"]
    options["role_arn"] = given["role_arn"] or given["role"]
    options["service_account"] = _projected_account(given, namespace)
    references = _auth(given)["secret_ref"] or {}
    return SourceRequest(options, {name: reference for name, reference in references.items() if reference})


def _projected_account(given: Mapping[str, Any], namespace: str) -> dict[str, Any] | None:
    """Return the service account whose token assumes a role; None: no service account is named."""
    own = given["service_account"]
    if own:
        return {**own, "namespace": own["namespace"] or namespace, "audience": own["audience"] or AUDIENCE}
    reference = (_auth(given)["jwt"] or {}).get("service_account_ref")
    if not reference:
        return None
    audiences = reference.get("audiences") or [AUDIENCE]
    return {"name": reference["name"], "namespace": reference.get("namespace") or namespace, "audience": audiences[0]}


def _problems_of_session(given: Mapping[str, Any], fields: Mapping[str, Any], where: str) -> Iterator[str]:
    if fields["delivery"] == "push":
        yield from _problems_of_pushed_session(given, where, str(fields["namespace"]))
    else:
        yield from _problems_of_operated_session(given, where, fields["refresh_policy"])


def _problems_of_pushed_session(given: Mapping[str, Any], where: str, namespace: str) -> Iterator[str]:
    for option, other in (("role_arn", "role"), ("service_account", "jwt")):
        if given[option] and given[other]:
            yield f"{where}.{option}: {option} and {other} mean the same: set one of the two."
    request = _session_request(given, namespace)
    if request.secret_ref and (request.options["access_key"] or request.options["profile"]):
        yield f"{where}.secret_ref: secret_ref excludes access_key and profile: each of them is an identity."
    yield from problems_of(lambda: (call_of(request.options), AwsIdentity.from_parameters(request.options)), where)


def _problems_of_operated_session(given: Mapping[str, Any], where: str, refresh_policy: str | None) -> Iterator[str]:
    """Yield what the operator lacks, and what it accepts although it fails at run time."""
    if not given["region"]:
        yield f"{where}.region: it is needed."
    for name in _SESSION:
        if given[name] and name not in _PARAMETERS.values():
            yield f"{where}.{name}: it needs delivery push."
    if given["role"]:
        yield f"{where}.role: the operator accepts a role and AWS then refuses it: {_LONG_TERM}."
    yield from _problems_of_auth(given, where)
    yield from _problems_of_parameters(_operators_parameters(given), f"{where}.request_parameters", refresh_policy)


def _problems_of_auth(given: Mapping[str, Any], where: str) -> Iterator[str]:
    auth = _auth(given)
    for name in auth:
        if given[name] and (given["auth"] or {}).get(name):
            yield f"{where}.auth.{name}: {name} stands beside auth too: set one of the two."
    if auth["jwt"]:
        yield f"{where}.jwt: the operator accepts jwt and then fails at run time: use secret_ref."
    if auth["secret_ref"] and auth["secret_ref"].get("session_token"):
        yield f"{where}.secret_ref.session_token: with a session token AWS refuses: {_LONG_TERM}."


def _problems_of_parameters(parameters: Mapping[str, Any], where: str, refresh_policy: str | None) -> Iterator[str]:
    code, device = parameters["token_code"], parameters["serial_number"]
    if bool(code) != bool(device):
        yield f"{where}: AWS requires serial_number and token_code together."
    elif code and refresh_policy != ONCE:
        yield (
            f"{where}.token_code: an MFA code works only once, but the operator requests a session at each refresh: it "
            f"needs refresh_policy {ONCE}."
        )
    if code and not TOKEN_CODE.fullmatch(code):
        # The message does not repeat the code, which may still be good.
        yield f"{where}.token_code: it must be six digits, as text (in quotes)."
    duration, longest = parameters["session_duration"], GET_SESSION_TOKEN.longest
    if duration is not None and not SHORTEST_SESSION <= duration <= longest:
        yield f"{where}.session_duration: it must be from {SHORTEST_SESSION} to {longest} seconds."


def _session_fields(given: Mapping[str, Any], fields: Mapping[str, Any]) -> SourceFields:
    if fields["delivery"] != "push":
        return SourceFields("", sts=_operators_session(given))
    request = _session_request(given, fields["namespace"])
    return SourceFields(str(request.options["role_arn"] or "STS"), request=request)


def _operators_session(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``region``, ``secret_ref``, ``duration`` (seconds), ``serial_number`` and ``token_code``.

    ``secret_ref`` is None where the operator uses its own credentials.
    """
    parameters = _operators_parameters(given)
    references = _auth(given)["secret_ref"]
    secret_ref: dict[str, dict[str, str]] = {}
    for name in ("access_key_id", "secret_access_key") if references else ():
        secret_ref[name] = {"name": references[name]["name"], "key": references[name]["key"]}
    return {
        "region": given["region"],
        "secret_ref": secret_ref or None,
        "duration": parameters["session_duration"],
        "serial_number": parameters["serial_number"],
        "token_code": parameters["token_code"],
    }


def _session(job: Job, entry: Entry) -> Source:
    from ...module_utils._credentials.sts_session import sessions_of
    from .._core_internals import run_folder
    from .._leases.sealed import Codes

    def cluster(options: Mapping[str, Any]) -> AbstractContextManager[Any]:
        return nullcontext(_minting_cluster(job, f"{entry.source}.service_account", options))

    parameters = {**_request(entry).options, **_keys_in_cluster(job, entry)}
    (session,) = sessions_of(parameters, (), os.environ, Codes(run_folder()).spend, cluster, must_end=True)
    return session


def _keys_in_cluster(job: Job, entry: Entry) -> dict[str, str]:
    """Return the keys of an IAM user that lie in Secrets beside the entry's, by the option that they stand for.

    :raises MissingError: a Secret is not there, or has no such key.
    """
    keys: dict[str, str] = {}
    for name, reference in _request(entry).secret_ref.items():
        place = (entry.namespace, reference["name"])
        (secret,) = job.cluster().get_many(OBJECT_KINDS["Secret"], [place])
        where = f"{entry.source}.secret_ref.{name}"
        if secret is None:
            raise MissingError(f"{where}: there is no Secret {'/'.join(place)}.")
        text = _text((secret.get("data") or {}).get(reference["key"]))
        if not text:
            raise MissingError(f"{where}: the Secret {'/'.join(place)} has no usable key {reference['key']}.")
        keys[_KEY_OPTIONS[name]] = text
    return keys


def _text(encoded: Any) -> str:
    """Return a value of a Secret; "": it is not there, empty, or no text."""
    try:
        return base64.b64decode(str(encoded or ""), validate=True).decode().strip()
    except ValueError:
        return ""


_KINDS = (
    SourceKind(
        name="dynamic_secret",
        option={"type": "str"},
        formats=DYNAMIC_SECRETS,
        problems=_problems_of_path,
        fields=_path_fields,
        make=_dynamic_secret,
        leases=DYNAMIC_SECRET,
        needs_api=True,
    ),
    SourceKind(
        name="static_secret",
        option={"type": "str"},
        formats=STATIC_SECRETS,
        problems=_problems_of_path,
        fields=_path_fields,
        make=_static_secret,
        leases=None,
        needs_api=True,
        is_stored=True,
    ),
    SourceKind(
        name="sts_session_token",
        option={"type": "dict", "options": _STS, "no_log": False},
        formats=STS_SESSIONS,
        problems=_problems_of_session,
        fields=_session_fields,
        make=_session,
        leases=STS_SESSION,
    ),
    SourceKind(
        name="service_account_token",
        option={"type": "dict", "options": _ACCOUNT, "no_log": False},
        formats=SERVICE_ACCOUNTS,
        problems=_problems_of_account,
        fields=_account_fields,
        make=_account_token,
        leases=SERVICE_ACCOUNT,
        push_only="External Secrets Operator has no generator that can revoke one.",
    ),
)
SOURCES: Mapping[str, SourceKind] = {kind.name: kind for kind in _KINDS}
