# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command line's switches for how the sites behave."""

from __future__ import annotations

import argparse
from dataclasses import fields, replace

from .behaviour import Behaviour

# A limit only surprises those who write tests; who looks at a living service meets it.
_LIVING_LIMIT = 500


def add_behaviour_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--living`` and a switch for each part of it."""
    group = parser.add_argument_group(
        "behaviour",
        "Without these the sites behave as the API document says. Each switch changes one part of --living.",
    )
    group.add_argument(
        "--living", action="store_true", help="behave as the real service was observed to, in all of the following"
    )
    group.add_argument(
        "--missing",
        dest="missing_is_forbidden",
        type=_missing,
        metavar="{forbidden,not-found}",
        help="how to answer requests for missing items: as hidden from the token, or as missing",
    )
    _seconds(group, "read-lag", "how long reads return an item's previous state")
    _switch(group, "lists-lag", "lists lag as reads do")
    _seconds(group, "lease-lag", "how long a new lease is unknown")
    _switch(group, "azure-expiration", "Azure credentials have an expiration")
    group.add_argument(
        "--azure-spelling", choices=("document", "camel"), help="client_id as in the document, or clientId"
    )
    _switch(group, "described-credentials", "credentials have type and credentialType")
    group.add_argument(
        "--rate-limit",
        type=_count,
        metavar="N",
        help=f"requests that a token may send in a window, 0 for no limit (with --living: {_LIVING_LIMIT})",
    )
    _seconds(group, "rate-window", "how long a window is", least=0.001)
    _switch(group, "both-products", "also accept addresses below /wlc and the header bt-wlc-api-version")
    _switch(group, "any-patch-type", "PATCH also accepts application/json")
    _switch(group, "gateway-errors", 'answer rejected tokens with {"error": ...}')
    _switch(group, "strict-list-path", "refuse list requests whose path begins or ends with a slash")
    _switch(group, "soft-deleted-count", "a folder with restorable items in it is not empty")
    _seconds(group, "policy-lag", "how long a policy takes to be bound, or undone")
    _seconds(group, "grant-lag", "how long a bound policy takes to take effect")
    _switch(group, "enforce-policies", "the token of a principal may do only what policies in force grant")
    _switch(group, "owner-generates", "Owner in a policy includes GenerateDynamicCredential, which is disputed")
    _switch(group, "lower-issuers", "store issuers' addresses in lower case, which is disputed")
    _switch(group, "vendor-codes", "404 answers have the codes that the real service uses")


def chosen_behaviour(options: argparse.Namespace) -> Behaviour:
    """The behaviour that the options name."""
    world = Behaviour.living(rate_limit=_LIVING_LIMIT) if options.living else Behaviour()
    given = {field.name: getattr(options, field.name) for field in fields(Behaviour)}
    return replace(world, **{name: value for name, value in given.items() if value is not None})


def _switch(group: argparse._ArgumentGroup, name: str, help: str) -> None:
    group.add_argument(f"--{name}", action=argparse.BooleanOptionalAction, default=None, help=help)


def _seconds(group: argparse._ArgumentGroup, name: str, help: str, *, least: float = 0.0) -> None:
    def seconds(text: str) -> float:
        number = float(text)
        if not least <= number < float("inf"):
            raise ValueError(text)
        return number

    group.add_argument(f"--{name}", type=seconds, metavar="SECONDS", help=help)


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0")
    return int(text)


def _missing(text: str) -> bool:
    if text not in ("forbidden", "not-found"):
        raise argparse.ArgumentTypeError(f"{text!r} is neither forbidden nor not-found")
    return text == "forbidden"
