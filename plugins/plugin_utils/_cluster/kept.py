# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Secrets with the operator's token and CA that the user keeps: the role makes none in their place.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ansible_collections.community.workload_credentials.plugins.module_utils._kube.errors import ForbiddenError
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.job import Job, Reference, Service
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.look import SECRET
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.manifests import Manifest
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.marks import Found, labels_of
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.operator import users_of

# Without it generators of the kind Webhook may not read a Secret (operator facts, "Objects").
WEBHOOK_LABEL = ("external-secrets.io/type", "webhook")


@dataclass(frozen=True)
class Kept:
    """One place where the operator reads what the user keeps."""

    namespace: str
    reference: Reference
    is_token: bool


def kept_places(job: Job, service: Service) -> list[Kept]:
    """All of them: in each namespace with generators or stores, and for a ClusterSecretStore where the user says."""
    return [
        Kept(namespace, one, one is service.token)
        for one in service.kept
        for namespace in sorted({_home(one, user, job) for user in users_of(job.operated, job.scope)})
    ]


def _home(one: Reference, user: str, job: Job) -> str:
    is_shared = job.scope.cluster and user == job.scope.namespace
    return one.namespace or user if is_shared else user


def absent_kept(job: Job, service: Service, manifests: Sequence[Manifest]) -> list[str]:
    """A sentence for each such Secret that is not there, or that a generator may not read."""
    places = [one for one in kept_places(job, service) if one.reference.kind == "Secret"]
    try:
        wanted = [(one.namespace, one.reference.name) for one in places]
        found = job.cluster().get_many(SECRET, wanted, metadata_only=True) if places else []
    except ForbiddenError:
        # Who may not read them leaves it to the operator to say.
        return []
    webhooks = {one.operated.namespace for one in manifests if one.operated.template == "generator_webhook"}
    # A ClusterGenerator reads in the namespace of whoever uses it.
    if any(_is_shared_webhook(one) for one in manifests):
        webhooks |= users_of(job.operated, job.scope)
    return [words for one, secret in zip(places, found) for words in _problems(one, secret, one.namespace in webhooks)]


def _is_shared_webhook(one: Manifest) -> bool:
    return getattr(one.operated.more.get("generator"), "template", None) == "generator_webhook"


def _problems(one: Kept, secret: Found | None, is_for_webhooks: bool) -> Iterator[str]:
    option = "operator_token_secret" if one.is_token else "ca_secret"
    where = f"{option}: the Secret {one.namespace}/{one.reference.name}"
    if secret is None:
        yield f"{where} is not there."
    elif one.is_token and is_for_webhooks and WEBHOOK_LABEL not in labels_of(secret).items():
        yield f"{where} needs the label {'='.join(WEBHOOK_LABEL)}, or the operator does not let a Webhook read it."
