# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operator's manifests: made by templates, of which the user may have some, and checked for what they must say.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import OptionError
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.errors import ClusterError
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.kinds import (
    as_json,
    without_pairs,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.external import target_of
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.job import Service, Template
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.objects import Operated


@dataclass(frozen=True)
class Manifest:
    """An object as its template wrote it, and as the cluster gets it."""

    operated: Operated
    text: str
    content: dict[str, Any]


def manifests_of(objects: Sequence[Operated], service: Service, template: Template) -> list[Manifest]:
    """Every object's manifest, in their order.

    :raises OptionError: a template that makes something else than the object; the text names the file and the field.
    """
    return [manifest_of(one, service, template) for one in objects]


def manifest_of(one: Operated, service: Service, template: Template) -> Manifest:
    """One object's manifest."""
    variables = one.variables(service)
    generator = ""
    if one.template == "cluster_generator":
        # It takes its spec from the template of its generator.
        inner = variables["generator"]
        generator = template(inner["template"], {"object": inner, "service": service, "generator": ""})[0]
    text, path = template(one.template, {"object": variables, "service": service, "generator": generator})
    text = without_pairs(text)
    content = _only_document(text, path)
    problem = _difference(one, content)
    if problem:
        # A template can put the token anywhere.
        problem = problem.replace(service.access_token or "\n", "(hidden)")
        raise OptionError("templates_dir", f"{path} makes {one.kind} {one.name} with {problem}")
    return Manifest(one, text, content)


def _only_document(text: str, path: str) -> dict[str, Any]:
    try:
        documents = [one for one in yaml.safe_load_all(text) if one is not None]
    except Exception as error:
        # Of what looks like a date PyYAML makes one, or breaks off in Python's own words.
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        # The text itself may hold the token.
        where = "" if line is None else f" (line {line + 1} of what it makes)"
        raise OptionError("templates_dir", f"{path} makes no valid YAML{where}.") from None
    if len(documents) != 1 or not isinstance(documents[0], dict):
        made = len(documents) if len(documents) != 1 else "something else"
        raise OptionError("templates_dir", f"{path} has to make one object, and makes {made}.")
    return documents[0]


def _difference(one: Operated, content: Mapping[str, Any]) -> str | None:
    """What decides which object it is, and whose: there a template has no choice."""
    metadata = _mapping(content.get("metadata"))
    found = {
        "kind": content.get("kind"),
        "apiVersion": content.get("apiVersion"),
        "metadata.name": metadata.get("name"),
        "metadata.namespace": metadata.get("namespace"),
    }
    wanted = dict(zip(found, (one.kind, one.api_version, one.name, one.namespace)))
    for field, value in wanted.items():
        if found[field] != value:
            return f"{field} {found[field]!r}: it must be {value!r}."
    if one.kind == "ExternalSecret" and target_of(content) != one.more["target"]:
        return f"spec.target.name {target_of(content)!r}: it must be {one.more['target']!r}."
    labels = _mapping(metadata.get("labels"))
    for name, value in one.labels.items():
        if labels.get(name) != value:
            return f"metadata.labels without {name}: {value!r}, by which the role knows its own objects."
    try:
        as_json(content)
    except ClusterError:
        return "a value that is no text, number, list or mapping: a date needs quotes."
    return None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
