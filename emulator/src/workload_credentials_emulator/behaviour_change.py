# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a site is to behave from now on, as it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_type_hints

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from .behaviour import Behaviour


class _Where(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    site: str = ""
    living: bool | None = None


_FIELDS: dict[str, Any] = {name: (hint, None) for name, hint in get_type_hints(Behaviour, include_extras=True).items()}
_Change = create_model("_Change", __base__=_Where, **_FIELDS)


def read_change(change: Mapping[str, Any]) -> tuple[str, bool | None, dict[str, Any]]:
    """The site ("" for all), the world to begin with, and the fields that are named.

    :raises RequestValidationError: there is no such field, or no such value.
    """
    try:
        given = _Change.model_validate(change).model_dump(exclude_unset=True)
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from None
    return given.pop("site", "").lower(), given.pop("living", None), given
