"""A sentence in the two languages of the product."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """The same sentence in Swedish (shown first) and English; both are always there.

    Raises:
        ValueError: one of the two is empty.
    """

    sv: str
    en: str

    def __post_init__(self) -> None:
        if not self.sv.strip() or not self.en.strip():
            msg = f"a text needs both languages, got sv={self.sv!r} en={self.en!r}"
            raise ValueError(msg)

    def to(self, language: str) -> str:
        """The sentence in `language` ("sv" or "en"); anything else reads Swedish."""
        return self.en if language == "en" else self.sv
