// Requests and answers of HTTP, and a server of them on one thread: HTTP/1.1 by Boost.Beast.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "steer/serve/access.h"

namespace steer {

// One request, whole.
struct HttpRequest {
  AskedBy by;                                // method, decoded path, and where it comes from
  std::map<std::string, std::string> query;  // decoded; of names that come twice the last
  std::string content_type;                  // without parameters, lower case
  std::string etag;                          // If-None-Match
  std::string body;                          // bytes
};

// What is said back. With `events` the connection stays open for events, and the body is the first of them.
struct HttpAnswer {
  int status = 200;                                            // of HTTP
  std::string type = "application/json";                       // Content-Type
  std::string body = {};                                       // bytes
  std::vector<std::pair<std::string, std::string>> more = {};  // further headers
  bool events = false;                                         // a stream of server-sent events
};

// What a server does not do without end.
struct HttpLimits {
  uint64_t head_bytes = 8 << 10;                                 // request line and headers
  uint64_t body_bytes = 1 << 20;                                 // of a request
  uint64_t upload_bytes = 16 << 20;                              // of a request below /api/uploads
  int head_seconds = 20, body_seconds = 30, write_seconds = 30;  // then the connection is closed
  size_t connections = 512, streams = 256;                       // at once; more are answered with 503
};

// One event of a stream. A later event of the same key takes the place of one that a slow reader has not
// read yet.
struct HttpEvent {
  std::string key;   // what it is about
  std::string name;  // "job"
  std::string data;  // one line of JSON
};

// A server at one address. Its handler is called on the server's thread, and must not wait for anything.
class HttpServer {
 public:
  // What answers; its errors become answers of status 400.
  using Handler = std::function<HttpAnswer(const HttpRequest&)>;

  // Listens at an address of this machine, `port` 0: at a free one; `tries` next ports where it is taken.
  // Error where none is free.
  HttpServer(const std::string& address, int port, int tries, const HttpLimits& limits = {});
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Where it listens.
  int port() const;
  // Answers until stop(); only requests that the access lets in reach the handler.
  void run(const Access& access, const Handler& handler);
  // From any thread: run() ends soon, and streams with it.
  void stop();
  // From any thread: sends an event to all streams.
  void publish(HttpEvent event);
  // From any thread: calls this on the server's thread.
  void post(std::function<void()> call);

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

// An error as JSON: {"error": {"code", "message"}}.
HttpAnswer error_answer(int status, const std::string& code, const std::string& message);

// The request target taken apart, percent signs decoded. False for what is no path: without a leading slash,
// damaged percent signs, a zero byte or bytes that are no UTF-8.
bool read_target(const std::string& target, HttpRequest& request);

}  // namespace steer
