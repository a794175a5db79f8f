# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Injected faults: the right request goes wrong, in the right way, as often as asked for."""

from __future__ import annotations

import http.client
import ssl
from typing import Any

import pytest
import requests
from workload_credentials_emulator import Control, Emulator

from .client import SITE, TOKEN, Api, assert_refused


@pytest.mark.smoke
def test_a_status_comes_with_code_message_and_retry_after(api: Api, control: Control) -> None:
    control.inject("status", status=429, code="too_many", message="Slow down.", retry_after=7)
    response = api.send("GET", "/session")
    assert_refused(response, 429, "too_many")
    assert response.json()["message"] == "Slow down."
    assert response.headers["Retry-After"] == "7"
    assert api.get("/session") == {"valid": True}


def test_a_status_without_more_is_503_without_retry_after(api: Api, control: Control) -> None:
    control.inject("status")
    response = api.send("GET", "/session")
    assert response.status_code == 503
    assert "Retry-After" not in response.headers


def test_a_refused_request_is_not_carried_out_unless_that_is_asked_for(api: Api, control: Control) -> None:
    control.inject("status", status=502)
    assert api.send("POST", "/folders/one").status_code == 502
    control.inject("status", status=502, after_acting=True)
    assert api.send("POST", "/folders/two").status_code == 502
    assert api.paths("/folders") == ["two"]


def test_a_fault_skips_and_then_repeats(api: Api, control: Control) -> None:
    control.inject("status", skip=1, times=2)
    assert [api.send("GET", "/session").status_code for _turn in range(4)] == [200, 503, 503, 200]


def test_a_fault_only_meets_what_it_matches(api: Api, control: Control) -> None:
    control.inject("status", method="post", path_regex=r"/folders/[^/]+$")
    api.static("app")
    assert api.get("/folders") == {"data": []}
    assert api.send("POST", "/folders/one").status_code == 503
    api.folder("one")


def test_faults_happen_in_the_order_of_their_injection(api: Api, control: Control) -> None:
    for status in (500, 501, 504):
        control.inject("status", status=status)
    assert [api.send("GET", "/session").status_code for _turn in range(3)] == [500, 501, 504]


@pytest.mark.parametrize(("kind", "acted"), [("drop_before", False), ("drop_after", True)])
def test_a_dropped_connection_ends_without_an_answer(api: Api, control: Control, kind: Any, acted: bool) -> None:
    api.dynamic("app")
    control.inject(kind, method="POST")
    with pytest.raises(requests.ConnectionError):
        api.send("POST", "/dynamic/app/generate")
    assert control.leases()["minted"] == int(acted)
    api.get("/session")
    dropped, after = control.journal()[-2:]
    assert (dropped["status"], dropped["fault"]) == (None, kind)
    assert after["connection"] != dropped["connection"]


def test_a_delayed_request_is_answered_late_and_carried_out(api: Api, control: Control) -> None:
    control.inject("delay", seconds=0.01)
    assert api.folder("soon")["path"] == "soon"
    assert control.journal()[-1]["fault"] == "delay"


def test_a_request_that_still_waits_at_a_reset_is_dropped(emulator: Emulator, control: Control) -> None:
    control.inject("delay", seconds=3600)
    context = ssl.create_default_context(cafile=emulator.ca_cert)
    connection = http.client.HTTPSConnection(
        "127.0.0.1", int(emulator.url.rpartition(":")[2]), timeout=20, context=context
    )
    connection.request("GET", f"/site/{SITE}/secrets/session", headers={"Authorization": f"Bearer {TOKEN}"})
    # The request is on its way: ask until it has arrived.
    assert any(control.journal() for _turn in range(10_000))
    control.reset()
    with pytest.raises(http.client.RemoteDisconnected):
        connection.getresponse()


def test_a_malformed_body_is_no_json(api: Api, control: Control) -> None:
    control.inject("malformed")
    response = api.send("GET", "/session")
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/json")
    with pytest.raises(requests.JSONDecodeError):
        response.json()


def test_html_comes_with_its_own_status(api: Api, control: Control) -> None:
    control.inject("html", status=502)
    response = api.send("GET", "/session")
    assert response.status_code == 502
    assert response.headers["Content-Type"].startswith("text/html")
    assert response.text.startswith("<!DOCTYPE html>")


def test_a_redirect_says_where_to(api: Api, control: Control) -> None:
    control.inject("redirect", location="https://other.example.com/login")
    response = api.send("GET", "/session", allow_redirects=False)
    assert (response.status_code, response.headers["Location"]) == (307, "https://other.example.com/login")


def test_a_wrong_shape_is_json_of_another_kind(api: Api, control: Control) -> None:
    control.inject("wrong_shape")
    response = api.send("GET", "/static/app")
    assert response.status_code == 200
    assert isinstance(response.json(), list)


def test_faults_can_be_withdrawn(api: Api, control: Control) -> None:
    control.inject("status", times=100)
    control.fail_provider("integration_test", times=100)
    control.clear_faults()
    api.integration("aws")


@pytest.mark.parametrize(
    "wrong",
    [{"kind": "unknown"}, {"path_regex": "("}, {"times": 0}, {"skip": -1}, {"status": 99}, {"unknown": 1}],
)
def test_a_wrong_fault_is_refused(api: Api, control: Control, wrong: Any) -> None:
    with pytest.raises(ValueError, match="invalid_request"):
        control.inject(**{"kind": "status", **wrong})
    assert api.get("/session") == {"valid": True}


def test_a_body_is_answered_byte_for_byte(api: Api, control: Control) -> None:
    control.inject("body", body="\xff{", headers={"X-Odd": "one"}, status=201)
    response = api.send("GET", "/session")
    assert (response.status_code, response.content, response.headers["X-Odd"]) == (201, b"\xff{", "one")


@pytest.mark.parametrize("packed", [False, True])
def test_a_huge_answer_is_valid(api: Api, control: Control, packed: bool) -> None:
    control.inject("huge", size=3_000_000, packed=packed)
    response = api.send("GET", "/session")
    assert len(response.content) == 3_000_015
    assert response.json() == {"valid": True}


@pytest.mark.parametrize("part", ["headers", "body"])
def test_what_drips_is_an_answer_in_the_end(api: Api, control: Control, part: str) -> None:
    control.inject("drip", part=part, size=3, seconds=0.01)
    assert api.get("/session") == {"valid": True}
    assert api.get("/session") == {"valid": True}
    assert len({entry["connection"] for entry in control.journal()}) == 2
