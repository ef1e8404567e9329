"""The words of the events workspace: of its actions, and of the status bar."""

import math

from wholefield_app.document.words import Words
from wholefield_app.viewer.events.frame_view import PixelReadout

WORDS = Words(
    noun="recording",
    purpose="Play event-camera recordings, estimate their optical flow without ground truth and export it as video.",
    hint="Or drop a recording anywhere in this window.",
    open_icon="folder",
    open_about="Choose a recording: Prophesee RAW, DAT or HDF5, DSEC or MVSEC HDF5, AEDAT4, text or npz.",
    demo="recording",
    demo_about="Open a simulated recording with its exact flow.",
    making_demo="Simulating the demo recording",
    properties_about="Show format, sensor, length and event rate of the open recording.",
    picture="frame",
    picture_about="Save the view as a PNG file.",
    whole="&Whole frame",
    whole_about="Show the whole frame.",
    zoom_out_about="Show more of the frame.",
    predict="Sho&w the network's flow",
    predict_about="Estimate the flow of every displayed frame with the selected network.",
    export="&Export a video or the flow…",
    export_about="Export what the window shows as a video or images, or the flow as files.",
    cancel_export_about="Cancel the current export; the part of a video written so far stays playable.",
)


def describe_pixel(readout: PixelReadout) -> str:
    """The pixel, the moment, the events in it, and the flow there."""
    count = "1 event" if readout.events == 1 else f"{readout.events} events"
    text = f"x {readout.x}, y {readout.y}   {readout.time_us:,} µs   {count}"
    if readout.flow is not None:
        u, v = readout.flow
        text += f"   flow {u:.0f}, {v:.0f} px/s ({math.hypot(u, v):.0f})"
    return text
