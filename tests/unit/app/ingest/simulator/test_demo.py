from collections import Counter

import msgspec
import pytest

from app.alarms.logic import AlarmLogic
from app.ingest.simulator.demo import load_demo
from app.ingest.simulator.plant import PlantError
from app.ingest.units import shipped
from app.paths import resource_path
from models.alarms import AlarmDefinition, ConditionKind, Priority
from models.readings import PlaceKind

DEMO = load_demo()
TAGS = {tag.name: tag for tag in DEMO.tags}


def test_the_plant_has_the_six_areas_of_the_screens():
    areas = [place.name for place in DEMO.places if place.kind is PlaceKind.AREA]
    assert areas == ["罐区A", "罐区B", "装卸区", "压缩机房", "锅炉房", "仓库"]
    assert all(place.name_en and place.name_en.isascii() for place in DEMO.places)


def test_every_place_hangs_on_one_that_came_before_it():
    seen = set()
    for place in DEMO.places:
        assert (place.parent is None) == (place.kind is PlaceKind.PLANT)
        assert place.parent is None or place.parent in seen
        assert place.code not in seen
        seen.add(place.code)


def test_there_are_enough_tags_and_each_is_complete():
    assert len(DEMO.tags) >= 200
    devices = {place.code for place in DEMO.places if place.kind is PlaceKind.DEVICE}
    for tag in DEMO.tags:
        assert tag.place in devices
        assert tag.description
        assert tag.description_en.isascii(), tag
        assert tag.stale_after_s
        if tag.kind == "analog":
            assert tag.range_lo is not None
            assert tag.range_hi is not None
            assert tag.range_lo < tag.range_hi
            assert shipped().code(tag.unit) == tag.unit, tag
        if tag.kind == "discrete":
            assert tag.states
            assert all(len(names) == 2 for names in tag.states.values())


@pytest.mark.parametrize(
    ("name", "unit", "words"),
    [
        ("GD-07", "%{LEL}", "可燃气"),
        ("VT-203", "mm/s", "P-203 振动"),
        ("PT-203", "MPa", "P-203 出口压力"),
        ("LT-101", "%", "TK-101 液位"),
        ("LT-401", "mm", "B-401 汽包水位"),
        ("TH-501", "%{RH}", "湿度"),
        ("ST-602", "", "静电接地"),
    ],
)
def test_the_points_of_the_pictures_are_there(name, unit, words):
    assert TAGS[name].unit == unit
    assert words in TAGS[name].description


def worst(alarm):
    return max(condition.priority for condition in alarm.conditions)


def test_alarms_are_many_and_their_priorities_are_shared_as_eemua_asks():
    assert len(DEMO.alarms) >= 150
    share = Counter(worst(alarm) for alarm in DEMO.alarms)
    total = len(DEMO.alarms)
    assert share[Priority.LOW] / total > 0.6
    assert 0.1 < share[Priority.MEDIUM] / total < 0.22
    assert (share[Priority.HIGH] + share[Priority.CRITICAL]) / total < 0.2


def test_every_alarm_can_run_and_tells_the_operator_what_to_do():
    for alarm in DEMO.alarms:
        AlarmLogic(alarm)
        assert alarm.text
        assert alarm.text_en.isascii(), alarm.key
        assert alarm.respond_s
        assert alarm.actions
        assert len(alarm.actions) == len(alarm.actions_en)
        assert alarm.consequence_en or alarm.conditions[0].kind is ConditionKind.STUCK, alarm.key
        tag = TAGS[alarm.tag]
        for condition in alarm.conditions:
            if condition.kind in (ConditionKind.H, ConditionKind.HH, ConditionKind.L, ConditionKind.LL):
                assert tag.range_lo < condition.limit < tag.range_hi, alarm.key
                assert condition.deadband > 0


def test_limits_stand_in_their_order():
    for alarm in DEMO.alarms:
        limits = {condition.kind: condition.limit for condition in alarm.conditions}
        order = [
            limits[k] for k in (ConditionKind.LL, ConditionKind.L, ConditionKind.H, ConditionKind.HH) if k in limits
        ]
        assert order == sorted(order), alarm.key


def test_combustible_gas_alarms_at_25_high_and_50_critical():
    heads = [tag.name for tag in DEMO.tags if tag.name.startswith("GD-")]
    assert len(heads) == 22
    by_key = {alarm.key: alarm for alarm in DEMO.alarms}
    for head in heads:
        conditions = by_key[f"{head}.GAS"].conditions
        assert [(c.kind, c.limit, c.priority) for c in conditions] == [
            (ConditionKind.H, 25.0, Priority.HIGH),
            (ConditionKind.HH, 50.0, Priority.CRITICAL),
        ]


def test_every_kind_of_alarm_but_calculated_ones_is_shown():
    kinds = {condition.kind for alarm in DEMO.alarms for condition in alarm.conditions}
    assert kinds == set(ConditionKind) - {ConditionKind.CALCULATED, ConditionKind.SEVERITY}


def test_definitions_survive_the_store():
    for alarm in DEMO.alarms:
        assert msgspec.json.decode(msgspec.json.encode(alarm), type=AlarmDefinition) == alarm


@pytest.fixture
def folder(tmp_path):
    for name in ("plant.toml", "alarms.toml"):
        (tmp_path / name).write_text(resource_path("demo", name).read_text(encoding="utf-8"), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        ("plant.toml", 'signal = "level"', 'signal = "levle"', None),
        ("plant.toml", 'model = "tank"', 'model = "tnak"', "no model tnak"),
        ("plant.toml", 'name = "LT-102"', 'name = "LT-101"', "LT-101 is there twice"),
        ("plant.toml", 'unit = "TFA-T"', 'unit = "TFA-X"', "no unit TFA-X"),
        ("plant.toml", "stale_s = 30", "stael_s = 30", "stael_s"),
        ("alarms.toml", 'tag = "GD-07"', 'tag = "GD-99"', "no tag GD-99"),
        ("alarms.toml", "respond_s", "respnd_s", "respnd_s"),
        ("alarms.toml", 'kind = "HH"', 'kind = "XX"', "XX"),
    ],
)
def test_a_mistake_in_the_files_is_an_error_that_says_where(folder, file, old, new, says):
    path = folder / file
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    if says is None:  # found when the plant is brought to life
        from app.ingest.simulator.plant import living_points

        with pytest.raises(PlantError, match="no signal levle"):
            living_points(load_demo(folder).file, 1)
        return
    with pytest.raises(PlantError, match=says) as error:
        load_demo(folder)
    assert file in str(error.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(PlantError, match=r"plant\.toml"):
        load_demo(tmp_path)
