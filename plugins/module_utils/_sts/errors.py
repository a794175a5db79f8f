# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors of the Security Token Service and botocore, as messages that name the option and hold no secret."""

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
from .options import LONGEST_CHAINED_SESSION, NEEDS_LONG_TERM_KEYS
from .request import GET_SESSION_TOKEN, WEB_IDENTITY, AwsIdentity, Call

_HIDDEN = "(hidden)"
_LATER = "The service limits requests: repeat later, with fewer at the same time (concurrency, forks)."
_CLOCK = "This machine's clock is wrong: AWS accepts a request only for some minutes."
# By a part of AWS' message; the first that occurs counts.
_ADVICE_BY_WORDS = (
    ("Signature expired", _CLOCK),
    ("Signature not yet current", _CLOCK),
    ("MultiFactorAuthentication failed", "Check serial_number, and use the device's next token_code."),
    ("with session credentials", f"{NEEDS_LONG_TERM_KEYS}: set role_arn, or the user's own keys."),
    (
        "1 hour session limit",
        f"duration_seconds: a role that another role assumes lasts at most {LONGEST_CHAINED_SESSION} seconds.",
    ),
    ("MaxSessionDuration", "duration_seconds: it is longer than the role's own maximum session duration."),
)
_ALLOWED_USER = "a policy of this user allows sts:GetSessionToken"
_ALLOWED_ROLE = "role_arn is right, and the role's trust policy allows this identity, external_id and MFA device"
_EXPIRED_TOKEN = "The web identity token has expired: provide a fresh one (web_identity_token_file)."
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
_USED_UP = "token_code: this code was already used; use the device's next one."
# Their texts may quote a program, a service or a header of the request.
_QUOTING = ("HTTPClientError", "MetadataRetrievalError", "TokenRetrievalError", "ResponseStreamingError")
_OF_CREDENTIALS = ("CredentialRetrievalError", "MetadataRetrievalError", "TokenRetrievalError")
# botocore's own message about a program, which quotes only this.
_OF_A_PROGRAM = re.compile(r"Unsupported version '(?:[0-9.]{1,9}|<[\w ]+>)'|Missing required key in response: '\w+'")
_SIGNED = re.compile(r"AWS4-[A-Z]|Authorization *(header|[:=])|X-Amz-|Signature=", re.IGNORECASE)
_USER_OF_AN_ADDRESS = re.compile(r"(?<=//)[^/@\s]*@")
_NAME = re.compile(r"[\w./~+@:-]{1,200}")
_UNFIT = "a key, token or address contains a character that cannot be sent"


class StsError(WorkloadCredentialsError):
    """STS did not return a session; the message says why and what to do."""


def refused(call: Call, asked: str, answer: Mapping[str, Any], secrets: Iterable[str]) -> StsError:
    """Return the error for a refusal.

    :arg asked: the refused operation; botocore may have called it to find credentials for the call.
    :arg answer: the ``response`` of botocore's ``ClientError``.
    :arg secrets: that were sent: AWS repeats wrong values.
    """
    code, message = _code_and_message(answer)
    status = (answer.get("ResponseMetadata") or {}).get("HTTPStatusCode")
    used_up = _used_up(call, sent=asked == call.operation.name)
    if code in ("Unknown", str(status)):
        return _error(asked, _no_answer_of_sts(status), _NOT_STS, used_up)
    texts = [one_line(_unsigned(hidden(text, secrets))) for text in (code, message) if text]
    return _error(asked, ": ".join(texts), _advice(asked, code, message), used_up)


def _used_up(call: Call, *, sent: bool) -> str:
    return _USED_UP if sent and call.token_code else ""


def _code_and_message(answer: Mapping[str, Any]) -> tuple[str, str]:
    error = answer.get("Error") or {}
    return str(error.get("Code") or "Unknown"), str(error.get("Message") or "")


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
    """Return the error to show instead of one that botocore raised or let through, whose text may hold too much.

    :arg sent: the call itself may have reached STS.
    :arg asked: the source of credentials, if it failed.
    :arg status: of the last answer.
    :arg session: of botocore, to find settings that are not numbers.
    """
    name = type(error).__name__
    used_up = _used_up(call, sent=sent)
    source = f"{asked}: " if asked else ""
    if name == "ResponseParserError" or (sent and status and not _is_of_botocore(error)):
        return _error(call.operation.name, f"{source}{_no_answer_of_sts(status)}", _NOT_STS, used_up)
    problem = _wrong_setting(error, session)
    if problem is None:
        # botocore's other errors say themselves what is wrong.
        needs_source = name in _OF_CREDENTIALS or not _is_of_botocore(error)
        problem = f"{source if needs_source else ''}{_sentence(error, secrets)}"
    return _error(call.operation.name, problem, _ADVICE_BY_CLASS.get(name, ""), used_up)


