# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The entries of cluster_credentials: their options, their checks, and what they become."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.errors import UnsupportedError

from ...module_utils._api.errors import OptionError, WorkloadCredentialsError
from ...module_utils._credentials.formats import RAW
from ...module_utils._kube.durations import seconds
from ...module_utils._kube.names import (
    is_data_key,
    is_label_value,
    is_namespace,
    is_object_name,
    is_qualified_name,
    texts,
)
from ...module_utils._marks import PREFIX
from ...module_utils._spec import Options
from .source_kinds import SOURCES, SourceKind, SourceRequest, problems_of
from .spec import DEFAULT_OWNER, DELIVERIES, MANAGED_LABEL, PERIODIC, REFRESH_POLICIES

_FORMATS = tuple(dict.fromkeys(name for kind in SOURCES.values() for name in kind.formats.names))
ENTRY: Options = {
    "name": {"type": "str", "required": True},
    "namespace": {"type": "str", "required": True},
    **{kind.name: kind.option for kind in SOURCES.values()},
    "delivery": {"type": "str", "choices": DELIVERIES},
    "keys": {"type": "dict", "no_log": False},
    "format": {"type": "str", "choices": _FORMATS},
    "template": {"type": "dict"},
    "type": {"type": "str", "default": "Opaque"},
    "labels": {"type": "dict"},
    "annotations": {"type": "dict"},
    "external_secret_name": {"type": "str", "no_log": False},
    "generator_name": {"type": "str"},
    "refresh_policy": {"type": "str", "choices": REFRESH_POLICIES},
    "refresh_interval": {"type": "str"},
    "creation_policy": {"type": "str", "choices": ("Owner", "Orphan", "Merge", "CreateOrMerge")},
    "deletion_policy": {"type": "str", "choices": ("Retain", "Delete", "Merge")},
}
# Not defaults of the spec: some checks ask whether the user has set the option.
_DEFAULTS = {
    "format": RAW,
    "refresh_policy": PERIODIC,
    "refresh_interval": "auto",
    "creation_policy": "Owner",
    "deletion_policy": "Retain",
}
# The options that only External Secrets Operator honours, each with the values that a push would contradict (None: all
# of them), because they say what is in the Secret or that others write to it. The other options say how the operator
# works, and a push ignores them.
_OPERATORS: Mapping[str, tuple[str, ...] | None] = {
    "template": None,
    "creation_policy": ("Merge", "CreateOrMerge"),
    "external_secret_name": (),
    "generator_name": (),
    "refresh_policy": (),
    "refresh_interval": (),
    "deletion_policy": (),
}
_UNSUPPORTED = "there is no field "
# All annotations of an object, with their names (Kubernetes' TotalAnnotationSizeLimitB).
_ANNOTATIONS_BYTES = 256 * 1024


