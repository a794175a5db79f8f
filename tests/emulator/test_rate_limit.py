# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The limit of requests, and what answers say about it."""

from __future__ import annotations

from workload_credentials_emulator import Control, Emulator

from .client import SITE, Api
from .conftest import Time

NAMES = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")


def _told(api: Api, address: str = "/session", **options: object) -> tuple[int, list[str | None]]:
    response = api.send("GET", address, **options)
    assert "retry-after" not in response.headers
    return response.status_code, [response.headers.get(name) for name in NAMES]


def test_answers_count_down_and_then_refuse(api: Api, control: Control, time: Time) -> None:
    assert _told(api) == (200, [None, None, None])
    control.behave(SITE, rate_limit=3, rate_window=10)
    assert _told(api) == (200, ["3", "2", "10"])
    time.now += 2.5
    assert _told(api, "/static/none") == (404, ["3", "1", "8"])
    assert _told(api, headers={"bt-secrets-api-version": None}) == (400, ["3", "0", "8"])
    time.now += 7.4
    response = api.send("GET", "/session")
    assert (response.status_code, response.json()) == (429, {"error": "Too many requests"})
    assert [response.headers[name] for name in NAMES] == ["3", "0", "1"]
    time.now += 0.2
    assert _told(api) == (200, ["3", "2", "10"])


def test_each_token_has_a_window_of_its_own(api: Api, control: Control, emulator: Emulator, time: Time) -> None:
    control.add_token("other-token")
    control.behave(rate_limit=1)
    assert [_told(api)[0] for _turn in range(2)] == [200, 429]
    other = Api(emulator, token="other-token")
    assert [_told(other)[0] for _turn in range(2)] == [200, 429]


def test_a_limit_that_is_set_begins_anew(api: Api, control: Control, time: Time) -> None:
    for _turn in range(2):
        control.behave(SITE, rate_limit=1)
        assert _told(api) == (200, ["1", "0", "60"])
    control.behave(SITE, read_lag=1.0)
    assert _told(api)[0] == 429


def test_who_is_not_known_is_not_counted(emulator: Emulator, control: Control) -> None:
    control.behave(rate_limit=1)
    stranger = Api(emulator, token="nobody's")
    assert [_told(stranger) for _turn in range(3)] == [(401, [None, None, None])] * 3
