"""Every documented name of metavision_ml.flow, its parameters and their defaults."""

import inspect
from importlib import import_module
from pathlib import Path

import pytest

from tests.engine.compat.metavision_ml.flow.conftest import trainer
from wholefield.compat.metavision_ml import flow
from wholefield.flow.losses import LOSS_NAMES

PACKAGE = "wholefield.compat.metavision_ml.flow"
UNET = "n_input_channels, base=16, scales=3"

SIGNATURES = {
    "flow_network.FlowNetwork": "array_dim, flow_loss_weights, feature_extractor_name='eminet', **kwargs",
    "flow_network.FlowNetwork.forward": "self, inputs",
    "flow_network.FlowNetwork.sharpen": "self, inputs, micro_tbin=0, depth_level=-1",
    "feature_extractor.eminet": f"{UNET}, separable=True, rnn_cell='lstm', **kwargs",
    "feature_extractor.eminet_non_sep": f"{UNET}, rnn_cell='lstm', **kwargs",
    "feature_extractor.midinet": f"{UNET}, separable=True, rnn_cell='lstm', **kwargs",
    "feature_extractor.midinet2": f"{UNET}, separable=True, rnn_cell='lstm', depth=1",
    "viz.draw_arrows": (
        "img, flow, step=16, threshold_px=1, convert_img_to_gray=True, mask=None, thickness=1"
    ),
    "viz.get_arrows": "flow, base_img=None, step=8, mask=None",
    "viz.draw_flow_on_grid": (
        "input_tensor, flows, grid, make_img_fun, scale=-1, step=8, mask_by_input=True, draw_dense=False"
    ),
    "viz.convert_to_gray": "img",
    "lightning_model.FlowModel": (
        "delta_t=50000, preprocess='event_cube', learning_rate=1e-05, array_dim=(1, 6, 240, 320), "
        "loss_weights=None, feature_extractor_name='eminet', network_kwargs=None, draw_dense=False"
    ),
    "lightning_model.FlowModel.compute_loss": "self, inputs",
    "lightning_model.FlowModel.configure_optimizers": "self",
    "lightning_model.FlowModel.demo_video": (
        "self, test_data, log_dir='.', epoch=0, num_batches=100, write_video=True, show_video=False, "
        "mask_by_input=True"
    ),
    "lightning_model.FlowModel.forward": "self, x",
    "lightning_model.FlowModel.loss_step": "self, batch, batch_idx, mode='train'",
    "lightning_model.FlowModel.set_defaults": "self",
    "lightning_model.FlowModel.test_step": "self, batch, batch_nb",
    "lightning_model.FlowModel.training_step": "self, batch, batch_idx",
    "lightning_model.FlowModel.validation_step": "self, batch, batch_nb",
    "data_module.FlowDataModule": "hparams, data_dir='', test_data_dir=''",
    "data_module.FlowDataModule.setup": "self, stage=None",
    "data_module.FlowDataModule.test_dataloader": "self",
    "data_module.FlowDataModule.train_dataloader": "self",
    "data_module.FlowDataModule.transfer_batch_to_device": "self, batch, device, dataloader_idx",
    "data_module.FlowDataModule.val_dataloader": "self",
    "data_module.load_labels_flow": "metadata, start_time, duration, tensor",
    "callbacks.FlowCallback": (
        "data_module, curriculum_param=1.414, video_result_every_n_epochs=2, mask_flow_by_input=True"
    ),
    "callbacks.FlowCallback.on_train_epoch_end": "self, trainer, pl_module",
    "callbacks.FlowCallback.on_train_epoch_start": "self, trainer, pl_module",
}


def documented(path: str) -> object:
    module, *names = path.split(".")
    found: object = import_module(f"{PACKAGE}.{module}")
    for name in names:
        found = getattr(found, name)
    return found


def bare(signature: inspect.Signature) -> str:
    """A signature without annotations."""
    plain = [
        parameter.replace(annotation=inspect.Parameter.empty) for parameter in signature.parameters.values()
    ]
    return str(inspect.Signature(plain))


@pytest.mark.parametrize("path", SIGNATURES)
def test_parameters_and_defaults_are_the_documented_ones(path: str) -> None:
    found = documented(path)
    assert callable(found)
    assert bare(inspect.signature(found)) == f"({SIGNATURES[path]})"


def test_the_package_offers_every_name_and_submodule() -> None:
    for path in SIGNATURES:
        module, name, *_ = path.split(".")
        assert getattr(flow, name) is documented(f"{module}.{name}")
        assert getattr(flow, module) is import_module(f"{PACKAGE}.{module}")
    assert {path.split(".")[1] for path in SIGNATURES} | {"FlowLoss", "LOSS_NAMES"} <= set(flow.__all__)


def test_losses_have_the_documented_names_and_parameters() -> None:
    assert set(flow.LOSS_NAMES) == {
        "data", "time_consistency", "bw_deblur", "smoothness", "smoothness2", "l1"
    }  # fmt: skip
    assert flow.losses.LOSS_NAMES is LOSS_NAMES
    assert list(inspect.signature(flow.FlowLoss).parameters)[:3] == [
        "flow_weights", "warping_head", "smoothness_mask"
    ]  # fmt: skip


def test_attributes_of_the_network() -> None:
    network = flow.FlowNetwork((1, 6, 8, 8), {"data": 1.0}, base=2)
    assert network.in_channels == 6
    for name in ("feature_extractor", "pyramid", "warping_head", "criterion"):
        assert hasattr(network, name)


@pytest.mark.parametrize("name", ["validation_epoch_end", "test_epoch_end"])
def test_epoch_ends_are_left_out_because_lightning_refuses_them(name: str, tmp_path: Path) -> None:
    assert not hasattr(flow.FlowModel, name)
    model = flow.FlowModel(array_dim=(1, 6, 8, 8), network_kwargs={"base": 2})
    setattr(model, name, list)
    run = trainer(tmp_path, max_epochs=1)
    with pytest.raises(NotImplementedError, match=name):
        (run.test if name.startswith("test") else run.validate)(model, [])
