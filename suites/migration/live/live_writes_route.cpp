#include "suites/migration/live/live_writes_route.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "harness/core/errors.hpp"
#include "harness/core/printable.hpp"

namespace sluice::migration {
namespace {

bool lists(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

WriteTarget target_of(const std::string& name) {
  if (name == "both") return WriteTarget::both;
  if (name == "new") return WriteTarget::new_side;
  return name == "none" ? WriteTarget::none : WriteTarget::old_side;
}

}  // namespace

std::string to_string(WriteTarget target) {
  switch (target) {
    case WriteTarget::old_side:
      return "old";
    case WriteTarget::both:
      return "both";
    case WriteTarget::new_side:
      return "new";
    case WriteTarget::none:
      return "none";
  }
  return "";
}

void WriteRoute::examine(const Parameters& parameters, ParameterProblems& problems) {
  const auto& entries = parameters.value("route");
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const bool from = entries.at(i).contains("from"), after = entries.at(i).contains("after");
    if (i == 0 && (from || after)) {
      problems.add({"route", "0"}, "the first entry holds from the beginning, so it has no `from` and no `after`");
    } else if (i > 0 && from == after) {
      problems.add({"route", std::to_string(i)}, "every entry but the first has `from: ACTION` or `after: ACTION`");
    }
  }
}

WriteRoute::WriteRoute(const Parameters& parameters, const std::vector<std::string>& planned) {
  ParameterProblems problems;
  examine(parameters, problems);
  problems.refuse();
  for (const auto& written : parameters.value("route")) {
    const Parameters entry(written);
    Entry read{.target = target_of(entry.text("to")), .from = {}, .after = {}};
    if (entry.has("from")) read.from = entry.text("from");
    if (entry.has("after")) read.after = entry.text("after");
    const bool first = entries_.empty();
    const std::string& action = read.from.empty() ? read.after : read.from;
    if (!first && !lists(planned, action))
      throw InputError(fmt::format("route: the phase enters no action '{}', but {}", printable(action, 60),
                                   planned.empty() ? "none" : fmt::format("{}", fmt::join(planned, ", "))));
    entries_.push_back(std::move(read));
  }
}

WriteTarget WriteRoute::now(const std::vector<std::string>& begun, const std::vector<std::string>& ended) const {
  WriteTarget target = entries_.front().target;
  for (const auto& entry : entries_) {
    if (lists(begun, entry.from) || lists(ended, entry.after)) target = entry.target;
  }
  return target;
}

bool WriteRoute::uses(const std::string& side) const {
  return std::any_of(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    return entry.target == WriteTarget::both || to_string(entry.target) == side;
  });
}

ParameterSpec WriteRoute::parameter() {
  ParameterSpec entry{
      .name = "entry",
      .type = ParameterType::record,
      .doc = "",
      .fields = {{.name = "to",
                  .doc = "old or new; both: by turns, a key's always to the same; none: writing rests",
                  .required = true,
                  .choices = {"old", "both", "new", "none"}},
                 {.name = "from", .doc = "once this action of the phase is about to begin", .names = Names::action},
                 {.name = "after", .doc = "once this action of the phase has ended", .names = Names::action}},
      .shorthand = "to"};
  return {.name = "route",
          .type = ParameterType::list,
          .doc = "where writes go, and from when; the last entry that holds counts",
          .default_text = "[old]",
          .minimum = 1,
          .item = {std::move(entry)},
          .shorthand = "to"};
}

}  // namespace sluice::migration
