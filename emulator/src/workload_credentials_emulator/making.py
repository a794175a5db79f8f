# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Integrations and dynamic secrets, made of the bodies that ask for them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from .errors import InvalidRequest
from .items import DynamicSecret, Integration
from .site import Site


def new_integration(type: str, name: str, body: Mapping[str, Any], now: datetime) -> Integration:
    """An integration; what is secret of it is kept apart."""
    config = {key: value for key, value in body.items() if key not in ("type", "clientSecret")}
    if type == "aws":
        config["externalId"] = str(uuid.uuid4())
    return Integration(type, name, config, now, body.get("clientSecret"))


def new_dynamic(site: Site, path: str, body: Mapping[str, Any]) -> DynamicSecret:
    """A dynamic secret of an integration that is there."""
    type, name = body["type"], body["integrationName"]
    integration = site.integrations.get((type, name))
    if integration is None:
        raise InvalidRequest(f"the {type} integration {name!r} does not exist.", "integration_not_found")
    config = {key: value for key, value in body.items() if key not in ("type", "integrationName")}
    return DynamicSecret(path, site.clock.now(), type=type, integration_id=integration.id, config=config)
