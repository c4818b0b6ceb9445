"""The command line. No argument opens the window; Qt is imported last, and only by what shows one."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

VERSION = "0.1.0"

app = typer.Typer(
    name="ankan",
    help="安瞰 Ankan: the safety control room of a plant. Without a command: open this station's window.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
alarms_app = typer.Typer(
    help="Alarms: replay scripts through the alarm logic, performance figures.", rich_markup_mode=None
)
app.add_typer(alarms_app, name="alarms")


class _Elsewhere(TyperGroup):
    """Sub-commands that stand in ``app.bootstrap.commands``: the module is loaded when one of them is asked for."""

    def _group(self) -> Any:
        return typer.main.get_command(importlib.import_module(f"app.bootstrap.commands.{self.name}").app)

    def list_commands(self, ctx: Any) -> list[str]:
        return list(self._group().list_commands(ctx))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        return self._group().get_command(ctx, cmd_name)


for _name, _help in {
    "audit": "The trail: verify it, anchor it, show its key, pack it for an auditor.",
    "security": "What the program is made of, and what is known against it.",
    "risk": "Risk: LEC, LS, matrices, GB 18218.",
    "rights": "Rights: what may somebody do and why, who may do something.",
    "people": "People and organisation: import a workbook, list gaps.",
    "privacy": "Personal data: inventory, change of key.",
}.items():
    _group = typer.Typer(cls=_Elsewhere, help=_help, rich_markup_mode=None, no_args_is_help=True)
    app.add_typer(_group, name=_name)

DataDir = Annotated[Path | None, typer.Option("--data", help="data directory (default: the user's)")]
AsJson = Annotated[bool, typer.Option("--json", help="machine-readable, one JSON object a line")]


def _say(data: Any) -> None:
    """One JSON object on one line, in UTF-8 whatever the console's code page is."""
    import msgspec

    sys.stdout.flush()
    sys.stdout.buffer.write(msgspec.json.encode(data) + b"\n")
    sys.stdout.buffer.flush()


def _fail(sentence: str, code: int = 2) -> typer.Exit:
    typer.echo(sentence, err=True)
    return typer.Exit(code)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"ankan {VERSION}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def window(
    context: typer.Context,
    data: DataDir = None,
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="show the version and exit")
    ] = False,
) -> None:
    """Open the window on this station's own configuration."""
    if context.invoked_subcommand is None:
        from app.paths import default_data_dir

        raise typer.Exit(_station_window(data or default_data_dir()))


@app.command()
def demo(
    data: DataDir = None,
    tour: Annotated[Path | None, typer.Option(help="visit every panel, write pictures there, and leave")] = None,
    seed: Annotated[int, typer.Option(help="seed of the simulator")] = 7,
) -> None:
    """Open the window on the demo plant: an embedded broker and a simulator, in a data directory of its own."""
    from app.paths import default_data_dir

    if tour is not None:
        from app.logs import set_up_logging
        from ui.tour import take_tour

        set_up_logging("warning")
        raise typer.Exit(take_tour(tour, lambda where: _demo_room(where, seed, leak_in_s=-330.0)))
    directory = data or default_data_dir().with_name("ankan-demo")
    from app.jobs import hold_collector

    hold_collector()
    from app.logs import set_up_logging
    from ui.application import run

    set_up_logging("info", directory / "logs")

    raise typer.Exit(run(directory, lambda: _demo_room(directory, seed), sign_in=_as_operator))


def _demo_room(directory: Path, seed: int, *, leak_in_s: float = 60.0) -> Any:
    from app.bootstrap.demo import open_demo

    return open_demo(directory, seed, leak_in_s=leak_in_s)


def _as_operator(room: Any) -> Any:
    """The demo opens as its operator, with the password made at the first start."""
    return room.people.log_in("lijianguo", room.accounts()["lijianguo"])


def _station_window(directory: Path) -> int:
    from app.jobs import hold_collector

    hold_collector()
    from app.bootstrap.room import open_room
    from app.bootstrap.setup import StationSetup
    from app.config import ConfigError, load_config
    from app.logs import set_up_logging
    from app.store.engine import StoreError
    from ui.application import run

    try:
        set_up_logging(load_config(directory).log_level, directory / "logs")
        return run(directory, lambda: open_room(directory), setup=StationSetup(directory))
    except (ConfigError, StoreError) as error:
        raise _fail(str(error)) from error


@app.command()
def serve(data: DataDir = None) -> None:
    """Run the engine without a window, until interrupted."""
    from app.bootstrap.serve import serve_forever
    from app.config import ConfigError
    from app.ingest.decode.mapping import MappingError
    from app.paths import default_data_dir
    from app.store.engine import StoreError

    try:
        serve_forever(data or default_data_dir())
    except (ConfigError, MappingError, StoreError) as error:
        raise _fail(str(error)) from error


@app.command()
def doctor(data: DataDir = None, as_json: AsJson = False) -> None:
    """Check this station and say what is wrong and how to mend it. Leaves with 1 when something is."""
    from app.doctor import examine
    from app.paths import default_data_dir

    wrong = False
    for finding in examine(data or default_data_dir()):
        wrong = wrong or finding.level == "error"
        if as_json:
            _say(finding)
            continue
        mark = {"ok": "✓", "warning": "!", "error": "✗"}[finding.level]
        typer.echo(f"{mark} {finding.what}: {finding.finding}" + (f"\n    → {finding.mend}" if finding.mend else ""))
    if wrong:
        raise typer.Exit(1)


