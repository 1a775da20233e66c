"""The calls of cargo that `make test` runs."""

from local import cargo


def test_every_integration_test_has_a_name_of_its_own():
    names = [name for name, _ in cargo.test_targets()]
    assert len(names) == len(set(names)) > 10


def test_every_integration_test_runs_in_one_of_the_two_steps():
    def selected(call: list[str]) -> set[str]:
        return {name for option, name in zip(call, call[1:]) if option == "--test"}

    unit, end_to_end = selected(cargo.unit_tests()[0]), selected(cargo.end_to_end_tests())
    assert {"generated", "sound"} <= unit and {"command", "faults"} <= end_to_end
    assert sorted(unit | end_to_end) == [name for name, _ in cargo.test_targets()]
    assert not unit & end_to_end
