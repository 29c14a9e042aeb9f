#include "harness/stores/time_zone.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <limits>

#include "harness/core/errors.hpp"
#include "harness/stores/zone_rule.hpp"

namespace sluice::stores {
namespace {

std::optional<int> two_digits(std::string_view& text) {
  if (text.size() < 2 || text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9') return std::nullopt;
  const int value = (text[0] - '0') * 10 + (text[1] - '0');
  text.remove_prefix(2);
  return value;
}

std::int64_t big_endian(std::string_view bytes) {
  std::uint64_t value = (static_cast<unsigned char>(bytes[0]) & 0x80) != 0 ? ~std::uint64_t{0} : 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return static_cast<std::int64_t>(value);
}

/// Takes pieces off the front of a file; refuses to run past its end.
struct Reader {
  std::string_view rest;
  std::string_view take(std::size_t count) {
    if (count > rest.size()) throw InputError("the file is truncated");
    const auto piece = rest.substr(0, count);
    rest.remove_prefix(count);
    return piece;
  }
  std::int64_t integer(std::size_t width) { return big_endian(take(width)); }
};

struct Counts {
  std::size_t ut, standard, leap, transitions, types, characters;
};

Counts read_header(Reader& reader) {
  if (reader.take(4) != "TZif") throw InputError("the file is not a time zone table");
  if (reader.take(1)[0] < '2') throw InputError("the time zone table has no 64-bit part");
  reader.take(15);
  const auto count = [&] { return static_cast<std::size_t>(reader.integer(4)); };
  Counts counts{};
  for (auto* field :
       {&counts.ut, &counts.standard, &counts.leap, &counts.transitions, &counts.types, &counts.characters}) {
    *field = count();
    if (*field > 1'000'000) throw InputError("the time zone table is damaged");
  }
  return counts;
}

}  // namespace

std::optional<std::int64_t> parse_offset(std::string_view text) {
  if (text.empty() || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const int sign = text[0] == '-' ? -1 : 1;
  text.remove_prefix(1);
  std::int64_t seconds = 0;
  int unit = 3600;
  for (int part = 0; part < 3; ++part, unit /= 60) {
    if (part > 0) {
      if (text.empty()) break;
      if (text[0] == ':') text.remove_prefix(1);
    }
    const auto value = two_digits(text);
    if (!value || *value > (part == 0 ? 24 : 59)) return std::nullopt;
    seconds += *value * unit;
  }
  if (!text.empty()) return std::nullopt;
  return sign * seconds;
}

std::shared_ptr<const TimeZone> TimeZone::load(const std::string& name) {
  auto zone = std::make_shared<TimeZone>();
  if (name == "UTC" || name == "Z") return zone;
  if (const auto offset = parse_offset(name)) {
    zone->first_offset_ = *offset;
    return zone;
  }
  const bool plain = !name.empty() && name[0] != '/' && name.find("..") == std::string::npos &&
                     std::all_of(name.begin(), name.end(), [](unsigned char c) {
                       return std::isalnum(c) != 0 || c == '_' || c == '+' || c == '-' || c == '/';
                     });
  std::ifstream file;
  if (plain) file.open("/usr/share/zoneinfo/" + name, std::ios::binary);
  if (!plain || !file.is_open()) {
    throw InputError(fmt::format(
        "time zone '{}' is not known; write UTC, an offset such as +02:00, or a name such as Europe/Berlin", name));
  }
  const std::string content{std::istreambuf_iterator<char>(file), {}};
  try {
    zone->read_table(content);
  } catch (const InputError& error) {
    throw InputError(fmt::format("time zone '{}' cannot be read from /usr/share/zoneinfo: {}", name, error.what()));
  }
  return zone;
}

void TimeZone::read_table(std::string_view file) {
  Reader reader{file};
  const Counts old = read_header(reader);  // the 32-bit part is skipped
  reader.take(old.transitions * 5 + old.types * 6 + old.characters + old.leap * 8 + old.standard + old.ut);
  const Counts counts = read_header(reader);
  if (counts.types == 0) throw InputError("the time zone table is empty");
  Reader times{reader.take(counts.transitions * 8)};
  const std::string_view indices = reader.take(counts.transitions);
  std::vector<std::int64_t> offsets;
  for (std::size_t i = 0; i < counts.types; ++i) {
    offsets.push_back(reader.integer(4));
    reader.take(2);
  }
  reader.take(counts.characters + counts.leap * 12 + counts.standard + counts.ut);
  first_offset_ = offsets.front();
  for (const char index : indices) {
    const auto type = static_cast<unsigned char>(index);
    if (type >= offsets.size()) throw InputError("the time zone table is damaged");
    transitions_.push_back({.at = times.integer(8), .offset = offsets[type]});
  }
  // A comma in the footer means that clocks keep changing after the table's last entry.
  open_ended_ = reader.rest.find(',') == std::string_view::npos;
  if (!open_ended_) follow_rule(reader.rest);
}

// The calendar is the same again after 400 years, weekdays included.
void TimeZone::follow_rule(std::string_view rule) {
  while (rule.starts_with('\n')) rule.remove_prefix(1);
  while (rule.ends_with('\n')) rule.remove_suffix(1);
  const auto parsed = ZoneRule::parse(rule);
  if (!parsed) return;
  constexpr int first_year = 1970, years = 600;  // more than 400 after any table's last entry
  const std::int64_t last = transitions_.empty() ? std::numeric_limits<std::int64_t>::min() : transitions_.back().at;
  for (int year = first_year; year < first_year + years; ++year) {
    for (const auto& [at, offset] : parsed->changes_in(year)) {
      if (at > last) transitions_.push_back({.at = at, .offset = offset});
    }
  }
  repeats_ = true;
}

std::optional<std::int64_t> TimeZone::to_utc(std::int64_t local_seconds) const {
  // A day before the end nothing depends on what comes after it.
  constexpr std::int64_t day = 86'400, cycle = 146'097 * day;
  const std::int64_t end = transitions_.empty() ? 0 : transitions_.back().at - day;
  if (!open_ended_ && !transitions_.empty() && local_seconds > end) {
    if (!repeats_) return std::nullopt;
    const std::int64_t shift = ((local_seconds - end) / cycle + 1) * cycle;
    const auto earlier = to_utc(local_seconds - shift);
    return earlier ? std::optional(*earlier + shift) : std::nullopt;
  }
  const auto later = [](std::int64_t time, const Transition& transition) { return time < transition.at; };
  const auto offset_at = [&](std::int64_t utc) {
    const auto next = std::upper_bound(transitions_.begin(), transitions_.end(), utc, later);
    return next == transitions_.begin() ? first_offset_ : std::prev(next)->offset;
  };
  const auto near = std::upper_bound(transitions_.begin(), transitions_.end(), local_seconds, later);
  const auto middle = near - transitions_.begin();
  std::optional<std::int64_t> found;
  for (auto i = middle - 2; i <= middle + 1; ++i) {
    if (i < -1 || i >= static_cast<std::ptrdiff_t>(transitions_.size())) continue;
    const std::int64_t offset = i < 0 ? first_offset_ : transitions_[static_cast<std::size_t>(i)].offset;
    const std::int64_t utc = local_seconds - offset;
    if (offset_at(utc) != offset) continue;
    if (found && *found != utc) return std::nullopt;
    found = utc;
  }
  return found;
}

}  // namespace sluice::stores
