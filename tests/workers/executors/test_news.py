from tests.workers.fakes import until
from tests.workers.workshop import Recorder
from workers.executors.news import NewsFile


def test_metrics_progress_and_summary_come_while_the_command_runs(workshop):
    lines = [
        '{"name": "loss", "value": 0.5, "step": 1}',
        '{"progress": 0.5}',
        "nonsense",
        '{"summary": {"rows": 3}}',
        '{"name": "x", "value": NaN}',
    ]
    run = workshop.command("sh", "-c", 'printf "%s\\n" "$@" >> $FEDROTA_METRICS; sleep 60', "sh", *lines)
    until(lambda: run.sink.summary and run.sink.points)  # lines that come together are told one after the other
    assert [(point.name, point.step, point.value) for point in run.sink.points] == [("loss", 1, 0.5)]
    assert run.sink.fractions == [0.5]
    run.handle.kill()
    run.sink.wait()


def test_lines_that_come_in_pieces_and_lines_that_are_no_news(tmp_path):
    file, sink = tmp_path / "metrics.jsonl", Recorder()
    news = NewsFile(file, sink)
    news.read()  # not there yet
    with file.open("ab", buffering=0) as out:
        out.write(b'{"name": "a", "val')
        news.read()
        assert sink.points == []
        out.write(b'ue": 1}\n[]\n5\n{"name": "b"}\n{"progress": "x"}\n\xff\n\n{"progress": 3}\n{"summary": 5}\n')
        out.write(b"x" * 100_000)
        news.read()
    assert [(point.name, point.step, point.value) for point in sink.points] == [("a", -1, 1.0)]
    assert sink.fractions == [1.0]
    assert news.refused == 7


def test_a_step_beyond_64_bits_is_no_news(tmp_path):
    file, sink = tmp_path / "metrics.jsonl", Recorder()
    file.write_bytes(
        b'{"name": "a", "value": 1, "step": 1e30}\n{"name": "a", "value": 1, "step": 9223372036854775808}\n'
        b'{"name": "a", "value": 1, "step": 9223372036854775807}\n'
    )
    news = NewsFile(file, sink)
    news.read()
    assert [point.step for point in sink.points] == [9223372036854775807]
    assert news.refused == 2


def test_a_full_sink_is_not_filled_further(tmp_path):
    file, sink = tmp_path / "metrics.jsonl", Recorder()
    file.write_bytes(b'{"name": "a", "value": 1}\n')
    sink.full = True
    news = NewsFile(file, sink)
    news.read()
    assert sink.points == []
    sink.full = False
    news.read()
    assert len(sink.points) == 1


def test_the_rest_is_read_also_by_a_full_sink_and_without_a_last_line_feed(tmp_path):
    file, sink = tmp_path / "metrics.jsonl", Recorder()
    file.write_bytes(b'{"name": "a", "value": 1}\n{"name": "a", "value": 2}')
    sink.is_full = lambda: True
    news = NewsFile(file, sink)
    news.read()
    assert sink.points == []
    news.read_rest()
    assert [point.value for point in sink.points] == [1.0, 2.0]


def test_a_summary_of_pairs_is_passed_over_because_no_call_could_carry_it(tmp_path):
    file, sink = tmp_path / "metrics.jsonl", Recorder()
    file.write_text('{"summary": [[1, 2]]}\n')
    news = NewsFile(file, sink)
    news.read()
    assert (sink.summary, news.refused) == ({}, 1)
