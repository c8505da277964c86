"""Damaging the files of an index."""

from pathlib import Path

from grove.indexing.parts import PartsReader


def flip(path: Path, at: int) -> None:
    """Change one bit; in a new file, as what is mapped must not change under its readers."""
    content = bytearray(path.read_bytes())
    content[at] ^= 0x40
    path.unlink()
    path.write_bytes(bytes(content))


def part_places(path: Path) -> dict[str, int]:
    """The middle of each part that has any bytes, of the table and of the header."""
    kind = path.stem
    reader = PartsReader.open(path, kind=kind)
    entries = reader._entries
    places = {name: entry.begin + entry.stored_bytes // 2 for name, entry in entries.items() if entry.stored_bytes}
    return {"header": 20, "table": path.stat().st_size - 2} | places
