"""rosbag2 recordings (mcap or sqlite3) without ROS: which topics they have, and their messages."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputRefused
from ..runtime.extras import needed

if TYPE_CHECKING:
    from rosbags.highlevel import AnyReader

_SUFFIXES = (".mcap", ".db3")
_IMAGES = ("Image", "CompressedImage", "CameraInfo")


def is_bag(path: Path) -> bool:
    """Return true for a rosbag2 folder, or one of its files."""
    return (path / "metadata.yaml").is_file() or path.suffix in _SUFFIXES


def opened_bag(path: Path) -> "AnyReader":
    """Give a reader, a context manager; raises InputRefused for what is no bag, or without rosbags."""
    try:
        from rosbags.highlevel import AnyReader
        from rosbags.highlevel.anyreader import AnyReaderError
        from rosbags.rosbag2 import ReaderError
        from rosbags.typesys import Stores, get_typestore
    except ModuleNotFoundError:
        raise InputRefused("no_rosbags", needed("reading bags", "bags")) from None
    folder = path.parent if path.suffix in _SUFFIXES else path
    try:
        return AnyReader([folder], default_typestore=get_typestore(Stores.ROS2_HUMBLE))
    except (AnyReaderError, ReaderError, OSError) as error:
        raise InputRefused("unreadable_bag", f"{path} can't be read ({error}): give the folder of a rosbag2") from None


def bag_messages(reader: "AnyReader", topics: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """Yield topics and messages in the order of the recording."""
    connections = [connection for connection in reader.connections if connection.topic in topics]
    for connection, _, raw in reader.messages(connections):
        yield connection.topic, reader.deserialize(raw, connection.msgtype)


def kinds_of_topics(reader: "AnyReader", wanted: Sequence[str]) -> dict[str, str]:
    """Return the kind of each topic's messages, such as Image; raises InputRefused where a wanted one isn't there."""
    kinds = {connection.topic: connection.msgtype.rpartition("/")[2] for connection in reader.connections}
    for topic in wanted:
        if topic not in kinds:
            images = ", ".join(sorted(t for t, kind in kinds.items() if kind in _IMAGES))
            raise InputRefused("no_topic", f"the bag has no topic {topic}: name one of {images or 'another bag'}")
    return kinds
