"""Alarms after ISA-18.2: one alarm's life (logic), all of them (engine), their figures (kpi) and the board for screens."""
