import pytest

from fedrota.component import InvalidInputError, component
from fedrota.simulate import simulate
from tests.workers.components.tabular import TRIO
from workers.components.aligned_rows import align_frames
from workers.components.frames import read_frame
from workers.components.step_roles import find_roles


def run_alignment(guest, host):
    @component("aligns_frames", inputs={"data": "table"}, exchange=True)
    def aligns_frames(context):
        """Align."""
        if context.me.role != "arbiter":
            align_frames(context, find_roles(context), read_frame(context, "data"))

    return simulate(aligns_frames, TRIO, inputs={"guest": {"data": guest}, "host": {"data": host}})


def test_tables_with_the_same_ids_pass_whatever_their_columns_and_the_arbiter_is_not_asked():
    run = run_alignment({"id": ["a", "ß"], "t": ["x", "y"]}, {"id": ["a", "ß"]})
    assert {message.receiver.role for message in run.messages} == {"guest", "host"}
    assert "ß" not in str([message.value for message in run.messages])


def test_other_ids_are_refused():
    with pytest.raises(InvalidInputError, match="other samples at party 10000"):
        run_alignment({"id": ["a", "ß"]}, {"id": ["ß", "a"]})
