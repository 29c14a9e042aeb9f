#pragma once
#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// What a parameter holds. Normalised into JSON as: text -> string, integer -> int64, number -> double, boolean ->
/// bool, duration -> int64 nanoseconds (written "250ms", "10s", "5m", "1h"), rate -> double per second (written
/// "200/s", "30/m"), list -> array, map -> object with free keys, record -> object with fixed fields, variant -> record
/// chosen by its field `kind`.
enum class ParameterType { text, integer, number, boolean, duration, rate, list, map, record, variant };

/// Which change of a parameter makes its check less strict. A list that gates compare against history reads it.
enum class Strictness { neutral, lower_is_stricter, higher_is_stricter };

/// What a text names beside itself. The loader looks it up, so that a wrong name is found where it is written.
enum class Names {
  nothing,
  action,   ///< one of the plan's actions
  command,  ///< one of the plan's actions that runs a command and is no order to a service
  file,     ///< a file of the author's, from the plan's folder; it is there before the run
};

struct ParameterSpec;

/// One alternative of a variant: its `kind`, one line of documentation, its fields (without `kind` itself).
struct Alternative {
  std::string kind;
  std::string doc;
  std::vector<ParameterSpec> fields;
};

/// One parameter, declared once: parsing, defaults, errors, the JSON Schema and the reference page all come from this.
struct ParameterSpec {
  std::string name;
  ParameterType type = ParameterType::text;
  std::string doc;
  bool required = false;
  /// The default as it would be written in a plan ("200/s", "10s", "true"); empty when there is none.
  std::string default_text = {};
  std::string unit = {};
  std::optional<double> minimum =
      std::nullopt;  ///< in seconds for durations, per second for rates, items for lists and maps
  std::optional<double> maximum = std::nullopt;
  std::vector<std::string> choices = {};       ///< for text: the only values allowed
  std::vector<ParameterSpec> item = {};        ///< list, map: exactly one, the element (its name is ignored)
  std::vector<ParameterSpec> fields = {};      ///< record
  std::vector<Alternative> alternatives = {};  ///< variant
  /// list: a scalar is taken as a list of one. record: a scalar is taken as the value of this field.
  std::string shorthand = {};
  Strictness strictness = Strictness::neutral;  ///< numbers, durations, rates and counts only
  Names names = Names::nothing;                 ///< text only
};

/// The checked values of one record, defaults filled in. Asking for a name that was not declared is a programming error
/// (std::logic_error); asking for an optional value that is absent goes through has().
class Parameters {
 public:
  Parameters() : values_(nlohmann::json::object()) {}
  explicit Parameters(nlohmann::json values) : values_(std::move(values)) {}

  bool has(std::string_view name) const;
  const std::string& text(std::string_view name) const;
  std::int64_t integer(std::string_view name) const;
  double number(std::string_view name) const;
  bool boolean(std::string_view name) const;
  std::chrono::nanoseconds duration(std::string_view name) const;
  double rate_per_second(std::string_view name) const;
  std::vector<std::string> texts(std::string_view name) const;
  /// The raw normalised value, for lists, maps and records.
  const nlohmann::json& value(std::string_view name) const;
  /// A nested record; an empty one when absent.
  Parameters record(std::string_view name) const;

  const nlohmann::json& json() const { return values_; }

 private:
  nlohmann::json values_;
};

/// Parses "250ms", "10s", "5m", "1h", "1.5s", "40us"; nullopt when it is not a duration or does not fit.
std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text);
/// Parses "200/s", "30/m", "10/h"; nullopt when it is not a rate. Per second.
std::optional<double> parse_rate(std::string_view text);
/// "1.25 s", "340 ms", "2 min 5 s": for people.
std::string human_duration(std::chrono::nanoseconds duration);

}  // namespace sluice
