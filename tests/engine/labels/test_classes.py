"""Classes: values, names, colors and keys."""

import pytest

from wholefield.errors import SettingError
from wholefield.labels import LabelClass, LabelClasses
from wholefield.labels.classes import COLORS


def test_new_classes_take_what_is_free() -> None:
    classes = LabelClasses([LabelClass(2, "Tumor", (1, 2, 3), "1")])
    stroma = classes.add(" Stroma ")
    assert stroma == LabelClass(1, "Stroma", COLORS[0], "2")
    assert classes.add("Fat").value == 3
    assert classes.names == ("Stroma", "Tumor", "Fat")
    classes.remove(1)
    assert classes.add("Glass").value == 1


def test_the_tenth_class_has_no_key() -> None:
    classes = LabelClasses()
    keys = [classes.add(str(number)).key for number in range(10)]
    assert keys == [*"123456789", ""]


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (LabelClass(2, "Tumor", (0, 0, 0)), "a class 'Tumor' already"),
        (LabelClass(2, "Fat", (0, 0, 0), "1"), "key 1 belongs to another"),
        (LabelClass(256, "Fat", (0, 0, 0)), "values are 1 to 255"),
        (LabelClass(2, "", (0, 0, 0)), "needs a name"),
    ],
)
def test_what_would_be_mistaken_is_refused(other: LabelClass, told: str) -> None:
    with pytest.raises(SettingError, match=told):
        LabelClasses([LabelClass(1, "Tumor", (0, 0, 0), "1"), other])


def test_all_values_taken() -> None:
    classes = LabelClasses(LabelClass(value, str(value), (0, 0, 0)) for value in range(1, 256))
    with pytest.raises(SettingError, match="255 classes already"):
        classes.add("one more")


def test_change_and_named() -> None:
    classes = LabelClasses()
    tumor = classes.named("Tumor")
    assert classes.named("Tumor") is tumor
    assert classes.change(1, visible=False, name="Invasive").name == "Invasive"
    assert not classes[1].visible
    assert len(classes) == 1
