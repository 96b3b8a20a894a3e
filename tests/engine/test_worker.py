"""What travels from a worker to its parent."""

import msgspec
from msgspec.structs import replace

from output.samples import result
from probecli.engine.keeper import InMemory, decode_result
from probecli.engine.worker import DECODER, Batch, batch_of
from probecli.output.json import encode_exactly

UP = result("up", state="up")
DOWN = result("down", state="down")


def travelled(batch: Batch) -> Batch:
    """The batch as its parent gets it."""
    arrived = DECODER.decode(msgspec.msgpack.encode(batch))
    assert isinstance(arrived, Batch)
    return arrived


def test_what_is_up_travels_as_json_and_the_rest_as_it_is() -> None:
    excused = replace(UP, name="excused", gated=False)
    batch = travelled(batch_of([(4, UP), (2, DOWN), (9, excused)], encode_exactly))
    assert batch.results == [(2, DOWN)]
    assert batch.up == [(4, True), (9, False)]
    assert list(map(decode_result, batch.lines.split(b"\n"))) == [UP, excused]


def test_what_json_cannot_carry_exactly_travels_as_it_is() -> None:
    odd = replace(UP, name="odd", url="http://a.test/\udcff")
    batch = batch_of([(0, UP), (1, odd)], encode_exactly)
    assert batch.results == [(1, odd)]
    assert batch.up == [(0, True)]


def test_a_batch_without_anything_up_has_no_line() -> None:
    batch = travelled(batch_of([(0, DOWN)], encode_exactly))
    assert (batch.up, batch.lines) == ([], b"")


def test_results_kept_in_memory_are_those_that_the_worker_had() -> None:
    keeper = InMemory(2)
    keeper.add(1, DOWN)
    (line,) = encode_exactly([UP])
    assert line is not None
    keeper.add_up(0, None, line)
    assert keeper.results() == (UP, DOWN)
