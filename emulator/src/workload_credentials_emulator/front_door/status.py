# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The status page: the clock, leases, items and the latest requests; never a value or a token."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice

from ..behaviour import in_words
from ..emulation import Emulation
from ..items import DynamicSecret, Item, Lease, StaticSecret
from ..journal import Entry
from ..site import Site
from .html import Html, element, together
from .layout import cell, figures, page, section, table
from .requests_shown import address, client, hiding, names

# How much of each list is shown.
_LEASES = 100
_ITEMS = 300
_REQUESTS = 50
_LIVE = 2
_MOVES = {"1 min": "60", "15 min": "900", "1 h": "3600", "1 day": "86400"}
_COLOURS = {"active": "good", "revoked": "soft", "expired": "soft"}


def status_page(emulation: Emulation, *, form_token: str, live: bool, with_ca: bool, secrets: Sequence[str]) -> str:
    """Return the page.

    :arg form_token: what a form must bring, so that it comes from this page.
    :arg live: the browser loads it again every two seconds.
    :arg secrets: what else must not be seen in requests.
    """
    hide = hiding(emulation, *secrets)
    return page(
        "Secrets API emulator",
        f"Sites behave {in_words(emulation.behaviour_of())}.",
        _clock(emulation, form_token, live),
        _leases(emulation),
        *(_items(site) for site in emulation.sites.values()),
        _requests(emulation, hide),
        with_ca=with_ca,
        refresh=_LIVE if live else None,
    )


def _clock(emulation: Emulation, form_token: str, live: bool) -> Html:
    now = emulation.clock.now()
    ahead = (now - datetime.now(UTC)).total_seconds()
    side = "ahead of" if ahead > 0 else "behind"
    distance = "real time" if abs(ahead) < 1 else f"{in_time(abs(ahead))} {side} real time"
    buttons = [element("button", f"+ {name}", name="advance", value=seconds) for name, seconds in _MOVES.items()]
    if next_expiration(emulation) is not None:
        buttons.append(element("button", "To the next expiration", name="advance", value="next"))
    buttons.append(element("button", "Back to real time", name="advance", value="reset"))
    form = element(
        "form",
        element("input", type="hidden", name="form_token", value=form_token),
        element("input", type="hidden", name="live", value="1") if live else "",
        *buttons,
        method="post",
        action="/clock",
    )
    reload = ("/", "Stop reloading") if live else ("/?live=1", f"Reload every {_LIVE} s")
    return section(
        "Clock",
        element("p", element("b", _moment(now)), " ", element("span", distance, class_="soft")),
        form,
        element("p", element("a", reload[1], href=reload[0])),
    )


def next_expiration(emulation: Emulation) -> datetime | None:
    """Return when the next active lease expires, None where there is none."""
    leases = [one for site in emulation.sites.values() for one in site.leases.shown()]
    return min((lease.expires_at for lease, state in leases if state == "active"), default=None)


def _leases(emulation: Emulation) -> Html:
    counts = emulation.leases()
    named = [(state, counts[state]) for state in ("minted", "active", "revoked", "expired")]
    now = emulation.clock.now()
    found = [(site, lease, state) for site in emulation.sites.values() for lease, state in site.leases.shown()]
    # Active ones first, the newest first among them.
    found.sort(key=lambda one: (one[2] == "active", one[1].created_at), reverse=True)
    rows = [_lease_row(lease, state, now) for _site, lease, state in found[:_LEASES]]
    columns = ("State", "Dynamic secret", "Expires", "Minted", "Minted by", "Lease")
    return section(
        "Leases",
        figures(named),
        table(columns, rows) if rows else _nothing("No lease was minted yet."),
        _rest(len(found) - _LEASES),
    )


def _lease_row(lease: Lease, state: str, now: datetime) -> list[Html]:
    left = (lease.expires_at - now).total_seconds()
    expires = f"in {in_time(left)}" if state == "active" else _moment(lease.expires_at)
    return [
        cell("State", element("span", state, class_=_COLOURS[state]), kind="short"),
        cell("Dynamic secret", lease.path, " ", element("span", lease.type, class_="soft")),
        cell("Expires", expires, kind="short"),
        cell("Minted", _moment(lease.created_at), kind="short"),
        cell("Minted by", lease.created_by, kind="code"),
        cell("Lease", lease.id, kind="code"),
    ]


