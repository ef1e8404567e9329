import pytest

from wholefield.sources.slides.ome import ome_looks, ome_spacing, own_affine, parse_ome

XML = """<?xml version="1.0"?>
<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0">
<Pixels PhysicalSizeX="0.5" PhysicalSizeY="0.25" {unit}>
<Channel Name="DAPI" Color="65535"/><Channel Color="-16776961"/><Channel Color="-1"/><Channel Color="red"/>
</Pixels></Image><Image ID="Image:1"><Pixels PhysicalSizeX="9" PhysicalSizeY="9"/></Image></OME>"""


def test_the_first_image_counts_and_micrometers_are_the_default() -> None:
    pixels = parse_ome(XML.format(unit=""))
    assert pixels is not None
    assert ome_spacing(pixels) == pytest.approx((0.25, 0.5))


def test_units() -> None:
    pixels = parse_ome(XML.format(unit='PhysicalSizeXUnit="nm" PhysicalSizeYUnit="mm"'))
    assert pixels is not None
    assert ome_spacing(pixels) is None
    pixels = parse_ome(XML.format(unit='PhysicalSizeYUnit="m"'))
    assert pixels is not None
    assert ome_spacing(pixels) is None


def test_names_and_colors() -> None:
    pixels = parse_ome(XML.format(unit=""))
    assert pixels is not None
    looks = ome_looks(pixels)
    assert [look.name for look in looks] == ["DAPI", "Channel 2", "Channel 3", "Channel 4"]
    assert [look.color for look in looks] == [(0, 0, 255), (255, 0, 0), None, None]


@pytest.mark.parametrize("text", ["", "no xml", "<a><b></a>", "<OME/>"])
def test_what_is_no_ome_is_none(text: str) -> None:
    assert parse_ome(text) is None


OWN = """<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><StructuredAnnotations>
<MapAnnotation Namespace="{name}"><Value><M K="affine">{numbers}</M></Value></MapAnnotation>
</StructuredAnnotations></OME>"""


@pytest.mark.parametrize("name", ["wholefield", "tessera"])
def test_an_affine_of_our_own_under_the_new_and_the_old_name(name: str) -> None:
    affine = own_affine(OWN.format(name=name, numbers=" ".join(map(str, range(16)))))
    assert affine is not None
    assert affine.ravel().tolist() == list(range(16))


@pytest.mark.parametrize(
    ("name", "numbers"), [("other", "1 " * 16), ("tessera", "1 2"), ("wholefield", "a b")]
)
def test_other_annotations_are_no_affine(name: str, numbers: str) -> None:
    assert own_affine(OWN.format(name=name, numbers=numbers)) is None
