import sys
import threading

import pytest

from wholefield.errors import SettingError
from wholefield_app.problems import ExceptionHooks, Problem


def test_an_error_meant_for_the_user_is_shown_as_it_stands() -> None:
    assert Problem.from_error(SettingError("The setting epochs is 0 but must be at least 1.")) == Problem(
        "The setting epochs is 0 but must be at least 1."
    )


def test_any_other_error_becomes_a_sentence_with_details() -> None:
    try:
        dict[str, int]()["missing"]
    except KeyError as error:
        problem = Problem.from_error(error)
    assert problem.sentence.startswith("An unexpected error occurred (KeyError: 'missing').")
    assert "test_problems.py" in problem.details
    assert "Traceback" not in problem.sentence


def test_an_error_without_text_is_named_by_its_type() -> None:
    assert "(ValueError)" in Problem.from_error(ValueError()).sentence


def test_hooks_report_errors_of_this_and_other_threads_and_are_given_back() -> None:
    before = (sys.excepthook, threading.excepthook)
    problems: list[Problem] = []
    hooks = ExceptionHooks(problems.append)
    hooks.install()
    try:
        sys.excepthook(ValueError, ValueError("here"), None)
        thread = threading.Thread(target=lambda: 1 / 0)
        thread.start()
        thread.join()
    finally:
        hooks.remove()
    assert ["here" in problems[0].sentence, "ZeroDivisionError" in problems[1].sentence] == [True, True]
    assert (sys.excepthook, threading.excepthook) == before


def test_an_interrupt_from_the_keyboard_is_no_problem(capsys: pytest.CaptureFixture[str]) -> None:
    problems: list[Problem] = []
    hooks = ExceptionHooks(problems.append)
    hooks.install()
    try:
        sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    finally:
        hooks.remove()
    assert problems == []
    assert "KeyboardInterrupt" in capsys.readouterr().err
