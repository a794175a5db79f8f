# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a site behaves: as the document says, or as the living service was seen to."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import Field

Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Spelling = Literal["document", "camel"]


@dataclass(frozen=True)
class Behaviour:
    """What a site does where the document and the living service differ; the defaults are the document's.

    :arg missing_is_forbidden: what does not exist is answered as what the token may not see, with 403.
    :arg vendor_codes: 404 has the code that the service uses, where one is known.
    :arg read_lag: for so many seconds after a write, reading the item shows the state before.
    :arg lists_lag: lists do so too.
    :arg lease_lag: for so many seconds after generating, the lease is unknown.
    :arg azure_expiration: credentials of Azure come with their expiration.
    :arg azure_spelling: ``client_id`` as the document has it, or ``clientId``.
    :arg described_credentials: credentials come with ``type`` and ``credentialType``.
    :arg rate_limit: requests that each token has in a window; 0 for any number.
    :arg rate_window: seconds that a window lasts.
    :arg both_products: the addresses below ``/wlc`` and the version in ``bt-wlc-api-version`` are taken too.
    :arg any_patch_type: PATCH takes plain JSON too.
    :arg gateway_errors: who is not let in reads ``{"error": ...}``, without a code.
    :arg strict_list_path: a list's path has no slash at either end.
    :arg soft_deleted_count: a folder that holds only what is softly deleted is not empty.
    :arg policy_lag: for so many seconds after it is written or deleted, a policy is on its way.
    :arg grant_lag: for so many seconds more, it is not obeyed yet (or obeyed still).
    :arg enforce_policies: the token of a principal may do what policies in force grant, and nothing else.
    :arg owner_generates: the role Owner of a policy includes GenerateDynamicCredential.
    :arg lower_issuers: the addresses of issuers are kept in lower case.
    """

    missing_is_forbidden: bool = False
    vendor_codes: bool = False
    read_lag: Seconds = 0.0
    lists_lag: bool = False
    lease_lag: Seconds = 0.0
    azure_expiration: bool = True
    azure_spelling: Spelling = "document"
    described_credentials: bool = False
    rate_limit: Annotated[int, Field(ge=0)] = 0
    rate_window: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 60.0
    both_products: bool = False
    any_patch_type: bool = False
    gateway_errors: bool = False
    strict_list_path: bool = False
    soft_deleted_count: bool = False
    policy_lag: Seconds = 0.0
    grant_lag: Seconds = 0.0
    enforce_policies: bool = False
    owner_generates: bool = False
    lower_issuers: bool = False

    @classmethod
    def living(cls, **fields: Any) -> Self:
        """As the living service, but for what is named here; without a limit of requests unless it is named."""
        return cls(**{**_LIVING, **fields})


def in_words(behaviour: Behaviour) -> str:
    """The world that the behaviour comes nearest to, and what differs there."""
    worlds = {"the API document says": Behaviour(), "the living service was seen to": Behaviour.living()}
    differences = {world: _differences(behaviour, known) for world, known in worlds.items()}
    nearest = min(differences, key=lambda world: len(differences[world]))
    but = ", ".join(differences[nearest])
    return f"as {nearest}, but with {but}" if but else f"as {nearest}"


def _differences(behaviour: Behaviour, other: Behaviour) -> list[str]:
    mine, others = asdict(behaviour), asdict(other)
    return [f"{name}={value}" for name, value in mine.items() if value != others[name]]


_LIVING: dict[str, Any] = {
    "missing_is_forbidden": True,
    "vendor_codes": True,
    "read_lag": 0.25,
    "lease_lag": 0.25,
    "azure_expiration": False,
    "azure_spelling": "camel",
    "described_credentials": True,
    "both_products": True,
    "any_patch_type": True,
    "gateway_errors": True,
    "strict_list_path": True,
    "soft_deleted_count": True,
    "policy_lag": 0.5,
    "grant_lag": 0.25,
}
