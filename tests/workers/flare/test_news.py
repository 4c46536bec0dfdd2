import json

from workers.flare.news import News, write_mark


def test_only_what_is_new_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("FEDROTA_METRICS", str(tmp_path / "metrics.jsonl"))
    news = News()
    for fraction in (0.0, 0.0, 0.5):
        news.progress(fraction)
    for number in (0, 1, 1):
        news.point("round", number, number)
    news.summary("phase", "RUNNING")
    news.summary("phase", "RUNNING")
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert lines == [
        {"progress": 0.0},
        {"progress": 0.5},
        {"name": "round", "value": 0, "step": 0},
        {"name": "round", "value": 1, "step": 1},
        {"summary": {"phase": "RUNNING"}},
    ]


def test_a_mark_appears_at_once(tmp_path):
    write_mark(tmp_path / "finished.json", {"sites": ["a"]})
    assert json.loads((tmp_path / "finished.json").read_text()) == {"sites": ["a"]}
    assert [path.name for path in tmp_path.iterdir()] == ["finished.json"]
