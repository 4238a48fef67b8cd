"""A form is acted on once."""

import threading

import pytest

from cloud.web.once import LENGTH, Once, number


def test_a_second_press_gets_the_answer_of_the_first():
    once, acts = Once(), []
    first = once.run("session", "form", lambda: acts.append(1) or "done")
    second = once.run("session", "form", lambda: acts.append(2) or "again")
    assert (first, second, acts) == ("done", "done", [1])


def test_the_same_number_in_another_session_is_another_form():
    once = Once()
    assert once.run("one", "form", lambda: "one") == "one"
    assert once.run("two", "form", lambda: "two") == "two"


def test_a_form_without_a_number_is_simply_acted_on():
    once, acts = Once(), []
    for press in range(2):
        once.run("session", "", lambda press=press: acts.append(press))
    assert acts == [0, 1]


def test_after_a_fault_the_resend_acts():
    once = Once()

    def fault():
        raise OSError

    with pytest.raises(OSError):
        once.run("session", "form", fault)
    assert once.run("session", "form", lambda: "done") == "done"


def test_a_press_that_comes_while_the_first_is_acting_waits_for_its_answer():
    once, begun, go_on, acts = Once(), threading.Event(), threading.Event(), []

    def slowly():
        begun.set()
        assert go_on.wait(5)
        acts.append(1)
        return "first"

    answers = []
    first = threading.Thread(target=lambda: answers.append(once.run("s", "f", slowly)))
    first.start()
    assert begun.wait(5)
    second = threading.Thread(target=lambda: answers.append(once.run("s", "f", slowly)))
    second.start()
    go_on.set()
    first.join(60)
    second.join(60)
    assert (answers, acts) == (["first", "first"], [1])


def test_only_so_many_answers_are_kept():
    once = Once(kept=2)
    for form in "abc":
        once.run("session", form, lambda form=form: form)
    assert once.run("session", "a", lambda: "acted anew") == "acted anew"
    assert once.run("session", "c", lambda: "acted anew") == "c"


def test_numbers_are_long_and_never_the_same():
    numbers = {number() for _ in range(100)}
    assert len(numbers) == 100
    assert {len(one) for one in numbers} == {LENGTH}
