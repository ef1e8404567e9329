"""The words of the stacks workspace: of its actions, and of the status bar."""

from wholefield.sources.stacks.geometry import StackGeometry
from wholefield_app.document.prediction import PredictionWords
from wholefield_app.document.words import Words
from wholefield_app.viewer.stacks.stack_scene import VoxelReadout

MOUSE = (
    ("Scroll through the slices", "wheel"),
    ("Zoom at the pointer", "Ctrl + wheel"),
    ("Move all views to a voxel", "click"),
    ("Pan", "drag, or the arrow keys"),
    ("Adjust window and level", "drag with the right button"),
)
WORDS = Words(
    noun="stack",
    purpose="Denoise and segment CT stacks with networks trained on your own data.",
    hint="Or drop a stack or a folder of slices anywhere in this window.",
    open_icon="stack",
    open_about="Choose a stack: TIFF, DICOM, NIfTI, MHA, NRRD, HDF5 or OME-Zarr.",
    folder_about="Choose a folder of TIFF, PNG or DICOM slices.",
    demo="stack",
    demo_about="Open a simulated noisy scan, paired with its ground truth and ready for training.",
    making_demo="Scanning and reconstructing the demo stack",
    properties_about="Show format, size, spacing and values of the open stack.",
    picture_about="Save the large view as a PNG file.",
    whole="Whole sl&ice",
    whole_about="Show the whole slice.",
    zoom_out_about="Show more of the slice.",
    predict="Pre&dict the open stack",
    predict_about="Run the chosen network over every slice of the open stack.",
    export="&Export as…",
    export_about="Export the prediction, or the input if there is none, as TIFF, NIfTI or OME-Zarr.",
)
PREDICTION = PredictionWords(
    no_model="Train a network or choose a checkpoint file first; then predict the open stack.",
    ready="The network predicts the whole open stack and shows the result with a swipe handle.",
    files="Models (*.ckpt *.torch *.pt *.pth *.pt2 *.onnx *.safetensors);;All files (*)",
)


def describe_voxel(readout: VoxelReadout, geometry: StackGeometry) -> str:
    """The voxel, its place in the unit of the spacing where that is known, and its values."""
    z, y, x = readout.position
    text = f"z {z}, y {y}, x {x}"
    if geometry.spacing is not None:
        unit = {"um": "µm"}.get(geometry.unit, geometry.unit)
        lengths = (index * size for index, size in zip(readout.position, geometry.spacing, strict=True))
        text += f"   {', '.join(f'{length:.2f}' for length in lengths)} {unit}".rstrip()
    return f"{text}   value {' | '.join(readout.values)}"
