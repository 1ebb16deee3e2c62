"""Order ids of futures: numbers that no double holds exactly."""

FIRST = 36_028_797_018_963_968


def order_number_told(number: int) -> int:
    """Returns what an order of this number is called."""
    return FIRST + number


def order_id(number: int) -> str:
    """Returns the same as text."""
    return str(FIRST + number)


def order_number(text: str) -> int | None:
    """Returns the number of an order that is called this, None when none can be."""
    if not text.isascii() or not text.isdecimal() or len(text) > 19:
        return None
    return int(text) - FIRST if int(text) > FIRST else None
