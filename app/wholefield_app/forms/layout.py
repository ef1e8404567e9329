"""Spacing and columns of all forms, written by hand or made from settings."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QFormLayout, QWidget

from wholefield_app.widgets.elided import ElidedCombo
from wholefield_app.widgets.properties import with_properties

# The style sheet's padding does not reach the text of a spin box.
TEXT_MARGINS = (5, 0, 0, 0)


def choice(titles: Mapping[Any, str], text: str, name: str) -> QComboBox:
    """A box with several values, each with what the form calls it."""
    box = with_properties(ElidedCombo(), toolTip=text, accessibleName=name)
    for value, title in titles.items():
        box.addItem(title, value)
    return box


def form_layout(parent: QWidget | None = None) -> QFormLayout:
    """A form in the rhythm of all panels."""
    form = QFormLayout(parent)
    form.setContentsMargins(0, 0, 0, 0)
    form.setHorizontalSpacing(12)
    form.setVerticalSpacing(6)
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    return form
