# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Environments hold what their lock files name, byte for byte, from where pip would have it."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.environment.installer import install
from tests.environment.package_index import as_uv_has_it, for_uv
from tests.environment.problem import MissingPrerequisiteError


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package in a folder, which is the only place that pip is to look for packages."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    path = folder / "small-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("small.py", "")
        archive.writestr("small-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: small\nVersion: 1.0\n")
        archive.writestr("small-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("small-1.0.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return path


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    """A new virtual environment."""
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    return tmp_path / "venv"


def put(environment: Path, digest: str) -> None:
    """Install the package as if the lock file had this hash."""
    lock = environment.parent / "lock.txt"
    lock.write_text(f"small==1.0 --hash=sha256:{digest}\n", encoding="utf-8")
    install(environment, lock, log=environment.parent / "log")


def packages(environment: Path) -> list[str]:
    return sorted(path.name for path in environment.glob("lib/python3.*/site-packages/*.dist-info"))


def test_an_environment_holds_what_the_lock_names_and_no_more(wheel: Path, environment: Path) -> None:
    put(environment, hashlib.sha256(wheel.read_bytes()).hexdigest())
    assert packages(environment) == ["small-1.0.dist-info"]


def test_another_hash_is_refused(wheel: Path, environment: Path) -> None:
    before = packages(environment)
    with pytest.raises(MissingPrerequisiteError, match="Hash mismatch for `small==1.0`"):
        put(environment, hashlib.sha256(wheel.read_bytes() + b"x").hexdigest())
    assert packages(environment) == before


@pytest.mark.usefixtures("wheel")
def test_a_missing_installer_is_one_sentence(
    environment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(MissingPrerequisiteError) as raised:
        put(environment, "0" * 64)
    message = str(raised.value)
    assert message.startswith("pip cannot fetch uv==")
    assert "from the package index that it is set up with: " in message
    assert "\n" not in message


def test_uv_looks_where_pip_does(tmp_path: Path) -> None:
    listed = f"""
global.cert='/etc/ca.pem'
global.index-url='https://global.example/simple'
install.index-url='https://install.example/simple'
:env:.index-url='https://name:word@env.example/simple'
:env:.extra-index-url='https://a.example/simple\\nhttps://b.example/simple'
:env:.find-links='{tmp_path} {tmp_path}/not-there https://c.example/wheels'
global.trusted-host='env.example a.example:8443'
global.proxy='http://proxy.example:3128'
:env:.default-timeout='180'
freeze.timeout='1'
"""
    assert as_uv_has_it(listed) == {
        "SSL_CERT_FILE": "/etc/ca.pem",
        "UV_DEFAULT_INDEX": "https://name:word@env.example/simple",
        "UV_INDEX": "https://a.example/simple https://b.example/simple",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_FIND_LINKS": f"{tmp_path},https://c.example/wheels",
        "UV_INSECURE_HOST": "env.example a.example:8443",
        "HTTP_PROXY": "http://proxy.example:3128",
        "HTTPS_PROXY": "http://proxy.example:3128",
        "UV_HTTP_TIMEOUT": "180",
    }


def test_what_is_set_for_uv_itself_counts_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://pip.example/simple")
    pip = [sys.executable, "-m", "pip"]
    assert for_uv(pip)["UV_DEFAULT_INDEX"] == "https://pip.example/simple"
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://uv.example/simple")
    assert for_uv(pip)["UV_DEFAULT_INDEX"] == "https://uv.example/simple"


def test_nothing_leads_uv_away_from_the_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("UV_NO_VERIFY_HASHES", "UV_PYTHON", "UV_CONSTRAINT", "VIRTUAL_ENV"):
        monkeypatch.setenv(name, "1")
    assert (
        for_uv([sys.executable, "-m", "pip"])
        .keys()
        .isdisjoint({"UV_NO_VERIFY_HASHES", "UV_PYTHON", "UV_CONSTRAINT", "VIRTUAL_ENV"})
    )
