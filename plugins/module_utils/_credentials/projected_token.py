# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The token of a service account as a pod would have it, asked of the cluster for one use: IRSA without a pod.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import OptionError, StateError
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.in_worker import InWorker
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.kinds import KINDS
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.refusals import name_of
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.wire import Refusal
from ansible_collections.community.workload_credentials.plugins.module_utils._sts.web_identity import Proof

# Makes a connection of kubernetes.core's options.
Connect = Callable[[Mapping[str, Any]], AbstractContextManager[Any]]
_OPTION = "service_account"
_REQUIRED = ("namespace", "name")
# kubernetes.core's, for a cluster that is not the one of its environment variables or of the usual kubeconfig.
_CLUSTER = ("kubeconfig", "context")
_AUDIENCE = "sts.amazonaws.com"
# The shortest that a cluster gives: it is used at once.
_SECONDS = 600


def projected_token(account: Mapping[str, Any], cluster: Connect = InWorker) -> Proof:
    """A token of the service account.

    :arg account: ``namespace`` and ``name``, perhaps with ``audience``, ``kubeconfig`` and ``context``.
    :arg cluster: connects to the one that makes it.
    :raises OptionError: something else is in it, or something is missing.
    """
    unknown = sorted(account.keys() - {*_REQUIRED, *_CLUSTER, "audience"})
    if unknown:
        raise OptionError(_OPTION, f"it has no {unknown[0]!r}, but namespace, name, audience, kubeconfig and context.")
    missing = [name for name in _REQUIRED if not account.get(name)]
    if missing:
        raise OptionError(_OPTION, f"it needs {missing[0]}.")
    said = {name: str(value) for name, value in account.items() if value}
    name = " ".join(f"{key}={said[key]}" for key in sorted(said))
    return Proof(name, partial(_asked, {"audience": _AUDIENCE, **said}, cluster))


def _asked(account: Mapping[str, str], connect: Connect) -> str:
    namespace, name = account["namespace"], account["name"]
    reference = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": namespace}}
    path = f"{KINDS['ServiceAccount'].path(namespace, name)}/token"
    spec = {"audiences": [account["audience"]], "expirationSeconds": _SECONDS}
    question = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
    with connect({option: account[option] for option in _CLUSTER if option in account}) as cluster:
        answer = cluster.ask(reference, path, question)
    if isinstance(answer, Refusal):
        if answer.status == 404:
            raise OptionError(_OPTION, f"there is no service account {namespace}/{name}.")
        raise StateError(answer.words)
    token = (answer.get("status") or {}).get("token")
    if not token:
        raise StateError(f"{name_of(reference)}: the cluster's answer to a token request holds no token.")
    return str(token)
