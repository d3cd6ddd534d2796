"""The command line: exit codes, one clear line for every mistake, and results that are saved whole or not at all."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gradassay.cli.app import COMMANDS
from gradassay.cli.interrupts import remembered_interrupt
from gradassay.errors import UsageError
from gradassay.vocabulary import Run, Verdict
from property_tests.command_lines import FullDisk, Install, Shell, one_line
from property_tests.fake_runs import realistic, row, run

ROOT = Path(__file__).resolve().parent.parent
FAILED = run(row(found=[(Verdict.WRONG, "sum term missing", 3)]))


def python(*argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *argv], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


def test_help_imports_neither_numpy_nor_a_framework() -> None:
    heavy = ("numpy", "torch", "tensorflow", "keras", "jax", "hypothesis", "flint", "rich")
    code = (
        "import sys; from gradassay.cli import main; main(['--help'])\n"
        f"print([name for name in {heavy!r} if name in sys.modules], file=sys.stderr)"
    )
    done = python("-c", code)
    assert done.stderr.strip() == "[]"
    assert all(command in done.stdout for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, shell: Shell) -> None:
    code, out, err = shell(command, "--help")
    assert (code, err) == (0, "")
    assert f"Usage: gradassay {command}" in out


def test_doctor_imports_no_framework() -> None:
    code = (
        "import sys; from gradassay.cli import main; code = main(['doctor'])\n"
        "print(code, [name for name in ('torch', 'tensorflow', 'jax') if name in sys.modules], file=sys.stderr)"
    )
    done = python("-c", code)
    assert done.stderr.strip() == "0 []"
    assert "numpy" in done.stdout


@pytest.mark.parametrize(
    ("result", "code"),
    [
        (realistic(), 0),
        (FAILED, 1),
        (run(row(), interrupted=True), 2),
        (run(row(scenarios=0, verdicts={})), 5),
        (run(), 5),
    ],
)
def test_compare_exits_as_pytest_does(result: Run, code: int, shell: Shell, measuring: Install) -> None:
    measuring(result)
    assert shell("compare")[0] == code


def test_compare_passes_its_options_on(shell: Shell, measuring: Install) -> None:
    fake = measuring(realistic())
    shell(
        "compare",
        "softmax",
        "get_item",
        "--implementations",
        "numpy, torch",
        "--dtypes",
        "float32",
        "--examples",
        "7",
    )
    ((operations,), options) = fake.calls[0]
    assert operations == ["softmax", "get_item"]
    assert options["implementations"] == ("numpy", "torch")
    assert options["dtypes"] == ("float32",)
    assert (options["examples"], options["seed"]) == (7, 0)


@pytest.mark.parametrize(
    "argv",
    [
        ("compar",),
        ("compare", "--exmples", "3"),
        ("compare", "--examples", "0"),
        ("compare", "--examples", "many"),
        ("compare", "--seed", "-1"),
        ("compare", "--dtypes", ","),
        ("compare", "--out"),
        ("compare", "--out", ""),
        ("compare", "--json", ""),
        ("bench", "--json", ""),
        ("check", "--approved", ""),
        ("verify", "math:sin", "--inputs", ""),
        ("approve",),
        ("approve", "--reason", " "),
        ("check", "--approved", "nowhere"),
        ("completion", "tcsh"),
        ("compare", "softmax", "--order", "3"),
        ("compare", "grad(softmax)"),
        ("compare", "softmax", "--implementations", "torch.forward"),
        ("train", "nope"),
        ("train", "001-softmax", "--steps", "0"),
        ("train", "001-softmax", "--dtype", "int"),
        ("train", "001-softmax", "--implementations", "numpi"),
        ("bench", "softmux"),
        ("verify",),
        ("verify", "softmax"),
        ("verify", "math:sin"),
        ("verify", "no_such_module:softmax"),
        ("verify", "math:sine", "--like", "softmax"),
        ("verify", "math:pi", "--like", "softmax"),
        ("verify", "math:sin", "--like", "softmax", "--definition", "math:sin"),
    ],
    ids=" ".join,
)
def test_a_usage_error_is_one_line_and_exit_code_4(
    argv: tuple[str, ...], shell: Shell, measuring: Install
) -> None:
    fake = measuring(realistic())
    code, out, err = shell(*argv)
    assert (code, out) == (4, "")
    one_line(err)
    assert fake.calls == []


def test_what_the_engine_calls_a_usage_error_is_one_line(shell: Shell, measuring: Install) -> None:
    def refuse(*_: Any, **__: Any) -> Run:
        raise UsageError("unknown operation 'sofmax'; did you mean softmax?")

    measuring(refuse)
    code, _, err = shell("compare", "sofmax")
    assert code == 4
    assert one_line(err) == "error: unknown operation 'sofmax'; did you mean softmax?"


@pytest.mark.parametrize(
    "argv",
    [("compare", "sofmax"), ("compare", "--dtypes", "float8"), ("compare", "--implementations", "pytorch")],
)
def test_the_real_engine_names_what_it_does_not_know(argv: tuple[str, ...], shell: Shell) -> None:
    code, out, err = shell(*argv)
    assert (code, out) == (4, "")
    assert argv[-1] in one_line(err)


def test_a_crash_is_exit_code_3_with_its_traceback(shell: Shell, measuring: Install) -> None:
    def crash(*_: Any, **__: Any) -> Run:
        raise RuntimeError("tape broke")

    measuring(crash)
    code, _, err = shell("compare")
    assert code == 3
    assert "Traceback" in err
    assert "internal error: RuntimeError: tape broke" in err


@pytest.mark.parametrize("option", ["--out", "--json"])
@pytest.mark.parametrize("place", ["file/below", "/proc/gradassay/out"])
def test_an_unwritable_destination_is_told_before_anything_is_measured(
    option: str, place: str, shell: Shell, measuring: Install
) -> None:
    fake = measuring(realistic())
    Path("file").write_text("in the way")
    code, _, err = shell("compare", option, place)
    assert code == 4
    assert option in one_line(err)
    assert fake.calls == []


def test_out_holds_json_and_markdown_and_nothing_else(shell: Shell, measuring: Install) -> None:
    measuring(realistic())
    code, out, _ = shell("compare", "--out", "a/b")
    assert code == 0
    assert {path.name for path in Path("a/b").iterdir()} == {"results.json", "report.md"}
    assert json.loads(Path("a/b/results.json").read_text())["schema"] == 1
    assert "softmax" in out


def test_a_full_disk_leaves_the_old_report_and_no_debris(
    shell: Shell, measuring: Install, full_disk: FullDisk
) -> None:
    measuring(realistic())
    shell("compare", "--out", "out")
    before = Path("out/results.json").read_bytes()
    measuring(FAILED)

    full_disk(0)
    code, _, err = shell("compare", "--out", "out")
    assert code == 4
    assert "No space left on device" in one_line(err)
    assert {path.name for path in Path("out").iterdir()} == {"results.json", "report.md"}
    assert Path("out/results.json").read_bytes() == before


def test_json_on_standard_output_is_alone_there(shell: Shell, measuring: Install) -> None:
    def chatty(*_: Any, **__: Any) -> Run:
        print("a framework says hello")
        return realistic()

    measuring(chatty)
    code, out, err = shell("compare", "--json", "-")
    assert code == 0
    assert json.loads(out)["schema"] == 1
    assert "hello" in err


def test_an_interrupted_run_is_saved_and_says_so(shell: Shell, measuring: Install) -> None:
    measuring(run(row(), interrupted=True))
    code, out, _ = shell("compare", "--out", "out")
    assert code == 2
    assert "INTERRUPTED" in out
    saved = json.loads(Path("out/results.json").read_text())
    assert saved["interrupted"] is True
    assert len(saved["rows"]) == 1


def test_an_interrupt_outside_of_the_engine_is_exit_code_2(shell: Shell, measuring: Install) -> None:
    def interrupted(*_: Any, **__: Any) -> Run:
        raise KeyboardInterrupt

    measuring(interrupted)
    code, _, err = shell("compare")
    assert code == 2
    assert "interrupted" in err
    assert "Traceback" not in err


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
def test_ctrl_c_saves_what_was_found_so_far(tmp_path: Path) -> None:
    code = (
        "import sys, gradassay.plan as plan; from gradassay.cli import main; measure = plan.measure\n"
        "def told(*args):\n    measure(*args); print('measuring', file=sys.stderr, flush=True)\n"
        "plan.measure = told; sys.exit(main(sys.argv[1:]))"
    )
    argv = [
        "compare",
        "softmax",
        "--implementations",
        "numpy",
        "--examples",
        "500",
        "--out",
        str(tmp_path / "out"),
    ]
    process = subprocess.Popen(
        [sys.executable, "-c", code, *argv],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    assert process.stderr.readline() == "measuring\n"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 2, err
    assert "INTERRUPTED" in out
    saved = json.loads((tmp_path / "out" / "results.json").read_text())
    assert saved["interrupted"] is True
    assert 0 < sum(each["scenarios"] for each in saved["rows"]) < 4 * 500


@pytest.mark.skipif(os.name != "posix", reason="needs a POSIX shell")
@pytest.mark.parametrize("command", ["--help", "list", "completion bash"])
def test_a_reader_that_goes_away_is_no_error(command: str) -> None:
    script = f"set -o pipefail; {sys.executable} -m gradassay {command} | true"
    done = subprocess.run(
        ["bash", "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


SMALL = "compare softmax --examples 2 --implementations numpy --dtypes float32"
full = pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="needs the device /dev/full")


def bash(line: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """``line``, in which $G is the command."""
    variables = {**os.environ, "G": f"{sys.executable} -m gradassay", **environment}
    return subprocess.run(
        ["bash", "-c", line], cwd=ROOT, env=variables, capture_output=True, text=True, timeout=60, check=False
    )


@full
@pytest.mark.parametrize(
    "command", ["list", "--help", "--version", "compare --help", SMALL, f"{SMALL} --json -"]
)
@pytest.mark.parametrize("place", [">/dev/full", ">&-"])
def test_a_standard_output_that_takes_nothing_is_one_line(command: str, place: str) -> None:
    done = bash(f"$G {command} {place}")
    assert done.returncode == 4
    assert "cannot write to standard output" in one_line(done.stderr)


@full
def test_a_device_is_written_to_and_not_replaced() -> None:
    done = bash(f"$G {SMALL} --json /dev/full")
    assert done.returncode == 4
    assert "cannot write /dev/full: No space left on device" in one_line(done.stderr)
    assert Path("/dev/full").is_char_device()
    done = bash(f"$G {SMALL} --json >(cat >&2)")
    assert (done.returncode, json.loads(done.stderr)["schema"]) == (0, 1)


@full
@pytest.mark.parametrize("place", ["2>/dev/full", "2>&-"])
def test_a_standard_error_that_takes_nothing_changes_no_exit_code(place: str) -> None:
    assert bash(f"$G compare --bogus {place}").returncode == 4
    assert bash(f"$G {SMALL} {place}").returncode == 0


def test_a_link_stays_a_link(shell: Shell, measuring: Install) -> None:
    measuring(realistic())
    Path("real.json").write_text("old")
    Path("link.json").symlink_to("real.json")
    assert shell("compare", "--json", "link.json")[0] == 0
    assert Path("link.json").is_symlink()
    assert json.loads(Path("real.json").read_text())["schema"] == 1


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": ""},
    ],
    ids=" ".join,
)
def test_an_encoding_without_our_letters_degrades(environment: dict[str, str]) -> None:
    done = bash(f"$G {SMALL} && $G doctor", **environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.isascii()
    assert "1 operation x 1 implementation" in " ".join(done.stdout.split())
    assert "\n+ python" in done.stdout


def test_json_is_the_same_document_in_ascii(tmp_path: Path) -> None:
    """Where letters are replaced there would be other words in it."""
    code = (
        "import sys; from gradassay.cli import main; from property_tests.fake_runs import *\n"
        "sys.modules['gradassay.engine'] = engine(run(notes=('ties · 2 × 2 − \U0001d7d9',)))\n"
        "main(['compare', '--json', '-'])"
    )
    done = bash(f'{sys.executable} -c "$CODE"', CODE=code, PYTHONIOENCODING="ascii")
    assert done.stdout.isascii()
    assert json.loads(done.stdout)["notes"] == ["ties · 2 × 2 − \U0001d7d9"]


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
def test_ctrl_c_while_importing_is_quiet(tmp_path: Path) -> None:
    """click stands for whatever takes its time; what an interrupt makes of an import can be any exception."""
    for raised in ("", "\nexcept KeyboardInterrupt: raise ImportError('numpy is broken')"):
        body = "print('importing', flush=True)\nimport time; time.sleep(60)"
        body = f"try:\n  {body.replace(chr(10), chr(10) + '  ')}{raised}" if raised else body
        (tmp_path / "click.py").write_text(body)
        process = subprocess.Popen(
            [sys.executable, "-m", "gradassay", "list"],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(tmp_path)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "importing\n"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (2, "interrupted\n")


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
def test_an_interrupt_that_python_drops_is_remembered_and_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    class Finalised:
        def __del__(self) -> None:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0)

    before = signal.getsignal(signal.SIGINT), sys.unraisablehook
    with remembered_interrupt() as interrupted:
        Finalised()
    assert interrupted
    assert capsys.readouterr().err == ""
    assert (signal.getsignal(signal.SIGINT), sys.unraisablehook) == before


def test_no_colour_goes_into_a_pipe(shell: Shell, measuring: Install) -> None:
    measuring(FAILED)
    _, out, err = shell("compare")
    assert "\x1b[" not in out + err


def test_verify_hands_rule_and_options_to_the_api(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[Any, dict[str, Any]]] = []

    def verify(rule: Any, **kwargs: Any) -> Any:
        calls.append((rule, kwargs))
        return SimpleNamespace(run=FAILED)

    monkeypatch.setitem(sys.modules, "gradassay.api", SimpleNamespace(verify=verify))
    Path("my_layers.py").write_text("def mine(x): ...\ndef formula(x): ...\npoints = [(1.0,)]\n")
    code, out, _ = shell("verify", "my_layers:mine", "--like", "softmax", "--dtypes", "float32")
    assert code == 1
    assert "sum term missing" in out
    shell("verify", "my_layers:mine", "--definition", "my_layers:formula", "--inputs", "my_layers:points")
    (rule, first), (_, second) = calls
    assert rule.__name__ == "mine"
    assert first.pop("progress")
    assert first == {"like": "softmax", "dtypes": ("float32",), "examples": 100, "seed": 0}
    assert second["definition"].__name__ == "formula"
    assert second["inputs"] == [(1.0,)]


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ("5", "inputs is 5 (int); give a list of argument tuples, or a Hypothesis strategy"),
        ("print", "(builtin_function_or_method); give a list"),
        ("[(1.0,), 2.0]", "input 1 is a float"),
    ],
)
def test_inputs_that_cannot_be_used_are_one_line(inputs: str, words: str, shell: Shell) -> None:
    name = f"inputs_{abs(hash(inputs))}"
    Path(f"{name}.py").write_text(
        f"print('hello')\ndef square(x): return x * x, lambda y_bar: 2 * x * y_bar\nNOT = {inputs}\n"
    )
    for how in (("--like", "softmax"), ()):
        code, out, err = shell("verify", f"{name}:square", *how, "--inputs", f"{name}:NOT")
        assert (code, out) == (4, "")
        assert words in one_line(err.removeprefix("hello\n"))


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("import no_such_thing", "needs 'no_such_thing'"),
        ("1 / 0", "ZeroDivisionError"),
        ("def oops(:", "SyntaxError"),
        ("raise SystemExit(7)", "SystemExit"),
    ],
)
def test_a_module_that_cannot_be_imported_is_one_line(source: str, words: str, shell: Shell) -> None:
    name = f"broken_{abs(hash(source))}"
    Path(f"{name}.py").write_text(source)
    code, _, err = shell("verify", f"{name}:rule", "--like", "softmax")
    assert code == 4
    assert words in one_line(err)


def test_every_package_is_listed_for_installation() -> None:
    packaging = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    tops = ("gradassay", "reference_impls", "comparators", "property_tests", "reports")
    found = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for top in tops
        for path in (ROOT / top).rglob("__init__.py")
    }
    assert set(packaging["packages"]) == found


def test_ci_runs_the_readme_s_test_command() -> None:
    readme = (ROOT / "README.md").read_text()
    commands = re.findall(r"^```sh\n(.*?)\n```$", readme, re.M | re.S)
    assert sum("tox run -e compare" in command for command in commands) == 1
    (tests,) = (command for command in commands if command.endswith("tox run -e tests,check"))
    assert tests in (ROOT / ".ci" / "run").read_text().splitlines()


def test_the_pytest_fixture_fails_a_test_whose_rule_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(
        "import sys, types\n"
        "from gradassay.pytest_plugin import assay\n"
        "def verify(rule, *, like):\n"
        "    def raise_if_failed():\n"
        "        assert rule == like, f'{rule} is not {like}'\n"
        "    return types.SimpleNamespace(raise_if_failed=raise_if_failed, rule=rule)\n"
        "sys.modules['gradassay.api'] = types.SimpleNamespace(verify=verify)\n"
    )
    (tmp_path / "test_rules.py").write_text(
        "def test_right(assay):\n    assert assay('softmax', like='softmax').rule == 'softmax'\n"
        "def test_wrong(assay):\n    assay('relu', like='softmax')\n"
    )
    done = python("-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), str(tmp_path))
    assert "1 failed, 1 passed" in done.stdout
    assert "relu is not softmax" in done.stdout
