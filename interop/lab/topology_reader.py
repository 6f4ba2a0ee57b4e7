"""Reads tables of a TOML file, and says of each complaint in which file and key it is, and what was expected."""

from typing import Any, NoReturn

from lab.errors import TopologyError

_MAXIMUM_REPEATS = 64


class Reader:
    """One table. Every key is to be asked for; `done()` refuses what is left."""

    def __init__(self, table: dict, where: str) -> None:
        self._table, self.where = table, where
        self._asked: list[str] = []

    def refuse(self, key: str | None, what: str, expected: str) -> NoReturn:
        """The key (None: the table itself) is not as expected."""
        place = self.where if key is None else self._place(key)
        raise TopologyError(f"{place}: {what}; expected {expected}")

    def text(self, key: str, default: str | None = None, allowed: tuple[str, ...] = ()) -> str:
        value = self._value(key, default)
        if not isinstance(value, str) or allowed and value not in allowed:
            expected = f"one of {', '.join(allowed)}" if allowed else "a text"
            self.refuse(key, f"is {value!r}", expected)
        return value

    def texts(self, key: str) -> list[str]:
        value = self._value(key, [])
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            self.refuse(key, f"is {value!r}", "a list of texts")
        return value

    def number(self, key: str, default: int | None = None) -> int:
        value = self._value(key, default)
        if not isinstance(value, int) or isinstance(value, bool):
            self.refuse(key, f"is {value!r}", "a whole number")
        return value

    def table(self, key: str) -> dict:
        """An inner table whose keys are free."""
        value = self._value(key, {})
        if not isinstance(value, dict):
            self.refuse(key, f"is {value!r}", "a table")
        return value

    def section(self, key: str) -> "Reader | None":
        """An inner table with known keys, if it is there."""
        value = self.table(key)
        return Reader(value, self._place(key)) if key in self._table else None

    def repeated(self, key: str, values: dict[str, int]) -> "list[Reader]":
        """The tables of a list. One with `repeat = "n"` stands for as many as `values` says, with {i} from 1 on."""
        entries = self._value(key, [])
        if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
            self.refuse(key, "is no list of tables", f"[[{key}]], or {key} = [{{...}}, ...]")
        found = []
        for number, entry in enumerate(entries):
            place = f"{self._place(key)}[{number}]"
            times = Reader(entry, place)._times(values)
            rest = {name: value for name, value in entry.items() if name != "repeat"}
            if times is None:
                found.append(Reader(_spread(rest, values), place))
            else:
                found += [Reader(_numbered(_spread(rest, values), i), f"{place} (i={i})") for i in range(1, times + 1)]
        return found

    def done(self) -> None:
        """Refuses keys that nobody has asked for."""
        for key in self._table:
            if key not in self._asked:
                raise TopologyError(f"{self._place(key)}: unknown key; expected one of {', '.join(self._asked)}")

    def _times(self, values: dict[str, int]) -> int | None:
        if "repeat" not in self._table:
            return None
        name = self.text("repeat")
        if not 0 <= values.get(name, -1) <= _MAXIMUM_REPEATS:
            self.refuse("repeat", f"is '{name}'", f"the name of a parameter: {', '.join(values) or 'there is none'}")
        return values[name]

    def _value(self, key: str, default: object) -> object:
        self._asked.append(key)
        value = self._table.get(key, default)
        if value is None:
            self.refuse(key, "is missing", "it to be there")
        return value

    def _place(self, key: str) -> str:
        return f"{self.where}: {key}" if ": " not in self.where else f"{self.where}.{key}"


def _numbered(value: Any, number: int) -> Any:
    """The value with {i} replaced in all its texts, however deep."""
    if isinstance(value, str):
        return value.replace("{i}", str(number))
    if isinstance(value, list):
        return [_numbered(each, number) for each in value]
    if isinstance(value, dict):
        return {key: _numbered(each, number) for key, each in value.items()}
    return value


def _spread(value: Any, values: dict[str, int]) -> Any:
    """Lists with an element "n*TEXT" have it once for each number, with {i} replaced; n is a parameter."""
    if isinstance(value, dict):
        return {key: _spread(each, values) for key, each in value.items()}
    if not isinstance(value, list):
        return value
    spread: list[object] = []
    for each in value:
        name, star, text = each.partition("*") if isinstance(each, str) else ("", "", "")
        if star and name in values:
            spread += [_numbered(text, i) for i in range(1, values[name] + 1)]
        else:
            spread.append(_spread(each, values))
    return spread
