# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The data of the operator's Secrets: its template language (Go's), and keys that it renames."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from ...module_utils._api.errors import OptionError
from ...module_utils._credentials.formats import RAW
from ...module_utils._kube.names import is_data_key
from ...module_utils._marks import OPERATED_MARKS
from .._cluster.entries import Entry
from .._cluster.job import Job
from .._cluster.sources import SourceInfo

_ACTION = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}", re.DOTALL)
# None of these templates can fail.
_IN_WORDS = '{{{{ dateInZone "2006-01-02T15:04:05Z" {} "UTC" }}}}'
_LATEST_END = '{{{{ or (index . "expiration") (dateInZone "2006-01-02T15:04:05Z" (dateModify "{life}s" now) "UTC") }}}}'
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SAFE = re.compile(r"(?:\.(\w+)|index \. \"(\w+)\")(?:\s*\|\s*(?:trim|quote|b64enc|upper|lower|toString))*")


def template_data(entry: Entry, keys: Sequence[str] | None) -> dict[str, str]:
    """Return the Secret's keys, each with the template of its value; empty: all keys of the source as they are.

    :arg keys: of the source, where each use of it is a lease: after a failure the operator would generate again, so
        only what cannot fail is allowed. None: a failure costs nothing.
    :raises OptionError: the source does not have a key, or a template may fail.
    """
    if keys is None:
        return dict(entry.template) or _actions(entry, _fails_without)
    for target, text in entry.template.items():
        _check(text, keys, f"{entry.where}.template.{target}")
    if entry.template:
        return dict(entry.template)
    missing = sorted({*_wanted(entry).values()} - {*keys})
    if missing:
        option = f"{entry.where}.{'keys' if entry.keys else 'format'}"
        raise OptionError(option, f"there will be no {', '.join(missing)}; the keys will be {', '.join(keys)}.")
    return _actions(entry, _never_fails)


def _wanted(entry: Entry) -> Mapping[str, str]:
    """Return the source's keys by the Secret's; empty: all as they are."""
    if entry.keys:
        return entry.keys
    return {} if entry.format == RAW else entry.kind.formats.fields_of(entry.format)


def _actions(entry: Entry, action: Callable[[str], str]) -> dict[str, str]:
    """Return the template of each key of the Secret, or of the one that holds all in the entry's format."""
    actions = {target: action(source) for target, source in _wanted(entry).items()}
    whole = entry.kind.formats.texts.get(entry.format)
    return {whole.name: whole.made(actions)} if whole else actions


def _never_fails(key: str) -> str:
    """Return a template of a key's value, or of an empty text where the key is missing: a failure would be a lease."""
    return f"{{{{ index . {_literal(key)} }}}}"


def _fails_without(key: str) -> str:
    """Return a template of the value of a static secret's key: without it the operator fails, and keeps the Secret."""
    name = renamed(key)
    if _WORD.fullmatch(name):
        return f"{{{{ .{name} }}}}"
    # The language has no shorter way to fail for a key that is not a word.
    literal, message = _literal(name), _literal(f"there is no key {name}")
    return (
        f"{{{{ $found := false }}}}{{{{ range $key, $value := . }}}}{{{{ if eq $key {literal} }}}}"
        "{{ $found = true }}{{ $value }}{{ end }}{{ end }}"
        f"{{{{ if not $found }}}}{{{{ fail {message} }}}}{{{{ end }}}}"
    )


def renamed(key: str) -> str:
    """Return the name that the operator gives to a key of a static secret."""
    return "".join(letter if letter.isalnum() or letter in "-._" else "_" for letter in key)


def named_in(text: str) -> set[str]:
    """Return the keys that a template names in plain actions."""
    return {_key_of(action) for action in _ACTION.findall(text)} - {""}


def _key_of(action: str) -> str:
    """Return the key that a plain action names; "": the action does more than that."""
    plain = _SAFE.fullmatch(action)
    return str(plain.group(1) or plain.group(2)) if plain else ""


