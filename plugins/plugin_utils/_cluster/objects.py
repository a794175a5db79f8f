# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One object for External Secrets Operator, and what its template gets.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.job import Service
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.names import (
    MANAGED_LABEL,
    OWNER_LABEL,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.spec import (
    ON_CHANGE,
    ONCE,
    PERIODIC,
)

STORES, GENERATORS = "external-secrets.io/v1", "generators.external-secrets.io/v1alpha1"
PACES = {PERIODIC: "every {interval}", ONCE: "once", ON_CHANGE: "at each change of its ExternalSecret"}


@dataclass(frozen=True)
class Operated:
    """One object for the operator.

    :arg template: the name of the role's template that makes it; ``more`` is what this template gets besides.
    :arg namespace: None for what belongs to the whole cluster.
    """

    template: str
    api_version: str
    kind: str
    namespace: str | None
    name: str
    labels: Mapping[str, str]
    more: Mapping[str, Any]

    @property
    def identity(self) -> tuple[str, str, str]:
        """Kind, namespace ("" for none) and name."""
        return self.kind, self.namespace or "", self.name

    @property
    def pace(self) -> str:
        """When the operator writes the Secret of an ExternalSecret."""
        return PACES[self.more["refresh_policy"]].format(**self.more)

    def variables(self, service: Service) -> dict[str, Any]:
        """What the template knows as ``object``."""
        own = {name: getattr(self, name) for name in ("template", "kind", "namespace", "name", "labels")}
        # That of its ExternalSecret tells the owner; in a template of the Secret it would be one more change.
        target_labels = {name: text for name, text in self.labels.items() if name != OWNER_LABEL}
        token, ca = service.token, service.ca
        # Only what belongs to the cluster says in which namespace they are.
        home = self.more.get("secrets_namespace")
        shared = {
            "version": self.api_version,
            "target_labels": target_labels,
            "token_secret": token.name,
            "token_key": token.key,
            "token_namespace": home and (token.namespace or home),
            "ca_secret": ca and ca.name,
            "ca_key": ca and ca.key,
            "ca_kind": ca and ca.kind,
            "ca_namespace": home and ((ca and ca.namespace) or home),
        }
        return {"annotations": {}, **self.more, **own, **shared, **self._inner(service)}

    def _inner(self, service: Service) -> dict[str, Any]:
        """Of a ClusterGenerator: the generator that it stands for."""
        inner = self.more.get("generator")
        if not isinstance(inner, Operated):
            return {}
        return {"generator": {**inner.variables(service), "spec_field": self.more["spec_field"]}}


def made(
    template: str, version: str, kind: str, namespace: str | None, name: str, *, labels: Any = None, **more: Any
) -> Operated:
    """An object with the role's label."""
    return Operated(template, version, kind, namespace, name, {**(labels or {}), **MANAGED_LABEL}, more)
