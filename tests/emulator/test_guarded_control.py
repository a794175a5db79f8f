# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who may look inside, and how a container is asked whether it lives."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
import requests
from workload_credentials_emulator import Control, Emulator, health

from .client import SITE, TOKEN, Api, assert_refused, new_session


@pytest.fixture(scope="module")
def guarded() -> Iterator[Emulator]:
    """An emulator that was given a control token."""
    with Emulator([SITE], [TOKEN], tls=False, control_token="look-inside") as emulator:
        yield emulator


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer other", f"Bearer {TOKEN}", "Basic look-inside"])
@pytest.mark.parametrize("address", ["/_control/journal", "/_control/nothing", "/_control"])
def test_the_control_surface_wants_its_token(guarded: Emulator, header: str | None, address: str) -> None:
    headers = {"Authorization": header} if header else {}
    response = new_session(guarded).get(guarded.url + address, headers=headers, timeout=20)
    assert_refused(response, 401, "unauthorized")
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert guarded.control.leases()["minted"] == 0


def test_the_token_opens_nothing_else(guarded: Emulator) -> None:
    assert_refused(Api(guarded, token="look-inside").send("GET", "/session"), 401, "unauthorized")


def test_a_token_is_made_up_where_others_reach_the_port() -> None:
    with Emulator([SITE], [TOKEN], tls=False, host="0.0.0.0") as emulator:
        assert len(emulator.control_token) > 20
        assert emulator.control.journal() == []
        with pytest.raises(ValueError, match="needs the token"):
            Control(emulator.url, None).journal()


@pytest.mark.parametrize(("host", "open_"), [("127.0.0.1", True), ("localhost", True), ("0.0.0.0", False)])
def test_this_machine_alone_needs_no_token(host: str, open_: bool) -> None:
    with Emulator([SITE], [TOKEN], tls=False, host=host) as emulator:
        assert (emulator.control_token == "") == open_


def test_a_sign_of_life_is_no_request_of_the_api(emulator: Emulator, control: Control) -> None:
    response = new_session(emulator).get(f"{emulator.url}/healthz", timeout=20)
    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert control.journal() == []


def test_the_health_of_a_container_is_asked_with_and_without_tls(guarded: Emulator, running: Emulator) -> None:
    for emulator in (guarded, running):
        assert health.main([emulator.url.rpartition(":")[2]]) == 0
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        assert health.main([str(unused.getsockname()[1])]) == 1


def test_another_answer_is_no_sign_of_life(monkeypatch: pytest.MonkeyPatch, guarded: Emulator) -> None:
    monkeypatch.setattr("workload_credentials_emulator.gate.HEALTH", "/elsewhere")
    assert requests.get(f"{guarded.url}/healthz", timeout=20).status_code == 404
    assert health.main([guarded.url.rpartition(":")[2]]) == 1
