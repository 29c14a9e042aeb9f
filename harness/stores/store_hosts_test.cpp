#include "harness/stores/store_hosts.hpp"

#include <gmock/gmock.h>

#include <cstdlib>

#include "harness/core/errors.hpp"

namespace sluice::stores {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class StoreHosts : public ::testing::Test {
 protected:
  // What the machine that runs the tests says of PostgreSQL is none of theirs.
  void SetUp() override { forget(); }
  void TearDown() override { forget(); }
  static void forget() {
    for (const char* const variable : {"PGHOST", "PGHOSTADDR", "PGSERVICE"}) unsetenv(variable);
  }
};

TEST_F(StoreHosts, AreThoseThatTheUrlNames) {
  EXPECT_THAT(hosts_of("postgresql://me:s3cret@db.example:5432/app"), ElementsAre("db.example"));
  EXPECT_THAT(hosts_of("postgres://a:1,b:2/app"), ElementsAre("a", "b"));
  EXPECT_THAT(hosts_of("postgresql://[::1]:5432/app"), ElementsAre("::1"));
  EXPECT_THAT(hosts_of("postgresql:///app?host=db.example"), ElementsAre("db.example"));
  EXPECT_THAT(hosts_of("postgresql://localhost/app?hostaddr=192.0.2.1"), ElementsAre("192.0.2.1"));
}

TEST_F(StoreHosts, AreNoneWhereNoNetworkIsUsed) {
  EXPECT_THAT(hosts_of("sqlite:data/app.db"), IsEmpty());
  EXPECT_THAT(hosts_of("postgresql://%2Ftmp%2Fcluster/app"), IsEmpty());
  EXPECT_THAT(hosts_of("postgresql:///app?host=/tmp/cluster"), IsEmpty());
  EXPECT_THAT(hosts_of("postgresql:///app"), IsEmpty());
}

TEST_F(StoreHosts, MayComeFromTheEnvironment) {
  setenv("PGHOST", "db.example", 1);
  EXPECT_THAT(hosts_of("postgresql:///app"), ElementsAre("db.example"));
  EXPECT_THAT(hosts_of("postgresql://localhost/app"), ElementsAre("localhost"));
  setenv("PGHOSTADDR", "192.0.2.1", 1);
  EXPECT_THAT(hosts_of("postgresql://localhost/app"), ElementsAre("192.0.2.1"));
  setenv("PGSERVICE", "production", 1);
  EXPECT_THAT(hosts_of("postgresql://localhost/app"), ElementsAre("service production"));
  EXPECT_THAT(hosts_of("postgresql:///app?service=other"), ElementsAre("service other"));
}

TEST_F(StoreHosts, AreNotGuessed) {
  EXPECT_THROW(hosts_of("postgresql://me:s3cret@db:port/app?nothing=known"), InputError);
  EXPECT_THROW(hosts_of("mysql://db/app"), InputError);
}

}  // namespace
}  // namespace sluice::stores
