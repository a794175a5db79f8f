# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Security Token Service or botocore refuses, in words that name the option and hold no secret."""

from __future__ import annotations

import logging
import os
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, quote_plus

from .._api.errors import WorkloadCredentialsError
from .._api.option_values import is_set, shown
from .._api.text import one_line
from .request import GET_SESSION_TOKEN, WEB_IDENTITY, AwsIdentity, Call

_HIDDEN = "(hidden)"
_LATER = "The service limits requests: repeat later, with fewer at the same time (concurrency, forks)."
# What is wrong, by words of AWS' message; the first that fits counts.
_CLOCK = "This machine's clock is wrong: AWS takes a request for some minutes only."
_ADVICE_BY_WORDS = (
    ("Signature expired", _CLOCK),
    ("Signature not yet current", _CLOCK),
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
    "InvalidSignatureException": _CLOCK + " Or secret_key is not that of access_key.",
    "InvalidClientTokenId": "access_key: AWS does not know it, or it is not active, or session_token is another's.",
    "InvalidIdentityToken": "Check that the account has an OIDC provider for the token's issuer and audience.",
    "MalformedPolicyDocument": "policy: it is not an IAM policy that AWS understands.",
    "PackedPolicyTooLarge": "policy, policy_arns: they are too large together.",
    "RegionDisabledException": "region: STS is not active there for this account.",
    "RequestExpired": _CLOCK,
    "RequestInTheFuture": _CLOCK,
    "RequestLimitExceeded": _LATER,
    "RequestTimeTooSkewed": _CLOCK,
    "SignatureDoesNotMatch": "secret_key: it is not that of access_key, or this machine's clock is wrong.",
    "Throttling": _LATER,
    "ThrottlingException": _LATER,
    "TooManyRequestsException": _LATER,
    # Of single sign-on.
    "UnauthorizedException": "Sign in first: aws sso login.",
}
_USED_UP = "token_code: the code was sent and is not sent again; take the device's next one."
# Their texts may hold what a program or service has said, or a header of the request.
_QUOTING = ("HTTPClientError", "MetadataRetrievalError", "TokenRetrievalError", "ResponseStreamingError")
_OF_CREDENTIALS = ("CredentialRetrievalError", "MetadataRetrievalError", "TokenRetrievalError")
# What botocore itself says of a program, which quotes no more than this of it.
_OF_A_PROGRAM = re.compile(r"Unsupported version '(?:[0-9.]{1,9}|<[\w ]+>)'|Missing required key in response: '\w+'")
_SIGNED = re.compile(r"AWS4-[A-Z]|Authorization *(header|[:=])|X-Amz-|Signature=", re.IGNORECASE)
_USER_OF_AN_ADDRESS = re.compile(r"(?<=//)[^/@\s]*@")
_NAME = re.compile(r"[\w./~+@:-]{1,200}")
_UNFIT = "a key, token or address holds a character that cannot be sent"


class StsError(WorkloadCredentialsError):
    """STS did not answer with a session; the text says why and what to do."""


def refused(call: Call, asked: str, answer: Mapping[str, Any], secrets: Iterable[str]) -> StsError:
    """The error of an answer that is none.

    :arg asked: the operation that it answers, which may be one with which botocore finds credentials for the call.
    :arg answer: botocore's ``response`` of a ``ClientError``.
    :arg secrets: what was sent: AWS repeats what it finds wrong.
    """
    said = answer.get("Error") or {}
    code, message = str(said.get("Code") or "Unknown"), str(said.get("Message") or "")
    status = (answer.get("ResponseMetadata") or {}).get("HTTPStatusCode")
    is_spent = call.token_code and asked == call.operation.name
    used_up = _USED_UP if is_spent else ""
    if code == "Unknown" or code == str(status):
        return _told(asked, _no_answer_of_sts(status), _NOT_STS, used_up)
    told = [one_line(_unsigned(hidden(part, secrets))) for part in (code, message) if part]
    return _told(asked, ": ".join(told), _advice(asked, code, message), used_up)


