# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading several kinds of objects of a cluster, as much of each as the identity may see.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster_marks import (
    condensed,
    identity,
    is_managed,
)

# The options of kubernetes.core that say which cluster, and as whom; others, such as a default namespace, are not ours.
CONNECTION = (
    *("kubeconfig", "context", "host", "api_key", "username", "password", "persist_config"),
    *("validate_certs", "verify_ssl", "ca_cert", "ssl_ca_cert", "client_cert", "cert_file", "client_key", "key_file"),
    *("proxy", "no_proxy", "proxy_headers", "impersonate_user", "impersonate_groups"),
)
# What is left out of objects unless they are asked for by name.
HIDDEN = ("data", "metadata.managedFields")

Kind = Mapping[str, Any]
# Gives the objects of a kind, in one namespace or of one name; None: the cluster does not serve it.
Read = Callable[..., "list[dict[str, Any]] | None"]


class Unreadable(Exception):
    """The cluster cannot be read.

    :arg result: what kubernetes.core says of it.
    """

    def __init__(self, result: Mapping[str, Any]) -> None:
        super().__init__(str(result.get("msg")))
        self.result = result


class Forbidden(Unreadable):
    """The identity may not read this."""


def read_all(read: Read, kinds: Sequence[Kind], namespaces: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
    """The objects of each kind by its name, and the kinds that the cluster does not serve.

    One request a kind, where the identity may list it in the whole cluster; else one for each of these namespaces.

    :arg kinds: ``version``, ``kind``, and perhaps ``labels`` and ``fields`` (selectors) of each; ``names`` of Secrets,
        as ``namespace/name``, leaves out all others, but with ``own`` not the role's, and gives their data. The kind
        Namespace has to come before those that are read namespace by namespace.
    :raises Unreadable: not even a single namespace may be read, or nothing at all.
    """
    resources: dict[str, Any] = {}
    absent = []
    places = list(namespaces)
    for kind in kinds:
        try:
            found = read(kind)
        except Forbidden:
            if not namespaces:
                raise
            name = "name" if kind["kind"] == "Namespace" else "namespace"
            found = [one for place in places for one in read(kind, **{name: place}) or ()]
        if found is None:
            absent.append(kind["kind"])
        complete = ({"apiVersion": kind["version"], "kind": kind["kind"], **one} for one in found or ())
        resources[kind["kind"]] = _named(complete, kind) if "names" in kind else [*map(_lean, complete)]
        if kind["kind"] == "Namespace":
            existing = {one["metadata"]["name"] for one in resources["Namespace"]}
            places = [place for place in places if place in existing]
    return resources, absent


def by_lookup(lookup: Any, connection: Mapping[str, Any]) -> Read:
    """Reads with kubernetes.core's lookup, in this process: a module process for each kind costs half a second.

    :raises ImportError: the ``kubernetes`` library is not here.
    """
    from kubernetes.dynamic.exceptions import ForbiddenError, ResourceNotFoundError

    def read(kind: Kind, **where: str) -> list[dict[str, Any]] | None:
        selectors = {
            "label_selector": ",".join(kind.get("labels") or ()) or None,
            "field_selector": ",".join(kind.get("fields") or ()) or None,
            "namespace": where.get("namespace"),
            "resource_name": where.get("name"),
        }
        try:
            found = lookup.run([], kind=kind["kind"], api_version=kind["version"], **selectors, **connection)
        except ForbiddenError as error:
            raise Forbidden({"msg": str(error)}) from None
        except ResourceNotFoundError:
            return None
        return list(found or ())

    return read


def by_module(run: Callable[[dict[str, Any]], Mapping[str, Any]], connection: Mapping[str, Any]) -> Read:
    """Reads with kubernetes.core.k8s_info, wherever the task runs.

    :arg run: runs the module with these arguments and gives its result.
    """

    def read(kind: Kind, **where: str) -> list[dict[str, Any]] | None:
        result = run(
            {
                **connection,
                "api_version": kind["version"],
                "kind": kind["kind"],
                "label_selectors": list(kind.get("labels") or ()),
                "field_selectors": list(kind.get("fields") or ()),
                "hidden_fields": [] if "names" in kind else list(HIDDEN),
                **where,
            }
        )
        if "resources" not in result:
            raise Forbidden(result) if "forbidden" in str(result.get("msg")).lower() else Unreadable(result)
        return list(result["resources"]) if result.get("api_found", True) else None

    return read


def _named(found: Iterable[dict[str, Any]], kind: Kind) -> list[dict[str, Any]]:
    wanted = set(kind["names"])
    return [
        condensed(one) for one in found if "/".join(identity(one)) in wanted or (kind.get("own") and is_managed(one))
    ]


def _lean(found: dict[str, Any]) -> dict[str, Any]:
    """The object without what was not asked for; the lookup knows no way to leave it out."""
    metadata = {name: value for name, value in found["metadata"].items() if name != "managedFields"}
    return {**{name: value for name, value in found.items() if name != "data"}, "metadata": metadata}
