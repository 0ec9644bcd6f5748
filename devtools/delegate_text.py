"""What is inside one delegate of a program, as text."""

from __future__ import annotations

from etscope.devtools.column_fit import print_fitting
from etscope.devtools.terminal import Column, paragraph, say
from etscope.inspector.program.contents import DelegateContents
from etscope.inspector.wording import counted, size_text


def print_delegate(found: DelegateContents) -> None:
    """Write a delegate's operations to stdout, or why they are not known."""
    where = found.delegate
    say(
        f"delegate {found.number}: {where.backend}, {size_text(where.size_bytes)}, "
        f"called by {counted(found.calls, 'instruction')} of {found.method}",
        style="bold",
    )
    for key, value in where.compile_specs:
        paragraph(f"compile spec {key}: {counted(len(value), 'byte')}")
    if found.unread is not None:
        paragraph(f"Its operations are not known: {found.unread}.")
        return
    columns = (
        Column("#", right=True),
        Column("operation"),
        Column("detail"),
        Column("debug handle", right=True),
        Column("weights (bytes)", right=True),
        Column("reads"),
        Column("writes"),
    )
    rows = [
        [
            str(row["operation"]),
            row["kind"] + (" (inserted)" if row["inserted"] else ""),
            row["detail"],
            None if row["debug_handle"] is None else str(row["debug_handle"]),
            None if row["weight_bytes"] is None else f"{row['weight_bytes']:,}",
            ", ".join(map(str, row["inputs"])) or None,
            ", ".join(map(str, row["outputs"])) or None,
        ]
        for row in found.operation_rows()
    ]
    print_fitting(columns, rows, ("writes", "reads", "detail"))