def broken(
    call: Call,
    error: Exception,
    secrets: Iterable[str],
    *,
    sent: bool,
    asked: str = "",
    status: int | None = None,
    session: Any = None,
) -> StsError:
    """The error in the place of one that botocore raised, or let through: some texts hold more than may be shown.

    :arg sent: the call itself may have reached STS.
    :arg asked: who was asked for credentials, where that failed.
    :arg status: of the last answer that came.
    :arg session: botocore's, if there is one, to see which of its settings is no number.
    """
    name = type(error).__name__
    used_up = _USED_UP if call.token_code and sent else ""
    if name == "ResponseParserError" or (sent and status and not _is_of_botocore(error)):
        whose = f"{asked}: " if asked else ""
        return _told(call.operation.name, f"{whose}{_no_answer_of_sts(status)}", _NOT_STS, used_up)
    wrong = next(_not_numbers(session), None) if isinstance(error, ValueError) and session else None
    if name == "ValueError" and str(error).startswith("Invalid endpoint"):
        wrong = "endpoint_url is no address"
    said = wrong or _sentence(error, secrets)
    is_clear = wrong or (_is_of_botocore(error) and name not in _OF_CREDENTIALS)
    whose = f"{asked}: " if asked and not is_clear else ""
    return _told(call.operation.name, f"{whose}{said}", _ADVICE_BY_CLASS.get(name, ""), used_up)


def named(text: str) -> str:
    """A program's or file's name as a word of a sentence; nothing where it may be more than a name."""
    return f" {text}" if _NAME.fullmatch(text) else ""


def _unsigned(text: str) -> str:
    """The text up to where it repeats what signs the request."""
    found = _SIGNED.search(text)
    return f"{text[: found.start()]}{_HIDDEN}" if found else text


def _no_answer_of_sts(status: Any) -> str:
    said = "an answer that is none of AWS' Security Token Service"
    return f"status {status}, and {said}" if status else said


def _sentence(error: Exception, secrets: Iterable[str]) -> str:
    """What happened, without what a program, a file or a service has said."""
    name = type(error).__name__
    if name in _OF_PYTHON and (name != "RuntimeError" or "expired" in str(error)):
        return _OF_PYTHON[name]
    if not _is_of_botocore(error):
        return (
            _of_system(error) if isinstance(error, OSError) else f"what it gave is not what botocore expects ({name})"
        )
    text = one_line(_USER_OF_AN_ADDRESS.sub("", hidden(str(error), secrets)))
    if _SIGNED.search(text) or name in _QUOTING:
        return _cause(error)
    if name == "CredentialRetrievalError":
        known = _OF_A_PROGRAM.search(text)
        return f"{name}: {known.group(0) if known else 'it gave no credentials'}"
    return f"{name}: {text}" if text else name


def _is_of_botocore(error: Exception) -> bool:
    # Its errors of the connection are errors of the system's, too.
    return type(error).__module__.startswith("botocore.")


def _of_system(error: OSError) -> str:
    name = named(os.fsdecode(error.filename)) if isinstance(error.filename, (str, bytes)) else ""
    what = f"cannot use the file{name}" if name else "a file or program cannot be used"
    return f"{what}: {error.strerror or type(error).__name__}"


def _cause(error: Exception) -> str:
    """What is behind an error whose text may not be shown."""
    name, cause = type(error).__name__, getattr(error, "kwargs", {}).get("error")
    if isinstance(cause, OSError) and cause.strerror:
        return f"{name}: {_of_system(cause)}"
    if type(cause).__name__ in ("LocationParseError", "InvalidURL"):
        return f"{name}: endpoint_url, or the proxy that HTTPS_PROXY names, is no address"
    if isinstance(cause, ValueError):
        return f"{name}: {_UNFIT}"
    return f"{name}: {type(cause).__name__}" if cause is not None else f"{name}: it gave no credentials"


def _not_numbers(session: Any) -> Iterator[str]:
    """Settings of AWS' tools that should be numbers."""
    for option, (own, variable, _default, convert) in dict(session.session_var_map).items():
        if convert is not int:
            continue
        try:
            session.get_config_variable(option)
        except ValueError:
            given = os.environ.get(variable or "")
            yield (
                f"the environment variable {variable}: {shown(given)} is no number"
                if given
                else (f"{own} in the profile is no number")
            )
        except Exception:  # pylint: disable=broad-exception-caught
            return


def hidden(text: str, secrets: Iterable[str]) -> str:
    """The text without the secrets, also as a form or an address carries them."""
    for secret in secrets:
        for form in (secret, quote(secret, safe=""), quote_plus(secret)):
            text = text.replace(form, _HIDDEN)
    return text


