import pytest

from api.agent.relay import Delivery, Groups, Relay
from scheduler.domain.frames import FrameError, pack, unpack

GROUP = {"g": "9999", "h": "10000"}


class Post:
    """Where frames are delivered, with the answer it gives."""

    def __init__(self, delivery=Delivery.DONE):
        self.delivery = delivery
        self.sent = []

    async def __call__(self, party, frame, source, source_party):
        self.sent.append((party, frame, source, source_party))
        return self.delivery


async def find_group(task):
    return GROUP if task in GROUP else {}


async def forward(party, src, dst, post):
    header = {"t": "xfer", "src": src, "dst": dst, "k": "d"}
    gone = await Relay(Groups(find_group), post).forward(party, header, pack(header, b"x"))
    return unpack(gone)[0] if gone else None


async def test_a_frame_goes_to_the_party_of_the_other_task_unchanged():
    post = Post()
    assert await forward("9999", "g", "h", post) is None
    frame = pack({"t": "xfer", "src": "g", "dst": "h", "k": "d"}, b"x")
    assert post.sent == [("10000", frame, "g", "9999")]


@pytest.mark.parametrize(
    ("party", "src", "dst", "code"),
    [
        ("1", "g", "h", "forbidden"),
        ("10000", "g", "h", "forbidden"),
        ("9999", "g", "other", "forbidden"),
        ("9999", "nobody", "h", "over"),
    ],
)
async def test_a_forged_address_is_answered_and_nothing_is_delivered(party, src, dst, code):
    post = Post()
    gone = await forward(party, src, dst, post)
    assert (gone["t"], gone["src"], gone["dst"], gone["code"]) == ("gone", src, dst, code)
    assert post.sent == []


@pytest.mark.parametrize("task", ["", "a b", "x" * 200, "../x"])
async def test_an_address_that_is_no_task_id_is_a_broken_frame(task):
    with pytest.raises(FrameError):
        await forward("9999", task, "h", Post())


@pytest.mark.parametrize(("delivery", "code"), [(Delivery.OFFLINE, "offline"), (Delivery.BUSY, "busy")])
async def test_what_could_not_be_delivered_is_said(delivery, code):
    gone = await forward("9999", "g", "h", Post(delivery))
    assert (gone["src"], gone["dst"], gone["code"]) == ("g", "h", code)


async def test_of_more_tasks_than_are_kept_those_asked_for_last_stay(monkeypatch):
    monkeypatch.setattr("api.agent.relay.CACHE_ENTRIES", 2)
    asked = []

    async def find(task):
        asked.append(task)
        return {task: "1"}

    groups = Groups(find, clock=lambda: 0.0)
    for task in ("a", "b", "c", "c", "b", "a"):
        await groups.find(task)
    assert asked == ["a", "b", "c", "a"]


async def test_groups_are_asked_for_once_in_ten_seconds():
    now, asked = 0.0, []

    async def find(task):
        asked.append(task)
        return await find_group(task)

    groups = Groups(find, clock=lambda: now)
    for task in ("g", "h", "g", "none", "none"):
        await groups.find(task)
    assert asked == ["g", "none"]
    now = 2.0
    await groups.find("none")
    await groups.find("h")
    assert asked == ["g", "none", "none"]
    now = 11.0
    await groups.find("h")
    assert asked == ["g", "none", "none", "h"]
