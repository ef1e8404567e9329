"""Arrays of Zarr, version 2 or 3, without the metadata of OME: what dask, xarray and acquisition scripts write."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import zarr

from wholefield.errors import SourceError
from wholefield.sources.choices import Answer, Question, Reading, UnclearFileError
from wholefield.sources.reading import unreadable
from wholefield.sources.stacks.answers import COMMON, NOTHING, answered, common_questions
from wholefield.sources.stacks.axes import axes_question, letters_of, order_of
from wholefield.sources.stacks.formats.stored_numbers import packing_told
from wholefield.sources.stacks.formats.zarr_stack import ZarrStack, refuse_impossible
from wholefield.sources.stacks.stack import NUMBERS, StackDescription, checked_dtype
from wholefield.sources.zarr_layout import oversized_json

# Groups below groups that are searched for arrays, and the most arrays that are listed.
DEEPEST = 4
MOST_ARRAYS = 1000
# Where xarray keeps the names of the axes in version 2.
DIMENSIONS = "_ARRAY_DIMENSIONS"


def open_plain_zarr(path: Path, reading: Reading = NOTHING) -> ZarrStack:
    """Open an array of a Zarr folder or zip file.

    Args:
        path: The folder or file.
        reading: May answer `dataset`, which of several arrays it is, and `axes`.

    Raises:
        UnclearFileError: It holds several arrays, or does not say what their axes are.
        SourceError: It is damaged, or holds no array of three axes.
    """
    reading.only(path, "dataset", "axes", *COMMON)
    store, node = _open(path)
    try:
        return answered(_from_node(path, store, node, reading), reading)
    except SourceError:
        store.close()
        raise
    except Exception as error:  # damaged metadata raise errors of many kinds
        store.close()
        raise unreadable(path, "Zarr", error) from error


def zarr_questions(path: Path, reading: Reading) -> tuple[Question, ...]:
    """Which array is read, what its axes are, its time and its spacing.

    Raises:
        SourceError: It cannot be read.
    """
    store, node = _open(path)
    try:
        arrays = _arrays(node)
    finally:
        store.close()
    questions = [_dataset_question(arrays)] if len(arrays) > 1 else []
    name = reading.get("dataset", next(iter(arrays), "")).strip("/")
    if name in arrays and len(arrays[name].shape) > 3:
        questions.append(axes_question(tuple(map(int, arrays[name].shape))))
    try:
        with open_plain_zarr(path, reading) as stack:
            return (*questions, *common_questions(stack))
    except SourceError:
        return tuple(questions)


def _open(path: Path) -> tuple[Any, Any]:
    """The store, which has to be closed, and its array or group."""
    if large := oversized_json(path):
        raise SourceError(f"{path} holds {large}, which is larger than any JSON of a Zarr; it is no array.")
    try:
        store = (
            zarr.storage.ZipStore(path, mode="r")
            if path.is_file()
            else zarr.storage.LocalStore(path, read_only=True)
        )
        return store, zarr.open(store, mode="r")
    except RecursionError as error:
        raise unreadable(path, "Zarr", "its JSON is nested too deeply") from error
    except Exception as error:  # stores raise errors of their own kinds
        raise unreadable(path, "Zarr", error) from error


def _arrays(node: Any) -> dict[str, Any]:
    """The arrays that can be a stack, the largest first."""
    if isinstance(node, zarr.Array):
        return {"": node}
    found = {
        name: member
        for name, member in islice(node.members(max_depth=DEEPEST), MOST_ARRAYS)
        if isinstance(member, zarr.Array) and member.ndim >= 3 and np.dtype(member.dtype).kind in NUMBERS
    }
    return dict(sorted(found.items(), key=lambda item: (-int(item[1].size), item[0])))


def _from_node(path: Path, store: Any, node: Any, reading: Reading) -> ZarrStack:
    arrays = _arrays(node)
    if not arrays:
        raise SourceError(
            f"{path} is a Zarr group without an OME image or an array of three axes; open the folder that has one."
        )
    wanted = reading.get("dataset", "").strip("/")
    if not wanted and len(arrays) > 1:
        question = _dataset_question(arrays)
        raise UnclearFileError(
            f"{path} holds {len(arrays)} arrays; choose one of them, for example dataset={question.start}.",
            (question,),
        )
    name = wanted or next(iter(arrays))
    if name not in arrays:
        raise SourceError(f"{path} has no array named {name}; choose one of {', '.join(list(arrays)[:6])}.")
    array = arrays[name]
    if array.ndim < 2:
        raise SourceError(f"{path} is an array of one axis, not a volume.")
    refuse_impossible(path, array)
    dtype = checked_dtype(path, np.dtype(array.dtype))
    order = order_of(path, array.shape, reading, _told_axes(array))
    metadata = {str(key): str(value)[:2000] for key, value in dict(array.attrs).items()}
    description = StackDescription(
        "Zarr",
        order.shape,
        order.channels,
        dtype,
        warnings=(*packing_told(dict(array.attrs)), *order.left_out()),
        metadata=metadata,
        dataset=name or None,
        times=order.times,
    )
    return ZarrStack(path, description, store, array, order)


def _told_axes(array: Any) -> str | None:
    """The letters of the axes by the names of dimensions in version 3, or of xarray in version 2."""
    names = getattr(array.metadata, "dimension_names", None) or dict(array.attrs).get(DIMENSIONS)
    if not isinstance(names, list | tuple) or len(names) != array.ndim:
        return None
    return letters_of(str(name) for name in names)


def _dataset_question(arrays: dict[str, Any]) -> Question:
    answers = tuple(
        Answer(name, f"{name}, {' x '.join(map(str, array.shape))} {array.dtype}")
        for name, array in arrays.items()
    )
    return Question("dataset", "Array", answers, help="The file holds several arrays.", needed=True)
