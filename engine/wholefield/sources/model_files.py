"""Which files hold networks, told by their first bytes and by the names inside archives. Imports no torch."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

from wholefield.sources.signatures import ZIP_SIGNATURE

# The pickle of a number that files of torch before 1.6 begin with.
LEGACY_TORCH = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19"
PT2_RECORDS = ("archive_format", "serialized_exported_program.json")
BUNDLE_METADATA = ("configs/metadata.json", "metadata.json")
# Fields of an ONNX model that follow its version: producer, domain, graph, imported operators.
ONNX_FIELDS = b"\x12\x1a\x22\x28\x32\x3a\x42\x72"
ONNX_VERSIONS = range(1, 32)


def is_torch(path: Path, head: bytes) -> bool:
    """Whether a file is one of torch.save: a zip with a pickle, or the layouts of before."""
    if head.startswith(LEGACY_TORCH):
        return True
    if head[257:262] == b"ustar":
        return b"sys_info" in head[:512] or path.suffix.lower() in (".pth", ".pt")
    return head.startswith(ZIP_SIGNATURE) and b"/data.pkl" in head and not is_script(path, head)


def is_script(path: Path, head: bytes) -> bool:
    """Whether a file is a program of TorchScript."""
    return any(name.endswith("constants.pkl") for name in _names(path, head))


def is_safetensors(path: Path, head: bytes) -> bool:
    """Whether a file is safetensors: the length of a header, and a brace."""
    return head[8:9] == b"{" and int.from_bytes(head[:8], "little") < path.stat().st_size


def is_exported(path: Path, head: bytes) -> bool:
    """Whether a file is a program of torch.export."""
    names = _names(path, head)
    return any(name.split("/")[-1] in PT2_RECORDS and name.count("/") <= 1 for name in names)


def is_onnx(path: Path, head: bytes) -> bool:
    """Whether a file is ONNX: it has no signature, but begins with its version and a known field."""
    known = len(head) > 3 and head[0] == 8 and head[1] in ONNX_VERSIONS and head[2] in ONNX_FIELDS
    return known and path.suffix.lower() == ".onnx"


def is_nnunet(path: Path, head: bytes) -> bool:
    """Whether a folder is that of a trained nnU-Net v2."""
    return not head and (path / "plans.json").is_file() and (path / "dataset.json").is_file()


def is_bundle(path: Path, head: bytes) -> bool:
    """Whether a folder or zip is a MONAI bundle."""
    if head:
        return any(name.endswith("configs/metadata.json") for name in _names(path, head))
    return any((path / name).is_file() and _describes_network(path / name) for name in BUNDLE_METADATA)


def _describes_network(path: Path) -> bool:
    try:
        return "network_data_format" in json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return False


def _names(path: Path, head: bytes) -> list[str]:
    """The names in a zip; none of what is not one."""
    if not head.startswith(ZIP_SIGNATURE):
        return []
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return []
