# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Secrets API as the operator reaches it: address, token and CA, which the role makes or the user keeps."""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ...module_utils._api.errors import DeniedError, OptionError, StateError, WorkloadCredentialsError
from ...module_utils._api.request import Request
from ...module_utils._api.settings import Settings
from ...module_utils._kube.errors import ForbiddenError
from .._cluster.job import Job, Reference, Service
from .._cluster.secrets import SECRET, ClusterObject, labels_of
from .apply import DesiredObjects
from .manifests import Manifest
from .objects import OperatorObject, users_of

# Without it generators of the kind Webhook may not read a Secret (operator facts, "Objects").
WEBHOOK_LABEL = ("external-secrets.io/type", "webhook")
# As Go reads it: each of its lines starts at the beginning of a line.
_BLOCK = re.compile(r"^-----BEGIN CERTIFICATE-----\r?$.*?^-----END CERTIFICATE-----\r?$", re.MULTILINE | re.DOTALL)


def service_for(
    settings: Settings, parameters: Mapping[str, Any], token_secret: Mapping[str, Any], ca_secret: Mapping[str, Any]
) -> Service:
    """Return the Secrets API as the operator reaches it.

    :arg token_secret: where the user keeps the operator's token, and ``ca_secret`` the CA; empty: the role makes it.
    :raises OptionError: the CA cannot be read, or there is none.
    """
    ca_cert = None if ca_secret else _pem(parameters["ca"] or settings.ca_cert)
    if parameters["ca_inline"] and not ca_cert:
        raise OptionError("ca_inline", "there is no certificate authority: set ca, or ca_cert of the connection.")
    service = Service(
        api_url=settings.api_url,
        site_id=settings.site_id,
        api_version=settings.api_version,
        product=settings.api_product,
        access_token=None,
        ca_cert=ca_cert,
        ca_source=Reference(**ca_secret) if ca_secret else None,
        ca_inline=parameters["ca_inline"],
    )
    if token_secret:
        return replace(service, token=Reference(**token_secret))
    # The operator sends the Secret's text as it is, and a newline at its end would break the header.
    own_token = (parameters["operator_token"] or "").strip()
    return replace(service, access_token=own_token or settings.token())


def _pem(ca_cert: str | None) -> str | None:
    """Return the certificates, which are given as text or as the path of a file."""
    if not ca_cert:
        return None
    text = ca_cert if "-----BEGIN" in ca_cert else _read(ca_cert)
    check_pem(text, "ca")
    return text


def _read(path: str) -> str:
    try:
        with open(os.path.expanduser(path), encoding="utf-8") as stream:
            return stream.read()
    except (OSError, ValueError) as error:
        problem = getattr(error, "strerror", None) or "it is not PEM text"
        raise OptionError("ca", f"cannot read {path}: {problem}.") from None


def check_pem(text: str, option: str) -> None:
    """Raise OptionError if the operator could not read a certificate in the text."""
    blocks = _BLOCK.findall(text)
    if not blocks:
        indented = re.search(r"^[ \t]+-----BEGIN", text, re.MULTILINE)
        why = "its lines are indented" if indented else "there is no whole block BEGIN CERTIFICATE to END CERTIFICATE"
        raise OptionError(option, f"the operator cannot read this PEM text: {why}.")
    for number, block in enumerate(blocks, 1):
        try:
            ssl.create_default_context(cadata=block)
        except (ssl.SSLError, ValueError):
            raise OptionError(option, f"certificate {number} of {len(blocks)} in it is not valid.") from None


@dataclass(frozen=True)
class UserSecret:
    """A Secret or ConfigMap that the user keeps, in one namespace where the operator reads it."""

    namespace: str
    reference: Reference
    is_token: bool

    @property
    def where(self) -> str:
        """The option that names it, and its name, for messages."""
        option = "operator_token_secret" if self.is_token else "ca_secret"
        return f"{option}: the Secret {self.namespace}/{self.reference.name}"


