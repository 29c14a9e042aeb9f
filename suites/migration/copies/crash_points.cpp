#include "suites/migration/copies/crash_points.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <random>
#include <utility>

namespace sluice::migration {
namespace {

// `count` of `size` places, one in each of `count` equal stretches.
std::vector<std::size_t> spread(std::size_t size, std::size_t count, std::mt19937_64& random) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t begin = i * size / count, end = (i + 1) * size / count;
    places.push_back(begin + random() % (end - begin));
  }
  return places;
}

}  // namespace

std::vector<CrashPoint> crash_points(const std::vector<net::StatementRecord>& statements,
                                     const std::vector<std::string>& writes, const std::set<CrashKind>& kinds) {
  std::vector<CrashPoint> points;
  for (std::size_t i = 0; i < statements.size(); ++i) {
    const auto& [text, connection, ended, end] = statements[i];
    if (kinds.contains(CrashKind::before)) points.push_back({i + 1, CrashKind::before, text});
    const CrashKind kind = end.committed ? CrashKind::commit : CrashKind::after;
    if (ended && kinds.contains(kind)) points.push_back({i + 1, kind, text});
  }
  if (!kinds.contains(CrashKind::write)) return points;
  for (std::size_t i = 0; i < writes.size(); ++i) points.push_back({i + 1, CrashKind::write, writes[i]});
  return points;
}

std::vector<CrashPoint> choose_points(const std::vector<CrashPoint>& points, std::size_t count, std::uint64_t seed) {
  if (points.size() <= count) return points;
  std::mt19937_64 random(seed);
  std::map<std::pair<std::string, CrashKind>, std::vector<std::size_t>> alike;
  for (std::size_t i = 0; i < points.size(); ++i) alike[{points[i].text, points[i].kind}].push_back(i);
  std::vector<std::vector<std::size_t>> groups;
  for (auto& [what, members] : alike) groups.push_back(std::move(members));
  std::sort(groups.begin(), groups.end());  // by the first of each
  std::set<std::size_t> chosen;
  for (const std::size_t group : spread(groups.size(), std::min(count, groups.size()), random)) {
    chosen.insert(groups[group][random() % groups[group].size()]);
  }
  std::vector<std::size_t> rest;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (!chosen.contains(i)) rest.push_back(i);
  }
  for (const std::size_t place : spread(rest.size(), count - chosen.size(), random)) chosen.insert(rest[place]);
  std::vector<CrashPoint> result;
  for (const std::size_t i : chosen) result.push_back(points[i]);
  return result;
}

std::optional<CrashPoint> parse_point(const std::string& text) {
  CrashPoint point;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), point.number);
  if (failure != std::errc() || point.number == 0) return std::nullopt;
  const std::string kind(end, text.data() + text.size());
  for (const auto each : {CrashKind::before, CrashKind::after, CrashKind::commit, CrashKind::write}) {
    if (kind == " " + std::string(to_string(each))) {
      point.kind = each;
      return point;
    }
  }
  return std::nullopt;
}

}  // namespace sluice::migration