@dataclass(frozen=True)
class Entry:
    """One Secret: what it is to hold, and how it gets there.

    :arg source: a name in SOURCES; ``path`` names the source itself, in messages too.
    :arg sts: what the operator asks STS with; ``request`` what a pushed source without a path is asked with.
    :arg owner: of the Secret.
    :arg external_secret: the name of its ExternalSecret.
    :arg generator: the name of its generator; None: the role chooses one.
    :arg ignored: the options that the user has set and that this delivery ignores.
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
        """Return the name of the Secret for messages."""
        return f"{self.namespace}/{self.name}"

    @property
    def external_identity(self) -> tuple[str, str, str]:
        """Return kind, namespace and name of its ExternalSecret."""
        return "ExternalSecret", self.namespace, self.external_secret

    @property
    def kind(self) -> SourceKind:
        """Return the kind of its source."""
        return SOURCES[self.source]

    @property
    def key(self) -> tuple[str, str]:
        """Return what entries of the same source share. A source that is asked with options is of one entry alone."""
        return self.source, f"{self.path} of {self.where}" if self.request else self.path

    @property
    def is_pushed(self) -> bool:
        """Return whether the role itself writes the Secret."""
        return self.delivery == "push"


def checked_entries(entries: Sequence[Any], delivery: str, owner: str = DEFAULT_OWNER) -> list[Entry]:
    """Check the entries, and return each with all its fields.

    :arg delivery: of entries that name none.
    :arg owner: of all of them.
    :raises WorkloadCredentialsError: the message holds every problem of every entry.
    """
    checked: list[Entry] = []
    problems: list[str] = []
    secrets: set[tuple[str, str]] = set()
    writers: dict[tuple[str, str], Entry] = {}
    for number, given in enumerate(entries):
        where = f"entries[{number}]"
        try:
            entry = _entry(_checked_fields(given, where, delivery), owner)
        except WorkloadCredentialsError as error:
            problems.append(str(error))
            continue
        checked.append(entry)
        if (entry.namespace, entry.name) in secrets:
            problems.append(f"{where}: {entry.where} is listed twice.")
        secrets.add((entry.namespace, entry.name))
        if entry.is_pushed:
            continue
        writer = writers.setdefault((entry.namespace, entry.external_secret), entry)
        if writer is not entry:
            problems.append(f"{where}.external_secret_name: {writer.where} has this name already.")
    if problems:
        raise WorkloadCredentialsError(" ".join(problems))
    return checked


def ignored_words(entries: Sequence[Entry]) -> list[str]:
    """Return one sentence that names the ignored options and their entries, or none."""
    named = [f"{', '.join(entry.ignored)} of {entry.where}" for entry in entries if entry.ignored]
    return [f"These options need delivery external_secret, and are ignored: {'; '.join(named)}."] if named else []


def check_owner(owner: str) -> None:
    """Check that the owner can be a label.

    :raises OptionError: it cannot.
    """
    if not owner or not is_label_value(owner):
        raise OptionError("owner", f"{owner!r} cannot be a label.")


def _checked_fields(given: Any, where: str, delivery: str) -> dict[str, Any]:
    """Return every field of an entry; None: it is not set.

    :raises WorkloadCredentialsError: the message holds every problem.
    """
    if not isinstance(given, Mapping):
        raise OptionError(where, "it must be a dictionary.")
    if given.get("name"):
        where = f"{where} ({given['name']})"
    fields = _validated(given, where)
    fields["delivery"] = fields["delivery"] or delivery
    problems = list(_problems(fields, where))
    if problems:
        raise WorkloadCredentialsError(" ".join(problems))
    return fields


def _entry(fields: Mapping[str, Any], owner: str) -> Entry:
    (kind,) = _kinds_of(fields)
    own = kind.fields(fields[kind.name], fields)
    keys = {str(target): str(key) for target, key in (fields["keys"] or {}).items()}
    return Entry(
        **{name: fields[name] or default for name, default in _DEFAULTS.items()},
        name=fields["name"],
        namespace=fields["namespace"],
        delivery=fields["delivery"],
        type=fields["type"],
        source=kind.name,
        path=own.path,
        sts=own.sts,
        request=own.request,
        keys=keys or None,
        labels=texts(fields["labels"]),
        annotations=texts(fields["annotations"]),
        template=texts(fields["template"]),
        external_secret=fields["external_secret_name"] or fields["name"],
        generator=fields["generator_name"],
        owner=owner,
        ignored=tuple(_ignored(fields)),
    )


def _kinds_of(fields: Mapping[str, Any]) -> list[SourceKind]:
    return [kind for kind in SOURCES.values() if fields[kind.name]]


def _validated(given: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return every field in its type."""
    # An empty option counts as not set, as everywhere.
    filled = {name: value for name, value in given.items() if value not in (None, "", {}, [])}
    try:
        result = _validator(frozenset(filled)).validate(filled)
    except (TypeError, AttributeError):
        # Ansible's check breaks off at names that are no texts, and at a value that should be a dictionary and is none.
        wrong = [name for name in filled if "options" in ENTRY.get(name, {}) and not isinstance(filled[name], Mapping)]
        problem = "it, and the options in it, must be a dictionary whose keys are text."
        raise OptionError(".".join([where, *map(str, wrong[:1])]), problem) from None
    if result.error_messages:
        raise WorkloadCredentialsError(" ".join(f"{where}: {_sentence(error)}" for error in result.errors))
    return {**dict.fromkeys(ENTRY), **_without_aliases(result.validated_parameters, ENTRY)}


def _sentence(error: Any) -> str:
    """Return an error of Ansible's check as a sentence."""
    text = error.msg.rstrip(".")
    return f"{_UNSUPPORTED}{text}." if isinstance(error, UnsupportedError) else f"{text}."


@cache
def _validator(given: frozenset[str]) -> ArgumentSpecValidator:
    """Return the validator of entries with these fields: it knows no other fields but those that it cannot do without.

    Ansible goes through a whole spec several times for each entry, and there may be thousands.
    """
    if not given <= ENTRY.keys():
        # The message names every field that there is.
        return ArgumentSpecValidator(dict(ENTRY))
    needed = {name for name, option in ENTRY.items() if option.get("required") or "default" in option}
    return ArgumentSpecValidator({name: option for name, option in ENTRY.items() if name in given | needed})


def _without_aliases(given: Mapping[str, Any], options: Options) -> dict[str, Any]:
    """Return options by their own names alone, at every depth: Ansible's check leaves their aliases beside them."""
    return {name: _inner(value, options[name]) for name, value in given.items() if name in options}


def _inner(value: Any, option: Mapping[str, Any]) -> Any:
    options = option.get("options")
    if options and isinstance(value, Mapping):
        return _without_aliases(value, options)
    if options and isinstance(value, list):
        return [_inner(element, option) for element in value]
    return value


