# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Security Token Service's client, over botocore: one call, one session."""

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
from .options import KEYS
from .request import ASSUME_ROLE, GET_SESSION_TOKEN, LONGEST_CHAINED, WEB_IDENTITY, AwsIdentity, Call

# The keys of a session, as External Secrets Operator names them, and AWS' own.
FIELDS = {
    "access_key_id": "AccessKeyId",
    "secret_access_key": "SecretAccessKey",
    "session_token": "SessionToken",
    "expiration": "Expiration",
}
_VARIABLES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
_AGENT = "community.workload_credentials"
_SENDABLE = re.compile(r"[\x21-\x7e]+")
# botocore's variables for a session that reads no file of AWS' tools.
_NO_FILES = {
    name: (None, None, value, None)
    for name, value in {"profile": None, "config_file": os.devnull, "credentials_file": os.devnull}.items()
}
# An endpoint of one's own has no region, but a signature has to name one.
_ANY_REGION = "us-east-1"
# botocore's words for where credentials come from that are a role's already.
_OF_A_ROLE = {"assume-role", "assume-role-with-web-identity", "container-role", "iam-role", "sso"}
_AWS = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws")
_NO_REGION = (
    "no region is set: give the option region, the environment variable AWS_REGION or AWS_DEFAULT_REGION, or region in "
    "the profile."
)


@dataclass(frozen=True)
class _Keys:
    """Credentials that were found.

    :arg method: botocore's word for where.
    :arg expiration: None: it is not known, or there is none.
    """

    access_key: str
    secret_key: str = field(repr=False)
    token: str | None = field(repr=False)
    method: str = ""
    expiration: Any = None


def session_of(caller: AwsIdentity, call: Call, web_identity: str | None = None) -> dict[str, str]:
    """Credentials of a new session, by FIELDS' keys; of one that botocore has already, without what is not known.

    :arg web_identity: the token that proves who asks, for the call that wants one.
    :raises MissingLibraryError: botocore is not here.
    :raises OptionError: the credentials that were found cannot ask this.
    :raises StsError: there is no session; the text holds no secret.
    """
    try:
        importlib.import_module("botocore.exceptions")
    except ImportError:
        raise MissingLibraryError("botocore", sys.executable) from None
    secrets = [one for one in (caller.secret_key, caller.session_token, call.token_code, web_identity) if one]
    net = Net(caller, call, secrets)
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
    """A session of botocore's with a region, where one is needed whatever is found.

    Keys and a web identity need no file; if AWS' files or the profile in them are of no use, they do without.
    """
    with net.around():
        from botocore.exceptions import BotoCoreError
        from botocore.session import Session

        session = Session(profile=caller.profile)
        if caller.has_keys or call.operation is WEB_IDENTITY or _has_keys_around(caller):
            try:
                session.get_scoped_config()
            except BotoCoreError:
                session = Session(session_vars=_NO_FILES)
        net.watch(session)
        region = caller.region or session.get_config_variable("region") or (caller.endpoint_url and _ANY_REGION)
    # What botocore has already needs no STS.
    if not region and (caller.has_keys or call.operation is not GET_SESSION_TOKEN):
        raise OptionError("region", _NO_REGION)
    if region:
        # For what botocore asks by itself, too, such as for the role of a profile.
        session.set_config_variable("region", region)
    return session


def _has_keys_around(caller: AwsIdentity) -> bool:
    """Whether the environment holds the keys, which come before a profile that it names too."""
    return caller.profile is None and all(os.environ.get(name) for name in _VARIABLES)


def _keys(net: Net, session: Any, caller: AwsIdentity) -> _Keys:
    """The credentials that ask, from the options or as botocore finds them; the session has them from now on."""
    method, expiration = "", None
    with net.around():
        if caller.has_keys:
            given: tuple[Any, Any, Any] = (caller.access_key, caller.secret_key, caller.session_token)
        else:
            _check_that_nobody_is_asked(session)
            found = session.get_credentials()
            if found is None:
                raise _nothing_found(caller)
            frozen = found.get_frozen_credentials()
            given, method = (frozen.access_key, frozen.secret_key, frozen.token), found.method
            # botocore has no public name for it; AWS' own command line reads the same.
            expiration = getattr(found, "_expiry_time", None)
    texts = [str(one).strip() if one else "" for one in given]
    net.secrets += [one for one in texts[1:] if one]
    if not texts[0] or not texts[1]:
        raise StsError(f"The credentials of {caller} are incomplete: there is no access key, or no secret key.")
    for name, text in zip(KEYS, texts):
        if text and not _SENDABLE.fullmatch(text):
            whose = "it" if caller.has_keys else f"that of {caller}"
            raise OptionError(name, f"{whose} holds a space, a line end or another character that no key has.")
    keys = _Keys(texts[0], texts[1], texts[2] or None, method, expiration)
    session.set_credentials(keys.access_key, keys.secret_key, keys.token)
    return keys


