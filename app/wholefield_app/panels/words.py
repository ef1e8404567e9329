"""Numbers in words, as read-outs say them."""


def length(micrometers: float) -> str:
    """A length in um, or in mm from 1000 um on."""
    if abs(micrometers) >= 1000:
        return f"{micrometers / 1000:.3f} mm"
    return f"{micrometers:.1f} µm"
