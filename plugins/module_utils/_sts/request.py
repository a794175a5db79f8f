# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A request to AWS' Security Token Service as a value: who asks, which call, and with what; nothing is sent here."""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from .._api.errors import OptionError
from .._api.option_values import is_set, shown, stripped
from .._api.text import decoded
from .options import IDENTITY, KEYS

SHORTEST = 900
# For a role that is assumed with the credentials of another role.
LONGEST_CHAINED = 3600
USUAL_SESSION_NAME = "workload-credentials"
_CODE = re.compile(r"[0-9]{6}")
# What the API's own description says of its parameters, and what a person needs to be told.
_SHAPES = {
    "serial_number": (r"[\w+=/:,.@-]{9,256}", "the ARN of an MFA device, such as arn:aws:iam::123456789012:mfa/me"),
    "role_arn": (r"arn:aws[-a-z]*:iam::[0-9]{12}:role/[!-~]+", "a role, such as arn:aws:iam::123456789012:role/deploy"),
    "role_session_name": (r"[\w+=,.@-]{2,64}", "2 to 64 letters, digits and =,.@+_-"),
    "external_id": (r"[\w+=,.@:/-]{2,1224}", "2 to 1224 letters, digits and =,.@:/+_-"),
}
_POLICY_ARN = re.compile(r"arn:aws[-a-z]*:iam::(aws|[0-9]{12}):policy/[!-~]+")


@dataclass(frozen=True)
class Operation:
    """A call of the API.

    :arg name: AWS' own; ``method``: botocore's.
    :arg longest: seconds that a session may last.
    :arg takes: the options that it has a parameter for, with the parameter's name.
    """

    name: str
    method: str
    longest: int
    takes: Mapping[str, str]


_DEVICE = {"serial_number": "SerialNumber", "token_code": "TokenCode"}
_ROLE = {"role_arn": "RoleArn", "role_session_name": "RoleSessionName", "policy": "Policy", "policy_arns": "PolicyArns"}
GET_SESSION_TOKEN = Operation("GetSessionToken", "get_session_token", 129600, _DEVICE)
ASSUME_ROLE = Operation("AssumeRole", "assume_role", 43200, {**_ROLE, **_DEVICE, "external_id": "ExternalId"})
WEB_IDENTITY = Operation("AssumeRoleWithWebIdentity", "assume_role_with_web_identity", 43200, _ROLE)


@dataclass(frozen=True)
class Call:
    """One call. ``parameters`` are the API's, without what proves who asks."""

    operation: Operation
    parameters: Mapping[str, Any]
    token_code: str | None = field(default=None, repr=False)

    @property
    def duration(self) -> int | None:
        """Seconds; None: as STS does where nothing is said."""
        found: int | None = self.parameters.get("DurationSeconds")
        return found


