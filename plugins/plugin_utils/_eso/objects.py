# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What External Secrets Operator gets for each entry: a list of objects, each for one template of the role."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlsplit

from ...module_utils._api.errors import OptionError, StateError
from ...module_utils._credentials.source import Facts
from ...module_utils._kube.durations import seconds, written
from ...module_utils._sts.request import GET_SESSION_TOKEN
from .._cluster.entries import Entry
from .._cluster.job import Reference, Scope, Service
from .._cluster.operated_secrets import OF_PROVIDERS
from .._cluster.secrets import ClusterObject, identity, references_of
from .._cluster.source_kinds import STS_KEYS
from .._cluster.spec import MANAGED_LABEL, ON_CHANGE, ONCE, OWNER_LABEL, PART_LABEL, PERIODIC, labels_for
from .._cluster.steps import MARGIN
from .names import Existing, name_of, name_of_sessions
from .secret_data import check_marks, lease_annotations, template_data

STORES, GENERATORS = "external-secrets.io/v1", "generators.external-secrets.io/v1alpha1"
_SCHEDULES = {PERIODIC: "every {interval}", ONCE: "once", ON_CHANGE: "at each change of its ExternalSecret"}


@dataclass(frozen=True)
class OperatorObject:
    """One object for the operator.

    :arg template: the name of the role's template that makes it; ``more`` is what this template gets besides.
    :arg namespace: None: it belongs to the whole cluster.
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
    def schedule(self) -> str:
        """When the operator writes the Secret of an ExternalSecret."""
        return _SCHEDULES[self.more["refresh_policy"]].format(**self.more)

    def variables(self, service: Service) -> dict[str, Any]:
        """Return what the template knows as ``object``."""
        own = {name: getattr(self, name) for name in ("template", "kind", "namespace", "name", "labels")}
        # The label of the ExternalSecret tells the owner; one more in the template of the Secret would be a change.
        target_labels = {name: text for name, text in self.labels.items() if name != OWNER_LABEL}
        token = service.token
        # Only objects of the whole cluster say in which namespace the token and the CA are.
        home = self.more.get("secrets_namespace")
        shared = {
            "version": self.api_version,
            "target_labels": target_labels,
            "token_secret": token.name,
            "token_key": token.key,
            "token_namespace": home and (token.namespace or home),
            **_ca_variables(service.ca, home),
        }
        return {"annotations": {}, **self.more, **own, **shared, **self._inner(service)}

    def _inner(self, service: Service) -> dict[str, Any]:
        """Return the generator that a ClusterGenerator stands for."""
        inner = self.more.get("generator")
        if not isinstance(inner, OperatorObject):
            return {}
        return {"generator": {**inner.variables(service), "spec_field": self.more["spec_field"]}}


def operator_object(
    template: str, version: str, kind: str, namespace: str | None, name: str, *, labels: Any = None, **more: Any
) -> OperatorObject:
    """Return an object with the role's label."""
    return OperatorObject(template, version, kind, namespace, name, {**(labels or {}), **MANAGED_LABEL}, more)


def _ca_variables(ca: Reference | None, home: str | None) -> dict[str, str | None]:
    """Return what the template knows of the CA; None: the operator needs none."""
    if ca is None:
        return {"ca_secret": None, "ca_key": None, "ca_kind": None, "ca_namespace": home}
    namespace = home and (ca.namespace or home)
    return {"ca_secret": ca.name, "ca_key": ca.key, "ca_kind": ca.kind, "ca_namespace": namespace}


_NOTHING = Existing()
_STATIC_INTERVAL = "1h"
_BUSY = 0.1


@dataclass(frozen=True)
class SharedNames:
    """The names of what entries share, and where it belongs."""

    service: Service
    scope: Scope
    existing: Existing

    def store(self, entry: Entry) -> tuple[str, str]:
        """Return kind and name of the store of a static secret."""
        kind, namespace = ("ClusterSecretStore", None) if self.scope.cluster else ("SecretStore", entry.namespace)
        return kind, name_of(kind, namespace, _folder(entry), self.service, self.existing)

    def generator(self, entry: Entry) -> str:
        """Return the name of a ClusterGenerator."""
        if entry.path:
            return name_of("ClusterGenerator", None, entry.path, self.service, self.existing)
        lasting = {name: value for name, value in entry.sts.items() if name != "token_code"}
        return name_of_sessions(json.dumps(lasting, sort_keys=True), self.existing)


