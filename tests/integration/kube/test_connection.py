# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection to a cluster is kubernetes.core's own, and what goes wrong with it is one sentence without a token."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from ansible_collections.community.workload_credentials.plugins.module_utils._api.errors import OptionError
from ansible_collections.community.workload_credentials.plugins.module_utils._kube import connection
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.client import InWorker
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.errors import ClusterError
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.objects import OBJECT_KINDS, Refusal

from tests.support.ports import port
from tests.support.proxy import refusing_proxy

pytestmark = pytest.mark.one_core
NAMESPACE = OBJECT_KINDS["Namespace"]
CANARY = "canary-52e1"
NO_CA = "certificate-authority-data"
CHECK = "check .*kubeconfig, context or host of kubernetes.core"


def program(command: str) -> dict[str, Any]:
    return {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": command, "interactiveMode": "Never"}}


def variant(cluster: Any, folder: Path, change: Callable[[Any, Any], Any] | str) -> Path:
    """The kubeconfig with another cluster or user in it, or another text."""
    file = folder / "kubeconfig"
    if isinstance(change, str):
        file.write_text(change, encoding="utf-8")
        return file
    config = copy.deepcopy(yaml.safe_load(cluster.kubeconfig.read_text(encoding="utf-8")))
    change(config["clusters"][0]["cluster"], config["users"][0]["user"])
    file.write_text(yaml.safe_dump(config), encoding="utf-8")
    return file


WRONG: dict[str, tuple[Any, str]] = {
    "nothing listens": (lambda c, _u: c.update(server="https://127.0.0.1:1"), f"nothing listens there: {CHECK}"),
    "untrusted": (lambda c, _u: c.pop(NO_CA), "its certificate is not trusted .*: check ca_cert"),
    "token": (lambda _c, u: u.update(token=CANARY), "Unauthorized: check the token"),
    "token of two lines": (lambda _c, u: u.update(token=f"{CANARY}\nx"), "a token or header cannot be sent"),
    "empty file": ("", "Invalid kube-config"),
    "unknown name": (lambda c, _u: c.update(server="https://nowhere.invalid"), "its name is unknown"),
    "no TLS": (
        lambda c, _u: c.update(server=c["server"].replace("https", "http")),
        "not from a Kubernetes API: check host",
    ),
    "no CA file": (lambda c, _u: (c.pop(NO_CA), c.update({"certificate-authority": "/no/ca"})), "not exist: /no/ca"),
    "CA": (lambda c, _u: c.update({NO_CA: "YWJj"}), f"no TLS connection is possible: {CHECK}"),
    "foreign token": (lambda _c, u: u.update(token=f"{CANARY}☃"), "a token or header cannot be sent"),
    "program": (lambda _c, u: (u.clear(), u.update(program("false"))), "as anonymous: .*its exec plugin"),
    "client key": (
        lambda _c, u: u.update({"client-certificate-data": "YWJj", "client-key-data": "YWJj"}),
        "no TLS connection is possible",
    ),
    "no YAML": (f"users: [{CANARY}\n  token: x: y", r"the kubeconfig .*/kubeconfig cannot be read \(ParserError\)"),
}


@pytest.mark.parametrize(
    ("way", "name"),
    [*(("in_worker", name) for name in WRONG), *(("by_modules", name) for name in list(WRONG)[:5])],
)
def test_what_goes_wrong_is_said_in_one_sentence(cluster: Any, tmp_path: Path, way: str, name: str) -> None:
    change, sentence = WRONG[name]
    with pytest.raises(ClusterError, match=sentence) as error:
        port(way, variant(cluster, tmp_path, change)).list(OBJECT_KINDS["Secret"])
    assert CANARY not in str(error.value)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 350


@pytest.mark.parametrize("source", ["option", "K8S_AUTH_KUBECONFIG", "KUBECONFIG", "HOME"])
def test_a_kubeconfig_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    file = tmp_path / (".kube/config" if source == "HOME" else "missing")
    for name in ("K8S_AUTH_KUBECONFIG", "KUBECONFIG"):
        monkeypatch.delenv(name, raising=False)
    if source != "option":
        monkeypatch.setenv(source, str(tmp_path if source == "HOME" else file))
    # The library takes it from the environment when it is imported.
    monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(file))
    with pytest.raises(ClusterError, match=f"there is no kubeconfig {file}. Check kubeconfig, context or host"):
        InWorker({"kubeconfig": str(file)} if source == "option" else {})


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (407, "the proxy for it requires authentication: check proxy and proxy_headers"),
        (403, "the proxy for it refuses to connect to it: check proxy and no_proxy"),
        (None, "the proxy for it cannot be reached: check proxy and no_proxy"),
    ],
)
def test_what_a_proxy_does_is_told_of_the_proxy(cluster: Any, answer: int | None, said: str) -> None:
    with refusing_proxy(answer) as address, InWorker({"kubeconfig": str(cluster.kubeconfig), "proxy": address}) as one:
        (refused,) = one.post([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "never"}}])
        assert isinstance(refused, Refusal)
        assert said in refused.words
        assert not refused.may_be_done
        with pytest.raises(ClusterError, match="nothing listens there|proxy for it"):
            one.list(NAMESPACE)


