"""Results appear whole or not at all; earlier ones are untouched by whatever goes wrong."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from study_fixture import make_study

from hexi_solar.errors import LayerError, OutputError
from hexi_solar.exports import check_target, publish, published, write_study

DISK_FULL = OSError(errno.ENOSPC, "No space left on device")


def contents(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


def publish_text(folder: Path, said: str) -> None:
    with published(folder) as aside:
        (aside / "map.html").write_text(said, "utf-8")
        (aside / "candidates.csv").write_text(said, "utf-8")
        (aside / "run.json").write_text('{"plan": {}}', "utf-8")


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    """Folder with the results of an earlier run, below a folder of its own."""
    folder = tmp_path / "outputs" / "demo"
    publish_text(folder, "first")
    return folder


def test_new_results_take_the_place_of_the_earlier_ones(earlier):
    """After a second run only its files are there, and nothing is left beside them."""
    publish_text(earlier, "second")
    assert (earlier / "map.html").read_text("utf-8") == "second"
    assert sorted(p.name for p in earlier.iterdir()) == ["candidates.csv", "map.html", "run.json"]
    assert [p.name for p in earlier.parent.iterdir()] == ["demo"]


def test_the_record_lists_every_file_with_its_checksum(earlier):
    """`run.json` names the files beside it, less itself."""
    files = json.loads((earlier / "run.json").read_text("utf-8"))["files"]
    assert files == {n: publish.file_sha256(earlier / n) for n in ("candidates.csv", "map.html")}


@pytest.mark.parametrize(
    "error", [ValueError("x"), KeyboardInterrupt(), SystemExit(143), DISK_FULL]
)
@pytest.mark.parametrize("there", [True, False], ids=["replacing", "first run"])
def test_what_goes_wrong_while_writing_leaves_everything_as_it_was(tmp_path, earlier, error, there):
    """An exception, Ctrl-C, a request to end, a full disk: same files before and after."""
    folder = earlier if there else earlier.parent / "new"
    before = contents(tmp_path)
    expected = OutputError if isinstance(error, OSError) else type(error)
    with pytest.raises(expected), published(folder) as aside:
        (aside / "map.html").write_text("half", "utf-8")
        raise error
    assert contents(tmp_path) == before
    assert [p.name for p in earlier.parent.iterdir()] == ["demo"]


@pytest.mark.parametrize("exchange", [True, False])
def test_a_move_that_fails_restores_the_earlier_results(earlier, monkeypatch, exchange):
    """Where the new folder cannot be moved in, the earlier one is moved back."""
    before = contents(earlier)
    rename = Path.rename

    def refuse(self: Path, target: Path) -> Path:
        if Path(target) == earlier and "earlier" not in self.name:
            raise PermissionError(errno.EACCES, "open in another program")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    monkeypatch.setattr(publish, "_exchange", lambda one, other: False)
    if exchange:
        monkeypatch.setattr(publish, "_move_into_place", lambda one, other: one.rename(other))
    with pytest.raises(OutputError, match="earlier results are untouched"):
        publish_text(earlier, "second")
    assert contents(earlier) == before
    assert [p.name for p in earlier.parent.iterdir()] == ["demo"]


def test_two_renames_do_where_folders_cannot_be_exchanged(earlier, monkeypatch):
    """The way of other systems ends in the same files."""
    monkeypatch.setattr(publish, "_exchange", lambda one, other: False)
    publish_text(earlier, "second")
    assert (earlier / "map.html").read_text("utf-8") == "second"
    assert [p.name for p in earlier.parent.iterdir()] == ["demo"]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda f: (f / "notes.docx").write_text("mine"), "no run wrote: notes.docx"),
        (
            lambda f: (f / "photos").mkdir() or (f / "photos" / "1.jpg").write_text("j"),
            "photos/1.jpg",
        ),
        (lambda f: (f / "candidates.csv").write_text("edited"), "changed .* candidates.csv"),
        (lambda f: (f / "run.json").unlink(), "no run.json"),
        (lambda f: (f / "run.json").write_text("[1"), "no run.json"),
    ],
    ids=["foreign file", "foreign folder", "edited list", "no record", "broken record"],
)
def test_what_others_put_there_is_not_thrown_away(earlier, spoil, said):
    """A folder with anything that no run wrote is refused before and after the work."""
    spoil(earlier)
    before = contents(earlier)
    with pytest.raises(OutputError, match=said):
        check_target(earlier)
    with pytest.raises(OutputError, match=said):
        publish_text(earlier, "second")
    assert contents(earlier) == before


def test_a_file_saved_into_the_folder_while_the_study_ran_is_kept(earlier):
    """The folder is looked at again just before it is replaced."""
    with pytest.raises(OutputError, match=r"notes\.txt"), published(earlier) as aside:
        (aside / "run.json").write_text("{}", "utf-8")
        (earlier / "notes.txt").write_text("written meanwhile", "utf-8")
    assert (earlier / "notes.txt").read_text("utf-8") == "written meanwhile"


def test_a_file_in_the_way_is_named(tmp_path):
    """A file where the folder should be is refused and kept."""
    (tmp_path / "demo").write_text("mine", "utf-8")
    with pytest.raises(OutputError, match="is a file, not a folder"):
        publish_text(tmp_path / "demo", "new")
    assert (tmp_path / "demo").read_text("utf-8") == "mine"


def test_an_empty_folder_is_filled(tmp_path):
    """A folder made by hand for the results is theirs."""
    (tmp_path / "demo").mkdir()
    publish_text(tmp_path / "demo", "new")
    assert (tmp_path / "demo" / "map.html").read_text("utf-8") == "new"


def test_a_folder_behind_a_link_is_replaced_and_the_link_stays(tmp_path, earlier):
    """A link to another disk is followed."""
    link = tmp_path / "link"
    link.symlink_to(earlier, target_is_directory=True)
    publish_text(link, "second")
    assert link.is_symlink()
    assert (earlier / "map.html").read_text("utf-8") == "second"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_named(tmp_path):
    """A read-only parent is one clear message."""
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="check the permissions"):
        publish_text(tmp_path / "demo", "new")


@pytest.mark.parametrize(
    ("number", "said"),
    [(errno.ENOSPC, "No space left"), (errno.EROFS, "permissions"), (errno.EIO, "try again")],
)
def test_the_cause_that_the_system_gives_is_said_in_both_languages(tmp_path, number, said):
    """Full disk, read-only share, broken disk: each has its own words."""
    with pytest.raises(OutputError) as caught, published(tmp_path / "demo"):
        raise OSError(number, os.strerror(number))
    assert said in caught.value.message("en")
    assert "原有结果未受影响" in caught.value.message("zh")


def test_a_layer_that_fails_is_not_called_a_full_disk(tmp_path):
    """What the study reads and what it writes are told apart by the file's name."""
    layer = tmp_path / "layers" / "b.gpkg"
    with (
        pytest.raises(LayerError, match=r"b\.gpkg cannot be read"),
        published(tmp_path / "outputs" / "demo"),
    ):
        raise PermissionError(errno.EACCES, "Permission denied", str(layer))
    with pytest.raises(OutputError), published(tmp_path / "outputs" / "demo") as aside:
        raise PermissionError(errno.EACCES, "Permission denied", str(aside / "b.gpkg"))


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_a_signal_that_the_caller_ignores_stays_ignored(tmp_path):
    """A run under nohup outlives its terminal."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with published(tmp_path / "demo"):
            assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
            assert callable(signal.getsignal(signal.SIGTERM))
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    finally:
        signal.signal(signal.SIGHUP, before)


# -- processes that end in mid-run -----------------------------------------------------------------

WRITER = """
    import sys, time
    from pathlib import Path
    from hexi_solar.exports import publish, published
    if "slow-move" in sys.argv:
        publish._exchange = lambda one, other: False
        rename = Path.rename
        def slow(self, target):
            done = rename(self, target)
            print("ready", flush=True)
            time.sleep(60)
            return done
        Path.rename = slow
    with published(Path(sys.argv[1])) as aside:
        (aside / "map.html").write_text("half")
        (aside / "run.json").write_text("{}")
        if "slow-move" not in sys.argv:
            print("ready", flush=True)
            time.sleep(60)