def _wrong_setting(error: Exception, session: Any) -> str | None:
    """Return which setting caused the error; None: another cause."""
    if not isinstance(error, ValueError):
        return None
    if str(error).startswith("Invalid endpoint"):
        return "endpoint_url is not an address"
    return _setting_without_number(session) if session else None


def named(text: str) -> str:
    """Return the name of a program or file with a space before it, or nothing if it may be more than a name."""
    return f" {text}" if _NAME.fullmatch(text) else ""


def _unsigned(text: str) -> str:
    """Return the text up to the place where it repeats the request's signature."""
    match = _SIGNED.search(text)
    return f"{text[: match.start()]}{_HIDDEN}" if match else text


def _no_answer_of_sts(status: Any) -> str:
    problem = "an answer that is not from AWS' Security Token Service"
    return f"status {status}, and {problem}" if status else problem


def _sentence(error: Exception, secrets: Iterable[str]) -> str:
    """Return what happened, without quoting a program, a file or a service."""
    if not _is_of_botocore(error):
        return _of_python(error)
    name = type(error).__name__
    text = one_line(_USER_OF_AN_ADDRESS.sub("", hidden(str(error), secrets)))
    if _SIGNED.search(text) or name in _QUOTING:
        return _cause(error)
    if name == "CredentialRetrievalError":
        known = _OF_A_PROGRAM.search(text)
        return f"{name}: {known.group(0) if known else 'it returned no credentials'}"
    return f"{name}: {text}" if text else name


def _of_python(error: Exception) -> str:
    name = type(error).__name__
    if name in _OF_PYTHON and (name != "RuntimeError" or "expired" in str(error)):
        return _OF_PYTHON[name]
    if isinstance(error, OSError):
        return _of_system(error)
    return f"it returned something that botocore does not expect ({name})"


def _is_of_botocore(error: Exception) -> bool:
    # Some of its errors are OSErrors too.
    return type(error).__module__.startswith("botocore.")


def _of_system(error: OSError) -> str:
    name = named(os.fsdecode(error.filename)) if isinstance(error.filename, (str, bytes)) else ""
    what = f"cannot use the file{name}" if name else "a file or program cannot be used"
    return f"{what}: {error.strerror or type(error).__name__}"


def _cause(error: Exception) -> str:
    """Return the cause of an error whose text may not be shown."""
    name, cause = type(error).__name__, getattr(error, "kwargs", {}).get("error")
    if isinstance(cause, OSError) and cause.strerror:
        return f"{name}: {_of_system(cause)}"
    if type(cause).__name__ in ("LocationParseError", "InvalidURL"):
        return f"{name}: endpoint_url, or the proxy in HTTPS_PROXY, is not an address"
    if isinstance(cause, ValueError):
        return f"{name}: {_UNFIT}"
    return f"{name}: {type(cause).__name__}" if cause is not None else f"{name}: it returned no credentials"


def _setting_without_number(session: Any) -> str | None:
    """Return the first setting of AWS' tools that should be a number, as a sentence; None: there is none."""
    for option, (own, variable, _default, convert) in dict(session.session_var_map).items():
        if convert is not int:
            continue
        try:
            session.get_config_variable(option)
        except ValueError:
            given = os.environ.get(variable or "")
            if given:
                return f"the environment variable {variable}: {shown(given)} is not a number"
            return f"{own} in the profile is not a number"
        except Exception:  # pylint: disable=broad-exception-caught
            return None
    return None


def hidden(text: str, secrets: Iterable[str]) -> str:
    """Return the text without the secrets, also in the encoding of forms and addresses."""
    for secret in secrets:
        for form in (secret, quote(secret, safe=""), quote_plus(secret)):
            text = text.replace(form, _HIDDEN)
    return text


