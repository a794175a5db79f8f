# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the operator is to get in one cluster, named and refused in the light of what is there.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import StateError
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.errors import ForbiddenError
from ansible_collections.community.workload_credentials.plugins.module_utils._marks import OPERATED_MARKS
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.asking import Asked
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.drift import added, different
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.job import Job, Service
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.look import (
    EXTERNAL_SECRET,
    OPERATORS,
    own_objects,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.manifests import (
    Manifest,
    manifest_of,
    manifests_of,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.marks import Found
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.naming import (
    Standing,
    others_objects,
    redirected,
    with_names,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.operator import (
    operator_objects,
    users_of,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.unwanted import identity_of

# The operator asks AWS alone, so that neither site nor token is needed.
_NO_SERVICE = Service("https://api.invalid", "00000000-0000-4000-8000-000000000000", "", None, None)


@dataclass(frozen=True)
class Operation:
    """What the operator is to get.

    :arg service: with the names that its Secrets have here.
    :arg standing: what there is.
    """

    manifests: Sequence[Manifest]
    service: Service
    standing: Standing


def standing_in(job: Job, external: Sequence[Found], *, sees_all: bool) -> Standing:
    """What there is of what may be seen; a kind that nobody serves has no objects.

    :arg external: everybody's ExternalSecrets, as far as they may be seen.
    """
    found: list[Found] = []
    unseen: dict[str, ForbiddenError] = {}
    namespaces = {entry.namespace for entry in job.operated}
    for kind in OPERATORS if namespaces else ():
        if kind is EXTERNAL_SECRET:
            continue
        try:
            found += own_objects(job.cluster(), kind, namespaces) or ()
        except ForbiddenError as error:
            unseen[kind.kind] = error
    return Standing(external, found, job.owner, sees_all, unseen)


def operation_of(job: Job, asked: Asked, others: Sequence[Found], standing: Standing) -> Operation:
    """The manifests of all entries whose source is there.

    :arg others: the role's ExternalSecrets of other entries that stay.
    :arg standing: what there is.
    :raises ForbiddenError: the identity may not see a kind of which it is to make objects.
    :raises WorkloadCredentialsError: the operator would fail, or others would be hurt.
    """
    entries = [entry for entry in job.operated if not asked.is_missing(entry)]
    asks_api = any(entry.source != "sts_session_token" for entry in entries)
    service = with_names(job.service(), standing, users_of(entries, job.scope)) if asks_api else _NO_SERVICE
    objects = operator_objects(entries, asked.dynamic, service, job.scope, others, standing)
    for kind in sorted({one.kind for one in objects} & standing.unseen.keys()):
        raise standing.unseen[kind]
    manifests = [_former(one, service, job, standing) or one for one in manifests_of(objects, service, job.template)]
    own = {(entry.namespace, entry.external_secret) for entry in job.operated}
    wanted = [one.content for one in manifests if one.operated.kind != "Secret"]
    problems = others_objects(wanted, standing) or redirected(wanted, own, standing)
    if problems:
        raise StateError(" ".join(problems))
    return Operation(manifests, service, standing)


def _former(one: Manifest, service: Service, job: Job, standing: Standing) -> Manifest | None:
    """The manifest of an ExternalSecret from before the operator took notes of its leases, if nothing else changes.

    Each change is a new lease, and notes alone are not worth one, nor are names of keys that it has got so far.
    """
    found = standing.find(*identity_of(one.content))
    if not one.operated.more.get("lease_annotations") or found is None or OPERATED_MARKS[1] in str(found.get("spec")):
        return None
    without_notes = replace(one.operated, more={**one.operated.more, "lease_annotations": {}, "rewrite": []})
    former = manifest_of(without_notes, service, job.template)
    return None if any(different(former.content, found)) or added(found, former.content) else former
