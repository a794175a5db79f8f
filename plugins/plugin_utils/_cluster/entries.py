# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries of cluster_credentials: checked and completed before anything is asked or changed.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.errors import UnsupportedError

from ...module_utils._api.errors import OptionError, WorkloadCredentialsError
from ...module_utils._api.paths import parse_path
from ...module_utils._credentials.formats import FORMS, RAW, STS_SESSIONS, Formats
from ...module_utils._kube.durations import seconds
from ...module_utils._marks import PREFIX
from .spec import (
    DEFAULT_OWNER,
    ENTRY,
    MANAGED_LABEL,
    ONCE,
    PERIODIC,
    SESSION,
    SOURCES,
    SourceRequest,
    account_request,
    problems_of_account,
    problems_of_session,
    session_request,
    without_aliases,
)

# AWS' GetSessionToken: from 15 minutes to 36 hours, 12 hours where nothing is said.
SHORTEST, LONGEST, USUAL = 900, 129600, 43200
KEYS = tuple(STS_SESSIONS.keys)
_CODE = re.compile(r"\d{6}")
# The manifest's words, and those of a session that is pushed.
_PARAMETERS = {"session_duration": "duration_seconds", "serial_number": "serial_number", "token_code": "token_code"}
_LONG_TERM = "GetSessionToken works with the long-term keys of an IAM user only"


def problems_of_sts(given: Mapping[str, Any], where: str, refresh_policy: str | None) -> Iterator[str]:
    """What is known to fail at run time where the operator asks, or missing.

    :arg given: validated against its spec.
    :arg where: the option, for messages.
    :arg refresh_policy: of the entry.
    """
    auth = _auth(given)
    if not given["region"]:
        yield f"{where}.region: it is needed."
    for name in SESSION:
        if given[name] and name not in _PARAMETERS.values():
            yield f"{where}.{name}: it needs delivery push."
    for name in auth:
        if given[name] and (given["auth"] or {}).get(name):
            yield f"{where}.auth.{name}: {name} is there already, beside auth."
    if given["role"]:
        yield f"{where}.role: the operator accepts a role and AWS then refuses it: {_LONG_TERM}."
    if auth["jwt"]:
        yield f"{where}.jwt: the operator accepts jwt and then fails at run time: use secret_ref."
    if (auth["secret_ref"] or {}).get("session_token"):
        yield f"{where}.secret_ref.session_token: with a session token AWS refuses: {_LONG_TERM}."
    yield from _problems_of_parameters(_parameters(given), f"{where}.request_parameters", refresh_policy)


def _problems_of_parameters(parameters: Mapping[str, Any], where: str, refresh_policy: str | None) -> Iterator[str]:
    code, device = parameters["token_code"], parameters["serial_number"]
    if bool(code) != bool(device):
        yield f"{where}: AWS wants serial_number and token_code together."
    elif code and refresh_policy != ONCE:
        yield (
            f"{where}.token_code: a code of an MFA device serves once, and the operator asks again at each refresh: it "
            f"needs refresh_policy {ONCE}."
        )
    if code and not _CODE.fullmatch(code):
        # It is not repeated: a code may still be good.
        yield f"{where}.token_code: it must be six digits, as a text (in quotes)."
    duration = parameters["session_duration"]
    if duration is not None and not SHORTEST <= duration <= LONGEST:
        yield f"{where}.session_duration: it must be from {SHORTEST} to {LONGEST} seconds."


def checked_sts(given: Mapping[str, Any]) -> dict[str, Any]:
    """``region``, ``secret_ref``, ``duration`` (seconds), ``serial_number`` and ``token_code`` without problems.

    ``secret_ref`` is None where the controller's own credentials are used.
    """
    references = _auth(given)["secret_ref"]
    parameters = _parameters(given)
    return {
        "region": given["region"],
        "secret_ref": {
            name: {field: references[name][field] for field in ("name", "key")}
            for name in ("access_key_id", "secret_access_key")
        }
        if references
        else None,
        "duration": parameters["session_duration"],
        **{name: parameters[name] for name in ("serial_number", "token_code")},
    }


def _parameters(given: Mapping[str, Any]) -> dict[str, Any]:
    """What the session is asked with, which may be written as for a push too."""
    nested = given["request_parameters"] or {}
    return {name: nested.get(name) or given[own] for name, own in _PARAMETERS.items()}


def _auth(given: Mapping[str, Any]) -> dict[str, Any]:
    """Its authentication, which may be written with or without the manifest's word auth."""
    nested = given["auth"] or {}
    return {name: given[name] or nested.get(name) for name in ("secret_ref", "jwt")}


