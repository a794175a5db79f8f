# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What External Secrets Operator is given for each entry: a list of objects, each for one template of the role.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import OptionError, StateError
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.source import Facts
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster import sts
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.durations import seconds, written
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.entries import Entry
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.job import Scope, Service
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.names import (
    CA_SECRET,
    MANAGED_LABEL,
    PART_LABEL,
    TOKEN_SECRET,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.operator_template import (
    check_marks,
    template_data,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster.plan import MARGIN

STORES, GENERATORS = "external-secrets.io/v1", "generators.external-secrets.io/v1alpha1"
# The operator's generator and the role's template for it, by provider.
_GENERATORS = {
    "aws": ("BeyondtrustWorkloadCredentialsDynamicSecret", "generator_beyondtrust"),
    "azure": ("Webhook", "generator_webhook"),
}
_STATIC_INTERVAL = "1h"


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
    def line(self) -> str | None:
        """The plan's line for a person; None: none is needed."""
        if self.kind != "ExternalSecret":
            return None
        return f"{self.namespace}/{self.name}: the operator's, every {self.more['interval']}"

    def variables(self) -> dict[str, Any]:
        """What the template knows as ``object``."""
        own = {name: getattr(self, name) for name in ("template", "kind", "namespace", "name", "labels")}
        shared = {"version": self.api_version, "token_secret": TOKEN_SECRET, "ca_secret": CA_SECRET}
        return {"annotations": {}, **self.more, **own, **shared}


def operator_objects(
    entries: Sequence[Entry], facts: Mapping[str, Facts], service: Service, scope: Scope
) -> list[Operated]:
    """Everything that the cluster must have, in the order in which it is applied.

    :arg entries: those of the delivery ``external_secret``.
    :arg facts: of each dynamic secret, by path.
    :raises WorkloadCredentialsError: the operator would accept it and then fail; the text names the entry.
    """
    if not entries:
        return []
    _check_service(service)
    shared = _stores(entries, scope)
    own = [one for entry in entries for one in _objects_of(entry, facts, scope)]
    everything = [*_connections(entries, service, scope), *shared, *own]
    unique = {one.identity: one for one in everything}
    # An ExternalSecret comes after what it refers to.
    return sorted(unique.values(), key=lambda one: (one.kind == "ExternalSecret", one.namespace or "", one.name))


def _check_service(service: Service) -> None:
    if uuid.UUID(service.site_id).version != 4:
        raise OptionError(
            "site_id",
            f"{service.site_id} is not a UUID of version 4, and External Secrets Operator accepts no other.",
        )
    if urlsplit(service.api_url).scheme != "https":
        raise OptionError("api_url", f"External Secrets Operator needs https, and it is {service.api_url}.")


def _connections(entries: Sequence[Entry], service: Service, scope: Scope) -> Iterable[Operated]:
    """The token and the CA in each namespace that needs them: a ClusterGenerator's are those of its user's."""
    namespaces = {entry.namespace for entry in entries if entry.source == "dynamic_secret"}
    static = {entry.namespace for entry in entries if entry.source == "static_secret"}
    namespaces |= {scope.namespace} if static and scope.cluster else static
    names = {"token_secret": TOKEN_SECRET, **({"ca_secret": CA_SECRET} if service.ca_cert else {})}
    for namespace in sorted(namespaces):
        for template, name in names.items():
            yield _object(template, "v1", "Secret", namespace, name, labels=PART_LABEL)


def _stores(entries: Sequence[Entry], scope: Scope) -> Iterable[Operated]:
    """A store for each folder of static secrets: one a namespace, or one that just these namespaces may use."""
    users: dict[str, set[str]] = {}
    for entry in entries:
        if entry.source == "static_secret":
            users.setdefault(_folder(entry), set()).add(entry.namespace)
    for folder, namespaces in users.items():
        name = _shared_name(folder)
        if scope.cluster:
            own = {"folder": folder, "users": sorted(namespaces), "secrets_namespace": scope.namespace}
            yield _object("secret_store", STORES, "ClusterSecretStore", None, name, **own)
        else:
            yield from (
                _object("secret_store", STORES, "SecretStore", namespace, name, folder=folder)
                for namespace in sorted(namespaces)
            )


def _objects_of(entry: Entry, facts: Mapping[str, Facts], scope: Scope) -> Iterable[Operated]:
    if entry.source == "static_secret":
        yield _static(entry, scope)
        return
    if entry.source == "sts_session_token":
        known = Facts(sts.KEYS, entry.sts["duration"] or sts.USUAL, None)
        generator = _generator(entry, "generator_sts", "STSSessionToken", scope, sts=entry.sts)
    else:
        known = facts[entry.path]
        kind, template = _generator_of(entry, known)
        generator = _generator(entry, template, kind, scope, url=_generate_path(entry.path))
    yield generator
    check_marks(entry, known.keys)
    data = template_data(entry, known.keys)
    used = {"kind": generator.kind, "name": generator.name}
    keys = sorted(data or known.keys)
    yield _external_secret(entry, _interval(entry, known.life or 0), data, generator=used, keys=keys)


def _generator_of(entry: Entry, facts: Facts) -> tuple[str, str]:
    """The kind of the generator, and its template."""
    name = facts.provider.name if facts.provider else ""
    if name not in _GENERATORS:
        raise StateError(f"{entry.where}: dynamic secrets of {name!r} cannot be delivered by the operator.")
    kind, template = _GENERATORS[name]
    if kind == "Webhook" and entry.deletion_policy != "Retain":
        raise OptionError(f"{entry.where}.deletion_policy", f"with {name} only Retain makes the operator report a 404.")
    return kind, template


def _generator(entry: Entry, template: str, kind: str, scope: Scope, **more: Any) -> Operated:
    """The entry's own, or with the scope of the cluster one for all entries of the same source."""
    own = _object(template, GENERATORS, kind, entry.namespace, entry.name, path=entry.path, **more)
    if not scope.cluster:
        return own
    name = _shared_name(entry.path or json.dumps(entry.sts, sort_keys=True))
    # The field that holds the spec of this kind: stsSessionTokenSpec for STSSessionToken.
    spec_field = re.sub(r"^[A-Z]+(?=[A-Z][a-z])|^[A-Z]", lambda found: found.group().lower(), kind) + "Spec"
    wrapped = {"generator": {**own.variables(), "spec_field": spec_field}}
    return _object("cluster_generator", GENERATORS, "ClusterGenerator", None, name, **wrapped)


def _static(entry: Entry, scope: Scope) -> Operated:
    interval = _STATIC_INTERVAL if entry.refresh_interval == "auto" else entry.refresh_interval
    # Nothing is minted here, so a template may fail and be repaired.
    data = template_data(entry, None)
    store = {"kind": "ClusterSecretStore" if scope.cluster else "SecretStore", "name": _shared_name(_folder(entry))}
    remote = entry.path.rpartition("/")[2]
    return _external_secret(entry, interval, data, store=store, remote=remote, keys=sorted(data) or None)


def _external_secret(entry: Entry, interval: str, data: Mapping[str, str], **more: Any) -> Operated:
    fields = ("annotations", "type", "creation_policy", "deletion_policy", "path", "source")
    own = {name: getattr(entry, name) for name in fields}
    own.update({"interval": interval, "template_data": data, "labels": entry.labels, **more})
    return _object("external_secret", STORES, "ExternalSecret", entry.namespace, entry.name, **own)


def _folder(entry: Entry) -> str:
    return entry.path.rpartition("/")[0]


def _shared_name(source: str) -> str:
    """The name of what several entries share: a path may hold what a name may not."""
    return f"workload-credentials-{hashlib.sha256(source.encode()).hexdigest()[:10]}"


def _interval(entry: Entry, life: int) -> str:
    """When the operator generates anew: it never looks at the expiration (operator facts, "Behaviour")."""
    if entry.refresh_interval == "auto":
        return written(MARGIN.interval(life))
    option = f"{entry.where}.refresh_interval"
    if seconds(entry.refresh_interval, option) >= life:
        raise OptionError(
            option, f"{entry.refresh_interval} is not shorter than the credentials' life, {written(life)}."
        )
    return entry.refresh_interval


def _generate_path(path: str) -> str:
    """What follows the site's address in a webhook's URL (API document, "Generate Dynamic Credential")."""
    folder, _slash, name = path.rpartition("/")
    query = f"?folder={quote(folder, safe='')}" if folder else ""
    return f"/secrets/dynamic/{quote(name, safe='')}/generate{query}"


def _object(
    template: str, version: str, kind: str, namespace: str | None, name: str, *, labels: Any = None, **more: Any
) -> Operated:
    return Operated(template, version, kind, namespace, name, {**(labels or {}), **MANAGED_LABEL}, more)
