"""Numbers in words, as progress lines and read-outs say them."""


def duration(seconds: float) -> str:
    """A time span in the two units that matter, such as "2 min 10 s"."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min"


def length(micrometers: float) -> str:
    """A length in um, or in mm from 1000 um on."""
    if abs(micrometers) >= 1000:
        return f"{micrometers / 1000:.3f} mm"
    return f"{micrometers:.1f} µm"
