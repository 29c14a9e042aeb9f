#include "harness/core/process_search.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

namespace sluice {
namespace {

bool carries(int pid, const std::vector<std::string>& entries) {
  const std::string environment = '\0' + read_proc(fmt::format("/proc/{}/environ", pid));
  return std::all_of(entries.begin(), entries.end(), [&](const std::string& entry) {
    return environment.find('\0' + entry + '\0') != std::string::npos;
  });
}

}  // namespace

// Several reads, because the kernel hands out a page at a time.
std::string read_proc(const std::string& path) {
  std::string text;
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return text;
  std::array<char, 4096> page;
  ssize_t count = 0;
  while ((count = read(descriptor, page.data(), page.size())) > 0) text.append(page.data(), static_cast<size_t>(count));
  close(descriptor);
  return text;
}

void for_each_process(const std::function<void(int)>& visit) {
  DIR* proc = opendir("/proc");
  if (proc == nullptr) return;
  while (const dirent* file = readdir(proc)) {
    int pid = 0;
    const char* end = file->d_name + std::strlen(file->d_name);
    if (std::from_chars(file->d_name, end, pid).ptr == end) visit(pid);
  }
  closedir(proc);
}

std::vector<int> processes_with(const std::vector<std::string>& entries) {
  std::vector<int> found;
  for_each_process([&](int pid) {
    if (pid != getpid() && carries(pid, entries)) found.push_back(pid);
  });
  return found;
}

}  // namespace sluice
