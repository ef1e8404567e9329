"""What every classifier of the list of models is: a network that can be cut into backbone and head."""

from abc import abstractmethod

from torch import Tensor, nn

from wholefield.networks.heads import GatedAttentionHead, MappingHead


class Classifier(nn.Module):
    """A network of a backbone of local operations, which can be streamed, and a head.

    Example:
        >>> from wholefield.networks import Classifier, resnet18
        >>> isinstance(resnet18(), Classifier)
        True
    """

    @abstractmethod
    def split(self) -> tuple[nn.Module, MappingHead]:
        """Backbone (B, C, h, w) -> features and head, features -> logits; both share the parameters."""


class AttentionClassifier(Classifier):
    """Another classifier's backbone with a gated-attention head in place of its own.

    Attributes:
        base: the classifier whose backbone is used.
        head: the head.

    Example:
        >>> import torch
        >>> from wholefield.networks import AttentionClassifier, SmallCNN
        >>> AttentionClassifier(SmallCNN(), num_classes=3)(torch.rand(2, 3, 64, 96)).shape
        torch.Size([2, 3])
    """

    def __init__(self, base: Classifier, num_classes: int) -> None:
        """Take over a backbone.

        Args:
            base: the classifier; its own head is frozen.
            num_classes: classes of the new head.
        """
        super().__init__()
        self.base = base
        own = base.split()[1]
        self.head = GatedAttentionHead(own.fc.in_features, num_classes)
        # The head that is replaced is not trained.
        for parameter in own.parameters():
            parameter.requires_grad_(False)

    def split(self) -> tuple[nn.Module, MappingHead]:
        """The backbone of the base, and the attention head."""
        return self.base.split()[0], self.head

    def forward(self, x: Tensor) -> Tensor:
        """Logits (B, num_classes) of images (B, C, h, w) of any size."""
        backbone, head = self.split()
        return head(backbone(x))
