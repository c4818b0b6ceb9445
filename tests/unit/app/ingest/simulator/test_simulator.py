import itertools
import math
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.alarms.logic import AlarmLogic
from app.clock import US, ManualClock
from app.ingest.simulator.demo import load_demo
from app.ingest.simulator.simulator import Simulator
from models.alarms import AlarmState, ConditionKind

START = 1_764_000_000 * US
DEMO = load_demo()
IDS = {tag.name: i for i, tag in enumerate(DEMO.tags)}


class Watch:
    """A simulator on a clock that only the test moves."""

    def __init__(self, seed=7):
        self.clock = ManualClock(START)
        self.simulator = Simulator(self.clock, seed, DEMO)
        self.seen = defaultdict(list)

    def run(self, seconds, step=1.0):
        out = []
        for _ in range(round(seconds / step)):
            self.clock.advance(step)
            out += self.simulator.step(step)
        for tag, t_us, value, quality in out:
            self.seen[tag].append((t_us, value, quality))
        return out

    def last(self, tag):
        return self.seen[tag][-1][1]


def test_the_same_seed_gives_the_same_samples_and_another_seed_others():
    assert Watch(7).run(20) == Watch(7).run(20)
    assert Watch(7).run(20) != Watch(8).run(20)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.sampled_from([0.1, 0.3, 0.7, 1.0, 2.5]), min_size=1, max_size=10))
def test_samples_do_not_depend_on_how_time_is_cut(steps):
    total = sum(round(step * US) for step in steps)
    cut, whole = Watch(), Watch()
    pieces = [sample for step in steps for sample in cut.simulator.step(step)]
    assert pieces == whole.simulator.step(total / US)


def test_scenarios_are_repeatable_too():
    def run():
        watch = Watch()
        watch.run(5)
        watch.simulator.start_scenario("leak")
        return watch.run(120)

    assert run() == run()


def test_most_tags_speak_every_second_and_every_tag_within_its_stale_time():
    watch = Watch()
    watch.run(120)
    assert set(watch.seen) == set(IDS)
    every_second = sum(len(samples) >= 118 for samples in watch.seen.values())
    assert every_second > 0.4 * len(IDS)
    for tag in DEMO.tags:
        times = [t_us for t_us, _, _ in watch.seen[tag.name]]
        assert times == sorted(set(times))
        longest = max(b - a for a, b in zip([START, *times], [*times, START + 120 * US], strict=True))
        assert longest < tag.stale_after_s * US, tag.name


def test_values_stay_in_the_range_of_their_transmitters_all_day():
    ranges = {tag.name: (tag.range_lo, tag.range_hi) for tag in DEMO.tags if tag.kind == "analog"}
    for block in Watch().simulator.history(START - 86_400 * US, START, 60):
        assert np.isfinite(block.values).all()
        for i, tag in enumerate(block.tags):
            if tag in ranges:
                lo, hi = ranges[tag]
                assert lo <= block.values[:, i].min()
                assert block.values[:, i].max() <= hi


def test_the_past_joins_the_present_without_a_seam():
    watch = Watch()
    past = next(watch.simulator.history(START, START + 60 * US, 0.1))
    column = {tag: i for i, tag in enumerate(past.tags)}
    for tag, t_us, value, _ in watch.run(30):
        if tag in column and not isinstance(value, str):
            row = int(np.searchsorted(past.t_us, t_us))
            assert past.t_us[row] == t_us
            assert past.values[row, column[tag]] == value


def test_history_gives_rows_in_time_order_and_texts_on_change():
    blocks = list(Watch().simulator.history(START - 7_200 * US, START, 30, rows_at_once=5_000))
    assert len(blocks) > 5
    rows = [row for block in blocks for row in block.rows(IDS)]
    assert len(rows) == 240 * len(blocks[0].tags)
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    texts = [sample for block in blocks for sample in block.texts]
    assert texts
    for tag in ("NT-601", "NT-602"):
        words = [value for name, _, value, _ in texts if name == tag]
        assert all(a != b for a, b in itertools.pairwise(words))


