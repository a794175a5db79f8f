# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What only an identity has: found where it stays the same for a run, and not taken for it where it does not."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from ansible_collections.community.workload_credentials.plugins.module_utils._kube.connection import (
    environment_of_options,
    secret_of,
)

TOKEN = {"BearerToken": {"value": "Bearer token-of-the-library"}}


@pytest.fixture(autouse=True)
def _nobodys_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [one for one in os.environ if one.startswith(("K8S_AUTH_", "KUBECONFIG"))]:
        monkeypatch.delenv(name)


def library(key_file: Path | None = None, **settings: Any) -> Any:
    """What the library kubernetes has made of the options."""
    return SimpleNamespace(auth_settings=lambda: settings, key_file=key_file and str(key_file))


def kubeconfig(**user: Any) -> dict[str, Any]:
    return {
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"user": "me"}}, {"name": "there", "context": {"user": "you"}}],
        "users": [{"name": "me", "user": user}, {"name": "you", "user": {"exec": {}}}],
    }


def test_a_token_is_one_whoever_gave_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert secret_of({"kubeconfig": kubeconfig()}, library(**TOKEN)) == "token-of-the-library"
    assert secret_of({"api_key": "own"}, library(**TOKEN)) == "own"
    monkeypatch.setenv("K8S_AUTH_PASSWORD", "of the environment")
    assert secret_of({}, library(**TOKEN)) == "of the environment"


def test_what_a_program_makes_is_another_one_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    for user in ({"exec": {}}, {"auth-provider": {}}):
        assert secret_of({"kubeconfig": kubeconfig(**user)}, library(**TOKEN)) is None
    assert secret_of({"kubeconfig": kubeconfig(), "context": "there"}, library(**TOKEN)) is None
    monkeypatch.setenv("K8S_AUTH_CONTEXT", "there")
    assert secret_of({"kubeconfig": kubeconfig()}, library(**TOKEN)) is None


def test_a_client_certificates_key_is_one_where_there_is_no_token(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("private", encoding="utf-8")
    found = kubeconfig(**{"client-key": str(key)})
    assert secret_of({"kubeconfig": found}, library(key)) == "private"
    assert secret_of({"kubeconfig": found}, library(tmp_path / "gone")) is None
    assert secret_of({"kubeconfig": found}, library()) is None


def test_of_several_files_the_first_with_a_name_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, user in (("one", {"token": "x"}), ("other", {"exec": {}})):
        (tmp_path / name).write_text(yaml.safe_dump(kubeconfig(**user)), encoding="utf-8")
    one, other = tmp_path / "one", tmp_path / "other"
    assert secret_of({"kubeconfig": f"{tmp_path / 'no'}:{one}:{other}"}, library(**TOKEN)) == "token-of-the-library"
    monkeypatch.setenv("K8S_AUTH_KUBECONFIG", f"{other}:{one}")
    assert secret_of({}, library(**TOKEN)) is None
    assert environment_of_options() == {"K8S_AUTH_KUBECONFIG": f"{other}:{one}"}
    one.write_text("- broken", encoding="utf-8")
    assert secret_of({"kubeconfig": str(one)}, library(**TOKEN)) is None
