"""Random operations: noise per position, drawn again by the reverse sweep; noise per channel, drawn once a forward."""

from wholefield.streaming.operations.call import Call, Local
from wholefield.streaming.operations.pointwise import positionwise
from wholefield.streaming.operations.registry import register


@register(
    "dropout", "alpha_dropout", "rand_like", "randn_like", "bernoulli", "normal", "uniform", "exponential"
)
def per_position(call: Call) -> Local:
    """Noise that is drawn for every position by itself."""
    return positionwise(call, call.refs[0].axes, random=_draws(call))


@register("rrelu")
def rrelu(call: Call) -> Local:
    """A leaky ReLU whose slope is drawn for every position in training."""
    return positionwise(call, call.refs[0].axes, random=True)


def _draws(call: Call) -> bool:
    training = call.kwargs.get("training", call.args[2] if len(call.args) > 2 else True)
    return bool(training) or "dropout" not in call.name
