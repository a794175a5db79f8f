# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for External Secrets Operator: it does what the operator would do with what the role applies.

It reads generators, stores and their Secrets, asks the Secrets API as they say, writes the Secret and sets the status.
"""

from __future__ import annotations

import base64
import json
import re
import threading
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any

import requests
from kubernetes import client, watch

STORES = ("external-secrets.io", "v1")
GENERATORS = ("generators.external-secrets.io", "v1alpha1")
PLURALS = {
    "BeyondtrustWorkloadCredentialsDynamicSecret": "beyondtrustworkloadcredentialsdynamicsecrets",
    "STSSessionToken": "stssessiontokens",
    "Webhook": "webhooks",
}
_CLUSTERS = {"ClusterSecretStore": "clustersecretstores", "ClusterGenerator": "clustergenerators"}
_KINDS = {"ExternalSecret", "SecretStore", *PLURALS, *_CLUSTERS}
_ACTION = re.compile(r"\{\{ *(?:index \. \"(\w+)\"|\.(\w+))[^}]*\}\}")


def serve_kinds(crds: Iterable[Any]) -> None:
    """Make the cluster serve those of the kinds that are used here, and wait until it does."""
    api = client.ApiextensionsV1Api()
    names = []
    for crd in crds:
        if crd["spec"]["names"]["kind"] in _KINDS:
            # The operator's own webhook is not there to convert.
            crd["spec"].pop("conversion", None)
            api.create_custom_resource_definition(crd)
            names.append(crd["metadata"]["name"])
    assert len(names) == len(_KINDS), names
    for name in names:
        for event in watch.Watch().stream(
            api.list_custom_resource_definition, field_selector=f"metadata.name={name}", timeout_seconds=30
        ):
            conditions = event["object"].status.conditions or []
            if any(one.type == "Established" and one.status == "True" for one in conditions):
                break


class Operator:
    """Works in one namespace until it is left.

    :arg ca_cert: the file that it trusts; what the role has delivered must be the same.
    """

    def __init__(self, namespace: str, ca_cert: str) -> None:
        self.namespace = namespace
        self.failing: dict[str, str] = {}
        self.generated: list[str] = []
        self._ca_cert = ca_cert
        self._core, self._custom = client.CoreV1Api(), client.CustomObjectsApi()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> Operator:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._stop.is_set():
            for one in self._list("externalsecrets"):
                if "deletionTimestamp" in one["metadata"]:
                    continue
                synced = (one.get("status") or {}).get("syncedResourceVersion", "")
                if not synced.startswith(f"{one['metadata']['generation']}-"):
                    self._reconcile(one)
            self._stop.wait(0.1)

    def _list(self, plural: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._custom.list_namespaced_custom_object(*STORES, self.namespace, plural)[
            "items"
        ]
        return found

    def _reconcile(self, one: dict[str, Any]) -> None:
        name = one["metadata"]["name"]
        if name in self.failing:
            self._warn(one, self.failing[name])
            self._status(one, "False", "SecretSyncedError", "could not get secret data from provider")
            return
        try:
            values = self._values(one)
            self._write(one, values)
        except (client.ApiException, requests.RequestException, KeyError) as error:
            self._warn(one, str(error))
            self._status(one, "False", "SecretSyncedError", "error processing spec")
            return
        self._status(one, "True", "SecretSynced", "secret synced", f"{one['metadata']['generation']}-1")

    def _values(self, one: dict[str, Any]) -> dict[str, str]:
        (source,) = one["spec"]["dataFrom"]
        if "extract" in source:
            provider = self._store(one["spec"]["secretStoreRef"])["provider"]["beyondtrustworkloadcredentials"]
            path, folder = f"static/{source['extract']['key']}", provider["folderPath"]
            return self._ask("GET", provider, path, folder)
        reference = source["sourceRef"]["generatorRef"]
        kind, spec = self._generator(reference)
        self.generated.append(one["metadata"]["name"])
        if kind == "Webhook":
            return self._call(spec)
        folder, _slash, name = spec["provider"]["folderPath"].rpartition("/")
        return self._ask("POST", spec["provider"], f"dynamic/{name}/generate", folder)

    def _store(self, reference: dict[str, str]) -> dict[str, Any]:
        if reference["kind"] == "SecretStore":
            found: dict[str, Any] = self._get(STORES, "secretstores", reference["name"])["spec"]
            return found
        found = self._shared(STORES, reference)
        assert self.namespace in found["conditions"][0]["namespaces"]
        return found

    def _generator(self, reference: dict[str, str]) -> tuple[str, dict[str, Any]]:
        if reference["kind"] != "ClusterGenerator":
            return reference["kind"], self._get(GENERATORS, PLURALS[reference["kind"]], reference["name"])["spec"]
        found = self._shared(GENERATORS, reference)
        (spec,) = found["generator"].values()
        return found["kind"], spec

    def _shared(self, group: tuple[str, str], reference: dict[str, str]) -> dict[str, Any]:
        plural = _CLUSTERS[reference["kind"]]
        found: dict[str, Any] = self._custom.get_cluster_custom_object(*group, plural, reference["name"])["spec"]
        return found

    def _ask(self, method: str, provider: dict[str, Any], path: str, folder: str) -> dict[str, str]:
        reference = provider["auth"]["apikey"]["token"]
        token = self._secret(reference)[reference["key"]]
        authority = provider["caProvider"]
        assert self._secret(authority)[authority["key"]] == Path(self._ca_cert).read_text(encoding="utf-8")
        url = f"{provider['server']['apiUrl']}/{provider['server']['siteId']}/secrets/{path}"
        return self._send(method, url, token, {"folder": folder} if folder else {})

    def _call(self, spec: dict[str, Any]) -> dict[str, str]:
        (auth,) = spec["secrets"]
        secret = self._core.read_namespaced_secret(auth["secretRef"]["name"], self.namespace)
        assert secret.metadata.labels["external-secrets.io/type"] == "webhook"
        assert spec["headers"]["Authorization"] == "Bearer {{ .auth.token | trim }}"
        assert spec["result"]["jsonPath"] == "$.secret"
        return self._send(spec["method"], spec["url"], base64.b64decode(secret.data["token"]).decode(), {})

    def _send(self, method: str, url: str, token: str, query: dict[str, str]) -> dict[str, str]:
        headers = {"Authorization": f"Bearer {token}", "bt-secrets-api-version": "2026-04-28"}
        answer = requests.request(method, url, params=query, headers=headers, verify=self._ca_cert, timeout=30)
        answer.raise_for_status()
        return {key: one if isinstance(one, str) else json.dumps(one) for key, one in answer.json()["secret"].items()}

    def _write(self, one: dict[str, Any], values: dict[str, str]) -> None:
        template = one["spec"]["target"].get("template")
        if template and template.get("data"):
            values = {
                key: _ACTION.sub(lambda found: values[found.group(1) or found.group(2)], text)
                for key, text in template["data"].items()
            }
        meta = one["metadata"]
        # As the operator does: its own metadata where there is no template, and the template's alone where one is.
        labels = (template["metadata"] if template else meta).get("labels") or {}
        owner = {
            "apiVersion": "external-secrets.io/v1",
            "kind": "ExternalSecret",
            "name": meta["name"],
            "uid": meta["uid"],
        }
        body: dict[str, Any] = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": one["spec"]["target"]["name"],
                "labels": {**labels, "reconcile.external-secrets.io/managed": "true"},
                "ownerReferences": [{**owner, "controller": True, "blockOwnerDeletion": True}],
            },
            "data": {key: base64.b64encode(text.encode()).decode() for key, text in values.items()},
        }
        name = one["spec"]["target"]["name"]
        try:
            found = self._core.read_namespaced_secret(name, self.namespace)
        except client.ApiException:
            self._core.create_namespaced_secret(self.namespace, body, field_manager="external-secrets")
            return
        body["metadata"]["resourceVersion"] = found.metadata.resource_version
        body["metadata"]["annotations"] = found.metadata.annotations or {}
        self._core.replace_namespaced_secret(name, self.namespace, body, field_manager="external-secrets")

    def _status(self, one: dict[str, Any], ready: str, reason: str, message: str, synced: str = "") -> None:
        condition = {"type": "Ready", "status": ready, "reason": reason, "message": message}
        body: dict[str, Any] = {"status": {"conditions": [condition], "syncedResourceVersion": synced}}
        name = one["metadata"]["name"]
        self._custom.patch_namespaced_custom_object_status(*STORES, self.namespace, "externalsecrets", name, body)

    def _warn(self, one: dict[str, Any], message: str) -> None:
        subject = {field: one["metadata"][field] for field in ("name", "namespace", "uid")}
        body: dict[str, Any] = {
            "metadata": {"generateName": "warning-"},
            "involvedObject": {"kind": "ExternalSecret", "apiVersion": "external-secrets.io/v1", **subject},
            "type": "Warning",
            "reason": "UpdateFailed",
            "message": message,
            "lastTimestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        }
        self._core.create_namespaced_event(self.namespace, body)

    def _get(self, group: tuple[str, str], plural: str, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self._custom.get_namespaced_custom_object(*group, self.namespace, plural, name)
        return found

    def _secret(self, reference: dict[str, str]) -> dict[str, str]:
        namespace = reference.get("namespace", self.namespace)
        data = self._core.read_namespaced_secret(reference["name"], namespace).data
        return {key: base64.b64decode(value).decode() for key, value in data.items()}
