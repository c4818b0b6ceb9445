"""The only wiring: rooms are built here and nowhere else."""

from app.bootstrap.demo import DemoRoom, open_demo
from app.bootstrap.room import ControlRoom, EngineCore, open_room
from app.bootstrap.serve import replay_file, serve_forever

__all__ = ["ControlRoom", "DemoRoom", "EngineCore", "open_demo", "open_room", "replay_file", "serve_forever"]
