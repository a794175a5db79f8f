# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Specs: a module's options and logic as data, and the options that several modules share.

An option is an entry of Ansible's argument spec with our own key ``env``, which names its environment variables in
order. Such an option can also be set by a variable and in an ini file, whose names follow from its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Callable

from ._change import Change, ReadResult

Options = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Spec:
    """One module.

    :arg look: reads the present state.
    :arg plan: makes the change from that state and the parameters alone.
    :arg read: returns the values of a module that only reads.
    :arg connect: makes the client of a service other than the Secrets API; it has ``close``.
    :arg administers: the client is an ``Administration``, for the platform's APIs on the administration site.
    :arg administers_with: options with which it uses the administration site too.
    :arg guarded: options whose values no result may hold.
    :arg secret_variables: environment variables that the client reads itself, with the guarded options they set.
    :arg returns_values: the result holds secret values, so it is hidden from all output.
    :arg values_option: the boolean option that leaves these values out when it is false.
    """

    name: str
    options: Options
    look: Callable[[Any, Mapping[str, Any]], Any] | None = None
    plan: Callable[[Any, Mapping[str, Any]], Change] | None = None
    read: Callable[[Any, Mapping[str, Any]], ReadResult] | None = None
    connect: Callable[[Mapping[str, Any]], Any] | None = None
    administers: bool = False
    administers_with: Sequence[str] = ()
    guarded: Sequence[str] = ("access_token", "admin_access_token")
    secret_variables: Mapping[str, str] = field(default_factory=dict)
    returns_values: bool = False
    values_option: str | None = None
    required_if: Sequence[Sequence[Any]] = ()
    required_by: Mapping[str, Sequence[str]] = field(default_factory=dict)
    required_one_of: Sequence[Sequence[str]] = ()
    mutually_exclusive: Sequence[Sequence[str]] = ()

    def change(self, client: Any, parameters: Mapping[str, Any]) -> Change:
        """Return the plan from the present state; a module that only reads changes nothing."""
        if self.read is not None:
            result = self.read(client, parameters)
            return Change(predicted=result.values, missing=result.missing)
        if self.plan is None:
            raise AssertionError(f"{self.name} neither plans nor reads")
        return self.plan(self.look(client, parameters) if self.look else None, parameters)

    @property
    def connection(self) -> Options:
        """Return the options of the connection that the module has. One of its own may have such a name."""
        return {name: entry for name, entry in CONNECTION.items() if self.options.get(name) is entry}

    def connected_by(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values of all options of the connection: the parameters', or else defaults."""
        own = self.connection
        return {name: parameters[name] if name in own else entry.get("default") for name, entry in CONNECTION.items()}

    @property
    def constraints(self) -> dict[str, Any]:
        """Return the conditions between options, by Ansible's names."""
        return {
            "required_if": self.required_if,
            "required_by": self.required_by,
            "required_one_of": self.required_one_of,
            "mutually_exclusive": self.mutually_exclusive,
        }


# site_id and a token may come from any source, which Ansible cannot check: Settings does.
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
    "admin_site_id": {"type": "str", "env": ("BEYONDTRUST_ADMIN_SITE_ID",)},
    "admin_access_token": {"type": "str", "no_log": True, "env": ("BEYONDTRUST_ADMIN_ACCESS_TOKEN",)},
    "admin_access_token_file": {"type": "path", "no_log": False, "env": ("BEYONDTRUST_ADMIN_ACCESS_TOKEN_FILE",)},
}

# Where a run keeps the notes of its leases. Only the controller knows this option.
JOURNAL: Options = {"journal_dir": {"type": "path", "env": ("WORKLOAD_CREDENTIALS_JOURNAL_DIR",)}}

STATE: Options = {"state": {"type": "str", "choices": ["present", "absent"], "default": "present"}}

# The options of folders, static and dynamic secrets.
RESOURCE: Options = {
    **CONNECTION,
    **STATE,
    "path": {"type": "str", "required": True},
    "tags": {"type": "dict"},
    "purge_tags": {"type": "bool", "default": False},
    "permanent": {"type": "bool", "default": False},
    "on_deleted": {"type": "str", "choices": ["restore", "replace", "fail"], "default": "restore"},
}
