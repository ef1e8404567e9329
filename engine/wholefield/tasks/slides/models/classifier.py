"""A slide classifier: a streamed backbone with its head, and the checkpoint that holds all it takes to use it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from wholefield.networks.classifier import AttentionClassifier, Classifier
from wholefield.networks.heads import MappingHead
from wholefield.networks.registry import find_model
from wholefield.networks.split import split_classifier
from wholefield.networks.weights import DEFAULT
from wholefield.streaming import Streamed
from wholefield.streaming.execution.images import LazyImage
from wholefield.tasks.slides.models.footprint import local_output
from wholefield.tasks.slides.models.streamed_model import StreamedModel
from wholefield.tasks.slides.settings import Head
from wholefield.training.checkpoints import card_in, load_into, read_checkpoint, starting_weights
from wholefield.training.model_card import ModelCard


class StreamedClassifier(StreamedModel):
    """A classifier whose backbone is streamed in tiles and pooled as it is computed.

    Attributes:
        head: the head; shares the parameters of `network`.
    """

    def __init__(self, network: nn.Module, tile_size: int) -> None:
        backbone, self.head = split_classifier(network)
        pooled = Streamed(backbone, tile_size, reduction=self.head.pool)
        super().__init__(network, Streamed(backbone, tile_size), pooled)

    def logits(self, image: Tensor | LazyImage) -> Tensor:
        """Logits (1, classes) of an image (1, C, h, w)."""
        return self.head.classify(self.pooled(image))

    @torch.no_grad()
    def evidence(self, image: Tensor | LazyImage) -> tuple[Tensor, Tensor]:
        """Logits (1, classes) and class-activation map (1, classes, h', w') of an image (1, C, h, w), in one sweep."""
        features = local_output(self.streamed.network, image)
        gathered = Evidence(self.head, features.shape, self.like)
        self.streamed.write(image, gathered)
        pooled = gathered.pooled
        return self.head.classify(pooled), self.head.map_of(gathered.map, pooled)


class Evidence:
    """Takes the features of an image block by block and keeps what each position says, and their pool.

    Attributes:
        shape: (1, C, h', w') of the features.
        map: (1, E, h', w') what `MappingHead.evidence` makes of them.
    """

    def __init__(self, head: MappingHead, shape: Sequence[int], like: Tensor) -> None:
        """Set up; the map lies on the device and in the type of `like`."""
        self.shape = tuple(shape)
        self._head = head
        self._weights = dict(head.pool.named_parameters())
        self._state: Any = None
        channels = head.evidence(like.new_zeros(1, shape[1], 1, 1)).shape[1]
        self.map = like.new_empty(1, channels, *shape[2:])

    @property
    def pooled(self) -> Tensor:
        """The pooled features (1, C)."""
        return self._head.pool.finish(self._state).to(self.map)

    def __setitem__(self, key: tuple[slice, ...], value: NDArray[Any]) -> None:
        """Take the block (1, C, ...) that lies at `key`."""
        block = torch.from_numpy(value).to(self.map)
        self._state = self._head.pool.fold(self._state, block, self._weights)
        self.map[(slice(None), slice(None), *key[2:])] = self._head.evidence(block)


def build_network(card: ModelCard, weights: str | None = None) -> nn.Module:
    """The network that a card names, fresh or with weights to start from.

    Raises:
        SettingError: the model is not in the list.
        SourceError: the weights are missing or do not fit.
    """
    classes = len(card.classes)
    given = weights if weights in (None, DEFAULT) else starting_weights(Path(weights))
    network = find_model(card.architecture).build(weights=given, num_classes=classes)
    if card.arguments["head"] == Head.ATTENTION:
        assert isinstance(network, Classifier)
        return AttentionClassifier(network, classes)
    return network


def load_classifier(path: Path, tile_size: int) -> tuple[StreamedClassifier, ModelCard]:
    """Rebuild the classifier of a checkpoint, ready to predict.

    Raises:
        SourceError: the file is missing, damaged or something else.
        SettingError: it names a model that is not in the list.
    """
    content = read_checkpoint(path)
    card = card_in(content, path)
    network = build_network(card)
    load_into(network, content, path)
    classifier = StreamedClassifier(network, tile_size)
    classifier.train(False)
    return classifier, card
