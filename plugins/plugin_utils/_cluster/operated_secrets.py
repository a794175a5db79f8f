# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets that the operator writes: what their ExternalSecrets say of them, and the leases in them."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone

from ...module_utils._api.times import parse_time
from ...module_utils._credentials.lease import Lease
from ...module_utils._marks import OPERATED_MARKS, noted_lease
from ...module_utils._providers import PROVIDERS, Provider
from .secrets import ClusterObject, annotations_of, generator_of, identity
from .source_kinds import STS_KEYS

# The operator's generator and the role's template for it, by provider.
OF_PROVIDERS = {
    "aws": ("BeyondtrustWorkloadCredentialsDynamicSecret", "generator_beyondtrust"),
    "azure": ("Webhook", "generator_webhook"),
}
_PROVIDERS = {kind: PROVIDERS[name] for name, (kind, _template) in OF_PROVIDERS.items()}
_EXPIRATION = OPERATED_MARKS[1]
_STS = "STSSessionToken"
_EPOCH = datetime.fromtimestamp(0, timezone.utc)
_ACTION = re.compile(r"\{\{-?\s*(?:index \. \"(\w+)\"|\.(\w+))\s*-?\}\}")


def kind_of(external: ClusterObject, generators: Sequence[ClusterObject]) -> str:
    """The kind of what generates for it, also behind a ClusterGenerator."""
    kind, name = generator_of(external)
    if kind != "ClusterGenerator":
        return kind
    return next((str(one["spec"].get("kind", "")) for one in generators if one["metadata"]["name"] == name), "")


def keys_of(external: ClusterObject, kind: str) -> set[str]:
    """The keys that its Secret must have, as far as they are known.

    :arg kind: of what generates.
    """
    provider = _PROVIDERS.get(kind)
    raw = STS_KEYS if kind == _STS else provider.keys if provider else ()
    optional = provider.may_lack if provider else ()
    template = _template(external)
    if not template:
        return {*raw} - {*optional}
    return {key for key, text in template.items() if not any(_is_just(text, name) for name in optional)}


def text_of(external: ClusterObject, secret: ClusterObject, name: str) -> str | None:
    """The text that the Secret has of one key of its source; None: it is not in it by itself."""
    templates = _template(external)
    key = name if not templates else next((one for one, text in templates.items() if _is_just(text, name)), None)
    try:
        return base64.b64decode((secret.get("data") or {})[key or ""]).decode()
    except (KeyError, ValueError, binascii.Error):
        return None


def expiration_of(external: ClusterObject, secret: ClusterObject) -> datetime | None:
    """When the credentials in the Secret end, as the operator has noted it, or they say so themselves.

    STS says it in seconds.
    """
    text = annotations_of(secret).get(_EXPIRATION) or text_of(external, secret, "expiration") or ""
    return datetime.fromtimestamp(int(text), timezone.utc) if re.fullmatch(r"\d{1,11}", text) else parse_time(text)


def lease_id_of(external: ClusterObject, secret: ClusterObject) -> str | None:
    """The ID of that lease."""
    return noted_lease(annotations_of(secret), OPERATED_MARKS).id or text_of(external, secret, "leaseId")


def lease_in(external: ClusterObject, secret: ClusterObject, kind: str) -> Lease | None:
    """The lease of the Secrets API that the operator has put there; None: none is known.

    The operator never ends one (operator facts, "Behaviour").
    """
    provider: Provider | None = _PROVIDERS.get(kind)
    name = lease_id_of(external, secret)
    if provider is None or not name:
        return None
    return Lease(name, "/".join(identity(secret)), _EPOCH, expiration_of(external, secret), provider.revocable)


def _template(external: ClusterObject) -> Mapping[str, str]:
    target = (external.get("spec") or {}).get("target") or {}
    return (target.get("template") or {}).get("data") or {}


def _is_just(text: str, name: str) -> bool:
    action = _ACTION.fullmatch(text)
    return action is not None and name in action.groups()
