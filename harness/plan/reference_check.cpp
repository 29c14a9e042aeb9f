#include "harness/plan/reference_check.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "harness/plan/declarations.hpp"
#include "harness/plan/node_parts.hpp"
#include "harness/plan/reference.hpp"

namespace sluice::plan {
namespace {

class ReferenceCheck {
 public:
  ReferenceCheck(const Node& root, Problems& problems)
      : root_(root), problems_(problems), services_(keys_of(root, "services")) {}

  void run() {
    for (const char* section : {"services", "endpoints", "stores", "actions", "checks"}) {
      const Node* found = root_.find(section);
      if (found == nullptr) continue;
      for (const auto& member : found->members) {
        const bool is_service = std::string_view(section) == "services";
        check_command(member.value);
        if (const Node* ready = member.value.find("ready"); is_service && ready != nullptr) check_command(*ready);
        for_each_text(member.value, [&](const Node& text) { check_text(text, is_service ? member.key : ""); });
      }
    }
  }

 private:
  // Everybody on the machine can read a command line; an environment only its owner.
  void check_command(const Node& node) {
    for (const Node* word : scalars(node.find("command"))) {
      std::string ignored;
      for (const auto& reference : find_references(word->text, ignored)) {
        if (reference.name != "secret") continue;
        problems_.add(word->at,
                      fmt::format("{} would stand in the process list; hand it over by `env: {{ {}: \"{}\" }}`",
                                  reference.text, reference.attribute, reference.text));
      }
    }
  }

  void check_text(const Node& text, const std::string& self) {
    std::string error;
    for (const auto& reference : find_references(text.text, error)) check_reference(reference, text.at, self);
    if (!error.empty()) problems_.add(text.at, error);
  }

  void check_reference(const Reference& reference, const Position& at, const std::string& self) {
    const auto attribute_must_be = [&](const std::vector<std::string>& known) {
      if (std::find(known.begin(), known.end(), reference.attribute) != known.end()) return;
      problems_.add(at, fmt::format("{}: '{}' has no '{}'{}", reference.text, reference.name, reference.attribute,
                                    suggestion(reference.attribute, known)));
    };
    if (reference.name == "work" || reference.name == "bin") {
      if (!reference.attribute.empty())
        problems_.add(at, fmt::format("{}: write ${{{}}}", reference.text, reference.name));
    } else if (reference.name == "plan") {
      attribute_must_be({"dir"});
    } else if (reference.name == "env" || reference.name == "secret") {
      if (std::getenv(reference.attribute.c_str()) == nullptr) {
        problems_.add(at,
                      fmt::format("{}: the environment variable {} is not set", reference.text, reference.attribute));
      }
    } else if (reference.name == "self") {
      if (self.empty())
        problems_.add(at, fmt::format("{}: only a service can refer to itself", reference.text));
      else
        attribute_must_be(service_attributes(service_kind(root_, self)));
    } else if (std::find(services_.begin(), services_.end(), reference.name) == services_.end()) {
      problems_.add(at, fmt::format("{}: no service is called '{}'{}", reference.text, reference.name,
                                    suggestion(reference.name, services_)));
    } else if (const auto known = service_attributes(service_kind(root_, reference.name)); !known.empty()) {
      attribute_must_be(known);
    }
  }

  const Node& root_;
  Problems& problems_;
  std::vector<std::string> services_;
};

}  // namespace

void check_references(const Node& root, Problems& problems) { ReferenceCheck(root, problems).run(); }

}  // namespace sluice::plan
