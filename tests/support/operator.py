# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for External Secrets Operator: it does what the operator would do with what the role applies.

It reads generators, stores and their Secrets, asks the Secrets API as they say, writes the Secret and sets the status.
As the operator does, it looks again at what failed only when that changes (its own next attempt is minutes away), does
not see that a Secret with a token changes, and generates anew at any change of an ExternalSecret. Where it cannot write
the Secret, it generates again and again.
"""

from __future__ import annotations

import base64
import json
import re
import threading
import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any

import requests
from kubernetes import client, config, watch

from tests.support.operator_sources import CLUSTERS, PLURALS, STORES, Sources

_KINDS = {"ExternalSecret", *PLURALS, *CLUSTERS}
_ACTION = re.compile(r"\{\{ *(?:index \. (\"(?:[^\"\\]|\\.)*\")|\.(\w+))[^}]*\}\}")
_TIMES = re.compile(r'\{\{ dateInZone "2006-01-02T15:04:05Z" (?:now|\(int64 \(index \. "(expiration)"\)\)) "UTC" \}\}')
# The idiom for the value of a key that is no word, which fails where it is not there.
_LOOKED_FOR = re.compile(
    r"\{\{ \$found := false \}\}\{\{ range \$key, \$value := \. \}\}\{\{ if eq \$key (\"(?:[^\"\\]|\\.)*\") \}\}"
    r"\{\{ \$found = true \}\}\{\{ \$value \}\}\{\{ end \}\}\{\{ end \}\}"
    r"\{\{ if not \$found \}\}\{\{ fail \"(?:[^\"\\]|\\.)*\" \}\}\{\{ end \}\}"
)
_FAILURES = (client.ApiException, requests.RequestException, KeyError)


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

    :arg kubeconfig: of the cluster; the library's own default would be that of whoever connected last.
    """

    def __init__(self, namespace: str, ca_cert: str, kubeconfig: str) -> None:
        api_client = config.new_client_from_config(kubeconfig)
        self.namespace = namespace
        self.failing: dict[str, str] = {}
        self.generated: list[str] = []
        self.doubled: set[str] = set()
        self.unwritable: set[str] = set()
        self._core, self._custom = client.CoreV1Api(api_client), client.CustomObjectsApi(api_client)
        self._sources = Sources(namespace, ca_cert, api_client)
        self._seen: dict[str, str] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> Operator:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()

    def leave(self) -> None:
        """Do no more."""
        self._stop.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._stop.is_set():
            for one in self._list("externalsecrets"):
                if "deletionTimestamp" not in one["metadata"] and (self._is_new(one) or self._has_lost(one)):
                    self._look_at(self._reconcile, one)
            # Nobody may count on a store being looked at first.
            for plural in ("secretstores", "clustersecretstores"):
                for one in self._list(plural):
                    if self._is_new(one):
                        self._look_at(self._validate, one)
            self._stop.wait(0.1)

    @staticmethod
    def _look_at(what: Callable[[dict[str, Any]], None], one: dict[str, Any]) -> None:
        try:
            what(one)
        except client.ApiException as error:
            # It may go while it is looked at.
            if error.status != 404:
                raise

    def _list(self, plural: str) -> list[dict[str, Any]]:
        if plural.startswith("cluster"):
            found = self._custom.list_cluster_custom_object(*STORES, plural)
        else:
            found = self._custom.list_namespaced_custom_object(*STORES, self.namespace, plural)
        items: list[dict[str, Any]] = found["items"]
        return items

    def _is_new(self, one: dict[str, Any]) -> bool:
        """Whether it has changed since it was looked at; the operator itself changes its status only."""
        version, uid = _version(one), one["metadata"]["uid"]
        synced = (one.get("status") or {}).get("syncedResourceVersion") or ""
        is_done = bool(synced) if one["spec"].get("refreshPolicy") == "CreatedOnce" else synced == version
        return not is_done and self._seen.get(uid) != version

    def _has_lost(self, one: dict[str, Any]) -> bool:
        """Whether its Secret is gone, though it was there."""
        if not (one.get("status") or {}).get("syncedResourceVersion"):
            return False
        try:
            self._core.read_namespaced_secret(one["spec"]["target"]["name"], self.namespace)
        except client.ApiException:
            return True
        return False

    def _validate(self, one: dict[str, Any]) -> None:
        self._seen[one["metadata"]["uid"]] = _version(one)
        kind = "SecretStore" if "namespace" in one["metadata"] else "ClusterSecretStore"
        plural = {**PLURALS, **CLUSTERS}[kind]
        if kind == "ClusterSecretStore" and self.namespace not in one["spec"]["conditions"][0]["namespaces"]:
            return
        try:
            self._sources.validate(one)
        except _FAILURES as error:
            self._warn(one, kind, "InvalidProviderConfig", str(error))
            status = _condition("False", "InvalidProviderConfig", "unable to validate store")
        else:
            status = _condition("True", "Valid", "store validated")
        self._set_status(one, plural, status)

    def _reconcile(self, one: dict[str, Any]) -> None:
        reference = one["spec"].get("secretStoreRef")
        if reference and not self._sources.store(reference).get("status"):
            # It is tried again soon in the beginning.
            return
        self._seen[one["metadata"]["uid"]] = _version(one)
        name = one["metadata"]["name"]
        if name in self.failing:
            self._fail(one, self.failing[name], "could not get secret data from provider")
            return
        try:
            values = self._values(one)
        except _FAILURES as error:
            self._fail(one, str(error), "error processing spec")
            return
        try:
            self._write(one, values)
        except _FAILURES as error:
            self._fail(one, str(error), "could not update secret")
            # It tries again soon in the beginning, and generates each time.
            self._seen.pop(one["metadata"]["uid"], None)
            return
        status = _condition("True", "SecretSynced", "secret synced")
        status["refreshTime"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self._set_status(one, "externalsecrets", {**status, "syncedResourceVersion": _version(one)})

    def _fail(self, one: dict[str, Any], cause: str, message: str) -> None:
        self._warn(one, "ExternalSecret", "UpdateFailed", cause)
        status = {**_condition("False", "SecretSyncedError", message), "syncedResourceVersion": ""}
        self._set_status(one, "externalsecrets", status)

    def _values(self, one: dict[str, Any]) -> dict[str, str]:
        (source,) = one["spec"]["dataFrom"]
        if "extract" in source:
            store = self._sources.store(one["spec"]["secretStoreRef"])
            (condition,) = store["status"]["conditions"]
            if condition.get("status") != "True":
                raise KeyError(f"SecretStore {store['metadata']['name']} is not ready")
            return converted(self._sources.read(store, source["extract"]["key"]))
        self.generated.append(one["metadata"]["name"])
        if one["metadata"]["name"] in self.doubled:
            # So does a second replica without leader election.
            self._sources.generate(*self._sources.generator(source["sourceRef"]["generatorRef"]))
        values = self._sources.generate(*self._sources.generator(source["sourceRef"]["generatorRef"]))
        for rule in source.get("rewrite", ()):
            pattern = re.compile(rule["regexp"]["source"])
            values = {pattern.sub(rule["regexp"]["target"], key): value for key, value in values.items()}
        return values

    def _write(self, one: dict[str, Any], values: dict[str, str]) -> None:
        template, read = one["spec"]["target"].get("template"), values
        if template and template.get("data"):
            values = {key: executed(text, values) for key, text in template["data"].items()}
        meta = one["metadata"]
        # As the operator does: its own metadata where there is no template, and the template's alone where one is.
        notes = ((template.get("metadata") or {}) if template else meta).get("annotations") or {}
        notes = {name: executed(text, read) for name, text in notes.items()}
        labels = ((template.get("metadata") or {}) if template else meta).get("labels") or {}
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
                "annotations": notes,
                "ownerReferences": [{**owner, "controller": True, "blockOwnerDeletion": True}],
            },
            "data": {key: base64.b64encode(text.encode()).decode() for key, text in values.items()},
            **({"type": template["type"]} if template and "type" in template else {}),
        }
        name = one["spec"]["target"]["name"]
        if name in self.unwritable:
            raise KeyError("denied by what guards the cluster")
        try:
            found = self._core.read_namespaced_secret(name, self.namespace)
        except client.ApiException:
            if one["spec"]["target"].get("creationPolicy") == "Merge":
                raise KeyError("there is no secret to merge into") from None
            self._core.create_namespaced_secret(self.namespace, body, field_manager="external-secrets")
            return
        body.setdefault("type", found.type)
        body["immutable"] = found.immutable
        if any(owner.controller and owner.uid != meta["uid"] for owner in found.metadata.owner_references or ()):
            raise KeyError("target is owned by another")
        if one["spec"]["target"].get("creationPolicy") == "Merge":
            body["data"] = {**found.data, **body["data"]}
            del body["metadata"]["ownerReferences"]
        body["metadata"]["resourceVersion"] = found.metadata.resource_version
        body["metadata"]["annotations"] = {**(found.metadata.annotations or {}), **notes}
        self._core.replace_namespaced_secret(name, self.namespace, body, field_manager="external-secrets")

    def _set_status(self, one: dict[str, Any], plural: str, status: dict[str, Any]) -> None:
        name, body = one["metadata"]["name"], {"status": status}
        if plural.startswith("cluster"):
            self._custom.patch_cluster_custom_object_status(*STORES, plural, name, body)
        else:
            self._custom.patch_namespaced_custom_object_status(*STORES, self.namespace, plural, name, body)

    def _warn(self, one: dict[str, Any], kind: str, reason: str, message: str) -> None:
        metadata = one["metadata"]
        subject = {field: metadata[field] for field in ("name", "namespace", "uid") if field in metadata}
        body: dict[str, Any] = {
            "metadata": {"generateName": "warning-"},
            "involvedObject": {"kind": kind, "apiVersion": "external-secrets.io/v1", **subject},
            "type": "Warning",
            "reason": reason,
            "message": message,
            "lastTimestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        }
        # What belongs to no namespace has its events in this one.
        self._core.create_namespaced_event(metadata.get("namespace", "default"), body)


def converted(values: dict[str, str]) -> dict[str, str]:
    """What a store gives, with keys as the operator names them; two of one name it does not take."""
    found: dict[str, str] = {}
    for key, value in values.items():
        name = re.sub(r"[^\w.-]", "_", key)
        if name in found:
            raise KeyError(f"secret name collision during conversion: {name}")
        found[name] = value
    return found


_LATEST_ENDS = re.compile(
    r'\{\{ or \(index \. "expiration"\) \(dateInZone "[^"]*" \(dateModify "(\d+)s" now\) "UTC"\) \}\}'
)


def executed(text: str, values: dict[str, str]) -> str:
    """A template's text: an index that is not there is empty, and a field that is not there is an error."""
    text = _TIMES.sub(
        lambda found: _in_words(values.get("expiration", "0") if found.group(1) else str(time.time())), text
    )
    text = _LATEST_ENDS.sub(
        lambda found: values.get("expiration") or _in_words(str(time.time() + int(found.group(1)))), text
    )
    text = _LOOKED_FOR.sub(lambda found: values[json.loads(found.group(1))], text)
    return _ACTION.sub(
        lambda found: values.get(json.loads(found.group(1)), "") if found.group(1) else values[found.group(2)], text
    )


def _in_words(seconds: str) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(float(seconds)))


def _condition(ready: str, reason: str, message: str) -> dict[str, Any]:
    return {"conditions": [{"type": "Ready", "status": ready, "reason": reason, "message": message}]}


def _version(one: dict[str, Any]) -> str:
    """What the operator compares: the generation, and labels and annotations."""
    own = json.dumps([one["metadata"].get(field) or {} for field in ("labels", "annotations")], sort_keys=True)
    return f"{one['metadata']['generation']}-{abs(hash(own)):x}"
