# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Security Token Service's client, over botocore: one call, one session.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import (
    MissingLibraryError,
    OptionError,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._api.times import written
from ansible_collections.community.workload_credentials.plugins.module_utils._sts.caller import Caller
from ansible_collections.community.workload_credentials.plugins.module_utils._sts.calls import (
    ASSUME_ROLE,
    GET_SESSION_TOKEN,
    LONGEST_CHAINED,
    WEB_IDENTITY,
    Call,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._sts.failures import (
    StsError,
    broken,
    refused,
)

# The keys of a session, as External Secrets Operator names them, and AWS' own.
FIELDS = {
    "access_key_id": "AccessKeyId",
    "secret_access_key": "SecretAccessKey",
    "session_token": "SessionToken",
    "expiration": "Expiration",
}
_AGENT = "community.workload_credentials"
# An endpoint of one's own has no region, but a signature has to name one.
_ANY_REGION = "us-east-1"
# botocore's words for where credentials come from that are a role's already.
_OF_A_ROLE = {"assume-role", "assume-role-with-web-identity", "container-role", "iam-role", "sso"}
_AWS = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws")
_NO_REGION = (
    "no region is set: give the option region, the environment variable AWS_REGION or AWS_DEFAULT_REGION, or region in "
    "the profile."
)


def session_of(caller: Caller, call: Call, web_identity: str | None = None) -> dict[str, str]:
    """Credentials of a new session, by FIELDS' keys.

    :arg web_identity: the token that proves who asks, for the call that wants one.
    :raises MissingLibraryError: botocore is not here.
    :raises OptionError: the credentials that were found cannot ask this.
    :raises StsError: there is no session; the text holds no secret.
    """
    try:
        import botocore.exceptions
    except ImportError:
        raise MissingLibraryError("botocore", sys.executable) from None
    secrets = [one for one in (caller.secret_key, caller.session_token, call.token_code, web_identity) if one]
    sent = False
    try:
        service = _service(caller, call, secrets)
        parameters = _parameters(call, web_identity)
        sent = True
        answer = getattr(service, call.operation.method)(**parameters)
    except botocore.exceptions.ClientError as error:
        raise refused(call, error.operation_name, error.response, secrets) from None
    except botocore.exceptions.BotoCoreError as error:
        raise broken(call, error, secrets, sent=sent) from None
    return _credentials(call, answer)


def _parameters(call: Call, web_identity: str | None) -> dict[str, Any]:
    proofs = {"TokenCode": call.token_code, "WebIdentityToken": web_identity}
    return {**call.parameters, **{name: value for name, value in proofs.items() if value}}


def _service(caller: Caller, call: Call, secrets: list[str]) -> Any:
    """The client of botocore.

    :arg secrets: takes those that are found in files.
    """
    import botocore
    from botocore.config import Config
    from botocore.session import Session

    session = Session(profile=caller.profile)
    region = caller.region or session.get_config_variable("region") or (caller.endpoint_url and _ANY_REGION)
    if not region:
        raise OptionError("region", _NO_REGION)
    # For what botocore asks by itself, too, such as for the role of a profile.
    session.set_config_variable("region", region)
    options: dict[str, Any] = {"user_agent_extra": _AGENT}
    if call.operation is WEB_IDENTITY:
        # The token is all the proof; no other credentials are looked for.
        options["signature_version"] = botocore.UNSIGNED
    elif caller.has_keys:
        session.set_credentials(caller.access_key, caller.secret_key, caller.session_token)
    else:
        _check_that_nobody_is_asked(session)
    if call.token_code:
        # A code serves once: a second attempt would fail, and hide why the first one did.
        options["retries"] = {"total_max_attempts": 1}
    service = session.create_client("sts", endpoint_url=caller.endpoint_url, config=Config(**options))
    if call.operation is not WEB_IDENTITY:
        _check_credentials(session, caller, call, secrets, is_aws=_is_of_aws(service.meta.endpoint_url))
    return service


def _is_of_aws(address: str) -> bool:
    return str(urlsplit(address).hostname).endswith(_AWS)


def _check_credentials(session: Any, caller: Caller, call: Call, secrets: list[str], *, is_aws: bool) -> None:
    """See that the session has credentials which can ask this.

    :arg is_aws: they are for AWS itself; what another STS takes is its own matter.
    """
    found = session.get_credentials()
    if found is None:
        raise OptionError(
            "profile" if caller.profile else "access_key",
            f"no credentials were found for {caller}: set access_key and secret_key or profile, or provide what AWS' "
            "own tools find (environment, ~/.aws, the role of a machine or container).",
        )
    frozen = found.get_frozen_credentials()
    secrets += [one for one in (frozen.secret_key, frozen.token) if one]
    if is_aws and frozen.token and call.operation is GET_SESSION_TOKEN:
        raise OptionError(
            "session_token" if caller.has_keys else "role_arn",
            f"the credentials of {caller} are those of a session already, and GetSessionToken works with the long-term "
            "keys of an IAM user only: set role_arn, or the user's own keys.",
        )
    is_chained = call.operation is ASSUME_ROLE and found.method in _OF_A_ROLE
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
