# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may generate from dynamic secrets, for reports whose subject is another one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .._api.client import Client
from .._api.errors import WorkloadCredentialsError
from .._api.settings import Settings, has_site_and_token
from .actions import DYNAMIC, GENERATE
from .cascade import disputed_on, granted_on
from .cedar import Resource
from .identities import list_identities
from .model import Access, Model
from .policies import Policy, list_policies


def who_may_generate(
    parameters: Mapping[str, Any], paths: Iterable[str]
) -> tuple[dict[str, list[dict[str, Any]]] | None, list[str]]:
    """Return the principals that may generate from each dynamic secret, by its path, and warnings.

    None: the administration site is not known, or does not answer, which is a warning.

    :arg parameters: the connection's options.
    :arg paths: without outer slashes.
    """
    if not has_site_and_token(parameters, "admin_"):
        return None, []
    try:
        administration = Client(Settings.of_administration(parameters))
        policies = [policy for policy in list_policies(administration) if policy.is_live]
        identities = list_identities(administration)
    except WorkloadCredentialsError as error:
        return None, [f"The report does not say who may generate: {error}"]
    model = Model(str(parameters["site_id"]).strip(), policies, identities)
    return {path: _generators(model, path) for path in paths}, []


def _generators(model: Model, path: str) -> list[dict[str, Any]]:
    return [_shown(model, access) for access in model.access_to([Resource(DYNAMIC, path)]) if _counts(access)]


def _counts(access: Access) -> bool:
    return GENERATE in access.actions or GENERATE in access.disputed


def _shown(model: Model, access: Access) -> dict[str, Any]:
    return {
        **model.shown_principal(access.principal),
        "disputed": GENERATE in access.disputed,
        "policies": [policy.name for policy in access.policies if _grants(policy, access.resource)],
    }


def _grants(policy: Policy, resource: Resource) -> bool:
    grant = policy.grant
    return grant is not None and GENERATE in granted_on(grant, resource) | disputed_on(grant, resource)
