"""Answers of a language model are untrusted: used where they are good, repaired twice, else refused, paid for once."""

import json

import numpy as np
import pytest
from PIL import Image

from foundation_pose_ros import InputRefused

pytest.importorskip("pydantic", reason="descriptions need pydantic")
pytest.importorskip("openai", reason="asking a language model needs openai")
from foundation_pose_ros.scenes.body_spec import PatchesSurface, PictureSurface
from foundation_pose_ros.scenes.chat import Chat, ChatSettings
from foundation_pose_ros.scenes.ideas import SceneIdea, SceneIdeas, described
from foundation_pose_ros.scenes.libraries import Libraries
from foundation_pose_ros.scenes.llm import LlmComposer
from foundation_pose_ros.scenes.procedural import ProceduralChoices, ProceduralComposer
from foundation_pose_ros.scenes.spec_scene import make_described
from foundation_pose_ros.scenes.variety import variety

from .conftest import ideas, reply, thing

DRAWN = ProceduralComposer(ProceduralChoices(width_px=96, height_px=72, frames=1))


@pytest.fixture
def composer(endpoint, tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "secret-key")
    # No proxy stands between a test and its own server.
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    def made(**settings):
        chat = Chat(ChatSettings(model="local", **{"base_url": endpoint.url, "timeout_s": 1.0, **settings}))
        return LlmComposer(chat, DRAWN, tmp_path / "cache", batch=2)

    return made


def log_of(composer):
    return [json.loads(line) for line in (composer.cache / "log.jsonl").read_text().splitlines()]


def test_a_good_answer_becomes_scenes_that_can_be_rendered(composer, endpoint):
    endpoint.says(reply(ideas()))
    specs = composer().compose([0, 1])
    assert [spec.theme for spec in specs] == ["kitchen 0 0", "kitchen 0 1"]
    assert [spec.seed for spec in specs] == [0, 1]
    assert specs[0].objects[0].what.size_m == (0.04, 0.05, 0.09)
    assert specs[0].objects[0].what.print.brand == "BRAND0"
    assert make_described(specs[0]).frame("000000").rgb.std() > 5
    (asked,) = endpoint.asked
    assert asked["path"] == "/v1/chat/completions" and asked["model"] == "local"
    assert asked["response_format"]["json_schema"]["schema"] == SceneIdeas.model_json_schema()


def test_the_schema_is_of_the_strict_kind():
    """Every field is required and none is added, as strict structured output wants it."""
    schema = SceneIdeas.model_json_schema()
    for part in (schema, *schema["$defs"].values()):
        assert part["additionalProperties"] is False
        assert set(part["required"]) == set(part["properties"])
        assert not [name for name, field in part["properties"].items() if "default" in field]
    assert "prefixItems" not in json.dumps(schema)


def test_a_question_is_asked_once(composer, endpoint):
    endpoint.says(reply(ideas()))
    first = composer().compose([1])
    endpoint.says(b"", 500)
    assert composer().compose([1]) == first
    assert len(endpoint.asked) == 1


BROKEN = [
    pytest.param(reply("{"), "invalid", id="not JSON"),
    pytest.param(reply(ideas(1)), "1 scenes, not 2", id="too few"),
    pytest.param(reply(ideas(2, table="gold")), "scenes.0.table", id="a table of gold"),
    pytest.param(reply(ideas(2, objects=[thing(0, width_mm=90_000)])), "width_mm", id="a carton of 90 m"),
    pytest.param(reply(ideas(2, objects=[thing(0, brand="A\u202e\n;DROP")])), "brand", id="words that aren't letters"),
    pytest.param(reply(ideas(2, objects=[thing(k) for k in range(50)])), "objects", id="fifty objects"),
    pytest.param(reply(ideas(2, command="rm")), "command", id="a field of its own"),
    pytest.param(b"<html>", "isn't of the chat protocol", id="not the protocol"),
    pytest.param(b'{"choices": []}', "no choices", id="no choices"),
    pytest.param(reply(ideas(), finish_reason="length"), "cut off", id="cut off"),
    pytest.param(b" " * (3 << 20), "more than 1048576 bytes", id="three megabytes"),
]


@pytest.mark.parametrize(("body", "said"), BROKEN)
def test_a_broken_answer_is_repaired(composer, endpoint, body, said):
    endpoint.says(body)
    endpoint.says(reply(ideas()))
    asker = composer()
    assert len(asker.compose([0, 1])) == 2
    told = endpoint.asked[1]["messages"][-1]["content"]
    assert said.lower() in told.lower() and told.startswith("That can't be used")
    assert [line["outcome"] == "used" for line in log_of(asker)] == [False, True]


@pytest.mark.parametrize(("body", "said"), BROKEN)
def test_but_twice_at_most(composer, endpoint, body, said):
    endpoint.says(body)
    asker = composer()
    with pytest.raises(InputRefused) as refused:
        asker.compose([0])
    assert refused.value.reason == "llm_answer"
    assert len(endpoint.asked) == 3
    assert not list(asker.cache.glob("*[0-9a-f].json"))


def test_late_answers_are_asked_for_again(composer, endpoint):
    endpoint.is_silent(for_s=2.0)
    endpoint.drips(every_s=0.2, drops=10)
    endpoint.says(reply(ideas()))
    asker = composer(timeout_s=0.5)
    assert len(asker.compose([0])) == 1
    outcomes = [line["outcome"] for line in log_of(asker)]
    assert "no answer" in outcomes[0] and "late" in outcomes[1] and outcomes[2] == "used"