def _nothing_found(caller: AwsIdentity) -> OptionError:
    return OptionError(
        "profile" if caller.profile else "access_key",
        f"no credentials were found for {caller}: set access_key and secret_key or profile, or provide what AWS' "
        "own tools find (environment, ~/.aws, the role of a machine or container).",
    )


def _service(net: Net, session: Any, caller: AwsIdentity, call: Call) -> Any:
    """The client of botocore."""
    with net.around():
        from botocore import UNSIGNED
        from botocore.config import Config

        options: dict[str, Any] = {"user_agent_extra": _AGENT}
        if call.operation is WEB_IDENTITY:
            # The token is all the proof; no other credentials are looked for.
            options["signature_version"] = UNSIGNED
        if call.token_code:
            # A code serves once: a second attempt would fail, and hide why the first one did.
            options["retries"] = {"total_max_attempts": 1}
        if not session.get_config_variable("region"):
            raise OptionError("region", _NO_REGION)
        return session.create_client("sts", endpoint_url=caller.endpoint_url, config=Config(**options))


def _is_of_aws(address: str) -> bool:
    return str(urlsplit(address).hostname).endswith(_AWS)


def _is_session(keys: _Keys, caller: AwsIdentity, call: Call) -> bool:
    """Whether what was found is what is asked for: a profile's, container's or machine's credentials of a session.

    Keys of the options or the environment are the user's own, who can see what they are.
    """
    return bool(call.operation is GET_SESSION_TOKEN and keys.token and not caller.has_keys and keys.method != "env")


def _existing(keys: _Keys, caller: AwsIdentity, call: Call) -> dict[str, str]:
    """The session that botocore has already: GetSessionToken takes no credentials of a session.

    :raises OptionError: something was asked for that only a new session has.
    """
    asked = {"duration_seconds": call.duration, "serial_number": call.parameters.get("SerialNumber")}
    refused = next((name for name, value in asked.items() if value), None)
    if refused:
        raise OptionError(
            refused,
            f"the credentials of {caller} are those of a session already, which is given as it is: leave {refused} "
            "out, or set role_arn, or take a profile with the long-term keys of an IAM user.",
        )
    made = {"access_key_id": keys.access_key, "secret_access_key": keys.secret_key, "session_token": str(keys.token)}
    expiration = written(keys.expiration) if isinstance(keys.expiration, datetime) else None
    return {**made, "expiration": expiration} if expiration else made


def _check(keys: _Keys, caller: AwsIdentity, call: Call, *, is_aws: bool) -> None:
    """See that the credentials can ask this.

    :arg is_aws: they are for AWS itself; what another STS takes is its own matter.
    """
    if is_aws and keys.token and call.operation is GET_SESSION_TOKEN:
        raise OptionError(
            "session_token" if caller.has_keys else "role_arn",
            f"the credentials of {caller} are those of a session already, and GetSessionToken works with the long-term "
            "keys of an IAM user only: set role_arn, or the user's own keys.",
        )
    is_chained = call.operation is ASSUME_ROLE and keys.method in _OF_A_ROLE
    if is_aws and is_chained and call.duration and call.duration > LONGEST_CHAINED:
        raise OptionError(
            "duration_seconds",
            f"{call.duration} is out of range: the credentials of {caller} are a role's, and a role that another role "
            f"assumes lasts {LONGEST_CHAINED} at most.",
        )


def _check_that_nobody_is_asked(session: Any) -> None:
    """A profile may want the code of an MFA device, for which botocore would ask at the terminal, and wait."""
    profiles = session.full_config.get("profiles", {})
    name, seen = session.profile or "default", set[str]()
    while name in profiles and name not in seen:
        seen.add(name)
        if profiles[name].get("role_arn") and profiles[name].get("mfa_serial"):
            raise OptionError(
                "profile",
                f"{name} wants the code of an MFA device, and nobody can be asked for it here: set role_arn, "
                "serial_number and token_code, with the profile that has the long-term keys.",
            )
        name = profiles[name].get("source_profile", "")


def _credentials(call: Call, answer: Mapping[str, Any]) -> dict[str, str]:
    found = answer.get("Credentials") or {}
    if not all(found.get(name) for name in FIELDS.values()):
        raise StsError(f"{call.operation.name}: the answer holds no credentials. Check endpoint_url.")
    made = {key: found[name] for key, name in FIELDS.items()}
    return {**{key: str(value) for key, value in made.items()}, "expiration": str(written(made["expiration"]))}
