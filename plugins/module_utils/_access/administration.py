# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client of the platform's APIs on the administration site, beside the site that grants apply to."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from .._api.client import Client
from .._api.errors import OptionError
from .._api.own_writes import VARIABLE
from .._api.settings import Settings, has_site_and_token, site_id_of


class Administration(Client):
    """The administration site as one identity.

    :arg parameters: validated against the connection spec.
    :arg writes_folder: as for Client, for the other site.
    :raises OptionError: a value cannot work, or the administration site or its token is not set.
    """

    def __init__(self, parameters: Mapping[str, Any], writes_folder: str | None = None) -> None:
        super().__init__(Settings.of_administration(parameters))
        self._parameters = parameters
        self._writes_folder = writes_folder
        self._product: Client | None = None

    @property
    def target(self) -> str:
        """Return the UUID of the site that grants apply to.

        :raises OptionError: none is set.
        """
        try:
            return site_id_of(self._parameters)
        except OptionError as error:
            raise OptionError("site_id", f"the site that the grant applies to is needed. {error}") from None

    @property
    def product(self) -> Client | None:
        """Return the client of the other site; None: its ID or a token for it is not set."""
        if self._product is None and has_site_and_token(self._parameters):
            self._product = Client(Settings.from_parameters(self._parameters), self._writes_folder)
            self._product.writes.take(os.environ.get(VARIABLE))
        return self._product
