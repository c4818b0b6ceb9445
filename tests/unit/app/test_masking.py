"""A mask shows what a person needs to check a record, and never what somebody needs to reach or recognise a person."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as some

from app.logs import set_up_logging
from app.masking import HIDDEN, MASKS, mask, mask_event, mask_id, mask_name, mask_phone, mask_text
from models.privacy import PrivateField

mobile = some.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)
identity = some.from_regex(
    r"[1-9][0-9]{5}(19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9X]", fullmatch=True
)
han = some.text(alphabet=some.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=1, max_size=6)


@pytest.mark.parametrize(
    ("field", "value", "masked"),
    [
        ("name", "张三", "张*"),
        ("name", "张 三", "张*"),
        ("name", "王小明", "王**"),
        ("name", "欧阳修", "欧阳*"),
        ("name", "欧阳", "欧*"),
        ("name", "李", "*"),
        ("name", "阿卜杜拉·买买提", "阿***·***"),
        ("name", "John Smith", "J*** S****"),
        ("name", "", ""),
        ("phone", "13812345678", "138****5678"),
        ("phone", "138 1234 5678", "138****5678"),
        ("phone", "+86 138-1234-5678", "+86 138****5678"),
        ("phone", "8613812345678", "138****5678"),
        ("phone", "010-62345678", "010****5678"),
        ("phone", "62345678", "******78"),
        ("phone", "8119", "****"),
        ("emergency_phone", "13812345678", "138****5678"),
        ("id_number", "330102199001011234", "3301**********1234"),
        ("id_number", "33010219900101123X", "3301**********123X"),
        ("id_number", "330102900101123", "3301*******1123"),
        ("id_number", "E12345678", "E1*****78"),
        ("id_number", "E123", "****"),
        ("address", "浙江省杭州市西湖区文三路1号", "浙江省杭州市西湖区***"),
        ("address", "北京市朝阳区建国路", "北京市朝阳区***"),
        ("address", "新疆维吾尔自治区喀什地区莎车县某乡", "新疆维吾尔自治区喀什地区莎车县***"),
        ("address", "文三路1号小区", HIDDEN),
        ("address", "12 High Street", HIDDEN),
        ("mail", "zhang.san@example.com", "z***@example.com"),
        ("mail", "z@example.com", "***@example.com"),
        ("mail", "nothing", HIDDEN),
        ("birth_date", "1990-01-01", "****-**-**"),
        ("emergency_contact", "张三", "张*"),
        ("allergies", "青霉素", HIDDEN),
        ("blood_type", "A", HIDDEN),
        ("blood_type", "", ""),
        ("whatever", "x", HIDDEN),
    ],
)
def test_masks_as_the_trade_writes_them(field: str, value: str, masked: str) -> None:
    assert mask(field, value) == masked


def test_health_is_hidden_as_a_whole() -> None:
    assert [field for field in PrivateField if field.health and field.value in MASKS] == []


@given(mobile)
def test_the_middle_of_a_telephone_number_is_never_seen(phone: str) -> None:
    assert mask_phone(phone) == phone[:3] + "****" + phone[7:]


@given(identity)
def test_the_birthday_in_an_identity_number_is_never_seen(number: str) -> None:
    masked = mask_id(number)
    assert masked == number[:4] + "*" * 10 + number[-4:]
    assert number[6:14] not in masked


@given(han)
def test_of_a_chinese_name_only_the_surname_is_seen(name: str) -> None:
    masked = mask_name(name)
    assert len(masked) == len(name)
    assert masked.endswith("*")
    assert masked.rstrip("*") in (name[:1], name[:2], "")


@given(some.sampled_from([field.value for field in PrivateField]), some.text(max_size=40))
def test_no_text_whatever_stops_a_mask_and_none_comes_through_whole(field: str, value: str) -> None:
    masked = mask(field, value)
    assert bool(masked) == bool(value.strip()) or field not in MASKS or not value.isprintable()
    if sum(c.isalnum() for c in value) > 1:
        assert masked != value


@given(
    some.text(alphabet=" :，;(a张", max_size=8),
    some.one_of(mobile, identity),
    some.text(alphabet=" ,，)张", max_size=8),
)
def test_numbers_in_the_middle_of_a_text_are_masked(before: str, number: str, after: str) -> None:
    before = before.rstrip("a")  # a letter before belongs to a word, not to an identity number
    assert number not in mask_text(before + number + after)
    assert mask_text(mask_text(before + number + after)) == mask_text(before + number + after)


@pytest.mark.parametrize(
    "text",
    ["t_us=1764000000000000", "138123456789", "v=0.13812345678", "TT-1 is 85.3 °C", "sha 3301021990010112345678", ""],
)
def test_what_only_looks_like_a_number_of_a_person_is_left(text: str) -> None:
    assert mask_text(text) == text


@pytest.mark.parametrize("phone", ["+8613812345678", "8613812345678", "138-1234-5678", "138 1234 5678"])
def test_telephone_numbers_are_found_however_they_are_written(phone: str) -> None:
    assert "1234" not in mask_text(f"call {phone}.")


def test_a_log_event_is_masked_however_deep_a_number_lies() -> None:
    event = {"event": "of 13812345678", "n": 13, "list": ["13812345678", {"id": "330102199001011234"}], "t": ("x",)}
    assert mask_event(None, "", event) == {
        "event": "of 138****5678", "n": 13, "list": ["138****5678", {"id": "3301**********1234"}], "t": ("x",),
    }  # fmt: skip


def test_neither_file_nor_console_shows_a_number_not_even_in_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logging("info", tmp_path)
    phone, number = "13812345678", "330102199001011234"
    structlog.get_logger("app.x").info("saved", person={"phone": phone})
    logging.getLogger("library").warning("sent to %s", phone)
    try:
        raise ValueError(f"{number} is taken")
    except ValueError:
        structlog.get_logger("app.x").exception("failed")
        logging.getLogger("library").exception("failed too")
    text = (tmp_path / "ankan.log").read_text("utf-8") + capsys.readouterr().err
    assert phone not in text
    assert number not in text
    assert text.count("3301**********1234") == 4
    assert "138****5678" in json.dumps(text)
