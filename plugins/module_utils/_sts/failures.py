# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Security Token Service or botocore refuses, in words that name the option and hold no secret.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import (
    WorkloadCredentialsError,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._api.shown import one_line
from ansible_collections.community.workload_credentials.plugins.module_utils._sts.calls import (
    GET_SESSION_TOKEN,
    WEB_IDENTITY,
    Call,
)

_HIDDEN = "(hidden)"
_LATER = "The service limits requests: repeat later, with fewer at the same time (concurrency, forks)."
# What is wrong, by words of AWS' message; the first that fits counts.
_ADVICE_BY_WORDS = (
    ("MultiFactorAuthentication failed", "Check serial_number, and take the device's next token_code."),
    (
        "with session credentials",
        "GetSessionToken works with the long-term keys of an IAM user only: set role_arn, or the user's own keys.",
    ),
    ("1 hour session limit", "duration_seconds: a role that another role assumes lasts 3600 seconds at most."),
    ("MaxSessionDuration", "duration_seconds: it is longer than the role's own maximum session duration."),
)
_ALLOWED_USER = "a policy of this user allows sts:GetSessionToken"
_ALLOWED_ROLE = "role_arn is right, and the role's trust policy names who asks, with external_id and MFA as it says"
_EXPIRED_TOKEN = "The web identity token has expired: see that a fresh one is there (web_identity_token_file)."
_EXPIRED_KEYS = "session_token: the credentials that sign have expired: get fresh ones."
# By AWS' error code.
_ADVICE_BY_CODE = {
    "AccessDenied": "Check that {allowed}.",
    "ExpiredToken": "{expired}",
    "ExpiredTokenException": "{expired}",
    "IDPCommunicationError": "AWS could not reach the token's issuer: repeat later.",
    "IDPRejectedClaim": "Check the role's trust policy: its conditions name the token's audience and subject.",
    "InvalidClientTokenId": "access_key: AWS does not know it, or it is not active, or session_token is another's.",
    "InvalidIdentityToken": "Check that the account has an OIDC provider for the token's issuer and audience.",
    "MalformedPolicyDocument": "policy: it is not an IAM policy that AWS understands.",
    "PackedPolicyTooLarge": "policy, policy_arns: they are too large together.",
    "RegionDisabledException": "region: STS is not active there for this account.",
    "RequestLimitExceeded": _LATER,
    "SignatureDoesNotMatch": "secret_key: it is not that of access_key, or this machine's clock is wrong.",
    "Throttling": _LATER,
    "ThrottlingException": _LATER,
    "TooManyRequestsException": _LATER,
}
_USED_UP = "token_code: the code was sent and is not sent again; take the device's next one."
# Classes of botocore's errors whose own text names no more than addresses, names and causes.
_PLAIN = {
    "ConnectTimeoutError",
    "ConnectionClosedError",
    "EndpointConnectionError",
    "HTTPClientError",
    "InvalidRegionError",
    "ProfileNotFound",
    "ReadTimeoutError",
    "SSLError",
    "UnknownEndpointError",
}


class StsError(WorkloadCredentialsError):
    """STS did not answer with a session; the text says why and what to do."""


def refused(call: Call, asked: str, answer: Mapping[str, Any], secrets: Iterable[str]) -> StsError:
    """The error of an answer that is none.

    :arg asked: the operation that it answers, which may be one with which botocore finds credentials for the call.
    :arg answer: botocore's ``response`` of a ``ClientError``.
    :arg secrets: what was sent: AWS repeats what it finds wrong.
    """
    said = answer.get("Error") or {}
    code, message = str(said.get("Code") or "an unknown error"), str(said.get("Message") or "")
    told = [one_line(hidden(part, secrets)) for part in (code, message) if part]
    is_spent = call.token_code and asked == call.operation.name
    return _told(asked, ": ".join(told), _advice(asked, code, message), _USED_UP if is_spent else "")


def broken(call: Call, error: Exception, secrets: Iterable[str], *, sent: bool) -> StsError:
    """The error in the place of one of botocore's own, whose text may hold a line of a file or of a program's output.

    :arg sent: the call itself may have reached STS.
    """
    name = type(error).__name__
    said = f"{name}: {one_line(hidden(str(error), secrets))}" if name in _PLAIN else name
    is_spent = call.token_code and sent
    return _told(call.operation.name, said, _ADVICE_BY_CLASS.get(name, ""), _USED_UP if is_spent else "")


def hidden(text: str, secrets: Iterable[str]) -> str:
    """The text without the secrets, also as a form or an address carries them."""
    for secret in secrets:
        for form in (secret, quote(secret, safe=""), quote_plus(secret)):
            text = text.replace(form, _HIDDEN)
    return text


_ADVICE_BY_CLASS = {
    "ConfigParseError": "An AWS configuration file cannot be read: it is no ini file.",
    "CredentialRetrievalError": "The program or service that the profile names gave no credentials.",
    "ProfileNotFound": "profile: name one of ~/.aws/config or ~/.aws/credentials.",
    "ProxyConnectionError": "Check the proxy that HTTPS_PROXY names.",
    "SSLError": "Check endpoint_url, and set AWS_CA_BUNDLE where another authority has signed its certificate.",
    "SSOTokenLoadError": "Sign in first: aws sso login.",
    "TokenRetrievalError": "Sign in first: aws sso login.",
    "UnauthorizedSSOTokenError": "Sign in first: aws sso login.",
}


def _told(asked: str, what: str, *steps: str) -> StsError:
    return StsError(" ".join([f"{asked}: {what.rstrip('.')}.", *filter(None, steps)]))


def _advice(asked: str, code: str, message: str) -> str:
    by_words = next((advice for words, advice in _ADVICE_BY_WORDS if words in message), None)
    return by_words or _ADVICE_BY_CODE.get(code, "").format(
        allowed=_ALLOWED_USER if asked == GET_SESSION_TOKEN.name else _ALLOWED_ROLE,
        expired=_EXPIRED_TOKEN if asked == WEB_IDENTITY.name else _EXPIRED_KEYS,
    )
