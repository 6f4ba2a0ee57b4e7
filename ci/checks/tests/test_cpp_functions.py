"""How long a function is, found by its braces."""

import unittest

from cpp_functions import Function, cpp_functions, python_functions

SAMPLE = """\
// void in_a_comment() {
namespace mpsec {
namespace {
constexpr int table[] = {
    1, 2};
enum class Mode : int { tunnel, transport };
template <class T>
struct Window {
  explicit Window(int size) : words_{size}, top_{0} {
    clear();
  }
  bool check(int number) const noexcept { return number > top_; }
  const char* brace = "{";
  int top_ = 0;
};
}  // namespace

Result<int> parse(const char* text,
                  int size) {
  if (size > 0) {
    for (;;) { break; }
  }
  return [&](int x) { return x; }(size);
}

TEST(Window, Checks) {
  EXPECT_TRUE(true);
}
#define MACRO(x) void x() { \\
  }
auto Window::value() const -> int {
  return 1;
}
}  // namespace mpsec
"""


class CppFunctions(unittest.TestCase):
    def test_are_found_with_their_lengths(self):
        expected = [("Window", 9, 3), ("check", 12, 1), ("parse", 18, 7), ("TEST", 26, 3), ("value", 31, 3)]
        self.assertEqual([(f.name, f.line, f.length) for f in cpp_functions(SAMPLE)], expected)


class PythonFunctions(unittest.TestCase):
    def test_are_found_with_their_lengths(self):
        self.assertEqual(python_functions("def f():\n    x = 1\n    return x\n"), [Function("f", 1, 3)])


if __name__ == "__main__":
    unittest.main()
