# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sources of entries, each made of what its service needs; a run loads those that are due.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import (
    MissingError,
    OptionError,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.lease import DYNAMIC_SECRET
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.source import Source
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.in_worker import InWorker
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.entries import Entry
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.job import Job
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.look import SECRET
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.requested import Request

if TYPE_CHECKING:
    from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.origin import Origin


def source_of(job: Job, entry: Entry) -> Source:
    """What the entry's credentials come from.

    :raises WorkloadCredentialsError: its service cannot be had; the text names the option.
    """
    return _SOURCES[entry.source](job, entry)


def _dynamic_secret(job: Job, entry: Entry) -> Source:
    from ansible_collections.community.workload_credentials.plugins.module_utils._api.paths import parse_path
    from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.dynamic_secret import (
        DynamicSecret,
    )

    return DynamicSecret(job.client(), parse_path(entry.path, entry.source))


def _static_secret(job: Job, entry: Entry) -> Source:
    from ansible_collections.community.workload_credentials.plugins.module_utils._api.paths import parse_path
    from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.static_secret import (
        StaticSecret,
    )

    return StaticSecret(job.client(), parse_path(entry.path, entry.source))


def _service_account_token(job: Job, entry: Entry) -> Source:
    from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.service_account import (
        ServiceAccountToken,
    )
    from ansible_collections.community.workload_credentials.plugins.module_utils._resources._parts.accounts import (
        wanted,
    )

    request = _request(entry)
    cluster = _minting(job, entry.source, request.elsewhere)
    # A cluster may have several addresses, so the one that holds the Secret is not named.
    site = cluster.address if request.elsewhere else None
    return ServiceAccountToken(cluster, wanted.wanted_of(request.options), site)


def _sts_session_token(job: Job, entry: Entry) -> Source:
    from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.sts_session import (
        sessions_of,
    )
    from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.codes import Codes
    from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.journal import run_folder

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


def _request(entry: Entry) -> Request:
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
        from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.origin import (
            origin_of,
        )

        return origin_of(service.settings)
    if not isinstance(service, InWorker):
        return None
    from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.service_account import (
        origin_of_cluster,
    )
    from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.journal import run_folder
    from ansible_collections.community.workload_credentials.plugins.plugin_utils._run.sealed import key_of_run

    return origin_of_cluster(service, service.options, lambda: key_of_run(run_folder()))
