"""What a user chooses by name. Imports no torch, so that settings and forms can offer it at once."""

from enum import StrEnum


class Strategy(StrEnum):
    """What a network sees and what it predicts in Noise2Inverse.

    X_TO_1: The mean of all parts but one gives the one; the input is least noisy.
    ONE_TO_X: One part gives the mean of all others; the target is least noisy.
    """

    X_TO_1 = "X:1"
    ONE_TO_X = "1:X"


class Window(StrEnum):
    """What tapers the ramp filter of a reconstruction toward high frequencies."""

    RAMP = "ramp"
    HANN = "hann"
