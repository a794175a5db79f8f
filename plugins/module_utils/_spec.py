# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Specs: a module's options and logic as data, and the options that several share.

An option is an entry of Ansible's argument spec; ``env`` is ours and names its environment variables in order.
An option that has some can be set by a variable and in an ini file too, whose names follow from its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Callable

from ._change import Change, ReadResult

Options = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Spec:
    """One module: ``look`` finds what is there and ``plan`` says from that alone what would change, or it can ``read``.

    ``returns_values``: the result holds secret values, so it is hidden from all output;
    ``values_option`` names the boolean option that leaves them out when it is false.
    ``connect`` makes the client of another service than the Secrets API, which has ``close``.
    ``guarded`` are the options whose values no result may hold; ``secret_variables`` the environment variables that
    stand for some of them where the client reads these itself.
    """

    name: str
    options: Options
    look: Callable[[Any, Mapping[str, Any]], Any] | None = None
    plan: Callable[[Any, Mapping[str, Any]], Change] | None = None
    read: Callable[[Any, Mapping[str, Any]], ReadResult] | None = None
    connect: Callable[[Mapping[str, Any]], Any] | None = None
    guarded: Sequence[str] = ("access_token",)
    secret_variables: Mapping[str, str] = field(default_factory=dict)
    returns_values: bool = False
    values_option: str | None = None
    required_if: Sequence[Sequence[Any]] = ()
    required_by: Mapping[str, Sequence[str]] = field(default_factory=dict)
    required_one_of: Sequence[Sequence[str]] = ()
    mutually_exclusive: Sequence[Sequence[str]] = ()

    def change(self, client: Any, parameters: Mapping[str, Any]) -> Change:
        """The plan, from what is there now; that of a module which only reads changes nothing."""
        if self.read is not None:
            found = self.read(client, parameters)
            return Change(predicted=found.values, missing=found.missing)
        if self.plan is None:
            raise AssertionError(f"{self.name} neither plans nor reads")
        return self.plan(self.look(client, parameters) if self.look else None, parameters)

    @property
    def constraints(self) -> dict[str, Any]:
        """The conditions between options, in Ansible's names."""
        return {
            "required_if": self.required_if,
            "required_by": self.required_by,
            "required_one_of": self.required_one_of,
            "mutually_exclusive": self.mutually_exclusive,
        }


# Required is only that some source sets site_id and a token, and the connection's own message names the sources.
CONNECTION: Options = {
    "api_url": {"type": "str", "default": "https://api.beyondtrust.io", "env": ("BEYONDTRUST_API_URL",)},
    "site_id": {"type": "str", "env": ("BEYONDTRUST_SITE_ID",)},
    "access_token": {"type": "str", "no_log": True, "env": ("BEYONDTRUST_ACCESS_TOKEN",)},
    # A path is no secret: no_log would hide it in every message.
    "access_token_file": {"type": "path", "no_log": False, "env": ("BEYONDTRUST_ACCESS_TOKEN_FILE",)},
    "api_version": {"type": "str", "default": "2026-04-28", "env": ("BEYONDTRUST_API_VERSION",)},
    "api_path_version": {"type": "str", "env": ("BEYONDTRUST_API_PATH_VERSION",)},
    "api_product": {
        "type": "str",
        "choices": ["secrets", "wlc"],
        "default": "secrets",
        "env": ("BEYONDTRUST_API_PRODUCT",),
    },
    "service_name": {"type": "str", "env": ("BEYONDTRUST_SERVICE_NAME",)},
    "auth_role": {"type": "str", "env": ("BEYONDTRUST_ROLE",)},
    # "!" negates: the vendor's own clients say "insecure".
    "validate_certs": {
        "type": "bool",
        "default": True,
        "env": ("BEYONDTRUST_VALIDATE_CERTS", "!BEYONDTRUST_INSECURE"),
    },
    "ca_cert": {"type": "str", "env": ("BEYONDTRUST_CA_CERT",)},
    "timeout": {"type": "int", "default": 30, "env": ("BEYONDTRUST_TIMEOUT",)},
    "retries": {"type": "int", "default": 4, "env": ("BEYONDTRUST_RETRIES",)},
}

# Where a run keeps the notes of its leases: an option of what mints and ends them, which is known on the controller.
JOURNAL: Options = {"journal_dir": {"type": "path", "env": ("WORKLOAD_CREDENTIALS_JOURNAL_DIR",)}}

STATE: Options = {"state": {"type": "str", "choices": ["present", "absent"], "default": "present"}}

# Of what has a path: folders, static and dynamic secrets.
RESOURCE: Options = {
    **CONNECTION,
    **STATE,
    "path": {"type": "str", "required": True},
    "tags": {"type": "dict"},
    "purge_tags": {"type": "bool", "default": False},
    "permanent": {"type": "bool", "default": False},
    "on_deleted": {"type": "str", "choices": ["restore", "replace", "fail"], "default": "restore"},
}
