# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sources of entries: each made of what its service needs, and asked before anything is minted.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...module_utils._api.concurrency import gather_attempts
from ...module_utils._api.errors import MissingError, OptionError, WorkloadCredentialsError
from ...module_utils._credentials.lease import DYNAMIC_SECRET
from ...module_utils._credentials.source import Facts, Source
from ...module_utils._kube.client import InWorker
from .entries import Entry
from .job import Job
from .secrets import SECRET
from .spec import SourceRequest

if TYPE_CHECKING:
    from ...module_utils._credentials.source import Origin


def source_of(job: Job, entry: Entry) -> Source:
    """What the entry's credentials come from.

    :raises WorkloadCredentialsError: its service cannot be had; the text names the option.
    """
    return _SOURCES[entry.source](job, entry)


def _dynamic_secret(job: Job, entry: Entry) -> Source:
    from ...module_utils._api.paths import parse_path
    from ...module_utils._credentials.dynamic_secret import DynamicSecret

    return DynamicSecret(job.client(), parse_path(entry.path, entry.source))


def _static_secret(job: Job, entry: Entry) -> Source:
    from ...module_utils._api.paths import parse_path
    from ...module_utils._credentials.static_secret import StaticSecret

    return StaticSecret(job.client(), parse_path(entry.path, entry.source))


def _service_account_token(job: Job, entry: Entry) -> Source:
    from ...module_utils._credentials.service_account import ServiceAccountToken
    from ...module_utils._resources._parts.accounts import wanted

    request = _request(entry)
    cluster = _minting(job, entry.source, request.elsewhere)
    # A cluster may have several addresses, so the one that holds the Secret is not named.
    site = cluster.address if request.elsewhere else None
    return ServiceAccountToken(cluster, wanted.wanted_of(request.options), site)


def _sts_session_token(job: Job, entry: Entry) -> Source:
    from ...module_utils._credentials.sts_session import sessions_of
    from .._core_internals import run_folder
    from .._leases.sealed import Codes

    def cluster(options: Mapping[str, Any]) -> AbstractContextManager[Any]:
        return nullcontext(_minting(job, f"{entry.source}.service_account", options))

    parameters = {**_request(entry).options, **_keys(job, entry)}
    (source,) = sessions_of(parameters, (), os.environ, Codes(run_folder()).spend, cluster, must_end=True)
    return source


def _minting(job: Job, option: str, elsewhere: Mapping[str, Any]) -> Any:
    """The cluster that makes a token.

    :raises OptionError: only modules on another host reach it, and a module's result would hold the token.
    """
    cluster = job.tokens(elsewhere) if elsewhere else job.cluster()
    if not isinstance(cluster, InWorker):
        raise OptionError(
            option,
            "this controller itself has to reach the cluster that makes the token, and it works through modules on "
            "another host. Say how it does (kubeconfig, or host and api_key), or mint with the module "
            "service_account_token there.",
        )
    return cluster


def _keys(job: Job, entry: Entry) -> dict[str, str]:
    """The keys of an IAM user that lie in a Secret beside the entry's.

    :raises MissingError: there is none, or it has no such key.
    """
    found: dict[str, str] = {}
    for name, one in _request(entry).secret_ref.items():
        secret = job.cluster().get_many(SECRET, [(entry.namespace, one["name"])])[0]
        text = _text(((secret or {}).get("data") or {}).get(one["key"]))
        if not text:
            place = f"{entry.namespace}/{one['name']}"
            said = f"the Secret {place} has no usable key {one['key']}." if secret else f"there is no Secret {place}."
            raise MissingError(f"{entry.source}.secret_ref.{name}: {said}")
        found[_KEY_OPTIONS[name]] = text
    return found


def _text(encoded: Any) -> str:
    """A value of a Secret; "": it is not there, empty, or no text."""
    try:
        return base64.b64decode(str(encoded or ""), validate=True).decode().strip()
    except ValueError:
        return ""


