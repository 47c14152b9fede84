#include "steer/serve/http.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <thread>

#include "steer/core/check.h"
#include "steer/serve/test_client.h"
#include "steer/testing/refusal.h"

namespace steer {
namespace {

using testing::HasSubstr;

TEST(Target, IsTakenApart) {
  HttpRequest request;
  ASSERT_TRUE(read_target("/api/jobs/a%2Fb?name=x%20y+z&flag&empty=", request));
  EXPECT_EQ(request.by.path, "/api/jobs/a/b");
  EXPECT_EQ(request.query,
            (std::map<std::string, std::string>{{"name", "x y z"}, {"flag", ""}, {"empty", ""}}));
  ASSERT_TRUE(read_target("/%C3%BC", request));
  EXPECT_EQ(request.by.path, "/\xC3\xBC");
}

TEST(Target, RefusesWhatIsNoPath) {
  HttpRequest request;
  for (const char* target : {"", "*", "http://127.0.0.1/", "x", "/%", "/%2", "/%zz", "/%00", "/%C0%AF",
                             "/%FF", "/?a=%00", "/?a=%ff"})
    EXPECT_FALSE(read_target(target, request)) << target;
}

// A server whose handler answers with what it was asked.
class HttpTest : public testing::Test {
 protected:
  HttpTest() {
    HttpLimits limits;
    limits.head_seconds = 1, limits.body_seconds = 1;
    server_ = std::make_unique<HttpServer>("127.0.0.1", 0, 0, limits);
    access_.hosts = own_hosts(server_->port(), {});
    thread_ = std::thread([this] {
      server_->run(access_, [](const HttpRequest& request) -> HttpAnswer {
        if (request.by.path == "/events")
          return {200, "text/event-stream", "event: first\ndata: 0\n\n", {}, true};
        if (request.by.path == "/throw") fail("[test] expected nothing");
        return {200, "text/plain", request.by.method + " " + request.by.path + " " + request.body, {}, false};
      });
    });
  }
  ~HttpTest() override {
    server_->stop();
    thread_.join();
  }

  std::string host() const { return "Host: 127.0.0.1:" + std::to_string(server_->port()) + "\r\n"; }
  // The answer to bytes that begin with these lines.
  std::string asked(const std::string& bytes) {
    TestClient client(server_->port());
    client.send(bytes);
    return client.answer();
  }
  void expect_alive() { EXPECT_EQ(status_of(asked("GET / HTTP/1.1\r\n" + host() + "\r\n")), 200); }

