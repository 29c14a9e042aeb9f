#include "harness/plan/examination.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "harness/core/printable.hpp"
#include "harness/plan/normalise.hpp"

namespace sluice::plan {
namespace {

namespace fs = std::filesystem;

// Places and near names are looked for in lists: with more mistakes than anybody reads that would take minutes.
constexpr std::size_t most_problems = 1000;

// What the check will get is known only when services run.
bool has_references(const Node& node) {
  return node.kind == Node::Kind::scalar && node.text.find('$') != std::string::npos;
}

const ParameterSpec* field_of(const ParameterSpec& spec, std::string_view name) {
  const auto found =
      std::find_if(spec.fields.begin(), spec.fields.end(), [&](const ParameterSpec& s) { return s.name == name; });
  return found == spec.fields.end() ? nullptr : &*found;
}

class Examiner {
 public:
  Examiner(const Node& root, const fs::path& directory, Problems& problems)
      : directory_(directory), problems_(problems) {
    const Node* actions = root.find("actions");
    if (actions == nullptr) return;
    for (const auto& action : actions->members) {
      actions_.push_back(action.key);
      if (action.value.find("command") != nullptr) commands_.push_back(action.key);
    }
    known_.insert(actions_.begin(), actions_.end());
    starts_.insert(commands_.begin(), commands_.end());
  }

  void examine(const Node::Member& check, const CheckKind& kind) {
    const std::string what = fmt::format("checks '{}'", printable(check.key, 80));
    const ParameterSpec spec{.name = "", .type = ParameterType::record, .fields = kind.parameters};
    look_up(check.value, spec, what);
    if (!kind.examine) return;
    Problems form;  // reported already
    const ParameterSpec variant{
        .name = "", .type = ParameterType::variant, .alternatives = {{kind.name, "", kind.parameters}}};
    const nlohmann::json values = normalise(check.value, variant, what, form);
    if (!form.empty()) return;
    ParameterProblems found;
    kind.examine(Parameters(values), found);
    for (const auto& problem : found.all()) report(problem, check.value, spec, what);
  }

 private:
  // Finds every text that names something, in whatever it is written.
  void look_up(const Node& node, const ParameterSpec& spec, const std::string& what) {
    const bool bare = node.kind == Node::Kind::scalar;
    if (spec.type == ParameterType::text) {
      if (bare && !has_references(node)) look_up_name(node, spec.names, what);
    } else if (spec.type == ParameterType::list) {
      if (bare) look_up(node, spec.item.at(0), what);
      for (const auto& item : node.items) look_up(item, spec.item.at(0), what);
    } else if (spec.type == ParameterType::map) {
      for (const auto& member : node.members)
        look_up(member.value, spec.item.at(0), fmt::format("{} '{}'", what, printable(member.key, 80)));
    } else if (spec.type == ParameterType::record) {
      const ParameterSpec* shorthand = bare ? field_of(spec, spec.shorthand) : nullptr;
      if (shorthand != nullptr) look_up(node, *shorthand, what + ", " + spec.shorthand);
      look_up_fields(node, spec, what);
    } else if (spec.type == ParameterType::variant) {
      const Node* kind = node.find("kind");
      for (const auto& alternative : spec.alternatives) {
        if (kind == nullptr || kind->text != alternative.kind) continue;
        look_up_fields(node, {.name = "", .type = ParameterType::record, .fields = alternative.fields}, what);
      }
    }
  }

  void look_up_fields(const Node& node, const ParameterSpec& record, const std::string& what) {
    for (const auto& member : node.members) {
      if (const ParameterSpec* field = field_of(record, member.key))
        look_up(member.value, *field, what + ", " + member.key);
    }
  }

  void look_up_name(const Node& name, Names names, const std::string& what) {
    if (problems_.all().size() > most_problems) return;
    const auto refuse = [&](const std::string& why) { problems_.add(name.at, fmt::format("{}: {}", what, why)); };
    if (names == Names::action && !known_.contains(name.text)) {
      refuse(fmt::format("no action is called '{}'{}", name.text, suggestion(name.text, actions_)));
    } else if (names == Names::command && known_.contains(name.text) && !starts_.contains(name.text)) {
      refuse(fmt::format("action '{}' is no command; a check can only start commands", name.text));
    } else if (names == Names::command && !starts_.contains(name.text)) {
      refuse(fmt::format("no action is called '{}'{}", name.text, suggestion(name.text, commands_)));
    } else if (names == Names::file) {
      std::error_code failure;
      const fs::path path = directory_ / name.text;
      if (!fs::exists(path, failure)) refuse(fmt::format("there is no file {}", printable(path.string(), 300)));
    }
  }

  // At the value itself or, where it is not written out, at the innermost one around it.
  void report(const ParameterProblem& problem, const Node& check, const ParameterSpec& parameters, std::string what) {
    if (problems_.all().size() > most_problems) return;
    const Node* node = &check;
    const ParameterSpec* spec = &parameters;
    for (const auto& step : problem.path) {
      const ParameterType type = spec == nullptr ? ParameterType::record : spec->type;
      if (type == ParameterType::list) {
        std::size_t index = 0;
        std::from_chars(step.data(), step.data() + step.size(), index);
        if (index < node->items.size()) node = &node->items[index];
        spec = &spec->item.at(0);
        continue;
      }
      const bool named_by_author = type == ParameterType::map;
      what += named_by_author ? fmt::format(" '{}'", printable(step, 80)) : ", " + step;
      if (const Node* inner = node->find(step)) node = inner;
      if (spec != nullptr) spec = named_by_author ? &spec->item.at(0) : field_of(*spec, step);
    }
    if (!has_references(*node)) problems_.add(node->at, fmt::format("{}: {}", what, problem.message));
  }

  const fs::path& directory_;
  Problems& problems_;
  std::vector<std::string> actions_, commands_;  // in the author's order
  std::set<std::string> known_, starts_;         // the same, to look in
};

}  // namespace

void examine_checks(const Node& root, const std::vector<CheckKind>& kinds, const fs::path& directory,
                    Problems& problems) {
  const Node* checks = root.find("checks");
  if (checks == nullptr) return;
  Examiner examiner(root, directory, problems);
  for (const auto& check : checks->members) {
    const Node* name = check.value.find("kind");
    const auto kind = std::find_if(kinds.begin(), kinds.end(), [&](const CheckKind& candidate) {
      return name != nullptr && candidate.name == name->text;
    });
    if (kind != kinds.end()) examiner.examine(check, *kind);
  }
}

}  // namespace sluice::plan
