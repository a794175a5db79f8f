# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The data of the operator's Secrets: its own template language (Go's), and keys that it renames.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from ...module_utils._api.errors import OptionError
from ...module_utils._credentials.formats import RAW
from ...module_utils._kube.names import is_data_key
from ...module_utils._marks import OPERATED_MARKS
from .._cluster.entries import Entry
from .._cluster.job import Job
from .._cluster.sources import SourceInfo

_ACTION = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}", re.DOTALL)
# None of these can fail.
_IN_WORDS = '{{{{ dateInZone "2006-01-02T15:04:05Z" {} "UTC" }}}}'
_LATEST_END = '{{{{ or (index . "expiration") (dateInZone "2006-01-02T15:04:05Z" (dateModify "{life}s" now) "UTC") }}}}'
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SAFE = re.compile(r"(?:\.(\w+)|index \. \"(\w+)\")(?:\s*\|\s*(?:trim|quote|b64enc|upper|lower|toString))*")


def template_data(entry: Entry, keys: Sequence[str] | None) -> dict[str, str]:
    """The Secret's keys, each with the action that makes its value; empty: all keys of the source as they are.

    :arg keys: of the source, where each use of it is a lease: after a failure the operator would generate again, so
        only what cannot fail is allowed. None: a failure costs nothing.
    :raises OptionError: a key that the source does not have, or an action that may fail.
    """
    if entry.template:
        for target, text in entry.template.items() if keys is not None else ():
            _check(text, keys or (), f"{entry.where}.template.{target}")
        return dict(entry.template)
    wanted = entry.keys or ({} if entry.format == RAW else entry.kind.formats.fields_of(entry.format))
    missing = sorted(set(wanted.values()) - set(keys)) if keys is not None else ()
    if missing:
        field = "keys" if entry.keys else "format"
        there = ", ".join(keys or ())
        raise OptionError(f"{entry.where}.{field}", f"there will be no {', '.join(missing)}, but {there}.")
    action = _failing if keys is None else _never_failing
    actions = {target: action(source) for target, source in wanted.items()}
    whole = entry.kind.formats.texts.get(entry.format)
    return {whole.name: whole.made(actions)} if whole else actions


def _never_failing(key: str) -> str:
    """The value of a key, or an empty text: a failure would be a lease."""
    return f"{{{{ index . {_literal(key)} }}}}"


def _failing(key: str) -> str:
    """The value of a key of a static secret; where it is gone, the operator says so and leaves the Secret as it is."""
    name = renamed(key)
    if _WORD.fullmatch(name):
        return f"{{{{ .{name} }}}}"
    # The language has no shorter way that fails for a key which is no word.
    literal, said = _literal(name), _literal(f"there is no key {name}")
    return (
        f"{{{{ $found := false }}}}{{{{ range $key, $value := . }}}}{{{{ if eq $key {literal} }}}}"
        "{{ $found = true }}{{ $value }}{{ end }}{{ end }}"
        f"{{{{ if not $found }}}}{{{{ fail {said} }}}}{{{{ end }}}}"
    )


def renamed(key: str) -> str:
    """The key of a static secret as the operator hands it on."""
    return "".join(one if one.isalnum() or one in "-._" else "_" for one in key)


def named_in(text: str) -> set[str]:
    """The keys that a template names in plain actions."""
    found = (_SAFE.fullmatch(action) for action in _ACTION.findall(text))
    return {one.group(1) or one.group(2) for one in found if one}


def lease_annotations(keys: Collection[str], *, in_seconds: bool = False, life: int | None = None) -> dict[str, str]:
    """What the operator notes of credentials with these keys on their Secret, whatever is in its data.

    :arg in_seconds: their expiration is a number, as STS has it.
    :arg life: in seconds, of credentials that may come without an expiration.
    """
    lease, expiration, minted = OPERATED_MARKS
    end = _IN_WORDS.format('(int64 (index . "expiration"))') if in_seconds else _never_failing("expiration")
    if life is not None:
        end = _LATEST_END.format(life=life)
    notes = {expiration: end, minted: _IN_WORDS.format("now")}
    return {**notes, **({lease: _never_failing("leaseId")} if "leaseId" in keys else {})}


def filled_in(text: str, values: Mapping[str, str | None]) -> str | None:
    """The text with values in place of its plain actions; None: it does more than that."""
    actions = _ACTION.findall(text)
    if not all(_SAFE.fullmatch(action) for action in actions):
        return None
    return _ACTION.sub(lambda found: _value(found.group(1), values), text)


def _value(action: str, values: Mapping[str, str | None]) -> str:
    safe = _SAFE.fullmatch(action)
    name = (safe.group(1) or safe.group(2)) if safe else ""
    # What a function makes of it is not known.
    return "x" if "|" in action else values.get(name) or "x"


def check_marks(entry: Entry, keys: Sequence[str]) -> None:
    """:raises OptionError: a label or annotation is a template that might fail after generating."""
    for field in ("labels", "annotations"):
        for name, text in getattr(entry, field).items():
            _check(text, keys, f"{entry.where}.{field}.{name}")


def _check(text: str, keys: Sequence[str], where: str) -> None:
    for action in _ACTION.findall(text):
        safe = _SAFE.fullmatch(action)
        name = safe and (safe.group(1) or safe.group(2))
        if not safe or name not in keys:
            raise OptionError(
                where,
                f"{{{{ {action} }}}} might fail, and the operator would then generate a lease at each retry. Use the "
                f"keys {', '.join(keys)}, with nothing but trim, quote, b64enc, upper, lower or toString behind them.",
            )


def _literal(text: str) -> str:
    """A string as Go reads it: what JSON escapes, Go escapes in the same way."""
    return json.dumps(text, ensure_ascii=False)


def unfit(job: Job, asked: SourceInfo) -> list[str]:
    """Why the operator could not make of static secrets what the entries say."""
    static = [(entry, asked.of(entry)) for entry in job.operated if entry.kind.is_stored]
    return [words for entry, known in static if known for words in problems_of_keys(entry, known.keys)]


def problems_of_keys(entry: Entry, keys: Sequence[str]) -> Iterator[str]:
    """Why an entry of a static secret with these keys would be empty or refused in the cluster."""
    names: dict[str, list[str]] = {}
    for key in sorted(keys):
        names.setdefault(renamed(key), []).append(key)
    there = f"it has {', '.join(sorted(keys))}"
    for name, same in names.items():
        if len(same) > 1:
            yield f"{entry.where}: the operator calls {' and '.join(same)} of {entry.path} {name}, and then takes none."
    wanted = {renamed(one) for one in (entry.keys or {}).values()}
    missing = sorted(one for one in (entry.keys or {}).values() if renamed(one) in wanted - set(names))
    if missing:
        yield f"{entry.where}.keys: {entry.path} has no {', '.join(missing)}; {there}."
    for target, text in entry.template.items():
        absent = sorted(named_in(text) - set(names))
        if absent:
            yield f"{entry.where}.template.{target}: {entry.path} has no {', '.join(absent)}; {there}."
    unfit = [key for name, same in names.items() for key in same if not is_data_key(name)]
    if unfit and not (entry.keys or entry.template):
        yield f"{entry.where}: no Secret can have the keys {', '.join(unfit)} of {entry.path}. Name others with keys."