def alarms_raised(blocks_or_samples, *, stale=False):
    """Keys of alarms that the program's own logic raises from samples in time order."""
    by_tag, feeds, state = defaultdict(list), defaultdict(list), {}
    for alarm in DEMO.alarms:
        kinds = {condition.kind for condition in alarm.conditions}
        if not stale and kinds <= {ConditionKind.STALE, ConditionKind.STUCK}:
            continue
        logic = AlarmLogic(alarm)
        state[alarm.key] = (logic, logic.start(START))
        by_tag[alarm.tag].append(alarm.key)
        for condition in alarm.conditions:
            if condition.setpoint_tag:
                feeds[condition.setpoint_tag].append(alarm.key)
    raised, end = [], START
    for tag, t_us, value, quality in blocks_or_samples:
        end = t_us
        for key in by_tag.get(tag, ()):
            logic, runtime = state[key]
            band = logic.band
            if band and not stale and quality >= 192 and band[0] < value < band[1] and logic.calm(runtime):
                continue
            for change in logic.sample(runtime, t_us, value, quality):
                if change.to_state is AlarmState.UNACK and change.from_state is not AlarmState.UNACK:
                    raised.append(key)
        for key in feeds.get(tag, ()):
            logic, runtime = state[key]
            logic.feed(runtime, tag, t_us, value, quality)
    for key, (logic, runtime) in state.items():
        raised += [key for change in logic.advance(runtime, end) if change.to_state is AlarmState.UNACK]
    return raised


@pytest.mark.parametrize("seed", [1, 7])
def test_a_quiet_day_brings_few_alarms_and_none_that_is_severe(seed):
    def samples():
        for block in Watch(seed).simulator.history(START - 86_400 * US, START, 30):
            names = block.tags
            for t_us, row in zip(block.t_us.tolist(), block.values.tolist(), strict=True):
                for tag, value in zip(names, row, strict=True):
                    yield tag, t_us, value, 192

    raised = alarms_raised(samples())
    assert len(raised) <= 25, raised
    priority = {alarm.key: max(c.priority for c in alarm.conditions) for alarm in DEMO.alarms}
    assert all(priority[key] == 1 for key in raised), raised


def test_the_leak_shakes_the_pump_loses_pressure_and_brings_gas_past_both_limits():
    watch = Watch()
    watch.run(30)
    quiet = {tag: watch.last(tag) for tag in ("VT-203", "PT-203", "GD-07", "GD-10")}
    assert quiet["GD-07"] < 2
    assert quiet["PT-203"] > 0.58
    watch.simulator.start_scenario("leak")
    raised = alarms_raised(watch.run(480))
    assert watch.last("VT-203") > 7.1
    assert watch.last("PT-203") < 0.45
    assert watch.last("GD-07") > 50
    assert watch.last("GD-10") < 10
    assert {"VT-203.H", "PT-203.L", "GD-07.GAS"} <= set(raised)
    levels = [value for _, value, _ in watch.seen["GD-07"]]
    first = {limit: next(i for i, value in enumerate(levels) if value > limit) for limit in (10, 25, 50)}
    assert first[10] < first[25] < first[50]


def test_the_wind_decides_which_detector_smells_the_leak():
    watch = Watch()
    plume = watch.simulator.scenario("leak").effects
    t = START / US + np.arange(0, 7 * 86_400, 60.0)
    world = watch.simulator.world
    dt, clean = np.full(t.shape, 3_600.0), np.zeros(t.shape)
    downwind = np.cos(np.radians(world.wind_from(t) + 180.0 - 73.0))  # GD-08 lies at 73° from P-203
    smelt = plume["GD-08"].change(dt, clean, t)
    assert smelt[downwind > 0.98].mean() > 3 * smelt[downwind < 0.7].mean()
    near = plume["GD-07"].change(dt, clean, t)
    assert near.min() > 25


def test_a_stopped_leak_fades_and_is_forgotten():
    watch = Watch()
    watch.simulator.start_scenario("leak")
    watch.run(400)
    watch.simulator.stop_scenario("leak")
    watch.run(600)
    assert watch.last("GD-07") < 2
    assert watch.last("PT-203") > 0.58
    assert not any(scenario.running for scenario in watch.simulator.scenarios())
    assert watch.simulator._runs == ()


@pytest.mark.parametrize(
    ("name", "seconds", "expected"),
    [
        ("overheating", 420, {"TT-3011.H", "TT-301L.H", "PT-301L.L", "FT-301W.L"}),
        ("wear", 900, {"VE-208.H", "VT-208.H", "TT-208.H"}),
        ("trip", 60, {"XS-207.TRIP", "PT-207.L"}),
    ],
)
def test_each_trouble_raises_its_own_alarms(name, seconds, expected):
    watch = Watch()
    watch.run(20)
    watch.simulator.start_scenario(name)
    assert expected <= set(alarms_raised(watch.run(seconds)))


def test_a_stuck_sensor_looks_healthy_but_never_moves_again():
    watch = Watch()
    watch.run(10)
    watch.simulator.start_scenario("stuck")
    samples = watch.run(1_000)
    for tag in ("GD-03", "LT-102"):
        values = {(value, quality) for name, _, value, quality in samples if name == tag}
        assert len(values) == 1
        assert next(iter(values))[1] == 192
    raised = alarms_raised(samples, stale=True)
    assert "GD-03.STUCK" in raised
    assert "GD-04.STUCK" not in raised


