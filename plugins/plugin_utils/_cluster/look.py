# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking at a cluster: what carries the role's label, as metadata alone where there are Secrets.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.concurrency import side_by_side
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.errors import ForbiddenError
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.kinds import KINDS, Kind
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.wire import Cluster
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.entries import Entry
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.external import generator_of
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.marks import Found
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.names import SELECTOR

SECRET, NAMESPACE, EVENT = KINDS["Secret"], KINDS["Namespace"], KINDS["Event"]
EXTERNAL_SECRET = KINDS["ExternalSecret"]
# What the role makes for the operator besides Secrets.
OPERATORS = tuple(kind for kind in KINDS.values() if "external-secrets.io/" in kind.api_version)

Objects = list[dict[str, Any]]


def own_objects(
    cluster: Cluster, kind: Kind, namespaces: Collection[str], *, labels: Sequence[str] = SELECTOR
) -> Objects | None:
    """The role's objects of a kind: one request, or one a namespace where the identity may not list them everywhere.

    Of Secrets nothing but the metadata. None: the cluster does not serve the kind.

    :arg labels: none: everybody's.
    :arg namespaces: those that count where not all can be listed.
    :raises ForbiddenError: not even these may be listed.
    """
    query: dict[str, Any] = {"labels": labels, "metadata_only": kind is SECRET}
    try:
        return cluster.list(kind, **query)
    except ForbiddenError:
        if not (kind.namespaced and namespaces):
            raise
    pages = side_by_side(lambda namespace: cluster.list(kind, namespace=namespace, **query), sorted(namespaces))
    return None if None in pages else [one for page in pages for one in page or ()]


def everybodys_external_secrets(cluster: Cluster, namespaces: Collection[str]) -> tuple[Objects | None, bool]:
    """The ExternalSecrets, whoever made them, and whether those are all of the cluster; None: it does not serve them.

    :arg namespaces: those that count where not all can be listed.
    :raises ForbiddenError: not even these may be listed.
    """
    try:
        return cluster.list(EXTERNAL_SECRET), True
    except ForbiddenError:
        return own_objects(cluster, EXTERNAL_SECRET, namespaces, labels=()), False


def secrets_of(cluster: Cluster, entries: Sequence[Entry], *, everywhere: bool) -> Objects:
    """The metadata of the role's Secrets.

    Where the identity may not list any, those that the entries name, one by one.

    :arg everywhere: those of the whole cluster are needed.
    :raises ForbiddenError: they may not be read.
    """
    namespaces = {entry.namespace for entry in entries}
    try:
        return own_objects(cluster, SECRET, () if everywhere else namespaces) or []
    except ForbiddenError:
        if everywhere:
            raise
    return by_name(cluster, entries)


def by_name(cluster: Cluster, entries: Sequence[Entry]) -> Objects:
    """The metadata of the Secrets that the entries name, whoever they belong to."""
    places = [(entry.namespace, entry.name) for entry in entries]
    return [one for one in cluster.get_many(SECRET, places, metadata_only=True) if one is not None]


def shared_generators(cluster: Cluster, external: Sequence[Found]) -> Objects:
    """The ClusterGenerators, where one of these ExternalSecrets has one; who may not see them is told less."""
    if not any(generator_of(one)[0] == "ClusterGenerator" for one in external):
        return []
    try:
        return own_objects(cluster, KINDS["ClusterGenerator"], ()) or []
    except ForbiddenError:
        return []


def missing_namespaces(cluster: Cluster, names: Collection[str]) -> tuple[list[str], list[str]]:
    """Those that are not there, and those that are being deleted."""
    wanted = sorted(names)
    found = list(zip(wanted, cluster.get_many(NAMESPACE, [(None, name) for name in wanted])))
    leaving = [name for name, one in found if one is not None and one["metadata"].get("deletionTimestamp")]
    return [name for name, one in found if one is None], leaving
