"""The networks that can be trained on simulated scenes. Imports no torch."""

from collections.abc import Mapping
from typing import Any

NETWORKS: Mapping[str, Mapping[str, Any]] = {
    "accurate": {"base": 12, "scales": 3, "rnn_cell": "lstm"},
    "fast": {"base": 8, "scales": 3, "rnn_cell": "lstm"},
}
