import pytest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QSpinBox

from wholefield_app.widgets.properties import with_properties


def test_each_property_is_set_and_the_object_is_the_same(qapp: QApplication) -> None:
    button = QPushButton("Go")
    assert with_properties(button, checkable=True, enabled=False, toolTip="Go on") is button
    assert (button.isCheckable(), button.isEnabled(), button.toolTip()) == (True, False, "Go on")
    assert with_properties(QSpinBox(), groupSeparatorShown=True).isGroupSeparatorShown()


def test_a_property_that_the_class_does_not_have_is_refused(qapp: QApplication) -> None:
    with pytest.raises(AttributeError, match="setCheckable"):
        with_properties(QLabel(), checkable=True)
