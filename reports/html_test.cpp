#include "reports/html.hpp"

#include <gmock/gmock.h>

#include <regex>

#include "harness/core/printable.hpp"
#include "reports/testing/sample_results.hpp"

namespace sluice::reports {
namespace {

using testing::HasSubstr;
using testing::Not;

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
    const std::regex reference("href=\"([^\"]*)\"");
    for (std::sregex_iterator link(page.begin(), page.end(), reference), end; link != end; ++link)
      EXPECT_EQ((*link)[1].str().front(), '#');
  }
}

TEST(Page, OpensAndClosesEveryElementInPairs) {
  for (const auto& name : sample_names()) {
    const std::string page = html(sample(name));
    std::vector<std::string> open;
    const std::regex tag("<(/?)([a-z0-9]+)[^>]*>");
    const std::string body = page.substr(page.find("</style>"));
    for (std::sregex_iterator at(body.begin(), body.end(), tag), end; at != end; ++at) {
      if ((*at)[1].length() == 0) {
        open.push_back((*at)[2]);
      } else if (!open.empty() && open.back() == (*at)[2]) {
        open.pop_back();
      } else {
        EXPECT_THAT((std::vector<std::string>{"style", "head", "html"}), testing::Contains((*at)[2].str())) << name;
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
