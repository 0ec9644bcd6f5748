"""What a report says first about the join: how much was mapped, by what, and what was not."""

from __future__ import annotations

from typing import Any

from etscope.inspector.correlate.ledger import Bucket, Ledger
from etscope.inspector.latency import MethodLatency
from etscope.inspector.recording import Recording
from etscope.inspector.wording import finite


def mapping_coverage(
    recording: Recording, methods: list[MethodLatency], ledgers: list[Ledger]
) -> dict[str, Any]:
    """The part of `coverage` about the join, ready for JSON.

    `mapped_*_share` are over what ran in operators: 1 is all of it. Buckets of a
    method add up to it.
    """
    return {
        "record": recording.record is not None,
        "program": recording.program is not None,
        "join_notes": list(recording.correlation.notes),
        "mapping": [
            {
                "method": latency.method,
                "mapped_time_share": finite(ledger.mapped_share("time")),
                "mapped_events_share": finite(ledger.mapped_share("events")),
                "mapped_operators_share": finite(ledger.mapped_share("operators")),
                "mapped_bytes_share": finite(ledger.mapped_share("bytes_written")),
                "buckets": [_bucket(ledger, bucket) for bucket in ledger.buckets],
            }
            for latency, ledger in zip(methods, ledgers, strict=True)
        ],
    }


def _bucket(ledger: Ledger, bucket: Bucket) -> dict[str, Any]:
    return {
        "name": bucket.name,
        "kind": bucket.kind,
        "reason": bucket.reason,
        f"per_inference_{ledger.unit}": bucket.time,
        "share": finite(ledger.share(bucket)),
        "events": bucket.events,
        "operators": bucket.operators,
        "bytes_written": bucket.bytes_written,
    }
