"""Inputs from earlier jobs: what the same party wrote there, in the same role where it had it."""

from scheduler.domain.messages import InputRef, OutputRef
from scheduler.domain.plan import StepDraft
from tests.scheduler.centre import step

MODEL = (OutputRef(name="data", kind="table", size=1, sha256="x"),)


def train(centre, **given):
    job = centre.submit(step("train"), **given)
    centre.run(lambda task: {"outputs": MODEL})
    return job, {(t.role, t.party): t.id for t in centre.detail(job).steps[0].tasks}


def inputs_of(centre, *, roles, inputs):
    centre.submit(step("use", inputs=inputs), roles=roles)
    told = [centre.claim(party, knock).assignment for party, items in centre.dispatch().items() for knock in items]
    return {(one.role, one.party): one.inputs for one in told}


def test_each_member_gets_what_it_wrote_in_the_earlier_job(centre):
    job, tasks = train(centre, roles={"guest": ("a",), "host": ("b",)})
    found = inputs_of(centre, roles={"guest": ("a",), "host": ("b",)}, inputs={"data": f"{job}:train.data"})
    assert found == {member: {"data": InputRef(task=task, seq=1, output="data")} for member, task in tasks.items()}


def test_the_same_role_comes_first_and_any_role_of_the_party_counts(centre):
    job, tasks = train(centre, roles={"guest": ("a",), "host": ("b", "a")})
    found = inputs_of(centre, roles={"host": ("a",), "guest": ("b",)}, inputs={"data": f"{job}:train.data"})
    assert found["host", "a"]["data"].task == tasks["host", "a"]
    assert found["guest", "b"]["data"].task == tasks["host", "b"]


def test_what_others_wrote_is_never_handed_over(centre):
    job, _ = train(centre, roles={"guest": ("a",)})
    found = inputs_of(centre, roles={"guest": ("a",), "host": ("b",)}, inputs={"data": f"{job}:train.data"})
    assert list(found["guest", "a"]) == ["data"]
    assert found["host", "b"] == {}


def test_own_and_earlier_outputs_of_equal_names_are_not_mixed_up(centre):
    earlier, tasks = train(centre, roles={"guest": ("a",)})
    use = StepDraft(
        name="use", run={"command": ["true"]}, inputs={"data": "train.data", "old": f"{earlier}:train.data"}
    )
    centre.submit(step("train"), use, roles={"guest": ("a",)})
    knock = centre.dispatch()["a"][0]
    centre.claim("a", knock)
    centre.report("a", knock, outputs=MODEL)
    told = centre.claim("a", centre.dispatch()["a"][0]).assignment.inputs
    assert (told["data"].task, told["old"].task) == (knock.task, tasks["guest", "a"])
