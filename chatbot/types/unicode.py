"""Text that can be stored and sent."""


def clean(text: str) -> str:
    """`text` with every character whole. JSON can carry half an emoji, which UTF-8, and so the store and the providers,
    cannot: two halves become the character, a lone one U+FFFD."""
    return text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
