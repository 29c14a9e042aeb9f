#include "harness/plan/normalise.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <stdexcept>

namespace sluice::plan {
namespace {

using nlohmann::json;

class Normaliser {
 public:
  explicit Normaliser(Problems& problems) : problems_(problems) {}

  json value(const Node& node, const ParameterSpec& spec, const std::string& what) {
    switch (spec.type) {
      case ParameterType::list:
        return list(node, spec, what);
      case ParameterType::map:
        return map(node, spec, what);
      case ParameterType::record:
        return record(node, spec, what);
      case ParameterType::variant:
        return variant(node, spec, what);
      default:
        return scalar(node, spec, what);
    }
  }

  json fields(const Node& node, const std::vector<ParameterSpec>& specs, const std::string& what,
              const std::string& also_known = "") {
    json result = json::object();
    if (node.kind != Node::Kind::map && node.kind != Node::Kind::null) {
      problems_.add(node.at, fmt::format("{}: expected a map, found {}", what, node.describe()));
      return result;
    }
    std::vector<std::string> names;
    for (const auto& spec : specs) names.push_back(spec.name);
    for (const auto& member : node.members) {
      if (member.key == also_known) continue;
      const auto spec =
          std::find_if(specs.begin(), specs.end(), [&](const ParameterSpec& s) { return s.name == member.key; });
      if (spec == specs.end()) {
        problems_.add(member.at, fmt::format("{}: unknown key '{}'{}", what, printable_key(member.key),
                                             suggestion(member.key, names)));
      } else if (member.value.kind == Node::Kind::null) {
        problems_.add(member.at, fmt::format("{}: '{}' has no value", what, member.key));
      } else {
        result[spec->name] = value(member.value, *spec, inside(what, spec->name));
      }
    }
    for (const auto& spec : specs) {
      if (result.contains(spec.name) || node.find(spec.name) != nullptr) continue;
      if (spec.required) {
        problems_.add(node.at, fmt::format("{}: '{}' is missing ({})", what, spec.name, spec.doc));
      } else if (json missing = default_value(spec); !missing.is_null()) {
        result[spec.name] = std::move(missing);
      }
    }
    return result;
  }

 private:
  // "services 'v2', ready": the plan itself goes without saying.
  static std::string inside(const std::string& what, const std::string& name) {
    return what == "plan" ? name : what + ", " + name;
  }
  static std::string printable_key(const std::string& key) { return key.size() > 80 ? key.substr(0, 80) + "…" : key; }

  json refuse(const Node& node, const std::string& what, const std::string& expected) {
    problems_.add(node.at, fmt::format("{}: expected {}, found {}", what, expected, node.describe()));
    return nullptr;
  }

  void check_bounds(const Node& node, const ParameterSpec& spec, const std::string& what, double amount,
                    const char* of) {
    if (spec.minimum && amount < *spec.minimum) {
      problems_.add(node.at,
                    fmt::format("{}: {} is below the least allowed, {}{}", what, node.describe(), *spec.minimum, of));
    }
    if (spec.maximum && amount > *spec.maximum) {
      problems_.add(node.at,
                    fmt::format("{}: {} is above the most allowed, {}{}", what, node.describe(), *spec.maximum, of));
    }
  }

  json scalar(const Node& node, const ParameterSpec& spec, const std::string& what) {
    if (node.kind != Node::Kind::scalar) return refuse(node, what, expectation(spec.type));
    switch (spec.type) {
      case ParameterType::text:
        return text(node, spec, what);
      case ParameterType::boolean:
        if (!node.quoted && node.text == "true") return true;
        if (!node.quoted && node.text == "false") return false;
        break;
      case ParameterType::integer: {
        std::int64_t number = 0;
        if (!node.quoted && whole_parse(node.text, number)) {
          check_bounds(node, spec, what, static_cast<double>(number), "");
          return number;
        }
        break;
      }
      case ParameterType::number: {
        double number = 0;
        if (!node.quoted && whole_parse(node.text, number) && std::isfinite(number)) {
          check_bounds(node, spec, what, number, "");
          return number;
        }
        break;
      }
      case ParameterType::duration:
        if (const auto duration = parse_duration(node.text)) {
          check_bounds(node, spec, what, std::chrono::duration<double>(*duration).count(), " s");
          return duration->count();
        }
        break;
      case ParameterType::rate:
        if (const auto rate = parse_rate(node.text)) {
          check_bounds(node, spec, what, *rate, "/s");
          return *rate;
        }
        break;
      default:
        break;
    }
    return refuse(node, what, expectation(spec.type));
  }

