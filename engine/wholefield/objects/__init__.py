"""Objects in maps of any size: found tile by tile without a cut at any border, measured, and written.

Imports no torch and no Qt.
"""

from wholefield.objects.components import Components, find_components
from wholefield.objects.finding import Objects, find_objects
from wholefield.objects.rules import ObjectRules, Split
from wholefield.objects.writing import write_objects

__all__ = [
    "Components",
    "ObjectRules",
    "Objects",
    "Split",
    "find_components",
    "find_objects",
    "write_objects",
]