def user_secrets(job: Job, service: Service) -> list[UserSecret]:
    """Return all places where the operator reads what the user keeps.

    They are the namespaces of generators and stores; for a ClusterSecretStore the user may name another.
    """
    secrets = []
    for reference in service.kept:
        readers = users_of(job.operated, job.scope)
        namespaces = {_namespace_of(reference, reader, job) for reader in readers}
        secrets += [UserSecret(namespace, reference, reference is service.token) for namespace in sorted(namespaces)]
    return secrets


def _namespace_of(reference: Reference, reader: str, job: Job) -> str:
    is_for_stores = job.scope.cluster and reader == job.scope.namespace
    return reference.namespace or reader if is_for_stores else reader


def check_service(job: Job, desired: DesiredObjects) -> list[str]:
    """Return what check mode warns of: Secrets that the user has not made yet.

    :raises StateError: the token or the CA does not work, or, outside check mode, such a Secret is missing.
    """
    refused = access_problem(job, desired.service)
    if refused:
        raise StateError(refused)
    missing = missing_user_secrets(job, desired.service, desired.manifests)
    if missing and not job.check_mode:
        raise StateError(" ".join(missing))
    return missing


def access_problem(job: Job, service: Service) -> str | None:
    """Return why the token and the CA that the role hands over do not work; None: they do, or the user keeps both."""
    is_needed = any(entry.kind.needs_api for entry in job.operated)
    if not is_needed or not (service.access_token or service.ca_cert):
        return None
    from ...module_utils._api.client import Client

    own = job.client().settings
    settings = replace(own, ca_cert=service.ca_cert or own.ca_cert, validate_certs=True)
    if service.access_token:
        settings = replace(settings, access_token=service.access_token, access_token_file=None)
    try:
        if service.ca_cert:
            check_pem(service.ca_cert, "ca")
        Client(settings).get(Request("GET", "/session"))
    except DeniedError:
        # The token is valid, but it may not read this.
        return None
    except WorkloadCredentialsError as error:
        return f"The token and the CA for the operator were tested, and are not handed over. {error}"
    return None


def missing_user_secrets(job: Job, service: Service, manifests: Sequence[Manifest]) -> list[str]:
    """Return a sentence for each Secret of the user that is missing, or that a generator may not read."""
    wanted = [secret for secret in user_secrets(job, service) if secret.reference.kind == "Secret"]
    if not wanted:
        return []
    places = [(secret.namespace, secret.reference.name) for secret in wanted]
    try:
        existing = job.cluster().get_many(SECRET, places, metadata_only=True)
    except ForbiddenError:
        # The operator will report what is missing.
        return []
    webhooks = _namespaces_of_webhooks(job, manifests)
    problems: list[str] = []
    for secret, metadata in zip(wanted, existing):
        problems += _problems_of(secret, metadata, secret.namespace in webhooks)
    return problems


def _namespaces_of_webhooks(job: Job, manifests: Sequence[Manifest]) -> set[str | None]:
    """Return the namespaces in which generators of the kind Webhook read Secrets."""
    # A ClusterGenerator reads in the namespaces of the ExternalSecrets that use it.
    if any(_is_webhook(manifest.wanted.more.get("generator")) for manifest in manifests):
        return {*users_of(job.operated, job.scope)}
    return {manifest.namespace for manifest in manifests if _is_webhook(manifest.wanted)}


def _is_webhook(generator: Any) -> bool:
    return isinstance(generator, OperatorObject) and generator.template == "generator_webhook"


def _problems_of(secret: UserSecret, metadata: ClusterObject | None, is_for_webhooks: bool) -> Iterator[str]:
    if metadata is None:
        yield f"{secret.where} does not exist."
    elif secret.is_token and is_for_webhooks and WEBHOOK_LABEL not in labels_of(metadata).items():
        label = "=".join(WEBHOOK_LABEL)
        yield f"{secret.where} needs the label {label}, or the operator does not let a Webhook read it."
