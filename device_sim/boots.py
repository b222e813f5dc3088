"""How often each device has started, kept between runs: a number used twice would turn new messages into duplicates."""

from pathlib import Path


class Boots:
    """A text file with one line `device_id boot` per start; without a path the counts live as long as the object."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._last: dict[str, int] = {}
        if path is not None and path.is_file():
            for line in path.read_text(encoding="utf-8").splitlines():
                device_id, boot = line.split()
                self._last[device_id] = max(int(boot), self._last.get(device_id, 0))

    def next(self, device_id: str) -> int:
        """The number of a start that happens now; written down before it is used."""
        boot = self._last[device_id] = self._last.get(device_id, 0) + 1
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(f"{device_id} {boot}\n")
        return boot