def _items(site: Site) -> Html:
    kinds: dict[str, list[Item]] = {
        "folder": [*site.folders],
        "static secret": [*site.static],
        "dynamic secret": [*site.dynamic],
    }
    counts = [(f"{kind}s", len(items)) for kind, items in kinds.items()]
    items = [(kind, item) for kind, found in kinds.items() for item in found]
    items.sort(key=lambda one: one[1].path)
    rows = [_item_row(kind, item, site) for kind, item in items[:_ITEMS]]
    integrations = sorted(site.integrations)
    rows += [
        [cell("Kind", f"integration ({type})", kind="short"), cell("Path", name), cell("Details", "")]
        for type, name in integrations[:_ITEMS]
    ]
    return section(
        f"Site {site.id}",
        figures([*counts, ("integrations", len(integrations))]),
        table(("Kind", "Path", "Details"), rows) if rows else _nothing("The site is empty."),
        _rest(len(items) - _ITEMS),
    )


def _item_row(kind: str, item: Item, site: Site) -> list[Html]:
    deleted = element("span", "deleted", class_="warn") if item.deleted else ""
    details = " · ".join(_details(item, site))
    return [
        cell("Kind", kind, kind="short"),
        cell("Path", item.path),
        cell("Details", deleted, " " if item.deleted and details else "", details),
    ]


def _details(item: Item, site: Site) -> Iterator[str]:
    if isinstance(item, StaticSecret):
        yield f"version {len(item.versions)}"
        yield f"keys {', '.join(item.versions[-1].value) or '(none)'}"
    elif isinstance(item, DynamicSecret):
        names = [one.name for one in site.integrations.values() if one.id == item.integration_id]
        yield f"{item.type}, {in_time(item.config['ttl'])}"
        yield f"integration {', '.join(names)}"
        yield f"{len(site.active_leases(item))} active leases"


def _requests(emulation: Emulation, hide: Callable[[str], str]) -> Html:
    only_site = next(iter(emulation.sites)) if len(emulation.sites) == 1 else ""
    known = names(emulation)
    rows = [
        _request_row(entry, address(entry, hide, known, only_site=only_site))
        for entry in islice(emulation.journal.newest(), _REQUESTS)
    ]
    columns = ("Number", "Request", "Answer", "Token", "Client")
    waiting = len(emulation.faults.requests) + len(emulation.faults.providers)
    return section(
        "Last requests",
        element("p", f"Injected faults that wait for a request: {waiting}", class_="warn") if waiting else "",
        table(columns, rows) if rows else _nothing("There was no request yet."),
    )


def _request_row(entry: Entry, shown: str) -> list[Html]:
    status = "dropped" if entry.status is None else str(entry.status)
    colour = "good" if status < "4" else "warn" if status < "5" else "bad"
    fault = f" injected: {entry.fault}" if entry.fault else ""
    return [
        cell("Number", entry.seq, kind="short"),
        cell("Request", element("span", entry.method, class_="method"), " ", shown, kind="code"),
        cell("Answer", element("span", status, class_=colour), element("span", fault, class_="warn"), kind="short"),
        cell("Token", element("code", entry.token_id or "none"), kind="short"),
        cell("Client", client(entry)),
    ]


def in_time(seconds: float) -> str:
    """Return a duration in its two largest units.

    >>> in_time(3599.7), in_time(60), in_time(93600)
    ('1 h', '1 min', '1 d 2 h')
    """
    left = round(seconds)
    parts = []
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        number, left = divmod(left, size)
        if number:
            parts.append(f"{number} {unit}")
    return " ".join(parts[:2]) or "0 s"


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _nothing(text: str) -> Html:
    return element("p", text, class_="soft")


def _rest(number: int) -> Html:
    return element("p", f"{number} more are not shown.", class_="soft") if number > 0 else together()
