# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection to a cluster, made by kubernetes.core, so that it is the one that its own modules would have.

kubernetes.core reads the options, kubeconfig, in-cluster account, exec plugins and proxies; this sends requests over
the pool that comes of it, without the discovery of kinds that its client begins with.

Private to this collection: it may change at any time.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import MissingLibraryError
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.errors import ClusterError
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.failures import (
    no_answer,
    no_configuration,
)
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.request import Request

try:
    import urllib3
except ImportError:
    # kubernetes needs it too, and connect() says so.
    pass

# The API server gives up after 60 seconds itself, and says so then.
CONNECT_SECONDS, READ_SECONDS = 10.0, 70.0


@dataclass(frozen=True)
class Answer:
    """An answer of the cluster: ``body`` is the JSON object in it, empty where there is none."""

    status: int
    body: Mapping[str, Any]
    retry_after: str = ""


@dataclass(frozen=True)
class Endpoint:
    """How a cluster is reached, without who reaches it.

    :arg ca_file: the authorities that vouch for it; None: those of the system.
    :arg name: the name on its certificate, where that is not the server's.
    """

    server: str
    ca_file: str | None
    is_verified: bool
    proxy: str | None
    name: str | None


class Connection:
    """One identity at one cluster.

    :arg api_client: of the library kubernetes.
    :arg size: how many requests run at once.
    :arg kept: temporary files of the library that were there before, by their keys.
    """

    def __init__(self, api_client: Any, size: int, kept: frozenset[str]) -> None:
        self._kept = kept
        self.host = str(api_client.configuration.host)
        self.configuration = found = api_client.configuration
        self.endpoint = Endpoint(
            self.host, found.ssl_ca_cert, bool(found.verify_ssl), found.proxy, getattr(found, "tls_server_name", None)
        )
        self._pool = api_client.rest_client.pool_manager
        self._pool.connection_pool_kw.update(maxsize=size, block=True)
        if not self.configuration.verify_ssl:
            # Who chose that knows; each connection would say it once more, beside Ansible's own output.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        # kubernetes.core has names in it that equal none but themselves: Impersonate-Group may be there several times.
        self._headers = dict(api_client.default_headers)
        self._token = threading.Lock()

    @property
    def impersonated(self) -> tuple[str, ...]:
        """The headers that say in whose name it works."""
        # Some of these names equal none but themselves: see above.
        named = ((str(name), str(value)) for name, value in self._headers.items())
        return tuple(sorted(f"{name}: {value}" for name, value in named if name.startswith("Impersonate-")))

    def send(self, request: Request) -> Answer:
        """The answer, whatever it says.

        :raises ClusterError: the connection can never work; NoClusterError: no answer came.
        """
        headers = self._headers_for(request)
        try:
            response = self._pool.request(
                request.method,
                self.host + request.target,
                body=request.body.encode() or None,
                headers=headers,
                retries=False,
                redirect=False,
                timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
            )
        except Exception as error:  # pylint: disable=broad-exception-caught
            # What is below urllib3 shows through it now and then.
            raise no_answer(error, self.host) from None
        return _answer(response)

    def close(self) -> None:
        """End the connections, and remove the files that the library made of keys that stand in a kubeconfig.

        It would do so at the end of a process, which Ansible's workers do not come to.
        """
        self._pool.clear()
        files = _temporary_files()
        for key in set(files) - self._kept:
            with contextlib.suppress(OSError):
                os.remove(files.pop(key))

    def _headers_for(self, request: Request) -> dict[str, str]:
        headers = {**self._headers, "Accept": request.accept, "User-Agent": "community.workload_credentials"}
        if request.body:
            headers["Content-Type"] = request.content_type
        for one in self._auth().values():
            headers[one["key"]] = one["value"]
        return headers

    def _auth(self) -> Mapping[str, Any]:
        # A token that has expired is made anew here, which must not happen twice at once.
        with self._token:
            try:
                found: Mapping[str, Any] = self.configuration.auth_settings()
            except Exception as error:  # pylint: disable=broad-exception-caught
                raise no_configuration(error) from None
        return found


def connect(options: Mapping[str, Any], size: int) -> Connection:
    """The connection that kubernetes.core makes of its options, and of what they leave to the environment.

    :arg options: kubernetes.core's own, validated; ``size``: how many requests run at once.
    :raises MissingLibraryError: the library kubernetes is not here.
    :raises ClusterError: there is no usable configuration.
    """
    kubernetes = _library()
    try:
        from ansible_collections.kubernetes.core.plugins.module_utils.k8s import client as core
    except ImportError:
        raise ClusterError("The collection kubernetes.core is not installed: install 6.6.0 or later.") from None
    try:
        kept = frozenset(_temporary_files())
        return Connection(api_client(kubernetes, core, dict(options)), size, kept)
    except Exception as error:  # pylint: disable=broad-exception-caught
        # Kubeconfigs, exec plugins and PEM files fail in many ways.
        raise no_configuration(error, _files(options)) from None


def _files(options: Mapping[str, Any]) -> list[str]:
    """Where a kubeconfig was looked for; nowhere: it stands in the options itself, or none was needed."""
    variables = ("K8S_AUTH_KUBECONFIG", "KUBECONFIG")
    given = options.get("kubeconfig") or next((os.environ[one] for one in variables if os.environ.get(one)), None)
    if isinstance(given, str):
        return [os.path.expanduser(one) for one in given.split(os.pathsep) if one]
    has_host = options.get("host") or os.environ.get("K8S_AUTH_HOST")
    return [] if given or has_host else [os.path.expanduser("~/.kube/config")]


def _library() -> Any:
    """The library kubernetes.

    :raises MissingLibraryError: it is not here.
    """
    # pydantic, which it is made of, would read the metadata of every package that is installed, for its plugins.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "true")
    try:
        import kubernetes
    except ImportError:
        raise MissingLibraryError("kubernetes", sys.executable) from None
    return kubernetes


def api_client(kubernetes: Any, core: Any, options: dict[str, Any]) -> Any:
    """The library's client as kubernetes.core would make it.

    :arg core: kubernetes.core's module of clients (the functions are there from 2.3.0 on, and as here in 6.6.0).
    """
    try:
        spec, configuration, headers = core._create_auth_spec, core._create_configuration, core._create_headers
    except AttributeError:
        # Its public way, which asks the cluster for its kinds first and keeps them in a temporary file.
        return core.get_api_client(**options).client.client
    made = kubernetes.client.ApiClient(configuration(spec(None, **options)))
    for name, value in headers(None, **options).items():
        core._set_header(made, name, value)
    return made


def _temporary_files() -> dict[str, str]:
    """Path by key of the library's temporary files in this process, and in those that it was forked from."""
    from kubernetes.config import kube_config

    return getattr(kube_config, "_temp_files", {})


def _answer(response: Any) -> Answer:
    try:
        body = json.loads(response.data)
    except (ValueError, RecursionError):
        body = None
    retry_after = response.headers.get("Retry-After", "")
    return Answer(response.status, body if isinstance(body, dict) else {}, retry_after)
