"""Operations of attention: the scores, and the values weighted by them."""

from __future__ import annotations

from collections.abc import Callable

from etscope.inspector.roofline.operands import Call

_STRANGE = "its operands are not those of attention"


def attention(call: Call, name: str) -> int | str:
    """2 · queries · keys · (size of a key + size of a value).

    Softmax, scale and mask are not counted, and no score is left out for a causal
    mask: so torch counts, too. Tensors are (…, heads, places, size).
    """
    return _attention(call, keys_at=1, keys=-2)


def _heads_inside(call: Call, name: str) -> int | str:
    """Tensors are (batch, places, heads, size)."""
    return _attention(call, keys_at=1, keys=-3)


def _from_cache(call: Call, name: str) -> int | str:
    """Keys and values are in caches (batch, places, heads, size), the fourth tensor and the fifth.

    How much of a cache is in use is only known when it runs: an upper bound.
    """
    return _attention(call, keys_at=3, keys=-3)


def _attention(call: Call, keys_at: int, keys: int) -> int | str:
    if len(call.inputs) < keys_at + 2:
        return _STRANGE
    query, key, value = call.inputs[0], call.inputs[keys_at], call.inputs[keys_at + 1]
    if min(len(query.shape), len(key.shape), len(value.shape)) < max(2, -keys):
        return _STRANGE
    sizes = query.shape[-1] + value.shape[-1]
    places = query.elements // query.shape[-1] if query.shape[-1] else 0
    return 2 * places * key.shape[keys] * sizes


RULES: dict[str, Callable[[Call, str], int | str]] = {
    **dict.fromkeys(
        (
            "scaled_dot_product_attention",
            "_scaled_dot_product_attention_math",
            "_scaled_dot_product_efficient_attention",
            "_scaled_dot_product_flash_attention",
            "_scaled_dot_product_flash_attention_for_cpu",
            "_scaled_dot_product_cudnn_attention",
            "_scaled_dot_product_fused_attention_overrideable",
        ),
        attention,
    ),
    **dict.fromkeys(
        ("_flash_attention_forward", "_efficient_attention_forward", "custom_sdpa"), _heads_inside
    ),
    "sdpa_with_kv_cache": _from_cache,
}
