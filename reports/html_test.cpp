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
  for (const char* part : {"<h1>", "captures-equal failed: 15 of 20,001 rows", "id=\"suites\"", "id=\"gates\"",
                           "id=\"judged\"", "id=\"waivers\"", "id=\"history\"", "id=\"again\"", "id=\"phases\"",
                           "id=\"phase-1\"", "id=\"phase-2\"", "id=\"services\"", "id=\"not-run\""}) {
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

TEST(Page, NeverLetsAWaivedGoLookPlain) {
  const std::string page = html(waived_sample());
  EXPECT_THAT(page, HasSubstr("<title>GO with 2 waived findings and 1 check allowed to be inconclusive: "));
  EXPECT_THAT(page, HasSubstr(" GO<span class=\"but\"> with 2 waived findings and 1 check allowed to be inconclusive"));
  EXPECT_THAT(page, HasSubstr("</span> GO, conceded</span>"));
  EXPECT_THAT(page, HasSubstr("<article class=\"gate inconclusive\">"));
  EXPECT_THAT(page, HasSubstr("<header class=\"banner inconclusive\">"));
  EXPECT_THAT(page, HasSubstr("Counts as passed: its 2 errors are waived by Grace Hopper"));
  EXPECT_THAT(html(go_sample()), Not(HasSubstr("class=\"but\"")));
}

TEST(Page, SaysWhoAcceptedWhatAndUntilWhen) {
  const std::string page = html(waived_sample());
  for (const char* part :
       {"Ada Lovelace", "which &lt;b&gt;nobody&lt;/b&gt; reads", "2027-01-31: 72 days left", "2026-11-20: its last day",
        "row-changed of check captures-* › table captures › column user_text",
        "1 finding of captures-equal (after), seen 14 times", ", also critical"})
    EXPECT_THAT(page, HasSubstr(part));
  const std::string broken = html(no_go_sample());
  EXPECT_THAT(broken,
              HasSubstr("<div class=\"bad\">\n<dt>Holds until</dt>\n<dd>2026-11-06: expired 14 days before the phase"));
  EXPECT_THAT(broken, HasSubstr("</span> expired</span>"));
  EXPECT_THAT(broken, HasSubstr("</span> unused</span>"));
  EXPECT_THAT(broken, HasSubstr("not judged: its check did not run whole"));
  EXPECT_THAT(html(go_sample()), HasSubstr("Nothing is waived, and no check is allowed to be inconclusive."));
}

TEST(Page, TellsWhatChangedSinceTheLastGoAndWhereTheRunIsRecorded) {
  const std::string page = html(no_go_sample());
  EXPECT_THAT(page, HasSubstr("2 rules are less strict than when the phase was last GO"));
  EXPECT_THAT(page, HasSubstr("require &lt;schema&gt;"));
  EXPECT_THAT(page, HasSubstr("Recorded as #42 in ledger.db: 2c26b46b"));
  EXPECT_THAT(html(go_sample()), HasSubstr("The ledger knows of no rule that was stricter at the last GO."));
  EXPECT_THAT(html(inconclusive_sample()), HasSubstr("Not recorded in the ledger: ledger.db: database is locked"));
  EXPECT_THAT(html(RunResult{}), HasSubstr("No ledger was asked, so nothing is known of an earlier GO."));
  EXPECT_THAT(html(inconclusive_sample()), HasSubstr("GO in run 20261119-160233-91c0"));
}

TEST(Page, ShowsARollbackThatMissedItsWindowAndWhatRanBesideTheActions) {
  const std::string page = html(no_go_sample());
  EXPECT_THAT(page, HasSubstr("</span> done too late</span>"));
  EXPECT_THAT(page, HasSubstr("The rollback took 6.2 s of the 5.0 s that it has."));
  EXPECT_THAT(page, HasSubstr("<dt>Beside the actions</dt>\n<dd>for 1.9 s"));
  RunResult alone = no_go_sample();
  alone.phases[1].checks[1].overlapped = {};
  alone.phases[1].rollback->within.reset();
  EXPECT_THAT(html(alone), HasSubstr("<dt>Beside the actions</dt>\n<dd>at no time"));
  EXPECT_THAT(html(alone), Not(HasSubstr("</span> done too late</span>")));
  EXPECT_THAT(html(alone), HasSubstr("The rollback took 6.2 s."));
}

TEST(Page, IsWholeForAnEmptyRun) {
  const std::string page = html(RunResult{});
  EXPECT_THAT(page, HasSubstr("INCONCLUSIVE"));
  EXPECT_THAT(page, HasSubstr("No phase ran."));
  EXPECT_TRUE(is_utf8(html(no_go_sample())));
}

}  // namespace
}  // namespace sluice::reports
