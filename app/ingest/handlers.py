"""Orders on refused messages and on the simulator."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import func, select

from app.access.door import Handler, Outcome, Unit
from app.ingest import deadletters
from app.ingest.inbox import Inbox, Message
from app.ports import Refused
from models.commands import Command, DiscardDeadLetters, RetryDeadLetters, RunScenario
from models.events import DeadLettersChanged
from models.people import Actor
from models.readings import DeadLetter


def handlers(
    inbox: Inbox,
    set_open_letters: Callable[[int], None],
    run_scenario: Callable[[str, bool], None] | None,
    reload_mapping: Callable[[], None],
) -> dict[type[Command], Handler]:
    """Handlers; ``run_scenario`` raises KeyError for an unknown scenario, None outside the demo plant.

    ``reload_mapping`` reads the mapping files again; raises ValueError in words when they can't be used.
    """

    def retry(unit: Unit, command: RetryDeadLetters, _actor: Actor) -> Outcome:
        letters = deadletters.open_letters(unit.session.connection(), command.ids, command.reason_code)
        whole = [letter for letter in letters if len(letter.payload) == letter.payload_size]
        if not whole:
            raise Refused("not_found", "no open refused message that was kept whole")
        try:
            reload_mapping()
        except (ValueError, OSError) as error:  # MappingError and ConfigError are ValueErrors
            raise Refused("mapping_broken", str(error)) from error

        def put() -> None:
            for letter in whole:
                inbox.put(Message(letter.topic, bytes(letter.payload), letter.received_us, -letter.id, None))
            inbox.notify()

        return Outcome(data=len(whole), after={"count": len(whole)}, after_commit=(put,))

    def discard(unit: Unit, command: DiscardDeadLetters, actor: Actor) -> Outcome:
        if not command.reason.strip():
            raise Refused("reason_needed")
        connection = unit.session.connection()
        count = deadletters.settle(connection, command.ids, "discarded", unit.now_us, actor.name)
        if not count:
            raise Refused("not_found", "none of them is open")
        left = connection.execute(
            select(func.count()).select_from(DeadLetter).where(DeadLetter.state == "open")
        ).scalar_one()
        return Outcome(
            data=count,
            after={"count": count},
            after_commit=(lambda: set_open_letters(left),),
            events=(DeadLettersChanged(left),),
        )

    def scenario(_unit: Unit, command: RunScenario, _actor: Actor) -> Outcome:
        if run_scenario is None:
            raise Refused("no_simulator", "only the demo plant has scenarios")
        try:
            run_scenario(command.name, command.running)
        except KeyError:
            raise Refused("not_found", f"no scenario {command.name!r}") from None
        return Outcome(after={"running": command.running})

    return {RetryDeadLetters: retry, DiscardDeadLetters: discard, RunScenario: scenario}
