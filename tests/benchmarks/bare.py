# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The least that a read can cost: requests alone, over one connection, in this process."""

from __future__ import annotations

import time

import requests

from tests.support.site import TOKEN, Site


def round_trip(site: Site, path: str, number: int) -> float:
    """Seconds that one of so many reads of a static secret takes, one after the other."""
    settings = site.settings()
    folder, _slash, name = path.rpartition("/")
    url = f"{settings.base_url}/static/{name}"
    with requests.Session() as session:
        # Or REQUESTS_CA_BUNDLE would count instead.
        session.trust_env = False
        session.headers.update(
            {"Authorization": f"Bearer {TOKEN}", "bt-secrets-api-version": settings.api_version, "Accept": "*/*"}
        )
        session.verify = str(settings.ca_cert)
        # The first one connects.
        session.get(url, params={"folder": folder}, timeout=60).raise_for_status()
        began = time.perf_counter()
        for _number in range(number):
            session.get(url, params={"folder": folder}, timeout=60).raise_for_status()
        return (time.perf_counter() - began) / number
