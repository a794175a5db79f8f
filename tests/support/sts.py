# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Security Token Service to talk to: moto's server, with a journal of calls and answers that moto does not give.

moto knows no wrong code, no expired token and no limit of requests; those answers are AWS' own, as its API describes.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Response

_REFUSAL = (
    '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>{code}</Code>'
    "<Message>{message}</Message></Error><RequestId>1</RequestId></ErrorResponse>"
)


class _Silent(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        """Say nothing: a test's output is its own."""


@dataclass
class Sts:
    """A running server, as ``with`` starts and ends it.

    ``calls``: the parameters of each request, and as ``signed_by`` the access key that signed it, oldest first.
    """

    calls: list[dict[str, str]] = field(default_factory=list)
    _answers: list[tuple[int, str, str | None]] = field(default_factory=list)

    def __enter__(self) -> Sts:
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._server = make_server("127.0.0.1", 0, self._application, threaded=True, request_handler=_Silent)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def actions(self) -> list[str]:
        """The names of the calls so far."""
        return [call["Action"] for call in self.calls]

    def refuse(self, code: str, message: str, *, status: int = 400, times: int = 1) -> None:
        """Answer the next calls with this error; in its text ``{TokenCode}`` and so on is the call's own parameter."""
        self._answers += [(status, code, message)] * times

    def answer(self, status: int, text: str, *, times: int = 1) -> None:
        """Answer the next requests with this text, whatever it is."""
        self._answers += [(status, text, None)] * times

    def forget(self) -> None:
        """Empty the journal, and refuse no more."""
        self.calls.clear()
        self._answers.clear()

    def _application(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        call = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        # AWS4-HMAC-SHA256 Credential=KEY/DATE/REGION/sts/aws4_request, ...
        scope = [*environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2].split("/"), "", "", ""]
        self.calls.append({"Action": "", **call, "signed_by": scope[0], "region": scope[2]})
        if self._answers:
            status, code, message = self._answers.pop(0)
            text = code if message is None else _REFUSAL.format(code=code, message=escape(message.format(**call)))
            return Response(text, status, content_type="text/xml")(environ, start_response)
        answered: Iterable[bytes] = self._moto({**environ, "wsgi.input": io.BytesIO(body)}, start_response)
        return answered
