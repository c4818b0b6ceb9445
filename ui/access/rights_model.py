"""The grid of actions × roles as a table model: one role is edited at a time, and what differs is marked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from models.rights import ActionInfo, RoleInfo
from ui.i18n import has, pick, t

Index = QModelIndex | QPersistentModelIndex
FIXED = ("action", "scope")


def action_text(action: str) -> str:
    """An action in words; its code when it has none."""
    key = f"access.action.{action}"
    return t(key) if has(key) else action


def danger_text(danger: str) -> str:
    """A danger in words; its code when it has none."""
    code = danger.replace(".", "_")
    key = f"access.danger.{code}"
    return t(key) if has(key) else danger


def role_name(role: RoleInfo) -> str:
    """A role in words: ready ones by the program, others by the site."""
    return t(f"common.role.{role.code}") if role.ready else pick(role.name, role.name_en)


class RightsGrid(QAbstractTableModel):
    """Rows are actions, columns roles. ``touched(code)`` when a draft begins, changes or ends ('' = none)."""

    touched = Signal(str)
    refused = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.roles: list[RoleInfo] = []
        self.actions: list[ActionInfo] = []
        self.editable = False
        self.draft_role = ""
        self.draft: set[str] = set()

    def show(self, roles: Sequence[RoleInfo], actions: Sequence[ActionInfo]) -> None:
        """Show what is in force; a draft is dropped."""
        self.beginResetModel()
        self.roles = list(roles)
        self.actions = sorted(actions, key=lambda a: (a.action.partition(".")[0], action_text(a.action)))
        self.draft_role, self.draft = "", set()
        self.endResetModel()
        self.touched.emit("")

    def drop(self) -> None:
        """Forget the draft."""
        self.show(self.roles, self.actions)

    def role(self, code: str) -> RoleInfo | None:
        """The role with this code."""
        return next((role for role in self.roles if role.code == code), None)

    def holds(self, role: RoleInfo, action: str) -> bool:
        """Does the role hold it, in the draft if there is one?"""
        return action in (self.draft if role.code == self.draft_role else role.actions)

    def changes(self) -> list[tuple[str, bool]]:
        """What the draft gives (True) and takes (False)."""
        role = self.role(self.draft_role)
        if role is None:
            return []
        return sorted([(a, True) for a in self.draft - role.actions] + [(a, False) for a in role.actions - self.draft])

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self.actions)

    def columnCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(FIXED) + len(self.roles)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if section < len(FIXED):
            return t(f"access.rights_column.{FIXED[section]}") if role == Qt.ItemDataRole.DisplayRole else None
        info = self.roles[section - len(FIXED)]
        if role == Qt.ItemDataRole.DisplayRole:
            return role_name(info)
        if role == Qt.ItemDataRole.ToolTipRole:
            return t("access.role_tip", name=role_name(info), code=info.code, n=info.holders)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        action = self.actions[index.row()]
        if index.column() < len(FIXED):
            if role == Qt.ItemDataRole.DisplayRole:
                return action_text(action.action) if index.column() == 0 else t(f"access.scope.{action.scope}")
            if role == Qt.ItemDataRole.ToolTipRole:
                dangers = [danger_text(danger) for danger in action.dangers]
                return "\n".join([action.action, *dangers])
            return None
        info = self.roles[index.column() - len(FIXED)]
        if action.basic:
            return self._of_everybody(role)
        held = self.holds(info, action.action)
        if role == Qt.ItemDataRole.DisplayRole:
            changed = info.code == self.draft_role and held is not (action.action in info.actions)
            return ("✓" if held else "✕") + " *" if changed else "✓" if held else ""
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignCenter
        if role == Qt.ItemDataRole.AccessibleTextRole:
            state = t("access.held") if held else t("access.not_held")
            return f"{role_name(info)}: {action_text(action.action)}: {state}"
        return None

    @staticmethod
    def _of_everybody(role: int) -> Any:
        if role == Qt.ItemDataRole.DisplayRole:
            return "·"
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignCenter
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return t("access.for_everybody")
        return None

    def toggle(self, index: Index) -> None:
        """The person clicked a cell: begin or change the draft of that role."""
        if not self.editable or index.column() < len(FIXED) or self.actions[index.row()].basic:
            return
        info, action = self.roles[index.column() - len(FIXED)], self.actions[index.row()].action
        if self.draft_role and self.draft_role != info.code:
            other = self.role(self.draft_role)
            self.refused.emit(role_name(other) if other is not None else self.draft_role)
            return
        if not self.draft_role:
            self.draft_role, self.draft = info.code, set(info.actions)
        self.draft ^= {action}
        if self.draft == info.actions:
            self.draft_role, self.draft = "", set()
        self.dataChanged.emit(index, index)
        self.touched.emit(self.draft_role)
