"""Exact streaming of local networks over images of any size. `Streamed` is the one mechanism.

Every name is loaded on its first use: torch takes seconds to import.
"""

from typing import TYPE_CHECKING

from wholefield.lazy import lazy_names

if TYPE_CHECKING:
    from wholefield.streaming.errors import NotLocalError as NotLocalError, StreamingError as StreamingError
    from wholefield.streaming.execution.attention_pools import (
        AttentionPool as AttentionPool,
        GatedAttentionPool as GatedAttentionPool,
        Scored as Scored,
    )
    from wholefield.streaming.execution.background import Skip as Skip
    from wholefield.streaming.execution.measuring import Statistics as Statistics
    from wholefield.streaming.execution.pools import (
        GeneralizedMeanPool as GeneralizedMeanPool,
        LogSumExpPool as LogSumExpPool,
        MaxPool as MaxPool,
        MeanPool as MeanPool,
        TopKPool as TopKPool,
    )
    from wholefield.streaming.execution.reductions import Reduction as Reduction, mask_at as mask_at
    from wholefield.streaming.execution.spill import Spill as Spill
    from wholefield.streaming.execution.tile_visits import Sweep as Sweep, TileVisit as TileVisit
    from wholefield.streaming.operations.border import symmetric_pad as symmetric_pad
    from wholefield.streaming.planning.plan import (
        LayerPlan as LayerPlan,
        Plan as Plan,
        plan as plan,
    )
    from wholefield.streaming.planning.stage_table import StagePlan as StagePlan
    from wholefield.streaming.planning.suggestions import (
        suggest_tile_size as suggest_tile_size,
        suggest_tiling as suggest_tiling,
    )
    from wholefield.streaming.saliency import (
        grad_cam as grad_cam,
        integrated_gradients as integrated_gradients,
    )
    from wholefield.streaming.streamed import Streamed as Streamed

__getattr__, __all__ = lazy_names(__name__, __file__)
