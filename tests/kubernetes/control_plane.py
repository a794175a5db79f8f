# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starts and stops a Kubernetes control plane on free ports, in a folder of its own."""

from __future__ import annotations

import secrets
import socket
import urllib.error
from pathlib import Path
from types import TracebackType
from typing import Final

from .api import Api
from .binaries import find_binaries
from .commands import ETCD_SOCKET, etcd, kube_apiserver, kube_controller_manager
from .credentials import (
    ADDRESS,
    KUBECONFIG_MARK,
    kubeconfig,
    write_private,
    write_server_certificate,
    write_service_account_key,
    write_tokens,
)
from .errors import ControlPlaneError
from .processes import Processes
from .report import Report, report_to_stderr

# A start takes seconds; on a machine with much else to do it may take many times that.
_START_SECONDS: Final = 120
_ADMIN: Final = "tests-admin"
_CONTROLLER_MANAGER: Final = "system:kube-controller-manager"


class ControlPlane:
    """One control plane: `with ControlPlane() as cluster: ... cluster.kubeconfig`."""

    kubeconfig: Path
    server: str
    version: str
    ca_cert: Path

    def __init__(self, kubeconfig_file: Path | None = None, report: Report = report_to_stderr) -> None:
        """Take the file that is to hold the admin's kubeconfig, when it is not to lie in the instance's own folder."""
        self._kubeconfig_file = None if kubeconfig_file is None else kubeconfig_file.absolute()
        self._report = report
        self._processes: Processes | None = None
        self._port: socket.socket | None = None

    def __enter__(self) -> ControlPlane:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> ControlPlane:
        """Return once the API is ready, the default namespace exists, and the controllers act."""
        if self._processes is not None:
            raise ControlPlaneError("this control plane runs already")
        if self._kubeconfig_file is not None:
            _check_replaceable(self._kubeconfig_file)
        binaries = find_binaries(self._report)
        self._processes = Processes()
        try:
            self._start(binaries, self._processes)
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End the processes and remove everything that was written; nothing happens when it does not run."""
        processes, self._processes = self._processes, None
        if processes is None:
            return
        try:
            processes.stop()
        finally:
            if self._port is not None:
                self._port.close()
            if self._kubeconfig_file is not None:
                self._kubeconfig_file.unlink(missing_ok=True)

    def wait(self) -> None:
        """Return never; fail when one of the processes ends."""
        self._running().wait()

    @property
    def pids(self) -> dict[str, int]:
        """The process ids by name, for tests of failure."""
        return dict(self._running().pids)

    @property
    def folder(self) -> Path:
        """The instance's own folder: kubeconfig, keys, data and logs."""
        return self._running().folder

    def kubeconfig_for(self, service_account: str, namespace: str = "default") -> Path:
        """Return a kubeconfig with a fresh token (one hour) of a service account that exists."""
        account = f"/api/v1/namespaces/{namespace}/serviceaccounts/{service_account}"
        try:
            answer = self._api.ask(f"{account}/token", {"spec": {"expirationSeconds": 3600}})
        except urllib.error.HTTPError as error:
            raise ControlPlaneError(
                f"no token for service account {service_account} in namespace {namespace}: {error}"
            ) from None
        file = self.folder / f"kubeconfig.{namespace}.{service_account}"
        file.unlink(missing_ok=True)
        write_private(
            file, kubeconfig(self.server, self.ca_cert, service_account, answer["status"]["token"], namespace)
        )
        return file

    def _running(self) -> Processes:
        if self._processes is None:
            raise ControlPlaneError("this control plane does not run")
        return self._processes

    def _start(self, binaries: Path, processes: Processes) -> None:
        folder = processes.folder
        self.ca_cert = write_server_certificate(folder)
        signing_key = write_service_account_key(folder)
        tokens_file = folder / "tokens.csv"
        tokens = write_tokens(tokens_file, {_ADMIN: "system:masters", _CONTROLLER_MANAGER: ""})
        self._port = reserve_port()
        port = self._port.getsockname()[1]
        self.server = f"https://{ADDRESS}:{port}"
        self._api = Api(self.server, self.ca_cert, tokens[_ADMIN])

        processes.start("etcd", etcd(binaries))
        processes.wait_until((folder / ETCD_SOCKET).exists, seconds=_START_SECONDS, waiting_for="etcd's socket")
        processes.start("kube-apiserver", kube_apiserver(binaries, port, tokens_file, signing_key))
        processes.wait_until(
            lambda: self._api.answers("/readyz"), seconds=_START_SECONDS, waiting_for="kube-apiserver to be ready"
        )
        own = folder / "kubeconfig.controller-manager"
        write_private(own, kubeconfig(self.server, self.ca_cert, _CONTROLLER_MANAGER, tokens[_CONTROLLER_MANAGER]))
        processes.start("kube-controller-manager", kube_controller_manager(binaries, own, signing_key))
        # The default service account comes after its namespace, and shows that the controllers act.
        processes.wait_until(
            lambda: self._api.answers("/api/v1/namespaces/default/serviceaccounts/default"),
            seconds=_START_SECONDS,
            waiting_for="the default namespace and its service account",
        )
        self.version = self._api.ask("/version")["gitVersion"]
        self.kubeconfig = self._kubeconfig_file or folder / "kubeconfig"
        _write_kubeconfig(self.kubeconfig, kubeconfig(self.server, self.ca_cert, _ADMIN, tokens[_ADMIN]))


def reserve_port() -> socket.socket:
    """Return a socket that holds a free port: it does not listen, and only kube-apiserver may share the port."""
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    holder.bind((ADDRESS, 0))
    return holder


def _check_replaceable(file: Path) -> None:
    """Fail when the file is a kubeconfig that was not made here."""
    if not file.parent.is_dir():
        raise ControlPlaneError(f"cannot write the kubeconfig to {file}: there is no folder {file.parent}.")
    if file.exists() and not file.read_text(encoding="utf-8", errors="replace").startswith(KUBECONFIG_MARK):
        raise ControlPlaneError(f"{file} exists and was not written by this command: it stays, name another file.")


def _write_kubeconfig(file: Path, content: str) -> None:
    new = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    write_private(new, content)
    new.replace(file)
