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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import OptionError, StateError
from ansible_collections.community.workload_credentials.plugins.plugin_utils import _cluster_sts
from ansible_collections.community.workload_credentials.plugins.plugin_utils._cluster_marks import MANAGED_LABEL
from ansible_collections.community.workload_credentials.plugins.plugin_utils._durations import seconds, written
from ansible_collections.community.workload_credentials.plugins.plugin_utils._formats import fields_of

STORES, GENERATORS = "external-secrets.io/v1", "generators.external-secrets.io/v1alpha1"
TOKEN_SECRET, CA_SECRET = "workload-credentials-token", "workload-credentials-ca"
# Secrets of the role's own that are no entry's.
PART_LABEL = {"app.kubernetes.io/component": "operator-connection"}
# What a generated Secret may hold (the operator's generator for AWS; the API's answer for Azure).
_GENERATED = {
    "aws": ("accessKeyId", "secretAccessKey", "sessionToken", "leaseId", "expiration"),
    "azure": ("client_id", "client_secret", "tenant_id", "key_id", "leaseId", "expiration"),
}
_KINDS = {"aws": "BeyondtrustWorkloadCredentialsDynamicSecret", "azure": "Webhook"}
_STATIC_INTERVAL = "1h"
# An action of a template that cannot fail: a key, and functions that take any text.
_ACTION = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}", re.DOTALL)
_SAFE = re.compile(r"(?:\.(\w+)|index \. \"(\w+)\")(?:\s*\|\s*(?:trim|quote|b64enc|upper|lower|toString))*")

Entry = Mapping[str, Any]


@dataclass(frozen=True)
class Scope:
    """Where generators and stores live: in each entry's namespace, or once for the cluster.

    :arg namespace: with ``cluster``, where the Secrets of ClusterSecretStores lie.
    """

    cluster: bool = False
    namespace: str = ""


def operator_objects(
    entries: Sequence[Entry], service: Mapping[str, Any], scope: Scope = Scope()
) -> list[dict[str, Any]]:
    """Everything that the cluster must have, in the order in which it is applied.

    :arg entries: checked ones with the delivery ``external_secret``.
    :arg service: ``api_url``, ``site_id``, ``api_version``, ``ca_cert`` (PEM or None), and ``definitions``: by path
        each dynamic secret's ``provider`` and ``ttl`` (seconds).
    :raises WorkloadCredentialsError: the operator would accept it and then fail; the text names the entry.
    """
    if not entries:
        return []
    _check_service(service)
    shared = _stores(entries, scope)
    own = [one for entry in entries for one in _objects_of(entry, service, scope)]
    everything = [*_connections(entries, service, scope), *shared, *own]
    unique = {(one["template"], one["namespace"], one["name"]): one for one in everything}
    # An ExternalSecret comes after what it refers to.
    return sorted(
        unique.values(), key=lambda one: (one["template"] == "external_secret", one["namespace"] or "", one["name"])
    )


def _check_service(service: Mapping[str, Any]) -> None:
    site = service["site_id"]
    if uuid.UUID(site).version != 4:
        raise OptionError(
            "site_id", f"{site} is not a UUID of version 4, and External Secrets Operator accepts no other."
        )
    if urlsplit(service["api_url"]).scheme != "https":
        raise OptionError("api_url", f"External Secrets Operator needs https, and it is {service['api_url']}.")


def _connections(entries: Sequence[Entry], service: Mapping[str, Any], scope: Scope) -> list[dict[str, Any]]:
    """The token and the CA in each namespace that needs them: a ClusterGenerator's are those of its user's."""
    namespaces = {entry["namespace"] for entry in entries if entry["source"] == "dynamic_secret"}
    static = {entry["namespace"] for entry in entries if entry["source"] == "static_secret"}
    namespaces |= {scope.namespace} if static and scope.cluster else static
    names = {"token_secret": TOKEN_SECRET, **({"ca_secret": CA_SECRET} if service["ca_cert"] else {})}
    return [
        _object(template, "v1", "Secret", namespace, name, labels=PART_LABEL)
        for namespace in sorted(namespaces)
        for template, name in names.items()
    ]


