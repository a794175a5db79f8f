# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A site with definitions, made through the modules' own logic."""

from __future__ import annotations

from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import WorkloadCredentialsError
from ansible_collections.community.workload_credentials.plugins.module_utils._resources.index import spec_of
from ansible_collections.community.workload_credentials.plugins.module_utils._run import run, validate

from tests.support.site import Site

ROLE = "arn:aws:iam::123456789012:role/service"
UUIDS = [f"00000000-0000-4000-8000-00000000000{number}" for number in range(4)]


def do(site: Site, module: str, *, check_mode: Any = False, progress: Any = None, **arguments: Any) -> dict[str, Any]:
    """What the module returns for these arguments on this site, with its diff.

    :arg progress: takes each line about long work.
    """
    connection = {
        "api_url": site.emulator.url,
        "site_id": site.site_id,
        "access_token": arguments.pop("access_token", None) or site.settings().access_token,
        "ca_cert": str(site.emulator.ca_cert),
    }
    spec = spec_of(module)
    parameters = validate(spec, module, {**connection, **arguments})
    return run(spec, parameters, check_mode=check_mode, diff=True, writes_folder=site.writes_folder, progress=progress)


def failure(site: Site, module: str, **arguments: Any) -> str:
    """The message with which the module fails."""
    try:
        do(site, module, **arguments)
    except WorkloadCredentialsError as error:
        return str(error)
    raise AssertionError("it did not fail")


def populate(site: Site) -> None:
    """A folder prod with the dynamic secrets aws and azure and the static secret app, and an empty journal."""
    do(site, "folder", path="prod")
    do(site, "integration", type="aws", name="main", role_arn=ROLE)
    azure = {"tenant_id": UUIDS[0], "client_id": UUIDS[1], "client_secret": "canary-azure-client-secret"}
    do(site, "integration", type="azure", name="az", **azure)
    do(site, "dynamic_secret", path="prod/aws", type="aws", integration_name="main", role_arn=ROLE, ttl=3600)
    azure_definition = {"integration_name": "az", "application_object_id": UUIDS[2], "ttl": 3600}
    do(site, "dynamic_secret", path="prod/azure", type="azure", **azure_definition)
    do(
        site,
        "static_secret",
        path="prod/app",
        secret={"user": "app", "password": "canary-static-password", "port": 5432},
    )
    site.forget()
