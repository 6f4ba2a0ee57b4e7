#include "gateway/control/prometheus.hpp"

#include <gmock/gmock.h>
#include <map>
#include <rapidcheck/gtest.h>
#include <regex>
#include <set>

#include "gateway/control/exposition.hpp"
#include "gateway/control/test_host.hpp"

namespace mpsec::gateway::test {
namespace {

using testing::HasSubstr;

// What the text format asks of each line, and of the lines of a family.
class Grammar {
 public:
  // What is wrong; empty: nothing.
  std::string check(const std::string& text) {
    if (text.empty() || text.back() != '\n') return "the last line has no end";
    std::size_t begin = 0;
    for (std::size_t end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1)
      if (std::string wrong = line(text.substr(begin, end - begin)); !wrong.empty()) return wrong;
    return "";
  }
  std::map<std::string, std::string> values;  // of series, by name and labels

 private:
  std::string line(const std::string& text) {
    static const std::regex help("# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) [^\\n]+"),
        type("# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge)"),
        sample(
            "([a-zA-Z_:][a-zA-Z0-9_:]*)(\\{([a-zA-Z_][a-zA-Z0-9_]*=\"([^\"\\\\\\n]|\\\\[\\\\\"n])*\",?)*\\})?"
            " "
            "(-?[0-9]+(\\.[0-9]+)?(e[-+]?[0-9]+)?|NaN|[-+]Inf)");
    std::smatch match;
    if (std::regex_match(text, match, help)) {
      if (!families_.insert(match[1]).second) return "a second family: " + text;
      helped_ = match[1];
      return "";
    }
    if (std::regex_match(text, match, type)) {
      family_ = match[1], counts_ = match[2] == "counter";
      return family_ == helped_ ? "" : "TYPE without HELP: " + text;
    }
    if (!std::regex_match(text, match, sample)) return "no line of the format: " + text;
    if (match[1] != family_) return "a sample of another family: " + text;
    if (counts_ != family_.ends_with("_total"))
      return "a counter, and only a counter, ends in _total: " + text;
    if (!values.emplace(text.substr(0, text.rfind(' ')), match[5]).second) return "a series twice: " + text;
    return "";
  }

  std::set<std::string> families_;
  std::string helped_, family_;
  bool counts_ = false;
};

TEST(Prometheus, EveryLineIsOfTheFormat) {
  TestHost host({.paths = 2, .cluster = true, .change = [](Settings& settings) {
                   settings.clusters["net"].reordering = ClusterSettings::Reordering{};
                 }});
  host.ask_and_wait(R"({"request": "initiate", "peer": "peer"})");
  for (std::uint8_t i = 0; i < 10; ++i)
    host.world.send(host.world.b, packet(false, i));
  host.deliver_all();
  const std::string text = host.ask(R"({"request": "metrics"})")["text"];
  Grammar grammar;
  EXPECT_EQ(grammar.check(text), "");
  EXPECT_EQ(grammar.values["mpsec_ike_sas{state=\"established\"}"], "2");
  EXPECT_EQ(grammar.values["mpsec_cluster_valid_sub_sas{cluster=\"net\"}"], "2");
  EXPECT_EQ(grammar.values["mpsec_arrivals_total{cluster=\"net\"}"], "10");
  EXPECT_EQ(grammar.values["mpsec_reorder_packets_total{cluster=\"net\",outcome=\"in_order\"}"], "10");
  EXPECT_EQ(grammar.values["mpsec_io_total{counter=\"udp.received\"}"], "3");
  EXPECT_EQ(grammar.values["mpsec_discards_total{cause=\"no_sa\"}"], "0");
  EXPECT_THAT(text, HasSubstr("mpsec_path_condition{cluster=\"net\",child=\"1\",path=\""));
}

TEST(Prometheus, TheGrammarSeesWhatIsWrong) {
  const auto check = [](const std::string& text) { return Grammar().check(text); };
  EXPECT_NE(check("x"), "");
  EXPECT_NE(check("# HELP a_total b\n# TYPE a_total counter\na_total{b=\"c\nd\"} 1\n"), "");
  EXPECT_NE(check("# HELP a b\n# TYPE a gauge\na 1\na 1\n"), "");
  EXPECT_NE(check("# HELP a b\n# TYPE a counter\na 1\n"), "");
  EXPECT_EQ(check("# HELP a b\n# TYPE a gauge\na 1e-09\na{b=\"\\\\\"} NaN\n"), "");
}

RC_GTEST_PROP(Prometheus, AnyTextMayBeALabel, (const std::string& value, double number)) {
  Exposition out;
  out.family("a", Exposition::Type::gauge, "b");
  out.sample({{"label", value}}, number);
  RC_ASSERT(Grammar().check(out.take()) == "");
}

}  // namespace
}  // namespace mpsec::gateway::test