def operator_objects(
    entries: Sequence[Entry],
    facts: Mapping[str, Facts],
    service: Service,
    scope: Scope,
    others: Sequence[ClusterObject] = (),
    existing: Existing = _NOTHING,
) -> list[OperatorObject]:
    """Return everything that the cluster must have, in the order in which it is applied.

    :arg entries: those of the delivery ``external_secret``.
    :arg facts: of each dynamic secret, by path.
    :arg service: with the names that its Secrets have in this cluster.
    :arg others: the role's ExternalSecrets of other entries, which may share a ClusterSecretStore with these.
    :arg existing: what exists, which keeps its names.
    :raises WorkloadCredentialsError: the operator would accept it and then fail; the text names the entry.
    """
    if not entries:
        return []
    _check_service(service)
    names = SharedNames(service, scope, existing)
    objects = [*_connections(entries, service, scope), *_stores(entries, names, others)]
    for entry in entries:
        objects += _objects_of(entry, facts, names)
    unique: dict[tuple[str, str, str], OperatorObject] = {}
    for wanted in objects:
        if unique.setdefault(wanted.identity, wanted) != wanted:
            raise OptionError(
                "entries[].generator_name",
                f"{wanted.kind} {wanted.name} cannot be the generator of two sources: choose another name for one of "
                "them.",
            )
    owner_labels = labels_for(existing.owner)
    labelled = [replace(wanted, labels={**wanted.labels, **owner_labels}) for wanted in unique.values()]
    # An ExternalSecret comes after what it refers to.
    return sorted(labelled, key=lambda wanted: (wanted.kind == "ExternalSecret", wanted.namespace or "", wanted.name))


def advice(entries: Sequence[Entry], facts: Mapping[str, Facts]) -> Iterator[str]:
    """Return a sentence for each entry that is allowed but seldom meant."""
    for entry in entries:
        known = facts.get(entry.path) if entry.kind.has_api_leases else None
        if known is None or known.life is None:
            continue
        if entry.refresh_policy != PERIODIC:
            yield (
                f"{entry.where}.refresh_policy: with {entry.refresh_policy} nothing renews the credentials, which live "
                f"{written(known.life)}."
            )
        elif entry.refresh_interval != "auto" and seconds(entry.refresh_interval, "") < known.life * _BUSY:
            yield (
                f"{entry.where}.refresh_interval: each refresh is a new lease, and {entry.refresh_interval} is less "
                f"than a tenth of the credentials' life, {written(known.life)}."
            )


def _check_service(service: Service) -> None:
    if uuid.UUID(service.site_id).version != 4:
        raise OptionError(
            "site_id",
            f"{service.site_id} is not a UUID of version 4, but External Secrets Operator accepts no other.",
        )
    if urlsplit(service.api_url).scheme != "https":
        raise OptionError("api_url", f"External Secrets Operator needs https, but it is {service.api_url}.")


def _connections(entries: Sequence[Entry], service: Service, scope: Scope) -> Iterator[OperatorObject]:
    """Return the role's Secrets with the token and the CA, for each namespace in which the operator reads them."""
    for namespace in sorted(users_of(entries, scope)):
        for template, secret in (("token_secret", service.token), ("ca_secret", service.ca)):
            if secret is not None and secret.is_own:
                yield operator_object(template, "v1", "Secret", namespace, secret.name, labels=PART_LABEL)


def users_of(entries: Sequence[Entry], scope: Scope) -> set[str]:
    """Return the namespaces in which generators and stores read the token and the CA.

    A ClusterGenerator reads them in the namespaces of its users.
    """
    namespaces = {entry.namespace for entry in entries if entry.kind.has_api_leases}
    static = {entry.namespace for entry in entries if entry.kind.is_stored}
    return namespaces | ({scope.namespace} if static and scope.cluster else static)


def _stores(entries: Sequence[Entry], names: SharedNames, others: Sequence[ClusterObject]) -> Iterator[OperatorObject]:
    """Return a store for each folder of static secrets: one a namespace, or one that just these namespaces may use."""
    users: dict[tuple[str, str, str], set[str]] = {}
    for entry in entries:
        if entry.kind.is_stored:
            users.setdefault((*names.store(entry), _folder(entry)), set()).add(entry.namespace)
    for (kind, name, folder), namespaces in users.items():
        asked = {"folder": folder, "controller": names.scope.controller}
        if names.scope.cluster:
            more = {identity(external)[0] for external in others if (kind, "", name) in references_of(external)}
            more |= _admitted(names.existing, kind, name)
            own = {"users": sorted(namespaces | more), "secrets_namespace": names.scope.namespace}
            yield operator_object("secret_store", STORES, kind, None, name, **asked, **own)
            continue
        for namespace in sorted(namespaces):
            yield operator_object("secret_store", STORES, kind, namespace, name, **asked)


def _admitted(existing: Existing, kind: str, name: str) -> set[str]:
    """Return the namespaces that may use a store already, where its users cannot all be seen."""
    store = None if existing.sees_all else existing.find(kind, None, name)
    namespaces: set[str] = set()
    for condition in (store or {}).get("spec", {}).get("conditions") or ():
        namespaces.update(condition.get("namespaces") or ())
    return namespaces