# What only External Secrets Operator honours, with the values that a push would contradict (None: every one), as they
# say what is in the Secret, or that others have a part in it. The rest says how the operator works: a push ignores it.
_OPERATORS: Mapping[str, tuple[str, ...] | None] = {
    "template": None,
    "creation_policy": ("Merge", "CreateOrMerge"),
    "external_secret_name": (),
    "generator_name": (),
    "refresh_policy": (),
    "refresh_interval": (),
    "deletion_policy": (),
}
_ASKED = ("sts_session_token", "service_account_token")
# Kubernetes' names of Secrets and namespaces (RFC 1123), keys of a Secret's data, labels and annotations.
_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
DATA_KEY = re.compile(r"(?!\.\.?\Z|\.\.)[-._a-zA-Z0-9]{1,253}")
_WORD = r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_MARK = re.compile(rf"(?:(?=[^/]{{1,253}}/)[a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?{_WORD}")
_LABEL = re.compile(rf"(?:{_WORD})?")
_UNSUPPORTED = "there is no field "
# All annotations of an object, their names included (Kubernetes' TotalAnnotationSizeLimitB).
_ANNOTATIONS_BYTES = 256 * 1024


@dataclass(frozen=True)
class Entry:
    """One Secret: what it is to hold, and how it gets there.

    :arg source: one of SOURCES; ``path`` names it, for messages too.
    :arg sts: what the operator asks STS with; ``request`` what a pushed source without a path is asked with.
    :arg owner: whose Secret it is.
    :arg external_secret: the name of its ExternalSecret, and ``generator`` of its generator; None: the role chooses.
    :arg ignored: its options that count for nothing, as they are the other delivery's.
    """

    name: str
    namespace: str
    delivery: str
    source: str
    path: str
    sts: Mapping[str, Any]
    request: SourceRequest | None
    keys: Mapping[str, str] | None
    format: str
    type: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    template: Mapping[str, str]
    external_secret: str
    generator: str | None
    refresh_policy: str
    refresh_interval: str
    creation_policy: str
    deletion_policy: str
    owner: str
    ignored: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        """As messages name it."""
        return f"{self.namespace}/{self.name}"

    @property
    def key(self) -> tuple[str, str]:
        """Which source it is: those with options are each entry's own."""
        return self.source, f"{self.path} of {self.where}" if self.request else self.path

    @property
    def forms(self) -> Formats:
        """What its credentials can be made to look like."""
        return FORMS[self.source]

    @property
    def is_pushed(self) -> bool:
        """Whether the Secret is written from here."""
        return self.delivery == "push"


def checked_entries(entries: Sequence[Any], delivery: str, owner: str = DEFAULT_OWNER) -> list[Entry]:
    """Every entry with all its fields.

    :arg delivery: the default delivery.
    :arg owner: whose they are.
    :raises OptionError: the message holds every problem of every entry.
    """
    checked, problems = [], []
    seen: set[tuple[str, str]] = set()
    writers: dict[tuple[str, str], Entry] = {}
    for number, given in enumerate(entries):
        where = f"entries[{number}]"
        try:
            entry = _entry(given, where, delivery, owner)
        except WorkloadCredentialsError as error:
            problems.append(str(error))
            continue
        if (entry.namespace, entry.name) in seen:
            problems.append(f"{where}: {entry.where} is listed twice.")
        seen.add((entry.namespace, entry.name))
        other = None if entry.is_pushed else writers.setdefault((entry.namespace, entry.external_secret), entry)
        if other is not None and other is not entry:
            problems.append(f"{where}.external_secret_name: it is that of {other.where} already.")
        checked.append(entry)
    if problems:
        raise WorkloadCredentialsError(" ".join(problems))
    return checked


def _entry(given: Any, where: str, delivery: str, owner: str) -> Entry:
    if not isinstance(given, Mapping):
        raise OptionError(where, "it must be a dictionary.")
    # What is empty is not set, as everywhere.
    set_ones = {name: value for name, value in given.items() if value not in (None, "", {}, [])}
    where = f"{where} ({given['name']})" if given.get("name") else where
    fields = _validated(set_ones, where)
    fields["delivery"] = fields["delivery"] or delivery
    problems = list(_problems(fields, where))
    if problems:
        raise WorkloadCredentialsError(" ".join(problems))
    (source,) = (one for one in SOURCES if fields[one])
    return Entry(
        **_of_source(source, fields, where),
        name=fields["name"],
        namespace=fields["namespace"],
        delivery=fields["delivery"],
        type=fields["type"],
        source=source,
        keys={str(target): str(one) for target, one in fields["keys"].items()} if fields["keys"] else None,
        format=fields["format"] or RAW,
        labels=_texts(fields["labels"]),
        annotations=_texts(fields["annotations"]),
        template=_texts(fields["template"]),
        external_secret=fields["external_secret_name"] or fields["name"],
        generator=fields["generator_name"],
        refresh_policy=fields["refresh_policy"] or PERIODIC,
        refresh_interval=fields["refresh_interval"] or "auto",
        creation_policy=fields["creation_policy"] or "Owner",
        deletion_policy=fields["deletion_policy"] or "Retain",
        owner=owner,
        ignored=tuple(_ignored(fields)),
    )


