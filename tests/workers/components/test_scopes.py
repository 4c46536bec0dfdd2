from fedrota.component import component
from fedrota.simulate import simulate
from workers.components.scopes import Scope


def test_the_same_protocol_runs_twice_in_scopes_of_its_own():
    @component("twice", exchange=True)
    def twice(context):
        """Say the same in two scopes."""
        for turn in (0, 1):
            scope = Scope(context, f"fold {turn + 1}", start=turn / 2, end=(turn + 1) / 2)
            (peer,) = scope.peers()
            scope.exchange.send(peer, "hello", turn)
            scope.exchange.broadcast(None, "all", turn, round=3)
            assert scope.exchange.recv(peer, "hello") == turn
            assert scope.exchange.gather(peer.role, "all", round=3) == {peer: turn}
            scope.log("done")
            scope.log_metric("loss", 0.5, turn)
            scope.progress(0.5)
            scope.summary(hidden=True)
            assert not scope.cancelled
            assert not scope.has_input("data")
            with scope.output(f"file{turn}") as output:
                output.path.write_text(str(scope.workdir))
        assert (scope.me, scope.members, scope.step) == (context.me, context.members, "twice")

    run = simulate(twice, {"guest": ["1"], "host": ["2"]})
    assert {m.name for m in run.messages} == {"fold 1 hello", "fold 2 hello", "fold 1 all", "fold 2 all"}
    guest = run["guest"]
    assert guest.log == ["fold 1: done", "fold 2: done"]
    assert guest.metrics == {"fold_1_loss": [(0, 0.5)], "fold_2_loss": [(1, 0.5)]}
    assert guest.progress == [0.25, 0.75]
    assert guest.summary == {}
    assert set(guest.outputs) == {"file0", "file1"}
