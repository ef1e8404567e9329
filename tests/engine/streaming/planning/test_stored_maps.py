"""Where maps between stages are, and what the plan says of it."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from wholefield.streaming import Plan, plan
from wholefield.streaming.execution.stored_maps import Part
from wholefield.streaming.planning.stored_maps import plan_maps
from wholefield.streaming.tracing.stages import Stage, cut_into_stages
from wholefield.streaming.tracing.trace import trace

SIDE = 64
MAP = 4 * SIDE**2 * 4


class Skipping(nn.Module):
    """Two levels, normalized, with a skip connection."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm = nn.Conv2d(4, 4, 3, padding=1), nn.InstanceNorm2d(4)
        self.down, self.deep = nn.Conv2d(4, 4, 3, 2, 1), nn.InstanceNorm2d(4)
        self.last = nn.Conv2d(8, 2, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        skip = functional.relu(self.norm(self.first(x)))
        deep = functional.relu(self.deep(self.down(skip)))
        return self.last(torch.cat([skip, functional.interpolate(deep, scale_factor=2.0)], 1))


def stages_of(network: nn.Module, *, image_again: bool = False) -> tuple[Stage, ...]:
    return cut_into_stages(
        trace(network, (1, 4, SIDE, SIDE), torch.float32, torch.device("cpu")), image_again
    )


def test_a_skip_connection_is_computed_again_of_the_map_in_front_of_it() -> None:
    stages = stages_of(Skipping())
    nodes = stages[0].program.nodes
    assert [[nodes[k].operation for k in stage.stored] for stage in stages] == [["conv2d"], ["conv2d"], []]
    assert stages[2].maps == (*stages[0].stored, *stages[1].stored)


def test_a_cheap_convolution_of_the_image_is_computed_again_where_that_is_at_hand() -> None:
    network = nn.Sequential(nn.Conv2d(4, 8, 3, groups=4), nn.InstanceNorm2d(8), nn.Conv2d(8, 8, 3))
    assert stages_of(network)[0].stored
    assert not stages_of(network, image_again=True)[0].stored


def test_a_convolution_that_is_dear_is_stored() -> None:
    network = nn.Sequential(nn.Conv2d(4, 32, 7), nn.InstanceNorm2d(32), nn.Conv2d(32, 8, 3))
    assert stages_of(network, image_again=True)[0].stored


def test_random_numbers_are_not_drawn_again() -> None:
    network = nn.Sequential(nn.Conv2d(4, 4, 3), nn.Dropout(), nn.InstanceNorm2d(4))
    stages = stages_of(network)
    assert [stages[0].program.nodes[k].operation for k in stages[0].stored] == ["dropout"]


@pytest.mark.parametrize("training", [False, True])
def test_maps_beyond_the_budget_are_on_disk(training: bool) -> None:
    stages = stages_of(Skipping())
    (first,), (second,) = stages[0].stored, stages[1].stored
    everything = plan_maps(stages, None, training)
    assert not everything.on_disk
    assert everything.disk == 0
    nothing = plan_maps(stages, 0, training)
    gradients = {(first, Part.GRADIENT), (second, Part.GRADIENT)} if training else set()
    assert nothing.on_disk == {(first, Part.VALUES), (second, Part.VALUES)} | gradients
    assert nothing.disk == (2 if training else 1) * (MAP + MAP // 4)
    # The first map has room, and nothing beside it.
    tight = plan_maps(stages, MAP, training)
    assert tight.on_disk == {(second, Part.VALUES)} | gradients
    moments = tight.backward if training else tight.forward
    assert [moment.memory for moment in moments] == [MAP] * 3


def planned(map_budget: int | None) -> Plan:
    return plan(Skipping(), (1, 4, SIDE, SIDE), 32, map_budget=map_budget)


def test_the_plan_tells_of_every_stage() -> None:
    stages = planned(None).stages
    assert [stage.ends_at for stage in stages] == ["norm", "deep", ""]
    assert [stage.maps for stage in stages] == [MAP, MAP // 4, 0]
    assert sum(stage.share for stage in stages) == pytest.approx(1)
    assert max(stage.forward for stage in stages) == planned(None).memory.forward
    assert max(stage.backward for stage in stages) == planned(None).memory.backward


def test_what_goes_to_disk_is_gone_from_memory() -> None:
    whole, spilled = planned(None).memory, planned(0).memory
    assert spilled.forward_disk == MAP + MAP // 4
    assert spilled.backward_disk == 2 * (MAP + MAP // 4)
    assert whole.backward - spilled.backward == spilled.backward_disk
    assert (whole.forward_disk, whole.backward_disk) == (0, 0)


def test_the_table_of_stages_stands_in_the_text() -> None:
    assert "norm" in str(planned(0)).split("\n\n")[1]
    assert "stage" not in str(plan(nn.Conv2d(4, 4, 3), (1, 4, SIDE, SIDE), 32))
