# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operator's manifests as files for GitOps tools: one a namespace, without any secret value."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from ...module_utils._api.errors import OptionError, StateError
from ...module_utils._change import assumed
from .._cluster.job import Job
from .._cluster.outcome import Outcome
from .._cluster.secrets import EXTERNAL_SECRET, OPERATORS, ClusterObject
from .._cluster.sources import SourceInfo, ask
from .._cluster.spec import MANAGED_LABEL
from .._files import replace_file
from .apply import DesiredObjects, desired_objects
from .names import Existing
from .secret_data import unfit
from .service import user_secrets

# The file of what belongs to no namespace.
_SHARED = "_cluster"
_KINDS = {kind.kind for kind in OPERATORS}


def render(job: Job, outcome: Outcome) -> None:
    """Write what the operator gets for the entries.

    :raises WorkloadCredentialsError: there is no folder, or entries are pushed.
    """
    if not job.render_dir:
        raise OptionError("render_dir", "name the folder for the manifests.")
    _check_entries(job)
    sources = ask(job, job.operated)
    problems = sources.problems + unfit(job, sources)
    if problems:
        raise StateError(" ".join(problems))
    desired = desired_objects(job, sources, [], _existing(job, folder_of(job.render_dir)))
    write_files(job, desired, outcome)
    _foresee(job, sources, outcome)


def _check_entries(job: Job) -> None:
    """Raise StateError if an entry is pushed."""
    pushed = [entry.where for entry in job.entries if entry.is_pushed]
    if pushed:
        raise StateError(
            f"{', '.join(pushed)}: a pushed Secret contains values, which must not be in files. Use delivery "
            "external_secret."
        )


def _foresee(job: Job, sources: SourceInfo, outcome: Outcome) -> None:
    """Name the sources that check mode assumes an earlier task to make."""
    outcome.warnings.extend(map(assumed, sources.missing.values()))
    for entry in job.entries:
        if sources.is_missing(entry):
            outcome.differs(entry.where, None, {"manifest": "known when its source is there"})


def folder_of(render_dir: str) -> Path:
    """Return the folder for the manifests.

    :raises OptionError: it is not a path.
    """
    if "\0" in render_dir:
        raise OptionError("render_dir", f"{render_dir!r} is not a path.")
    return Path(os.path.expanduser(render_dir))


def _existing(job: Job, folder: Path) -> Existing:
    """Return the objects that an earlier run has written there, which keep their names."""
    objects: list[ClusterObject] = []
    for path in sorted(folder.glob("*.yml")):
        try:
            documents = list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError, yaml.YAMLError):
            # It is not the role's, but a file of the user's own.
            continue
        objects += filter(_is_object, documents)
    external = [found for found in objects if found["kind"] == EXTERNAL_SECRET.kind]
    readers = [found for found in objects if found["kind"] != EXTERNAL_SECRET.kind]
    return Existing(external, readers, job.owner)


def _is_object(document: Any) -> bool:
    """Return whether it is an object of the operator's kinds, with a name and a spec."""
    if not isinstance(document, dict) or document.get("kind") not in _KINDS:
        return False
    metadata = document.get("metadata")
    return isinstance(metadata, dict) and bool(metadata.get("name")) and isinstance(document.get("spec"), dict)


def write_files(job: Job, desired: DesiredObjects, outcome: Outcome) -> None:
    """Write the manifests, and a README.md that says which Secrets to make by hand; remove files of former entries.

    :raises WorkloadCredentialsError: the folder cannot be written, or an entry has what may lie in no file.
    """
    codes = [entry.where for entry in job.operated if entry.sts.get("token_code")]
    if codes:
        raise StateError(
            f"{', '.join(codes)}: an MFA code is valid for seconds only, so it cannot be written to a file."
        )
    folder = folder_of(job.render_dir or "")
    wanted = _files(job, desired)
    try:
        _replace_files(folder, wanted, outcome, check_mode=job.check_mode)
    except (OSError, UnicodeDecodeError) as error:
        problem = getattr(error, "strerror", None) or "a file in it is not text"
        raise OptionError("render_dir", f"{folder} cannot be written: {problem}.") from None


def _replace_files(folder: Path, wanted: Mapping[str, str], outcome: Outcome, *, check_mode: bool) -> None:
    paths = [*folder.glob("*.yml"), folder / "README.md"] if folder.is_dir() else []
    current = {path.name: path.read_text(encoding="utf-8") for path in paths if path.suffix == ".yml" or path.is_file()}
    stale = {name for name, text in current.items() if name not in wanted and _is_own(text)}
    for name in sorted(wanted.keys() | stale):
        if current.get(name) != wanted.get(name):
            _change(folder / name, current.get(name), wanted.get(name), outcome, check_mode=check_mode)


def _files(job: Job, desired: DesiredObjects) -> dict[str, str]:
    """Return the texts of the files by name."""
    files: dict[str, str] = {}
    secrets = []
    for manifest in desired.manifests:
        # The Secrets with the token and the CA are left out; the README says how to make them.
        if manifest.kind == "Secret":
            secrets.append(manifest.wanted.variables(desired.service))
            continue
        name = f"{manifest.namespace or _SHARED}.yml"
        files[name] = files.get(name, "") + manifest.text
    kept = user_secrets(job, desired.service)
    variables = {
        "secrets": secrets,
        "kept": [{**vars(secret.reference), "namespace": secret.namespace} for secret in kept],
        "scope": "cluster" if job.scope.cluster else "namespace",
        "key_secrets": _key_secrets(job),
    }
    files["README.md"] = job.template("README.md", variables)[0]
    return files


def _key_secrets(job: Job) -> list[dict[str, Any]]:
    """Return the Secrets from which STS takes its keys, which the user has to make too."""
    keys: dict[tuple[str, str], set[str]] = {}
    for entry in job.operated:
        for reference in (entry.sts.get("secret_ref") or {}).values():
            keys.setdefault((entry.namespace, reference["name"]), set()).add(reference["key"])
    return [
        {"namespace": namespace, "name": name, "keys": sorted(names)}
        for (namespace, name), names in sorted(keys.items())
    ]


def _change(path: Path, before: str | None, after: str | None, outcome: Outcome, *, check_mode: bool) -> None:
    """Write or remove a file; None: it does not exist."""
    outcome.differs(str(path), _view(before), _view(after))
    if check_mode:
        return
    if after is None:
        path.unlink()
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, after.encode(), mode=0o644)


def _view(text: str | None) -> dict[str, str] | None:
    return None if text is None else {"text": text}


def _is_own(text: str) -> bool:
    return any(name in text and value in text for name, value in MANAGED_LABEL.items())