@pytest.mark.parametrize("host", ["https://127.0.0.1:port", "https://a b", "https:///x"])
def test_an_address_that_is_none_is_told(host: str) -> None:
    with (
        InWorker({"host": host, "api_key": "x"}) as one,
        pytest.raises(ClusterError, match="this is not an address: check"),
    ):
        one.list(NAMESPACE)


def names(options: dict[str, Any]) -> list[str]:
    with InWorker(options) as made:
        return [one["metadata"]["name"] for one in made.list(NAMESPACE) or ()]


def test_each_way_to_name_a_cluster(cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = yaml.safe_load(cluster.kubeconfig.read_text(encoding="utf-8"))
    token = config["users"][0]["user"]["token"]
    given = {"host": cluster.server + "/", "api_key": token, "ca_cert": str(cluster.ca_cert)}
    helper = tmp_path / "credentials"
    credential = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": token}}
    helper.write_text(f"#!/bin/sh\ncat <<'END'\n{json.dumps(credential)}\nEND\n")
    helper.chmod(0o755)
    for options in (
        {"kubeconfig": str(cluster.kubeconfig)},
        {"kubeconfig": config},
        {"kubeconfig": str(cluster.kubeconfig), "context": config["current-context"]},
        {"kubeconfig": str(variant(cluster, tmp_path, lambda _c, u: (u.clear(), u.update(program(str(helper))))))},
        given,
    ):
        assert "kube-system" in names(options), options
    for name, value in given.items():
        monkeypatch.setenv(f"K8S_AUTH_{name.upper()}", value)
    assert "kube-system" in names({})


def test_an_insecure_cluster_says_nothing_on_stderr(cluster: Any, tmp_path: Path) -> None:
    def insecure(cluster: Any, _user: Any) -> None:
        del cluster[NO_CA]
        cluster["insecure-skip-tls-verify"] = True

    code = (
        "from tests.support.ports import *; from pathlib import Path; import sys;"
        "from ansible_collections.community.workload_credentials.plugins.module_utils._kube import objects;"
        "print(len(port('in_worker', Path(sys.argv[1])).list(objects.OBJECT_KINDS['Secret'])))"
    )
    kubeconfig = str(variant(cluster, tmp_path, insecure))
    done = subprocess.run([sys.executable, "-c", code, kubeconfig], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_nothing_that_a_kubeconfig_holds_stays_on_disk(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kubernetes.config import kube_config

    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    # What another part of Ansible has made is not ours to remove.
    monkeypatch.setattr(kube_config, "_temp_files", {"theirs": str(tmp_path / "theirs")})
    (tmp_path / "theirs").touch()
    kubeconfig = variant(
        cluster, tmp_path, lambda _c, u: u.update({"client-certificate-data": "YWJj", "client-key-data": "YWJj"})
    )
    with InWorker({"kubeconfig": str(kubeconfig)}):
        assert os.listdir(temporary)
    assert os.listdir(temporary) == []
    assert (tmp_path / "theirs").exists()
    assert list(kube_config._temp_files) == ["theirs"]


def test_a_kubernetes_core_without_its_inner_functions_is_asked_the_public_way(cluster: Any) -> None:
    import kubernetes
    from ansible_collections.kubernetes.core.plugins.module_utils.k8s import client as core

    options = {"kubeconfig": str(cluster.kubeconfig)}
    made = connection.api_client(kubernetes, SimpleNamespace(get_api_client=core.get_api_client), options)
    assert made.configuration.host == cluster.server


@pytest.mark.parametrize("concurrency", [0, 65])
def test_the_limit_of_requests_at_once(cluster: Any, concurrency: int) -> None:
    with pytest.raises(OptionError, match="concurrency: it must be from 1 to 64"):
        InWorker({"kubeconfig": str(cluster.kubeconfig)}, concurrency)


def test_who_chose_an_insecure_connection_is_not_warned_beside_ansibles_own_output(
    cluster: Any, tmp_path: Path
) -> None:
    def insecure(given: Any, _user: Any) -> None:
        given.pop(NO_CA)
        given["insecure-skip-tls-verify"] = True

    file = variant(cluster, tmp_path, insecure)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        with InWorker({"kubeconfig": str(file)}) as reading:
            assert reading.get(NAMESPACE, "default")
    assert [str(one.message) for one in said if "Unverified HTTPS" in str(one.message)] == []
