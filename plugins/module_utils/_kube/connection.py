# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection to a cluster, which kubernetes.core makes, and the identity in it."""

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

# Kubeconfig entries that make another token each time.
_PROGRAMS = ("exec", "auth-provider")


def secret_of(options: Mapping[str, Any], configuration: Any) -> str | None:
    """Return a token or a client certificate's key; None: the identity has none that stays the same for a run.

    :arg options: of kubernetes.core, from which the configuration was made.
    :arg configuration: of the library kubernetes.
    """
    given = _option(options, "api_key") or _option(options, "password")
    if given:
        return str(given)
    user = _user(options)
    if user is None or user.keys() & {*_PROGRAMS}:
        return None
    return _secret_in_headers(configuration) or _text_of(configuration.key_file)


def _secret_in_headers(configuration: Any) -> str:
    try:
        settings = configuration.auth_settings().values()
    except Exception:  # pylint: disable=broad-exception-caught
        # The first request reports it.
        return ""
    headers = [str(setting["value"]) for setting in settings if setting.get("value")]
    # The library writes "Bearer" in several ways.
    return " ".join(sorted(header.partition(" ")[2] or header for header in headers))


def _text_of(file: str | None) -> str | None:
    try:
        return Path(file).read_text(encoding="utf-8") if file else None
    except (OSError, UnicodeDecodeError):
        return None


def environment_of_options() -> dict[str, str]:
    """Return the environment variables that set options now, for a later connection of the same kind."""
    return {name: value for name, value in os.environ.items() if name.startswith("K8S_AUTH_") or name == "KUBECONFIG"}


def _option(options: Mapping[str, Any], name: str) -> Any:
    return options.get(name) or os.environ.get(f"K8S_AUTH_{name.upper()}")


