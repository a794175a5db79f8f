# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a site begins with, where that was asked for."""

from __future__ import annotations

import pytest
from workload_credentials_emulator import DEMO_SITE, DEMO_TOKEN, Emulator

from .client import Api

pytestmark = pytest.mark.smoke


def test_each_thing_can_be_used_as_if_it_had_been_made() -> None:
    with Emulator(example=True) as emulator:
        api = Api(emulator, site=DEMO_SITE, token=DEMO_TOKEN)
        assert api.paths("/folders", recursive="true") == ["prod", "prod/aws", "prod/azure", "prod/db"]
        assert api.paths("/static", recursive="true") == ["prod/aws/database", "prod/db/app"]
        assert api.paths("/dynamic", recursive="true") == ["prod/aws/app", "prod/azure/app"]
        for folder in ("prod/aws", "prod/azure"):
            assert api.generate("app", folder)["leaseId"]
        assert api.get("/static/app", folder="prod/db")["secret"].keys() == {"username", "password"}
        for kind, name in (("aws", "main"), ("azure", "main-azure")):
            assert [user["activeLeaseCount"] for user in api.get(f"/integrations/{kind}/{name}/dynamic")["data"]] == [1]
        api.session.close()


def test_a_reset_brings_it_back() -> None:
    with Emulator(example=True) as emulator:
        api = Api(emulator, site=DEMO_SITE, token=DEMO_TOKEN)
        api.done("DELETE", "/static/app", params={"folder": "prod/db", "permanent": "true"})
        emulator.control.reset()
        assert api.paths("/static", path="prod/db") == ["prod/db/app"]
        api.session.close()
