# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starting and stopping the emulator: in a thread for tests, in the main thread for the command line."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import socket
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from secrets import token_urlsafe
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import uvicorn
from starlette.types import ASGIApp

from .app import new_api
from .behaviour import Behaviour, in_words
from .connections import CountedProtocol
from .control import new_control
from .control_client import Control
from .emulation import DOCUMENT, Emulation
from .errors import StartError
from .example import EXAMPLE
from .fill import Content, read_content
from .front_door import FrontDoor
from .gate import Gate
from .identity import Identities
from .platform.app import new_platform
from .real_time import real_seconds
from .tls import TlsFiles, tls_files

# The one of the guides; External Secrets Operator accepts UUIDs of version 4 only.
DEMO_SITE = "a1b2c3d4-e5f6-4890-abcd-ef1234567890"
DEMO_TOKEN = "emulator-demo-token"
DEMO_ADMIN_SITE = "0f1e2d3c-4b5a-4678-9abc-def012345678"
DEMO_ADMIN_TOKEN = "emulator-demo-admin-token"
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}


# Seconds of real time that the server has to start, on a machine that is busy, and to end.
_START = 60.0
_PATIENCE = 5.0


class _Loop(asyncio.SelectorEventLoop):
    """An event loop that goes on when a test stops Python's clocks, or the server would never notice its end."""

    def time(self) -> float:
        """The time that waiting is measured by."""
        return real_seconds()


class _Server(uvicorn.Server):
    """Says when it listens, instead of being asked again and again."""

    def __init__(self, config: uvicorn.Config, when_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self.when_ready = when_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.when_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # A TLS connection that is closed politely waits for its peer, and idle peers do not answer.
        for protocol in list(self.server_state.connections):
            protocol.transport.abort()
        await super().shutdown(sockets)


class Emulator:
    """A Secrets API on this machine.

    >>> with Emulator(sites=[DEMO_SITE], tokens=[DEMO_TOKEN]) as emulator:  # doctest: +SKIP
    ...     play(api_url=emulator.url, ca_cert=emulator.ca_cert)
    ...     assert emulator.control.leases()["minted"] == 1

    :arg sites: site ids; one token for each, or any number of tokens that open all.
    :arg admin_site: the administration site's id, which is the organization's.
    :arg admin_token: the token that opens it.
    :arg behaviour: how all sites behave; ``Behaviour.living()`` as the living service was seen to.
    :arg services: what ``X-BT-Service-Name`` may say; anything without them. As ``name=file`` it takes only JWTs
        for the site that a key of the file, a JSON Web Key Set, has signed.
    :arg roles: the same for ``X-BT-Role``.
    :arg issuer_ca: the CA of the issuers that workload identities name; without it those that the machine trusts.
    :arg issuer_keys: instead of asking an issuer, its JSON Web Key Set, as in ``https://issuer.example.com=keys.json``.
    :arg principals: more tokens, each of a principal, as in ``user:ann@example.com=TOKEN``; the kinds are workload,
        user, group and role. With ``Behaviour(enforce_policies=True)`` they may do what policies grant.
    :arg leading_slash: static secrets show their path as the API document does, ``/prod/app``, and not as the vendor's
        own clients expect it, ``prod/app``.
    :arg example: each site holds what the collection's guides work with.
    :arg fill: what sites hold: a YAML or JSON file, or a dictionary of the same form.
    :arg port: 0 for a free one.
    :arg tls_dir: where the TLS files are kept; a temporary folder without it.
    :arg tls: False serves plain HTTP.
    :arg tls_names: more names and addresses that the certificate is made for.
    :arg control_token: what ``/_control`` asks for; without one it asks only where other machines reach it, for a token
        that is made up.
    :raises StartError: a site is no UUID, a file holds no keys, the port is taken, TLS files cannot be made, or
        the sites cannot be filled.
    """

    def __init__(
        self,
        sites: Sequence[str] = (DEMO_SITE,),
        tokens: Sequence[str] = (DEMO_TOKEN,),
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        tls_dir: Path | None = None,
        tls: bool = True,
        tls_names: Sequence[str] = (),
        control_token: str = "",
        admin_site: str = DEMO_ADMIN_SITE,
        admin_token: str = DEMO_ADMIN_TOKEN,
        behaviour: Behaviour = DOCUMENT,
        services: Sequence[str] = (),
        roles: Sequence[str] = (),
        issuer_ca: Path | None = None,
        issuer_keys: Sequence[str] = (),
        principals: Sequence[str] = (),
        leading_slash: bool = False,
        example: bool = False,
        fill: Path | str | Mapping[str, Any] | None = None,
    ) -> None:
        self.sites = [_checked_site(site) for site in sites]
        self.tokens = list(tokens)
        self.admin_site = _checked_admin_site(admin_site, self.sites)
        self.admin_token = admin_token
        self._emulation = Emulation(
            self.sites,
            self.tokens,
            admin_site=self.admin_site,
            admin_tokens=[admin_token],
            behaviour=behaviour,
            identities=Identities.of(services, roles),
            issuer_ca=issuer_ca,
            issuer_keys=issuer_keys,
            leading_slash=leading_slash,
            contents=_contents(example, fill),
            principals=principals,
        )
        self._names = [host, *tls_names]
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._tls = self._tls_files(tls_dir, host, tls_names) if tls else None
        try:
            self._socket = listen(host, port)
        except StartError:
            self._forget()
            raise
        self.url = f"{'https' if tls else 'http'}://{_authority(host, self._socket.getsockname()[1])}"
        self.control_token = control_token or ("" if _is_loopback(self._socket) else token_urlsafe(24))
        self.control = Control(self.url, self.ca_cert, self.control_token)
        self._thread: threading.Thread | None = None
        self._ready = threading.Event()
        self._abandoned = False
        self._server = self._new_server()

    @property
    def environment(self) -> dict[str, str]:
        """The variables that point a play at it, or anything else that reads the collection's."""
        settings = {
            "BEYONDTRUST_API_URL": self.url,
            "BEYONDTRUST_SITE_ID": self.sites[0],
            "BEYONDTRUST_ACCESS_TOKEN": self.tokens[0],
            "BEYONDTRUST_CA_CERT": self.ca_cert,
            "BEYONDTRUST_ADMIN_SITE_ID": self.admin_site,
            "BEYONDTRUST_ADMIN_ACCESS_TOKEN": self.admin_token,
        }
        return {name: value for name, value in settings.items() if value}

    @property
    def ca_cert(self) -> str | None:
        """The path of the CA to trust, None without TLS."""
        return str(self._tls.ca) if self._tls else None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._run, name="emulator", daemon=True)
        self._thread.start()
        self._ready.wait(_START)
        if not self._server.started:
            self._end()
            raise StartError("the server ended before it listened, or has not begun to.")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def run(self, when_ready: Callable[[], None]) -> None:
        """Serve in this thread until a signal ends it (as KeyboardInterrupt)."""
        self._server.when_ready = when_ready
        try:
            self._serve()
        finally:
            self._forget()

    @property
    def behaviour(self) -> str:
        """How its sites behave, in words."""
        return in_words(self._emulation.behaviour_of())

    def _run(self) -> None:
        try:
            self._serve()
        except (OSError, ValueError):
            # Left behind, it finds its sockets closed.
            if not self._abandoned:
                raise
        finally:
            self._ready.set()

    def _serve(self) -> None:
        with asyncio.Runner(loop_factory=_Loop) as runner:
            runner.run(self._server.serve(sockets=[self._socket]))

    def _end(self) -> None:
        """Stop the thread; one that does not stop must not stop the tests, and loses its connections."""
        assert self._thread is not None
        self._server.should_exit = True
        self._thread.join(_PATIENCE)
        if self._thread.is_alive():
            self._abandoned = True
            self._socket.close()
            for protocol in list(self._server.server_state.connections):
                with contextlib.suppress(OSError):
                    protocol.transport.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
        self._forget()

    def _application(self) -> ASGIApp:
        """What is served."""
        api = new_api()
        control = new_control(self._emulation, api)
        gate = Gate(self._emulation, api, new_platform(), control, control_token=self.control_token)
        ca = self._tls.ca if self._tls else None
        names = self._names
        return FrontDoor(gate, self._emulation, api, ca=ca, control_token=self.control_token, names=names)

    def _new_server(self) -> _Server:
        config = uvicorn.Config(
            self._application(),
            http=CountedProtocol,
            ws="none",
            lifespan="off",
            access_log=False,
            log_config=None,
            log_level=logging.ERROR,
            timeout_keep_alive=600,
            timeout_graceful_shutdown=1,
            ssl_certfile=str(self._tls.certificate) if self._tls else None,
            ssl_keyfile=str(self._tls.key) if self._tls else None,
        )
        return _Server(config, self._ready.set)

    def _tls_files(self, folder: Path | None, host: str, names: Sequence[str]) -> TlsFiles:
        if folder is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="emulator-")
            folder = Path(self._temporary.name)
        try:
            return tls_files(folder.absolute(), host, names)
        except StartError:
            self._forget()
            raise

    def _forget(self) -> None:
        if self._temporary is not None:
            self._temporary.cleanup()


