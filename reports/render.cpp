#include "reports/render.hpp"

#include <fmt/core.h>

#include <array>
#include <utility>

#include "harness/core/errors.hpp"
#include "reports/ctrf.hpp"
#include "reports/html.hpp"
#include "reports/json.hpp"
#include "reports/junit.hpp"
#include "reports/markdown.hpp"
#include "reports/text.hpp"

namespace sluice::reports {
namespace {

using Renderer = std::string (*)(const RunResult&);

constexpr std::array<std::pair<std::string_view, Renderer>, 6> renderers{{
    {"json", json},
    {"junit", [](const RunResult& run) { return junit(run); }},
    {"html", html},
    {"markdown", [](const RunResult& run) { return markdown(run); }},
    {"ctrf", ctrf},
    {"text", [](const RunResult& run) { return text(run); }},
}};

}  // namespace

std::vector<std::string> formats() {
  std::vector<std::string> names;
  for (const auto& [name, renderer] : renderers) names.emplace_back(name);
  return names;
}

std::string render(const RunResult& run, std::string_view format) {
  std::string known;
  for (const auto& [name, renderer] : renderers) {
    if (name == format) return renderer(run);
    known += fmt::format("{}{}", known.empty() ? "" : ", ", name);
  }
  throw InputError(fmt::format("no report format \"{}\"; there are {}", format, known));
}

}  // namespace sluice::reports
