# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one request that the plugin sends. No message holds a token or a value, and no exception that does is chained."""

from __future__ import annotations

import http.client
import json
import re
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

_HEADER_VALUE = re.compile(r"[\x21-\x7e]+")
_CODE = re.compile(r"[a-z0-9_]{1,64}")
# A secret has at most some kilobytes.
_LONGEST = 8_000_000
_RETRIED = (429, 502, 503, 504)
_PAUSES = (1.0, 3.0)
_LONGEST_PAUSE = 30.0


class SecretError(Exception):
    """The secret cannot be had; AWX shows the message to whoever may see the job."""


@dataclass(frozen=True)
class Connection:
    """Where to read, and as whom."""

    api_url: str
    site_id: str
    product: str
    headers: Mapping[str, str] = field(repr=False)
    ca_cert: str | None
    timeout: float

    @classmethod
    def of(cls, inputs: Mapping[str, str]) -> Connection:
        """From the credential's fields.

        :raises SecretError: a field cannot be used.
        """
        segments = [inputs.get("api_product", "secrets"), inputs.get("api_path_version", "")]
        headers = {
            "Authorization": f"Bearer {_token(inputs)}",
            "bt-secrets-api-version": inputs.get("api_version", "2026-04-28"),
            "X-BT-Service-Name": inputs.get("service_name", ""),
            "X-BT-Role": inputs.get("auth_role", ""),
            "X-BT-Auth-Type": "CUSTOM-IDP" if "auth_role" in inputs else "",
            "Accept": "application/json",
        }
        for name, value in headers.items():
            # http.client would name the value that it cannot send.
            if value and not _HEADER_VALUE.fullmatch(value.removeprefix("Bearer ")):
                raise SecretError(f"The header {name} cannot carry its field's value: it has spaces or odd characters.")
        return cls(
            api_url=_address(inputs.get("api_url", "https://api.beyondtrust.io")),
            site_id=quote(inputs.get("site_id", ""), safe=""),
            product="/".join(quote(one, safe="") for one in segments if one),
            headers={name: value for name, value in headers.items() if value},
            ca_cert=inputs.get("ca_cert"),
            timeout=_seconds(inputs.get("timeout", "30")),
        )


def read_secret(connection: Connection, path: str, version: str) -> dict[str, Any]:
    """Return the keys and values of a static secret.

    :raises SecretError: it cannot be read.
    """
    parts = [part for part in path.split("/") if part]
    if not parts or {".", ".."}.intersection(parts):
        raise SecretError("path must be that of a static secret, such as prod/db/app.")
    if version and not version.isdecimal():
        raise SecretError("version must be a number.")
    query = urlencode({"folder": "/".join(parts[:-1]), **({"version": version} if version else {})})
    address = f"/site/{connection.site_id}/{connection.product}/static/{quote(parts[-1], safe='')}"
    url = f"{connection.api_url}{address}?{query}"
    request = urllib.request.Request(url, headers=dict(connection.headers))  # noqa: S310  # it begins with https
    body = _answer(_opener(connection), request, connection.timeout, f"GET {address}")
    try:
        secret = json.loads(body)["secret"]
    except (ValueError, TypeError, KeyError):
        secret = None
    if not isinstance(secret, dict):
        raise SecretError(f"GET {address} was answered with something other than a secret: check api_url.") from None
    return secret


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the token elsewhere."""

    def redirect_request(self, *_arguments: Any) -> None:
        return None


def _opener(connection: Connection) -> urllib.request.OpenerDirector:
    try:
        context = ssl.create_default_context(cadata=connection.ca_cert)
    except (ssl.SSLError, ValueError):
        raise SecretError("ca_cert is not the PEM text of a certificate.") from None
    return urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), _NoRedirect())


def _answer(opener: urllib.request.OpenerDirector, request: urllib.request.Request, timeout: float, what: str) -> bytes:
    """Return the body of a good answer; a read may be sent again."""
    for pause in (*_PAUSES, None):
        asked = None
        try:
            with opener.open(request, timeout=timeout) as answer:
                return bytes(answer.read(_LONGEST))
        except urllib.error.HTTPError as error:
            with error:
                problem = _refusal(error, what)
            if error.code not in _RETRIED:
                raise problem from None
            asked = error.headers.get("Retry-After") or error.headers.get("x-ratelimit-reset")
        except (OSError, http.client.HTTPException) as error:
            problem = SecretError(f"{what} was not answered: {_reason(error)}.")
        if pause is None:
            break
        time.sleep(_pause(asked, pause))
    raise problem from None


def _refusal(error: urllib.error.HTTPError, what: str) -> SecretError:
    """Return the refusal in words; of the body only the code, which is from a fixed list."""
    try:
        code = json.loads(error.read(_LONGEST)).get("code", "")
    except (ValueError, AttributeError, OSError, http.client.HTTPException):
        code = ""
    shown = f" {code}" if isinstance(code, str) and _CODE.fullmatch(code) else ""
    advice = {
        401: "the access token is wrong, has expired, or belongs to another site",
        403: "the secret is missing, or the identity lacks ReadSecret on it",
        404: "there is no such secret, or no such version",
    }.get(error.code, "a redirect is not followed: check api_url" if 300 <= error.code < 400 else "")
    return SecretError(f"{what} was refused with {error.code}{shown}{': ' if advice else ''}{advice}.")


def _reason(error: Exception) -> str:
    reason = getattr(error, "reason", error)
    if isinstance(reason, ssl.SSLCertVerificationError):
        return f"the certificate is not trusted ({reason.verify_message})"
    return str(getattr(reason, "strerror", None) or type(reason).__name__)


def _pause(asked: str | None, own: float) -> float:
    """Return how long the service wants to be left alone, within reason."""
    return min(float(asked), _LONGEST_PAUSE) if asked and asked.isdecimal() else own


def _token(inputs: Mapping[str, str]) -> str:
    given = [name for name in ("access_token", "access_token_file") if name in inputs]
    if len(given) != 1:
        raise SecretError("Set access_token or access_token_file, and not both.")
    if given == ["access_token"]:
        return inputs["access_token"]
    try:
        token = Path(inputs["access_token_file"]).read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        problem = getattr(error, "strerror", None) or "it is no text"
        raise SecretError(f"access_token_file cannot be read: {problem}.") from None
    if not token:
        raise SecretError("access_token_file is empty.")
    return token


def _address(url: str) -> str:
    # As the collection: some clients of the vendor want /site at the end.
    url = url.rstrip("/")
    url = url[: -len("/site")] if url.endswith("/site") else url
    try:
        parts = urlsplit(url)
        usable = parts.scheme == "https" and bool(parts.hostname) and not (parts.query or parts.fragment)
        usable = usable and "@" not in parts.netloc and parts.port != 0 and bool(_HEADER_VALUE.fullmatch(url))
    except ValueError:
        usable = False
    if not usable:
        raise SecretError("api_url must be an address such as https://api.beyondtrust.io.")
    return url


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 600:
        raise SecretError("timeout must be a number of seconds, at most 600.")
    return seconds