def ignored_words(entries: Sequence[Entry]) -> list[str]:
    """One sentence that names the options which count for nothing, and their entries."""
    named = [f"{', '.join(entry.ignored)} of {entry.where}" for entry in entries if entry.ignored]
    return [f"These options need delivery external_secret, and are ignored: {'; '.join(named)}."] if named else []


def _of_source(source: str, fields: Mapping[str, Any], where: str) -> dict[str, Any]:
    """What names the source, and what it is asked with."""
    given = fields[source]
    own: dict[str, Any] = {"sts": {}, "request": None}
    if source == "service_account_token":
        request = account_request(given, fields["name"], fields["namespace"])
        return {**own, "path": "{namespace}/{name}".format(**request.options), "request": request}
    if source != "sts_session_token":
        return {**own, "path": str(parse_path(given, f"{where}.{source}"))}
    if fields["delivery"] != "push":
        return {**own, "path": "", "sts": checked_sts(given)}
    request = session_request(given, fields["namespace"])
    return {**own, "path": str(request.options["role_arn"] or "STS"), "request": request}


def _validated(given: Mapping[str, Any], where: str) -> dict[str, Any]:
    try:
        result = _validator(frozenset(given)).validate(dict(given))
    except (TypeError, AttributeError):
        # Ansible's check breaks off at names that are no texts, and at what is no dictionary though it should be one.
        wrong = [name for name in given if "options" in ENTRY.get(name, {}) and not isinstance(given[name], Mapping)]
        problem = "it, or an option in it, must be a dictionary, and names of options are texts."
        raise OptionError(".".join([where, *map(str, wrong[:1])]), problem) from None
    if result.error_messages:
        said = (f"{_UNSUPPORTED if isinstance(error, UnsupportedError) else ''}{error.msg}" for error in result.errors)
        raise WorkloadCredentialsError(" ".join(f"{where}: {message.rstrip('.')}." for message in said))
    return {**dict.fromkeys(ENTRY), **without_aliases(result.validated_parameters, ENTRY)}


@cache
def _validator(given: frozenset[str]) -> ArgumentSpecValidator:
    """The validator of entries with these fields: of the others only those that cannot be left out of it.

    Ansible goes through a whole spec several times for each entry, and there may be thousands.
    """
    if not given <= ENTRY.keys():
        # The message names all that there are.
        return ArgumentSpecValidator(dict(ENTRY))
    needed = {name for name, option in ENTRY.items() if option.get("required") or "default" in option}
    return ArgumentSpecValidator({name: option for name, option in ENTRY.items() if name in given | needed})


def _problems(fields: Mapping[str, Any], where: str) -> Iterator[str]:
    sources = [source for source in SOURCES if fields[source]]
    if len(sources) != 1:
        yield f"{where}: exactly one of {', '.join(SOURCES)} is needed."
        return
    for field, pattern in (
        ("name", _NAME),
        ("namespace", _NAMESPACE),
        ("external_secret_name", _NAME),
        ("generator_name", _NAME),
    ):
        if fields[field] is not None and not pattern.fullmatch(fields[field]):
            yield f"{where}.{field}: {fields[field]!r} is not a name that Kubernetes allows here."
    (source,) = sources
    if source in _ASKED:
        yield from _problems_of_requests(fields, source, f"{where}.{source}")
    else:
        yield from _problem_of(lambda: parse_path(fields[source], f"{where}.{source}"))
    yield from _problems_of_keys(fields, source, where)
    yield from _problems_of_marks(fields, where)
    yield from _problems_of_the_operators_own(fields, where)


def _problems_of_requests(fields: Mapping[str, Any], source: str, where: str) -> Iterator[str]:
    given, place = fields[source], {name: str(fields[name]) for name in ("name", "namespace")}
    if source == "service_account_token":
        if fields["delivery"] != "push":
            yield f"{where}: it needs delivery push: External Secrets Operator has no generator that can revoke one."
        yield from problems_of_account(given, where, **place)
    elif fields["delivery"] == "push":
        yield from problems_of_session(given, where, place["namespace"])
    else:
        yield from problems_of_sts(given, where, fields["refresh_policy"])