def test_a_lost_signal_falls_silent_and_comes_back():
    watch = Watch()
    watch.run(10)
    watch.simulator.start_scenario("lost")
    samples = watch.run(300)
    assert not any(tag in ("GD-11", "FT-602", "NT-602") for tag, *_ in samples)
    raised = alarms_raised(samples, stale=True)
    assert {"GD-11.STALE", "FT-602.STALE"} <= set(raised)
    watch.simulator.stop_scenario("lost")
    assert {"GD-11", "FT-602", "NT-602", "XV-602"} <= {tag for tag, *_ in watch.run(35)}


def test_lightning_raises_sixty_alarms_within_seconds_and_is_over_by_itself():
    watch = Watch()
    watch.run(20)
    watch.simulator.start_scenario("lightning")
    raised = alarms_raised(watch.run(20, step=0.1))
    assert len(set(raised)) >= 60, len(raised)
    watch.run(400)
    assert watch.last("XS-203") == 1.0
    assert watch.last("PT-203") > 0.58
    assert not any(scenario.running for scenario in watch.simulator.scenarios())


def test_scenarios_have_titles_in_both_languages_and_say_whether_they_run():
    simulator = Watch().simulator
    names = {scenario.name for scenario in simulator.scenarios()}
    assert {"leak", "overheating", "wear", "stuck", "lost", "lightning"} <= names
    assert all(scenario.title and scenario.title_en.isascii() for scenario in simulator.scenarios())
    simulator.start_scenario("wear")
    simulator.start_scenario("wear")
    assert [scenario.name for scenario in simulator.scenarios() if scenario.running] == ["wear"]
    assert len(simulator._runs) == 1
    with pytest.raises(KeyError):
        simulator.start_scenario("earthquake")


def test_every_scenario_touches_only_tags_that_exist():
    simulator = Watch().simulator
    for info in simulator.scenarios():
        effects = simulator.scenario(info.name).effects
        assert effects
        assert set(effects) <= set(IDS)


def test_a_trouble_placed_in_the_past_is_in_the_history():
    simulator = Watch().simulator
    simulator.start_scenario("leak", START - 3_600 * US)
    simulator.stop_scenario("leak", START - 2_700 * US)
    [block] = simulator.history(START - 7_200 * US, START, 30, rows_at_once=10**6)
    gas = block.values[:, block.tags.index("GD-07")]
    assert gas[block.t_us < START - 3_600 * US].max() < 2
    assert gas[block.t_us < START - 2_700 * US].max() > 50
    assert gas[-1] < 2


def test_physics_hangs_together():
    simulator = Watch().simulator
    [block] = simulator.history(START - 86_400 * US, START, 60, rows_at_once=10**7)
    values = {tag: block.values[:, i] for i, tag in enumerate(block.tags)}
    filling = values["XV-101A"] == 1
    assert filling.any()
    slope = np.gradient(values["LT-101"])
    assert slope[filling].mean() > 0.02
    assert values["FT-101"][filling].min() > 0
    draining = values["XV-101B"] == 1
    assert values["FT-101"][draining].max() < 0
    assert values["XS-107"][draining].min() == 1  # its pump runs
    assert values["PT-101"][filling].mean() > values["PT-101"][draining].mean() + 0.5
    stopped = values["XS-107"] == 0
    assert values["IT-107"][stopped].max() < 2 < values["IT-107"][~stopped].min()
    assert np.corrcoef(values["TT-001"], values["TT-101B"])[0, 1] > 0.5
    assert np.corrcoef(values["FT-401"], values["FT-401G"])[0, 1] > 0.9
    loading = values["XV-601"] == 1
    assert values["ST-601"][loading].min() == 1  # never loads without a ground
    hours = simulator.world.hour(block.t_us / US)
    warmest = hours[int(values["TT-001"].argmax())]
    assert 11 < warmest < 19


def test_machines_that_slept_do_not_catch_up():
    watch = Watch()
    watch.run(5)
    watch.clock.advance(3_600)
    watch.simulator.skip_to(watch.clock.now_us())
    samples = watch.run(2)
    assert 200 < len(samples) < 1_000
    assert min(t_us for _, t_us, _, _ in samples) > START + 3_600 * US


def test_history_is_quick_enough_to_seed_a_store():
    import time

    simulator = Watch().simulator
    began = time.perf_counter()
    count = sum(len(block.rows(IDS)) for block in simulator.history(START - 86_400 * US, START, 60))
    assert count > 400_000
    assert count / (time.perf_counter() - began) > 200_000


def test_noise_never_makes_a_value_that_is_not_a_number():
    for tag, _, value, quality in Watch().run(10):
        assert isinstance(value, float | str), tag
        assert not isinstance(value, float) or math.isfinite(value)
        assert quality == 192
