#include "harness/cli/terminal.hpp"

#include <gtest/gtest.h>

#include <map>

namespace sluice::cli {
namespace {

using Variables = std::map<std::string, std::string>;

EnvironmentLookup in(const Variables& variables) {
  return [&variables](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  };
}

TEST(DisplayWidth, CountsColumnsAndNotBytesOrCharacters) {
  EXPECT_EQ(display_width("plain"), 5u);
  EXPECT_EQ(display_width("é"), 1u);
  EXPECT_EQ(display_width("e\u0301"), 1u);
  EXPECT_EQ(display_width("移行"), 4u);
  EXPECT_EQ(display_width("🚢"), 2u);
  EXPECT_EQ(display_width("\xff\xfe"), 2u);
}

TEST(CutTo, NeverSplitsACharacterOrItsAccent) {
  EXPECT_EQ(cut_to("plain", 5), "plain");
  EXPECT_EQ(cut_to("plain", 4), "pla…");
  EXPECT_EQ(cut_to("移行移行", 4), "移…");
  EXPECT_EQ(cut_to("移行移行", 5), "移行…");
  EXPECT_EQ(cut_to("ae\u0301iou", 3), "ae\u0301…");
  EXPECT_EQ(cut_to("plain", 1), "…");
  EXPECT_EQ(cut_to("plain", 0), "");
}

TEST(CutTo, KeepsTheStylesOfWhatIsLeft) {
  const Line cut = cut_to(Line{{"ab", Style::good}, {"cdef", Style::bad}}, 4);
  EXPECT_EQ(rendered(cut, true), "\x1b[32mab\x1b[0m\x1b[31mc…\x1b[0m");
  EXPECT_EQ(rendered(cut, false), "abc…");
}

TEST(Colour, IsForTerminalsUnlessTheEnvironmentSaysOtherwise) {
  const Variables none{{"TERM", "xterm"}};
  EXPECT_TRUE(wants_colour(in(none), true));
  EXPECT_FALSE(wants_colour(in(none), false));
  EXPECT_FALSE(wants_colour(in({{"TERM", "dumb"}}), true));
  EXPECT_FALSE(wants_colour(in({{"CLICOLOR", "0"}}), true));
  EXPECT_TRUE(wants_colour(in({{"CLICOLOR", "0"}, {"CLICOLOR_FORCE", "1"}}), false));
  EXPECT_FALSE(wants_colour(in({{"CLICOLOR_FORCE", "0"}}), false));
  EXPECT_FALSE(wants_colour(in({{"NO_COLOR", "1"}, {"CLICOLOR_FORCE", "1"}}), true));
  EXPECT_TRUE(wants_colour(in({{"NO_COLOR", ""}, {"TERM", "xterm"}}), true));
}

TEST(LiveView, NeedsATerminalThatMovesItsCursorAndNoCi) {
  EXPECT_TRUE(wants_live_view(in({{"TERM", "xterm"}}), true));
  EXPECT_FALSE(wants_live_view(in({{"TERM", "xterm"}}), false));
  EXPECT_FALSE(wants_live_view(in({{"TERM", "dumb"}}), true));
  EXPECT_FALSE(wants_live_view(in({}), true));
  EXPECT_FALSE(wants_live_view(in({{"TERM", "xterm"}, {"CI", "true"}}), true));
  EXPECT_TRUE(wants_live_view(in({{"TERM", "xterm"}, {"CI", "false"}}), true));
}

TEST(Frame, LeavesTheCursorOnTheFirstLiveLine) {
  EXPECT_EQ(frame({}, {{{"one"}}, {{"two"}}, {{"three"}}}, {80, 24}, false),
            "\r\x1b[J\x1b[?7lone\ntwo\nthree\r\x1b[2A\x1b[?7h");
  EXPECT_EQ(frame({}, {{{"one"}}}, {80, 24}, false), "\r\x1b[J\x1b[?7lone\r\x1b[?7h");
  EXPECT_EQ(frame({}, {}, {80, 24}, false), "\r\x1b[J");
}

TEST(Frame, PrintsAboveTheLiveLinesAndCutsOnlyWhatMayBeCut) {
  EXPECT_EQ(frame({{{{"a result"}}}, {{{"an address"}}, true}}, {{{"live"}}}, {5, 24}, false),
            "\r\x1b[J\x1b[?7la re…\x1b[?7h\nan address\n\x1b[?7llive\r\x1b[?7h");
}

}  // namespace
}  // namespace sluice::cli
