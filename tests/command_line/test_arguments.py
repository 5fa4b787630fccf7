"""What can be said to the command line, and what it says of itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import narrative_jobs
import pytest
from shell import COMMAND, environment, number, run
from stand_in import Server, load_spec
from support import JOB_ID


def test_each_command_tells_its_own_exit_codes() -> None:
    both = ["2    the command is wrong", "3    the API refused", "130  interrupted"]
    for command, codes, others in (
        ("get", ["0    printed, in whatever state"], ["\n  1  ", "\n  124  "]),
        (
            "wait",
            ["0    every job has ended as completed", "1    one has", "124  the wait ran out"],
            [],
        ),
    ):
        result = run(None, command, "--help", NARRATIVE_API_KEY="")
        assert (result.returncode, result.stderr) == (0, "")
        assert all(f"\n  {code}" in result.stdout for code in [*codes, *both])
        assert not any(code in result.stdout for code in others)


@pytest.mark.parametrize("command", [[], ["get"], ["wait"]])
def test_help_shows_examples(command: list[str]) -> None:
    result = run(None, *command, "--help", NARRATIVE_API_KEY="")
    assert result.returncode == 0
    assert result.stdout.startswith("usage: narrative-jobs "), "whatever it was started as"
    for example in (
        "narrative-jobs get JOB_ID --json > job.json",
        "narrative-jobs wait JOB_ID --max-wait 30m && echo done",
        "narrative-jobs wait --json - < ids.txt > jobs.jsonl",
    ):
        assert f"\n  {example}\n" in result.stdout


def test_it_knows_its_version() -> None:
    result = run(None, "--version")
    assert result.stdout == f"narrative-jobs {narrative_jobs.__version__}\n"
    assert load_spec()["info"]["version"] == narrative_jobs.__version__


def test_without_the_extra_all_works_but_completion(
    monkeypatch: pytest.MonkeyPatch, api: Server
) -> None:
    monkeypatch.setitem(sys.modules, "shtab", None)
    for arguments in ["--version"], ["--help"], ["wait", "--help"], ["wait", number(1)]:
        result = run(api.url, *arguments)
        assert result.returncode == 0
        assert "--print-completion" not in result.stdout
    assert result.stdout.startswith(f"job {number(1)}: completed\n")
    result = run(None, "--print-completion", "bash")
    assert result.returncode == 2
    assert "it needs an extra: pip install 'narrative-jobs[cli]'" in result.stderr


def test_help_and_version_load_no_client() -> None:
    code = "import sys; sys.argv[1:] = ['--version']\n"
    code += "try: from narrative_jobs.__main__ import main; main()\n"
    code += "except SystemExit: print(*{'httpx'} & set(sys.modules))"
    python = [sys.executable, "-c", code]
    done = subprocess.run(python, capture_output=True, text=True, check=True, env=environment(None))
    assert done.stdout == f"narrative-jobs {narrative_jobs.__version__}\n\n"


@pytest.mark.parametrize(
    ("typed", "meant"), [("wiat", "wait"), ("watch", "wait"), ("gett", "get"), ("waits", "wait")]
)
def test_a_mistyped_command_meets_a_guess(typed: str, meant: str) -> None:
    for before in [], ["--verbose"], ["--environment", "dev"]:
        result = run(None, *before, typed, JOB_ID)
        assert result.returncode == 2
        said = f"narrative-jobs: error: there is no command '{typed}': did you mean '{meant}'?\n"
        assert result.stderr.endswith(said)


def test_what_an_option_lacks_is_said_by_name() -> None:
    for arguments in ["--environment"], ["get", "--environment"]:
        result = run(None, *arguments)
        assert result.returncode == 2
        assert result.stderr.startswith("usage: narrative-jobs ")
        assert result.stderr.endswith("argument --environment: expected one argument\n")


def test_what_is_like_no_command_meets_the_list_of_them() -> None:
    result = run(None, "frobnicate", JOB_ID)
    assert result.returncode == 2
    assert "invalid choice: 'frobnicate'" in result.stderr
    assert "did you mean" not in result.stderr


@pytest.mark.parametrize("command", ["get", "wait"])
def test_options_stand_before_the_command_or_after(api: Server, command: str) -> None:
    options = ["--verbose", "--json", "--environment", api.url]
    outputs = set()
    for arguments in (
        [*options, command, number(1)],
        [command, *options, number(1)],
        [command, number(1), *options],
        [*options[:2], command, number(1), *options[2:]],
    ):
        result = run("http://127.0.0.1:1", *arguments)
        assert result.returncode == 0, result.stderr
        assert "DEBUG GET /jobs/" in result.stderr
        outputs.add(result.stdout)
    assert len(outputs) == 1


LISTS = [
    "{}\n\n {}\n",
    "\ufeff{}\r\n{}\r\n",
    '"{}","{}"\n',
    "'{}', '{}'",
    '["{}", "{}"]',
    '"{}"\n"{}"\n',
    "{};{}",
]


@pytest.mark.parametrize("form", LISTS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_list_of_ids_may_have_any_usual_form(api: Server, form: str, encoding: str) -> None:
    ids = form.format(number(1), number(4)).encode(encoding)
    result = run(api.url, "get", "-", stdin=ids)
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert [line for line in lines if line.startswith("job ")] == [
        f"job {number(1)}: completed",
        f"job {number(4)}: cancelled",
    ]


def test_ids_come_from_stdin_beside_others(api: Server) -> None:
    for command in "get", "wait":
        result = run(api.url, command, number(1), "-", "--quiet", stdin=f"{number(5)}\n")
        assert result.stdout.count(f"job {number(1)}: ") == 1
        assert result.stdout.count(f"job {number(5)}: ") == 1
        result = run(api.url, command, "-", stdin=" \n")
        said = "narrative-jobs: there are no ids on stdin\n"
        assert (result.returncode, result.stderr) == (2, said)


def completed(line: str, script: Path) -> list[str]:
    """Press TAB at the end of a line, in a shell that has read the completion."""
    code = f"""
    source {script}
    COMP_WORDS=({line.replace(" ", " ")}); [[ "$1" == *" " ]] && COMP_WORDS+=("")
    COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
    $(complete -p narrative-jobs | sed 's/.*-F \\([^ ]*\\).*/\\1/') narrative-jobs
    printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(
        ["bash", "-c", code, "bash", line], capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def test_a_shell_completes_commands_and_options(tmp_path: Path) -> None:
    pytest.importorskip("shtab", reason="the extra brings it")
    result = run(None, "--print-completion", "bash", NARRATIVE_API_KEY="")
    assert (result.returncode, result.stderr) == (0, "")
    line = f"{' '.join(COMMAND)} --print-completion bash | head -1"
    head = ["bash", "-o", "pipefail", "-c", line]
    done = subprocess.run(head, capture_output=True, check=False, env=environment(None))
    assert (done.returncode, done.stderr) == (0, b"")
    (tmp_path / "script").write_text(result.stdout)
    for line, words in (
        ("narrative-jobs w", ["wait"]),
        ("narrative-jobs ", ["get", "wait"]),
        ("narrative-jobs wait --int", ["--interval"]),
        ("narrative-jobs --env", ["--environment"]),
        ("narrative-jobs wait x --fail", ["--fail-fast"]),
    ):
        assert completed(line, tmp_path / "script") == words
    for shell in "zsh", "fish":
        result = run(None, "--print-completion", shell)
        assert result.returncode == 0
        assert "--fail-fast" in result.stdout or "fail-fast" in result.stdout
