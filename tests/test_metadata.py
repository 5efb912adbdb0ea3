"""The files that are no code: manifest, texts, icons, quality scale, brand, licence, pins.

Home Assistant's own checks (hassfest) and those of HACS run in CI only; these are the rules of them
that matter here, and some of ours, at home.
"""

import ast
from importlib.metadata import requires, version
import json
from pathlib import Path
import re
import string
import struct
import sys
from typing import Any

from packaging.requirements import Requirement
from packaging.version import Version
import pytest
import yaml

ROOT = Path(__file__).parent.parent
INTEGRATION = ROOT / "custom_components" / "smartlock"
TRANSLATIONS = sorted((INTEGRATION / "translations").glob("*.json"))

# https://developers.home-assistant.io/docs/core/integration-quality-scale/rules
QUALITY_RULES = {
    "bronze": """
        action-setup appropriate-polling brands common-modules config-flow config-flow-test-coverage
        dependency-transparency docs-actions docs-conditions docs-high-level-description
        docs-installation-instructions docs-removal-instructions docs-triggers entity-event-setup
        entity-unique-id has-entity-name runtime-data test-before-configure test-before-setup
        unique-config-entry
    """,
    "silver": """
        action-exceptions config-entry-unloading docs-configuration-parameters
        docs-installation-parameters entity-unavailable integration-owner log-when-unavailable
        parallel-updates reauthentication-flow test-coverage
    """,
    "gold": """
        devices diagnostics discovery discovery-update-info docs-data-update docs-examples
        docs-known-limitations docs-supported-devices docs-supported-functions docs-troubleshooting
        docs-use-cases dynamic-devices entity-category entity-device-class
        entity-disabled-by-default entity-translations exception-translations icon-translations
        reconfiguration-flow repair-issues stale-devices
    """,
    "platinum": "async-dependency inject-websession strict-typing",
}

type Texts = dict[tuple[str, ...], str]


def load_json(file: Path) -> Any:
    """Return the content of a JSON file; a key written twice is an error."""

    def no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        assert len(keys) == len(set(keys)), f"{file.name}: a key is there twice in {keys}"
        return dict(pairs)

    return json.loads(file.read_text(encoding="utf-8"), object_pairs_hook=no_doubles)


def texts(content: Any, path: tuple[str, ...] = ()) -> Texts:
    """Return every string of nested objects with its path."""
    if isinstance(content, str):
        return {path: content}
    assert isinstance(content, dict), f"{'.'.join(path)} is neither a text nor an object"
    return {
        where: text for key, value in content.items() for where, text in texts(value, (*path, key)).items()
    }


def placeholders(text: str) -> set[str]:
    """Return the names in braces."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.fixture(name="manifest", scope="module")
def manifest_fixture() -> dict[str, Any]:
    """Return the manifest."""
    manifest: dict[str, Any] = load_json(INTEGRATION / "manifest.json")
    return manifest


@pytest.fixture(name="english", scope="module")
def english_fixture() -> Texts:
    """Return the English texts, which are the complete ones."""
    return texts(load_json(INTEGRATION / "translations" / "en.json"))


def test_manifest_keys_and_their_order(manifest: dict[str, Any]) -> None:
    keys = list(manifest)
    assert keys == ["domain", "name", *sorted(set(keys) - {"domain", "name"})]
    # `quality_scale` is for integrations of Home Assistant itself.
    assert set(keys) == {
        "bluetooth",
        "categories",
        "codeowners",
        "config_flow",
        "connectivity",
        "dependencies",
        "documentation",
        "domain",
        "integration_type",
        "iot_class",
        "issue_tracker",
        "loggers",
        "name",
        "requirements",
        "version",
    }


def test_manifest_names_this_integration(manifest: dict[str, Any]) -> None:
    assert manifest["domain"] == INTEGRATION.name
    assert manifest["name"] == load_json(ROOT / "hacs.json")["name"]
    assert manifest["config_flow"] is True
    assert manifest["issue_tracker"] == f"{manifest['documentation']}/issues"
    assert manifest["loggers"] == [f"custom_components.{INTEGRATION.name}"]
    assert all(owner.startswith("@") for owner in manifest["codeowners"])


def test_manifest_matches_the_advertisements_of_locks(manifest: dict[str, Any]) -> None:
    """The beacon of every Smart Lock (protocol section 2), HomeKit's frames, and both pairing services."""
    suffix = "-5501-11e4-916c-0800200c9a66"
    beacon, homekit, *services = manifest["bluetooth"]
    # Company id and frame type of an iBeacon, then the first bytes of the UUID a92ee200-...
    assert beacon == {
        "connectable": True,
        "manufacturer_data_start": [*bytes.fromhex("0215 a92ee200")],
        "manufacturer_id": 0x004C,
    }
    # The type of an accessory's frame, then subtype and length.
    assert homekit == {
        "connectable": True,
        "manufacturer_data_start": [0x06, 0x31],
        "manufacturer_id": 0x004C,
    }
    assert services == [
        {"connectable": True, "service_data_uuid": f"a92ee100{suffix}"},
        {"connectable": True, "service_data_uuid": f"a92ee300{suffix}"},
    ]
    assert manifest["dependencies"] == ["bluetooth_adapters", "file_upload", "http"]