def test_an_endpoint_that_is_busy_is_asked_again_and_one_that_refuses_is_not(composer, endpoint):
    endpoint.says(b"{}", 503)
    endpoint.says(b'{"error": {"message": "no such model"}}', 404)
    with pytest.raises(InputRefused) as refused:
        composer().compose([0])
    assert refused.value.reason == "llm_endpoint" and "no such model" in str(refused.value)
    assert len(endpoint.asked) == 2


def test_a_key_is_not_sent_where_others_read_it(composer):
    with pytest.raises(InputRefused, match="a key isn't sent over http"):
        composer(base_url="http://192.0.2.1/v1")


@pytest.mark.parametrize("message", [{"refusal": "I won't"}, {"finish_reason": "content_filter"}])
def test_a_refusal_is_not_argued_with(composer, endpoint, message):
    endpoint.says(reply("", **message))
    with pytest.raises(InputRefused) as refused:
        composer().compose([0])
    assert refused.value.reason == "llm_refused"
    assert len(endpoint.asked) == 1


def test_no_more_is_spent_than_may_be(composer, endpoint):
    endpoint.says(reply(ideas()))
    asker = composer(answer_tokens=1000, most_tokens=2000)
    asker.compose([0])
    asker.compose([2])
    with pytest.raises(InputRefused) as refused:
        asker.compose([4])
    assert refused.value.reason == "llm_budget" and "--most-tokens" in str(refused.value)
    # 300 tokens of question at 1 and 200 of answer at 4 a million.
    asker = composer(answer_tokens=200, question_price=1.0, answer_price=4.0, most_cost=0.0015)
    asker.compose([6])
    assert asker.chat.spent.cost(asker.chat.settings) == pytest.approx(0.0011)
    with pytest.raises(InputRefused, match="--most-cost"):
        asker.compose([8])


def test_the_log_has_questions_but_no_key(composer, endpoint):
    endpoint.says(reply(ideas()))
    asker = composer()
    asker.compose([0])
    (line,) = log_of(asker)
    assert "Invent 2 scenes" in line["messages"][1]["content"] and line["tokens"] == [300, 200]
    assert "secret-key" not in (asker.cache / "log.jsonl").read_text()


def test_variety_counts_what_differs(composer, endpoint):
    drawn = variety(ProceduralComposer().compose(range(100)))
    assert drawn.scenes == 100 and drawn.kinds == 12
    assert drawn.words > 300 and drawn.materials > 12
    # A model that repeats itself is seen to do so.
    endpoint.says(reply(ideas()))
    repeated = variety(composer().compose(range(20)))
    assert repeated.themes == 2 and repeated.words < 10
    assert repeated.theme_words == 1  # kitchen


def test_each_scene_is_asked_for_in_a_place_of_its_own(composer, endpoint):
    endpoint.says(reply(ideas()))
    asker = composer()
    asker.compose([0, 2, 4])
    asked = [line["messages"][1]["content"].partition("these: ")[2] for line in log_of(asker)]
    places = [place for question in asked for place in question.rstrip(".").split("; ")]
    assert len(asked) == 3 and len(set(places)) == len(places) == 6


def test_what_is_thinner_than_a_print_takes_is_made_thick_enough(composer, endpoint):
    endpoint.says(reply(ideas(objects=[thing(0, depth_mm=8)])))
    (spec,) = composer().compose([0])
    assert spec.objects[0].what.size_m[1] == 0.02


@pytest.fixture
def textures(tmp_path):
    """A library of a green and a red picture, by the names of wood and brick."""
    for name, colour in (("Wood_026", (10, 200, 30)), ("Bricks_075A", (200, 10, 30))):
        Image.new("RGB", (32, 32), colour).save(tmp_path / f"{name}.png")
    (tmp_path / "index.csv").write_text("file,kind\nWood_026.png,surface\nBricks_075A.png,surface\n", encoding="utf-8")
    return Libraries(textures=tmp_path)


def surfaces_of(things, drawn):
    idea = SceneIdea.model_validate(ideas(1, objects=things)["scenes"][0])
    return [body.surface for body in described(idea, 3, drawn).objects]


def test_words_for_a_texture_become_a_picture_of_the_library(textures):
    drawn = ProceduralComposer(DRAWN.choices, textures)
    things = [thing(0, finish="texture", texture=words) for words in ("brushed oak", "red brick", "purple haze", "")]
    surfaces = surfaces_of(things, drawn)
    assert [surface.name for surface in surfaces[:2]] == ["Wood_026.png", "Bricks_075A.png"]
    assert all(isinstance(surface, PatchesSurface) for surface in surfaces[2:])
    assert all(isinstance(surface, PatchesSurface) for surface in surfaces_of(things, DRAWN))
    # What isn't said to be a texture isn't one, whatever else is said.
    assert not isinstance(surfaces_of([thing(0, texture="oak")], drawn)[0], PictureSurface)


def test_a_texture_is_what_is_rendered(textures):
    drawn = ProceduralComposer(DRAWN.choices, textures)
    idea = SceneIdea.model_validate(ideas(1, objects=[thing(0, finish="texture", texture="oak")])["scenes"][0])
    picture = make_described(described(idea, 3, drawn), textures).model("carton").appearance.levels[0]
    np.testing.assert_allclose(picture.reshape(-1, 3).mean(axis=0), (10, 200, 30), atol=1)


def test_an_answer_from_before_there_were_textures_can_be_used():
    answer = ideas(1)
    for one in (*answer["scenes"][0]["objects"], *answer["scenes"][0]["clutter"]):
        del one["texture"]
    assert SceneIdeas.model_validate(answer) == SceneIdeas.model_validate(ideas(1))