def lease_annotations(keys: Collection[str], *, in_seconds: bool = False, life: int | None = None) -> dict[str, str]:
    """Return what the operator notes on a Secret of credentials with these keys, whatever is in its data.

    :arg in_seconds: their expiration is a number, as in the answers of STS.
    :arg life: in seconds, of credentials that may come without an expiration.
    """
    lease, expiration, minted = OPERATED_MARKS
    end = _IN_WORDS.format('(int64 (index . "expiration"))') if in_seconds else _never_fails("expiration")
    if life is not None:
        end = _LATEST_END.format(life=life)
    notes = {expiration: end, minted: _IN_WORDS.format("now")}
    if "leaseId" in keys:
        notes[lease] = _never_fails("leaseId")
    return notes


def filled_in(text: str, values: Mapping[str, str | None]) -> str | None:
    """Return the text with values in place of its plain actions; None: it does more than that."""
    if not all(map(_key_of, _ACTION.findall(text))):
        return None
    return _ACTION.sub(lambda match: _value(match.group(1), values), text)


def _value(action: str, values: Mapping[str, str | None]) -> str:
    # The result of a function is not known.
    return "x" if "|" in action else values.get(_key_of(action)) or "x"


def check_marks(entry: Entry, keys: Sequence[str]) -> None:
    """Raise OptionError if a label or an annotation is a template that might fail after generating."""
    for field in ("labels", "annotations"):
        for name, text in getattr(entry, field).items():
            _check(text, keys, f"{entry.where}.{field}.{name}")


def _check(text: str, keys: Sequence[str], where: str) -> None:
    for action in _ACTION.findall(text):
        if _key_of(action) not in keys:
            raise OptionError(
                where,
                f"{{{{ {action} }}}} might fail, and the operator would then generate a lease at each retry. Use the "
                f"keys {', '.join(keys)}, with nothing but trim, quote, b64enc, upper, lower or toString behind them.",
            )


def _literal(text: str) -> str:
    """Return a string as Go reads it: Go escapes what JSON escapes, in the same way."""
    return json.dumps(text, ensure_ascii=False)


def unfit(job: Job, sources: SourceInfo) -> list[str]:
    """Return why the operator could not make of static secrets what the entries say."""
    problems: list[str] = []
    for entry in job.operated:
        facts = sources.of(entry)
        if facts and entry.kind.is_stored:
            problems += problems_of_keys(entry, facts.keys)
    return problems


def problems_of_keys(entry: Entry, keys: Sequence[str]) -> Iterator[str]:
    """Return why an entry of a static secret with these keys would be empty in the cluster, or be refused."""
    names: dict[str, list[str]] = {}
    for key in sorted(keys):
        names.setdefault(renamed(key), []).append(key)
    yield from _clashes(entry, names)
    if entry.template:
        yield from _missing_in_template(entry, names, keys)
    elif entry.keys:
        missing = sorted(key for key in entry.keys.values() if renamed(key) not in names)
        if missing:
            yield f"{entry.where}.keys: {entry.path} has no {', '.join(missing)}; {_there(keys)}."
    else:
        invalid = [key for key in sorted(keys) if not is_data_key(renamed(key))]
        if invalid:
            yield (
                f"{entry.where}: no Secret can have the keys {', '.join(invalid)} of {entry.path}. Name others with "
                "keys."
            )


def _clashes(entry: Entry, names: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Return a sentence for each name that the operator gives to several keys."""
    for name, same in names.items():
        if len(same) > 1:
            clash = f"{' and '.join(same)} of {entry.path} to {name}"
            yield f"{entry.where}: the operator renames {clash}, and then uses none of them."


def _missing_in_template(entry: Entry, names: Collection[str], keys: Sequence[str]) -> Iterator[str]:
    for target, text in entry.template.items():
        missing = sorted(named_in(text) - set(names))
        if missing:
            yield f"{entry.where}.template.{target}: {entry.path} has no {', '.join(missing)}; {_there(keys)}."


def _there(keys: Sequence[str]) -> str:
    return f"it has {', '.join(sorted(keys))}"
