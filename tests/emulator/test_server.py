# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The server itself: TLS, its files, several at once, sites and tokens."""

from __future__ import annotations

import socket
import ssl
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from workload_credentials_emulator import Emulator, StartError

from .client import OTHER_SITE, SITE, TOKEN, Api, assert_refused, new_session


@pytest.fixture(scope="module")
def tls_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which an emulator has made its TLS files."""
    folder = tmp_path_factory.mktemp("emulator") / "tls"
    with Emulator([SITE], [TOKEN], tls_dir=folder):
        return folder


def _port(emulator: Emulator) -> int:
    return int(emulator.url.rpartition(":")[2])


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_the_certificate_is_good_for_this_machine_s_names(running: Emulator, host: str) -> None:
    context = ssl.create_default_context(cafile=running.ca_cert)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # What newer Pythons demand by default.
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    with (
        socket.create_connection(("127.0.0.1", _port(running)), timeout=20) as plain,
        context.wrap_socket(plain, server_hostname=host) as secured,
    ):
        names = {value for _kind, value in secured.getpeercert()["subjectAltName"]}  # type: ignore[index]  # it has one
    assert {"localhost", "127.0.0.1"} < names
    assert any(":1" in name for name in names)


def test_nobody_trusts_the_certificate_without_its_ca(running: Emulator, tls_dir: Path) -> None:
    session = new_session(running)
    for verify in (True, str(tls_dir / "ca.pem")):
        session.verify = verify
        with pytest.raises(requests.exceptions.SSLError):
            session.get(running.url, timeout=20)


def test_tls_files_are_made_once_and_the_key_is_private(tls_dir: Path) -> None:
    assert {path.name for path in tls_dir.iterdir()} == {"ca.pem", "server.pem", "server.key"}
    assert stat.S_IMODE((tls_dir / "server.key").stat().st_mode) == 0o600
    before = {path.name: path.read_bytes() for path in tls_dir.iterdir()}
    with Emulator([SITE], [TOKEN], tls_dir=tls_dir) as emulator:
        assert emulator.ca_cert == str(tls_dir / "ca.pem")
        assert Api(emulator).get("/session") == {"valid": True}
    assert {path.name: path.read_bytes() for path in tls_dir.iterdir()} == before


def test_the_certificate_can_be_for_more_names(tmp_path: Path) -> None:
    names = ["secrets-api", "192.0.2.7", "*.example.com"]
    for _turn in ("made", "used"):
        with Emulator([SITE], [TOKEN], tls_dir=tmp_path, tls_names=names) as emulator:
            context = ssl.create_default_context(cafile=emulator.ca_cert)
            for host in ("secrets-api", "192.0.2.7", "a.example.com", "localhost"):
                with (
                    socket.create_connection(("127.0.0.1", _port(emulator)), timeout=20) as plain,
                    context.wrap_socket(plain, server_hostname=host),
                ):
                    pass
    with pytest.raises(StartError, match=r"server\.pem is not for other: empty .*, and it is made anew\."):
        Emulator([SITE], [TOKEN], tls_dir=tmp_path, tls_names=["secrets-api", "other"])


def test_a_name_that_cannot_be_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="a certificate cannot be for no name"):
        Emulator([SITE], [TOKEN], tls_dir=tmp_path, tls_names=["no name"])
    assert list(tmp_path.iterdir()) == []


def test_paths_are_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Emulator([SITE], [TOKEN], tls_dir=Path("tls")) as emulator:
        assert emulator.environment["BEYONDTRUST_CA_CERT"] == str(tmp_path / "tls" / "ca.pem")


def test_given_tls_files_are_used(tls_dir: Path, tmp_path: Path) -> None:
    for file in tls_dir.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    with Emulator([SITE], [TOKEN], tls_dir=tmp_path) as emulator:
        session = new_session(emulator)
        session.verify = str(tls_dir / "ca.pem")
        assert session.get(f"{emulator.url}/_control/journal", timeout=20).ok


def test_incomplete_tls_files_are_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("mine")
    with pytest.raises(StartError, match="add server.pem, server.key"):
        Emulator([SITE], [TOKEN], tls_dir=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["ca.pem"]


def test_unusable_tls_files_are_named(tmp_path: Path, tls_dir: Path) -> None:
    for name in ("ca.pem", "server.pem"):
        (tmp_path / name).write_bytes((tls_dir / name).read_bytes())
    (tmp_path / "server.key").write_text("no key")
    with pytest.raises(StartError, match=r"server\.key do not work"):
        Emulator([SITE], [TOKEN], tls_dir=tmp_path)


def test_a_tls_dir_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StartError, match="TLS cannot use .*file/tls"):
        Emulator([SITE], [TOKEN], tls_dir=tmp_path / "file" / "tls")


def test_temporary_tls_files_go_with_the_emulator() -> None:
    with Emulator([SITE], [TOKEN]) as emulator:
        folder = Path(str(emulator.ca_cert)).parent
        assert folder.is_dir()
    assert not folder.exists()


@pytest.mark.smoke
def test_plain_http_on_request() -> None:
    with Emulator([SITE], [TOKEN], tls=False) as emulator:
        assert emulator.url.startswith("http://127.0.0.1:")
        assert emulator.ca_cert is None
        assert Api(emulator).get("/session") == {"valid": True}
        assert emulator.control.leases()["minted"] == 0


def test_several_emulators_do_not_meet(api: Api, tls_dir: Path) -> None:
    with Emulator([SITE], [TOKEN], tls_dir=tls_dir) as emulator:
        Api(emulator).folder("here")
        assert api.paths("/folders") == []


def test_a_taken_port_is_named(running: Emulator) -> None:
    with pytest.raises(StartError, match=rf"cannot listen on 127\.0\.0\.1:{_port(running)}"):
        Emulator([SITE], [TOKEN], port=_port(running))


def test_the_port_is_free_again_after_the_end(tls_dir: Path) -> None:
    with Emulator([SITE], [TOKEN], tls_dir=tls_dir) as first:
        Api(first).get("/session")
    with Emulator([SITE], [TOKEN], tls_dir=tls_dir, port=_port(first)) as second:
        assert second.url == first.url


@pytest.fixture
def two_sites_one_token(tls_dir: Path) -> Iterator[Emulator]:
    """An emulator with fewer tokens than sites."""
    with Emulator([SITE, OTHER_SITE], [TOKEN], tls_dir=tls_dir) as emulator:
        yield emulator


def test_a_token_opens_all_sites_where_they_are_not_paired(two_sites_one_token: Emulator) -> None:
    for site in (SITE, OTHER_SITE):
        assert Api(two_sites_one_token, site=site).get("/session") == {"valid": True}


def test_a_site_may_have_several_tokens(tls_dir: Path) -> None:
    with Emulator([SITE.upper()], ["one", "two"], tls_dir=tls_dir) as emulator:
        for token in ("one", "two"):
            assert Api(emulator, token=token).get("/session") == {"valid": True}
        assert_refused(Api(emulator, token="three").send("GET", "/session"), 401, "unauthorized")


@pytest.mark.parametrize("site", ["", "prod", SITE.replace("-", ""), f"{{{SITE}}}"])
def test_a_site_is_a_uuid(site: str) -> None:
    with pytest.raises(StartError, match="is no site id"):
        Emulator([site], [TOKEN])


def test_a_large_body_arrives_whole(api: Api) -> None:
    value = "x" * 5_000_000
    api.static("app", value=value)
    assert api.get("/static/app")["secret"] == {"value": value}
