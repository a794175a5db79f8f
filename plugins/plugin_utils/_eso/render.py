# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operator's manifests as files for GitOps tools: one a namespace, without any secret value.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import yaml

from ...module_utils._api.errors import OptionError, StateError
from ...module_utils._change import assumed
from .._cluster.job import Job
from .._cluster.outcome import Outcome
from .._cluster.secrets import EXTERNAL_SECRET, OPERATORS, ClusterObject
from .._cluster.sources import ask
from .._cluster.spec import MANAGED_LABEL
from .._files import replace_file
from .apply import Operation, kept_places, operation_of
from .names import Standing
from .secret_data import unfit

# What belongs to no namespace.
_SHARED = "_cluster"
_KINDS = {one.kind for one in OPERATORS}


def render(job: Job, outcome: Outcome) -> None:
    """Write what the operator gets for the entries.

    :raises WorkloadCredentialsError: no folder, or entries that are pushed.
    """
    if not job.render_dir:
        raise OptionError("render_dir", "name the folder for the manifests.")
    pushed = [entry.where for entry in job.entries if entry.is_pushed]
    if pushed:
        raise StateError(
            f"{', '.join(pushed)}: a pushed Secret holds values, which must not lie in files. Use delivery "
            "external_secret."
        )
    asked = ask(job, job.operated)
    problems = asked.problems + unfit(job, asked)
    if problems:
        raise StateError(" ".join(problems))
    there = _written(folder_of(job.render_dir))
    external = [one for one in there if one["kind"] == EXTERNAL_SECRET.kind]
    standing = Standing(external, [one for one in there if one not in external], job.owner)
    operation = operation_of(job, asked, [], standing)
    write_files(job, operation, outcome)
    outcome.warnings.extend(map(assumed, asked.missing.values()))
    for entry in job.entries:
        if asked.is_missing(entry):
            outcome.differs(entry.where, None, {"manifest": "known when its source is there"})


def folder_of(render_dir: str) -> Path:
    """The folder for the manifests.

    :raises OptionError: no system can have it.
    """
    if "\0" in render_dir:
        raise OptionError("render_dir", f"{render_dir!r} is no path.")
    return Path(os.path.expanduser(render_dir))


def _written(folder: Path) -> list[ClusterObject]:
    """The objects that an earlier run has written there, whose names stay."""
    found: list[ClusterObject] = []
    for path in sorted(folder.glob("*.yml")):
        try:
            documents = list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError, yaml.YAMLError):
            # What is no file of the role's is nobody's but the user's.
            continue
        found += [one for one in documents if isinstance(one, dict) and one.get("kind") in _KINDS and _is_named(one)]
    return found


def _is_named(one: ClusterObject) -> bool:
    metadata = one.get("metadata")
    return isinstance(metadata, dict) and bool(metadata.get("name")) and isinstance(one.get("spec"), dict)


def write_files(job: Job, operation: Operation, outcome: Outcome) -> None:
    """Write the manifests, and a README.md that says which Secrets have to be made by hand; remove what is left over.

    :raises WorkloadCredentialsError: the folder cannot be written, or an entry has what may lie in no file.
    """
    codes = [entry.where for entry in job.operated if entry.sts.get("token_code")]
    if codes:
        raise StateError(
            f"{', '.join(codes)}: a code of an MFA device is good for seconds, so it cannot wait in a file."
        )
    folder = folder_of(job.render_dir or "")
    wanted = _files(job, operation)
    try:
        found = (
            {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.yml")} if folder.is_dir() else {}
        )
        readme = folder / "README.md"
        found.update({readme.name: readme.read_text(encoding="utf-8")} if readme.is_file() else {})
        stale = {name for name, text in found.items() if name not in wanted and _is_own(text)}
        for name in sorted(wanted.keys() | stale):
            if found.get(name) != wanted.get(name):
                _change(folder / name, found.get(name), wanted.get(name), outcome, check_mode=job.check_mode)
    except (OSError, UnicodeDecodeError) as error:
        problem = getattr(error, "strerror", None) or "a file in it is no text"
        raise OptionError("render_dir", f"{folder} cannot be written: {problem}.") from None


def _files(job: Job, operation: Operation) -> dict[str, str]:
    files: dict[str, str] = {}
    for one in operation.manifests:
        # The Secrets with the token and the CA are left out; the README says how to make them.
        if one.operated.kind != "Secret":
            name = f"{one.operated.namespace or _SHARED}.yml"
            files[name] = files.get(name, "") + one.text
    service = operation.service
    secrets = [one.operated.variables(service) for one in operation.manifests if one.operated.kind == "Secret"]
    variables = {
        "secrets": secrets,
        "kept": [{**vars(one.reference), "namespace": one.namespace} for one in kept_places(job, service)],
        "scope": "cluster" if job.scope.cluster else "namespace",
        "key_secrets": _key_secrets(job),
    }
    files["README.md"] = job.template("README.md", variables)[0]
    return files


def _key_secrets(job: Job) -> list[dict[str, Any]]:
    """The Secrets from which STS takes its keys, which the user has to make too."""
    found: dict[tuple[str, str], set[str]] = {}
    for entry in job.operated:
        for one in (entry.sts.get("secret_ref") or {}).values():
            found.setdefault((entry.namespace, one["name"]), set()).add(one["key"])
    return [
        {"namespace": namespace, "name": name, "keys": sorted(keys)}
        for (namespace, name), keys in sorted(found.items())
    ]


def _change(path: Path, before: str | None, after: str | None, outcome: Outcome, *, check_mode: bool) -> None:
    views = ({"text": text} if text is not None else None for text in (before, after))
    outcome.differs(str(path), *views)
    if check_mode:
        return
    if after is None:
        path.unlink()
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, after.encode(), mode=0o644)


def _is_own(text: str) -> bool:
    return any(name in text and value in text for name, value in MANAGED_LABEL.items())