def _problems_of_keys(fields: Mapping[str, Any], source: str, where: str) -> Iterator[str]:
    if fields["keys"] and fields["format"]:
        yield f"{where}.keys: keys and format exclude each other."
    names = FORMS[source].names
    if fields["format"] is not None and fields["format"] not in names:
        yield f"{where}.format: {source} has {', '.join(names)}; use keys for others."
    for target in (*(fields["keys"] or ()), *(fields["template"] or ())):
        if not DATA_KEY.fullmatch(str(target)):
            yield f"{where}: {target!r} cannot be a key of a Secret."
    for field in ("keys", "template", "labels", "annotations"):
        for name, text in (fields[field] or {}).items():
            if isinstance(text, (Mapping, list, type(None))) or not _is_unicode(str(text)):
                yield f"{where}.{field}.{name}: it must be a text."


def _problems_of_marks(fields: Mapping[str, Any], where: str) -> Iterator[str]:
    """Labels and annotations: what Kubernetes would refuse, and what is the role's own."""
    for field in ("labels", "annotations"):
        for name in map(str, fields[field] or ()):
            if not _MARK.fullmatch(name):
                yield f"{where}.{field}: {name!r} is not a name that Kubernetes allows here."
            if name in MANAGED_LABEL or name.startswith(PREFIX):
                yield f"{where}.{field}: {name} is the role's own."
    for name, text in _texts(fields["labels"]).items():
        # The operator takes labels as templates.
        is_template = "{{" in text and fields["delivery"] == "external_secret"
        if not (is_template or _LABEL.fullmatch(text)):
            yield f"{where}.labels.{name}: {text!r} cannot be a label."
    if (
        sum(len(f"{name}{text}".encode("utf-8", "replace")) for name, text in _texts(fields["annotations"]).items())
        > _ANNOTATIONS_BYTES
    ):
        yield f"{where}.annotations: they are longer than the {_ANNOTATIONS_BYTES} bytes that Kubernetes allows."


def _problems_of_the_operators_own(fields: Mapping[str, Any], where: str) -> Iterator[str]:
    """The fields that only External Secrets Operator honours."""
    if fields["delivery"] == "push":
        contradicting = (field for field in _OPERATORS if fields[field] and _contradicts(field, fields[field]))
        yield from (f"{where}.{field}: it needs delivery external_secret." for field in contradicting)
        return
    if fields["template"] and (fields["keys"] or fields["format"]):
        yield f"{where}.template: template excludes keys and format."
    if fields["generator_name"] and fields["static_secret"]:
        yield f"{where}.generator_name: static secrets come from a store, and have no generator."
    interval = fields["refresh_interval"]
    if interval not in (None, "auto") and fields["refresh_policy"] not in (None, PERIODIC):
        yield f"{where}.refresh_interval: with refresh_policy {fields['refresh_policy']} there is no interval."
    if interval not in (None, "auto"):
        yield from _problem_of(lambda: seconds(interval, f"{where}.refresh_interval"))
    if (fields["creation_policy"], fields["deletion_policy"]) == ("Merge", "Delete"):
        yield f"{where}.deletion_policy: with creation_policy Merge the Secret is somebody else's."


def _ignored(fields: Mapping[str, Any]) -> list[str]:
    """The options that the entry's delivery does not know, and that change nothing of what it is to deliver."""
    if fields["delivery"] != "push":
        return []
    return [field for field in _OPERATORS if fields[field] and not _contradicts(field, fields[field])]


def _contradicts(field: str, value: Any) -> bool:
    """Whether a push cannot be what this option of the operator's asks for."""
    values = _OPERATORS[field]
    return values is None or value in values


def check_owner(owner: str) -> None:
    """:raises OptionError: it cannot be a label."""
    if not owner or not _LABEL.fullmatch(owner):
        raise OptionError("owner", f"{owner!r} cannot be a label.")


def _is_unicode(text: str) -> bool:
    # YAML can write half of a character beyond U+FFFF.
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def _problem_of(check: Any) -> Iterator[str]:
    try:
        check()
    except WorkloadCredentialsError as error:
        yield str(error)


def _texts(given: Mapping[str, Any] | None) -> dict[str, str]:
    # YAML's true, as Kubernetes spells it.
    return {
        str(name): str(text).lower() if isinstance(text, bool) else str(text) for name, text in (given or {}).items()
    }
