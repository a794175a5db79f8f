# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of credentials_file and credentials_file_info, and what a task wants of a file, checked."""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...module_utils._api.errors import OptionError, WorkloadCredentialsError
from ...module_utils._api.text import one_line
from ...module_utils._kube.names import texts
from ...module_utils._spec import CONNECTION, STATE, Options
from .._cluster.secrets import fingerprint
from .._cluster.source_kinds import SOURCES, SourceKind, SourceRequest
from .decisions import DUE, RENEWALS
from .formats import FILE_FORMATS, names_of

NEXT_RUN, AT_ONCE, NOT_ENDED = ENDINGS = ("end_next_run", "end", "keep")
_TEMPLATE = "template"
# Ansible's own options of files.
FILE_OPTIONS: Options = {
    "mode": {"type": "raw", "default": "0600"},
    "owner": {"type": "str"},
    "group": {"type": "str"},
    "seuser": {"type": "str"},
    "serole": {"type": "str"},
    "setype": {"type": "str"},
    "selevel": {"type": "str"},
    "attributes": {"type": "str", "aliases": ("attr",)},
}
# What only External Secrets Operator, or an entry's place in a cluster, has a use for.
_OPERATORS = {"sts_session_token": ("secret_ref", "jwt", "auth", "role", "request_parameters")}


def _option_of(kind: SourceKind) -> dict[str, Any]:
    """Return the option of a source, as a file has it."""
    own = dict(kind.option)
    if "options" in own:
        unused = _OPERATORS.get(kind.name, ())
        own["options"] = {name: entry for name, entry in own["options"].items() if name not in unused}
    return own


_FORMATS = tuple(dict.fromkeys([name for kind in SOURCES.values() for name in kind.formats.names] + [*FILE_FORMATS]))
OPTIONS: Options = {
    **CONNECTION,
    **STATE,
    "path": {"type": "str", "required": True},
    **{kind.name: _option_of(kind) for kind in SOURCES.values()},
    "format": {"type": "str", "choices": _FORMATS},
    "keys": {"type": "dict", "no_log": False},
    "template": {"type": "str"},
    "renew": {"type": "str", "choices": RENEWALS, "default": DUE},
    "superseded": {"type": "str", "choices": ENDINGS, "default": NEXT_RUN},
    "check_lease": {"type": "bool", "default": True},
    "force": {"type": "bool", "default": False},
    "allow_temporary_files": {"type": "bool", "default": False},
    "validate": {"type": "str"},
    **FILE_OPTIONS,
}
_USUAL_FORMAT = "json"
# One part of a symbolic mode, such as u=rw, as AnsibleModule reads it.
_SYMBOLIC = re.compile(r"[ugoa]*([-+=][rwxXstugo]*)+")


@dataclass(frozen=True)
class FileEntry:
    """A file's source and content, in the words of an entry of the role, whose sources these are.

    :arg namespace: the host, and ``name`` the file's path.
    :arg source: a name in SOURCES; "": none, as only the file is to be removed.
    :arg path: names the source itself.
    :arg format: with a template, its fingerprint too.
    """

    namespace: str
    name: str
    source: str
    path: str
    request: SourceRequest | None
    keys: Mapping[str, str] | None
    format: str
    type: str = "Opaque"

    @property
    def where(self) -> str:
        """Return the name of the file for messages."""
        return f"{self.namespace}:{self.name}"

    @property
    def kind(self) -> SourceKind:
        """Return the kind of its source."""
        return SOURCES[self.source]

    @property
    def definition(self) -> str:
        """Return a fingerprint of the options that determine the content; no value is in it."""
        # It has all that the fingerprint of an entry is made of.
        return fingerprint(self)  # type: ignore[arg-type]

    @property
    def format_name(self) -> str:
        """Return the name of the format, as users know it."""
        return self.format.partition(":")[0]


