import pytest

from api.dialects.fate.errors import FateError
from api.dialects.fate.vocabulary.fate_job import FateJob
from api.dialects.fate.vocabulary.inheritance import inherit
from scheduler.domain.states import State
from scheduler.store.queries.jobs import JobDetail, StepDetail
from tests.api.dialects.fate.vocabulary.test_fate_job import make_job, make_step

DSL = {
    "components": {
        "reader_0": {"module": "Reader", "output": {"data": ["d"]}},
        "dt_0": {"module": "DataTransform", "input": {"data": {"data": ["reader_0.d"]}}, "output": {"data": ["d"]}},
        "lr_0": {"module": "HeteroLR", "input": {"data": {"train_data": ["dt_0.d"]}}},
    }
}


def make_earlier(**states):
    return JobDetail(make_job(id="1"), [StepDetail(make_step(name, state=state), []) for name, state in states.items()])


DONE = make_earlier(reader_0=State.SUCCESS, dt_0=State.SUCCESS, lr_0=State.FAILED)


def test_outputs_lie_in_the_earlier_job_or_where_that_had_them_from():
    fate = FateJob(dsl=DSL, inherited={"reader_0": ()}, holders={"reader_0": "0"}, inherits_from="0")
    assert inherit(["reader_0", "dt_0"], DSL, make_earlier(dt_0=State.SUCCESS), fate) == {"reader_0": "0", "dt_0": "1"}


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["nope"], "component nope cannot be inherited: the DSL has no such component"),
        (["reader_0", "dt_0", "lr_0"], "component lr_0 cannot be inherited: it did not succeed in job 1"),
        (["dt_0"], "component dt_0 cannot be inherited: it reads from reader_0"),
    ],
)
def test_what_cannot_be_taken_over_is_refused(names, said):
    with pytest.raises(FateError, match=said):
        inherit(names, DSL, DONE, FateJob(dsl=DSL))


def test_a_component_that_was_changed_is_refused():
    changed = {
        "components": {**DSL["components"], "dt_0": {**DSL["components"]["dt_0"], "output": {"data": ["other"]}}}
    }
    del changed["components"]["lr_0"]
    with pytest.raises(FateError, match="its module, inputs or outputs are not those of the earlier job"):
        inherit(["reader_0", "dt_0"], changed, DONE, FateJob(dsl=DSL))
