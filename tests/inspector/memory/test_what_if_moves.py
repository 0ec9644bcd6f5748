"""Another order in few words."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from etscope.inspector.memory.what_if.moves import Move, move_columns, moves_of, numbers_text


def test_what_changes_places_and_behind_what() -> None:
    assert moves_of((1, 2, 3, 0, 4)) == [Move((0,), 3)]
    assert moves_of((7, 9, 10, 8)) == [Move((8,), 10)]
    assert moves_of((3, 0, 1, 2)) == [Move((3,), -1)]
    assert moves_of((8, 6, 7)) == [Move((8,), 5)]
    assert moves_of((0, 1)) == moves_of(()) == []


def test_what_moves_to_one_place_is_one_move() -> None:
    assert moves_of((0, 4, 5, 1, 2, 3, 6)) == [Move((4, 5), 0)]


def test_as_columns_it_is_bounded() -> None:
    assert move_columns((2, 0, 1)) == {
        "moves": [{"steps": [2], "steps_left_out": 0, "after": None}],
        "moves_left_out": 0,
    }
    swapped = [at ^ 1 for at in range(200)]
    found = move_columns(swapped)
    assert (len(found["moves"]), found["moves_left_out"]) == (64, 36)
    halves = [*range(100, 200), *range(101)][:200]
    (move,) = move_columns([*halves[:100], *range(100)])["moves"]
    assert (len(move["steps"]), move["steps_left_out"]) == (64, 36)


def test_numbers_in_a_sentence() -> None:
    assert numbers_text((5, 6, 7, 9), 3) == "5-7, 9"
    assert numbers_text((5, 7, 9, 11, 12), 3) == "5, 7, 9 and 2 more"
    assert numbers_text((), 3) == ""


@given(st.permutations(range(3, 12)))
def test_moves_lead_from_the_old_order_to_the_new(order: list[int]) -> None:
    moves = moves_of(order)
    moved = {one for move in moves for one in move.instructions}
    found = [one for one in sorted(order) if one not in moved]
    for move in moves:
        at = found.index(move.after) + 1 if move.after in found else 0
        found[at:at] = move.instructions
    assert found == order