  json text(const Node& node, const ParameterSpec& spec, const std::string& what) {
    if (node.text.find('\0') != std::string::npos) {
      problems_.add(node.at, fmt::format("{}: holds a NUL byte, at which programs would cut it off", what));
    }
    const bool known =
        spec.choices.empty() || std::find(spec.choices.begin(), spec.choices.end(), node.text) != spec.choices.end();
    if (!known) {
      problems_.add(node.at, fmt::format("{}: expected one of {}, found {}", what, fmt::join(spec.choices, ", "),
                                         node.describe()));
    }
    check_bounds(node, spec, what, static_cast<double>(node.text.size()), " characters");
    return node.text;
  }

  template <typename Number>
  static bool whole_parse(const std::string& text, Number& number) {
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    return failure == std::errc() && end == text.data() + text.size();
  }

  static std::string expectation(ParameterType type) {
    switch (type) {
      case ParameterType::text:
        return "a text";
      case ParameterType::integer:
        return "a whole number";
      case ParameterType::number:
        return "a number";
      case ParameterType::boolean:
        return "true or false";
      case ParameterType::duration:
        return "a duration with its unit (250ms, 10s, 5m, 1h)";
      case ParameterType::rate:
        return "a rate (200/s, 30/m)";
      case ParameterType::list:
        return "a list";
      case ParameterType::map:
      case ParameterType::record:
      case ParameterType::variant:
        return "a map";
    }
    return "something else";
  }

  json list(const Node& node, const ParameterSpec& spec, const std::string& what) {
    json result = json::array();
    if (node.kind == Node::Kind::scalar && !spec.shorthand.empty()) {
      result.push_back(value(node, spec.item.at(0), what));
    } else if (node.kind != Node::Kind::list) {
      return refuse(node, what, "a list");
    }
    for (const auto& item : node.items) result.push_back(value(item, spec.item.at(0), what));
    check_bounds(node, spec, what, static_cast<double>(result.size()), " items");
    return result;
  }

  json map(const Node& node, const ParameterSpec& spec, const std::string& what) {
    if (node.kind != Node::Kind::map) return refuse(node, what, "a map");
    json result = json::object();
    for (const auto& member : node.members) {
      result[member.key] =
          value(member.value, spec.item.at(0), fmt::format("{} '{}'", what, printable_key(member.key)));
    }
    check_bounds(node, spec, what, static_cast<double>(result.size()), " entries");
    return result;
  }

  json record(const Node& node, const ParameterSpec& spec, const std::string& what) {
    if (node.kind == Node::Kind::scalar && !spec.shorthand.empty()) {
      Node expanded{.kind = Node::Kind::map, .at = node.at};
      expanded.members.push_back({spec.shorthand, node.at, node});
      return fields(expanded, spec.fields, what);
    }
    return fields(node, spec.fields, what);
  }

  json variant(const Node& node, const ParameterSpec& spec, const std::string& what) {
    if (node.kind != Node::Kind::map) return refuse(node, what, "a map with a `kind`");
    std::vector<std::string> kinds;
    for (const auto& alternative : spec.alternatives) kinds.push_back(alternative.kind);
    const Node* kind = node.find("kind");
    if (kind == nullptr || kind->kind != Node::Kind::scalar) {
      problems_.add(node.at, fmt::format("{}: 'kind' is missing{}", what, suggestion("", kinds)));
      return nullptr;
    }
    for (const auto& alternative : spec.alternatives) {
      if (alternative.kind != kind->text) continue;
      json result = fields(node, alternative.fields, what, "kind");
      result["kind"] = alternative.kind;
      return result;
    }
    problems_.add(kind->at, fmt::format("{}: unknown kind '{}'{}", what, printable_key(kind->text),
                                        suggestion(kind->text, kinds)));
    return nullptr;
  }

  Problems& problems_;
};

}  // namespace

json normalise(const Node& node, const ParameterSpec& spec, const std::string& what, Problems& problems) {
  return Normaliser(problems).value(node, spec, what);
}

json normalise_fields(const Node& node, const std::vector<ParameterSpec>& fields, const std::string& what,
                      Problems& problems) {
  return Normaliser(problems).fields(node, fields, what);
}

json default_value(const ParameterSpec& spec) {
  Problems problems;
  const bool nested = spec.type == ParameterType::record && spec.default_text.empty();
  if (!nested && spec.default_text.empty()) return nullptr;
  Node node;
  if (nested) {
    // A record with no required field has the defaults of its fields; one with a required field stays absent.
    const bool required = std::any_of(spec.fields.begin(), spec.fields.end(), [](const auto& f) { return f.required; });
    const bool defaults =
        std::any_of(spec.fields.begin(), spec.fields.end(), [](const auto& f) { return !default_value(f).is_null(); });
    if (required || !defaults) return nullptr;
    node.kind = Node::Kind::map;
  } else {
    node = read_yaml(spec.default_text, "default of " + spec.name, problems);
  }
  json value = normalise(node, spec, spec.name, problems);
  if (!problems.empty()) throw std::logic_error("declaration of '" + spec.name + "': " + problems.to_string());
  return value;
}

}  // namespace sluice::plan