def _user(options: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the user in the kubeconfig; empty: there is no kubeconfig, as in a pod; None: it cannot be read."""
    from kubernetes.config import kube_config

    given = _option(options, "kubeconfig") or kube_config.KUBE_CONFIG_DEFAULT_LOCATION
    try:
        files = [given] if isinstance(given, Mapping) else _read(str(given).split(os.pathsep))
        names = [file["current-context"] for file in files if file.get("current-context")]
        context = _named("context", files, _option(options, "context") or (names or [None])[-1])
        user = _named("user", files, context.get("user"))
    except Exception:  # pylint: disable=broad-exception-caught
        # The library reads the same files and reports what is wrong with them.
        return None
    return user


def _read(paths: Sequence[str]) -> list[Any]:
    # A dependency of the library kubernetes.
    import yaml

    files = [Path(path).expanduser() for path in paths if path]
    return [yaml.safe_load(file.read_text(encoding="utf-8")) or {} for file in files if file.exists()]


def _named(kind: str, files: Sequence[Mapping[str, Any]], name: Any) -> Mapping[str, Any]:
    """Return the first context or user of this name."""
    for file in files:
        for entry in file.get(f"{kind}s") or ():
            if entry["name"] == name:
                content: Mapping[str, Any] = entry.get(kind) or {}
                return content
    return {}


try:
    import urllib3
except ImportError:
    # kubernetes needs it too, and connect() reports that.
    pass

# The API server itself gives up after 60 seconds.
CONNECT_SECONDS, READ_SECONDS = 10.0, 70.0


@dataclass(frozen=True)
class ClusterAnswer:
    """An answer of the cluster; ``body`` is its JSON object, or empty."""

    status: int
    body: Mapping[str, Any]
    retry_after: str = ""


@dataclass(frozen=True)
class Endpoint:
    """The way to a cluster, without an identity.

    :arg ca_file: its certificate authorities; None: those of the system.
    :arg name: the name on its certificate, if that is not the server's.
    """

    server: str
    ca_file: str | None
    is_verified: bool
    proxy: str | None
    name: str | None


class ClusterConnection:
    """One identity at one cluster.

    :arg api_client: of the library kubernetes.
    :arg size: the number of requests at the same time.
    :arg kept: keys of the library's temporary files that existed before.
    """

    def __init__(self, api_client: Any, size: int, kept: frozenset[str]) -> None:
        self._kept = kept
        self.host = str(api_client.configuration.host)
        self.configuration = configuration = api_client.configuration
        self.endpoint = Endpoint(
            self.host,
            configuration.ssl_ca_cert,
            bool(configuration.verify_ssl),
            configuration.proxy,
            getattr(configuration, "tls_server_name", None),
        )
        self._pool = api_client.rest_client.pool_manager
        self._pool.connection_pool_kw.update(maxsize=size, block=True)
        if not self.configuration.verify_ssl:
            # The user chose that; each connection would print a warning into Ansible's output.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        # kubernetes.core uses header keys that compare by identity so that Impersonate-Group can repeat: never look
        # them up by name.
        self._headers = dict(api_client.default_headers)
        self._token = threading.Lock()

    @property
    def impersonated(self) -> tuple[str, ...]:
        """Return the headers with the impersonated identity."""
        lines = [f"{name}: {value}" for name, value in self._headers.items()]
        return tuple(sorted(line for line in lines if line.startswith("Impersonate-")))

    def send(self, request: ClusterRequest) -> ClusterAnswer:
        """Send a request and return the answer, whatever its status.

        :raises ClusterError: the connection can never work.
        :raises NoClusterError: no answer came.
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
            # urllib3 does not wrap every error from below.
            raise no_answer(error, self.host) from None
        return _answer(response)

    def close(self) -> None:
        """End the connections, and remove the library's files with keys from a kubeconfig.

        The library does that when a process exits, but Ansible's workers skip its exit handlers.
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
        for setting in self._auth().values():
            headers[setting["key"]] = setting["value"]
        return headers

    def _auth(self) -> Mapping[str, Any]:
        # This renews an expired token, which must not happen twice at the same time.
        with self._token:
            try:
                settings: Mapping[str, Any] = self.configuration.auth_settings()
            except Exception as error:  # pylint: disable=broad-exception-caught
                raise no_configuration(error) from None
        return settings


def connect(options: Mapping[str, Any], size: int) -> ClusterConnection:
    """Return the connection that kubernetes.core makes from its options and the environment.

    :arg options: of kubernetes.core, validated.
    :arg size: the number of requests at the same time.
    :raises MissingLibraryError: the library kubernetes is not installed.
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
    """Return the places of a kubeconfig; none: the options hold it, or none is needed."""
    given = _option(options, "kubeconfig") or os.environ.get("KUBECONFIG")
    if isinstance(given, str):
        return [os.path.expanduser(path) for path in given.split(os.pathsep) if path]
    if given or _option(options, "host"):
        return []
    return [os.path.expanduser("~/.kube/config")]


def _library() -> Any:
    """Return the library kubernetes.

    :raises MissingLibraryError: it is not installed.
    """
    # Its dependency pydantic would read the metadata of every installed package, to find plugins.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "true")
    try:
        import kubernetes
    except ImportError:
        raise MissingLibraryError("kubernetes", sys.executable) from None
    return kubernetes


def api_client(kubernetes: Any, core: Any, options: dict[str, Any]) -> Any:
    """Return the library's client as kubernetes.core would make it.

    :arg core: kubernetes.core's module of clients (with these functions from 2.3.0 on, and in this form in 6.6.0).
    """
    try:
        spec, configuration, headers = core._create_auth_spec, core._create_configuration, core._create_headers
    except AttributeError:
        # Its public way, which first reads the cluster's kinds and keeps them in a temporary file.
        return core.get_api_client(**options).client.client
    made = kubernetes.client.ApiClient(configuration(spec(None, **options)))
    for name, value in headers(None, **options).items():
        core._set_header(made, name, value)
    return made


def _temporary_files() -> dict[str, str]:
    """Return the paths, by key, of the library's temporary files in this process and its parents."""
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
    """Return a complete kubeconfig that needs no other file.

    :raises ClusterError: the file of its certificate authority cannot be read.
    """
    # A dependency of the library kubernetes.
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
