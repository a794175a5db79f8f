# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access as a whole: who reaches a path, what a principal reaches, and what is probably not intended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._access.actions import DYNAMIC, FOLDER, INTEGRATION, PRODUCT, STATIC
from .._access.administration import Administration
from .._access.cedar import Resource
from .._access.identities import list_identities
from .._access.model import Finding, Model, concerns, findings, not_shown
from .._access.policies import list_policies
from .._access.wanted import PRINCIPAL, keys_of, named_by
from .._api.client import Client
from .._api.concurrency import run_concurrently
from .._api.errors import DeniedError
from .._api.paths import parse_folder
from .._api.request import Request
from .._change import ReadResult
from .._spec import CONNECTION, Spec
from ._parts.visibility import entries_now

_LISTS = {"folders": FOLDER, "static": STATIC, "dynamic": DYNAMIC, "integrations": INTEGRATION}


def read(client: Administration, parameters: Mapping[str, Any]) -> ReadResult:
    """Return the access that the options select, what is probably not intended there, and the limits."""
    path = None if parameters["path"] is None else parse_folder(parameters["path"], "path")
    model = _model(client)
    found = findings(model)
    if path is not None:
        targets = _targets(model, path)
        access = model.access_to(targets)
        found = [*_absence(model, targets), *(one for one in found if concerns(one, targets, ()))]
    elif parameters["principal"] is not None:
        principals = keys_of(parameters["principal"], model.identities)
        access = model.access_of(principals)
        found = [finding for finding in found if concerns(finding, (), principals)]
        found += _unregistered(model, parameters["principal"], principals)
    else:
        access = model.access_to(model.resources)
    return ReadResult(
        {
            "access": [model.shown(one) for one in access],
            "findings": [model.shown_finding(finding) for finding in found],
            "not_shown": not_shown(model),
        }
    )


def _model(client: Administration) -> Model:
    """Read everything at the same time: two lists of the administration site, and four of the other one.

    A token that may not list the site is as good as none.
    """
    site, product = client.target, client.product
    lists = list(_LISTS) if product is not None else []

    def answer(subject: str) -> Any:
        if subject == "policies":
            return [policy for policy in list_policies(client) if policy.is_live]
        if subject == "identities":
            return list_identities(client)
        try:
            return _listed(product, subject) if product is not None else None
        except DeniedError:
            return None

    policies, identities, *trees = run_concurrently(answer, ["policies", "identities", *lists])
    is_read = product is not None and None not in trees
    tree = [resource for resources in trees for resource in resources] if is_read else None
    return Model(site, policies, identities, tree)


def _listed(product: Client, kind: str) -> list[Resource]:
    if kind == "integrations":
        return [Resource(INTEGRATION, entry["name"]) for entry in entries_now(product, Request("GET", "/integrations"))]
    entries = entries_now(product, Request("GET", f"/{kind}", query={"recursive": True}))
    return [Resource(_LISTS[kind], entry["path"].strip("/")) for entry in entries]


def _targets(model: Model, path: str) -> list[Resource]:
    """Return what is at a path; where nothing is, everything that could be there."""
    there = [resource for resource in model.resources if resource.path == path and resource.kind != PRODUCT]
    return there or [Resource(kind, path) for kind in (FOLDER, STATIC, DYNAMIC)]


def _absence(model: Model, targets: Sequence[Resource]) -> list[Finding]:
    if any(model.is_there(target) for target in targets):
        return []
    words = f"nothing is at {targets[0].path}, as far as the site's token sees; this says who would reach it"
    return [Finding("missing_path", f"{words}.", resource=targets[0])]


def _unregistered(model: Model, given: Mapping[str, Any], principals: Sequence[tuple[str, str]]) -> list[Finding]:
    """Return a finding if the option names a workload identity that does not exist."""
    option, value = named_by(given)
    known = {identity.principal.key for identity in model.identities}
    if option not in ("workload", "workload_id") or known.intersection(principals):
        return []
    words = f"principal.{option}: no workload identity {value} is registered"
    return [Finding("unknown_identity", f"{words}.")]


ACCESS_INFO = Spec(
    name="access_info",
    options={**CONNECTION, "path": {"type": "str"}, "principal": PRINCIPAL},
    read=read,
    administers=True,
    mutually_exclusive=(("path", "principal"),),
)