def _objects_of(entry: Entry, facts: Mapping[str, Facts], names: SharedNames) -> Iterator[OperatorObject]:
    """Return the ExternalSecret of an entry, after its generator where it has one."""
    if entry.kind.is_stored:
        yield _static(entry, names)
        return
    if not entry.kind.needs_api:
        known = Facts(STS_KEYS, life_of(entry), None)
        generator = _generator(entry, "generator_sts", "STSSessionToken", names, sts=entry.sts)
    else:
        known = facts[entry.path]
        kind, template = _generator_of(entry, known)
        generator = _generator(entry, template, kind, names, url=_generate_path(entry.path, names.service.product))
    yield generator
    check_marks(entry, known.keys)
    data = template_data(entry, known.keys)
    more: dict[str, Any] = {"generator": {"kind": generator.kind, "name": generator.name}}
    more["keys"] = sorted(data or known.keys)
    in_seconds, life = not entry.kind.needs_api, _life_of_unended(known)
    more["lease_annotations"] = lease_annotations(known.keys, in_seconds=in_seconds, life=life)
    more["rewrite"] = _spelt_as_documented(known)
    yield _external_secret(entry, _interval(entry, known.life or 0), data, **more)


def _life_of_unended(known: Facts) -> int | None:
    """Return how long credentials live that may come without an expiration; None: they always have one."""
    return known.life if known.provider and "expiration" in known.provider.may_lack else None


def _spelt_as_documented(known: Facts) -> list[dict[str, Any]]:
    """Return the rules by which the operator renames keys that the service may spell in another way."""
    spellings = known.provider.spellings if known.provider else {}
    return [{"regexp": {"source": f"^{other}$", "target": key}} for other, key in sorted(spellings.items())]


def life_of(entry: Entry) -> int:
    """Return the seconds for which session tokens of STS live."""
    return int(entry.sts["duration"] or GET_SESSION_TOKEN.usual)


def _generator_of(entry: Entry, facts: Facts) -> tuple[str, str]:
    """Return the kind of the generator, and its template."""
    name = facts.provider.name if facts.provider else ""
    if name not in OF_PROVIDERS:
        raise StateError(f"{entry.where}: dynamic secrets of {name!r} cannot be delivered by the operator.")
    kind, template = OF_PROVIDERS[name]
    if kind == "Webhook" and entry.deletion_policy != "Retain":
        raise OptionError(f"{entry.where}.deletion_policy", f"with {name} only Retain makes the operator report a 404.")
    return kind, template


def _generator(entry: Entry, template: str, kind: str, names: SharedNames, **more: Any) -> OperatorObject:
    """Return the entry's own generator, or with the scope of the cluster one for all entries of the same source."""
    own_name = entry.generator or entry.name
    more.update(path=entry.path, controller=names.scope.controller)
    own = operator_object(template, GENERATORS, kind, entry.namespace, own_name, **more)
    if not names.scope.cluster:
        return own
    name = entry.generator or names.generator(entry)
    own = replace(own, namespace=None, name=name)
    # The field that holds the spec of this kind: stsSessionTokenSpec for STSSessionToken.
    spec_field = re.sub(r"^[A-Z]+(?=[A-Z][a-z])|^[A-Z]", lambda match: match.group().lower(), kind) + "Spec"
    wrapped = {"generator": own, "spec_field": spec_field}
    return operator_object("cluster_generator", GENERATORS, "ClusterGenerator", None, name, **wrapped)


def _static(entry: Entry, names: SharedNames) -> OperatorObject:
    interval = _STATIC_INTERVAL if entry.refresh_interval == "auto" else entry.refresh_interval
    # Nothing is minted for it, so a template may fail and be repaired.
    data = template_data(entry, None)
    store = dict(zip(("kind", "name"), names.store(entry)))
    remote = entry.path.rpartition("/")[2]
    return _external_secret(
        entry, interval, data, store=store, remote=remote, keys=sorted(data) or None, lease_annotations={}
    )


def _external_secret(entry: Entry, interval: str, data: Mapping[str, str], **more: Any) -> OperatorObject:
    fields = ("annotations", "type", "refresh_policy", "creation_policy", "deletion_policy", "path", "source")
    own = {name: getattr(entry, name) for name in fields}
    own.update({"target": entry.name, "interval": interval, "template_data": data, "labels": entry.labels, **more})
    return operator_object("external_secret", STORES, "ExternalSecret", entry.namespace, entry.external_secret, **own)


def _folder(entry: Entry) -> str:
    return entry.path.rpartition("/")[0]


def _interval(entry: Entry, life: int) -> str:
    """Return when the operator generates again: it ignores the expiration (operator facts, "Behaviour")."""
    if entry.refresh_interval == "auto":
        return written(MARGIN.interval(life))
    option = f"{entry.where}.refresh_interval"
    if seconds(entry.refresh_interval, option) >= life:
        raise OptionError(
            option, f"{entry.refresh_interval} is not shorter than the credentials' life, {written(life)}."
        )
    return entry.refresh_interval


def _generate_path(path: str, product: str) -> str:
    """Return the end of a webhook's URL, after the site's address (API document, "Generate Dynamic Credential")."""
    folder, _slash, name = path.rpartition("/")
    query = f"?folder={quote(folder, safe='')}" if folder else ""
    return f"/{product}/dynamic/{quote(name, safe='')}/generate{query}"
