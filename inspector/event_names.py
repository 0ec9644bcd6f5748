"""What ETDump calls the events of the runtime's own steps."""

from __future__ import annotations

OPERATOR_CALL = "OPERATOR_CALL"
DELEGATE_CALL = "DELEGATE_CALL"
CONTROL = frozenset({"JF_CALL", "MOVE_CALL", "FREE_CALL"})
