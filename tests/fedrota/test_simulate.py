import gc

import pyarrow
import pyarrow.parquet
import pytest

from fedrota.component import InvalidInputError, PeerError, component
from fedrota.simulate import simulate

PARTIES = {"guest": ["9999"], "host": ["10000", "10001"]}


@component("greet", params={"word": {"type": "string", "default": "hello"}}, outputs={"data": "file"}, exchange=True)
def greet(context):
    """Send a word to everybody."""
    context.exchange.broadcast(None, "word", f"{context.params['word']} from {context.me.address}")
    heard = context.exchange.gather(None, "word")
    context.summary(heard=sorted(heard.values()))
    context.log("done")
    context.log_metric("loss", 0.5, 1)
    context.log_metric("loss", float("nan"), 2)
    context.progress(1.0)
    with context.output("data") as output:
        output.path.write_text("x")
        output.facts["characters"] = 1


def test_every_member_runs_and_leaves_its_result():
    run = simulate(greet, PARTIES)
    assert list(run) == ["guest.0", "host.0", "host.1"]
    assert run["guest"].summary == {"heard": ["hello from host.0", "hello from host.1"]}
    result = run["host.1"]
    assert result.member.party == "10001"
    assert result.metrics == {"loss": [(1, 0.5)]}
    assert result.log == ["done", "metric loss at step 2 is nan: not finite, so it is not kept"]
    assert result.progress == [1.0]
    assert result.output("data").read_text() == "x"
    assert (result.outputs["data"].kind, result.outputs["data"].facts) == ("file", {"characters": 1})
    assert len(run.messages) == 6


def test_parameters_may_differ_by_member():
    run = simulate(greet, PARTIES, params=lambda me: {"word": me.party})
    assert run["guest"].summary["heard"] == ["10000 from host.0", "10001 from host.1"]


def test_parameters_are_checked_before_anything_runs():
    with pytest.raises(InvalidInputError, match="wrod is not a parameter; did you mean 'word'"):
        simulate(greet, PARTIES, params={"wrod": "x"})


def test_outputs_go_with_the_last_result_unless_a_folder_is_given(tmp_path):
    result = simulate(greet, PARTIES)["guest"]
    path = result.output("data")
    gc.collect()
    assert path.exists()
    del result
    gc.collect()
    assert not path.exists()
    kept = simulate(greet, PARTIES, workdir=tmp_path)["guest"].output("data")
    gc.collect()
    assert kept.is_relative_to(tmp_path)
    assert kept.exists()


def test_the_first_error_is_raised_with_its_member_and_the_others_end():
    ended = []

    @component("breaks", exchange=True)
    def breaks(context):
        """Break at one party while the others wait for it."""
        if context.me.address == "host.1":
            raise RuntimeError("no luck")
        try:
            context.exchange.recv("host.1", "never")
        except PeerError as error:
            ended.append(str(error))
            assert context.cancelled
            raise

    with pytest.raises(RuntimeError, match="no luck") as caught:
        simulate(breaks, PARTIES)
    assert caught.value.__notes__ == ["raised at host.1 (party 10001)"]
    assert len(ended) == 2
    assert all("host.1 failed: no luck" in text for text in ended)


def test_members_that_wait_for_each_other_do_not_hang():
    @component("stuck", exchange=True)
    def stuck(context):
        """Everybody receives, nobody sends."""
        context.exchange.gather(None, "x")

    with pytest.raises(PeerError, match="every member waits|failed"):
        simulate(stuck, PARTIES)


@component("reads", inputs={"data": "table", "note": "file"}, outputs={"data": "table"})
def reads(context):
    """Read whatever is there."""
    table = pyarrow.parquet.read_table(context.table("people"))
    context.summary(rows=table.num_rows, inputs=sorted(name for name in ("data", "note") if context.has_input(name)))
    if context.has_input("data"):
        with context.output("data", "table") as output:
            pyarrow.parquet.write_table(pyarrow.parquet.read_table(context.input("data")), output.path)


def test_tables_are_columns_csv_or_parquet(tmp_path):
    (tmp_path / "people.csv").write_text("id,age\na,1\nb,2\n")
    pyarrow.parquet.write_table(pyarrow.table({"age": [1, 2, 3]}), tmp_path / "people.parquet")
    run = simulate(
        reads,
        PARTIES,
        tables={
            "9999": {"people": {"age": [1]}},
            "10000": {"people": tmp_path / "people.csv"},
            "10001": {"people": str(tmp_path / "people.parquet")},
        },
    )
    assert [run[member].summary["rows"] for member in run] == [1, 2, 3]


def test_a_missing_table_names_those_there_are():
    with pytest.raises(InvalidInputError, match="party 10000 has no table 'people'; its tables are pepole"):
        simulate(
            reads,
            PARTIES,
            tables={"9999": {"people": {"a": [1]}}, "10000": {"pepole": {"a": [1]}}, "10001": {"people": {"a": [1]}}},
        )


def test_inputs_are_given_by_member_and_passed_on(tmp_path):
    (tmp_path / "note.txt").write_text("n")
    tables = {party: {"people": {"a": [1]}} for party in ("9999", "10000", "10001")}
    first = simulate(reads, PARTIES, tables=tables, inputs={"guest": {"data": {"x": [1, 2]}}})
    assert first["guest"].read_table("data") == {"x": [1, 2]}
    second = simulate(
        reads,
        PARTIES,
        tables=tables,
        inputs={"host.1": {"data": first["guest"].output("data"), "note": tmp_path / "note.txt"}},
    )
    assert second["host.1"].summary["inputs"] == ["data", "note"]
    assert second["host.0"].summary["inputs"] == []


def test_a_role_that_the_component_does_not_know_is_refused():
    @component("picky", roles=["guest"])
    def picky(context):
        """Know guests only."""

    with pytest.raises(InvalidInputError, match="knows no role 'host', only guest"):
        simulate(picky, PARTIES)


def test_a_step_without_members_is_refused():
    with pytest.raises(InvalidInputError, match="at least one member"):
        simulate(greet, {})


def test_a_plain_function_is_no_component():
    with pytest.raises(TypeError, match="mark the function with @component"):
        simulate(lambda context: None, PARTIES)


def test_a_summary_holds_json_values_only():
    @component("sums")
    def sums(context):
        """Put something odd into the summary."""
        context.summary(a=float("nan"), b=1)
        context.summary(c=object())

    with pytest.raises(TypeError, match="no JSON value"):
        simulate(sums, {"guest": ["1"]})


def test_a_body_that_raises_inside_an_output_leaves_none():
    @component("half", outputs={"data": "file"})
    def half(context):
        """Fail while writing."""
        try:
            with context.output("data") as output:
                output.path.write_text("half")
                raise OSError("full")
        except OSError:
            context.log("failed")

    assert simulate(half, {"guest": ["1"]})["guest"].outputs == {}
