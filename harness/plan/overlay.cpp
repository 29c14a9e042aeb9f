#include "harness/plan/overlay.hpp"

#include "harness/plan/normalise.hpp"

namespace sluice::plan {
namespace {

std::vector<ParameterSpec> declaration() {
  const auto text = [](std::string name, std::string doc, bool required) {
    return ParameterSpec{.name = std::move(name), .doc = std::move(doc), .required = required};
  };
  return {
      text("fault", "what is broken, in one sentence", true),
      {.name = "expect",
       .type = ParameterType::record,
       .doc = "who must catch it",
       .required = true,
       .fields = {text("check", "the check that must fail", true), text("phase", "the phase in which it must", true),
                  text("rule", "the rule that one of its findings must name", false)}}};
}

Overlay build(Node root, const std::filesystem::path& path, Problems problems) {
  Overlay overlay{.path = path};
  // `plan` is free in form here: it is checked as part of the plan that it changes.
  for (auto member = root.members.begin(); member != root.members.end(); ++member) {
    if (member->key != "plan") continue;
    overlay.changes = std::move(member->value);
    root.members.erase(member);
    break;
  }
  if (problems.empty() && overlay.changes.kind != Node::Kind::map) {
    problems.add(root.at, "'plan' is missing: the changes that switch the fault on");
  }
  const auto values = normalise_fields(root, declaration(), "fault", problems);
  if (!problems.empty()) throw PlanError(std::move(problems));
  overlay.fault = values.at("fault");
  overlay.check = values.at("expect").at("check");
  overlay.phase = values.at("expect").at("phase");
  overlay.rule = values.at("expect").value("rule", "");
  return overlay;
}

}  // namespace

Overlay load_overlay(const std::filesystem::path& path) {
  Problems problems;
  Node root = read_yaml_file(path, path.string(), problems);
  return build(std::move(root), path, std::move(problems));
}

Overlay parse_overlay(const std::string& text, const std::filesystem::path& path) {
  Problems problems;
  Node root = read_yaml(text, path.string(), problems);
  return build(std::move(root), path, std::move(problems));
}

}  // namespace sluice::plan