_OF_PYTHON = {
    "JSONDecodeError": "its output is not JSON",
    "UnicodeDecodeError": "its output is not UTF-8 text",
    "UnicodeEncodeError": _UNFIT,
    "RuntimeError": "the credentials that it returned have expired",
}
_GAVE_NONE = "The program or service in the profile returned no credentials."
_LOGIN = "Sign in first: aws sso login."
_ADVICE_BY_CLASS = {
    "ConfigParseError": "An AWS configuration file cannot be read: it is not an ini file.",
    "CredentialRetrievalError": _GAVE_NONE,
    "FileNotFoundError": "Check that it exists on the controller.",
    "JSONDecodeError": "Run the program by hand: it must print the JSON that AWS describes for credential_process.",
    "NoRegionError": "Set the option region.",
    "PermissionError": "Check that the user who runs the play may read it, and may run it if it is a program.",
    "ProfileNotFound": "profile: name one of ~/.aws/config or ~/.aws/credentials.",
    "ProxyConnectionError": "Check the proxy in HTTPS_PROXY.",
    "RuntimeError": "Sign in again with the tool that makes them, and check this machine's clock.",
    "SSLError": "Check endpoint_url, and set AWS_CA_BUNDLE if another authority has signed its certificate.",
    "SSOTokenLoadError": _LOGIN,
    "TokenRetrievalError": _LOGIN,
    "UnauthorizedSSOTokenError": _LOGIN,
}
_NOT_STS = "Check endpoint_url, and that no proxy or portal in between answers instead."


def _error(asked: str, problem: str, *steps: str) -> StsError:
    return StsError(" ".join([f"{asked}: {problem.rstrip('.')}.", *filter(None, steps)]))


def _advice(asked: str, code: str, message: str) -> str:
    for words, advice in _ADVICE_BY_WORDS:
        if words in message:
            return advice
    return _ADVICE_BY_CODE.get(code, "").format(
        allowed=_ALLOWED_USER if asked == GET_SESSION_TOKEN.name else _ALLOWED_ROLE,
        expired=_EXPIRED_TOKEN if asked == WEB_IDENTITY.name else _EXPIRED_KEYS,
    )


_OWN = ("AWS_", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


class Net:
    """The error handling of all calls to botocore for one session.

    :arg secrets: that no message may hold; the client adds those that botocore finds.
    """

    def __init__(self, caller: AwsIdentity, call: Call, secrets: list[str]) -> None:
        self.secrets = secrets
        self.session: Any = None
        self._caller = caller
        self._call = call
        self._status: int | None = None

    @contextmanager
    def around(self, *, sent: bool = False) -> Iterator[None]:
        """Turn any error inside into a message for the user.

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
        """Keep the status of each answer, which an error about invalid XML does not have."""
        self.session = session
        # botocore logs failed requests with their contents, which log_path would write into Ansible's log.
        logging.getLogger("botocore").propagate = False
        session.register("before-parse", self._answered)

    def _answered(self, response_dict: Any = None, **_more: Any) -> None:
        self._status = (response_dict or {}).get("status_code")


def asked_of(caller: AwsIdentity, session: Any) -> str:
    """Return the source of credentials, with the program in a profile (without its arguments)."""
    if caller.has_keys or session is None:
        return str(caller)
    try:
        profiles = session.full_config.get("profiles", {})
        name = session.profile or "default"
    except Exception:  # pylint: disable=broad-exception-caught
        return str(caller)
    source = f"the profile {name}" if name in profiles else str(caller)
    seen = set[str]()
    while name in profiles and name not in seen:
        seen.add(name)
        program = str(profiles[name].get("credential_process") or "").split()[:1]
        if program:
            return f"{source} (credential_process{named(program[0])})"
        name = profiles[name].get("source_profile", "")
    return source


class _Empty:
    """The empty variables of AWS' tools, which are removed while a thread of this process uses botocore."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asking = 0
        self._aside: dict[str, str] = {}

    @contextmanager
    def aside(self) -> Iterator[None]:
        with self._lock:
            if not self._asking:
                own = {name: value for name, value in os.environ.items() if name.startswith(_OWN)}
                self._aside = {name: value for name, value in own.items() if not is_set(value)}
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


# botocore treats an empty variable as a value: a wrong number, a profile without a name, or no certificates.
without_empty_variables = _Empty().aside
