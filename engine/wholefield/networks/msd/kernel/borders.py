"""Half-sample symmetric reflection at image borders, as shifted additions and their exact adjoints.

A position p outside [0, n) reads -1 - p below zero and 2 n - 1 - p at n and beyond: the border pixel itself is
the first to be repeated. Shifts never exceed n, so that one reflection is enough.
"""

from torch import Tensor


def add_shifted(out: Tensor, plane: Tensor, axis: int, shift: int) -> None:
    """out[y] += plane[y + shift], reflecting y + shift at both ends of the axis.

    Args:
        out: Tensor that is added to, in place.
        plane: Tensor of the same shape.
        axis: Axis along which is shifted, counted from the end (negative).
        shift: Distance in pixels, of either sign; at most the length of the axis.
    """
    length, distance = out.shape[axis], abs(shift)
    inside = length - distance
    if shift < 0:
        out.narrow(axis, distance, inside).add_(plane.narrow(axis, 0, inside))
        out.narrow(axis, 0, distance).add_(plane.narrow(axis, 0, distance).flip(axis))
    else:
        out.narrow(axis, 0, inside).add_(plane.narrow(axis, distance, inside))
        out.narrow(axis, inside, distance).add_(plane.narrow(axis, inside, distance).flip(axis))


def write_shifted_adjoint(out: Tensor, plane: Tensor, axis: int, shift: int) -> None:
    """Write into out what the adjoint of :func:`add_shifted` adds to its plane: out[p] = sum of plane[y] read at p.

    Args:
        out: Tensor that is overwritten.
        plane: Tensor of the same shape, not the same memory.
        axis: Axis along which is shifted, counted from the end (negative).
        shift: Distance in pixels, of either sign; at most the length of the axis.
    """
    length, distance = out.shape[axis], abs(shift)
    inside = length - distance
    if shift < 0:
        out.narrow(axis, 0, inside).copy_(plane.narrow(axis, distance, inside))
        out.narrow(axis, inside, distance).zero_()
        out.narrow(axis, 0, distance).add_(plane.narrow(axis, 0, distance).flip(axis))
    else:
        out.narrow(axis, distance, inside).copy_(plane.narrow(axis, 0, inside))
        out.narrow(axis, 0, distance).zero_()
        out.narrow(axis, inside, distance).add_(plane.narrow(axis, inside, distance).flip(axis))


def fill_margins(rows: Tensor, margin: int) -> None:
    """Write the reflection of the inside into the margins at both ends of the last axis."""
    length = rows.shape[-1] - 2 * margin
    rows[..., :margin] = rows[..., margin : 2 * margin].flip(-1)
    rows[..., margin + length :] = rows[..., length : length + margin].flip(-1)


def fold_margins(rows: Tensor, margin: int) -> None:
    """Adjoint of :func:`fill_margins`: add the margins back to the pixels that they repeat."""
    length = rows.shape[-1] - 2 * margin
    rows[..., margin : 2 * margin] += rows[..., :margin].flip(-1)
    rows[..., length : length + margin] += rows[..., margin + length :].flip(-1)
