#include "steer/serve/access.h"

#include <gtest/gtest.h>

#include <set>

namespace steer {
namespace {

Access access() {
  return {own_hosts(7878, {"box.local"}), "0123456789abcdef0123456789abcdef"};
}

AskedBy page() {
  return {"GET", "/api/state", "127.0.0.1:7878", "", "", "", "Bearer 0123456789abcdef0123456789abcdef"};
}

int status(const AskedBy& by) {
  const auto refusal = refusal_of(access(), by);
  return refusal ? refusal->status : 200;
}

TEST(Access, LetsItsOwnPageIn) {
  EXPECT_EQ(status(page()), 200);
  for (const char* host : {"localhost:7878", "[::1]:7878", "LOCALHOST:7878", "box.local", "box.local:7878"}) {
    AskedBy by = page();
    by.host = host;
    EXPECT_EQ(status(by), 200) << host;
  }
  AskedBy by = page();
  by.origin = "http://127.0.0.1:7878", by.site = "same-origin";
  EXPECT_EQ(status(by), 200);
}

TEST(Access, KeepsOtherHostsOut) {
  for (const char* host : {"", "evil.example", "evil.example:7878", "127.0.0.1", "127.0.0.1:80",
                           "127.0.0.1:7878.evil.example", "127.0.0.1:7878 ", "0.0.0.0:7878"}) {
    AskedBy by = page();
    by.host = host;
    EXPECT_EQ(status(by), 421) << host;
    by.origin = std::string("http://") + host;  // as a page of that name would
    EXPECT_EQ(status(by), 421) << host;
  }
}

TEST(Access, KeepsOtherOriginsOut) {
  for (const char* origin : {"null", "http://evil.example", "https://127.0.0.1:7878", "http://127.0.0.1:7879",
                             "http://localhost:7878", "file://"}) {
    AskedBy by = page();
    by.origin = origin;
    EXPECT_EQ(status(by), 403) << origin;
  }
  for (const char* site : {"cross-site", "same-site"}) {
    AskedBy by = page();
    by.site = site;
    EXPECT_EQ(status(by), 403) << site;
    by.path = "/", by.mode = "navigate";  // a link to the page may be followed
    EXPECT_EQ(status(by), 200) << site;
    by.method = "POST";
    EXPECT_EQ(status(by), 403) << site;
  }
}

TEST(Access, AsksForTheTokenBelowApiAlone) {
  for (const char* said :
       {"", "Bearer", "Bearer 0123456789abcdef0123456789abcdee", "0123456789abcdef0123456789abcdef",
        "bearer 0123456789abcdef0123456789abcdef", "Bearer 0123456789abcdef0123456789abcdef0"}) {
    AskedBy by = page();
    by.authorization = said;
    EXPECT_EQ(status(by), 401) << said;
    by.path = "/assets/main.js";
    EXPECT_EQ(status(by), 200) << said;
  }
  Access open = access();
  open.token.clear();
  AskedBy by = page();
  by.authorization.clear();
  EXPECT_FALSE(refusal_of(open, by));
}

TEST(Access, NamesAreRandom) {
  std::set<std::string> names;
  for (int i = 0; i < 1000; ++i) names.insert(random_name());
  EXPECT_EQ(names.size(), 1000u);
  EXPECT_EQ(names.begin()->size(), 32u);
  EXPECT_EQ(names.begin()->find_first_not_of("0123456789abcdef"), std::string::npos);
}

}  // namespace
}  // namespace steer
