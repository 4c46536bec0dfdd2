"""What a supervised process is."""

import dataclasses

import pytest

from fedrota.up.folder import make_folder
from fedrota.up.options import Options, PartySpec
from fedrota.up.plan import make_plan
from fedrota.up.ports import find_free_port
from fedrota.up.programs import STOP_ORDER


@pytest.fixture
def plan(tmp_path):
    options = Options(state=tmp_path, parties=(PartySpec(id="1"),), flower=True, port=0, flare_bridge=find_free_port())
    return make_plan(tree=tmp_path, folder=make_folder(tmp_path), options=options, environment={})


def test_every_kind_of_process_has_its_turn_at_the_stop(plan):
    kinds = {program.kind for stage in plan.stages for program in stage.programs}
    assert sorted(kinds) == sorted(kind for group in STOP_ORDER for kind in group)


def test_what_the_others_stand_on_stops_last(plan):
    assert STOP_ORDER[:2] == (("bridge",), ("gateway",))
    assert STOP_ORDER[-1] == ("broker",)


def test_only_parties_bridge_and_flower_may_fail_alone(plan):
    programs = [program for stage in plan.stages for program in stage.programs]
    assert {program.kind for program in programs if not program.essential} == {"worker", "bridge", "flower"}


def test_programs_are_values(plan):
    program = plan.stages[0].programs[0]
    with pytest.raises(dataclasses.FrozenInstanceError):
        program.name = "other"
