# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Proxies that let nobody through, each in its way."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def refusing_proxy(status: int | None) -> Iterator[str]:
    """The address of a proxy that answers everything with this status; None: of one that is not there."""

    class Answers(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while self.rfile.readline().strip():
                pass
            self.wfile.write(f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Answers) as server:
        address = f"http://127.0.0.1:{server.server_address[1]}"
        if status is None:
            server.server_close()
            yield address
            return
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield address
        server.shutdown()
