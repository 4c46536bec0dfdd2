"""Hides what several parties send to one of them: masks that cancel in the sum, so that it learns the sum only."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from fedrota.component import Context, Member
from workers.components.masking import PairMasks, Words, total

WORD_BYTES: Final = 32
RING: Final = 1 << (8 * WORD_BYTES)


class GroupMasks:
    """For each party, masks among all others; without effect where there is only one other."""

    def __init__(self, context: Context, owners: Sequence[Member]) -> None:
        """Agree on the masks; every owner makes one of these at the same point."""
        self._context = context
        self._groups = {target: [each for each in owners if each != target] for target in owners}
        self._masks = self._agree()

    def send(self, target: Member, name: str, words: Words, *, turn: int) -> None:
        """Send words to `target` under this party's masks; each turn and target once."""
        masks = self._masks.get(target)
        self._context.exchange.send(target, name, masks.hide(words, turn=turn) if masks else words, round=turn)

    def receive(self, name: str, *, turn: int) -> Words:
        """The sum of what all others sent to this party."""
        group = self._groups[self._context.me]
        return total([self._receive_one(sender, name, turn) for sender in group])

    def _receive_one(self, sender: Member, name: str, turn: int) -> Words:
        words: Words = np.asarray(self._context.exchange.recv(sender, name, round=turn), dtype=np.uint64)
        return words

    def _agree(self) -> Mapping[Member, PairMasks]:
        me, exchange = self._context.me, self._context.exchange
        mine = {target: group for target, group in self._groups.items() if me in group and len(group) > 1}
        made = {
            target: PairMasks(position=group.index(me), context=self._name(target)) for target, group in mine.items()
        }
        for target, group in mine.items():
            for other in group:
                if other != me:
                    exchange.send(other, f"group_key {target.address}", made[target].public_key)
        for target, group in mine.items():
            keys = {
                place: exchange.recv(other, f"group_key {target.address}")
                for place, other in enumerate(group)
                if other != me
            }
            made[target].agree(keys)
        return made

    def _name(self, target: Member) -> str:
        return f"{self._context.job}/{self._context.step}/{self._context.attempt}/{target.address}"


def to_words(numbers: Sequence[int]) -> Words:
    """Whole numbers modulo 2^256 as words."""
    raw = b"".join((number % RING).to_bytes(WORD_BYTES, "little") for number in numbers)
    return np.frombuffer(raw, dtype="<u8").reshape(len(numbers), WORD_BYTES // 8).T.copy()


def from_words(words: Words) -> list[int]:
    """The whole numbers, from -2^255 to 2^255, that words stand for."""
    raw = np.ascontiguousarray(words.T, dtype="<u8").tobytes()
    numbers = (int.from_bytes(raw[at : at + WORD_BYTES], "little") for at in range(0, len(raw), WORD_BYTES))
    return [number - RING if number >= RING // 2 else number for number in numbers]
