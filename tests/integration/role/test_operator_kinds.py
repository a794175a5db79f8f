# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the CRDs of the operator come from."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.support.operator_kinds import FOLDER, KindsUnavailable, definitions

pytestmark = pytest.mark.one_core

BUNDLE = b"kind: CustomResourceDefinition\nmetadata: {name: one}\n---\nkind: Other\n"
SHA256 = hashlib.sha256(BUNDLE).hexdigest()


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """An empty cache, and the paths that the server is asked for."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return []


@pytest.fixture
def address(asked: list[str]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200 if self.path == "/bundle.yaml" else 404)
            self.end_headers()
            self.wfile.write(BUNDLE)

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_the_release_is_downloaded_once(address: str, asked: list[str]) -> None:
    for _time in range(2):
        crds = list(definitions({}, f"{address}/bundle.yaml", SHA256))
        assert [crd["metadata"]["name"] for crd in crds] == ["one"]
    assert asked == ["/bundle.yaml"]


def test_another_file_is_refused_each_time(address: str, asked: list[str]) -> None:
    for _time in range(2):
        with pytest.raises(ValueError, match=r"bundle\.yaml is not the file with the SHA-256 sum 0+"):
            list(definitions({}, f"{address}/bundle.yaml", "0" * 64))
    assert len(asked) == 2


def test_a_release_that_cannot_be_had_names_the_way_out(address: str) -> None:
    with pytest.raises(KindsUnavailable, match=rf"/gone cannot be had \(HTTPError\): set {FOLDER} to a folder"):
        list(definitions({}, f"{address}/gone", SHA256))


def test_a_folder_comes_first(tmp_path: Path) -> None:
    folder = tmp_path / "crds"
    folder.mkdir()
    with pytest.raises(KindsUnavailable, match=f"{FOLDER} names .*, which holds no file"):
        list(definitions({FOLDER: str(folder)}))
    (folder / "own.yml").write_bytes(BUNDLE)
    assert len(list(definitions({FOLDER: str(folder)}))) == 1
