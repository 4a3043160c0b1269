"""Text that can be stored and sent."""


def clean(text: str) -> str:
    """Joins the two halves of a surrogate pair, and replaces a lone half by U+FFFD. JSON can carry half an emoji, which
    UTF-8, and so the store and the providers, cannot."""
    return text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