@app.command(hidden=True)
def screen() -> None:
    """Start Qt, say its version and the sound device, and leave: the doctor asks this in a process of its own."""
    from PySide6.QtCore import qVersion
    from PySide6.QtWidgets import QApplication  # noqa: TID251 - no widget is made: does Qt start at all?

    application = QApplication([])
    sound = ""
    try:
        from PySide6.QtMultimedia import QMediaDevices

        sound = QMediaDevices.defaultAudioOutput().description()
    except ImportError:  # the system lacks an audio library: as good as no device
        pass
    application.processEvents()
    _say({"qt": qVersion(), "sound": sound})


@app.command()
def decode(
    files: Annotated[list[Path], typer.Argument(help="each file is the payload of one message")],
    topic: Annotated[str, typer.Option(help="the topic that the messages came by")],
    mapping: Annotated[list[Path] | None, typer.Option(help="mapping files beside the shipped ones")] = None,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show what the pipeline would make of recorded messages."""
    from app.clock import SystemClock
    from app.config import ConfigError, load_config, shipped_mappings
    from app.ingest.decode.mapping import MappingError, MappingSet
    from app.ingest.decodefile import decode_files
    from app.paths import default_data_dir

    try:
        directory = data or default_data_dir()
        config = load_config(directory)
        own = [directory / path for path in config.mappings]
        mappings = MappingSet.load([*shipped_mappings(), *own, *(mapping or [])])
        for line in decode_files(
            topic,
            files,
            mappings,
            SystemClock().now_us(),
            max_bytes=config.engine.max_payload,
            native_prefix=config.engine.tag_prefix,
        ):
            if as_json:
                _say(line)
                continue
            typer.echo(f"{line['file']}: " + (f"refused: {line['refused']}" if line["refused"] else ""))
            for reading in line["readings"]:
                typer.echo(
                    f"  {reading['tag']} = {reading['value']} {reading['unit'] or ''} {reading['quality']} {reading['time']}"
                )
    except (ConfigError, MappingError, OSError) as error:
        raise _fail(str(error)) from error


@app.command()
def replay(
    file: Annotated[Path, typer.Argument(help="JSON lines {t, topic, payload} or CSV (time column, then tags)")],
    data: DataDir = None,
    speed: Annotated[
        float, typer.Option(help="1 = as recorded, 60 = sixty times faster, 0 = as fast as it goes")
    ] = 0.0,
    tag: Annotated[str, typer.Option(help="CSV with one value column: name of its tag")] = "",
    alarms: Annotated[Path | None, typer.Option(help="JSON list of alarm definitions to guard with")] = None,
    as_json: AsJson = False,
) -> None:
    """Send recorded messages or a CSV through the real pipeline; prints each alarm transition and a summary."""
    from app.bootstrap.serve import replay_file
    from app.config import ConfigError
    from app.ingest.decode.mapping import MappingError
    from app.ingest.replayfile import ReplayError
    from app.store.engine import StoreError

    try:
        for line in replay_file(file, data, speed=speed, tag=tag, alarms=alarms):
            if as_json:
                _say(line)
            else:
                typer.echo("  ".join(f"{key}={value}" for key, value in line.items() if value not in (None, "")))
    except (ReplayError, ConfigError, MappingError, StoreError, OSError) as error:
        raise _fail(str(error)) from error


@alarms_app.command("replay")
def alarms_replay(
    file: Annotated[Path, typer.Argument(help='script: {"alarm": definition, "steps": […]}')],
    as_json: AsJson = False,
) -> None:
    """Feed a script through the alarm logic and print the state after each step."""
    import msgspec

    from app.alarms.replay import ScriptError, replay

    try:
        script = msgspec.json.decode(file.read_bytes())
        for line in replay(script):
            if as_json:
                _say(line)
            else:
                sound = "  ♪" if line["annunciate"] else ""
                typer.echo(f"{line['t']:>10g} s  {line['state']:<11} {line['severity']:<8} {line['transition']}{sound}")
    except (ScriptError, msgspec.DecodeError, OSError, UnicodeDecodeError) as error:
        raise _fail(f"{file}: {error}") from error


@alarms_app.command("performance")
def alarms_performance(
    start: Annotated[str, typer.Option("--from", help="date or time, local unless it names a zone")],
    end: Annotated[str, typer.Option("--to", help="date or time, not counted itself")],
    area: Annotated[list[str] | None, typer.Option(help="code of an area; may be given several times")] = None,
    data: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Alarm performance of a period after EEMUA 191 / ISA-18.2: rates, floods, bad actors, against their targets."""
    from app.alarms.report import performance_lines, performance_of
    from app.config import ConfigError, load_config
    from app.paths import default_data_dir
    from app.store.engine import StoreError

    directory = data or default_data_dir()
    try:
        store = load_config(directory).store
        plain = performance_of(directory, start, end, url=store.url, password_env=store.password_env, areas=area or ())
    except (ConfigError, StoreError, ValueError) as error:
        raise _fail(str(error)) from error
    if as_json:
        _say(plain)
    else:
        for line in performance_lines(plain):
            typer.echo(line)


def main() -> None:
    """Entry point of the installed program; never leaves a person with a traceback for a wrong word."""
    app()


if __name__ == "__main__":
    main()
