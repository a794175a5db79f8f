# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the command line takes."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from .behaviour_options import add_behaviour_options
from .server import DEMO_ADMIN_SITE, DEMO_ADMIN_TOKEN, DEMO_SITE, DEMO_TOKEN


def new_parser(description: str | None) -> argparse.ArgumentParser:
    """The parser of the command line, which has more in the environment."""
    parser = argparse.ArgumentParser(prog="workload-credentials-emulator", description=description)
    parser.add_argument("--explain", action="store_true", help="say how to point a play at it")
    _add_address(parser)
    _add_sites(parser)
    _add_callers(parser)
    add_behaviour_options(parser)
    return parser


def _add_address(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("address")
    group.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    group.add_argument("--port", type=int, default=8443, help="0 for a free one (default: %(default)s)")
    group.add_argument(
        "--tls-dir", type=Path, metavar="DIR", help="folder of ca.pem, server.pem and server.key, made when missing"
    )
    group.add_argument(
        "--tls-name",
        action="append",
        metavar="NAME",
        default=os.environ.get("EMULATOR_TLS_NAMES", "").replace(",", " ").split(),
        help="a name or address that the certificate is for, may be repeated (besides those in $EMULATOR_TLS_NAMES)",
    )
    group.add_argument("--no-tls", action="store_true", help="serve plain HTTP, whatever is said of TLS")


def _add_sites(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("sites")
    group.add_argument("--site", action="append", metavar="UUID", help=f"may be repeated (default: {DEMO_SITE})")
    group.add_argument(
        "--admin-site",
        metavar="UUID",
        default=os.environ.get("EMULATOR_ADMIN_SITE") or DEMO_ADMIN_SITE,
        help="the site of the APIs for identities and policies (default: $EMULATOR_ADMIN_SITE, else %(default)s)",
    )
    group.add_argument("--with-example", action="store_true", help="begin with what the collection's guides work with")
    group.add_argument(
        "--with",
        dest="fill",
        type=Path,
        metavar="FILE",
        help="begin with what this YAML or JSON file has: folders, static, integrations, dynamic, sites, tokens",
    )
    group.add_argument(
        "--leading-slash", action="store_true", help="show static secrets' paths with a slash before them"
    )


def _add_callers(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("who may ask")
    group.add_argument(
        "--token",
        action="append",
        help=f"may be repeated: one for each site in their order, else each opens all sites (default: {DEMO_TOKEN})",
    )
    group.add_argument(
        "--admin-token",
        metavar="TOKEN",
        default=os.environ.get("EMULATOR_ADMIN_TOKEN") or DEMO_ADMIN_TOKEN,
        help=f"what opens the administration site (default: $EMULATOR_ADMIN_TOKEN, else {DEMO_ADMIN_TOKEN})",
    )
    for kind, header in (("service", "X-BT-Service-Name"), ("role", "X-BT-Role")):
        group.add_argument(
            f"--{kind}",
            action="append",
            default=[],
            metavar="NAME[=JWKS]",
            help=f"what the header {header} may say, may be repeated; with a JSON Web Key Set it takes only JWTs "
            "that one of its keys has signed for the site (default: anything)",
        )
    group.add_argument(
        "--principal",
        action="append",
        default=[],
        metavar="KIND:NAME=TOKEN",
        help="a token more, may be repeated: of a workload (its id), a user (an email address), a group or a role",
    )
    group.add_argument(
        "--issuer-ca", type=Path, metavar="FILE", help="the CA of the issuers that workload identities name"
    )
    group.add_argument(
        "--issuer-keys",
        action="append",
        default=[],
        metavar="URL=JWKS",
        help="the JSON Web Key Set of an issuer, which is then not asked for it; may be repeated",
    )
    group.add_argument(
        "--control-token",
        default=os.environ.get("EMULATOR_CONTROL_TOKEN", ""),
        metavar="TOKEN",
        help="what /_control asks for (default: $EMULATOR_CONTROL_TOKEN; without it one is made up and printed where "
        "other machines reach the port, and none is needed elsewhere)",
    )
