"""The serialized graph of an exported program (ExecuTorch's schema 5.4) → ProgramGraph.

The JSON names values; here each name becomes a row number, once it is known
that it was made before it is used. Arguments are unions of one key.
"""

from __future__ import annotations

from etscope.etdump.export_nodes import NodeReader
from etscope.etdump.program_graph import ProgramGraph
from etscope.etdump.record_json import GRAPH_VALUES, Member

SCHEMA_MAJOR = 5


def read_graph(member: Member) -> ProgramGraph:
    """The graph in a member.

    Raises:
        TraceError: the member cannot be read, is in another schema, or contradicts itself.
    """
    program = member.table(member.value(GRAPH_VALUES), "the program")
    if "graph_module" not in program:
        raise member.error("it is no exported program: 'graph_module' is missing")
    version = member.table(program.get("schema_version"), "the schema version")
    major, minor = (member.integer(version.get(k), f"the {k} version") for k in ("major", "minor"))
    if major != SCHEMA_MAJOR:
        message = f"it is written in export schema {major}.{minor}; {SCHEMA_MAJOR}.x is known here"
        raise member.error(message)
    below = member.table(program["graph_module"], "the graph module")
    reader = NodeReader(member, member.table(below.get("graph"), "the graph"))
    signature = member.table(below.get("signature") or {}, "the signature")
    reader.read(signature)
    verifiers = member.rows(program.get("verifiers") or [], "the list of verifiers")
    dialect = verifiers[0] if verifiers else program.get("dialect", "")
    return reader.finished(member.text(dialect, "the dialect"), (major, minor))
