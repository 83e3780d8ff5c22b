"""The one error that bad input raises."""


class InputError(ValueError):
    """Something a user can mend: the message is one sentence saying what is wrong, where, and what to do.

    The message never holds a value of a patient's row.
    """
