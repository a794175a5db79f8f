# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command lines of the three processes; paths without a folder lie in the instance's own folder."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from .credentials import ADDRESS

# Sockets, not ports: nothing to clash on, nothing that other users could read, and as relative paths short enough for
# every platform. etcd takes the form of host and port for them, hence the names.
ETCD_SOCKET: Final = "etcd.socket:0"
_PEER_SOCKET: Final = "etcd-peer.socket:0"
_ISSUER: Final = "https://kubernetes.default.svc.cluster.local"
_CONTROLLERS: Final = (
    "clusterrole-aggregation-controller",  # gives the roles view, edit and admin their rules
    "garbage-collector-controller",
    "namespace-controller",
    "serviceaccount-controller",
    "serviceaccount-token-controller",
)


def etcd(binaries: Path) -> list[str]:
    """Return the command for an etcd of one member whose data need not survive."""
    return [
        f"{binaries}/etcd",
        "--data-dir=etcd",
        f"--listen-client-urls=unix://{ETCD_SOCKET}",
        f"--advertise-client-urls=unix://{ETCD_SOCKET}",
        f"--listen-peer-urls=unix://{_PEER_SOCKET}",
        f"--initial-advertise-peer-urls=unix://{_PEER_SOCKET}",
        f"--initial-cluster=default=unix://{_PEER_SOCKET}",
        "--unsafe-no-fsync",
    ]


def kube_apiserver(binaries: Path, port: int, tokens: Path, signing_key: Path) -> list[str]:
    """Return the command for the API server, with RBAC and tokens for service accounts."""
    return [
        f"{binaries}/kube-apiserver",
        f"--etcd-servers=unix://{ETCD_SOCKET}",
        f"--bind-address={ADDRESS}",
        f"--advertise-address={ADDRESS}",
        # There are no nodes, and a loopback address is no valid endpoint.
        "--endpoint-reconciler-type=none",
        f"--secure-port={port}",
        # The port is held by a socket of ours until the end, so that nobody else gets it.
        "--permit-port-sharing=true",
        "--cert-dir=.",
        "--tls-cert-file=server.crt",
        "--tls-private-key-file=server.key",
        f"--token-auth-file={tokens}",
        "--authorization-mode=RBAC",
        "--service-cluster-ip-range=10.0.0.0/24",
        f"--service-account-issuer={_ISSUER}",
        f"--service-account-key-file={signing_key}",
        f"--service-account-signing-key-file={signing_key}",
        "--profiling=false",
    ]


def kube_controller_manager(binaries: Path, kubeconfig: Path, signing_key: Path) -> list[str]:
    """Return the command for the controllers that tests rely on."""
    return [
        f"{binaries}/kube-controller-manager",
        f"--kubeconfig={kubeconfig}",
        f"--controllers={','.join(_CONTROLLERS)}",
        "--use-service-account-credentials=true",
        f"--service-account-private-key-file={signing_key}",
        "--root-ca-file=ca.crt",
        "--leader-elect=false",
        "--secure-port=0",
        "--profiling=false",
    ]
