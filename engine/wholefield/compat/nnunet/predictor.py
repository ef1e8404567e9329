"""nnU-Net's predictor with streaming in place of its sliding windows."""

from nnunetv2.inference.predict_from_raw_data import nnUNetPredictor

from wholefield.compat.nnunet.streaming import StreamsLogits


class StreamedPredictor(StreamsLogits, nnUNetPredictor):
    """What the networks of a trained nnU-Net give of the whole image; reading, resampling and export are nnU-Net's.

    It stands where an nnUNetPredictor stands; `tile_step_size` and `use_gaussian` are about blending windows and change
    nothing. Settings of its own are attributes, see StreamsLogits::

        from wholefield.compat.nnunet import StreamedPredictor as nnUNetPredictor
    """
