"""Recipes as JSON: what is dumped can be parsed, and anything else is a RecipeRejected that says why."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meitu_demo.domain.controls import Choice, Control
from meitu_demo.domain.errors import RecipeRejected
from meitu_demo.domain.explanations import explain
from meitu_demo.domain.recipe import (
    MAX_RECIPE_BYTES,
    MAX_STEPS,
    Recipe,
    RecipeStep,
    build_step,
    dump_recipe,
    parse_recipe,
)
from meitu_demo.endpoints import CATALOGUE

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda parts: st.lists(parts, max_size=4) | st.dictionaries(st.text(max_size=8), parts, max_size=4),
    max_leaves=10,
)
FUSE = {"endpoint": "face_fuse", "values": {"template_id": "lion"}, "on": True}


def values_of(control: Control) -> st.SearchStrategy[object]:
    return st.sampled_from(control.options) if isinstance(control, Choice) else st.floats(control.low, control.high)


STEPS = st.sampled_from(list(CATALOGUE.values())).flatmap(
    lambda endpoint: st.builds(
        RecipeStep,
        st.just(endpoint),
        st.fixed_dictionaries({control.name: values_of(control) for control in endpoint.controls}),
        st.booleans(),
    )
)
RECIPES = st.builds(Recipe, st.lists(STEPS, max_size=MAX_STEPS).map(tuple))


@given(RECIPES)
def test_recipe_round_trip(recipe: Recipe) -> None:
    """Any recipe; the JSON holds endpoint, values and on for each step, and nothing else."""
    text = dump_recipe(recipe)
    assert parse_recipe(text, CATALOGUE) == recipe
    assert parse_recipe("\ufeff" + json.dumps(json.loads(text)), CATALOGUE) == recipe  # as some editor saves it
    document = json.loads(text)
    assert document.keys() == {"recipe", "steps"}
    assert all(step.keys() == {"endpoint", "values", "on"} for step in document["steps"])
    assert len(text.encode()) < MAX_RECIPE_BYTES


def check_recipe_or_rejection(text: object) -> None:
    """`text` ends as a recipe or as a refusal with words in both languages."""
    try:
        recipe = parse_recipe(text, CATALOGUE)
    except RecipeRejected as error:
        for language in ("en", "zh"):
            explanation = explain(error, language, is_billable=False)
            assert all((explanation.title, explanation.why, explanation.fix)), explanation
            assert len(explanation.why) < 400
    else:
        assert parse_recipe(dump_recipe(recipe), CATALOGUE) == recipe


BAD_STEPS = st.dictionaries(st.sampled_from(["endpoint", "values", "on", "more"]), JSON | st.sampled_from([*CATALOGUE]))
DOCUMENTS = st.fixed_dictionaries(
    {"recipe": st.just(1), "steps": st.lists(JSON | STEPS.map(RecipeStep.to_dict) | BAD_STEPS)}
)


@given(JSON | st.binary(max_size=30), DOCUMENTS)
def test_parse_recipe_of_anything(value: object, document: object) -> None:
    """Any value, any JSON and any list of steps, valid or not, is a recipe or a RecipeRejected."""
    check_recipe_or_rejection(value)
    check_recipe_or_rejection(json.dumps(document))
    if not isinstance(value, bytes):
        check_recipe_or_rejection(json.dumps(value))


def recipe_of(*steps: object, version: object = 1) -> str:
    return json.dumps({"recipe": version, "steps": list(steps)})


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("", "recipe_unreadable"),
        ("nonsense", "recipe_unreadable"),
        ("[" * 8000, "recipe_unreadable"),
        ("9" * 8000, "recipe_unreadable"),
        ("[]", "recipe_unreadable"),
        ('{"recipe": 1}', "recipe_unreadable"),
        ('{"recipe": 1, "steps": {}}', "recipe_unreadable"),
        ('{"recipe": 1, "steps": [], "photo": "…"}', "recipe_unreadable"),
        (" " * (MAX_RECIPE_BYTES + 1), "recipe_too_large"),
        ("𝄞" * (MAX_RECIPE_BYTES // 4 + 1), "recipe_too_large"),
        (recipe_of(version=2), "recipe_version"),
        (recipe_of(version=True), "recipe_version"),
        (recipe_of(version=None), "recipe_version"),
        (recipe_of(*[FUSE] * (MAX_STEPS + 1)), "recipe_too_long"),
        (recipe_of({"endpoint": "nobody"}), "recipe_unknown_effect"),
        (recipe_of({"endpoint": ["face_fuse"]}), "recipe_unknown_effect"),
        (recipe_of("face_fuse"), "recipe_step"),
        (recipe_of({"values": {}}), "recipe_step"),
        (recipe_of({**FUSE, "photo": "…"}), "recipe_step"),
        (recipe_of({**FUSE, "on": 1}), "recipe_step"),
        (recipe_of({**FUSE, "values": []}), "recipe_step"),
        (recipe_of({**FUSE, "values": {"strength": 1}}), "recipe_value"),
        (recipe_of({"endpoint": "facial_aesthetics", "values": {"strength": 1.01}}), "recipe_value"),
        ('{"recipe": 1, "steps": [{"endpoint": "facial_aesthetics", "values": {"strength": NaN}}]}', "recipe_value"),
    ],
)
def test_parse_recipe_rejects_each_defect(text: str, slug: str) -> None:
    """Each kind of defect has its own explanation."""
    with pytest.raises(RecipeRejected) as caught:
        parse_recipe(text, CATALOGUE)
    assert caught.value.slug == slug


def test_recipe_rejected_names_the_step() -> None:
    """The explanation names the step's position and the value that is wrong."""
    with pytest.raises(RecipeRejected) as caught:
        parse_recipe(recipe_of(FUSE, {"endpoint": "facial_aesthetics", "values": {"shape_type": "99"}}), CATALOGUE)
    why = explain(caught.value, "en", is_billable=False).why
    assert "Step 2" in why
    assert "99" in why


def test_append_step_rejects_a_full_recipe() -> None:
    """One step too many is rejected, and the recipe does not change."""
    step = build_step("quality_restoration", {}, CATALOGUE, number=1)
    recipe = Recipe((step,) * MAX_STEPS)
    with pytest.raises(RecipeRejected):
        recipe.append_step(step)
    assert len(recipe.steps) == MAX_STEPS
