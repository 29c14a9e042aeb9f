#include "suites/migration/testing/random_ids.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <tuple>

namespace sluice::migration {
namespace {

using stores::Engine;

std::string quoted(const std::string& text) { return "'" + text + "'"; }

}  // namespace

RandomIds::RandomIds(std::uint64_t seed, std::uint64_t number, std::array<Engine, 2> engines)
    : random_(seed * 1'000'003 + number),
      number_(number),
      by_table_(random_.once_in(2)),
      text_ids_(random_.once_in(2)),
      uuids_(random_.once_in(2)),
      engines_(engines) {
  Side& old_side = sides_[0];
  const std::size_t users = 2 + random_.below(8);
  for (std::size_t i = 0; i < users; ++i) {
    const std::string id = text_ids_ ? fmt::format("u{}", i * 7 % 31) : std::to_string(i + 1);
    old_side.users.push_back({id, fmt::format("slug {}", i), random_.value(ValueKind::text)});
    pairs_.emplace_back(id, "");
  }
  // New ids in no order that has anything to do with the old ones; as numbers they are old ids of others.
  std::vector<std::string> fresh;
  for (std::size_t i = 0; i < users; ++i) fresh.push_back(new_id(i));
  for (std::size_t i = users; i > 1; --i) std::swap(fresh[i - 1], fresh[random_.below(i)]);
  for (std::size_t i = 0; i < users; ++i) pairs_[i].second = fresh[i];
  const auto reference = [&](std::int64_t n, bool nullable) {
    Reference made{n, old_side.users[random_.below(users)].id, random_.value(ValueKind::text)};
    if (nullable && random_.once_in(5)) made.user.reset();
    return made;
  };
  for (std::uint64_t i = random_.below(10); i > 0; --i)
    old_side.posts.push_back(reference(static_cast<std::int64_t>(i), true));
  for (std::uint64_t i = random_.below(10); i > 0; --i)
    old_side.notes.push_back(reference(static_cast<std::int64_t>(i), true));
  for (std::int64_t team = 1; team < 4; ++team) {
    for (const auto& user : old_side.users) {
      if (random_.once_in(3)) old_side.members.push_back({team, user.id, random_.value(ValueKind::text)});
    }
  }
  sides_[1] = old_side;
  const Ids all(pairs_.begin(), pairs_.end());
  for (auto& user : sides_[1].users) user.id = all.at(user.id);
  for (auto* rows : {&sides_[1].posts, &sides_[1].members, &sides_[1].notes}) {
    for (auto& row : *rows) row.user = row.user ? std::optional(all.at(*row.user)) : std::nullopt;
  }
}

std::string RandomIds::new_id(std::size_t index) {
  if (!uuids_) return std::to_string(index + 2);
  return fmt::format("{:08x}-0000-4000-8000-{:012x}", static_cast<std::uint32_t>(random_.below(1u << 31)), index);
}

std::string RandomIds::table(std::size_t side, const char* what) const {
  return fmt::format("{}{}{}", side == 0 ? 'o' : 'n', number_, what);
}

bool RandomIds::owns(const std::string& name) const {
  return name == map_name() || name == table(0, "users") || name == table(0, "posts") || name == table(0, "members") ||
         name == table(0, "notes");
}

// What the map says, whoever made it.
RandomIds::Ids RandomIds::ids() const {
  if (by_table_) return {pairs_.begin(), pairs_.end()};
  Ids all;
  for (const auto& user : sides_[0].users) {
    for (const auto& other : sides_[1].users) {
      if (other.slug == user.slug) all[user.id] = other.id;
    }
  }
  return all;
}

void RandomIds::violate_users() {
  auto& users = sides_[1].users;
  const std::size_t left = random_.below(users.size()), right = random_.below(users.size());
  switch (random_.below(4)) {
    case 0:  // two users changed places
      if (by_table_)
        std::swap(pairs_[left % pairs_.size()].second, pairs_[right % pairs_.size()].second);
      else
        std::swap(users[left].slug, users[right].slug);
      return;
    case 1:
      if (by_table_ && pairs_.size() > 1)
        pairs_.erase(pairs_.begin() + static_cast<std::ptrdiff_t>(left % pairs_.size()));
      return;
    case 2:
      std::swap(users[left].name, users[right].name);
      return;
    default:
      users[left].name = random_.other(ValueKind::text, users[left].name, true);
  }
}

void RandomIds::violate_references() {
  Side& side = sides_[1];
  auto& rows = random_.once_in(3) ? side.members : random_.once_in(2) ? side.notes : side.posts;
  if (rows.empty()) return;
  const std::size_t index = random_.below(rows.size());
  Reference changed = rows[index];
  switch (random_.below(4)) {
    case 0:
      rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(index));
      return;
    case 1:
      changed.text = random_.other(ValueKind::text, changed.text, true);
      break;
    default:  // a child of the wrong parent
      changed.user = side.users[random_.below(side.users.size())].id;
  }
  const bool taken = &rows == &side.members && std::any_of(rows.begin(), rows.end(), [&](const Reference& other) {
    return &other != &rows[index] && other.number == changed.number && other.user == changed.user;
  });
  if (!taken) rows[index] = changed;
}

