"""The command generate: scenes that are described, drawn or thought of, rendered as a BOP data set."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import InputRefused
from ..runtime.extras import require
from ..str_enum import StrEnum
from .option_groups import changed_options, with_option_groups
from .progress import with_progress

if TYPE_CHECKING:
    from ..scenes.composer import Composer
    from ..scenes.libraries import Libraries
    from ..scenes.scene_spec import SceneSpec

EXAMPLES = (
    "**Examples**\n\n"
    "- `foundation-pose generate --scenes 100 --processes 2 --output data/drawn`\n"
    "- `foundation-pose generate scene.json --output data/mine`\n"
    "- `foundation-pose generate --scenes 20 --composer llm --llm-url http://localhost:8000/v1 --llm-model MODEL "
    "--output data/thought_of`\n"
)


class ComposerName(StrEnum):
    PROCEDURAL = "procedural"
    LLM = "llm"


class RendererName(StrEnum):
    FAST = "fast"
    MITSUBA = "mitsuba"


@dataclass(frozen=True)
class DrawnOptions:
    """What scenes are drawn from."""

    scenes: Annotated[int, typer.Option("--scenes", min=1, max=10_000, help="How many.")] = 10
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the first; the others follow.")] = 0
    frames: Annotated[int, typer.Option("--frames", min=1, max=3600, help="Pictures of each.")] = 8
    width: Annotated[int, typer.Option("--width", min=64, max=1920, help="Of the pictures, pixels.")] = 640
    height: Annotated[int, typer.Option("--height", min=48, max=1440, help="Of the pictures, pixels.")] = 480
    dropped: Annotated[
        float, typer.Option("--dropped", min=0, max=1, help="Share of scenes that are heaps; needs MuJoCo.")
    ] = 0.0
    glass: Annotated[float, typer.Option("--glass", min=0, max=1, help="Share of bodies that are of glass.")] = 0.0
    unsharp: Annotated[
        float, typer.Option("--unsharp", min=0, max=1, help="Share of scenes seen through an open lens.")
    ] = 0.0


@dataclass(frozen=True)
class LibraryOptions:
    """Folders that scenes take from."""

    meshes: Annotated[
        Path | None, typer.Option("--meshes", metavar="DIR", help="Library of meshes.", show_default=False)
    ] = None
    textures: Annotated[
        Path | None, typer.Option("--textures", metavar="DIR", help="Library of pictures.", show_default=False)
    ] = None

    def libraries(self) -> "Libraries":
        """Return them, wherever processes are started."""
        from ..scenes.libraries import Libraries

        meshes, textures = (path and path.expanduser().resolve() for path in (self.meshes, self.textures))
        return Libraries(meshes, textures)


@dataclass(frozen=True)
class LlmOptions:
    """Whom the composer llm asks, and how much."""

    llm_url: Annotated[
        str, typer.Option("--llm-url", metavar="URL", help="Endpoint of OpenAI's protocol; key: OPENAI_API_KEY.")
    ] = "https://api.openai.com/v1"
    llm_model: Annotated[
        str | None, typer.Option("--llm-model", metavar="NAME", help="Its model.", show_default=False)
    ] = None
    llm_batch: Annotated[int, typer.Option("--llm-batch", min=1, max=32, help="Scenes for one question.")] = 8
    llm_timeout_s: Annotated[float, typer.Option("--llm-timeout", min=0.1, help="Of one answer, seconds.")] = 120.0
    most_tokens: Annotated[int, typer.Option("--most-tokens", min=1, help="Of a run.")] = 1_000_000
    most_cost: Annotated[
        float, typer.Option("--most-cost", min=0, help="Of a run, where prices are given.", show_default="any")
    ] = float("inf")
    question_price: Annotated[float, typer.Option("--question-price", min=0, help="Of a million tokens asked.")] = 0.0
    answer_price: Annotated[float, typer.Option("--answer-price", min=0, help="Of a million tokens answered.")] = 0.0


@dataclass(frozen=True)
class HandsOptions:
    """Who makes the scenes."""

    processes: Annotated[int, typer.Option("--processes", min=1, max=256, help="Of this machine.")] = 1
    ray: Annotated[
        str | None,
        typer.Option("--ray", metavar="ADDRESS", help="Of a cluster of Ray's; or local.", show_default=False),
    ] = None


@with_option_groups
def generate(
    spec: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[SPEC]...", help="Descriptions of scenes, JSON.", show_default="scenes are composed"),
    ] = None,
    *,
    output: Annotated[
        Path, typer.Option("--output", metavar="DIR", help="Folder of the data set.", show_default=False)
    ],
    composer: Annotated[ComposerName, typer.Option("--composer", help="Who thinks of scenes.")] = (
        ComposerName.PROCEDURAL
    ),
    renderer: Annotated[RendererName, typer.Option("--renderer", help="Who paints them.")] = RendererName.FAST,
    drawn: DrawnOptions,
    folders: LibraryOptions,
    llm: LlmOptions,
    hands: HandsOptions,
) -> None:
    """Render scenes as a data set in BOP format and as WebDataset shards, with a contact sheet.

    The same command goes on where it was stopped: scenes that are done are left as they are.
    """
    _refuse_useless(spec, composer, drawn, folders, llm)
    require("generating scenes", "scenes")
    from ..scenes.generation import Generation, GivenScenes, Hands, dataset_in

    libraries, folder = folders.libraries(), dataset_in(output)
    if spec:
        specs = [_read(path) for path in spec]
        chosen: Composer = GivenScenes(specs)
        scenes, first_seed, asked = len(specs), 0, {"specs": [one.model_dump(mode="json") for one in specs]}
    else:
        chosen, asked = _composer(composer, drawn, llm, libraries, folder.root / "answers")
        scenes, first_seed = drawn.scenes, drawn.seed
    run = Generation(
        folder=folder,
        composer=chosen,
        scenes=scenes,
        first_seed=first_seed,
        renderer=renderer.value,
        libraries=libraries,
        hands=Hands(hands.processes, hands.ray),
        asked=asked,
    )
    numbers = run.open()
    failed = []
    for outcome in with_progress(run.run(numbers), len(numbers), "scenes", lines_on_stdout=False):
        if outcome.error is not None:
            failed.append(outcome)
            typer.echo(f"scene {outcome.number}: {outcome.error}", err=True)
    if len(failed) < len(numbers) or len(numbers) < scenes:
        typer.echo(f"written: {folder.contact_sheet()}")
    typer.echo(f"{scenes - len(failed)} of {scenes} scenes are in {folder.root}")
    if failed:
        raise InputRefused(
            "not_all_made",
            f"{len(failed)} of {scenes} scenes weren't made, see above: call it again to try them anew",
        )


def _refuse_useless(
    spec: list[Path] | None, composer: ComposerName, drawn: DrawnOptions, folders: LibraryOptions, llm: LlmOptions
) -> None:
    """Refuse options that change nothing, as whoever says what is in the scenes doesn't go by them."""
    if spec:
        useless = ["--composer"] * (composer is not ComposerName.PROCEDURAL)
        useless += [*changed_options(drawn), *changed_options(llm)]
        whose, instead = "descriptions say all of their scenes and have", "say it in the descriptions"
    elif composer is ComposerName.LLM:
        useless = ["--meshes"] * (folders.meshes is not None) + ["--glass"] * (drawn.glass > 0)
        whose = "the language model says which things there are, and what is of glass: the composer llm has"
        instead = "take --composer procedural"
    else:
        useless = changed_options(llm)
        whose, instead = "the composer procedural asks no language model and has", "take --composer llm"
    if useless:
        raise typer.BadParameter(f"{whose} no use for {', '.join(useless)}: leave that out, or {instead}")


