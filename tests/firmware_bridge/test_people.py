"""Scripts, as they travel to another process."""

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis.strategies import builds, floats, integers, lists, one_of, sampled_from

from firmware_bridge.virtual.errors import DefinitionError
from firmware_bridge.virtual.fields import Fields
from firmware_bridge.virtual.people import Begin, Deed, Step, dump_script, read_step

STEPS = builds(
    Step,
    at=builds(timedelta, seconds=floats(-1e7, 1e7)),
    act=one_of(builds(Begin, integers(0, 20)), sampled_from(Deed)),
)


def read(step):
    fields = Fields.of("step", step)
    made = read_step(fields)
    fields.done()
    return made


@given(script=lists(STEPS, max_size=5))
def test_a_script_survives_the_journey_as_json(script):
    assert [read(step) for step in json.loads(json.dumps(dump_script(script)))] == script


def test_a_start_names_its_programme():
    assert read({"at_s": -20.5, "act": "begin", "program": 2}) == Step(at=timedelta(seconds=-20.5), act=Begin(2))


def test_a_deed_is_written_in_words():
    assert read({"at_s": 0, "act": "cut-off fails"}) == Step(at=timedelta(0), act=Deed.CUT_OFF_FAILS)


@pytest.mark.parametrize(
    ("step", "refusal"),
    [
        ({"at_s": 0, "act": "dance"}, "step.act: 'dance' is none of begin, stop, "),
        ({"act": "stop"}, "step.at_s: expected a number, not None"),
        ({"at_s": "soon", "act": "stop"}, "step.at_s: expected a number, not 'soon'"),
        ({"at_s": True, "act": "stop"}, "step.at_s: expected a number, not True"),
        ({"at_s": 0, "act": "begin"}, "step.program: expected a whole number, not None"),
        ({"at_s": 0, "act": "begin", "program": 1.5}, "step.program: expected a whole number, not 1.5"),
        ({"at_s": 0, "act": "stop", "program": 1}, "step: unknown: program"),
        ([0, "stop"], "step: expected an object, not [0, 'stop']"),
    ],
)
def test_a_wrong_step_is_refused_with_its_path_and_the_reason(step, refusal):
    with pytest.raises(DefinitionError) as error:
        read(step)
    assert str(error.value).startswith(refusal)
