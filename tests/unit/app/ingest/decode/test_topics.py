import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ingest.decode.topics import TopicIndex, matches, valid_filter, valid_topic


def test_every_row_of_the_table_of_real_filter_checks_holds(cases):
    rows = list(csv.DictReader((cases / "b_mqtt" / "topic_filters.csv").read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 98
    for row in rows:
        expected, text, topic = row["expected"], row["subscription"], row["topic"]
        if row["check"] == "pub_topic_check":
            assert valid_topic(topic) == (expected == "valid"), row
        elif row["check"] == "sub_topic_check":
            assert valid_filter(topic) == (expected == "valid"), row
        elif expected.startswith("invalid"):
            assert not (valid_filter(text) and valid_topic(topic)), row
            assert not matches(text, topic), row
        else:
            assert valid_filter(text), row
            assert matches(text, topic) == (expected == "match"), row


@pytest.mark.parametrize("text", ["", "a\0b", "x" * 65_536, "\ud800"])
def test_what_mqtt_cannot_carry_is_neither_topic_nor_filter(text):
    assert not valid_topic(text)
    assert not valid_filter(text)


@pytest.mark.parametrize(("text", "topic"), [("+/a", "$SYS/a"), ("#", "$SYS/a"), ("+", "$SYS"), ("+/#", "$SYS/x")])
def test_wildcards_never_reach_the_brokers_own_topics(text, topic):
    assert not matches(text, topic)
    index = TopicIndex()
    index.add(text, 1)
    assert index.find(topic) == []


def test_index_refuses_an_invalid_filter():
    with pytest.raises(ValueError, match="invalid topic filter"):
        TopicIndex().add("a/#/b", 1)


def test_index_gives_items_in_the_order_in_which_they_were_added():
    index = TopicIndex()
    for i, text in enumerate(["#", "a/b", "a/+", "+/b", "a/b/#", "a/b", "c"]):
        index.add(text, i)
    assert index.find("a/b") == [0, 1, 2, 3, 4, 5]
    assert len(index) == 7


levels = st.lists(st.sampled_from(["a", "b", "", "$SYS", "+", "#"]), min_size=1, max_size=5).map("/".join)
topics = st.lists(st.sampled_from(["a", "b", "", "$SYS"]), min_size=1, max_size=5).map("/".join)


@given(filters=st.lists(levels.filter(valid_filter), max_size=8), topic=topics)
def test_index_finds_exactly_what_matches_one_by_one(filters, topic):
    index = TopicIndex()
    for i, text in enumerate(filters):
        index.add(text, i)
    assert index.find(topic) == [i for i, text in enumerate(filters) if matches(text, topic)]
