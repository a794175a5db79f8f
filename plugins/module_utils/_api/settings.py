# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection as one frozen value, made from validated parameters."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from .errors import OptionError
from .option_values import shown, stripped
from .text import certificates, decoded, is_pem

# The values that a header can carry. The refusal of requests would print the value, which may be a token.
_HEADER_VALUE = re.compile(r"[\x21-\x7e]+")
_PATH_VERSION = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
# In seconds. Sockets cannot wait for much longer.
_LONGEST_TIMEOUT = 86400
_JWT = re.compile(r"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
# The product's segment of the platform's addresses on the administration site.
_PLATFORM = "platform"


@dataclass(frozen=True)
class Settings:
    """A site, its address and the identity. ``timeout`` is in seconds, ``retries`` counts attempts after the first."""

    api_url: str
    site_id: str
    access_token: str | None = field(repr=False)
    access_token_file: str | None
    api_version: str
    api_path_version: str | None
    api_product: str
    service_name: str | None
    auth_role: str | None
    validate_certs: bool
    ca_cert: str | None
    timeout: float
    retries: int
    # What the names of the options of site and token begin with, for messages.
    prefix: str = ""

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any], prefix: str = "") -> Settings:
        """Check the connection options and return them as settings.

        :arg parameters: validated against the connection spec: right types, defaults filled in.
        :arg prefix: what the names of the options of site and token begin with.
        :raises OptionError: a value cannot work.
        """
        _check_site_and_token(parameters, prefix)
        settings = cls(
            api_url=_api_url(parameters["api_url"]),
            site_id=site_id_of(parameters, f"{prefix}site_id"),
            access_token=_clean(parameters[f"{prefix}access_token"]),
            access_token_file=_clean(parameters[f"{prefix}access_token_file"]),
            api_version=header_of(parameters, "api_version") or "",
            api_path_version=_path_version(parameters["api_path_version"]),
            api_product=parameters["api_product"],
            service_name=header_of(parameters, "service_name"),
            auth_role=header_of(parameters, "auth_role"),
            validate_certs=parameters["validate_certs"],
            ca_cert=_ca_cert(parameters["ca_cert"]),
            timeout=_at_least(parameters, "timeout", 1),
            retries=_at_least(parameters, "retries", 0),
            prefix=prefix,
        )
        if settings.timeout > _LONGEST_TIMEOUT:
            raise OptionError("timeout", f"{settings.timeout} is too large, it must be at most {_LONGEST_TIMEOUT}.")
        if settings.access_token:
            _token(settings.access_token, f"{prefix}access_token")
        return settings

    @classmethod
    def of_administration(cls, parameters: Mapping[str, Any]) -> Settings:
        """Return the settings of the administration site, with the platform's address.

        The service name and the role go with tokens of workload identities alone: the site may have such a token, and
        the administration site a personal one.

        :arg parameters: as in ``from_parameters``.
        :raises OptionError: a value cannot work.
        """
        own = {**parameters, "api_product": _PLATFORM, "api_path_version": None}
        settings = cls.from_parameters(own, "admin_")
        return settings if _JWT.fullmatch(settings.token()) else replace(settings, service_name=None, auth_role=None)

    @property
    def site_url(self) -> str:
        """Return ``https://host/site/<id>``, which is the same for all products and versions."""
        return f"{self.api_url}/site/{self.site_id}"

    @property
    def base_url(self) -> str:
        """Return ``https://host/site/<id>/secrets``, or ``/wlc``, with the version segment if one is set."""
        url = f"{self.site_url}/{self.api_product}"
        return f"{url}/{self.api_path_version}" if self.api_path_version else url

    @property
    def identity(self) -> str:
        """Return a key that tells callers of one site apart. It may hold the token: compare it and do nothing else."""
        return repr((self.access_token, self.access_token_file, self.service_name, self.auth_role))

    def token(self) -> str:
        """Return the token to send now. A token file is read at each use, since projected and OIDC tokens rotate.

        :raises OptionError: the file cannot be read or holds no token.
        """
        if self.access_token:
            return _token(self.access_token, f"{self.prefix}access_token")
        option = f"{self.prefix}access_token_file"
        path = os.path.expanduser(os.path.expandvars(str(self.access_token_file)))
        try:
            with open(path, "rb") as stream:
                return _token(stripped(decoded(stream.read())), option)
        except OSError as error:
            raise OptionError(option, f"cannot read {path}: {error.strerror}.") from None
        except UnicodeDecodeError:
            raise OptionError(option, f"{path} is not a text file.") from None
        except ValueError:
            raise OptionError(option, f"{path!r} is not a path.") from None


