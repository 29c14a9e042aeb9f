#include "harness/stores/comparison_type.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace sluice::stores {
namespace {

using enum ComparisonType;

constexpr std::array<std::pair<ComparisonType, std::string_view>, 14> type_names{{{exact, "exact"},
                                                                                  {boolean, "boolean"},
                                                                                  {integer, "integer"},
                                                                                  {decimal, "decimal"},
                                                                                  {float4, "float4"},
                                                                                  {float8, "float8"},
                                                                                  {text, "text"},
                                                                                  {character, "character"},
                                                                                  {bytes, "bytes"},
                                                                                  {timestamp, "timestamp"},
                                                                                  {date, "date"},
                                                                                  {time, "time"},
                                                                                  {uuid, "uuid"},
                                                                                  {json, "json"}}};

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

// For a pair of different types with left < right in the order of the enumeration.
std::optional<ComparisonType> ordered_common(ComparisonType left, ComparisonType right) {
  // A float beside anything that may be exact is read as the exact decimal it prints as: a value that went through a
  // double shows. Were both sides read as floats, both would be rounded alike.
  const bool left_float = left == float4 || left == float8;
  if (left == exact && (right == float4 || right == float8)) return decimal;
  if (left_float && right == text) return decimal;
  if (left == exact) return right;
  if (left == text) return right;
  if (right == text) return left;
  if (left == boolean && (right == integer || right == decimal)) return boolean;
  if (left == integer && (right == decimal || right == float4 || right == float8)) return decimal;
  if (left == decimal && (right == float4 || right == float8)) return decimal;
  if (left == float4 && right == float8) return float8;
  if (left == integer && (right == timestamp)) return timestamp;
  if (left == timestamp && right == date) return timestamp;
  if (left == bytes && (right == uuid || right == json)) return right;
  return std::nullopt;
}

}  // namespace

std::string_view to_string(ComparisonType type) {
  return std::find_if(type_names.begin(), type_names.end(), [&](const auto& entry) { return entry.first == type; })
      ->second;
}

std::optional<ComparisonType> parse_comparison_type(std::string_view name) {
  const auto found =
      std::find_if(type_names.begin(), type_names.end(), [&](const auto& entry) { return entry.second == name; });
  if (found == type_names.end()) return std::nullopt;
  return found->first;
}

std::vector<std::string> comparison_type_names() {
  std::vector<std::string> all;
  for (const auto& entry : type_names) all.emplace_back(entry.second);
  return all;
}

std::optional<ComparisonType> common_type(ComparisonType left, ComparisonType right) {
  if (left == right) return left;
  return left < right ? ordered_common(left, right) : ordered_common(right, left);
}

ComparisonType sqlite_type(std::string_view declared) {
  std::string name(declared);
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::toupper(c); });
  if (name.empty() || name == "ANY") return exact;
  if (name.starts_with("BOOL")) return boolean;
  if (name.starts_with("DATETIME") || name.starts_with("TIMESTAMP")) return timestamp;
  if (name == "DATE") return date;
  if (name == "TIME") return time;
  if (name == "UUID" || name == "GUID") return uuid;
  if (name == "JSON" || name == "JSONB") return json;
  // From here on SQLite's own order of rules ("Determination Of Column Affinity").
  if (contains(name, "INT")) return integer;
  if (contains(name, "CHAR") || contains(name, "CLOB") || contains(name, "TEXT")) return text;
  if (contains(name, "BLOB")) return bytes;
  if (contains(name, "REAL") || contains(name, "FLOA") || contains(name, "DOUB")) return float8;
  if (contains(name, "NUM") || contains(name, "DEC")) return decimal;
  return exact;
}

ComparisonType postgres_type(std::string_view name) {
  if (name == "int2" || name == "int4" || name == "int8" || name == "oid") return integer;
  if (name == "numeric") return decimal;
  if (name == "float4") return float4;
  if (name == "float8") return float8;
  if (name == "bool") return boolean;
  if (name == "bpchar") return character;
  if (name == "bytea") return bytes;
  if (name == "timestamptz" || name == "timestamp") return timestamp;
  if (name == "date") return date;
  if (name == "time" || name == "timetz") return time;
  if (name == "uuid") return uuid;
  if (name == "json" || name == "jsonb") return json;
  return text;
}

}  // namespace sluice::stores