void RandomIds::violate() { random_.once_in(2) ? violate_users() : violate_references(); }

void RandomIds::corrupt() {
  do {
    for (std::uint64_t i = 1 + random_.below(3); i > 0; --i) violate();
  } while (expected().empty());
}

void RandomIds::merge_ids() {
  by_table_ = true;
  pairs_[0].second = pairs_[1].second;
}

std::string RandomIds::sql(std::size_t side) {
  const Engine engine = engines_[side];
  const bool text = side == 0 ? text_ids_ : uuids_;
  const std::string id_type = !text ? "integer" : side == 1 && engine == Engine::postgres ? "uuid" : "text";
  const auto id = [&](const std::optional<std::string>& value) {
    return !value ? "NULL" : text ? quoted(*value) : *value;
  };
  const auto literal = [&](const Value& value) {
    return random_.write(value, ValueKind::text, Engine::sqlite, "TEXT").literal;
  };
  std::string all;
  const auto create = [&](const char* what, const std::string& columns, std::vector<std::string>& lines) {
    all += fmt::format("CREATE TABLE {} ({});\n", table(side, what), columns);
    if (!lines.empty()) all += fmt::format("INSERT INTO {} VALUES {};\n", table(side, what), fmt::join(lines, ", "));
    lines.clear();
  };
  std::vector<std::string> lines;
  for (const auto& user : sides_[side].users)
    lines.push_back(fmt::format("({}, {}, {})", id(user.id), quoted(user.slug), literal(user.name)));
  create("users", "id " + id_type + " PRIMARY KEY, slug text, name text", lines);
  const auto references = [&](const char* what, const char* key, const std::vector<Reference>& rows) {
    for (const auto& row : rows)
      lines.push_back(fmt::format("({}, {}, {})", row.number, id(row.user), literal(row.text)));
    create(what, fmt::format("n integer, user_id {}, s text{}", id_type, key), lines);
  };
  references("posts", ", PRIMARY KEY (n)", sides_[side].posts);
  references("members", ", PRIMARY KEY (user_id, n)", sides_[side].members);
  references("notes", "", sides_[side].notes);
  if (side == 0 || !by_table_) return all;
  for (const auto& [was, became] : pairs_)
    lines.push_back(fmt::format("({}, {})", text_ids_ ? quoted(was) : was, id(became)));
  create("ids", fmt::format("was {}, became {}", text_ids_ ? "text" : "integer", id_type), lines);
  return all;
}

void RandomIds::map(nlohmann::json& parameters) {
  nlohmann::json& ids = parameters["id_maps"][map_name()];
  if (by_table_) {
    ids = {{"kind", "table"}, {"table", table(1, "ids")}, {"old", "was"}, {"new", "became"}};
  } else {
    ids = {{"kind", "natural"}};
    for (std::size_t side = 0; side < 2; ++side) {
      ids[side == 0 ? "old" : "new"] = {{"table", table(side, "users")}, {"id", "id"}, {"by", {"slug"}}};
    }
  }
  for (const char* what : {"users", "posts", "members", "notes"}) {
    parameters["tables"][table(0, what)] = {{"to", table(1, what)},
                                            {"ids", {{std::string(what) == "users" ? "id" : "user_id", map_name()}}}};
  }
}

