# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What External Secrets Operator asks the Secrets API for: as stores and generators say, with what they refer to."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import requests
from kubernetes import client

STORES = ("external-secrets.io", "v1")
GENERATORS = ("generators.external-secrets.io", "v1alpha1")
PLURALS = {
    "BeyondtrustWorkloadCredentialsDynamicSecret": "beyondtrustworkloadcredentialsdynamicsecrets",
    "STSSessionToken": "stssessiontokens",
    "Webhook": "webhooks",
    "SecretStore": "secretstores",
}
CLUSTERS = {"ClusterSecretStore": "clustersecretstores", "ClusterGenerator": "clustergenerators"}
_TOKEN = re.compile(r'Bearer \{\{ (?:\.auth\.(\w+)|index \.auth "(.+)") \| trim \}\}')


class Sources:
    """Seen from one namespace.

    :arg ca_cert: the file that it trusts; what the role has delivered must be the same.
    """

    def __init__(self, namespace: str, ca_cert: str, api_client: Any) -> None:
        self._namespace = namespace
        self._ca_cert = ca_cert
        # Each serves once.
        self._codes: set[str] = set()
        self._core, self._custom = client.CoreV1Api(api_client), client.CustomObjectsApi(api_client)

    def read(self, store: dict[str, Any], name: str) -> dict[str, str]:
        """A static secret."""
        provider = store["spec"]["provider"]["beyondtrustworkloadcredentials"]
        found: dict[str, Any] = self._ask("GET", provider, f"static/{name}", folder=provider["folderPath"])["secret"]
        return _texts(found)

    def validate(self, store: dict[str, Any]) -> None:
        """Whether the store can be read at all."""
        provider = store["spec"]["provider"]["beyondtrustworkloadcredentials"]
        self._ask("GET", provider, "static", path=provider["folderPath"])

    def generate(self, kind: str, spec: dict[str, Any]) -> dict[str, str]:
        """Credentials."""
        if kind == "STSSessionToken":
            return self._session(spec)
        if kind == "Webhook":
            return _texts(self._call(spec)["secret"])
        folder, _slash, name = spec["provider"]["folderPath"].rpartition("/")
        return _texts(self._ask("POST", spec["provider"], f"dynamic/{name}/generate", folder=folder)["secret"])

    def store(self, reference: dict[str, str]) -> dict[str, Any]:
        """The store of an ExternalSecret."""
        if reference["kind"] == "SecretStore":
            return self._get(STORES, "secretstores", reference["name"])
        found = self._shared(STORES, reference)
        assert self._namespace in found["spec"]["conditions"][0]["namespaces"]
        return found

    def generator(self, reference: dict[str, str]) -> tuple[str, dict[str, Any]]:
        """Kind and spec of the generator of an ExternalSecret."""
        if reference["kind"] != "ClusterGenerator":
            return reference["kind"], self._get(GENERATORS, PLURALS[reference["kind"]], reference["name"])["spec"]
        found = self._shared(GENERATORS, reference)["spec"]
        (spec,) = found["generator"].values()
        return found["kind"], spec

    def _session(self, spec: dict[str, Any]) -> dict[str, str]:
        for one in (spec.get("auth") or {}).get("secretRef", {}).values():
            assert self._secret(one)[one["key"]]
        code = spec.get("requestParameters", {}).get("tokenCode", "")
        if code in self._codes:
            raise KeyError("MultiFactorAuthentication failed with invalid MFA one time pass code")
        self._codes |= {code} - {""}
        token = f"t{code}"
        return {"access_key_id": "A", "secret_access_key": "s", "session_token": token, "expiration": "4102444800"}

    def _ask(self, method: str, provider: dict[str, Any], what: str, **query: str) -> dict[str, Any]:
        reference = provider["auth"]["apikey"]["token"]
        token = self._secret(reference)[reference["key"]]
        self._check_authority(provider)
        url = f"{provider['server']['apiUrl']}/{provider['server']['siteId']}/secrets/{what}"
        return self._send(method, url, token, {name: value for name, value in query.items() if value})

    def _call(self, spec: dict[str, Any]) -> dict[str, Any]:
        (auth,) = spec["secrets"]
        secret = self._core.read_namespaced_secret(auth["secretRef"]["name"], self._namespace)
        assert secret.metadata.labels["external-secrets.io/type"] == "webhook"
        action = _TOKEN.fullmatch(spec["headers"]["Authorization"])
        assert action
        assert spec["result"]["jsonPath"] == "$.secret"
        self._check_authority(spec)
        token = base64.b64decode(secret.data[action.group(1) or action.group(2)]).decode()
        return self._send(spec["method"], spec["url"], token, {})

    def _send(self, method: str, url: str, token: str, query: dict[str, str]) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {token}", "bt-secrets-api-version": "2026-04-28"}
        answer = requests.request(method, url, params=query, headers=headers, verify=self._ca_cert, timeout=30)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def _check_authority(self, spec: dict[str, Any]) -> None:
        with open(self._ca_cert, encoding="utf-8") as stream:
            wanted = stream.read()
        if "caBundle" in spec:
            assert base64.b64decode(spec["caBundle"]).decode() == wanted
            return
        authority = spec["caProvider"]
        if authority["type"] == "ConfigMap":
            namespace = authority.get("namespace", self._namespace)
            assert self._core.read_namespaced_config_map(authority["name"], namespace).data[authority["key"]] == wanted
            return
        if self._secret(authority)[authority["key"]] != wanted:
            raise requests.exceptions.SSLError("x509: certificate signed by unknown authority")

    def _shared(self, group: tuple[str, str], reference: dict[str, str]) -> dict[str, Any]:
        found: dict[str, Any] = self._custom.get_cluster_custom_object(
            *group, CLUSTERS[reference["kind"]], reference["name"]
        )
        return found

    def _get(self, group: tuple[str, str], plural: str, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self._custom.get_namespaced_custom_object(*group, self._namespace, plural, name)
        return found

    def _secret(self, reference: dict[str, str]) -> dict[str, str]:
        namespace = reference.get("namespace", self._namespace)
        data = self._core.read_namespaced_secret(reference["name"], namespace).data
        return {key: base64.b64decode(value).decode() for key, value in data.items()}


def _texts(values: dict[str, Any]) -> dict[str, str]:
    return {key: one if isinstance(one, str) else json.dumps(one) for key, one in values.items()}
