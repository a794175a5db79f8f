# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection to a cluster, made by kubernetes.core, and the identity that it gives."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._api.errors import MissingLibraryError
from .errors import ClusterError, no_answer, no_configuration
from .objects import ClusterRequest

# What makes another token each time.
_PROGRAMS = ("exec", "auth-provider")


def secret_of(options: Mapping[str, Any], configuration: Any) -> str | None:
    """A token, or a client certificate's key; None: it has none that stays the same for a run.

    :arg options: kubernetes.core's own, of which the configuration was made.
    :arg configuration: of the library kubernetes.
    """
    given = _option(options, "api_key") or _option(options, "password")
    if given:
        return str(given)
    user = _user(options)
    if user is None or user.keys() & {*_PROGRAMS}:
        return None
    try:
        headers = [str(one["value"]) for one in configuration.auth_settings().values() if one.get("value")]
    except Exception:  # pylint: disable=broad-exception-caught
        # What the library cannot find for a request is told then.
        return None
    if headers:
        # The library writes "Bearer" in several ways.
        return " ".join(sorted(one.partition(" ")[2] or one for one in headers))
    try:
        return Path(configuration.key_file).read_text(encoding="utf-8") if configuration.key_file else None
    except (OSError, UnicodeDecodeError):
        return None


def environment_of_options() -> dict[str, str]:
    """The environment variables that stand for options now, as whoever connects later in the same way needs them."""
    return {name: value for name, value in os.environ.items() if name.startswith("K8S_AUTH_") or name == "KUBECONFIG"}


def _option(options: Mapping[str, Any], name: str) -> Any:
    return options.get(name) or os.environ.get(f"K8S_AUTH_{name.upper()}")


def _user(options: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What the kubeconfig says of its user; empty: there is no kubeconfig, as in a pod; None: it cannot be told."""
    from kubernetes.config import kube_config

    given = _option(options, "kubeconfig") or kube_config.KUBE_CONFIG_DEFAULT_LOCATION
    try:
        files = [given] if isinstance(given, Mapping) else _read(str(given).split(os.pathsep))
        names = [one["current-context"] for one in files if one.get("current-context")]
        context = _named("context", files, _option(options, "context") or (names or [None])[-1])
        user = _named("user", files, context.get("user"))
    except Exception:  # pylint: disable=broad-exception-caught
        # The library has read the same, or was not asked to.
        return None
    return user


def _read(paths: Sequence[str]) -> list[Any]:
    # The library kubernetes, which connects, brings it along.
    import yaml

    there = [path for path in map(os.path.expanduser, filter(None, paths)) if os.path.exists(path)]
    return [yaml.safe_load(Path(path).read_text(encoding="utf-8")) or {} for path in there]


def _named(kind: str, files: Sequence[Mapping[str, Any]], name: Any) -> Mapping[str, Any]:
    """The context or user of this name; of several the first counts."""
    for file in files:
        for one in file.get(f"{kind}s") or ():
            if one["name"] == name:
                found: Mapping[str, Any] = one.get(kind) or {}
                return found
    return {}


try:
    import urllib3
except ImportError:
    # kubernetes needs it too, and connect() says so.
    pass

# The API server gives up after 60 seconds itself, and says so then.
CONNECT_SECONDS, READ_SECONDS = 10.0, 70.0


@dataclass(frozen=True)
class ClusterAnswer:
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


class ClusterConnection:
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

    def send(self, request: ClusterRequest) -> ClusterAnswer:
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

    def _headers_for(self, request: ClusterRequest) -> dict[str, str]:
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


def connect(options: Mapping[str, Any], size: int) -> ClusterConnection:
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
        return ClusterConnection(api_client(kubernetes, core, dict(options)), size, kept)
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


def _answer(response: Any) -> ClusterAnswer:
    try:
        body = json.loads(response.data)
    except (ValueError, RecursionError):
        body = None
    retry_after = response.headers.get("Retry-After", "")
    return ClusterAnswer(response.status, body if isinstance(body, dict) else {}, retry_after)


def kubeconfig(endpoint: Endpoint, user: str, token: str, namespace: str) -> str:
    """The text of a file that needs no other one.

    :raises ClusterError: the file of its certificate authority cannot be read.
    """
    # The library kubernetes, without which there is no endpoint, brings it along.
    import yaml

    cluster: dict[str, Any] = {"server": endpoint.server}
    if not endpoint.is_verified:
        cluster["insecure-skip-tls-verify"] = True
    elif endpoint.ca_file:
        cluster["certificate-authority-data"] = _encoded(endpoint.ca_file)
    if endpoint.name:
        cluster["tls-server-name"] = endpoint.name
    if endpoint.proxy:
        cluster["proxy-url"] = endpoint.proxy
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "cluster", "cluster": cluster}],
        "users": [{"name": user, "user": {"token": token}}],
        "contexts": [{"name": user, "context": {"cluster": "cluster", "user": user, "namespace": namespace}}],
        "current-context": user,
    }
    text: str = yaml.safe_dump(config, sort_keys=False)
    return text


def _encoded(file: str) -> str:
    try:
        with open(file, "rb") as stream:
            return base64.b64encode(stream.read()).decode()
    except OSError as error:
        raise ClusterError(f"The cluster's certificate authority {file} cannot be read: {error.strerror}.") from None