_OF_PYTHON = {
    "JSONDecodeError": "what it said is no JSON",
    "UnicodeDecodeError": "what it said is no text in UTF-8",
    "UnicodeEncodeError": _UNFIT,
    "RuntimeError": "the credentials that it gave have expired",
}
_GAVE_NONE = "The program or service that the profile names gave no credentials."
_LOGIN = "Sign in first: aws sso login."
_ADVICE_BY_CLASS = {
    "ConfigParseError": "An AWS configuration file cannot be read: it is no ini file.",
    "CredentialRetrievalError": _GAVE_NONE,
    "FileNotFoundError": "See that it is there, on the controller.",
    "JSONDecodeError": "Run the program by hand: it must print the JSON that AWS describes for credential_process.",
    "NoRegionError": "Set the option region.",
    "PermissionError": "See that whoever runs the play may read it, and run it if it is a program.",
    "ProfileNotFound": "profile: name one of ~/.aws/config or ~/.aws/credentials.",
    "ProxyConnectionError": "Check the proxy that HTTPS_PROXY names.",
    "RuntimeError": "Sign in anew with the tool that makes them, and see that this machine's clock is right.",
    "SSLError": "Check endpoint_url, and set AWS_CA_BUNDLE where another authority has signed its certificate.",
    "SSOTokenLoadError": _LOGIN,
    "TokenRetrievalError": _LOGIN,
    "UnauthorizedSSOTokenError": _LOGIN,
}
_NOT_STS = "Check endpoint_url, and that no proxy or portal in between answers in its place."


def _told(asked: str, what: str, *steps: str) -> StsError:
    return StsError(" ".join([f"{asked}: {what.rstrip('.')}.", *filter(None, steps)]))


def _advice(asked: str, code: str, message: str) -> str:
    by_words = next((advice for words, advice in _ADVICE_BY_WORDS if words in message), None)
    return by_words or _ADVICE_BY_CODE.get(code, "").format(
        allowed=_ALLOWED_USER if asked == GET_SESSION_TOKEN.name else _ALLOWED_ROLE,
        expired=_EXPIRED_TOKEN if asked == WEB_IDENTITY.name else _EXPIRED_KEYS,
    )


_OWN = ("AWS_", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


class Net:
    """What botocore is asked for one session, and what it has seen of secrets and answers so far.

    :arg secrets: what may be in no message; those that are found on the way are added.
    """

    def __init__(self, caller: AwsIdentity, call: Call, secrets: list[str]) -> None:
        self.secrets = secrets
        self.session: Any = None
        self._caller = caller
        self._call = call
        self._status: int | None = None

    @contextmanager
    def around(self, *, sent: bool = False) -> Iterator[None]:
        """Turn whatever is raised inside into words for the user.

        :arg sent: the call itself may have reached STS.
        :raises StsError: botocore failed, or STS refused.
        """
        from botocore.exceptions import ClientError

        try:
            yield
        except WorkloadCredentialsError:
            raise
        except ClientError as error:
            raise refused(self._call, error.operation_name, error.response, self.secrets) from None
        except Exception as error:  # pylint: disable=broad-exception-caught
            asked = "" if sent else asked_of(self._caller, self.session)
            raise broken(
                self._call, error, self.secrets, sent=sent, asked=asked, status=self._status, session=self.session
            ) from None

    def watch(self, session: Any) -> None:
        """See the status of each answer: an error over what is no XML does not have it."""
        self.session = session
        # It logs failures with all that was said; with log_path that would be in the log of the run.
        logging.getLogger("botocore").propagate = False
        session.register("before-parse", self._answered)

    def _answered(self, response_dict: Any = None, **_more: Any) -> None:
        self._status = (response_dict or {}).get("status_code")


def asked_of(caller: AwsIdentity, session: Any) -> str:
    """Who was asked for credentials, with the program that a profile names (without its arguments)."""
    if caller.has_keys or session is None:
        return str(caller)
    try:
        profiles = session.full_config.get("profiles", {})
        name = session.profile or "default"
    except Exception:  # pylint: disable=broad-exception-caught
        return str(caller)
    said = f"the profile {name}" if name in profiles else str(caller)
    seen = set[str]()
    while name in profiles and name not in seen:
        seen.add(name)
        program = str(profiles[name].get("credential_process") or "").split()[:1]
        if program:
            return f"{said} (credential_process{named(program[0])})"
        name = profiles[name].get("source_profile", "")
    return said


class _Empty:
    """Empty variables of AWS' tools, put aside while anybody in this process asks botocore."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asking = 0
        self._aside: dict[str, str] = {}

    @contextmanager
    def aside(self) -> Iterator[None]:
        with self._lock:
            if not self._asking:
                found = {name: os.environ[name] for name in os.environ if name.startswith(_OWN)}
                self._aside = {name: value for name, value in found.items() if not is_set(value)}
                for name in self._aside:
                    del os.environ[name]
            self._asking += 1
        try:
            yield
        finally:
            with self._lock:
                self._asking -= 1
                if not self._asking:
                    os.environ.update(self._aside)


# To botocore an empty variable is a value: no number, a profile of no name, or no certificates to check with.
without_empty_variables = _Empty().aside
