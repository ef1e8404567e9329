"""What is known of an open stack: format, size, spacing, values and what else the file tells."""

from wholefield.sources.stacks.geometry import StackGeometry
from wholefield_app.workspaces.stacks.opening import OpenStack, size_text


def describe_stack(stack: OpenStack) -> list[tuple[str, str]]:
    """Names and values of all properties, the important ones first."""
    source, facts = stack.source, stack.facts
    rows = [("File", str(source.path)), ("Format", source.format_name)]
    if source.dataset is not None:
        rows.append(("Volume", source.dataset))
    rows += [
        ("Slices × rows × columns", size_text(source.shape)),
        ("Channels", f"{source.channels} × {source.dtype}"),
        ("Voxel (z × y × x)", spacing_text(source.geometry)),
        ("Values in a sample", f"{facts.lowest:.6g} to {facts.highest:.6g}"),
    ]
    rows += [("Warning", warning) for warning in source.warnings]
    return rows + sorted(source.metadata.items())


def spacing_text(geometry: StackGeometry) -> str:
    """The size of a voxel."""
    if geometry.spacing is None:
        return "not in the file"
    sizes = " × ".join(f"{size:.4g}" for size in geometry.spacing)
    unit = {"um": "µm"}.get(geometry.unit, geometry.unit or "(no unit)")
    return f"{sizes} {unit}"
