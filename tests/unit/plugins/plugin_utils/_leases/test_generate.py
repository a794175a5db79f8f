# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The seconds that a lookup says are left, by a clock that stands still until it is moved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.community.workload_credentials.plugins.module_utils._api import times
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import OptionError
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.formats import (
    DYNAMIC_SECRETS,
    SERVICE_ACCOUNTS,
    STS_SESSIONS,
    Formats,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._credentials.lease import (
    Credentials,
    Lease,
)
from ansible_collections.community.workload_credentials.plugins.plugin_utils._leases import generate

from tests.support.sources import Made, origin

START = datetime.now(UTC).replace(microsecond=0)
END = START + timedelta(hours=1)
OPTIONS = {"key": None, "format": "raw", "reuse": "host", "min_ttl": 300, "check_mode": "generate", "concurrency": 1}


class Clock(datetime):
    """Tells the moment that a test says it is."""

    moment = START

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        """Return that moment."""
        return cls.moment


class Lookup:
    """Evaluates a lookup of one source in one run."""

    def __init__(self, expiration: str | None) -> None:
        self.minted = 0
        self._values = {"token": "a-token"} if expiration is None else {"token": "a-token", "expiration": expiration}

    def __call__(self, forms: Formats = DYNAMIC_SECRETS, **options: Any) -> Any:
        given = {**OPTIONS, **options}
        (answer,) = generate.generate_on_read(
            [Made("prod/app", self._make)], origin(is_noted=False), forms, given, {}, pytest.fail
        )
        return answer

    def _make(self) -> Credentials:
        self.minted += 1
        return Credentials(dict(self._values), Lease("", "prod/app", START, END, revocable=False))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> type[Clock]:
    monkeypatch.setattr(times, "datetime", Clock)
    monkeypatch.setattr(Clock, "moment", START)
    monkeypatch.setattr(generate, "run_folder", lambda: tmp_path)
    return Clock


@pytest.mark.parametrize("forms", [DYNAMIC_SECRETS, STS_SESSIONS, SERVICE_ACCOUNTS], ids=["dynamic", "sts", "account"])
def test_they_are_those_of_the_moment_although_the_lease_is_kept(clock: type[Clock], forms: Formats) -> None:
    lookup = Lookup(END.isoformat())
    assert lookup(forms, key="seconds_left") == 3600
    clock.moment += timedelta(minutes=10)
    assert lookup(forms, key="seconds_left") == 3000
    clock.moment = END + timedelta(minutes=10)
    assert lookup(forms, key="seconds_left") == 0
    assert lookup.minted == 1


@pytest.mark.usefixtures("clock")
def test_no_dictionary_has_them() -> None:
    lookup = Lookup(END.isoformat())
    lookup(key="seconds_left")
    assert lookup() == {"token": "a-token", "expiration": END.isoformat()}


@pytest.mark.usefixtures("clock")
def test_there_are_none_without_an_expiration() -> None:
    assert Lookup(None)(key="seconds_left") is None


@pytest.mark.parametrize("name", ["aws_env", "arm_env"])
def test_a_format_without_an_expiration_has_none(name: str) -> None:
    lookup = Lookup(END.isoformat())
    with pytest.raises(OptionError, match=f"no credentials of format={name} have 'seconds_left'"):
        lookup(key="seconds_left", format=name)
    assert lookup.minted == 0
