# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The end of an emulator comes, whatever a test has done to time and to the server."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path

import pytest
from workload_credentials_emulator import Emulator, server

from .client import SITE, TOKEN, Api


def _threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == "emulator"}


@pytest.mark.parametrize("frozen", ["before the start", "while it runs"])
def test_it_ends_while_time_stands_still(monkeypatch: pytest.MonkeyPatch, frozen: str) -> None:
    others = _threads()

    def freeze() -> None:
        # As the libraries do that tests freeze time with.
        for name in ("monotonic", "perf_counter", "time"):
            monkeypatch.setattr(time, name, lambda: 1000.0)

    if frozen == "before the start":
        freeze()
    with Emulator([SITE], [TOKEN], tls=False) as emulator:
        if frozen == "while it runs":
            freeze()
        assert Api(emulator).get("/session") == {"valid": True}
    monkeypatch.undo()
    assert _threads() == others


def test_a_server_that_does_not_end_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_PATIENCE", 0.05)
    entered, over = threading.Event(), threading.Event()

    async def stuck(_server: object) -> None:
        entered.set()
        over.wait()

    emulator = Emulator([SITE], [TOKEN])
    folder = Path(str(emulator.ca_cert)).parent
    host, port = "127.0.0.1", int(emulator.url.rpartition(":")[2])
    monkeypatch.setattr(server._Server, "main_loop", stuck)
    try:
        with emulator:
            assert entered.wait(20)
        assert not folder.exists()
        with pytest.raises(ConnectionRefusedError), socket.create_connection((host, port), timeout=20):
            pass
    finally:
        over.set()
