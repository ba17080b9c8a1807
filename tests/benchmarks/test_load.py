"""Under load, with faults at Beam, nothing goes wrong that is ours and nothing is started twice."""

from .load import run


def test_faults_at_beam_are_told_as_such_and_start_nothing_twice() -> None:
    found = run("faulty", 6, clients=30)
    assert found.wrong == []
    assert "Traceback" not in found.log
    assert found.twice == []
    assert found.started > 0
    assert found.right > found.told