def entry_of(parameters: Mapping[str, Any], host: str, path: str, template: Path | None) -> FileEntry:
    """Return what the file is to hold.

    :arg parameters: the task's, validated.
    :arg template: the file on this machine; None: none is named.
    :raises WorkloadCredentialsError: the message holds every problem.
    """
    given = [kind for kind in SOURCES.values() if parameters.get(kind.name)]
    if not given and parameters["state"] == "absent":
        return FileEntry(host, path, "", "", None, None, "")
    if len(given) != 1:
        raise WorkloadCredentialsError(f"Exactly one of {', '.join(SOURCES)} is needed.")
    (kind,) = given
    wanted = parameters[kind.name]
    if isinstance(wanted, Mapping):
        wanted = {**dict.fromkeys(kind.option["options"]), **wanted}
    # What a source takes from the Secret of its entry has to be set here.
    fields = {**parameters, "delivery": "push", "namespace": "", "name": "", "refresh_policy": None}
    problems = [*_problems(kind, wanted, parameters), *kind.problems(wanted, fields, kind.name)]
    if problems:
        raise WorkloadCredentialsError(" ".join(problems))
    own = kind.fields(wanted, fields)
    keys = texts(parameters["keys"])
    name = _format_of(parameters, template)
    return FileEntry(host, path, kind.name, own.path, own.request, keys or None, name)


def _format_of(parameters: Mapping[str, Any], template: Path | None) -> str:
    if template is None:
        return str(parameters["format"] or _USUAL_FORMAT)
    return f"{_TEMPLATE}:{hashlib.sha256(template.read_bytes()).hexdigest()[:16]}"


def _problems(kind: SourceKind, wanted: Any, parameters: Mapping[str, Any]) -> Iterator[str]:
    yield from _problems_of_source(kind, wanted)
    yield from _problems_of_format(kind, parameters)
    yield from _problems_of_placing(parameters)
    for target, key in (parameters["keys"] or {}).items():
        if not target or not isinstance(key, str) or not key:
            yield f"keys.{target}: it must be the name of a key of the credentials."


def _problems_of_format(kind: SourceKind, parameters: Mapping[str, Any]) -> Iterator[str]:
    name, keys = parameters["format"], parameters["keys"]
    if parameters["template"] and (name or keys):
        yield "template: template excludes format and keys."
    if name and name not in names_of(kind.formats):
        yield f"format: {kind.name} has {', '.join(names_of(kind.formats))}."
    if keys and (name in kind.formats.environments or name == "aws_credentials"):
        yield f"keys: format={name} has names of its own; use keys with env_file, dotenv, json, yaml or ini."


def _problems_of_placing(parameters: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the host would refuse only with the new credentials in its hands."""
    mode, command = parameters["mode"], parameters["validate"]
    if not _is_mode(mode):
        yield f"mode: {one_line(str(mode), 100)!r} is no mode. Use digits in quotes, such as '0640', or u=rw,g=r."
    if command and "%s" not in command:
        yield "validate: it must contain %s, which stands for the file."
    try:
        shlex.split(command or "")
    except ValueError as error:
        yield f"validate: the command cannot be split into words ({error})."


def _is_mode(mode: Any) -> bool:
    if isinstance(mode, str):
        return bool(re.fullmatch("(0o)?[0-7]{1,5}", mode)) or all(map(_SYMBOLIC.fullmatch, mode.split(",")))
    return isinstance(mode, int) and not isinstance(mode, bool)


def _problems_of_source(kind: SourceKind, wanted: Any) -> Iterator[str]:
    """Yield what an entry of the role would take from its Secret, and a file cannot."""
    if kind.name == "service_account_token":
        for name in ("name", "namespace"):
            if not wanted[name]:
                yield f"{kind.name}.{name}: it is required."
    account = wanted["service_account"] if kind.name == "sts_session_token" else None
    if account and not account.get("namespace"):
        yield f"{kind.name}.service_account.namespace: it is required."


def refused_option(given: Mapping[str, Any]) -> OptionError | None:
    """Return the error of a task that sets what only the action itself may set; None: it sets no such thing."""
    for name in ("host_step", "host_content"):
        if name in given:
            return OptionError(name, "it is not for tasks.")
    return None
