"""The command ``edgeact doctor``. What is heavy is imported inside, so that ``--help`` is quick."""

import typer


def doctor() -> None:
    """Look at this machine: what is there, what is missing, and what to do about it."""
    from edgeact.doctor import doctor_table, examine
    from edgeact.terminal import print_result

    checks = examine()
    print_result(doctor_table(checks))
    raise typer.Exit(1 if any(check.state == "fail" for check in checks) else 0)
