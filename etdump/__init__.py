"""The files the runtime emits, as columns: ETDump, debug buffer, program. Knows no answer."""
