from ingestion.faults import Fault, OperatorFolderError, in_reading_order


def test_a_fault_reads_file_line_column_message_value() -> None:
    fault = Fault("crm/accounts.csv", 7, "cycle_day", "not a whole number", "x")
    assert str(fault) == "crm/accounts.csv:7: cycle_day: not a whole number: x"


def test_what_is_not_known_is_left_out() -> None:
    assert str(Fault("operator.yaml", None, None, "file is missing")) == (
        "operator.yaml: file is missing"
    )
    assert str(Fault("a.csv", 3, None, "ragged")) == "a.csv:3: ragged"


def test_a_value_from_outside_is_shown_printable_and_short() -> None:
    assert str(Fault("a", 1, None, "bad", "\x1b[31m\n")) == "a:1: bad: \\x1b[31m\\n"
    assert len(str(Fault("a", 1, None, "bad", "x" * 10_000))) < 150


def test_an_error_lists_all_faults_in_reading_order_and_each_once() -> None:
    second, first = Fault("b.csv", 1, None, "x"), Fault("a.csv", 10, None, "x")
    error = OperatorFolderError([second, first, second])
    assert error.faults == [first, second] == in_reading_order([first, second])
    assert str(error) == "a.csv:10: x\nb.csv:1: x"
