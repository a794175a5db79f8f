# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client of the Security Token Service, over botocore: one call, one session."""

from __future__ import annotations

import importlib
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from .._api.errors import MissingLibraryError, OptionError
from .._api.times import written
from .errors import Net, StsError, without_empty_variables
from .options import KEYS, LONGEST_CHAINED_SESSION, NEEDS_LONG_TERM_KEYS
from .request import ASSUME_ROLE, GET_SESSION_TOKEN, WEB_IDENTITY, AwsIdentity, Call

# The keys of a session by External Secrets Operator's names, with AWS' names.
FIELDS = {
    "access_key_id": "AccessKeyId",
    "secret_access_key": "SecretAccessKey",
    "session_token": "SessionToken",
    "expiration": "Expiration",
}
_VARIABLES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
_AGENT = "community.workload_credentials"
_SENDABLE = re.compile(r"[\x21-\x7e]+")
# botocore's settings for a session that reads no file of AWS' tools.
_NO_FILES = {
    name: (None, None, value, None)
    for name, value in {"profile": None, "config_file": os.devnull, "credentials_file": os.devnull}.items()
}
# A custom endpoint has no region, but a signature needs one.
_ANY_REGION = "us-east-1"
# botocore's words for the origin of a role's credentials.
_OF_A_ROLE = {"assume-role", "assume-role-with-web-identity", "container-role", "iam-role", "sso"}
_AWS = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws")
_NO_REGION = (
    "no region is set: give the option region, the environment variable AWS_REGION or AWS_DEFAULT_REGION, or region in "
    "the profile."
)


@dataclass(frozen=True)
class _Keys:
    """Credentials that sign a call.

    :arg method: botocore's word for their origin.
    :arg expiration: None: not known, or they do not expire.
    """

    access_key: str
    secret_key: str = field(repr=False)
    token: str = field(repr=False)
    method: str = ""
    expiration: Any = None


def session_of(caller: AwsIdentity, call: Call, web_identity: str | None = None) -> dict[str, str]:
    """Return the credentials of a new session by FIELDS' keys, or those of a session that botocore has already.

    :arg web_identity: the token for a call with a web identity.
    :raises MissingLibraryError: botocore is not installed.
    :raises OptionError: the credentials cannot make this call.
    :raises StsError: there is no session; the message holds no secret.
    """
    try:
        importlib.import_module("botocore.exceptions")
    except ImportError:
        raise MissingLibraryError("botocore", sys.executable) from None
    given = (caller.secret_key, caller.session_token, call.token_code, web_identity)
    net = Net(caller, call, [secret for secret in given if secret])
    with without_empty_variables():
        session = _session(net, caller, call)
        keys = None if call.operation is WEB_IDENTITY else _keys(net, session, caller)
        if keys and _is_session(keys, caller, call):
            return _existing(keys, caller, call)
        service = _service(net, session, caller, call)
        if keys:
            _check(keys, caller, call, is_aws=_is_of_aws(service.meta.endpoint_url))
        parameters = _parameters(call, web_identity)
        with net.around(sent=True):
            answer = getattr(service, call.operation.method)(**parameters)
    return _credentials(call, answer)


def _parameters(call: Call, web_identity: str | None) -> dict[str, Any]:
    proofs = {"TokenCode": call.token_code, "WebIdentityToken": web_identity}
    return {**call.parameters, **{name: value for name, value in proofs.items() if value}}


def _session(net: Net, caller: AwsIdentity, call: Call) -> Any:
    """Return botocore's session, with a region where the call surely needs one."""
    with net.around():
        session = _session_with_files(caller, call)
        net.watch(session)
        region = caller.region or session.get_config_variable("region") or (caller.endpoint_url and _ANY_REGION)
    # Credentials that botocore has already need no call.
    if not region and (caller.has_keys or call.operation is not GET_SESSION_TOKEN):
        raise OptionError("region", _NO_REGION)
    if region:
        # Calls of botocore itself need it too, as for the role of a profile.
        session.set_config_variable("region", region)
    return session


def _session_with_files(caller: AwsIdentity, call: Call) -> Any:
    """Return a session, which ignores AWS' files if they are broken and the call does not need them."""
    from botocore.exceptions import BotoCoreError
    from botocore.session import Session

    session = Session(profile=caller.profile)
    if caller.has_keys or call.operation is WEB_IDENTITY or _has_keys_in_environment(caller):
        try:
            session.get_scoped_config()
        except BotoCoreError:
            return Session(session_vars=_NO_FILES)
    return session


def _has_keys_in_environment(caller: AwsIdentity) -> bool:
    """Return whether the environment holds keys, which come before a profile that it names."""
    return caller.profile is None and all(os.environ.get(name) for name in _VARIABLES)


def _keys(net: Net, session: Any, caller: AwsIdentity) -> _Keys:
    """Return the credentials from the options or from botocore, and let the session use them."""
    with net.around():
        if caller.has_keys:
            keys = _Keys(_key(caller.access_key), _key(caller.secret_key), _key(caller.session_token))
        else:
            keys = _keys_of_chain(session, caller)
    net.secrets += filter(None, (keys.secret_key, keys.token))
    if not (keys.access_key and keys.secret_key):
        raise StsError(f"The credentials of {caller} are incomplete: there is no access key, or no secret key.")
    _check_characters(keys, caller)
    session.set_credentials(keys.access_key, keys.secret_key, keys.token or None)
    return keys


