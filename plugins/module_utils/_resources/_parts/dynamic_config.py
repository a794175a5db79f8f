# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A dynamic secret's configuration: the API's fields for options, limits, and comparison."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..._api.errors import OptionError
from ..._api.paths import ResourcePath
from ..._api.responses import parse_json
from ..._providers import POLICY_ARN, PROVIDERS, ROLE_ARN, Provider
from .json_values import same_json

# Lists whose order does not matter.
_SETS = ("policy_arns", "groups")
_LIMITS = {"groups": (1, 128), "aws_tags": (1, 128)}
_AWS_TAG_VALUE = 256
_UUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
# The rules of AWS and Azure (IAM identifiers, AssumeRole, object IDs). An empty value clears an option.
_SHAPES = {
    "role_arn": (ROLE_ARN, "the ARN of an IAM role"),
    "policy_arns": (POLICY_ARN, "the ARN of an IAM policy"),
    "external_id": (r"[-\w+=,.@:\\/]{2,1224}", "an external ID (2 to 1224 characters, a-z A-Z 0-9 _+=,.@:/\\-)"),
    "groups": (r"[-\w+=,.@]+", "the name of an IAM group"),
    "tenant_id": (_UUID, "a tenant's ID (a UUID)"),
    "client_id": (_UUID, "an application's ID (a UUID)"),
    "application_object_id": (_UUID, "an object ID (a UUID)"),
}


def check_config(parameters: Mapping[str, Any]) -> None:
    """Raise OptionError for an option of the other provider, or a value outside of the documented limits."""
    provider = PROVIDERS[parameters["type"]]
    for other in PROVIDERS.values():
        for option in other.definition:
            if option not in provider.definition and parameters[option] is not None:
                raise OptionError(
                    option, f"it belongs to type={other.name}, and this dynamic secret is of type={provider.name}."
                )
    if parameters["credential_type"] not in (None, provider.credential_type):
        raise OptionError("credential_type", f"{parameters['credential_type']} does not fit type={provider.name}.")
    _check_ttl(parameters["ttl"], provider)
    _check_lengths("groups", parameters["groups"] or [])
    check_shapes(parameters)
    _check_aws_tags(parameters["aws_tags"] or {})
    _check_policy(parameters["policy"])


def _check_aws_tags(tags: Mapping[str, Any]) -> None:
    _check_lengths("aws_tags", list(tags))
    for key, value in tags.items():
        if value is not None and len(str(value)) > _AWS_TAG_VALUE:
            raise OptionError("aws_tags", f"the value of {key!r} is longer than {_AWS_TAG_VALUE} characters.")


def incomplete(parameters: Mapping[str, Any], path: ResourcePath) -> OptionError | None:
    """Return the error for an option that creating needs; None: all are given."""
    missing = [option for option in PROVIDERS[parameters["type"]].required if not parameters[option]]
    return OptionError(missing[0], f"it is required to create {path}.") if missing else None


def config_after(current: Mapping[str, Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the API's configuration after the change; an empty value clears an optional field.

    Fields of options that are not given, or mean the same, stay as they are.
    """
    after = dict(current)
    for option, field in PROVIDERS[parameters["type"]].definition.items():
        wanted = parameters[option]
        if wanted is None:
            continue
        if option == "aws_tags":
            wanted = _aws_tags_after(current.get(field) or {}, wanted, purge=parameters["purge_tags"])
        if wanted in ("", [], {}):
            after.pop(field, None)
        elif not _same(option, current.get(field), wanted):
            after[field] = wanted
    return after


def _aws_tags_after(current: Mapping[str, Any], wanted: Mapping[str, Any], *, purge: bool) -> dict[str, str]:
    base = {} if purge or not wanted else current
    merged = {**base, **{str(key): value for key, value in wanted.items()}}
    return {key: str(value) for key, value in merged.items() if value is not None}


def _same(option: str, current: Any, wanted: Any) -> bool:
    if option in _SETS:
        return current is not None and set(current) == set(wanted)
    if option == "policy":
        return current is not None and same_json(_parsed(current), _parsed(wanted))
    return same_json(current, wanted)


def _parsed(policy: str) -> Any:
    try:
        return parse_json(policy)
    except ValueError:
        return policy


def _check_ttl(ttl: int | None, provider: Provider) -> None:
    least, most = provider.ttl
    if ttl is not None and not least <= ttl <= most:
        allowed = f"what {provider.credential_type} allows: {least} to {most} seconds."
        raise OptionError("ttl", f"{ttl} s is outside of {allowed}")


def check_shapes(parameters: Mapping[str, Any]) -> None:
    """Raise OptionError for a value that AWS or Azure would refuse."""
    for option, (pattern, what) in _SHAPES.items():
        given = parameters.get(option) or []
        for text in given if isinstance(given, list) else [given]:
            if not re.fullmatch(pattern, text, re.ASCII):
                raise OptionError(option, f"{text[:80]!r} is not {what}.")


def _check_lengths(option: str, names: list[Any]) -> None:
    least, most = _LIMITS[option]
    for name in names:
        if not least <= len(str(name)) <= most:
            raise OptionError(option, f"{str(name)[:20]!r} must have {least} to {most} characters.")


def _check_policy(policy: str | None) -> None:
    if policy and not isinstance(_parsed(policy), dict):
        raise OptionError("policy", "it is not a JSON object (an IAM policy document).")
