"""Replies have the items and the meta that FLARE's clients read."""

from datetime import UTC, datetime

from api.dialects.flare.errors import FlareError, MetaStatus
from api.dialects.flare.responses import (
    make_dict,
    make_refusal,
    make_rows,
    make_success,
    make_table,
    make_text,
    render_reply,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_a_success_says_so_to_programs_and_to_who_reads_the_console():
    table = make_rows([["NAME"], ["one"]])
    found = render_reply(make_success("done", shown=[table], job_id="7"), NOON)
    assert found["data"] == [{"type": "string", "data": "done"}, table, {"type": "success", "data": ""}]
    assert found["meta"] == {"status": "ok", "info": "done", "job_id": "7"}
    assert found["time"].startswith("2026-03-01 12:00")


def test_texts_objects_and_tables_are_items_of_their_own_types():
    items = [make_text("x"), make_dict({"a": 1}), make_table([["NAME"], ["one"]])]
    assert [reply.items[0] for reply in items] == [
        {"type": "string", "data": "x"},
        {"type": "dict", "data": {"a": 1}},
        {"type": "table", "rows": [["NAME"], ["one"]]},
    ]
    assert all(reply.meta == {"status": "ok", "info": ""} for reply in items)


def test_a_refusal_carries_its_outcome():
    found = make_refusal(FlareError(MetaStatus.ERROR, "not yet", job="7"), ["8"])
    assert found.items[0] == {"type": "error", "data": "not yet"}
    assert found.meta == {"status": "error", "info": "not yet", "job": "7"}


def test_of_a_job_in_the_way_or_gone_its_id_is_told_since_clients_make_the_sentence():
    for status in (MetaStatus.JOB_RUNNING, MetaStatus.JOB_NOT_RUNNING, MetaStatus.INVALID_JOB_ID):
        refused = FlareError(status, "not yet")
        assert make_refusal(refused, ["8", "all"]).meta["info"] == "8"
        assert make_refusal(refused, ["8"]).items[0]["data"] == "not yet"
        assert make_refusal(FlareError(status, "not yet", job_id="9"), ["all"]).meta["info"] == "9"
        assert make_refusal(refused).meta["info"] == "not yet"
