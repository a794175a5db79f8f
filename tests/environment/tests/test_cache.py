# Copyright (c) 2026, community.workload_credentials contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is in the cache was made to the end, of what the key says."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.environment import cache
from tests.environment.cache import cache_folder, made_once


def _note(folder: Path) -> None:
    with (folder.parent / "made").open("a", encoding="utf-8") as made:
        made.write("x")
    (folder / "result").write_text("whole", encoding="utf-8")


def test_another_key_is_another_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folders = {cache_folder("x", *parts) for parts in ([], ["ab"], ["a", "b"], ["b", "a"])}
    assert len(folders) == 4
    assert {folder.parent for folder in folders} == {tmp_path / "workload-credentials"}


def test_a_result_is_made_once(tmp_path: Path) -> None:
    for _round in range(2):
        assert (made_once(tmp_path / "x", _note) / "result").read_text() == "whole"
    assert (tmp_path / "made").read_text() == "x"


def test_an_interrupted_result_is_made_anew(tmp_path: Path) -> None:
    def interrupted(folder: Path) -> None:
        (folder / "half").touch()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made_once(tmp_path / "x", interrupted)
    made_once(tmp_path / "x", _note)
    assert sorted(path.name for path in (tmp_path / "x").iterdir()) == ["complete", "result"]


def test_who_comes_meanwhile_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    making, second_came = threading.Event(), threading.Event()
    makers = []

    def make(folder: Path) -> None:
        makers.append(folder)
        making.set()
        if len(makers) > 1:
            second_came.set()
        second_came.wait()

    monkeypatch.setattr(cache, "report", lambda message: second_came.set())
    first = threading.Thread(target=made_once, args=(tmp_path / "x", make))
    first.start()
    making.wait()
    made_once(tmp_path / "x", make)
    first.join()
    assert makers == [tmp_path / "x"]
