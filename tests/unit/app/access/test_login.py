"""Logging in with an account of the company's directory, and with a second step: who gets in, what stays, what is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import func, select, text, update

from app.access import totp
from app.access.external import DirectoryAnswer, DirectoryPerson, Grant
from app.access.externals import DIRECTORY, SyncExternal
from app.access.keys import KeyStore
from app.access.second_step import StoreTotp
from app.clock import US
from app.ports import Answer
from models.audit import AuditEntry
from models.commands import ChangeOwnPassword, ChangeUser, CreateUser, RunScenario, SetGrants
from models.login import ExternalAccount, LoginResult, RecoveryCode, TotpOffer, TotpSecret
from models.login_commands import ConfirmTotp, DisableTotp, EnrolTotp, RenewRecoveryCodes, ResetTotp
from models.people import Actor, Credential, User, system_actor
from models.readings import PlaceInfo
from models.rights import Grant as Held
from tests.unit.app.access.conftest import House

GOOD, OTHER = "correct horse 7", "battery staple 9"


class Company:
    """A directory in memory: what a real one would have said (the real one: tests/integration/test_directory.py)."""

    def __init__(self) -> None:
        self.people: dict[str, tuple[str, DirectoryPerson]] = {}
        self.up = True
        self.asked: list[str] = []

    def hire(self, login: str, *grants: tuple[str, str], name: str = "", dn: str = "") -> None:
        person = DirectoryPerson(
            login=login,
            name=name or login.title(),
            mail="",
            dn=dn or f"uid={login}",
            groups=(),
            grants=tuple(Grant(*grant) for grant in grants),
        )
        self.people[login] = (GOOD, person)

    def check(self, login: str, password: str) -> DirectoryAnswer:
        self.asked.append(login)
        if not self.up:
            return DirectoryAnswer("unavailable", detail="ldaps://dc1: refused")
        right, person = self.people.get(login.lower(), ("", None))
        if person is None or password != right:
            return DirectoryAnswer("wrong")
        if not person.grants:
            return DirectoryAnswer("not_allowed", person, "no_group")
        return DirectoryAnswer("done", person)


@pytest.fixture
def company() -> Company:
    return Company()


@pytest.fixture
def joined(tmp_path: Path, company: Company) -> Iterator[House]:
    """A station whose people may come from the directory."""
    made = House(tmp_path, directory=company, required=("safety_manager",))
    made.places = [PlaceInfo(code="A01", kind="area", name="", name_en="", parent="")]
    made.seed()
    made.add("boss", "administrator", password=OTHER)
    yield made
    made.close()


def log_in(house: House, login: str, password: str = GOOD, code: str = "") -> LoginResult:
    return house.people.log_in(login, password, code).result()


def order(house: House, command: object, actor: Actor, *signers: Credential) -> Answer:
    return house.front.submit(command, actor, signers).result()  # type: ignore[arg-type]


def trail(house: House) -> list[tuple[str, str, str]]:
    return [(r.login, r.action, r.outcome) for r in reversed(house.entries())]


def held(house: House, login: str) -> set[tuple[str, str]]:
    info = next(u for u in house.people.users() if u.login == login)
    return {(grant.role, grant.zone) for grant in info.grants}


def count(house: House, kind: type) -> int:
    with house.read() as connection:
        return int(connection.execute(select(func.count()).select_from(kind.__table__)).scalar_one())


# ---- the directory -------------------------------------------------------------------------------------------------


def test_the_first_login_makes_the_account_with_the_roles_of_its_groups(joined: House, company: Company) -> None:
    company.hire("li.na", ("operator", "A01"), ("auditor", ""), name="李娜")
    result = log_in(joined, " Li.Na ")
    assert result.code == "done"
    assert result.actor is not None
    assert (result.actor.login, result.actor.name, set(result.actor.roles)) == (
        "li.na",
        "李娜",
        {"operator", "auditor"},
    )
    assert trail(joined) == [("system", "user.directory", "done"), ("li.na", "session.login", "done")]
    made = joined.entries()[1]
    assert made.target == "user:li.na"
    assert made.before is None
    assert made.after["grants"] == [
        {"role": "auditor", "zone": "", "until_us": None},
        {"role": "operator", "zone": "A01", "until_us": None},
    ]
    info = joined.people.users()[1]
    assert (info.login, info.external, info.second_step) == ("li.na", True, "off")
    assert {grant.granted_by for grant in info.grants} == {DIRECTORY}
    assert joined.rights.allowed("alarm.acknowledge", result.actor, "A01")
    assert not joined.rights.allowed("alarm.acknowledge", result.actor, "")


def test_its_password_is_nowhere_in_the_store(joined: House, company: Company) -> None:
    company.hire("li.na", ("operator", ""))
    assert log_in(joined, "li.na").code == "done"
    assert joined.user("li.na").password == ""
    joined.store.dispose()
    stored = b"".join(path.read_bytes() for path in Path(str(joined.store.url.database)).parent.glob("house.db*"))
    assert GOOD.encode() not in stored


def test_a_second_login_that_changes_nothing_leaves_one_line(joined: House, company: Company) -> None:
    company.hire("li.na", ("operator", ""))
    log_in(joined, "li.na")
    before = len(trail(joined))
    assert log_in(joined, "LI.NA").code == "done"
    assert trail(joined)[before:] == [("li.na", "session.login", "done")]
    assert count(joined, User) == 2


def test_changed_groups_change_the_roles_at_the_next_login_and_are_audited(joined: House, company: Company) -> None:
    company.hire("li.na", ("operator", "A01"), ("auditor", ""))
    log_in(joined, "li.na")
    company.hire("li.na", ("shift_leader", ""), name="Li Na")
    result = log_in(joined, "li.na")
    assert result.actor is not None
    assert (result.actor.roles, result.actor.name) == (("shift_leader",), "Li Na")
    assert held(joined, "li.na") == {("shift_leader", "")}
    row = next(r for r in joined.entries() if r.action == "user.directory")
    assert [g["role"] for g in row.before["grants"]] == ["auditor", "operator"]
    assert [g["role"] for g in row.after["grants"]] == ["shift_leader"]


def test_what_an_administrator_grants_beside_it_stays(joined: House, company: Company) -> None:
    boss = joined.rights  # the book, for the reader of this test: rights are asked, not remembered
    company.hire("li.na", ("operator", ""))
    log_in(joined, "li.na")
    admin = log_in(joined, "boss", OTHER).actor
    assert admin is not None
    more = (Held(role="operator"), Held(role="auditor"))
    signed = Credential("boss", OTHER, "more")
    assert order(joined, SetGrants(login="li.na", grants=more, reason="helps out"), admin, signed).ok
    company.hire("li.na", ("worker", ""))
    result = log_in(joined, "li.na")
    assert held(joined, "li.na") == {("auditor", ""), ("worker", "")}
    assert result.actor is not None
    assert boss.allowed("audit.read", result.actor)


def test_who_is_in_no_group_any_more_stays_out_and_loses_the_roles(joined: House, company: Company) -> None:
    company.hire("li.na", ("operator", ""))
    open_elsewhere = log_in(joined, "li.na").actor
    assert open_elsewhere is not None
    company.hire("li.na")
    assert log_in(joined, "li.na") == LoginResult("not_allowed", detail="no_group")
    assert held(joined, "li.na") == set()
    assert not joined.rights.allowed("alarm.acknowledge", open_elsewhere)
    assert trail(joined)[-2:] == [("system", "user.directory", "done"), ("li.na", "session.login_failed", "refused")]


def test_who_never_was_in_a_group_gets_no_account(joined: House, company: Company) -> None:
    company.hire("zoe")
    assert log_in(joined, "zoe") == LoginResult("not_allowed", detail="no_group")
    company.hire("zoe", ("captain", ""), ("operator", "A99"))  # neither exists here
    assert log_in(joined, "zoe") == LoginResult("not_allowed", detail="no_role")
    assert count(joined, User) == 1
    company.hire("zoe", ("captain", ""), ("worker", ""))
    assert log_in(joined, "zoe").code == "done"
    assert joined.entries()[1].after["unknown"] == ["captain@"]


def test_the_last_administrator_of_the_station_itself_stays_whatever_the_directory_knows(
    joined: House, company: Company
) -> None:
    company.hire("chief", ("administrator", ""))
    chief = log_in(joined, "chief").actor
    assert chief is not None
    assert order(joined, ChangeUser(login="boss", active=False), chief).code == "last_administrator"
    company.hire("chief", ("worker", ""))  # but the directory is obeyed
    assert log_in(joined, "chief").actor == msgspec.structs.replace(chief, roles=("worker",), session_id=2)


@pytest.mark.parametrize("login", ["system", "anonymous", "wang,wei", "a b"])
def test_a_login_that_could_be_misread_is_none_here(joined: House, company: Company, login: str) -> None:
    company.hire(login, ("operator", ""))
    assert log_in(joined, login) == LoginResult("not_allowed", detail="login")
    assert count(joined, User) == 1


def test_an_account_of_the_station_is_never_asked_of_the_directory(joined: House, company: Company) -> None:
    company.hire("boss", ("worker", ""))
    assert log_in(joined, "boss", GOOD).code == "wrong"  # the directory would say yes
    assert log_in(joined, "boss", OTHER).code == "done"
    assert company.asked == []
    person = company.people["boss"][1]
    assert joined.submit(SyncExternal(person=person), system_actor("CR-1")).result().code == "conflict"


def test_while_no_server_answers_nobody_gets_in_but_the_stations_own(joined: House, company: Company) -> None:
    company.hire("li.na", ("operator", ""))
    log_in(joined, "li.na")
    company.up = False
    assert log_in(joined, "li.na") == LoginResult("directory_unavailable")
    assert log_in(joined, "li.na", "") == LoginResult("directory_unavailable")
    assert log_in(joined, "stranger") == LoginResult("directory_unavailable")
    assert trail(joined)[-1] == ("stranger", "session.login_failed", "refused")
    assert joined.user("li.na").failed_logins == 0
    assert log_in(joined, "boss", OTHER).code == "done"


def test_without_a_directory_in_the_configuration_its_accounts_stay_out(joined: House, company: Company) -> None:
    company.hire("li.na", ("operator", ""))
    log_in(joined, "li.na")
    joined.checking._directory = None
    assert log_in(joined, "li.na") == LoginResult("directory_unavailable")
    assert log_in(joined, "nobody") == LoginResult("wrong")


def test_guessing_locks_accounts_and_strangers_alike(joined: House, company: Company) -> None:
    company.hire("li.na", ("operator", ""))
    company.hire("new", ("operator", ""))
    log_in(joined, "li.na")
    for login in ("li.na", "new"):
        codes = []
        for _ in range(5):
            codes.append(log_in(joined, login, "guess").code)
            joined.clock.advance(6)
        assert codes == ["wrong", "wrong", "locked", "locked", "locked"]
        asked = len(company.asked)
        assert log_in(joined, login).code == "locked"
        assert len(company.asked) == asked
        joined.clock.advance(895)
        assert log_in(joined, login).code == "done"


def test_strangers_take_no_memory_without_end(joined: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.access.checking.STRANGERS", 3)
    for index in range(10):
        joined.checking.check(f"x{index}", "guess")
    assert list(joined.checking._strangers._failed) == ["x7", "x8", "x9"]


def test_an_account_that_was_switched_off_here_stays_off(joined: House, company: Company) -> None:
    company.hire("li.na", ("operator", ""))
    log_in(joined, "li.na")
    boss = log_in(joined, "boss", OTHER).actor
    assert boss is not None
    assert order(joined, ChangeUser(login="li.na", active=False), boss).ok
    assert log_in(joined, "li.na").code == "inactive"
    assert log_in(joined, "li.na", "guess").code == "wrong"


def test_passwords_of_the_directory_are_not_changed_here(joined: House, company: Company) -> None:
    company.hire("li.na", ("operator", ""))
    person, boss = log_in(joined, "li.na").actor, log_in(joined, "boss", OTHER).actor
    assert person is not None
    assert boss is not None
    own = ChangeOwnPassword(old_password=GOOD, new_password="another one 11")
    assert order(joined, own, person).code == "external_account"
    reset = ChangeUser(login="li.na", new_password="another one 11")
    assert order(joined, reset, boss, Credential("boss", OTHER, "asked to")).code == "external_account"
    taken = CreateUser(login="Li.Na", name="x", password="another one 11")
    assert order(joined, taken, boss).code == "conflict"
    assert joined.user("li.na").password == ""


def test_a_signature_is_proved_by_the_directory(joined: House, company: Company) -> None:
    company.hire("chief", ("administrator", ""))
    chief = log_in(joined, "chief").actor
    assert chief is not None
    grant = SetGrants(login="boss", grants=(Held(role="administrator"), Held(role="worker")), reason="helps out")
    assert order(joined, grant, chief).code == "signature_needed"
    assert order(joined, grant, chief, Credential("chief", "guess", "yes")).code == "signature_wrong"
    assert joined.user("chief").failed_logins == 1
    company.up = False
    assert order(joined, grant, chief, Credential("chief", GOOD, "yes")).code == "directory_unavailable"
    company.up = True
    assert order(joined, grant, chief, Credential("chief", GOOD, "yes")).ok
    signed = next(r for r in joined.entries() if r.action == "rights.grant" and r.outcome == "done").signed
    assert [line["login"] for line in signed] == ["chief"]


# ---- the second step -----------------------------------------------------------------------------------------------


def code_of(house: House, offer: TotpOffer, steps: int = 0) -> str:
    return totp.code_at(offer.secret, house.clock.now_us() + steps * 30 * US)


def begun(house: House, actor: Actor, password: str = GOOD) -> TotpOffer:
    answer = order(house, EnrolTotp(password=password), actor)
    assert answer.ok, answer
    assert isinstance(answer.data, TotpOffer)
    return answer.data


@pytest.fixture
def anna(house: House) -> Actor:
    house.seed()
    house.add("boss", "administrator", password=OTHER)
    house.add("anna", "operator", password=GOOD)
    actor = log_in(house, "anna").actor
    assert actor is not None
    return actor


@pytest.fixture
def stepped(house: House, anna: Actor) -> tuple[TotpOffer, tuple[str, ...]]:
    """Anna uses one-time codes; her offer, and her recovery codes."""
    offer = begun(house, anna)
    answer = order(house, ConfirmTotp(code=code_of(house, offer)), anna)
    assert answer.ok, answer
    house.clock.advance(60)
    return offer, answer.data


Stepped = tuple[TotpOffer, tuple[str, ...]]


def test_a_secret_counts_only_when_the_telephone_has_shown_a_code(house: House, anna: Actor) -> None:
    offer = begun(house, anna)
    assert offer.png.startswith(b"\x89PNG")
    assert offer.secret in offer.uri
    assert house.people.second_step(anna).state == "pending"
    assert log_in(house, "anna").code == "done"  # nothing asked yet
    assert order(house, ConfirmTotp(code="000000"), anna).code == "wrong_code"
    codes = order(house, ConfirmTotp(code=code_of(house, offer)), anna).data
    assert len(set(codes)) == 10
    assert house.people.second_step(anna).state == "on"
    assert house.people.second_step(anna).recovery_left == 10
    assert log_in(house, "anna") == LoginResult("totp_needed")


def test_code_after_password_opens_the_session_and_the_trail_says_how(house: House, stepped: Stepped) -> None:
    offer, _ = stepped
    result = log_in(house, "anna", GOOD, code_of(house, offer))
    assert result.code == "done"
    row = house.entries()[0]
    assert (row.action, row.after["second_step"]) == ("session.login", "code")


def test_only_who_proves_the_password_learns_of_the_second_step(house: House, stepped: Stepped) -> None:
    offer, papers = stepped
    assert log_in(house, "anna", "guess").code == "wrong"
    assert log_in(house, "anna", "guess", code_of(house, offer)).code == "wrong"
    assert log_in(house, "anna", "", papers[0]).code == "locked"


def test_a_code_opens_one_session_only(house: House, stepped: Stepped) -> None:
    code = code_of(house, stepped[0])
    assert log_in(house, "anna", GOOD, code).code == "done"
    assert log_in(house, "anna", GOOD, code).code == "wrong_code"
    house.clock.advance(30)
    assert log_in(house, "anna", GOOD, code_of(house, stepped[0])).code == "done"


def test_of_two_who_come_with_the_same_code_at_once_one_gets_in(house: House, stepped: Stepped) -> None:
    """Both workers have found the code right before the engine takes either order."""
    proof = house.second_step.prove(house.user("anna").id, code_of(house, stepped[0]))
    house.second_step.prove = lambda _user_id, _code: proof  # type: ignore[method-assign]
    assert [log_in(house, "anna", GOOD, "000000").code for _ in range(2)] == ["done", "wrong_code"]


def test_guessed_codes_lock_like_guessed_passwords(house: House, stepped: Stepped) -> None:
    codes = []
    for _ in range(5):
        codes.append(log_in(house, "anna", GOOD, "000000").code)
        house.clock.advance(6)
    assert codes == ["wrong_code", "wrong_code", "locked", "locked", "locked"]
    assert log_in(house, "anna", GOOD, code_of(house, stepped[0])).code == "locked"
    house.clock.advance(900)
    assert log_in(house, "anna", GOOD).code == "totp_needed"
    assert house.user("anna").failed_logins == 5  # half a login forgives nothing
    assert log_in(house, "anna", GOOD, code_of(house, stepped[0])).code == "done"
    assert house.user("anna").failed_logins == 0


def test_each_recovery_code_works_once(house: House, stepped: Stepped) -> None:
    _, papers = stepped
    assert log_in(house, "anna", GOOD, f" {papers[3].upper()} ").code == "done"
    assert house.entries()[0].after["second_step"] == "recovery"
    assert house.entries()[0].after["recovery_left"] == 9
    assert log_in(house, "anna", GOOD, papers[3]).code == "wrong_code"
    assert log_in(house, "anna", GOOD, papers[4].replace("-", "")).code == "done"


def test_renewed_recovery_codes_void_the_old_ones(house: House, anna: Actor, stepped: Stepped) -> None:
    _, old = stepped
    assert order(house, RenewRecoveryCodes(password="guess"), anna).code == "wrong_password"
    new = order(house, RenewRecoveryCodes(password=GOOD), anna).data
    assert not set(new) & set(old)
    assert log_in(house, "anna", GOOD, old[0]).code == "wrong_code"
    assert log_in(house, "anna", GOOD, new[0]).code == "done"


def test_nothing_begins_or_ends_without_the_password(house: House, anna: Actor) -> None:
    assert order(house, EnrolTotp(password="guess"), anna).code == "wrong_password"
    assert house.user("anna").failed_logins == 1
    offer = begun(house, anna)
    order(house, ConfirmTotp(code=code_of(house, offer)), anna)
    assert order(house, EnrolTotp(password=GOOD), anna).code == "conflict"
    assert order(house, ConfirmTotp(code=code_of(house, offer, 1)), anna).code == "conflict"
    assert order(house, DisableTotp(password="guess"), anna).code == "wrong_password"
    assert order(house, DisableTotp(password=GOOD), anna).ok
    assert count(house, RecoveryCode) == 0
    assert order(house, DisableTotp(password=GOOD), anna).code == "not_found"
    assert order(house, RenewRecoveryCodes(password=GOOD), anna).code == "not_found"
    assert order(house, ConfirmTotp(code="000000"), anna).code == "not_found"
    assert log_in(house, "anna").code == "done"


def test_an_administrator_ends_it_with_a_reason_and_a_signature(house: House, anna: Actor, stepped: Stepped) -> None:
    boss = log_in(house, "boss", OTHER).actor
    assert boss is not None
    signed = Credential("boss", OTHER, "telephone lost")
    assert order(house, ResetTotp(login="anna", reason="telephone lost"), anna).code == "forbidden"
    assert order(house, ResetTotp(login="anna", reason="telephone lost"), boss).code == "signature_needed"
    assert order(house, ResetTotp(login="anna", reason=" "), boss, signed).code == "reason_missing"
    assert order(house, ResetTotp(login="nobody", reason="lost"), boss, signed).code == "not_found"
    assert order(house, ResetTotp(login="Anna", reason="telephone lost"), boss, signed).ok
    row = house.entries()[0]
    assert (row.action, row.before, row.after) == ("totp.reset", {"second_step": "on"}, {"second_step": "off"})
    assert order(house, RunScenario(name="x"), anna).code == "session_closed"
    assert order(house, ResetTotp(login="anna", reason="again"), boss, signed).code == "not_found"
    assert log_in(house, "anna").code == "done"


def test_a_role_that_asks_for_it_begins_it_at_the_login(joined: House) -> None:
    joined.add("chen", "safety_manager", password=GOOD)
    first = log_in(joined, "chen")
    assert first.code == "totp_enrol"
    assert first.offer is not None
    assert first.actor is None
    assert log_in(joined, "chen", GOOD, "000000").code == "wrong_code"
    again = log_in(joined, "chen")
    assert again.offer is not None
    assert again.offer.secret != first.offer.secret
    assert log_in(joined, "chen", GOOD, code_of(joined, first.offer)).code == "wrong_code"  # the old picture is void
    joined.clock.advance(10)
    result = log_in(joined, "chen", GOOD, code_of(joined, again.offer))
    assert result.code == "done"
    assert len(result.recovery_codes) == 10
    assert joined.entries()[0].after["second_step"] == "confirmed"
    assert log_in(joined, "chen").code == "totp_needed"
    assert log_in(joined, "chen", GOOD, result.recovery_codes[0]).recovery_codes == ()
    assert result.actor is not None
    assert joined.people.second_step(result.actor).required
    assert order(joined, DisableTotp(password=GOOD), result.actor).code == "totp_required"


def test_it_works_with_an_account_of_the_directory_too(joined: House, company: Company) -> None:
    company.hire("li.na", ("operator", ""))
    person = log_in(joined, "li.na").actor
    assert person is not None
    assert order(joined, EnrolTotp(password="guess"), person).code == "wrong_password"
    company.up = False
    assert order(joined, EnrolTotp(password=GOOD), person).code == "directory_unavailable"
    company.up = True
    offer = begun(joined, person)
    order(joined, ConfirmTotp(code=code_of(joined, offer)), person)
    joined.clock.advance(60)
    assert log_in(joined, "li.na").code == "totp_needed"
    assert log_in(joined, "li.na", GOOD, code_of(joined, offer)).code == "done"
    assert joined.people.users()[1].second_step == "on"
    company.hire("li.na", ("safety_manager", ""))  # a role that asks for it
    joined.clock.advance(60)
    assert log_in(joined, "li.na", GOOD, code_of(joined, offer)).code == "done"


def test_a_first_password_and_a_second_step_go_together(house: House, anna: Actor, stepped: Stepped) -> None:
    boss = log_in(house, "boss", OTHER).actor
    assert boss is not None
    reset = ChangeUser(login="anna", new_password="given by boss 1")
    assert order(house, reset, boss, Credential("boss", OTHER, "asked to")).ok
    assert log_in(house, "anna", "given by boss 1").code == "must_change"
    new = "my very own 22"
    assert house.people.set_first_password("anna", "given by boss 1", new).result().code == "totp_needed"
    assert house.people.set_first_password("anna", "given by boss 1", new, "000000").result().code == "wrong_code"
    code = code_of(house, stepped[0])
    assert house.people.set_first_password("anna", "given by boss 1", new, code).result().code == "done"


def test_secrets_lie_encrypted_and_codes_hashed(house: House, anna: Actor, stepped: Stepped) -> None:
    offer, papers = stepped
    with house.read() as connection:
        [row] = connection.execute(select(TotpSecret.__table__)).all()
        hashes = connection.execute(select(RecoveryCode.hash)).scalars().all()
        told = connection.execute(select(AuditEntry.before, AuditEntry.after)).all()
    assert offer.secret.encode() not in row.ciphertext
    assert all(each.startswith("$argon2id$") for each in hashes)
    written = repr(told) + repr(row)
    assert offer.secret not in written
    assert not any(totp.recovery_form(code) in written for code in papers)


def test_a_secret_copied_to_somebody_else_opens_nothing(house: House, anna: Actor, stepped: Stepped) -> None:
    bob = house.add("bob", "operator", password=GOOD)
    with house.begin() as session:
        columns = "nonce, ciphertext, created_us, confirmed_us, last_step"
        session.execute(
            text(f"INSERT INTO totp_secret (user_id, {columns}) SELECT {bob.user_id}, {columns} FROM totp_secret")
        )
    assert log_in(house, "bob", GOOD, code_of(house, stepped[0])).code == "key_trouble"


def test_a_lost_key_lets_nobody_in_by_password_alone(house: House, stepped: Stepped) -> None:
    (house.keys.directory / "totp.key").unlink()
    assert log_in(house, "anna").code == "totp_needed"
    assert log_in(house, "anna", GOOD, code_of(house, stepped[0])).code == "key_trouble"
    assert log_in(house, "anna", GOOD, stepped[1][0]).code == "done"  # paper needs no key


def test_a_key_that_others_can_read_is_said(house: House, anna: Actor) -> None:
    begun(house, anna)
    (house.keys.directory / "totp.key").chmod(0o644)
    assert order(house, EnrolTotp(password=GOOD), anna).code == "key_trouble"


def test_orders_with_passwords_and_codes_do_not_show_them() -> None:
    shown = [
        EnrolTotp(password=GOOD),
        DisableTotp(password=GOOD),
        RenewRecoveryCodes(password=GOOD),
        ConfirmTotp(code="287082"),
        StoreTotp(ciphertext=b"287082"),
        TotpOffer(GOOD, GOOD, b"", b""),
    ]
    assert not any(GOOD in repr(each) or "287082" in repr(each) for each in shown)


def test_such_orders_are_for_the_front_door_alone(house: House, anna: Actor) -> None:
    """On the engine's thread nobody waits for a directory."""
    assert house.submit(EnrolTotp(password=GOOD), anna).result().code == "failed"


def test_the_account_remembers_where_it_came_from(joined: House, company: Company) -> None:
    company.hire("li.na", ("operator", ""), dn="uid=li.na,ou=a")
    log_in(joined, "li.na")
    company.hire("li.na", ("operator", ""), dn="uid=li.na,ou=b")
    log_in(joined, "li.na")
    row = next(r for r in joined.entries() if r.action == "user.directory")
    assert (row.before["dn"], row.after["dn"]) == ("uid=li.na,ou=a", "uid=li.na,ou=b")
    with joined.read() as connection:
        assert connection.execute(select(ExternalAccount.dn)).scalar_one() == "uid=li.na,ou=b"


def test_removed_meanwhile_is_wrong(joined: House, company: Company) -> None:
    company.hire("li.na", ("operator", ""))
    log_in(joined, "li.na")
    with joined.begin() as session:
        session.execute(update(User).where(User.login == "li.na").values(active=False))
    assert log_in(joined, "li.na").code == "inactive"


def test_key_store_of_the_house_is_its_own(house: House) -> None:
    assert isinstance(house.keys, KeyStore)
