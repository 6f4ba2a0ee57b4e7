"""Finds the functions of a source file and their lengths: C++ by its braces, Python by its syntax tree.

The C++ side is no parser. It looks at what stands before each opening brace outside of any function; that is
enough for formatted code, and for counting lines.
"""

import ast
import re
from dataclasses import dataclass

_NOISE = re.compile(
    r'R"(?P<mark>[^(\s]*)\(.*?\)(?P=mark)"'  # raw string
    r"|//[^\n]*|/\*.*?\*/"  # comments
    r'|"(?:\\.|[^"\\\n])*"'  # string
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'"  # character, but no digit separator
    r"|^[ \t]*#(?:[^\n\\]|\\\n|\\.)*",  # preprocessor, with its continued lines
    re.DOTALL | re.MULTILINE,
)
_NO_FUNCTION = re.compile(r"^\s*(?:(?:inline|export)\s+)*(?:namespace|extern\s+\"|enum)\b|=\s*$|\breturn\b")
_FUNCTION_HEAD = re.compile(
    r"(?P<name>operator\s*\S+?|~?[A-Za-z_]\w*)\s*\("  # name(
    r"[^;]*\)"  # parameters), and perhaps an initialiser list
    r"\s*(?:const|noexcept(?:\([^()]*\))?|override|final|mutable|try|&&?|->\s*[^;{]+|requires\s[^;{]+|\s)*$",
    re.DOTALL,
)


@dataclass(frozen=True)
class Function:
    name: str
    line: int
    length: int


def python_functions(text: str) -> list[Function]:
    nodes = (node for node in ast.walk(ast.parse(text)) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))
    return [Function(node.name, node.lineno, node.end_lineno - node.lineno + 1) for node in nodes]


def cpp_functions(text: str) -> list[Function]:
    code = _NOISE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    found: list[Function] = []
    position = 0
    while (brace := code.find("{", position)) >= 0:
        start = 1 + max(code.rfind(mark, 0, brace) for mark in ";{}")
        name = _function_name(code, start, brace)
        if name is None:
            position = brace + 1
            continue
        end = _closing(code, brace)
        start += len(code[start:]) - len(code[start:].lstrip())
        first, last = code.count("\n", 0, start) + 1, code.count("\n", 0, end) + 1
        found.append(Function(name, first, last - first + 1))
        position = end
    return found


def _function_name(code: str, start: int, brace: int) -> str | None:
    """The name of the function whose body opens at `brace`, or None if another thing opens there."""
    head = re.sub(r"\b(public|private|protected)\s*:", "", code[start:brace])
    if _NO_FUNCTION.search(head):
        return None
    match = _FUNCTION_HEAD.search(head)
    if match:
        return " ".join(match["name"].split())
    # "Window(int size) : words_{size}, top_{0} {": the body follows the brace of the last member
    if not head.strip() and code[:start].rstrip().endswith("}"):
        constructor = re.search(r"(\w+)\([^;{}]*\)\s*(?:noexcept\s*)?:\s[^;]*$", code[:start])
        return constructor[1] if constructor else None
    return None


def _closing(code: str, opening: int) -> int:
    depth = 0
    for match in re.finditer(r"[{}]", code[opening:]):
        depth += 1 if match[0] == "{" else -1
        if depth == 0:
            return opening + match.start()
    return len(code) - 1
