"""Compiled kernels and cores: a cache that can be written, pieces that all run, errors that come through, forks that survive."""

from __future__ import annotations

import multiprocessing
import os
import tempfile

import numba
import numpy as np
import pytest

from pipelines import compiled, cores


def test_the_cache_goes_to_the_temporary_folder_where_nothing_else_can_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    compiled._settle_cache_folder()
    assert numba.config.CACHE_DIR == ""  # beside the source, numba's own choice
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    compiled._settle_cache_folder()
    assert numba.config.CACHE_DIR.startswith(tempfile.gettempdir())


def _mark(piece: int, done: np.ndarray) -> None:
    done[piece] += 1


def test_every_piece_runs_once() -> None:
    done = np.zeros(37, np.int64)
    cores.run_pieces(_mark, 37, done)
    assert (done == 1).all()


def test_an_error_in_a_piece_reaches_the_caller() -> None:
    with pytest.raises(IndexError):
        cores.run_pieces(_mark, 5, np.zeros(3))


def _work_in_child() -> None:
    done = np.zeros(9, np.int64)
    cores.run_pieces(_mark, 9, done)
    os._exit(0 if (done == 1).all() else 1)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_has_threads_of_its_own() -> None:
    cores.run_pieces(_mark, 4, np.zeros(4))
    child = multiprocessing.get_context("fork").Process(target=_work_in_child)
    child.start()
    child.join(20)
    assert child.exitcode == 0
