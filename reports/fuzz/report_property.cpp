#include "reports/fuzz/report_property.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <pugixml.hpp>
#include <string_view>
#include <vector>

#include "harness/core/errors.hpp"
#include "harness/core/printable.hpp"
#include "reports/json.hpp"
#include "reports/render.hpp"

namespace sluice::reports::fuzz {
namespace {

// The same size as in the command that reads reports would only make the fuzzer slow.
constexpr ReportLimits limits{.bytes = 1u << 20, .depth = 24, .values = 100'000, .members = 256};

bool is_plain_text(std::string_view text) {
  return is_utf8(text) && std::none_of(text.begin(), text.end(), [](char c) {
           return (static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7F;
         });
}

std::string violation_by_page(std::string_view page) {
  for (const std::string_view tag :
       {"<script", "<img", "<link", "<iframe", "<object", "<form", "<svg", "javascript:\""}) {
    if (page.find(tag) != std::string_view::npos) return fmt::format("the page has a {}", tag);
  }
  std::vector<std::string_view> open;
  for (std::size_t at = page.find("<body"); at < page.size(); at = page.find('<', at + 1)) {
    const bool closes = page[at + 1] == '/';
    const std::string_view tag = page.substr(at + (closes ? 2 : 1), page.find('>', at) - at - (closes ? 2 : 1));
    const std::string_view name = tag.substr(0, tag.find(' '));
    if (!closes) {
      if (name != "meta" && name != "br" && name != "wbr" && name != "hr") open.push_back(name);
    } else if (!open.empty() && open.back() == name) {
      open.pop_back();
    } else if (name != "html") {
      return fmt::format("the page closes <{}> out of turn", name);
    }
  }
  return open.empty() ? "" : fmt::format("the page leaves <{}> open", open.back());
}

std::string violation_by_formats(const RunResult& run) {
  pugi::xml_document document;
  const std::string xml = render(run, "junit");
  if (const auto result = document.load_buffer(xml.data(), xml.size(), pugi::parse_full); !result)
    return fmt::format("JUnit is not well-formed: {} at {}", result.description(), result.offset);
  if (!document.child("testsuites")) return "JUnit has no <testsuites>";
  if (!nlohmann::json::accept(render(run, "ctrf"))) return "CTRF is not JSON";
  if (!is_plain_text(render(run, "text"))) return "the text for a terminal has a control character";
  if (!is_plain_text(render(run, "markdown"))) return "Markdown has a control character";
  return violation_by_page(render(run, "html"));
}

}  // namespace

std::string violation_by_report(const std::string& text) {
  RunResult run;
  try {
    run = from_json(text, limits);
  } catch (const InputError& error) {
    const std::string_view message = error.what();
    const bool fine = is_plain_text(message) && message.find('\n') == std::string_view::npos && message.size() < 4096;
    return fine ? "" : fmt::format("a message that is not one printable line: {}", message);
  }
  const std::string written = json(run);
  try {
    // Indented by us, it may be longer than what was read.
    const RunResult again = from_json(written);
    if (const std::string twice = json(again); twice != written) return "read again it differs:\n" + written + twice;
  } catch (const InputError& error) {
    return fmt::format("what was written is refused: {}", error.what());
  }
  return violation_by_formats(run);
}

}  // namespace sluice::reports::fuzz
