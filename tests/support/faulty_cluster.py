# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A way to a cluster that fails when a test wants it to, and that counts what passes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any

import urllib3
import yaml


@dataclass
class Fault:
    """What happens to the next ``times`` requests whose method and target contain ``where``.

    ``status`` is answered instead of the cluster's; None: the connection ends without an answer. ``after``: when the
    cluster has acted.
    """

    times: int = 1
    where: str = ""
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    after: bool = False


class FaultyCluster:
    """A reverse proxy without TLS in front of a control plane; ``kubeconfig`` leads to it.

    :arg folder: for the kubeconfig.
    """

    def __init__(self, cluster: Any, folder: Path) -> None:
        config = yaml.safe_load(cluster.kubeconfig.read_text(encoding="utf-8"))
        self.upstream = urllib3.PoolManager(maxsize=64, ca_certs=str(cluster.ca_cert))
        self.server = cluster.server
        self.faults: list[Fault] = []
        self.requests: list[str] = []
        self.lock = threading.Lock()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"proxy": self}))
        self._http.daemon_threads = True
        config["clusters"][0]["cluster"] = {"server": f"http://127.0.0.1:{self._http.server_port}"}
        self.kubeconfig = folder / "faulty.kubeconfig"
        self.kubeconfig.write_text(yaml.safe_dump(config), encoding="utf-8")

    def __enter__(self) -> FaultyCluster:
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.go_away()
        self.upstream.clear()

    def go_away(self) -> None:
        """Listen no more, and end each connection at its next request."""
        self.faults = [Fault(times=1000)]
        self._http.shutdown()
        self._http.server_close()

    def seen(self, request: str) -> Fault | None:
        """Count the request, and give the fault that is for it."""
        with self.lock:
            self.requests.append(request)
            for fault in self.faults:
                if fault.times > 0 and fault.where in request:
                    fault.times -= 1
                    return fault
        return None


class Watched(FaultyCluster):
    """The way to a cluster, with something that happens before a request of a kind."""

    before: Callable[[str], None] | None = None

    def seen(self, request: str) -> Fault | None:
        if self.before is not None:
            self.before(request)
        return super().seen(request)


class _Handler(BaseHTTPRequestHandler):
    """Passes requests on, or fails them."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    proxy: FaultyCluster

    def answer(self) -> None:
        """Answer one request."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.proxy.seen(f"{self.command} {self.path}")
        if fault is None or fault.after:
            kept = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
            url = self.proxy.server + self.path
            answer = self.proxy.upstream.request(self.command, url, body=body or None, headers=kept, retries=False)
        if fault is None:
            self._give(answer.status, answer.headers, answer.data)
            return
        self.close_connection = True
        if fault.status is not None:
            self._give(fault.status, fault.headers, fault.body.encode())

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def _give(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in ("content-length", "transfer-encoding", "connection", "content-encoding"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)


for _method in ("GET", "POST", "PATCH", "PUT", "DELETE"):
    setattr(_Handler, f"do_{_method}", _Handler.answer)