  Access access_;
  std::unique_ptr<HttpServer> server_;
  std::thread thread_;
};

TEST_F(HttpTest, AnswersOneAfterTheOtherOnOneConnection) {
  TestClient client(server_->port());
  client.send("GET /a HTTP/1.1\r\n" + host() + "\r\nPOST /b HTTP/1.1\r\n" + host() +
              "Content-Length: 2\r\n\r\nhi" + "GET /c HTTP/1.1\r\n" + host() + "\r\n");
  EXPECT_EQ(body_of(client.answer()), "GET /a ");
  EXPECT_EQ(body_of(client.answer()), "POST /b hi");
  const std::string last = client.answer();
  EXPECT_EQ(body_of(last), "GET /c ");
  for (const char* header : {"Content-Security-Policy: default-src 'none'", "X-Content-Type-Options: nosniff",
                             "Cache-Control: no-store", "Referrer-Policy: no-referrer"})
    EXPECT_THAT(last, HasSubstr(header));
  EXPECT_THAT(last, testing::Not(HasSubstr("Access-Control")));
}

TEST_F(HttpTest, TakesChunksAndWaitsForContinue) {
  EXPECT_EQ(body_of(asked("POST /x HTTP/1.1\r\n" + host() +
                          "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n1\r\n!\r\n0\r\n\r\n")),
            "POST /x hi!");
  TestClient client(server_->port());
  client.send("POST /x HTTP/1.1\r\n" + host() + "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(status_of(client.answer()), 100);
  client.send("ok");
  EXPECT_EQ(body_of(client.answer()), "POST /x ok");
}

TEST_F(HttpTest, RefusesHostileRequests) {
  const std::string post = "POST /x HTTP/1.1\r\n" + host();
  EXPECT_EQ(status_of(asked("GET / HTTP/1.1\r\n\r\n")), 400);                         // no Host
  EXPECT_EQ(status_of(asked("GET / HTTP/1.1\r\n" + host() + host() + "\r\n")), 400);  // two
  EXPECT_EQ(status_of(asked("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n")), 421);
  EXPECT_EQ(status_of(asked(post + "Origin: null\r\nContent-Length: 0\r\n\r\n")), 403);
  EXPECT_EQ(status_of(asked("GET /\r\n\r\n")), 400);  // HTTP/0.9
  EXPECT_EQ(status_of(asked("GET /%00 HTTP/1.1\r\n" + host() + "\r\n")), 400);
  EXPECT_EQ(status_of(asked("GET /../etc/passwd\x01 HTTP/1.1\r\n" + host() + "\r\n")), 400);
  EXPECT_EQ(status_of(asked("GET /" + std::string(9000, 'a') + " HTTP/1.1\r\n" + host() + "\r\n")), 431);
  std::string headers;
  for (int i = 0; i < 2000; ++i) headers += "X-" + std::to_string(i) + ": y\r\n";
  EXPECT_EQ(status_of(asked("GET / HTTP/1.1\r\n" + host() + headers + "\r\n")), 431);
  EXPECT_EQ(status_of(asked(post + "Content-Length: 1000000000000\r\n\r\n")), 413);
  EXPECT_EQ(status_of(asked(post + "Content-Length: -1\r\n\r\n")), 400);
  EXPECT_EQ(status_of(asked(post + "Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc")), 400);
  EXPECT_EQ(status_of(asked(post + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")), 400);
  EXPECT_EQ(status_of(asked(post + "Transfer-Encoding: chunked\r\n\r\n-1\r\nx\r\n")), 400);
  EXPECT_EQ(status_of(asked(post + "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\nx\r\n")), 400);
  EXPECT_EQ(status_of(asked(post + "Transfer-Encoding: chunked\r\n\r\n7FFFFFFF\r\nx")), 413);
  EXPECT_EQ(status_of(asked(std::string("\x16\x03\x01\x02\x00\x01\x00\x01", 8) + std::string(64, 'x'))), 400);
  expect_alive();
}

TEST_F(HttpTest, ChunksWithoutEndAreCutOff) {
  TestClient client(server_->port());
  client.send("POST /x HTTP/1.1\r\n" + host() + "Transfer-Encoding: chunked\r\n\r\n");
  const std::string chunk = "10000\r\n" + std::string(0x10000, 'x') + "\r\n";
  int sent = 0;
  while (sent < 1000 && client.send(chunk)) ++sent;
  EXPECT_LT(sent, 1000);
  expect_alive();
}

TEST_F(HttpTest, SlowAndSilentClientsAreClosed) {
  TestClient silent(server_->port()), slow(server_->port()), half(server_->port());
  slow.send("GET / HT");
  half.send("POST / HTTP/1.1\r\n" + host() + "Content-Length: 9\r\n\r\nx");
  EXPECT_TRUE(silent.closed());
  EXPECT_TRUE(slow.closed());
  EXPECT_TRUE(half.closed());
  expect_alive();
}

TEST_F(HttpTest, AHandlersErrorIsAnAnswer) {
  const std::string answer = asked("GET /throw HTTP/1.1\r\n" + host() + "\r\n");
  EXPECT_EQ(status_of(answer), 400);
  EXPECT_EQ(body_of(answer), R"({"error":{"code":"request","message":"[test] expected nothing"}})");
}

TEST_F(HttpTest, StreamsGetEventsAndTheNewestOfEachKey) {
  TestClient reader(server_->port());
  reader.send("GET /events HTTP/1.1\r\n" + host() + "\r\n");
  ASSERT_TRUE(reader.wait_for("event: first\ndata: 0"));
  EXPECT_THAT(reader.got(), HasSubstr("text/event-stream"));
  server_->publish({"a", "job", "1"});
  ASSERT_TRUE(reader.wait_for("event: job\ndata: 1"));
  // Posted at once, before the first of them is written: of a key the newest comes, and the others all.
  server_->post([this] {
    for (int i = 0; i < 1000; ++i) server_->publish({"b", "job", "b" + std::to_string(i)});
    server_->publish({"c", "job", "last"});
  });
  ASSERT_TRUE(reader.wait_for("data: last"));
  EXPECT_THAT(reader.got(), HasSubstr("data: b999"));
}

TEST_F(HttpTest, AReaderThatNeverReadsKeepsNobodyWaiting) {
  TestClient lazy(server_->port()), reader(server_->port());
  lazy.send("GET /events HTTP/1.1\r\n" + host() + "\r\n");
  ASSERT_TRUE(lazy.wait_for("event: first"));
  reader.send("GET /events HTTP/1.1\r\n" + host() + "\r\n");
  ASSERT_TRUE(reader.wait_for("event: first"));
  for (int i = 0; i < 200; ++i) server_->publish({"big", "job", std::string(100000, 'x')});
  server_->publish({"end", "job", "over"});
  EXPECT_TRUE(reader.wait_for("data: over"));
  expect_alive();
}

TEST(HttpServer, TakesTheNextFreePort) {
  const HttpServer first("127.0.0.1", 0, 0);
  const HttpServer second("127.0.0.1", first.port(), 20);
  EXPECT_GT(second.port(), first.port());
  EXPECT_THAT(refusal([&] { HttpServer("127.0.0.1", first.port(), 0); }), HasSubstr("expected a free port"));
  EXPECT_THAT(refusal([] { HttpServer("here", 0, 0); }), HasSubstr("expected an address such as 127.0.0.1"));
}

}  // namespace
}  // namespace steer