def _read(path: Path) -> "SceneSpec":
    from ..scenes.described import parsed
    from ..scenes.scene_spec import SceneSpec

    if not path.is_file():
        raise InputRefused("bad_scene_spec", f"{path} is no file: give a description of a scene, JSON")
    return parsed(SceneSpec, path.read_bytes(), str(path))


def _composer(
    name: ComposerName, drawn: DrawnOptions, llm: LlmOptions, libraries: "Libraries", cache: Path
) -> "tuple[Composer, dict[str, Any]]":
    """Return the composer, and what tells its scenes from those of others."""
    from ..scenes.procedural import ProceduralChoices, ProceduralComposer

    choices = ProceduralChoices(
        width_px=drawn.width,
        height_px=drawn.height,
        frames=drawn.frames,
        dropped_share=drawn.dropped,
        glass_share=drawn.glass,
        unsharp_share=drawn.unsharp,
    )
    procedural = ProceduralComposer(choices, libraries)
    asked: dict[str, Any] = {
        "composer": name.value,
        "choices": {**vars(choices)},
        "libraries": [str(path) for path in (libraries.meshes, libraries.textures)],
    }
    if name is ComposerName.PROCEDURAL:
        return procedural, asked
    if llm.llm_model is None:
        raise typer.BadParameter("the composer llm needs --llm-model, the name of a model of the endpoint")
    from ..scenes.chat import Chat, ChatSettings
    from ..scenes.llm import LlmComposer

    settings = ChatSettings(
        model=llm.llm_model,
        base_url=llm.llm_url,
        timeout_s=llm.llm_timeout_s,
        most_tokens=llm.most_tokens,
        most_cost=llm.most_cost,
        question_price=llm.question_price,
        answer_price=llm.answer_price,
    )
    asked |= {"model": llm.llm_model, "url": llm.llm_url, "batch": llm.llm_batch}
    return LlmComposer(Chat(settings), procedural, cache, llm.llm_batch), asked
