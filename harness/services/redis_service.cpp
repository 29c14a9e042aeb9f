#include "harness/services/redis_service.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <string_view>

#include "harness/core/errors.hpp"
#include "harness/core/printable.hpp"
#include "harness/net/http_client.hpp"
#include "harness/services/probe_socket.hpp"

namespace sluice::services {
namespace {

using namespace std::chrono_literals;

// What sluice itself must say so that the service is private, reachable and ended with the run.
constexpr std::array<std::string_view, 11> reserved_settings{
    "bind", "port",    "unixsocket", "unixsocketperm", "daemonize",      "supervised",
    "dir",  "logfile", "pidfile",    "include",        "cluster-enabled"};

void refuse_reserved(const std::string& service, const std::string& setting) {
  if (setting.empty() || setting.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") != std::string::npos)
    throw InputError(
        fmt::format("service {}: '{}' is not the name of a redis setting", service, printable(setting, 60)));
  for (const auto reserved : reserved_settings) {
    if (setting == reserved)
      throw InputError(
          fmt::format("service {}: the setting '{}' is sluice's own to choose; leave it out", service, setting));
  }
}

// One word of redis.conf, whatever it holds.
std::string one_word(std::string_view value) {
  std::string text = "\"";
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      text += '\\';
      text += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      text += fmt::format("\\x{:02x}", byte);
    } else {
      text += c;
    }
  }
  return text + '"';
}

std::string resp(std::initializer_list<std::string_view> words) {
  std::string text = fmt::format("*{}\r\n", words.size());
  for (const auto word : words) text += fmt::format("${}\r\n{}\r\n", word.size(), word);
  return text;
}

}  // namespace

RedisService::RedisService(const plan::ServiceSpec& spec, const ServiceEnvironment& environment)
    : OwnedService(spec, environment, {SIGTERM, 5s}),
      program_(find_program("redis-server")),
      folder_(environment.work / spec.name),
      port_(environment.ports) {
  if (program_.empty())
    throw EnvironmentError("no redis-server is in PATH; run ci/setup, or apt-get install redis-server");
}

std::map<std::string, std::string> RedisService::attributes() const {
  const std::string address = fmt::format("127.0.0.1:{}", port_.port());
  const std::string login = password_.empty() ? "" : ":" + net::percent_encode(password_) + "@";
  return {{"url", "redis://" + login + address},
          {"socket", (folder_ / "redis.sock").string()},
          {"host", "127.0.0.1"},
          {"port", std::to_string(port_.port())},
          {"address", address},
          {"log", log().string()}};
}

void RedisService::write_configuration(const Parameters& parameters) const {
  std::string text = fmt::format(
      "bind 127.0.0.1\nport {}\nunixsocket {}\nunixsocketperm 700\ndaemonize no\nset-proc-title no\nsupervised no\ndir "
      "{}\nlogfile \"\"\n",
      port_.port(), one_word((folder_ / "redis.sock").string()), one_word(folder_.string()));
  text += parameters.boolean("durable") ? "appendonly yes\nappendfsync always\n" : "appendonly no\nsave \"\"\n";
  if (parameters.has("settings")) {
    for (const auto& [name, value] : parameters.value("settings").items()) {
      refuse_reserved(spec_.name, name);
      text += name + " " + one_word(value.get_ref<const std::string&>()) + "\n";
    }
  }
  const auto file = folder_ / "redis.conf";
  const int descriptor = open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const bool written =
      descriptor >= 0 && write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (descriptor >= 0) close(descriptor);
  if (!written) throw EnvironmentError(fmt::format("service {}: cannot write {}", spec_.name, file.string()));
}

void RedisService::start(std::stop_token stop) {
  if (!configured_) {
    const Parameters parameters = expanded(spec_.parameters, environment_, spec_.name);
    std::filesystem::create_directories(folder_);
    std::filesystem::permissions(folder_, std::filesystem::perms::owner_all);
    write_configuration(parameters);
    if (parameters.has("settings")) password_ = parameters.value("settings").value("requirepass", "");
    configured_ = true;
  }
  spawn({.command = {program_.string(), (folder_ / "redis.conf").string()}, .directory = folder_});
  await([this](std::stop_token cancelled) { return ask(cancelled); }, spec_.parameters.duration("within"), stop);
}

std::string RedisService::ask(std::stop_token stop) {
  try {
    ProbeSocket socket(2s, stop);
    socket.connect(folder_ / "redis.sock");
    if (!password_.empty()) {
      socket.send(resp({"AUTH", password_}));
      if (const auto answer = socket.receive_line(); answer != "+OK") return "AUTH: " + printable(answer, 200);
    }
    socket.send(resp({"PING"}));
    const std::string answer = socket.receive_line();
    // Somebody else has all its connections: it answers.
    if (answer == "+PONG" || answer.starts_with("-ERR max number of clients")) return "";
    return "PING: " + printable(answer, 200);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
}

}  // namespace sluice::services