void RandomIds::expect_users(const Ids& ids, std::vector<std::string>& lines) const {
  const std::string name = table(0, "users");
  std::vector<std::string> reached;
  for (const auto& user : sides_[0].users) {
    const auto became = ids.find(user.id);
    const auto match = std::find_if(sides_[1].users.begin(), sides_[1].users.end(), [&](const User& other) {
      return became != ids.end() && other.id == became->second;
    });
    if (match == sides_[1].users.end()) {
      lines.push_back(fmt::format("row-missing {} id={}", name, user.id));
      continue;
    }
    reached.push_back(match->id);
    if (match->slug != user.slug) lines.push_back(fmt::format("row-changed {} id={} slug", name, user.id));
    if (match->name != user.name) lines.push_back(fmt::format("row-changed {} id={} name", name, user.id));
  }
  for (const auto& user : sides_[1].users) {
    if (std::find(reached.begin(), reached.end(), user.id) == reached.end())
      lines.push_back(fmt::format("row-extra {} id={}", name, user.id));
  }
}

namespace {

// "?" equals no id.
std::optional<std::string> translated(const std::map<std::string, std::string>& ids,
                                      const std::optional<std::string>& user) {
  if (!user) return std::nullopt;
  const auto found = ids.find(*user);
  return found == ids.end() ? "?" : found->second;
}

}  // namespace

void RandomIds::expect_posts(const Ids& ids, std::vector<std::string>& lines) const {
  const std::string name = table(0, "posts");
  const auto& posts = sides_[1].posts;
  for (const auto& row : sides_[0].posts) {
    const auto match =
        std::find_if(posts.begin(), posts.end(), [&](const Reference& other) { return other.number == row.number; });
    if (match == posts.end()) {
      lines.push_back(fmt::format("row-missing {} n={}", name, row.number));
      continue;
    }
    if (match->user != translated(ids, row.user))
      lines.push_back(fmt::format("row-changed {} n={} user_id", name, row.number));
    if (match->text != row.text) lines.push_back(fmt::format("row-changed {} n={} s", name, row.number));
  }
}

void RandomIds::expect_members(const Ids& ids, std::vector<std::string>& lines) const {
  const std::string name = table(0, "members");
  const auto& members = sides_[1].members;
  std::vector<const Reference*> reached;
  for (const auto& row : sides_[0].members) {
    const auto user = translated(ids, row.user);
    const auto match = std::find_if(members.begin(), members.end(), [&](const Reference& other) {
      return other.number == row.number && other.user == user;
    });
    if (match == members.end()) {
      lines.push_back(fmt::format("row-missing {} user_id={}, n={}", name, *row.user, row.number));
      continue;
    }
    reached.push_back(&*match);
    if (match->text != row.text)
      lines.push_back(fmt::format("row-changed {} user_id={}, n={} s", name, *row.user, row.number));
  }
  for (const auto& row : members) {
    if (std::find(reached.begin(), reached.end(), &row) == reached.end())
      lines.push_back(fmt::format("row-extra {} user_id={}, n={}", name, *row.user, row.number));
  }
}

// The number alone names a row here; whether it is lost or there too often is counted by whole rows.
void RandomIds::expect_notes(const Ids& ids, std::vector<std::string>& lines) const {
  std::map<std::tuple<std::int64_t, std::optional<std::string>, Value>, int> surplus;
  for (const auto& row : sides_[0].notes) --surplus[{row.number, translated(ids, row.user), row.text}];
  for (const auto& row : sides_[1].notes) ++surplus[{row.number, row.user, row.text}];
  for (const auto& [row, count] : surplus) {
    if (count != 0)
      lines.push_back(
          fmt::format("{} {} n={}", count < 0 ? "row-missing" : "row-extra", table(0, "notes"), std::get<0>(row)));
  }
}

std::vector<std::string> RandomIds::expected() const {
  std::vector<std::string> lines;
  const Ids all = ids();
  expect_users(all, lines);
  expect_posts(all, lines);
  expect_members(all, lines);
  expect_notes(all, lines);
  std::sort(lines.begin(), lines.end());
  return lines;
}

std::vector<std::string> RandomIds::observed(const std::vector<const Finding*>& findings,
                                             const std::map<std::string, double>&) const {
  std::vector<std::string> lines;
  const std::string notes = " " + table(0, "notes") + " ", unmapped = " (not in the id map " + map_name() + ")";
  for (const auto* finding : findings) {
    std::string line = line_of(*finding);
    if (line.find(notes) != std::string::npos) line.erase(line.find(','));
    if (const auto at = line.find(unmapped); at != std::string::npos) line.erase(at, unmapped.size());
    lines.push_back(std::move(line));
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

}  // namespace sluice::migration