def has_site_and_token(parameters: Mapping[str, Any], prefix: str = "") -> bool:
    """Return whether a site and a token for it are set.

    :arg parameters, prefix: as in ``Settings.from_parameters``.
    """
    names = (f"{prefix}access_token", f"{prefix}access_token_file")
    return bool(_clean(parameters[f"{prefix}site_id"])) and any(_clean(parameters[name]) for name in names)


def _check_site_and_token(parameters: Mapping[str, Any], prefix: str) -> None:
    token, file = f"{prefix}access_token", f"{prefix}access_token_file"
    tokens = [name for name in (token, file) if _clean(parameters[name])]
    if len(tokens) == 2:
        raise OptionError(token, f"it is set and so is {file}: set one of the two.")
    missing = []
    if not _clean(parameters[f"{prefix}site_id"]):
        missing.append(f"{prefix}site_id: no site is set: {_where_to_set(f'{prefix}site_id')}")
    if not tokens:
        missing.append(f"{token}: no token is set: {_where_to_set(token, file)}")
    if missing:
        option, _colon, problem = " ".join(missing).partition(": ")
        raise OptionError(option, problem)


def _where_to_set(*options: str) -> str:
    """Return a sentence about the places where the options, one of which is needed, can be set."""
    names = " or ".join(options)
    variables = " or ".join(f"workload_credentials_{name}" for name in options)
    environment = " or ".join(f"BEYONDTRUST_{name.upper()}" for name in options)
    return (
        f"give the option {names}, the variable {variables}, the environment variable {environment}, or {names} in the "
        "ini section [workload_credentials] of ansible.cfg."
    )


def _token(text: str, option: str) -> str:
    if not _HEADER_VALUE.fullmatch(text):
        raise OptionError(option, "the token is empty or has spaces, line ends or characters that no header can carry.")
    return text


def _clean(value: str | None) -> str | None:
    return (stripped(value) or None) if value else None


def _api_url(value: str) -> str:
    # Vendor clients disagree on whether the address ends in /site, so both forms are accepted.
    value = stripped(value)
    if "?" in value or "#" in value or "@" in value:
        raise OptionError("api_url", "an address without '?', '#' and credentials is needed.")
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("https", "http") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not _HEADER_VALUE.fullmatch(value):
        raise OptionError("api_url", f"{shown(value)} is not an http(s) address such as https://api.beyondtrust.io.")
    path = parts.path.rstrip("/")
    path = path[: -len("/site")].rstrip("/") if path.endswith("/site") else path
    return f"{parts.scheme}://{parts.netloc}{path}"


def site_id_of(parameters: Mapping[str, Any], option: str = "site_id") -> str:
    """Return the UUID of a site, as it was given.

    :raises OptionError: it is not set, or is something else.
    """
    value = _clean(parameters[option])
    if value is None:
        raise OptionError(option, f"no site is set: {_where_to_set(option)}")
    try:
        canonical: str | None = str(uuid.UUID(value))
    except ValueError:
        canonical = None
    if canonical != value.lower():
        raise OptionError(option, f"{shown(value)} is not a UUID such as a1b2c3d4-e5f6-4890-abcd-ef1234567890.")
    return value


def header_of(parameters: Mapping[str, Any], option: str) -> str | None:
    """Return an option's value that a header can carry, as it is checked here; None: it is not set."""
    value = _clean(parameters[option])
    if value and not _HEADER_VALUE.fullmatch(value):
        raise OptionError(option, "only visible ASCII characters without spaces can be sent in a header.")
    return value


def _path_version(value: str | None) -> str | None:
    version = (value or "").strip().strip("/") or None
    if version and not _PATH_VERSION.fullmatch(version):
        raise OptionError("api_path_version", f"{shown(value)} is not one segment of a path such as 'v1'.")
    return version


def _ca_cert(value: str | None) -> str | None:
    value = _clean(value)
    if value and is_pem(value):
        try:
            return certificates(value)
        except ValueError as error:
            raise OptionError("ca_cert", f"{error}.") from None
    value = value and os.path.expanduser(value)
    if value and not os.path.isfile(value):
        raise OptionError("ca_cert", f"{shown(value)} is neither a file nor PEM text.")
    return value


def _at_least(parameters: Mapping[str, Any], option: str, least: int) -> int:
    value = int(parameters[option])
    if value < least:
        raise OptionError(option, f"{value} is too small, it must be at least {least}.")
    return value
