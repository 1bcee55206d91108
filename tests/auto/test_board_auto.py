"""The board with labels of a head: they are out of the queue, and no part of what the learner is told."""

import numpy as np
import pytest

from winnow.board import Board
from winnow.verdicts.log import Verdict

ROWS = np.arange(6)


@pytest.fixture
def board() -> Board:
    board = Board(lambda item_id: int(item_id), is_hidden=np.zeros(6, bool), is_usable=np.ones(6, bool))
    board.set("0", [verdict("0", 1)])
    board.set_auto(np.array([1, 2, 3]), np.array([1, 0, 0], np.int8))
    return board


def verdict(item_id: str, label: int | None) -> Verdict:
    return Verdict("k", item_id, label, "ana", "a.png", strategy="entropy", seq=1)


def counts(board: Board) -> tuple[int, int, int, int]:
    now = board.progress()
    return now.labeled, now.skipped, now.auto_positive, now.auto_negative


def test_what_a_head_decided_is_not_shown_and_not_learnt_from(board: Board) -> None:
    labels = board.labels(1)
    assert board.are_open(ROWS).tolist() == [False, False, False, False, True, True]
    assert (labels.rows.tolist(), labels.values.tolist(), labels.auto.tolist()) == ([0], [1], [1, 2, 3])
    assert counts(board) == (1, 0, 1, 2)


def test_a_verdict_takes_an_items_place_and_its_undo_gives_it_back(board: Board) -> None:
    board.set("2", [verdict("2", 1)])
    board.set("3", [verdict("3", None)])
    assert (board.labels(3).rows.tolist(), board.labels(3).auto.tolist()) == ([0, 2], [1])
    assert counts(board) == (2, 1, 1, 0)
    board.set("2", [])
    assert (board.auto_rows().tolist(), counts(board)) == ([1, 2], (1, 1, 1, 1))
    assert board.are_open(ROWS).tolist() == [False, False, False, False, True, True]


def test_what_is_taken_back_is_open_again(board: Board) -> None:
    board.set_auto(np.empty(0, np.int64), np.empty(0, np.int8))
    assert board.are_open(ROWS).tolist() == [False, True, True, True, True, True]
    assert counts(board) == (1, 0, 0, 0)
