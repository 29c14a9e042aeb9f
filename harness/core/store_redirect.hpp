#pragma once
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

/// A store of the plan, and how a command that names it is made to work on another one.
struct StoreRedirect {
  std::string store;  ///< for people: "new", "old and new"
  /// How a command may name it -> what it gets instead. Of two that begin at the same place the longer one counts. One
  /// that is a part of a longer name or path ("/data/a.db" in "/data/a.db.bak") does not count.
  std::map<std::string, std::string> spellings;
  /// A name that must appear too: which of a server's databases is meant. Empty where a spelling says it all.
  std::string database;
  /// What must not be left beside them, as it would name the store in a way that is not known: its file's name, its
  /// server's port.
  std::set<std::string> traces;
  /// The command does without this store by design. It may then be absent; its traces may not be there all the same.
  bool spared = false;
};

/// Points words of a command line and values of variables at other stores.
class Redirection {
 public:
  /// `redirects` outlives this object.
  explicit Redirection(const std::vector<StoreRedirect>& redirects)
      : redirects_(redirects), found_(redirects.size(), false), database_found_(redirects.size(), false) {}

  /// `text` with every spelling replaced. Remembers which stores it names.
  std::string apply(std::string_view text);
  /// The same for text that a command may use or not, such as variables that it inherits: naming a store there is not
  /// enough.
  std::string apply_beside(std::string_view text) const;
  /// Once everything was applied: throws InputError that says which store `command` does not name, or still names in
  /// another way, and what to do. `command` is for people: "action migrate".
  void require_all(const std::string& command) const;

 private:
  struct Match {
    std::size_t redirect = 0;
    const std::string* spelling = nullptr;
    const std::string* replacement = nullptr;
  };
  Match longest_at(std::string_view text, std::size_t at) const;
  template <typename OnMatch>
  std::string rewrite(std::string_view text, OnMatch&& on_match, std::string& untouched) const;

  const std::vector<StoreRedirect>& redirects_;
  std::vector<bool> found_;
  std::vector<bool> database_found_;
  std::vector<std::pair<std::size_t, std::string>> left_;  ///< index of the redirect, its trace
};

}  // namespace sluice