"""


@pytest.fixture
def writer(earlier: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process in the middle of writing."""
    process = _start(earlier)
    yield process
    process.kill()
    process.communicate()


def _start(folder: Path, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", textwrap.dedent(WRITER), str(folder), *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_process_asked_to_end_cleans_up(earlier, writer, number):
    """Ctrl-C, kill and a closed terminal leave the earlier results and nothing else."""
    before = contents(earlier)
    writer.send_signal(number)
    writer.communicate(timeout=20)
    assert writer.returncode != 0
    assert contents(earlier) == before
    assert [p.name for p in earlier.parent.iterdir()] == ["demo"]


@pytest.mark.skipif(os.name == "nt", reason="folders are not locked there")
def test_the_next_run_cleans_up_after_a_killed_one_but_not_after_a_live_one(earlier, writer):
    """A folder is swept once its process is gone, not before."""
    publish_text(earlier, "second")
    assert len(list(earlier.parent.iterdir())) == 2
    writer.kill()
    writer.communicate()
    publish_text(earlier, "third")
    assert [p.name for p in earlier.parent.iterdir()] == ["demo"]
    assert (earlier / "map.html").read_text("utf-8") == "third"


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL")
def test_a_process_killed_between_two_renames_loses_nothing(earlier):
    """The earlier results, moved out when the process died, are back at the next run's start."""
    before = contents(earlier)
    process = _start(earlier, "slow-move")
    process.kill()
    process.communicate()
    assert not earlier.exists()
    with pytest.raises(ValueError, match="stop"), published(earlier):
        assert contents(earlier) == before
        message = "stop"
        raise ValueError(message)
    assert contents(earlier) == before


@pytest.mark.fault
def test_a_disk_that_fills_up_leaves_the_earlier_results(tmp_path):
    """Wherever a real small disk fills up: one message, and the files are as before."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    mounted = subprocess.run(mount, capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("no right to mount a small disk here; the same is tested with a raised error")
    try:
        folder = disk / "demo"
        publish_text(folder, "first")
        before = contents(folder)
        seen = set()
        for blocks in range(0, 1000, 20):
            _fill(disk / "ballast", blocks * 1024)
            try:
                with published(folder) as aside:
                    write_study(make_study(), aside)
                    message = "it fitted"
                    raise ValueError(message)
            except OutputError as error:
                assert str(error).startswith("- No space left"), (blocks, str(error))
                seen.add("full")
            except ValueError as error:
                assert str(error) == "it fitted", (blocks, str(error))
                seen.add("fitted")
            assert contents(folder) == before
        assert seen == {"full", "fitted"}
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def _fill(path: Path, size: int) -> None:
    path.unlink(missing_ok=True)
    path.write_bytes(bytes(size))