def _check_characters(keys: _Keys, caller: AwsIdentity) -> None:
    for name, text in zip(KEYS, (keys.access_key, keys.secret_key, keys.token)):
        if text and not _SENDABLE.fullmatch(text):
            whose = "it" if caller.has_keys else f"that of {caller}"
            raise OptionError(name, f"{whose} holds a space, a line end or another character that no key has.")


def _keys_of_chain(session: Any, caller: AwsIdentity) -> _Keys:
    _check_profile_needs_no_code(session)
    credentials = session.get_credentials()
    if credentials is None:
        raise _no_credentials(caller)
    frozen = credentials.get_frozen_credentials()
    # botocore has no public name for the expiration; AWS' own command line reads the same.
    expiration = getattr(credentials, "_expiry_time", None)
    keys = _key(frozen.access_key), _key(frozen.secret_key), _key(frozen.token)
    return _Keys(*keys, credentials.method, expiration)


def _key(value: Any) -> str:
    return str(value).strip() if value else ""


def _no_credentials(caller: AwsIdentity) -> OptionError:
    return OptionError(
        "profile" if caller.profile else "access_key",
        f"no credentials were found for {caller}: set access_key and secret_key or profile, or provide what AWS' "
        "own tools find (environment, ~/.aws, the role of a machine or container).",
    )


def _service(net: Net, session: Any, caller: AwsIdentity, call: Call) -> Any:
    """Return botocore's client of STS."""
    with net.around():
        from botocore import UNSIGNED
        from botocore.config import Config

        options: dict[str, Any] = {"user_agent_extra": _AGENT}
        if call.operation is WEB_IDENTITY:
            # The token is enough, so botocore need not search for credentials.
            options["signature_version"] = UNSIGNED
        if call.token_code:
            # A code is valid once: a second attempt would fail and hide why the first one did.
            options["retries"] = {"total_max_attempts": 1}
        if not session.get_config_variable("region"):
            raise OptionError("region", _NO_REGION)
        return session.create_client("sts", endpoint_url=caller.endpoint_url, config=Config(**options))


def _is_of_aws(address: str) -> bool:
    return str(urlsplit(address).hostname).endswith(_AWS)


def _is_session(keys: _Keys, caller: AwsIdentity, call: Call) -> bool:
    """Return whether the credentials of a profile, container or machine are the wanted session already.

    Keys in the options or the environment come from the user, who can see what they are.
    """
    return bool(call.operation is GET_SESSION_TOKEN and keys.token and not caller.has_keys and keys.method != "env")


def _existing(keys: _Keys, caller: AwsIdentity, call: Call) -> dict[str, str]:
    """Return the session that botocore has already, since GetSessionToken does not accept its credentials.

    :raises OptionError: an option asks for something that only a new session can have.
    """
    wanted = {"duration_seconds": call.duration, "serial_number": call.parameters.get("SerialNumber")}
    for option, value in wanted.items():
        if value:
            raise OptionError(
                option,
                f"the credentials of {caller} are those of a session already, which is returned as it is: leave "
                f"{option} out, or set role_arn, or use a profile with the long-term keys of an IAM user.",
            )
    made = {"access_key_id": keys.access_key, "secret_access_key": keys.secret_key, "session_token": str(keys.token)}
    expiration = written(keys.expiration) if isinstance(keys.expiration, datetime) else None
    return {**made, "expiration": expiration} if expiration else made


def _check(keys: _Keys, caller: AwsIdentity, call: Call, *, is_aws: bool) -> None:
    """Check that the credentials can make this call.

    :arg is_aws: the endpoint is AWS'; another STS may have other rules.
    """
    if is_aws and keys.token and call.operation is GET_SESSION_TOKEN:
        raise OptionError(
            "session_token" if caller.has_keys else "role_arn",
            f"the credentials of {caller} are those of a session already, and {NEEDS_LONG_TERM_KEYS}: set role_arn, or "
            "the user's own keys.",
        )
    is_chained = call.operation is ASSUME_ROLE and keys.method in _OF_A_ROLE
    if is_aws and is_chained and call.duration and call.duration > LONGEST_CHAINED_SESSION:
        raise OptionError(
            "duration_seconds",
            f"{call.duration} is out of range: the credentials of {caller} are a role's, and a role that another role "
            f"assumes lasts at most {LONGEST_CHAINED_SESSION}.",
        )


def _check_profile_needs_no_code(session: Any) -> None:
    """Refuse a profile that needs the code of an MFA device, for which botocore would prompt at the terminal."""
    profiles = session.full_config.get("profiles", {})
    name, seen = session.profile or "default", set[str]()
    while name in profiles and name not in seen:
        seen.add(name)
        if profiles[name].get("role_arn") and profiles[name].get("mfa_serial"):
            raise OptionError(
                "profile",
                f"{name} needs an MFA code, which cannot be entered here: set role_arn, "
                "serial_number and token_code, with the profile that has the long-term keys.",
            )
        name = profiles[name].get("source_profile", "")


def _credentials(call: Call, answer: Mapping[str, Any]) -> dict[str, str]:
    given = answer.get("Credentials") or {}
    if not all(given.get(name) for name in FIELDS.values()):
        raise StsError(f"{call.operation.name}: the answer holds no credentials. Check endpoint_url.")
    credentials = {key: str(given[name]) for key, name in FIELDS.items()}
    return {**credentials, "expiration": str(written(given["Expiration"]))}
