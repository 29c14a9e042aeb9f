#include "reports/html.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "harness/core/printable.hpp"
#include "reports/testing/sample_results.hpp"

namespace sluice::reports {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Tag {
  std::string name;
  bool closes = false;
  std::string text;  // all between < and >
};

// Every tag of the page's body; text holds no <, or that alone would fail the tests that follow.
std::vector<Tag> tags(const std::string& page) {
  std::vector<Tag> found;
  for (std::size_t at = page.find("<body"); at != std::string::npos; at = page.find('<', at + 1)) {
    Tag tag{.name = {}, .closes = page[at + 1] == '/', .text = page.substr(at + 1, page.find('>', at) - at - 1)};
    const std::size_t name = tag.closes ? 1 : 0;
    tag.name = tag.text.substr(name, tag.text.find(' ') - name);
    found.push_back(tag);
  }
  return found;
}

TEST(Page, ForbidsEverythingButItsOwnStyle) {
  EXPECT_THAT(html(go_sample()),
              HasSubstr("http-equiv=\"Content-Security-Policy\" content=\"default-src &#39;none&#39;; "
                        "style-src &#39;unsafe-inline&#39;; base-uri &#39;none&#39;; form-action &#39;none&#39;\""));
}

TEST(Page, LoadsNothing) {
  for (const auto& name : sample_names()) {
    const std::string page = html(sample(name));
    for (const char* tag :
         {"<script", "<img", "<link", "<iframe", "<object", "<form", "@import", "url(", " src=\"", " style=\""})
      EXPECT_THAT(page, Not(HasSubstr(tag))) << name;
    for (const auto& tag : tags(page)) {
      const std::size_t link = tag.text.find("href=");
      EXPECT_TRUE(link == std::string::npos || tag.text.substr(link).starts_with("href=\"#")) << tag.text;
    }
  }
}

TEST(Page, OpensAndClosesEveryElementInPairs) {
  for (const auto& name : sample_names()) {
    std::vector<std::string> open;
    for (const auto& tag : tags(html(sample(name)))) {
      if (!tag.closes) {
        open.push_back(tag.name);
      } else if (open.empty()) {
        EXPECT_EQ(tag.name, "html");  // opened before the body
      } else {
        EXPECT_EQ(tag.name, open.back()) << name;
        open.pop_back();
      }
    }
    EXPECT_TRUE(open.empty()) << name << ": " << open.size() << " left open";
  }
}

TEST(Page, KeepsTheOrderThatAReaderNeeds) {
  const std::string page = html(no_go_sample());
  std::size_t last = 0;
  for (const char* part :
       {"<h1>", "captures-equal failed: 15 of 20,001 rows", "id=\"suites\"", "id=\"phases\"", "id=\"phase-1\"",
        "id=\"phase-2\"", "id=\"services\"", "id=\"not-run\"", "id=\"judged\"", "id=\"again\""}) {
    const std::size_t at = page.find(part, last);
    ASSERT_NE(at, std::string::npos) << part;
    last = at;
  }
}

TEST(Page, SaysEveryStatusInWords) {
  const std::string page = html(no_go_sample());
  for (const char* word :
       {"</span> NO-GO</span>", "</span> INCONCLUSIVE</span>", "</span> passed</span>", "</span> failed</span>",
        "</span> errored</span>", "</span> skipped</span>", "</span> caught</span>", "</span> died</span>"})
    EXPECT_THAT(page, HasSubstr(word));
}

TEST(Page, MarksTheDifferenceAndShowsBlanks) {
  EXPECT_THAT(html(no_go_sample()), HasSubstr("neural network?<mark><i class=\"w\">·</i></mark>"));
}

TEST(Page, ShowsAChangeFarInsideALongValue) {
  const std::string page = html(no_go_sample());
  EXPECT_THAT(page, HasSubstr("<mark>old</mark>"));
  EXPECT_THAT(page, HasSubstr("<mark>new</mark>"));
  EXPECT_THAT(page, HasSubstr("bytes before"));
}

TEST(Page, WarnsWhenControlsWereOff) {
  EXPECT_THAT(html(inconclusive_sample()), HasSubstr("Controls were off."));
  EXPECT_THAT(html(inconclusive_sample()), HasSubstr("not run: nothing shows that this check could have failed"));
  EXPECT_THAT(html(go_sample()), Not(HasSubstr("Controls were off.")));
}

TEST(Page, NeverPraisesASuiteThatDidNotRun) {
  RunResult run = go_sample();
  run.phases.back().checks.clear();
  const std::string page = html(run);
  EXPECT_THAT(page, Not(HasSubstr("all passed")));
  EXPECT_THAT(page, HasSubstr("nothing ran"));
}

TEST(Page, IsWholeForAnEmptyRun) {
  const std::string page = html(RunResult{});
  EXPECT_THAT(page, HasSubstr("INCONCLUSIVE"));
  EXPECT_THAT(page, HasSubstr("No phase ran."));
  EXPECT_TRUE(is_utf8(html(no_go_sample())));
}

}  // namespace
}  // namespace sluice::reports