def _problems(fields: Mapping[str, Any], where: str) -> Iterator[str]:
    kinds = _kinds_of(fields)
    if len(kinds) != 1:
        yield f"{where}: exactly one of {', '.join(SOURCES)} is needed."
        return
    (kind,) = kinds
    yield from _problems_of_names(fields, where)
    yield from kind.problems(fields[kind.name], fields, f"{where}.{kind.name}")
    yield from _problems_of_format(fields, kind, where)
    yield from _problems_of_texts(fields, where)
    yield from _problems_of_labels(texts(fields["labels"]), fields["delivery"], where)
    yield from _problems_of_annotations(texts(fields["annotations"]), where)
    if fields["delivery"] == "push":
        yield from _problems_of_push(fields, where)
    else:
        yield from _problems_of_operated(fields, kind, where)


def _problems_of_names(fields: Mapping[str, Any], where: str) -> Iterator[str]:
    for field in ("name", "namespace", "external_secret_name", "generator_name"):
        is_allowed = is_namespace if field == "namespace" else is_object_name
        if fields[field] is not None and not is_allowed(fields[field]):
            yield f"{where}.{field}: {fields[field]!r} is not a name that Kubernetes allows here."


def _problems_of_format(fields: Mapping[str, Any], kind: SourceKind, where: str) -> Iterator[str]:
    if fields["keys"] and fields["format"]:
        yield f"{where}.keys: keys and format exclude each other."
    if fields["format"] is not None and fields["format"] not in kind.formats.names:
        yield f"{where}.format: {kind.name} has {', '.join(kind.formats.names)}; use keys for others."
    for target in (*(fields["keys"] or ()), *(fields["template"] or ())):
        if not is_data_key(str(target)):
            yield f"{where}: {target!r} cannot be a key of a Secret."


def _problems_of_texts(fields: Mapping[str, Any], where: str) -> Iterator[str]:
    for field in ("keys", "template", "labels", "annotations"):
        for name, text in (fields[field] or {}).items():
            if text is None or isinstance(text, (Mapping, list)) or not _is_unicode(str(text)):
                yield f"{where}.{field}.{name}: it must be text."


def _is_unicode(text: str) -> bool:
    # YAML can write half of a character beyond U+FFFF.
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def _problems_of_labels(labels: Mapping[str, str], delivery: str, where: str) -> Iterator[str]:
    yield from _problems_of_qualified_names(labels, f"{where}.labels")
    for name, text in labels.items():
        # The operator takes labels as templates.
        is_template = "{{" in text and delivery == "external_secret"
        if not is_template and not is_label_value(text):
            yield f"{where}.labels.{name}: {text!r} cannot be a label."


def _problems_of_annotations(annotations: Mapping[str, str], where: str) -> Iterator[str]:
    yield from _problems_of_qualified_names(annotations, f"{where}.annotations")
    size = sum(len(f"{name}{text}".encode("utf-8", "replace")) for name, text in annotations.items())
    if size > _ANNOTATIONS_BYTES:
        yield f"{where}.annotations: they are longer than the {_ANNOTATIONS_BYTES} bytes that Kubernetes allows."


def _problems_of_qualified_names(names: Iterable[str], where: str) -> Iterator[str]:
    for name in names:
        if not is_qualified_name(name):
            yield f"{where}: {name!r} is not a name that Kubernetes allows here."
        if name in MANAGED_LABEL or name.startswith(PREFIX):
            yield f"{where}: {name} is the role's own."


def _problems_of_push(fields: Mapping[str, Any], where: str) -> Iterator[str]:
    for field in _OPERATORS:
        if _contradicts_a_push(field, fields[field]):
            yield f"{where}.{field}: it needs delivery external_secret."


def _problems_of_operated(fields: Mapping[str, Any], kind: SourceKind, where: str) -> Iterator[str]:
    """Yield what External Secrets Operator cannot do, and what is wrong with the options that only it honours."""
    if kind.push_only:
        yield f"{where}.{kind.name}: it needs delivery push: {kind.push_only}"
    if fields["template"] and (fields["keys"] or fields["format"]):
        yield f"{where}.template: template excludes keys and format."
    if fields["generator_name"] and kind.is_stored:
        yield f"{where}.generator_name: static secrets come from a store, and have no generator."
    yield from _problems_of_interval(fields["refresh_interval"], fields["refresh_policy"], where)
    if (fields["creation_policy"], fields["deletion_policy"]) == ("Merge", "Delete"):
        yield f"{where}.deletion_policy: with creation_policy Merge the Secret belongs to someone else."


def _problems_of_interval(interval: str | None, refresh_policy: str | None, where: str) -> Iterator[str]:
    if interval in (None, "auto"):
        return
    if refresh_policy not in (None, PERIODIC):
        yield f"{where}.refresh_interval: with refresh_policy {refresh_policy} there is no interval."
    yield from problems_of(lambda: seconds(str(interval), f"{where}.refresh_interval"))


def _ignored(fields: Mapping[str, Any]) -> list[str]:
    """Return the options that are set, and that a push ignores."""
    if fields["delivery"] != "push":
        return []
    return [field for field in _OPERATORS if fields[field] and not _contradicts_a_push(field, fields[field])]


def _contradicts_a_push(field: str, value: Any) -> bool:
    """Return whether a push cannot do what this option of the operator asks for."""
    values = _OPERATORS[field]
    return bool(value) and (values is None or value in values)
