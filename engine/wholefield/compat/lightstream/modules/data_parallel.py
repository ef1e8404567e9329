"""Data parallel training with a backward in two calls.

DistributedDataParallel finds out which parameters a step leaves out by walking the graph of the loss. The streamed part
is cut off that graph, so the search would take all of it for unused and leave its gradients unreduced. Waiting for
every parameter instead is right: the second call of the backward reaches them.
"""

from typing import Any

from torch.nn.parallel import DistributedDataParallel

from wholefield.streaming.errors import StreamingError


def wait_for_all_parameters(strategy: Any) -> None:
    """Turn the search for unused parameters off in a Lightning strategy that wraps the model later."""
    options = getattr(strategy, "_ddp_kwargs", None)
    if isinstance(options, dict) and options.get("find_unused_parameters"):
        strategy._ddp_kwargs = {**options, "find_unused_parameters": False}


def check_wrapper(model: Any) -> None:
    """Refuse a wrapped model that would leave the streamed gradients unreduced.

    Raises:
        StreamingError: It searches for unused parameters, or takes the graph of the first step for all steps.
    """
    if isinstance(model, DistributedDataParallel) and (model.find_unused_parameters or model.static_graph):
        raise StreamingError(
            "DistributedDataParallel with find_unused_parameters or static_graph cannot see the streamed parameters; "
            'use Trainer(strategy="ddp"), and call super().setup(stage) where you override setup.'
        )
