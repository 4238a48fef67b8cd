"""What a value from outside must be before anything is made of it. Pure."""

COUNT_MAX = (1 << 53) - 1  # beyond it JSON readers disagree
_WORD_MAX = 64


def is_count(value, most=COUNT_MAX):
    """A whole number from 0 to `most`; no bool."""
    return type(value) is int and 0 <= value <= most


def is_word(value):
    """A text that is short and printable, or empty: it is kept, compared and sent back."""
    if not isinstance(value, str) or len(value) > _WORD_MAX:
        return False
    return all([0x20 < ord(letter) < 0x7F for letter in value])
