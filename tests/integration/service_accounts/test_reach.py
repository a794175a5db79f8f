# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clusters that are not simply in reach: from a pod in them, and through a proxy."""

from __future__ import annotations

import json
import socket
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.options import cluster_of
from kubernetes.config import incluster_config

from tests.support.accounts import Accounts

pytestmark = pytest.mark.one_core
STATIC = [
    {"apiGroups": [""], "resources": ["secrets"], "verbs": ["create", "patch", "get", "delete"]},
    {"apiGroups": [""], "resources": ["serviceaccounts/token"], "verbs": ["create"]},
]


@pytest.fixture
def pod(cluster: Any, accounts: Accounts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a pod of the service account ``pod`` has on its disk and in its environment."""
    kubeconfig = accounts.as_user("pod", STATIC, tmp_path).kubeconfig
    token = tmp_path / "token"
    token.write_text(yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))["users"][0]["user"]["token"])
    host, _colon, port = cluster.server.removeprefix("https://").partition(":")
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", host)
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", port)
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(token))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(cluster.ca_cert))
    return token


def test_in_a_pod_its_own_account_mints(accounts: Accounts, pod: Path) -> None:
    minted = accounts.mint(kubeconfig=None, format="kubeconfig")
    assert accounts.accepted(minted["token"])
    (lease,) = accounts.leases()
    assert lease["requested_by"] == f"system:serviceaccount:{accounts.namespace}:pod"
    (cluster,) = yaml.safe_load(minted["kubeconfig"])["clusters"]
    assert cluster["cluster"]["certificate-authority-data"]
    with cluster_of({}) as inside:
        assert inside.secret == pod.read_text(encoding="utf-8")


class _Proxy(socketserver.BaseRequestHandler):
    """A proxy that only knows how to open tunnels."""

    def handle(self) -> None:
        line = self.request.recv(65536).split(b"\r\n")[0].decode()
        self.server.asked.append(line)  # type: ignore[attr-defined]
        host, _colon, port = line.split()[1].partition(":")
        with socket.create_connection((host, int(port))) as other:
            self.request.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            back = threading.Thread(target=_copy, args=(other, self.request), daemon=True)
            back.start()
            _copy(self.request, other)
            back.join(5)


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


@pytest.fixture
def proxy() -> Iterator[Any]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Proxy) as server:
        server.daemon_threads = True
        server.asked = []  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server
        server.shutdown()


def test_through_a_proxy_which_the_kubeconfig_names_too(
    accounts: Accounts, cluster: Any, proxy: Any, tmp_path: Path
) -> None:
    address = f"http://127.0.0.1:{proxy.server_address[1]}"
    minted = accounts.mint(proxy=address, format="kubeconfig")
    assert {line.split()[0] for line in proxy.asked} == {"CONNECT"}
    assert {f"https://{line.split()[1]}" for line in proxy.asked} == {cluster.server}
    (found,) = yaml.safe_load(minted["kubeconfig"])["clusters"]
    assert found["cluster"]["proxy-url"] == address
    file = tmp_path / "minted"
    file.write_text(minted["kubeconfig"], encoding="utf-8")
    before = len(proxy.asked)
    with cluster_of({"kubeconfig": str(file)}) as own:
        path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
        answer = own.create_review({"kind": "SelfSubjectReview", "metadata": {"name": "x"}}, path, body)
    assert answer["status"]["userInfo"]["username"] == f"system:serviceaccount:{accounts.namespace}:app"
    assert len(proxy.asked) == before + 1


def test_what_seals_the_files_of_a_run(cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = yaml.safe_load(cluster.kubeconfig.read_text(encoding="utf-8"))
    token = content["users"][0]["user"]["token"]
    with cluster_of({"kubeconfig": content}) as one:
        assert one.secret == token
        assert one.impersonated == ()
    monkeypatch.setenv("K8S_AUTH_KUBECONFIG", str(cluster.kubeconfig))
    with cluster_of({"impersonate_user": "joe", "impersonate_groups": ["a", "b"]}) as one:
        assert one.secret == token
        assert one.impersonated == ("Impersonate-Group: a", "Impersonate-Group: b", "Impersonate-User: joe")
    monkeypatch.setenv("K8S_AUTH_API_KEY", "another")
    with cluster_of({}) as one:
        assert one.secret == "another"
    monkeypatch.delenv("K8S_AUTH_API_KEY")
    program = tmp_path / "program"
    api = {"apiVersion": "client.authentication.k8s.io/v1"}
    answer = json.dumps({**api, "kind": "ExecCredential", "status": {"token": token}})
    program.write_text(f"#!/bin/sh\necho '{answer}'\n", encoding="utf-8")
    program.chmod(0o755)
    spec = {**api, "command": str(program), "interactiveMode": "Never"}
    content["users"][0]["user"] = {"exec": spec}
    with cluster_of({"kubeconfig": content}) as one:
        # It makes another token each time.
        assert one.secret is None
