# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A request to AWS' Security Token Service as a value: the identity, the call and its parameters."""

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
from .._providers import POLICY_ARN, ROLE_ARN
from .options import (
    IDENTITY,
    KEYS,
    LONGEST_ROLE_SESSION,
    LONGEST_SESSION,
    NO_TOKEN_CODE,
    SHORTEST_SESSION,
    TOKEN_CODE,
    USUAL_ROLE_SESSION,
    USUAL_SESSION,
)

USUAL_SESSION_NAME = "workload-credentials"
# The patterns of the API's own description, and a description of each for messages.
_SHAPES = {
    "serial_number": (r"[\w+=/:,.@-]{9,256}", "the ARN of an MFA device, such as arn:aws:iam::123456789012:mfa/me"),
    "role_arn": (ROLE_ARN, "a role, such as arn:aws:iam::123456789012:role/deploy"),
    "role_session_name": (r"[\w+=,.@-]{2,64}", "2 to 64 letters, digits and =,.@+_-"),
    "external_id": (r"[\w+=,.@:/-]{2,1224}", "2 to 1224 letters, digits and =,.@:/+_-"),
}


@dataclass(frozen=True)
class Operation:
    """A call of the API.

    :arg name: of AWS; ``method``: of botocore.
    :arg usual: seconds that a session lasts unless the caller says otherwise; ``longest``: the longest session.
    :arg takes: the options that it accepts, with the names of their parameters.
    """

    name: str
    method: str
    usual: int
    longest: int
    takes: Mapping[str, str]


_DEVICE = {"serial_number": "SerialNumber", "token_code": "TokenCode"}
_ROLE = {"role_arn": "RoleArn", "role_session_name": "RoleSessionName", "policy": "Policy", "policy_arns": "PolicyArns"}
_ASSUMED_ROLE = {**_ROLE, **_DEVICE, "external_id": "ExternalId"}
GET_SESSION_TOKEN = Operation("GetSessionToken", "get_session_token", USUAL_SESSION, LONGEST_SESSION, _DEVICE)
ASSUME_ROLE = Operation("AssumeRole", "assume_role", USUAL_ROLE_SESSION, LONGEST_ROLE_SESSION, _ASSUMED_ROLE)
WEB_IDENTITY = Operation(
    "AssumeRoleWithWebIdentity", "assume_role_with_web_identity", USUAL_ROLE_SESSION, LONGEST_ROLE_SESSION, _ROLE
)


@dataclass(frozen=True)
class Call:
    """One call, with the API's parameters but for codes and tokens."""

    operation: Operation
    parameters: Mapping[str, Any]
    token_code: str | None = field(default=None, repr=False)

    @property
    def duration(self) -> int | None:
        """Return the session's life in seconds; None: STS decides."""
        seconds: int | None = self.parameters.get("DurationSeconds")
        return seconds


def with_what_a_pod_has(parameters: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """Return the options with the role of a pod's service account, if they name no identity.

    botocore would assume that role by itself, and GetSessionToken does not accept a role's credentials.
    """
    of_pod = {
        "role_arn": environment.get("AWS_ROLE_ARN"),
        "web_identity_token_file": environment.get("AWS_WEB_IDENTITY_TOKEN_FILE"),
    }
    identity = (*IDENTITY, *of_pod, "service_account", "serial_number", "token_code")
    if not all(map(is_set, of_pod.values())) or any(parameters.get(name) for name in identity):
        return dict(parameters)
    name = parameters.get("role_session_name") or environment.get("AWS_ROLE_SESSION_NAME") or None
    return {**parameters, **of_pod, "role_session_name": name}


def call_of(parameters: Mapping[str, Any]) -> Call:
    """Return the call that the options ask for.

    :arg parameters: of the right types, None where nothing is set.
    :raises OptionError: the options do not fit together, or STS would refuse the call.
    """
    operation = _operation(parameters)
    given = {name: value for name, value in parameters.items() if value not in (None, "", [], {})}
    for option in ASSUME_ROLE.takes:
        if option in given and option not in operation.takes:
            raise OptionError(option, f"{operation.name} does not accept it{_why(operation)}.")
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
        raise OptionError(missing[0], "AWS needs serial_number and token_code together.")
    if code is not None and not TOKEN_CODE.fullmatch(code):
        # The message does not repeat the code, which may still be valid.
        raise OptionError("token_code", NO_TOKEN_CODE)
    return code


def _duration(given: Mapping[str, Any], operation: Operation) -> dict[str, int]:
    seconds = given.get("duration_seconds")
    if seconds is None:
        return {}
    if not SHORTEST_SESSION <= seconds <= operation.longest:
        allowed = f"{operation.name} allows {SHORTEST_SESSION} to {operation.longest}"
        raise OptionError("duration_seconds", f"{seconds} is out of range: {allowed}.")
    return {"DurationSeconds": int(seconds)}


def _value(option: str, value: Any) -> Any:
    if option == "policy":
        return _policy(value)
    if option == "policy_arns":
        return [_policy_arn(arn) for arn in value]
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
    # White space counts towards AWS' limit of size.
    return json.dumps(document, separators=(",", ":"))


def _policy_arn(value: Any) -> dict[str, str]:
    if not re.fullmatch(POLICY_ARN, str(value)):
        raise OptionError("policy_arns", f"{shown(value)} is not the ARN of an IAM policy.")
    return {"arn": str(value)}


@dataclass(frozen=True)
class AwsIdentity:
    """The credentials that sign, and the endpoint. Without keys and profile the SDK's default chain finds some."""

    region: str | None
    endpoint_url: str | None
    profile: str | None
    access_key: str | None
    secret_key: str | None = field(repr=False)
    session_token: str | None = field(repr=False)

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any]) -> AwsIdentity:
        """Check the options of the identity.

        :arg parameters: of the right types, None where nothing is set.
        :raises OptionError: the options do not fit together.
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
        """Return whether the options hold the keys themselves."""
        return self.access_key is not None

    def __str__(self) -> str:
        """Return a description for messages."""
        if self.profile:
            return f"the profile {self.profile}"
        return f"the access key {self.access_key}" if self.access_key else "the default chain"


def _text(parameters: Mapping[str, Any], name: str) -> str | None:
    """Return an option's text without the white space that files and forms leave around it."""
    return stripped(str(parameters.get(name) or "")) or None


def _endpoint(value: str | None) -> str | None:
    if not value:
        return None
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("https", "http") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    # The message does not repeat an address with credentials in it.
    if "@" in value:
        raise OptionError("endpoint_url", "an address without credentials is needed.")
    if not usable:
        raise OptionError("endpoint_url", f"{shown(value)} is not an http(s) address.")
    return value


_OPTION = "web_identity_token_file"
_TOKEN = re.compile(r"[\x21-\x7e]{4,20000}")


@dataclass(frozen=True)
class WebIdentity:
    """A token that proves an identity.

    :arg name: where it comes from.
    :arg token: reads it at each use, since projected and OIDC tokens rotate.
    """

    name: str
    token: Callable[[], str]


def token_in(path: str) -> str:
    """Return the token in a file.

    :raises OptionError: there is no file, no token in it, or an expired one; the message repeats nothing of it.
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
    """Return the claims of a JSON Web Token; empty for anything else, which AWS has to judge."""
    parts = token.split(".")
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (IndexError, ValueError, binascii.Error, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}
