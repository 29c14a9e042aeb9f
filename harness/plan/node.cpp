#include "harness/plan/node.hpp"

#include <fmt/core.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

#include "harness/core/printable.hpp"

namespace sluice::plan {
namespace {

constexpr std::size_t max_bytes = 4u << 20;
constexpr int max_depth = 64;
constexpr std::size_t max_nodes = 100'000;

class Converter {
 public:
  Converter(std::shared_ptr<const std::string> file, Problems& problems)
      : file_(std::move(file)), problems_(problems) {}

  Node convert(const YAML::Node& yaml, int depth) {
    Node node;
    node.at = position(yaml.Mark());
    if (full_) return node;
    if (++count_ > max_nodes || depth > max_depth) {
      full_ = true;
      problems_.add(node.at, fmt::format("too large: more than {} values or {} levels (are aliases multiplying?)",
                                         max_nodes, max_depth));
      return node;
    }
    switch (yaml.Type()) {
      case YAML::NodeType::Undefined:
      case YAML::NodeType::Null:
        break;
      case YAML::NodeType::Scalar:
        node.kind = Node::Kind::scalar;
        node.text = yaml.Scalar();
        node.quoted = yaml.Tag() == "!";
        break;
      case YAML::NodeType::Sequence:
        node.kind = Node::Kind::list;
        for (const auto& item : yaml) node.items.push_back(convert(item, depth + 1));
        break;
      case YAML::NodeType::Map:
        convert_map(yaml, depth, node);
        break;
    }
    return node;
  }

  Position position(const YAML::Mark& mark) const {
    if (mark.is_null()) return {file_, 0, 0};
    return {file_, mark.line + 1, mark.column + 1};
  }

 private:
  void convert_map(const YAML::Node& yaml, int depth, Node& node) {
    node.kind = Node::Kind::map;
    std::set<std::string> seen;
    for (const auto& entry : yaml) {
      const Position at = position(entry.first.Mark());
      if (!entry.first.IsScalar()) {
        problems_.add(at, "a key must be a plain text");
        continue;
      }
      const std::string& key = entry.first.Scalar();
      if (key.find('\0') != std::string::npos)
        problems_.add(at,
                      fmt::format("key '{}' holds a NUL byte, which programs would cut it off at", printable(key, 80)));
      if (!seen.insert(key).second)
        problems_.add(at, fmt::format("key '{}' is here a second time", printable(key, 80)));
      node.members.push_back({key, at, convert(entry.second, depth + 1)});
    }
  }

  std::shared_ptr<const std::string> file_;
  Problems& problems_;
  std::size_t count_ = 0;
  bool full_ = false;
};

// Reads along before the tree is built, and stops at what would make building it endless: the library takes a stray ','
// for an empty document without passing it, again and again.
class OneDocument : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1)
      throw YAML::ParserException(mark, "a second document begins here, or something that is in none");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { count(mark); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { count(mark); }
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t, const std::string&) override {
    count(mark);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
    count(mark);
  }
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {
    count(mark);
  }
  void OnMapEnd() override {}

 private:
  void count(const YAML::Mark& mark) {
    if (++events_ > 2 * max_nodes) throw YAML::ParserException(mark, fmt::format("more than {} values", max_nodes));
  }

  std::size_t documents_ = 0;
  std::size_t events_ = 0;
};

YAML::Node load(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  OneDocument reader;
  while (parser.HandleNextDocument(reader)) {
  }
  return YAML::Load(text);
}

// The library may count a step beyond the end of the text when it meets it where it should not be.
Position inside(std::string_view text, Position at) {
  std::string_view rest = text;
  for (int line = 1; line < at.line; ++line) {
    const auto end = rest.find('\n');
    if (end == std::string_view::npos) return {at.file, line, static_cast<int>(rest.size()) + 1};
    rest.remove_prefix(end + 1);
  }
  at.column = std::min(at.column, static_cast<int>(std::min(rest.find('\n'), rest.size())) + 1);
  return at;
}

// What YAML does not admit as it stands: other encodings than UTF-8, control characters. The YAML library would take
// anything, guess at encodings, and count columns in what it made of them.
// The first of them becomes a problem.
bool is_text(std::string_view text, const std::shared_ptr<const std::string>& file, Problems& problems) {
  int number = 1;
  for (std::string_view rest = text; !rest.empty(); ++number) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    const auto control = std::find_if(line.begin(), line.end(), [](char c) {
      return (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\r') || c == 0x7F;
    });
    if (control != line.end()) {
      problems.add({file, number, static_cast<int>(control - line.begin()) + 1},
                   fmt::format("not YAML: the control character \\x{:02X}", static_cast<unsigned char>(*control)));
      return false;
    }
    if (!is_utf8(line)) {
      problems.add({file, number, 1}, "not YAML: this line is not UTF-8");
      return false;
    }
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
  }
  return true;
}

}  // namespace

const Node* Node::find(std::string_view key) const {
  const auto found = std::find_if(members.begin(), members.end(), [&](const Member& m) { return m.key == key; });
  return found == members.end() ? nullptr : &found->value;
}

Node* Node::find(std::string_view key) { return const_cast<Node*>(std::as_const(*this).find(key)); }

std::string Node::describe() const {
  switch (kind) {
    case Kind::null:
      return "nothing";
    case Kind::scalar:
      return "'" + printable(text, 80) + "'";
    case Kind::list:
      return "a list";
    case Kind::map:
      return "a map";
  }
  return "nothing";
}

Node read_yaml(const std::string& text, const std::string& file, Problems& problems) {
  Converter converter(std::make_shared<const std::string>(file), problems);
  const Position whole{std::make_shared<const std::string>(file), 0, 0};
  if (text.size() > max_bytes) {
    problems.add(whole, fmt::format("larger than {} bytes", max_bytes));
    return {};
  }
  if (!is_text(text, whole.file, problems)) return {};
  try {
    return converter.convert(load(text), 1);
  } catch (const YAML::Exception& error) {
    problems.add(inside(text, converter.position(error.mark)), "not YAML: " + error.msg);
  } catch (const std::exception& error) {
    problems.add(whole, std::string("not YAML: ") + error.what());
  }
  return {};
}

std::string read_plan_text(const std::filesystem::path& path, const std::string& shown, Problems& problems) {
  std::ifstream stream(path, std::ios::binary);
  std::error_code ignored;
  if (!stream || std::filesystem::is_directory(path, ignored)) {
    problems.add({std::make_shared<const std::string>(shown), 0, 0},
                 fmt::format("cannot be read: {}", std::strerror(errno == 0 ? EISDIR : errno)));
    return "";
  }
  std::string text(max_bytes + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  return text;
}

Node read_yaml_file(const std::filesystem::path& path, const std::string& shown, Problems& problems) {
  const std::string text = read_plan_text(path, shown, problems);
  return problems.empty() ? read_yaml(text, shown, problems) : Node{};
}

void merge(Node& base, const Node& overlay) {
  if (base.kind != Node::Kind::map || overlay.kind != Node::Kind::map) {
    base = overlay;
    return;
  }
  for (const auto& member : overlay.members) {
    const auto found = std::find_if(base.members.begin(), base.members.end(),
                                    [&](const Node::Member& m) { return m.key == member.key; });
    if (member.value.kind == Node::Kind::null) {
      if (found != base.members.end()) base.members.erase(found);
    } else if (found == base.members.end()) {
      base.members.push_back(member);
    } else {
      merge(found->value, member.value);
    }
  }
}

}  // namespace sluice::plan
