#include "reports/escape.hpp"

#include <gmock/gmock.h>

#include "harness/core/printable.hpp"

namespace sluice::reports {
namespace {

using namespace std::string_literals;
using testing::HasSubstr;
using testing::Not;

TEST(Characters, ComeOneAtATimeWithTheirCode) {
  std::string_view rest = "aé€😀";
  EXPECT_EQ(take_character(rest).code, U'a');
  EXPECT_EQ(take_character(rest).code, U'é');
  EXPECT_EQ(take_character(rest).code, U'€');
  EXPECT_EQ(take_character(rest).code, U'😀');
  EXPECT_TRUE(rest.empty());
}

TEST(Characters, BrokenBytesComeSinglyAndNeverSwallowWhatFollows) {
  for (const std::string& broken :
       {"\xFF"s, "\xC3"s, "\xE2\x82"s, "\xF0\x9F\x98"s, "\xC0\x80"s, "\xED\xA0\x80"s, "\x80"s}) {
    const std::string text = broken + "<";
    std::string_view rest = text;
    for (std::size_t i = 0; i < broken.size(); ++i) EXPECT_FALSE(take_character(rest).valid) << i;
    EXPECT_EQ(rest, "<");
  }
}

TEST(HtmlText, LeavesNoCharacterThatCouldBecomeMarkup) {
  EXPECT_EQ(html_text("<a href=\"x\" onclick='y'>&amp;</a>"),
            "&lt;a href=&quot;x&quot; onclick=&#39;y&#39;&gt;&amp;amp;&lt;/a&gt;");
  EXPECT_EQ(html_text("\xC3<script>"), "\xEF\xBF\xBD&lt;script&gt;");
}

TEST(HtmlText, NamesWhatWouldDeceiveTheReader) {
  EXPECT_EQ(html_text("a\u202Eb\u2066c\u200Bd"), "a[U+202E]b[U+2066]c[U+200B]d");
  EXPECT_EQ(html_text("\0\x1b\x7f\u0085"s), "[U+0000][U+001B][U+007F][U+0085]");
}

TEST(HtmlValue, ShowsWhitespaceThatMatters) {
  EXPECT_EQ(html_value("a b"), "a b");
  EXPECT_EQ(html_value(" a "), "<i class=\"w\">·</i>a<i class=\"w\">·</i>");
  EXPECT_EQ(html_value("a  b"), "a<i class=\"w\">·</i><i class=\"w\">·</i>b");
  EXPECT_EQ(html_value("a\tb\nc"), "a<i class=\"w\">⇥</i>b<i class=\"w\">↵</i>\nc");
  EXPECT_EQ(html_value("a\u00A0b"), "a<i class=\"u\">U+00A0</i>b");
  EXPECT_EQ(html_value("<b>"), "&lt;b&gt;");
}

TEST(XmlText, DropsWhatXmlCannotHold) {
  EXPECT_EQ(xml_text("a\0b\x1b[0mc\x0B\uFFFE\uFFFF d\te\nf"s), "ab[0mc d\te\nf");
  EXPECT_EQ(xml_text("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(xml_text("😀 ]]> <x>"), "😀 ]]> <x>");
}

TEST(MarkdownText, LeavesNoMarkupLinkMentionOrFormula) {
  EXPECT_EQ(markdown_text("a|b `c` **d** [e](f) ![g](h) <i> & $x$ #1 ~~y~~ \\"),
            "a\\|b \\`c\\` \\*\\*d\\*\\* \\[e\\](f) \\!\\[g\\](h) &lt;i&gt; &amp; \\$x\\$ \\#1 \\~\\~y\\~\\~ \\\\");
  EXPECT_EQ(markdown_text("@team https://evil.example www.evil.example"),
            "&#64;team https&#58;//evil.example www&#46;evil.example");
}

TEST(MarkdownText, StaysOnOneLine) { EXPECT_EQ(markdown_text("a\n\n# b\r"), "a↵ ↵ \\# b(U+000D)"); }

TEST(TerminalText, LetsNoControlSequenceThrough) {
  EXPECT_EQ(terminal_text("\x1b]0;title\x07 \x1b[2J \u009B31m \r\b"s),
            "\\x1B]0;title\\x07 \\x1B[2J \\u{009B}31m \\x0D\\x08");
  EXPECT_EQ(terminal_text("\u202Eabc\xFE"), "\\u{202E}abc\\xFE");
  EXPECT_EQ(terminal_text("a\u00A0b\xA0"), "a\\u{00A0}b\\xA0");
  EXPECT_EQ(terminal_text("a\nb\tc\\d é"), "a\\nb\\tc\\d é");
}

TEST(Clipped, CutsBetweenCharactersAndSaysHowMuchThereWas) {
  EXPECT_EQ(clipped("short", 5), "short");
  EXPECT_EQ(clipped("aéé", 4), "aé… (5 bytes)");
  EXPECT_TRUE(is_utf8(clipped("😀😀😀", 6)));
}

TEST(ValidUtf8, KeepsEverythingButBrokenBytes) {
  EXPECT_EQ(valid_utf8("ok \x1b\0 é"s), "ok \x1b\0 é"s);
  EXPECT_EQ(valid_utf8("a\xFFz"), "a\uFFFDz");
}

TEST(EveryEscape, SurvivesEveryPairOfBytes) {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string bytes{static_cast<char>(first), static_cast<char>(second)};
      for (const auto& text : {html_text(bytes), html_value(bytes), xml_text(bytes), markdown_text(bytes),
                               terminal_text(bytes), valid_utf8(bytes)})
        ASSERT_TRUE(is_utf8(text)) << first << " " << second;
      ASSERT_THAT(html_text(bytes), Not(HasSubstr("<")));
      ASSERT_EQ(terminal_text(bytes).find_first_of("\x1b\n\r\t\x7f"), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace sluice::reports
