# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A request to a cluster as a value, and the one place that decides what may be sent again.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from ansible_collections.community.workload_credentials.plugins.module_utils._kube.kinds import (
    Kind,
    as_json,
    kind_of,
    place_of,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.wire import (
    FIELD_MANAGER,
    Object,
    Place,
)

# No object has this version: the first write to a cluster's store makes a later one. What is applied with it can only
# be made new, by the same request that would otherwise change what is there.
UNSEEN = "1"
# As many objects in one answer; what is left follows in the next.
PAGE = 500

_JSON, _DRY = "application/json", "All"
_AS = {
    "PartialObjectMetadata": "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1",
    "PartialObjectMetadataList": "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
}
# What the API server itself says of failures that pass: a busy or changing store.
_PASSING = ("etcdserver: leader changed", "etcdserver: request timed out", "etcdserver: no leader")


@dataclass(frozen=True)
class Request:
    """One request below the cluster's address.

    ``versioned``: it names the version of the object that it is for, so a conflict will not pass.
    """

    method: str
    path: str
    query: Mapping[str, Any] = field(default_factory=dict)
    body: str = ""
    content_type: str = _JSON
    accept: str = _JSON
    versioned: bool = False
    dry_run: bool = False

    @property
    def target(self) -> str:
        """Path and query, as sent."""
        query = {name: value for name, value in self.query.items() if value not in (None, "")}
        return f"{self.path}?{urlencode(query)}" if query else self.path


def list_request(
    kind: Kind,
    namespace: str | None,
    labels: Sequence[str],
    fields: Sequence[str],
    *,
    metadata_only: bool,
) -> Request:
    """The objects of a kind; without what divides them into pages."""
    query = {"labelSelector": ",".join(labels), "fieldSelector": ",".join(fields)}
    accept = _AS["PartialObjectMetadataList"] if metadata_only else _JSON
    return Request("GET", kind.path(namespace), query, accept=accept)


def get_request(kind: Kind, place: Place, *, metadata_only: bool) -> Request:
    """One object."""
    return Request("GET", kind.path(*place), accept=_AS["PartialObjectMetadata"] if metadata_only else _JSON)


def apply_request(manifest: Object, *, dry_run: bool) -> Request:
    """Server-side apply of a manifest."""
    query = {
        "fieldManager": FIELD_MANAGER,
        "force": "true",
        "fieldValidation": "Strict",
        "dryRun": _DRY if dry_run else None,
    }
    path = kind_of(manifest).path(*place_of(manifest))
    # JSON is YAML.
    content_type = "application/apply-patch+yaml"
    return Request(
        "PATCH", path, query, as_json(manifest), content_type, versioned=is_versioned(manifest), dry_run=dry_run
    )


def question_request(path: str, question: Mapping[str, Any]) -> Request:
    """What the cluster answers at once and does not keep, such as a token or a review.

    :arg question: the object, without what names it.
    """
    return Request("POST", path, body=json.dumps(question))


def patch_request(manifest: Object, *, dry_run: bool) -> Request:
    """A merge patch."""
    path = kind_of(manifest).path(*place_of(manifest))
    query = {"fieldManager": FIELD_MANAGER, "fieldValidation": "Strict", "dryRun": _DRY if dry_run else None}
    content_type = "application/merge-patch+json"
    return Request(
        "PATCH", path, query, as_json(manifest), content_type, versioned=is_versioned(manifest), dry_run=dry_run
    )


def delete_request(reference: Object, *, dry_run: bool) -> Request:
    """A deletion, with the reference's uid and version as conditions."""
    # A deletion with a body looks for its options nowhere else: a dryRun in the query would delete.
    body: dict[str, Any] = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": preconditions(reference)}
    if dry_run:
        body["dryRun"] = [_DRY]
    path = kind_of(reference).path(*place_of(reference))
    return Request("DELETE", path, body=json.dumps(body), versioned=is_versioned(reference), dry_run=dry_run)


def preconditions(reference: Object) -> dict[str, str]:
    """What of a reference must still be so when it is deleted."""
    metadata = reference["metadata"]
    return {name: str(metadata[name]) for name in ("uid", "resourceVersion") if metadata.get(name)}


def is_versioned(manifest: Object) -> bool:
    """Whether a write of this manifest depends on what is there."""
    return bool(preconditions(manifest))


def unseen(manifest: Object) -> dict[str, Any]:
    """The manifest for an object that must not be there yet."""
    return {**manifest, "metadata": {**(manifest.get("metadata") or {}), "resourceVersion": UNSEEN}}


def is_passing(status: int, body: Mapping[str, Any], *, versioned: bool) -> bool:
    """Whether the same request may succeed a little later. All that are made here may be sent again."""
    if status == 409:
        return body.get("reason") == "Conflict" and not versioned
    if status == 500:
        return body.get("reason") == "ServerTimeout" or str(body.get("message")).startswith(_PASSING)
    return status in (429, 502, 503, 504)
