#include "reports/json.hpp"

#include <cmath>
#include <concepts>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "reports/escape.hpp"
#include "reports/fields.hpp"
#include "reports/summary.hpp"

namespace sluice::reports {
namespace {

using Json = nlohmann::ordered_json;

template <typename Value>
concept Named = std::same_as<Value, Verdict> || std::same_as<Value, Decision> || std::same_as<Value, Severity>;

Json write(bool value) { return value; }
Json write(int value) { return value; }
Json write(std::uint64_t value) { return value; }
Json write(const std::string& value) { return valid_utf8(value); }
Json write(const std::filesystem::path& value) { return valid_utf8(value.native()); }
Json write(std::chrono::nanoseconds value) { return value.count(); }
Json write(TimePoint value) { return iso_time(value); }

Json write(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  return value;
}

template <Named Value>
Json write(Value value) {
  return std::string(to_string(value));
}

template <typename Model>
Json write_object(const Model& model);

Json write(const std::pair<std::string, std::string>& place) {
  return Json{{"name", write(place.first)}, {"value", write(place.second)}};
}

Json write(const std::map<std::string, std::string>& values) {
  Json object = Json::object();
  for (const auto& [name, value] : values) object[valid_utf8(name)] = write(value);
  return object;
}

template <typename Item>
Json write(const std::vector<Item>& items) {
  Json array = Json::array();
  for (const auto& item : items) {
    if constexpr (requires { write(item); })
      array.push_back(write(item));
    else
      array.push_back(write_object(item));
  }
  return array;
}

class Writer {
 public:
  template <typename Member>
  void operator()(const char* name, const Member& member) {
    if constexpr (requires { write(member); })
      object_[name] = write(member);
    else
      object_[name] = write_object(member);
  }
  template <typename Member>
  void operator()(const char* name, const std::optional<Member>& member) {
    if (member) (*this)(name, *member);
  }
  Json take() { return std::move(object_); }

 private:
  Json object_ = Json::object();
};

template <typename Model>
Json write_object(const Model& model) {
  Writer writer;
  fields(writer, model);
  return writer.take();
}

// Does not compile once the model has a member more: then fields.hpp, the schema and the version have to follow, or
// reports would silently lose it.
[[maybe_unused]] void knows_every_member(const Interval& model) { [[maybe_unused]] const auto& [m1, m2, m3] = model; }
[[maybe_unused]] void knows_every_member(const Metric& model) {
  [[maybe_unused]] const auto& [m1, m2, m3, m4, m5, m6] = model;
}
[[maybe_unused]] void knows_every_member(const Coverage& model) { [[maybe_unused]] const auto& [m1, m2, m3] = model; }
[[maybe_unused]] void knows_every_member(const Artifact& model) { [[maybe_unused]] const auto& [m1, m2, m3] = model; }
[[maybe_unused]] void knows_every_member(const Control& model) { [[maybe_unused]] const auto& [m1, m2, m3] = model; }
[[maybe_unused]] void knows_every_member(const Finding& model) {
  [[maybe_unused]] const auto& [m1, m2, m3, m4, m5, m6, m7, m8] = model;
}
[[maybe_unused]] void knows_every_member(const Outcome& model) {
  [[maybe_unused]] const auto& [m1, m2, m3, m4, m5, m6, m7, m8] = model;
}
[[maybe_unused]] void knows_every_member(const ServiceResult& model) {
  [[maybe_unused]] const auto& [m1, m2, m3, m4, m5, m6, m7, m8] = model;
}
[[maybe_unused]] void knows_every_member(const RuleResult& model) {
  [[maybe_unused]] const auto& [m1, m2, m3, m4, m5, m6] = model;
}
[[maybe_unused]] void knows_every_member(const NotRun& model) { [[maybe_unused]] const auto& [m1, m2, m3, m4] = model; }
[[maybe_unused]] void knows_every_member(const Identity& model) {
  [[maybe_unused]] const auto& [m1, m2, m3, m4] = model;
}

[[maybe_unused]] void knows_every_member(const CheckResult& model) {
  [[maybe_unused]] const auto& [m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11] = model;
}
[[maybe_unused]] void knows_every_member(const ActionResult& model) {
  [[maybe_unused]] const auto& [m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11] = model;
}
[[maybe_unused]] void knows_every_member(const RequiredCheck& model) { [[maybe_unused]] const auto& [m1, m2] = model; }
[[maybe_unused]] void knows_every_member(const MinimumCoverage& model) {
  [[maybe_unused]] const auto& [m1, m2] = model;
}
[[maybe_unused]] void knows_every_member(const MetricLimit& model) {
  [[maybe_unused]] const auto& [m1, m2, m3, m4] = model;
}
[[maybe_unused]] void knows_every_member(const Waiver& model) {
  [[maybe_unused]] const auto& [m1, m2, m3, m4, m5, m6, m7, m8, m9] = model;
}
[[maybe_unused]] void knows_every_member(const HiddenFindings& model) {
  [[maybe_unused]] const auto& [m1, m2, m3, m4] = model;
}
[[maybe_unused]] void knows_every_member(const WaiverUse& model) {
  [[maybe_unused]] const auto& [m1, m2, m3, m4] = model;
}
[[maybe_unused]] void knows_every_member(const Concession& model) {
  [[maybe_unused]] const auto& [m1, m2, m3, m4, m5] = model;
}
[[maybe_unused]] void knows_every_member(const GatePolicy& model) {
  [[maybe_unused]] const auto& [m1, m2, m3, m4, m5, m6, m7] = model;
}
[[maybe_unused]] void knows_every_member(const Evidence& model) {
  [[maybe_unused]] const auto& [m1, m2, m3, m4] = model;
}
[[maybe_unused]] void knows_every_member(const Weakening& model) {
  [[maybe_unused]] const auto& [m1, m2, m3, m4] = model;
}
[[maybe_unused]] void knows_every_member(const LedgerEntry& model) {
  [[maybe_unused]] const auto& [m1, m2, m3, m4, m5] = model;
}
[[maybe_unused]] void knows_every_member(const PhaseResult& model) {
  [[maybe_unused]] const auto& [m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17] = model;
}
[[maybe_unused]] void knows_every_member(const RunResult& model) {
  [[maybe_unused]] const auto& [m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19,
                                m20, m21, m22] = model;
}
}  // namespace

Json to_json(const RunResult& run) {
  Json report = {{"format", "sluice-report"}, {"schema_version", RunResult::schema_version}};
  report.update(write_object(run));
  report["seed"] = std::to_string(run.seed);
  return report;
}

std::string json(const RunResult& run) { return to_json(run).dump(2) + "\n"; }

}  // namespace sluice::reports