def with_what_a_pod_has(parameters: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """The options with the role of a pod's service account, if nothing says who asks.

    botocore would assume that role by itself, and GetSessionToken takes no credentials of a role.
    """
    found = {
        "role_arn": environment.get("AWS_ROLE_ARN"),
        "web_identity_token_file": environment.get("AWS_WEB_IDENTITY_TOKEN_FILE"),
    }
    said = (*IDENTITY, *found, "service_account", "serial_number", "token_code")
    if not all(map(is_set, found.values())) or any(parameters.get(name) for name in said):
        return dict(parameters)
    name = parameters.get("role_session_name") or environment.get("AWS_ROLE_SESSION_NAME") or None
    return {**parameters, **found, "role_session_name": name}


def call_of(parameters: Mapping[str, Any]) -> Call:
    """The call that the options ask for.

    :arg parameters: of the right types; what is not set is None.
    :raises OptionError: they do not go together, or the call would be refused.
    """
    operation = _operation(parameters)
    given = {name: value for name, value in parameters.items() if value not in (None, "", [], {})}
    for option in ASSUME_ROLE.takes:
        if option in given and option not in operation.takes:
            raise OptionError(option, f"{operation.name} does not take it{_why(operation)}.")
    code = _code(given)
    duration = _duration(given, operation)
    if "RoleSessionName" in operation.takes.values():
        given.setdefault("role_session_name", USUAL_SESSION_NAME)
    made = {
        parameter: _value(option, given[option])
        for option, parameter in operation.takes.items()
        if option in given and option != "token_code"
    }
    return Call(operation, {**made, **duration}, code)


def _operation(parameters: Mapping[str, Any]) -> Operation:
    proofs = [name for name in ("web_identity_token_file", "service_account") if parameters.get(name)]
    if len(proofs) == 2:
        raise OptionError(proofs[0], f"it is set and so is {proofs[1]}: set one of the two.")
    if proofs and not parameters.get("role_arn"):
        raise OptionError(proofs[0], "it needs role_arn, the role that trusts the token's issuer.")
    if proofs:
        return WEB_IDENTITY
    return ASSUME_ROLE if parameters.get("role_arn") else GET_SESSION_TOKEN


def _why(operation: Operation) -> str:
    if operation is GET_SESSION_TOKEN:
        return ", which is called where no role_arn is set"
    return ", which is called where a web identity is set" if operation is WEB_IDENTITY else ""


def _code(given: Mapping[str, Any]) -> str | None:
    code: str | None = given.get("token_code")
    missing = [name for name in _DEVICE if name not in given]
    if len(missing) == 1:
        raise OptionError(missing[0], "AWS wants serial_number and token_code together.")
    if code is not None and not _CODE.fullmatch(code):
        # It is not repeated: a code may still be good.
        raise OptionError("token_code", "it must be six digits, as a text (in quotes).")
    return code


def _duration(given: Mapping[str, Any], operation: Operation) -> dict[str, int]:
    seconds = given.get("duration_seconds")
    if seconds is None:
        return {}
    if not SHORTEST <= seconds <= operation.longest:
        raise OptionError(
            "duration_seconds", f"{seconds} is out of range: {operation.name} takes {SHORTEST} to {operation.longest}."
        )
    return {"DurationSeconds": int(seconds)}


def _value(option: str, value: Any) -> Any:
    if option == "policy":
        return _policy(value)
    if option == "policy_arns":
        return [_policy_arn(one) for one in value]
    pattern, wanted = _SHAPES[option]
    if not re.fullmatch(pattern, value, re.ASCII):
        raise OptionError(option, f"{shown(value)} is not {wanted}.")
    return value


def _policy(value: Any) -> str:
    try:
        document = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise OptionError("policy", "it is not a JSON object (an IAM policy document).")
    # White space counts towards the size that AWS allows.
    return json.dumps(document, separators=(",", ":"))


def _policy_arn(value: Any) -> dict[str, str]:
    if not _POLICY_ARN.fullmatch(str(value)):
        raise OptionError("policy_arns", f"{shown(value)} is not the ARN of an IAM policy.")
    return {"arn": str(value)}


@dataclass(frozen=True)
class AwsIdentity:
    """Whose credentials sign, and where. Without keys and profile it is the SDK's default chain that finds some."""

    region: str | None
    endpoint_url: str | None
    profile: str | None
    access_key: str | None
    secret_key: str | None = field(repr=False)
    session_token: str | None = field(repr=False)

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any]) -> AwsIdentity:
        """Check the options that say who asks.

        :arg parameters: of the right types; what is not set is None.
        :raises OptionError: they cannot work together, before anything is sent.
        """
        given = {name: _text(parameters, name) for name in KEYS}
        pair = {name: given[name] for name in ("access_key", "secret_key")}
        missing = [name for name, value in pair.items() if value is None]
        if any(given.values()) and missing:
            raise OptionError(
                missing[0], "access_key and secret_key go together, with session_token where there is one."
            )
        profile = _text(parameters, "profile")
        if profile and not missing:
            raise OptionError("profile", "it is set and so is access_key: set one of the two.")
        return cls(
            region=_text(parameters, "region"),
            endpoint_url=_endpoint(_text(parameters, "endpoint_url")),
            profile=profile,
            **given,
        )

    @property
    def has_keys(self) -> bool:
        """Whether the options hold the keys themselves."""
        return self.access_key is not None

    def __str__(self) -> str:
        """Who it is, for messages."""
        if self.profile:
            return f"the profile {self.profile}"
        return f"the access key {self.access_key}" if self.access_key else "the default chain"


def _text(parameters: Mapping[str, Any], name: str) -> str | None:
    """What is set, without the white space that files and forms leave around it."""
    return stripped(str(parameters.get(name) or "")) or None


def _endpoint(value: str | None) -> str | None:
    if not value:
        return None
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("https", "http") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    # An address with credentials in it is not repeated.
    if "@" in value:
        raise OptionError("endpoint_url", "an address without credentials is needed.")
    if not usable:
        raise OptionError("endpoint_url", f"{shown(value)} is not an http(s) address.")
    return value


_OPTION = "web_identity_token_file"
_TOKEN = re.compile(r"[\x21-\x7e]{4,20000}")


@dataclass(frozen=True)
class WebIdentity:
    """A token that proves who asks.

    :arg name: where it comes from.
    :arg token: gives it, anew at each use, since projected and OIDC tokens rotate.
    """

    name: str
    token: Callable[[], str]


def token_in(path: str) -> str:
    """The token in a file, which is read at each use.

    :raises OptionError: there is no file, no token in it, or one that has expired; the text holds nothing of it.
    """
    path = os.path.expanduser(os.path.expandvars(path))
    try:
        with open(path, "rb") as stream:
            token = stripped(decoded(stream.read()))
    except OSError as error:
        raise OptionError(_OPTION, f"cannot read {path}: {error.strerror}.") from None
    except ValueError:
        raise OptionError(_OPTION, f"{path} is not a text file.") from None
    if not _TOKEN.fullmatch(token):
        raise OptionError(_OPTION, f"there is no token in {path}, or it has spaces or line ends in it.")
    expiration = _claims(token).get("exp")
    if isinstance(expiration, (int, float)) and expiration <= time.time():
        raise OptionError(_OPTION, f"the token in {path} has expired: see that a fresh one is there.")
    return token


def _claims(token: str) -> dict[str, Any]:
    """What a JSON Web Token says of itself; nothing where it is none, which is for AWS to judge."""
    parts = token.split(".")
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (IndexError, ValueError, binascii.Error, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}