def _stores(entries: Sequence[Entry], scope: Scope) -> list[dict[str, Any]]:
    """A store for each folder of static secrets: one a namespace, or one that just these namespaces may use."""
    users: dict[str, set[str]] = {}
    for entry in entries:
        if entry["source"] == "static_secret":
            users.setdefault(_folder(entry), set()).add(entry["namespace"])
    if not scope.cluster:
        return [
            _object("secret_store", STORES, "SecretStore", namespace, _shared_name(folder), folder=folder)
            for folder, namespaces in users.items()
            for namespace in namespaces
        ]
    return [
        _object(
            "secret_store",
            STORES,
            "ClusterSecretStore",
            None,
            _shared_name(folder),
            folder=folder,
            users=sorted(namespaces),
            secrets_namespace=scope.namespace,
        )
        for folder, namespaces in users.items()
    ]


def _objects_of(entry: Entry, service: Mapping[str, Any], scope: Scope) -> list[dict[str, Any]]:
    if entry["source"] == "static_secret":
        return [_static(entry, scope)]
    if entry["source"] == "sts_session_token":
        generator = _generator(entry, "generator_sts", "STSSessionToken", scope, sts=entry["sts"])
        ttl = entry["sts"]["request_parameters"].get("session_duration", _cluster_sts.USUAL)
        return [generator, _external_secret(entry, _cluster_sts.KEYS, ttl, generator)]
    definition = service["definitions"][entry["path"]]
    provider, ttl = definition["provider"], definition["ttl"]
    if provider not in _KINDS:
        raise StateError(f"{_where(entry)}: dynamic secrets of {provider!r} cannot be delivered by the operator.")
    if provider == "azure" and entry["deletion_policy"] != "Retain":
        raise OptionError(f"{_where(entry)}.deletion_policy", "with Azure only Retain makes the operator report a 404.")
    template = "generator_beyondtrust" if provider == "aws" else "generator_webhook"
    generator = _generator(entry, template, _KINDS[provider], scope, url=_generate_path(entry["path"]))
    return [generator, _external_secret(entry, _GENERATED[provider], ttl, generator)]


def _generator(entry: Entry, template: str, kind: str, scope: Scope, **more: Any) -> dict[str, Any]:
    """The entry's own, or with the scope of the cluster one for all entries of the same source."""
    own = _own(entry, template, GENERATORS, kind, **more)
    if not scope.cluster:
        return own
    name = _shared_name(entry["path"] or json.dumps(entry["sts"], sort_keys=True))
    wrapped = {"template": "cluster_generator", "kind": "ClusterGenerator", "namespace": None, "name": name}
    # The field that holds the spec of this kind: stsSessionTokenSpec for STSSessionToken.
    field = re.sub(r"^[A-Z]+(?=[A-Z][a-z])|^[A-Z]", lambda found: found.group().lower(), kind) + "Spec"
    return {**own, **wrapped, "generator": {**own, "spec_field": field}}


def _static(entry: Entry, scope: Scope) -> dict[str, Any]:
    interval = _STATIC_INTERVAL if entry["refresh_interval"] == "auto" else entry["refresh_interval"]
    # Nothing is minted here, so a template may fail and be repaired.
    template = entry["template"] or {
        key: f'{{{{ index . "{source}" }}}}' for key, source in (entry["keys"] or {}).items()
    }
    secret = _renewed(entry, interval, template)
    store = {"kind": "ClusterSecretStore" if scope.cluster else "SecretStore", "name": _shared_name(_folder(entry))}
    remote = entry["path"].rpartition("/")[2]
    return {**secret, "store": store, "remote": remote, "keys": sorted(template) or None}


def _external_secret(entry: Entry, keys: Sequence[str], ttl: int, generator: Mapping[str, Any]) -> dict[str, Any]:
    template = _template(entry, keys)
    for field in ("labels", "annotations"):
        for name, text in entry[field].items():
            _check_template(text, keys, f"{_where(entry)}.{field}.{name}")
    secret = _renewed(entry, _interval(entry, ttl), template)
    used = {field: generator[field] for field in ("kind", "name")}
    return {**secret, "generator": used, "keys": sorted(template or keys)}


def _folder(entry: Entry) -> str:
    return str(entry["path"]).rpartition("/")[0]


