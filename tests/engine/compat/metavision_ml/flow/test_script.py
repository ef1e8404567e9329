"""A script in the style of metavision_ml runs by changing its import."""

from pathlib import Path
from typing import Any

import torch

from wholefield.flow.features import write_features
from wholefield.flow.simulator import SceneSettings
from wholefield.flow.simulator.files import write_simulation
from wholefield.sources.events.opening import open_recording

SCRIPT = """
import os
from pytorch_lightning import Trainer
from metavision_ml.flow.lightning_model import FlowModel
from metavision_ml.flow.data_module import FlowDataModule
from metavision_ml.flow.callbacks import FlowCallback
from metavision_ml.flow.viz import get_arrows

model = FlowModel(
    delta_t=10000, preprocess="event_cube", learning_rate=1e-3, array_dim=[2, 6, 24, 32],
    loss_weights={"data": 1, "time_consistency": 0.5, "bw_deblur": 0.5, "smoothness2": 0.1},
    feature_extractor_name="eminet", network_kwargs={"base": 2},
)
data = FlowDataModule(model.hparams, data_dir=root, test_data_dir=os.path.join(root, "test"))
callback = FlowCallback(data, curriculum_param=1.414, video_result_every_n_epochs=2)
trainer = Trainer(default_root_dir=root, max_epochs=2, callbacks=[callback], accelerator="cpu", logger=False,
                  enable_progress_bar=False, enable_model_summary=False)
trainer.fit(model, data)
result = trainer.test(model, data, verbose=False)

path = os.path.join(root, "last.ckpt")
trainer.save_checkpoint(path)
restored = FlowModel.load_from_checkpoint(path).eval()

video = model.demo_video(data.val_dataloader(), log_dir=root, epoch=7, num_batches=2)
batch = next(iter(data.test_dataloader()))
flow = restored(batch["inputs"])
picture = get_arrows(flow[-1][0, 0])
"""


def recordings(root: Path) -> None:
    """Features in train and val, a recording with labels in test, all simulated."""
    settings = SceneSettings(width=32, height=24, duration_us=60_000, label_delta_us=10_000)
    for seed, part in enumerate(("train", "val")):
        (root / part).mkdir()
        made = write_simulation(root / f"{part}_td.dat", settings, seed)
        with open_recording(made.recording) as recording:
            write_features(root / part / "features.h5", recording, "event_cube", 10_000)
    (root / "test").mkdir()
    write_simulation(root / "test" / "scene_td.dat", settings, 2)


def test_a_script_runs_with_another_import(tmp_path: Path) -> None:
    torch.manual_seed(0)
    recordings(tmp_path)
    script = SCRIPT.replace("metavision_ml", "wholefield.compat.metavision_ml")
    names: dict[str, Any] = {"root": str(tmp_path)}
    exec(script.replace("pytorch_lightning", "lightning.pytorch"), names)
    assert (tmp_path / "videos" / "video#2.mp4").is_file()
    assert names["video"] == tmp_path / "videos" / "video#7.mp4"
    assert names["result"][0]["test_aee"] > 0
    assert names["picture"].shape == (24, 32, 3)
    model, restored = names["model"], names["restored"]
    assert restored.hparams == model.hparams
    for name, value in model.state_dict().items():
        torch.testing.assert_close(restored.state_dict()[name], value)
