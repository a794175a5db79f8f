# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lookups share: the connection from options, several terms at once, and errors turned at the edge.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, TypeVar

from ansible.errors import AnsibleError, AnsibleLookupError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.lookup import LookupBase
from ansible.utils.display import Display
from ansible_collections.community.workload_credentials.plugins.module_utils._api.client import Client
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import (
    OptionError,
    WorkloadCredentialsError,
    unforeseen,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._api.session import POOL_SIZE
from ansible_collections.community.workload_credentials.plugins.module_utils._api.settings import Settings
from ansible_collections.community.workload_credentials.plugins.module_utils._run import argument_spec
from ansible_collections.community.workload_credentials.plugins.module_utils._spec import CONNECTION, from_environment
from ansible_collections.community.workload_credentials.plugins.plugin_utils._worker import plain

_NO_SITE = (
    "site_id: no site is set: give the option site_id, the environment variable BEYONDTRUST_SITE_ID, the "
    "variable workload_credentials_site_id, or site_id in the ini section [workload_credentials]."
)
_T = TypeVar("_T")
_R = TypeVar("_R")


class WorkloadCredentialsLookup(LookupBase):  # type: ignore[misc]  # ansible-core has no types
    """Base of the collection's lookups: ``run`` is here, ``read`` in the plugin."""

    def run(self, terms: Sequence[Any], variables: Any = None, **options: Any) -> list[Any]:
        """Values for the terms, in their order.

        :raises AnsibleLookupError: any failure; the text is for the user and holds no secret value.
        """
        self._set_options(variables, options)
        flat = [plain(term) for term in self._flatten(terms)]
        client = None
        try:
            client = Client(self._settings())
            return self.read(client, flat, variables or {})
        except WorkloadCredentialsError as error:
            raise AnsibleLookupError(str(error)) from None
        except AnsibleError:
            raise
        except Exception as error:
            # The last net: nobody should read a traceback.
            name = type(self).__module__.rpartition(".")[2]
            last = client.last if client is not None else None
            raise AnsibleLookupError(str(unforeseen(name, error, last))) from None

    def read(self, client: Client, terms: list[Any], variables: Mapping[str, Any]) -> list[Any]:
        """The plugin's own work."""
        raise NotImplementedError

    def warn(self, message: str) -> None:
        """Show a warning to the user."""
        Display().warning(message)

    def _set_options(self, variables: Any, options: dict[str, Any]) -> None:
        try:
            self.set_options(var_options=variables, direct=options)
        except AnsibleError as error:
            if "site_id" not in str(error):
                raise
            raise AnsibleLookupError(_NO_SITE) from None

    def _settings(self) -> Settings:
        values = {name: plain(self.get_option(name)) for name in CONNECTION}
        values.update(self._insecure())
        _keep_nearest_token(values, {name: self._origin(name) for name in ("access_token", "access_token_file")})
        spec = {name: {key: entry[key] for key in entry if key != "env"} for name, entry in CONNECTION.items()}
        # An empty environment variable counts as none, as it does for modules.
        given = {name: value for name, value in values.items() if value not in (None, "")}
        if "site_id" not in given:
            raise AnsibleLookupError(_NO_SITE)
        result = ArgumentSpecValidator(argument_spec(spec)).validate(given)
        if result.error_messages:
            raise AnsibleLookupError(result.errors.msg)
        return Settings.from_parameters(result.validated_parameters)

    def _insecure(self) -> dict[str, Any]:
        """The vendor's negated variable, which documentation cannot express, where nothing else sets the option."""
        value = from_environment(CONNECTION["validate_certs"]["env"], os.environ)
        return {"validate_certs": value} if self._origin("validate_certs") == "default" and value is not None else {}

    def _origin(self, option: str) -> str:
        return str(self.get_option_and_origin(option)[1])


def _keep_nearest_token(values: dict[str, Any], origins: Mapping[str, str]) -> None:
    """An option or variable of the play beats the environment's other token source."""
    nearest = [name for name, origin in origins.items() if values[name] and not origin.startswith("env")]
    for name in origins:
        if nearest and name not in nearest:
            values[name] = None


def side_by_side(function: Callable[[_T], _R], items: Sequence[_T], limit: int) -> list[_R]:
    """Results in the items' order, computed at most ``limit`` at a time; all are finished before an error is raised.

    :raises OptionError: the limit, which is the option ``concurrency``, is out of range.
    """
    if not 1 <= limit <= POOL_SIZE:
        raise OptionError("concurrency", f"it must be from 1 to {POOL_SIZE}.")
    if len(items) < 2:
        return [function(item) for item in items]
    with ThreadPoolExecutor(min(limit, len(items))) as pool:
        return list(pool.map(function, items))
