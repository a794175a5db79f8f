# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read Secrets that the operator writes: their keys, and the leases in them."""

from __future__ import annotations

import base64
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timezone

from ...module_utils._api.times import parse_time
from ...module_utils._credentials.lease import Lease
from ...module_utils._marks import OPERATED_MARKS, noted_lease
from ...module_utils._providers import PROVIDERS
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
    """Return the kind of its generator, or of the generator behind a ClusterGenerator; "": there is none."""
    kind, name = generator_of(external)
    if kind != "ClusterGenerator":
        return kind
    for generator in generators:
        if generator["metadata"]["name"] == name:
            return str(generator["spec"].get("kind", ""))
    return ""


def keys_of(external: ClusterObject, kind: str) -> set[str]:
    """Return the keys that its Secret must have, as far as they are known.

    :arg kind: of its generator.
    """
    keys: Collection[str] = STS_KEYS if kind == _STS else ()
    optional: Collection[str] = ()
    provider = _PROVIDERS.get(kind)
    if provider:
        keys, optional = provider.keys, provider.may_lack
    template = _template(external)
    if not template:
        return set(keys) - set(optional)
    needed = set(template)
    for name in optional:
        needed -= _keys_of(template, name)
    return needed


def text_of(external: ClusterObject, secret: ClusterObject, name: str) -> str | None:
    """Return the text that the Secret has of one key of its source; None: no key of the Secret has it alone."""
    template = _template(external)
    keys = _keys_of(template, name) if template else {name}
    data = secret.get("data") or {}
    there = sorted(keys & data.keys())
    if not there:
        return None
    try:
        return base64.b64decode(data[there[0]]).decode()
    except ValueError:
        return None


def expiration_of(external: ClusterObject, secret: ClusterObject) -> datetime | None:
    """Return when the credentials in the Secret end: as the operator has noted it, or as they say themselves."""
    text = annotations_of(secret).get(_EXPIRATION) or text_of(external, secret, "expiration") or ""
    if re.fullmatch(r"\d{1,11}", text):
        # STS gives seconds since 1970.
        return datetime.fromtimestamp(int(text), timezone.utc)
    return parse_time(text)


def lease_id_of(external: ClusterObject, secret: ClusterObject) -> str | None:
    """Return the ID of the lease in the Secret: as the operator has noted it, or as the credentials say themselves."""
    return noted_lease(annotations_of(secret), OPERATED_MARKS).id or text_of(external, secret, "leaseId")


def lease_in(external: ClusterObject, secret: ClusterObject, kind: str) -> Lease | None:
    """Return the lease of the Secrets API that the operator has put there; None: none is known.

    The operator never ends a lease (operator facts, "Behaviour").
    """
    provider = _PROVIDERS.get(kind)
    lease_id = lease_id_of(external, secret)
    if provider is None or not lease_id:
        return None
    return Lease(lease_id, "/".join(identity(secret)), _EPOCH, expiration_of(external, secret), provider.revocable)


def _template(external: ClusterObject) -> Mapping[str, str]:
    target = (external.get("spec") or {}).get("target") or {}
    return (target.get("template") or {}).get("data") or {}


def _keys_of(template: Mapping[str, str], name: str) -> set[str]:
    """Return the keys whose text is nothing but this key of the source."""
    actions = {key: _ACTION.fullmatch(text) for key, text in template.items()}
    return {key for key, action in actions.items() if action is not None and name in action.groups()}