def _contents(example: bool, fill: Path | str | Mapping[str, Any] | None) -> list[Content]:
    return [*([EXAMPLE] if example else []), *([] if fill is None else [read_content(fill)])]


def _checked_site(site: str) -> str:
    try:
        if str(UUID(site)) == site.lower():
            return site.lower()
    except ValueError:
        pass
    raise StartError(f"{site!r} is no site id: give a UUID, such as {DEMO_SITE}.")


def _checked_admin_site(site: str, sites: Sequence[str]) -> str:
    checked = _checked_site(site)
    if checked in sites:
        raise StartError(f"the administration site {checked} cannot be one of the sites that hold secrets.")
    return checked


def listen(host: str, port: int) -> socket.socket:
    """A socket that accepts connections, which wait until a server takes them.

    :raises StartError: the address cannot be had.
    """
    if not 0 <= port <= 65535:
        # The system would take the number modulo 65536.
        raise StartError(f"cannot listen on {_authority(host, port)}: a port is a number from 0 to 65535.")
    try:
        family, *_others, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        # The protocol must be named: asyncio sets TCP_NODELAY only then, and without it each answer takes 40 ms.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
        except OSError:
            listener.close()
            raise
    except OSError as error:
        raise StartError(f"cannot listen on {_authority(host, port)}: {error.strerror or error}.") from None
    return listener


def _is_loopback(listener: socket.socket) -> bool:
    return ipaddress.ip_address(listener.getsockname()[0]).is_loopback


def _authority(host: str, port: int) -> str:
    name = _ANYWHERE.get(host, host)
    return f"[{name}]:{port}" if ":" in name else f"{name}:{port}"
