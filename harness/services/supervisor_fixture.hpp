#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <future>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "harness/core/errors.hpp"
#include "harness/plan/loader.hpp"
#include "harness/plan/reference.hpp"
#include "harness/services/log_tail.hpp"
#include "harness/services/port.hpp"
#include "harness/services/run_folder.hpp"
#include "harness/services/supervisor.hpp"
#include "harness/testing/check_context.hpp"

// For this folder's tests: a supervisor over the services of a plan's text, in a folder that is gone afterwards.
namespace sluice::services {

using namespace std::chrono_literals;

// A small HTTP server that every Debian has: perl is essential there.
inline constexpr const char* server_script = R"(
use IO::Socket::INET; $| = 1;
my ($address, $delay) = @ARGV;
my $s = IO::Socket::INET->new(LocalAddr => $address, Listen => 5, ReuseAddr => 1) or die "cannot listen: $!";
print "listening\n";
while (my $c = $s->accept()) { my $l = <$c>; while (<$c>) { last if /^\r?\n$/ } print $c "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"; close $c; }
)";

class SupervisorTest : public ::testing::Test {
 protected:
  SupervisorTest() {
    folder_.write("server.pl", server_script);
    // As root PostgreSQL runs as another user, who must get through to its own folder.
    std::filesystem::permissions(folder_.path(), std::filesystem::perms(0711));
    environment_ = {.host = &host_,
                    .work = folder_.path(),
                    .logs = folder_.path(),
                    .ports = folder_.path() / "ports",
                    .directory = folder_.path(),
                    .clock = &clock_,
                    .expand = [this](const std::string& text, const std::string& self) {
                      return plan::expand(text, [&](const plan::Reference& reference) {
                        return supervisor_->attribute(reference.name == "self" ? self : reference.name,
                                                      reference.attribute);
                      });
                    }};
  }
  ~SupervisorTest() override {
    supervisor_.reset();
    EXPECT_TRUE(processes_of_run(marker_).empty()) << "a process outlived its supervisor";
    release_shared_memory(folder_.path() / "db" / "data");
  }

  Supervisor& up(const std::string& services) {
    const std::string text = "sluice: 1\nname: t\nservices:\n" + services +
                             "checks: { c: { kind: test.none } }\nphases: [ { name: p, after: [c] } ]\n";
    const CheckKind none{.name = "test.none", .proves = "", .cannot_prove = ""};
    plan_ = plan::parse_plan(text, folder_.path() / "plan.yaml", {none});
    supervisor_ = std::make_unique<Supervisor>(plan_.services, environment_);
    return *supervisor_;
  }
  void start(std::stop_token stop = {}) {
    supervisor_->start(stop, [this](const std::string& name, std::chrono::nanoseconds) { ready_.push_back(name); });
  }
  /// What on_loss is told of; wait for it after start().
  std::future<void> loss() {
    supervisor_->on_loss = [this] { lost_.set_value(); };
    return lost_.get_future();
  }
  /// Waits until a file of the folder holds `text`: the event itself, not a guess at how long it takes.
  bool wrote(const std::string& file, const std::string& text) const {
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (!log_contains(folder_.path() / file, text)) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(1ms);  // so that it leaves the processor to whom it waits for
    }
    return true;
  }
  std::string failure_of_start() {
    try {
      start();
    } catch (const EnvironmentError& error) {
      return error.what();
    }
    return "";
  }

  testing::TemporaryFolder folder_;
  std::string marker_ = "test-" + folder_.path().filename().string();
  SystemClock clock_;
  ProcessHost host_{marker_};
  ServiceEnvironment environment_;
  plan::Plan plan_;
  std::vector<std::string> ready_;
  std::promise<void> lost_;
  std::unique_ptr<Supervisor> supervisor_;
};

}  // namespace sluice::services