def _shared_name(source: str) -> str:
    """The name of what several entries share: a path may hold what a name may not."""
    return f"workload-credentials-{hashlib.sha256(source.encode()).hexdigest()[:10]}"


def _interval(entry: Entry, ttl: int) -> str:
    """When the operator generates anew: it never looks at the expiration (operator facts, "Behaviour")."""
    if entry["refresh_interval"] == "auto":
        return written(ttl * 3 // 4)
    option = f"{_where(entry)}.refresh_interval"
    if seconds(entry["refresh_interval"], option) >= ttl:
        raise OptionError(
            option, f"{entry['refresh_interval']} is not shorter than the credentials' life, {written(ttl)}."
        )
    return str(entry["refresh_interval"])


def _template(entry: Entry, keys: Sequence[str]) -> dict[str, str]:
    """The Secret's keys, made by actions that cannot fail: after each failure the operator would generate again."""
    if entry["template"]:
        for target, text in entry["template"].items():
            _check_template(text, keys, f"{_where(entry)}.template.{target}")
        return dict(entry["template"])
    if entry["format"] == "aws_credentials":
        fields = fields_of("aws_env")
        _check_sources(entry, fields.values(), keys)
        return {
            "credentials": "[default]\n" + "".join(f"{key.lower()} = {_index(name)}\n" for key, name in fields.items())
        }
    wanted = entry["keys"] or ({} if entry["format"] == "raw" else fields_of(entry["format"]))
    _check_sources(entry, wanted.values(), keys)
    return {target: _index(source) for target, source in wanted.items()}


def _check_sources(entry: Entry, wanted: Any, keys: Sequence[str]) -> None:
    missing = sorted(set(wanted) - set(keys))
    if missing:
        field = "keys" if entry["keys"] else "format"
        raise OptionError(f"{_where(entry)}.{field}", f"there will be no {', '.join(missing)}, but {', '.join(keys)}.")


def _check_template(text: str, keys: Sequence[str], where: str) -> None:
    for action in _ACTION.findall(text):
        safe = _SAFE.fullmatch(action)
        name = safe and (safe.group(1) or safe.group(2))
        if not safe or name not in keys:
            raise OptionError(
                where,
                f"{{{{ {action} }}}} might fail, and the operator would then generate a lease at each retry. Use the "
                f"keys {', '.join(keys)}, with nothing but trim, quote, b64enc, upper, lower or toString behind them.",
            )


def _index(name: str) -> str:
    return f'{{{{ index . "{name}" }}}}'


def _generate_path(path: str) -> str:
    """What follows the site's address in a webhook's URL (API document, "Generate Dynamic Credential")."""
    folder, _slash, name = path.rpartition("/")
    query = f"?folder={quote(folder, safe='')}" if folder else ""
    return f"/secrets/dynamic/{quote(name, safe='')}/generate{query}"


def _renewed(entry: Entry, interval: str, template: Mapping[str, str]) -> dict[str, Any]:
    """The entry's ExternalSecret, without where it gets its values."""
    marks = {field: entry[field] for field in ("labels", "annotations")}
    line = f"{_where(entry)}: the operator's, every {interval}"
    own = {**marks, "line": line, "interval": interval, "template_data": template}
    return _own(entry, "external_secret", STORES, "ExternalSecret", **own)


def _own(entry: Entry, template: str, version: str, kind: str, **more: Any) -> dict[str, Any]:
    """An object with the entry's own name."""
    more.update({name: entry[name] for name in ("type", "creation_policy", "deletion_policy", "path", "source")})
    return _object(template, version, kind, entry["namespace"], entry["name"], **more)


def _object(template: str, version: str, kind: str, namespace: str | None, name: str, **more: Any) -> dict[str, Any]:
    labels = {**more.pop("labels", {}), **MANAGED_LABEL}
    more.update({"token_secret": TOKEN_SECRET, "ca_secret": CA_SECRET})
    identity = {"template": template, "version": version, "kind": kind, "namespace": namespace, "name": name}
    return {"annotations": {}, **more, **identity, "labels": labels}


def _where(entry: Entry) -> str:
    return f"{entry['namespace']}/{entry['name']}"
