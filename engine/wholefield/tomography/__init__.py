"""Projections, filtered back-projection, phantoms and the splits of Noise2Inverse. Imports no torch by itself."""

from typing import TYPE_CHECKING

from wholefield.lazy import lazy_names

if TYPE_CHECKING:
    from wholefield.tomography.backprojection import (
        back_project as back_project,
        filter_sinogram as filter_sinogram,
        ramp_filter as ramp_filter,
        reconstruct as reconstruct,
    )
    from wholefield.tomography.enums import Strategy as Strategy, Window as Window
    from wholefield.tomography.noise2inverse import (
        SplitPairs as SplitPairs,
        SplitReconstructions as SplitReconstructions,
        TensorReconstructions as TensorReconstructions,
        denoise as denoise,
        denoise_slice as denoise_slice,
        pair_of as pair_of,
        split_error as split_error,
        split_reconstructions as split_reconstructions,
    )
    from wholefield.tomography.phantom import (
        Ellipse as Ellipse,
        add_noise as add_noise,
        draw as draw,
        project as project,
        random_foam as random_foam,
    )
    from wholefield.tomography.projection_names import holds_projections as holds_projections
    from wholefield.tomography.projections import (
        Projections as Projections,
        attenuation as attenuation,
        detector_rows as detector_rows,
        find_center as find_center,
        flat_field as flat_field,
        read_projections as read_projections,
    )

__getattr__, __all__ = lazy_names(__name__, __file__)
