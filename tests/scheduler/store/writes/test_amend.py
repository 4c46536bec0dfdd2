from scheduler.domain.messages import MetricPoint, OutputRef
from scheduler.domain.model import Retry
from scheduler.store.queries.jobs import get_job, get_job_detail, get_origin
from scheduler.store.queries.tracking import list_outputs
from scheduler.store.writes.amend import StepChange, change_steps, delete_metrics, delete_results, put_label
from tests.scheduler.centre import chain, step


def test_a_label_joins_the_others(centre):
    job = centre.submit(step("s"), labels={"a": "1"})
    centre.write(lambda tx: put_label(tx, job, "b", "2"))
    centre.write(lambda tx: put_label(tx, job, "a", "3"))
    assert centre.read(lambda tx: get_job(tx, job)).labels == {"a": "3", "b": "2"}


def test_only_the_named_steps_change(centre):
    job = centre.submit(*chain(2, params={"x": 1}))
    change = StepChange(
        params={"x": 2}, overrides={"host": {"x": 3}}, retry=Retry(attempts=4, on=("error",)), timeout_s=5.0
    )
    centre.write(lambda tx: change_steps(tx, job, {"s1": change}, {"new": True}))
    first, second = (each.step for each in centre.read(lambda tx: get_job_detail(tx, job)).steps)
    assert (first.params, first.overrides, first.retry) == ({"x": 1}, {}, Retry())
    assert (second.params, second.overrides, second.timeout_s) == ({"x": 2}, {"host": {"x": 3}}, 5.0)
    assert second.retry == Retry(attempts=4, on=("error",))
    assert centre.read(lambda tx: get_origin(tx, job)) == {"new": True}


def test_results_of_other_jobs_and_parties_stay(centre):
    output = (OutputRef(name="data", kind="table", size=1, sha256="x"),)
    jobs = [centre.submit(step("s")), centre.submit(step("s"))]
    centre.run(lambda _task: {"outputs": output})
    assert centre.write(lambda tx: delete_results(tx, jobs[0], party="a")) == 1
    left = [(output.where.party, job) for job in jobs for output in centre.read(lambda tx, j=job: list_outputs(tx, j))]
    assert left == [("b", jobs[0]), ("a", jobs[1]), ("b", jobs[1])]


def test_the_points_of_more_jobs_than_a_statement_has_parameters(centre):
    job = centre.submit(step("s"))
    for party, [knock] in centre.dispatch().items():
        centre.claim(party, knock)
        centre.beat(party, knock, batch=1, metrics=(MetricPoint("loss", 0, 0.5, 1.0),))
    assert centre.rows("SELECT COUNT(*) FROM metric") == [(2,)]
    centre.write(lambda tx: delete_metrics(tx, [*map(str, range(40_000)), job]))
    assert centre.rows("SELECT COUNT(*) FROM metric") == [(0,)]
