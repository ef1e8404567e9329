"""Image stacks: patterns, natural order, channels, labels, errors."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
import torch

from wholefield.compat.msd_pytorch import ImageDataset, ImageStack, InputError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in (1, 2, 10):
        tifffile.imwrite(tmp_path / f"scan{number}.tif", np.full((4, 5), number, dtype=np.uint16))
    return tmp_path


def test_files_come_in_natural_order(folder: Path) -> None:
    for specifier in (folder, str(folder), str(folder / "*.tif"), str(folder / "scan*")):
        stack = ImageStack(specifier)
        assert [stack[i].mean().item() for i in range(len(stack))] == [1, 2, 10]
    assert stack[0].shape == (1, 4, 5)
    assert stack[0].dtype == torch.float32
    assert len(ImageStack(folder / "scan10.tif")) == 1


def test_home_is_expanded_and_links_are_followed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder))
    (folder / "link.tif").symlink_to(folder / "scan2.tif")
    assert ImageStack("~/scan1.tif").paths == [(folder / "scan1.tif").resolve()]
    assert ImageStack("~/link.tif").paths == [(folder / "scan2.tif").resolve()]


def test_color_images_are_channel_row_column(tmp_path: Path) -> None:
    image = np.random.default_rng(0).integers(0, 255, (4, 6, 3), dtype=np.uint8)
    cv2.imwrite(str(tmp_path / "color.png"), image[..., ::-1])
    tifffile.imwrite(tmp_path / "color.tif", image, photometric="rgb")
    tifffile.imwrite(
        tmp_path / "planar.tif", image.transpose(2, 0, 1), planarconfig="separate", photometric="rgb"
    )
    for name in ("color.png", "color.tif", "planar.tif"):
        found = ImageStack(tmp_path / name)[0]
        np.testing.assert_array_equal(found.numpy(), image.transpose(2, 0, 1))
    collapsed = ImageStack(tmp_path / "color.png", collapse_channels=True)[0]
    np.testing.assert_allclose(collapsed.numpy(), image.mean(axis=2)[None], rtol=1e-6)


def test_labels_are_indices(tmp_path: Path) -> None:
    labels = np.array([[1, 2, 5], [5, 1, 1]], dtype=np.uint8)
    tifffile.imwrite(tmp_path / "labels.tif", labels)
    stack = ImageStack(tmp_path, labels=[1, 2, 5])
    assert stack.num_labels == 3
    assert stack[0].dtype == torch.int64
    assert stack[0].tolist() == [[[0, 1, 2], [2, 0, 0]]]
    assert ImageStack(tmp_path, labels=6)[0].tolist() == [labels.tolist()]
    with pytest.raises(ValueError, match=r"labels\.tif.*\[5\.0\]"):
        ImageStack(tmp_path, labels=3)[0]
    with pytest.raises(RuntimeError, match="intensities"):
        _ = ImageStack(tmp_path).num_labels


def test_pairs(folder: Path, tmp_path: Path) -> None:
    dataset = ImageDataset(folder / "*.tif", folder / "*.tif", labels=11)
    assert len(dataset) == 3
    assert dataset.num_labels == 11
    image, label = dataset[2]
    assert image.dtype == torch.float32
    assert torch.equal(image.long(), label)
    with pytest.raises(InputError, match=r"3 inputs .* but 1 targets"):
        ImageDataset(folder / "*.tif", folder / "scan1.tif")
    with (
        pytest.warns(UserWarning, match="No images match"),
        pytest.raises(InputError, match="No images match"),
    ):
        ImageDataset(folder / "*.tif", folder / "*.png")
    (tmp_path / "broken.png").write_bytes(b"nothing")
    with pytest.raises(InputError, match=r"broken\.png cannot be read"):
        ImageStack(tmp_path / "broken.png")[0]
    tifffile.imwrite(tmp_path / "pages.tif", np.zeros((3, 4, 5), dtype=np.uint8), photometric="minisblack")
    with pytest.raises(InputError, match="3 pages"):
        ImageStack(tmp_path / "pages.tif")[0]


def test_an_empty_stack_warns(folder: Path) -> None:
    with pytest.warns(UserWarning, match=r"No images match .*\.png"):
        assert len(ImageStack(folder / "*.png")) == 0
    with pytest.warns(UserWarning, match="No images match"):
        assert len(ImageDataset(folder / "*.png", folder / "*.png")) == 0
