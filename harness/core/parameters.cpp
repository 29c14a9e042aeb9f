#include "harness/core/parameters.hpp"

#include <fmt/core.h>

#include <array>
#include <charconv>
#include <cmath>
#include <stdexcept>

namespace sluice {
namespace {

template <typename Value>
Value get_as(const nlohmann::json& value, std::string_view name) {
  try {
    return value.get<Value>();
  } catch (const nlohmann::json::exception&) {
    throw std::logic_error(fmt::format("parameter '{}' was read as another type than it was declared", name));
  }
}

// The number at the start of `text`, which is consumed. from_chars is locale-free, unlike strtod.
std::optional<double> take_number(std::string_view& text) {
  double value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (failure != std::errc() || !std::isfinite(value) || value < 0) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

}  // namespace

bool Parameters::has(std::string_view name) const {
  const auto found = values_.find(name);
  return found != values_.end() && !found->is_null();
}

const nlohmann::json& Parameters::value(std::string_view name) const {
  const auto found = values_.find(name);
  if (found == values_.end())
    throw std::logic_error(fmt::format("parameter '{}' was not declared or has no value", name));
  return *found;
}

const std::string& Parameters::text(std::string_view name) const {
  const auto* text = value(name).get_ptr<const std::string*>();
  if (text == nullptr) throw std::logic_error(fmt::format("parameter '{}' is not a text", name));
  return *text;
}

std::int64_t Parameters::integer(std::string_view name) const { return get_as<std::int64_t>(value(name), name); }
double Parameters::number(std::string_view name) const { return get_as<double>(value(name), name); }
bool Parameters::boolean(std::string_view name) const { return get_as<bool>(value(name), name); }

std::chrono::nanoseconds Parameters::duration(std::string_view name) const {
  return std::chrono::nanoseconds(get_as<std::int64_t>(value(name), name));
}

double Parameters::rate_per_second(std::string_view name) const { return get_as<double>(value(name), name); }

std::vector<std::string> Parameters::texts(std::string_view name) const {
  return has(name) ? get_as<std::vector<std::string>>(value(name), name) : std::vector<std::string>{};
}

Parameters Parameters::record(std::string_view name) const {
  return has(name) ? Parameters(value(name)) : Parameters();
}

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  struct Unit {
    std::string_view name;
    double nanoseconds;
  };
  static constexpr std::array<Unit, 8> units{
      {{"ns", 1}, {"us", 1e3}, {"µs", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}, {"d", 86400e9}}};
  const auto value = take_number(text);
  if (!value) return std::nullopt;
  for (const auto& unit : units) {
    if (text != unit.name) continue;
    const double nanoseconds = *value * unit.nanoseconds;
    if (nanoseconds > 9.2e18) return std::nullopt;
    return std::chrono::nanoseconds(std::llround(nanoseconds));
  }
  return std::nullopt;
}

std::optional<double> parse_rate(std::string_view text) {
  const auto value = take_number(text);
  if (!value) return std::nullopt;
  if (text == "/s") return *value;
  if (text == "/m" || text == "/min") return *value / 60;
  if (text == "/h") return *value / 3600;
  return std::nullopt;
}

std::string human_duration(std::chrono::nanoseconds duration) {
  const double seconds = std::chrono::duration<double>(duration).count();
  if (seconds < 0.001) return fmt::format("{:.0f} µs", seconds * 1e6);
  if (seconds < 1) return fmt::format("{:.0f} ms", seconds * 1e3);
  if (seconds < 60) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<long long>(seconds);
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
}

}  // namespace sluice