def _request(entry: Entry) -> SourceRequest:
    if entry.request is None:
        raise AssertionError(f"{entry.source} is asked with options")
    return entry.request


_KEY_OPTIONS = {"access_key_id": "access_key", "secret_access_key": "secret_key", "session_token": "session_token"}
_SOURCES: Mapping[str, Callable[[Job, Entry], Source]] = {
    "dynamic_secret": _dynamic_secret,
    "static_secret": _static_secret,
    "service_account_token": _service_account_token,
    "sts_session_token": _sts_session_token,
}


def origin_at(kind: str, service: Any) -> Origin | None:
    """Whose a run's notes are of leases that this service mints; None: who it is cannot be told.

    :arg service: the client of the Secrets API, or a cluster.
    """
    if kind == DYNAMIC_SECRET:
        from ...module_utils._credentials.source import origin_of

        return origin_of(service.settings)
    if not isinstance(service, InWorker):
        return None
    from ...module_utils._credentials.service_account import origin_of_cluster
    from .._core_internals import run_folder
    from .._leases.sealed import key_of_run

    return origin_of_cluster(service, service.options, lambda: key_of_run(run_folder()))


# The kind of a source, and its path.
Key = tuple[str, str]


@dataclass(frozen=True)
class SourceInfo:
    """The sources of some entries.

    :arg facts: of those of which something is known.
    :arg missing: a sentence for each that is not there, though in a real run an earlier task may have made it.
    :arg problems: a sentence for each of the others, with the entries that need it; ``failed`` without them.
    """

    sources: Mapping[Key, Source]
    facts: Mapping[Key, Facts]
    missing: Mapping[Key, str]
    problems: list[str]
    failed: Mapping[Key, str] = field(default_factory=dict)

    @property
    def dynamic(self) -> dict[str, Facts]:
        """What is known of dynamic secrets, by path."""
        return {path: one for (kind, path), one in self.facts.items() if kind == "dynamic_secret"}

    def of(self, entry: Entry) -> Facts | None:
        """What is known of the entry's source."""
        return self.facts.get(entry.key)

    def is_missing(self, entry: Entry) -> bool:
        """Whether the entry's source is still to be made."""
        return entry.key in self.missing


def ask(job: Job, entries: Iterable[Entry]) -> SourceInfo:
    """Ask the sources of these entries, each once; only check mode puts up with one that is missing."""
    asking: dict[Key, list[Entry]] = {}
    for entry in entries:
        # The operator itself asks STS.
        if entry.is_pushed or entry.source != "sts_session_token":
            asking.setdefault(entry.key, []).append(entry)
    sources, failed = _sources(job, {key: asking[key][0] for key in sorted(asking)}) if asking else ({}, {})
    answers = dict(
        zip(sources, gather_attempts(lambda source: source.facts(), list(sources.values()), job.concurrency))
    )
    failed.update({key: one for key, one in answers.items() if isinstance(one, WorkloadCredentialsError)})
    missing = {key: str(one) for key, one in failed.items() if job.check_mode and isinstance(one, MissingError)}
    problems = [
        f"{', '.join(entry.where for entry in asking[key])}: {one}" for key, one in failed.items() if key not in missing
    ]
    facts = {key: one for key, one in answers.items() if isinstance(one, Facts)}
    others = {key: str(one) for key, one in failed.items() if key not in missing}
    return SourceInfo(sources, facts, missing, problems, others)


def _sources(job: Job, asking: Mapping[Key, Entry]) -> tuple[dict[Key, Source], dict[Key, WorkloadCredentialsError]]:
    """The sources, and why there are no others: what they are asked with is not there."""
    # A run in which nothing is due needs none of this.

    sources: dict[Key, Source] = {}
    failed: dict[Key, WorkloadCredentialsError] = {}
    for key, entry in asking.items():
        try:
            sources[key] = source_of(job, entry)
        except MissingError as error:
            failed[key] = error
    return sources, failed
