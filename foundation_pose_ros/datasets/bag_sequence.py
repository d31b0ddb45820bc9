"""A rosbag2 recording as a sequence of frames; messages are found once, and read when they are asked for."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..arrays import Mask, Pose
from ..errors import InputRefused
from ..frame import Frame
from ..object_model.mesh_size import MESH_SUFFIXES
from ..object_model.model import ObjectModel
from ..streams.bag_topics import BagTopics
from ..streams.image_messages import to_labels
from ..streams.refusals import RefusalCounter
from ..streams.rgbd_input import InputGuardian, InputSettings
from ..streams.rosbag import kinds_of_topics, opened_bag
from ..streams.time_synchronizer import StampMatcher, stamp_to_ns
from ..streams.topic_names import beside, guessed_depth, guessed_rgb
from .sequence import ModelCache, known_object, position_of

if TYPE_CHECKING:
    from rosbags.highlevel import AnyReader

_GUESSED = BagTopics("", "", "")
_COLOUR, _DEPTH = "colour", "depth"
_TOLERANCE_NS = 10_000_000


@dataclass(frozen=True)
class _Place:
    """Where in the recording the messages of one frame are, ns; mask: None where there is none of its stamp."""

    colour: int
    depth: int
    info: int
    mask: int | None = None


class BagSequence:
    """Frames of a rosbag2 (mcap or sqlite3) whose depth is in colour's pixels.

    topics: those left empty are guessed by their names. models: folder with a mesh in a folder for each object, whose
    names are the objects'. A masks topic shows one object, the only one there is. Stamps are the recording's.
    """

    def __init__(self, path: Path, models: Path | None = None, unit: str = "m", topics: BagTopics = _GUESSED) -> None:
        self._path, self._meshes, self._unit = path, models, unit
        self._reader = opened_bag(path)
        self._reader.open()
        self._topics = _complete(self._reader, topics)
        self._kinds = kinds_of_topics(self._reader, [t for t in vars(self._topics).values() if t])
        self._places = _found(self._reader, self._topics)
        if not self._places:
            raise InputRefused(
                "no_frames",
                f"{path} has no colour and depth that belong together on {self._topics.rgb} and "
                f"{self._topics.depth}: name other topics",
            )
        self._model = ModelCache(self._load_model)
        self.name = path.resolve().name
        self.frame_ids = [f"{index:06d}" for index in range(len(self._places))]
        folders = models.iterdir() if models is not None and models.is_dir() else ()
        self.object_names = sorted(folder.name for folder in folders if folder.is_dir())

    def frame(self, frame_id: str) -> Frame:
        place = self._places[position_of(frame_id, self.frame_ids, self._path)]
        refusals = RefusalCounter()
        settings = InputSettings(
            rgb_compressed=self._kinds[self._topics.rgb] == "CompressedImage",
            depth_compressed=self._kinds[self._topics.depth] == "CompressedImage",
        )
        guardian = InputGuardian(settings, refusals)
        colour = self._message(self._topics.rgb, place.colour)
        info = replace_stamp(self._message(self._topics.rgb_info, place.info), colour)
        guardian.camera_info(info)
        guardian.colour(colour)
        frames = guardian.depth(replace_stamp(self._message(self._topics.depth, place.depth), colour))
        if not frames:
            reason, message = next(iter(refusals.look().messages.items()))
            raise InputRefused(reason, f"{self._path}, frame {frame_id}: {message}")
        return frames[0]

    def mask(self, frame_id: str, object_name: str) -> Mask | None:
        known_object(object_name, self.object_names, self._path)
        place = self._places[position_of(frame_id, self.frame_ids, self._path)]
        if place.mask is None or len(self.object_names) != 1:
            return None
        return to_labels(self._message(self._topics.masks, place.mask)) != 0

    def truth(self, frame_id: str, object_name: str) -> Pose | None:
        return None

    def model(self, object_name: str) -> ObjectModel:
        return self._model(known_object(object_name, self.object_names, self._path))

    def mesh_file(self, object_name: str) -> tuple[Path, str]:
        """Return the file that the object's model is read from, and its unit."""
        assert self._meshes is not None, "no object is known without a folder of meshes"
        folder = self._meshes / known_object(object_name, self.object_names, self._path)
        files = [p for p in folder.iterdir() if p.suffix.lower() in MESH_SUFFIXES]
        if not files:
            raise InputRefused(
                "mesh_missing", f"{folder} has no mesh of {object_name}: put an OBJ, GLB, PLY or STL file there"
            )
        return min(files, key=lambda p: (MESH_SUFFIXES.index(p.suffix.lower()), p.name)), self._unit

    def _load_model(self, object_name: str) -> ObjectModel:
        path, unit = self.mesh_file(object_name)
        return ObjectModel.from_mesh(path, name=object_name, unit=unit)

    def _message(self, topic: str, at_ns: int) -> Any:
        connections = [connection for connection in self._reader.connections if connection.topic == topic]
        connection, _, raw = next(self._reader.messages(connections, start=at_ns, stop=at_ns + 1))
        return self._reader.deserialize(raw, connection.msgtype)


def replace_stamp(message: Any, other: Any) -> Any:
    """Return a message with the stamp of another, to which it was found to belong."""
    return replace(message, header=replace(message.header, stamp=other.header.stamp))


def _complete(reader: "AnyReader", topics: BagTopics) -> BagTopics:
    kinds = {connection.topic: connection.msgtype.rpartition("/")[2] for connection in reader.connections}
    images = [topic for topic, kind in kinds.items() if kind in ("Image", "CompressedImage")]
    rgb, depth = topics.rgb or guessed_rgb(images), topics.depth or guessed_depth(images)
    if not (rgb and depth):
        raise InputRefused(
            "no_topic", f"no topic of the bag looks like colour and depth: name them, of {', '.join(images) or 'none'}"
        )
    return replace(topics, rgb=rgb, depth=depth, rgb_info=topics.rgb_info or beside(rgb, "camera_info"))


def _found(reader: "AnyReader", topics: BagTopics) -> list[_Place]:
    """Go through the recording once: what belongs together by stamps."""
    names = {topics.rgb: _COLOUR, topics.depth: _DEPTH}
    matcher = StampMatcher((_COLOUR, _DEPTH), _TOLERANCE_NS)
    infos: dict[int, int] = {}
    masks: dict[int, int] = {}
    matches: list[tuple[int, int, int]] = []
    wanted = (topics.rgb, topics.depth, topics.rgb_info, topics.masks)
    connections = [connection for connection in reader.connections if connection.topic in wanted]
    for connection, at_ns, raw in reader.messages(connections):
        message: Any = reader.deserialize(raw, connection.msgtype)
        stamp_ns = stamp_to_ns(message.header.stamp)
        if connection.topic == topics.rgb_info:
            infos[stamp_ns] = at_ns
        elif connection.topic == topics.masks:
            masks[stamp_ns] = at_ns
        else:
            match = matcher.add(names[connection.topic], stamp_ns, at_ns)
            if match is not None:
                matches.append((match.stamp_ns, match.items[_COLOUR], match.items[_DEPTH]))
    if not infos:
        return []
    nearest = {stamp_ns: min(infos, key=lambda info_ns: abs(info_ns - stamp_ns)) for stamp_ns, _, _ in matches}
    return [_Place(c, d, infos[nearest[s]], masks.get(s)) for s, c, d in matches]