def test_requirements_leave_the_version_to_home_assistant(manifest: dict[str, Any]) -> None:
    """Home Assistant installs under its own constraints: a pin or a limit would stop loading one day."""
    assert manifest["requirements"] == ["PyNaCl>=1.6"]
    assert Version(version("PyNaCl")) in Requirement(manifest["requirements"][0]).specifier


def test_the_version_is_in_the_changelog(manifest: dict[str, Any]) -> None:
    """The manifest is the one place of the version: it has a section, or is the unreleased one."""
    headings = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings[0] == "Unreleased"
    released = [Version(heading) for heading in headings[1:]]
    assert released == sorted(released, reverse=True)
    assert not released or Version(manifest["version"]) >= released[0]
    assert not re.search(r"^\[project\]", (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)


def test_hacs_knows_every_key() -> None:
    hacs = load_json(ROOT / "hacs.json")
    assert set(hacs) == {"name", "homeassistant", "hide_default_branch"}
    assert hacs["hide_default_branch"] is True
    assert [folder.name for folder in (ROOT / "custom_components").iterdir() if folder.is_dir()] == [
        INTEGRATION.name
    ]


@pytest.mark.skipif(
    Path(sys.prefix).name.startswith("venv-"), reason="the environment of another release of it"
)
def test_one_release_of_home_assistant_everywhere() -> None:
    """Tests run on a patch release of the oldest Home Assistant that users may have."""
    oldest = Version(load_json(ROOT / "hacs.json")["homeassistant"])
    tested = Version(version("homeassistant"))
    assert tested.release[:2] == oldest.release[:2]
    assert tested >= oldest
    text = (ROOT / "requirements_test.txt").read_text(encoding="utf-8")
    pins = {
        requirement.name.lower(): requirement
        for line in text.splitlines()
        if line and not line.startswith("#")
        for requirement in [Requirement(line)]
    }
    test_package = "pytest-homeassistant-custom-component"
    assert str(pins[test_package].specifier) == f"=={version(test_package)}"
    assert f"homeassistant=={tested}" in (requires(test_package) or [])
    assert f"({tested})" in text
    # What this Home Assistant pins itself is tested at the same version.
    import homeassistant

    constraints = Path(homeassistant.__path__[0], "package_constraints.txt").read_text(encoding="utf-8")
    for line in constraints.splitlines():
        name, _, wanted = line.partition("==")
        pin = pins.get(name.lower())
        if wanted and pin is not None:
            assert Version(wanted) in pin.specifier, line


def test_quality_scale_has_every_rule() -> None:
    """Each of the 54 rules is done, to do, or does not apply for a reason."""
    known = [rule for tier in QUALITY_RULES.values() for rule in tier.split()]
    assert len(known) == len(set(known)) == 54
    rules = yaml.safe_load((INTEGRATION / "quality_scale.yaml").read_text(encoding="utf-8"))["rules"]
    assert sorted(rules) == sorted(known)
    for rule, state in rules.items():
        if isinstance(state, dict):
            assert state["status"] in {"done", "exempt", "todo"}, rule
            assert set(state) <= {"status", "comment"}, rule
            assert state["status"] != "exempt" or state["comment"].strip(), rule
        else:
            assert state in {"done", "todo"}, rule


@pytest.mark.parametrize(("name", "size"), [("icon.png", 256), ("icon@2x.png", 512)])
def test_brand_pictures_have_the_sizes_of_the_guidelines(name: str, size: int) -> None:
    data = (INTEGRATION / "brand" / name).read_bytes()
    # PNG: signature, length and name of the first chunk, then width, height, bit depth, colour type.
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert data[12:16] == b"IHDR"
    assert struct.unpack(">IIBB", data[16:26]) == (size, size, 8, 6), "8 bit, with transparency"


def test_licence_is_mit() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert text.startswith("MIT License\n\nCopyright (c) ")


def test_typed_marker() -> None:
    assert (INTEGRATION / "py.typed").is_file()
    # Texts live in the translations: a custom integration has no strings.json.
    assert not (INTEGRATION / "strings.json").exists()


@pytest.mark.parametrize("file", TRANSLATIONS, ids=lambda file: file.stem)
def test_translations_are_complete_and_clean(file: Path, english: Texts) -> None:
    translated = texts(load_json(file))
    assert translated.keys() == english.keys()
    for path, text in translated.items():
        where = f"{file.name}: {'.'.join(path)}"
        assert text, where
        assert text == text.strip(), f"{where} begins or ends with a blank"
        assert not re.search(r"</?[a-zA-Z]", text), f"{where} has HTML"
        assert "[%key:" not in text, f"{where} refers to another text"
        # The message format of the frontend takes what is between single quotes literally.
        assert not re.search(r"'[^'\s]*\{\w+\}[^'\s]*'", text), f"{where} quotes a placeholder"
        assert placeholders(text) == placeholders(english[path]), f"{where} has other placeholders"


def test_there_are_english_texts() -> None:
    assert INTEGRATION / "translations" / "en.json" in TRANSLATIONS


def test_icons_are_material_and_belong_to_texts(english: Texts) -> None:
    icons = load_json(INTEGRATION / "icons.json")
    for path, icon in texts(icons).items():
        assert re.fullmatch(r"mdi:[a-z0-9-]+", icon), f"{'.'.join(path)}: {icon}"
    for platform, entities in icons.get("entity", {}).items():
        for key, entity in entities.items():
            states = entity.get("state", {})
            assert entity.get("default") not in states.values(), (
                f"{platform}.{key}: a state repeats the default"
            )
            # The entity that carries the name of the device has an icon but no text.
            named = any(path[:3] == ("entity", platform, key) for path in english)
            assert named or platform == "lock", f"{platform}.{key} has no text"


def test_actions_are_described(english: Texts) -> None:
    """Every action and field has a name and a description, and every description an action."""
    file = INTEGRATION / "services.yaml"
    services = yaml.safe_load(file.read_text(encoding="utf-8")) or {} if file.exists() else {}
    for action, definition in services.items():
        assert not action.startswith("."), "custom integrations may not have anchors"
        keys: list[tuple[str, ...]] = [("services", action)]
        keys += [("services", action, "fields", field) for field in (definition or {}).get("fields", {})]
        for key in keys:
            assert (*key, "name") in english, key
            assert (*key, "description") in english, key
    assert {path[1] for path in english if path[0] == "services"} == set(services)


def test_every_field_of_a_form_is_explained(english: Texts) -> None:
    """The person before the form has the text under the field, and nothing else."""
    fields = [
        path
        for path in english
        if path[0] in {"config", "config_subentries", "options"} and path[-2] == "data"
    ]
    missing = [path for path in fields if (*path[:-2], "data_description", path[-1]) not in english]
    assert not missing


@pytest.mark.parametrize("file", TRANSLATIONS, ids=lambda file: file.stem)
@pytest.mark.parametrize("kind", ["config", "options"])
def test_titles_of_menus_are_plain(file: Path, kind: str) -> None:
    """The user interface fills in placeholders in titles of forms, and shows an error in those of menus."""
    steps = load_json(file)[kind]["step"]
    menus = {name: step["title"] for name, step in steps.items() if "menu_options" in step}
    assert menus
    assert not [name for name, title in menus.items() if "{" in title]


def test_platforms_say_how_many_updates_run_at_once() -> None:
    """The client orders requests itself, so every platform says 0."""
    for file in INTEGRATION.glob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        functions = {node.name: node for node in tree.body if isinstance(node, ast.AsyncFunctionDef)}
        setup = functions.get("async_setup_entry")
        # The set-up of a platform is given a third argument: the way to add entities.
        if setup is None or len(setup.args.args) < 3:
            continue
        values = {
            target.id: node.value
            for node in tree.body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        value = values.get("PARALLEL_UPDATES")
        assert isinstance(value, ast.Constant), file.name
        assert value.value == 0, file.name
