// HttpServer by Boost.Beast: one thread, connections and streams as objects that keep themselves alive while
// something of theirs is under way.
#include <utility>  // Boost 1.74 takes std::exchange without it

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <deque>
#include <optional>
#include <set>

#include "steer/core/check.h"
#include "steer/serve/http.h"

namespace steer {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

namespace {

using Failure = beast::error_code;
constexpr const char* kServer = "steer";
constexpr int kHeartbeatSeconds = 15;

std::string text_of(beast::string_view text) {
  return {text.data(), text.size()};
}

std::string without_parameters(beast::string_view type) {
  std::string text = text_of(type.substr(0, type.find(';')));
  while (!text.empty() && text.back() == ' ') text.pop_back();
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

// What holds for every answer of ours.
template <class Message>
void put_headers(Message& message, const HttpAnswer& answer) {
  message.set(http::field::server, kServer);
  message.set(http::field::content_type, answer.type);
  message.set("X-Content-Type-Options", "nosniff");
  message.set("Referrer-Policy", "no-referrer");
  message.set("Cross-Origin-Resource-Policy", "same-origin");
  message.set("Cross-Origin-Opener-Policy", "same-origin");
  message.set("Content-Security-Policy",
              "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
              "media-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
              "frame-ancestors 'none'");
  bool kept = false;
  for (const auto& [name, value] : answer.more) {
    message.set(name, value);
    kept = kept || name == "Cache-Control";
  }
  if (!kept) message.set(http::field::cache_control, "no-store");
}

// The faults that a client makes, as answers.
HttpAnswer fault_answer(const Failure& failure) {
  if (failure == http::error::header_limit)
    return error_answer(431, "head", "expected a shorter request line and headers");
  if (failure == http::error::body_limit) return error_answer(413, "body", "expected a smaller body");
  return error_answer(400, "request", "expected a request of HTTP/1.1");
}

}  // namespace

struct HttpServer::Inside {
  class Connection;
  class Stream;

  explicit Inside(const HttpLimits& given) : limits(given), acceptor(context), heartbeat(context) {}

  void accept();
  void beat();
  HttpAnswer answer(const HttpRequest& request) const;

  HttpLimits limits;
  asio::io_context context{1};
  tcp::acceptor acceptor;
  asio::steady_timer heartbeat;
  const Access* access = nullptr;
  const Handler* handler = nullptr;
  size_t connections = 0;
  std::set<std::shared_ptr<Stream>> streams;
  bool accepting = true, ends = false;
};

// A connection that has asked for events: what is published goes to it, the newest of each key.
class HttpServer::Inside::Stream : public std::enable_shared_from_this<Stream> {
 public:
  Stream(Inside& server, beast::tcp_stream&& socket) : server_(server), socket_(std::move(socket)) {}

  void begin(const HttpAnswer& answer, const std::string& first) {
    server_.streams.insert(shared_from_this());
    head_.result(static_cast<unsigned>(answer.status));
    head_.version(11);
    put_headers(head_, answer);
    head_.chunked(true);
    serializer_.emplace(head_);
    writing_ = true;
    text_ = first;
    socket_.expires_after(std::chrono::seconds(server_.limits.write_seconds));
    http::async_write_header(socket_, *serializer_,
                             [self = this->shared_from_this()](Failure failure, size_t) {
                               failure ? self->end() : self->write();
                             });
  }

  void put(const HttpEvent& event) {
    for (HttpEvent& waiting : waiting_)
      if (waiting.key == event.key) return void(waiting = event);
    waiting_.push_back(event);
    if (!writing_) go_on();
  }

  // A line that readers pass over, so that both sides see whether the other is there.
  void beat() {
    if (writing_) return;
    text_ = ": here\n\n";
    write();
  }

  void end() {
    server_.streams.erase(shared_from_this());
    socket_.close();
  }

 private:
  void go_on() {
    if (waiting_.empty()) return;
    const HttpEvent event = std::move(waiting_.front());
    waiting_.pop_front();
    text_ = "event: " + event.name + "\ndata: " + event.data + "\n\n";
    write();
  }

  void write() {
    writing_ = true;
    socket_.expires_after(std::chrono::seconds(server_.limits.write_seconds));
    asio::async_write(socket_, http::make_chunk(asio::const_buffer(text_.data(), text_.size())),
                      [self = this->shared_from_this()](Failure failure, size_t) {
                        self->writing_ = false;
                        if (failure) return self->end();
                        self->socket_.expires_never();
                        self->go_on();
                      });
  }

  Inside& server_;
  beast::tcp_stream socket_;
  http::response<http::empty_body> head_;
  std::optional<http::response_serializer<http::empty_body>> serializer_;
  std::deque<HttpEvent> waiting_;
  std::string text_;
  bool writing_ = false;
};

class HttpServer::Inside::Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Inside& server, tcp::socket&& socket) : server_(server), socket_(std::move(socket)) {
    ++server_.connections;
  }
  ~Connection() { --server_.connections; }

  void read_head() {
    if (server_.ends) return;
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(server_.limits.head_bytes));
    parser_->body_limit(server_.limits.upload_bytes);
    socket_.expires_after(std::chrono::seconds(server_.limits.head_seconds));
    http::async_read_header(
        socket_, buffer_, *parser_,
        [self = this->shared_from_this()](Failure failure, size_t) { self->on_head(failure); });
  }

 private:
  void on_head(Failure failure) {
    if (failure == http::error::end_of_stream || failure == beast::error::timeout) return close();
    if (failure) return fault(failure);
    const auto& head = parser_->get();
    request_ = {};
    request_.by.method = text_of(head.method_string());
    request_.by.host = text_of(head[http::field::host]);
    request_.by.origin = text_of(head[http::field::origin]);
    request_.by.site = text_of(head["Sec-Fetch-Site"]);
    request_.by.mode = text_of(head["Sec-Fetch-Mode"]);
    request_.by.authorization = text_of(head[http::field::authorization]);
    request_.content_type = without_parameters(head[http::field::content_type]);
    request_.etag = text_of(head[http::field::if_none_match]);
    if (!read_target(text_of(head.target()), request_))
      return last_answer(error_answer(400, "target", "expected a path"));
    if (head.count(http::field::host) != 1)
      return last_answer(error_answer(400, "host", "expected one Host"));
    if (const auto refusal = refusal_of(*server_.access, request_.by))
      return last_answer(error_answer(refusal->status, refusal->code, refusal->message));
    const bool upload = request_.by.path.rfind("/api/uploads", 0) == 0;
    if (!upload) parser_->body_limit(server_.limits.body_bytes);
    const auto length = parser_->content_length();
    if (length && *length > (upload ? server_.limits.upload_bytes : server_.limits.body_bytes))
      return fault(http::make_error_code(http::error::body_limit));
    beast::iequals(head[http::field::expect], "100-continue") ? go_on_then_read() : read_body();
  }

  void go_on_then_read() {
    static const std::string line = "HTTP/1.1 100 Continue\r\n\r\n";
    asio::async_write(socket_, asio::buffer(line),
                      [self = this->shared_from_this()](Failure failure, size_t) {
                        failure ? self->close() : self->read_body();
                      });
  }

  void read_body() {
    socket_.expires_after(std::chrono::seconds(server_.limits.body_seconds));
    http::async_read(socket_, buffer_, *parser_,
                     [self = this->shared_from_this()](Failure failure, size_t) { self->on_body(failure); });
  }

  void on_body(Failure failure) {
    if (failure == beast::error::timeout) return close();
    if (failure) return fault(failure);
    keep_ = parser_->get().keep_alive();
    request_.body = std::move(parser_->get().body());
    HttpAnswer answer = server_.answer(request_);
    if (answer.events && request_.by.method == "GET") {
      if (server_.streams.size() >= server_.limits.streams)
        return last_answer(error_answer(503, "streams", "expected fewer open pages"));
      std::string first = std::move(answer.body);
      return std::make_shared<Stream>(server_, std::move(socket_))->begin(answer, first);
    }
    write(answer);
  }

  void fault(const Failure& failure) {
    const bool of_http = failure.category() == http::make_error_code(http::error::end_of_stream).category();
    of_http ? last_answer(fault_answer(failure)) : close();
  }

  // After this the connection is closed: what follows in it cannot be told apart from the rest of a body.
  void last_answer(const HttpAnswer& answer) {
    keep_ = false;
    write(answer);
  }

  void write(const HttpAnswer& answer) {
    response_ = {};
    response_.version(11);
    response_.result(static_cast<unsigned>(answer.status));
    put_headers(response_, answer);
    response_.keep_alive(keep_);
    const bool head_alone = request_.by.method == "HEAD" || answer.status == 304;
    response_.content_length(answer.body.size());
    if (!head_alone) response_.body() = answer.body;
    serializer_.emplace(response_);
    socket_.expires_after(std::chrono::seconds(server_.limits.write_seconds));
    const auto done = [self = this->shared_from_this()](Failure failure, size_t) {
      failure || !self->keep_ ? self->close() : self->read_head();
    };
    if (head_alone)
      http::async_write_header(socket_, *serializer_, done);
    else
      http::async_write(socket_, *serializer_, done);
  }

  void close() {
    Failure ignored;
    socket_.socket().shutdown(tcp::socket::shutdown_send, ignored);
  }

  Inside& server_;
  beast::tcp_stream socket_;
  beast::flat_buffer buffer_{64 << 10};
  std::optional<http::request_parser<http::string_body>> parser_;
  HttpRequest request_;
  http::response<http::string_body> response_;
  std::optional<http::response_serializer<http::string_body>> serializer_;
  bool keep_ = false;
};

HttpAnswer HttpServer::Inside::answer(const HttpRequest& request) const {
  try {
    return (*handler)(request);
  } catch (const std::exception& error) {
    return error_answer(400, "request", error.what());
  }
}

void HttpServer::Inside::accept() {
  acceptor.async_accept([this](Failure failure, tcp::socket socket) {
    if (ends) return;
    // Without a free descriptor the next try waits for the next heartbeat.
    accepting = !failure;
    if (failure) return;
    if (connections < limits.connections) std::make_shared<Connection>(*this, std::move(socket))->read_head();
    accept();
  });
}

void HttpServer::Inside::beat() {
  heartbeat.expires_after(std::chrono::seconds(kHeartbeatSeconds));
  heartbeat.async_wait([this](Failure failure) {
    if (failure || ends) return;
    for (const auto& stream : std::set<std::shared_ptr<Stream>>(streams)) stream->beat();
    if (!accepting) accept();
    beat();
  });
}

HttpServer::HttpServer(const std::string& address, int port, int tries, const HttpLimits& limits)
    : inside_(std::make_unique<Inside>(limits)) {
  Failure failure;
  const auto place = asio::ip::make_address(address, failure);
  STEER_CHECK(!failure, "[serve] expected an address such as 127.0.0.1 but got ", address);
  for (int i = 0;; ++i) {
    tcp::acceptor fresh(inside_->context);
    const tcp::endpoint end(place, static_cast<unsigned short>(port == 0 ? 0 : port + i));
    fresh.open(end.protocol(), failure);
    if (!failure) fresh.set_option(tcp::acceptor::reuse_address(true), failure);
    if (!failure) fresh.bind(end, failure);
    if (!failure) fresh.listen(asio::socket_base::max_listen_connections, failure);
    if (!failure) {
      inside_->acceptor = std::move(fresh);
      return;
    }
    STEER_CHECK(i < tries && port != 0 && port + i < 65535, "[serve] expected a free port from ", port,
                " to ", port + i, " at ", address, " but got: ", failure.message());
  }
}

HttpServer::~HttpServer() = default;

int HttpServer::port() const {
  return inside_->acceptor.local_endpoint().port();
}

void HttpServer::run(const Access& access, const Handler& handler) {
  inside_->access = &access, inside_->handler = &handler;
  inside_->accept();
  inside_->beat();
  inside_->context.run();
}

void HttpServer::stop() {
  asio::post(inside_->context, [inside = inside_.get()] {
    inside->ends = true;
    inside->context.stop();
  });
}

void HttpServer::publish(HttpEvent event) {
  asio::post(inside_->context, [inside = inside_.get(), event = std::move(event)] {
    for (const auto& stream : std::set<std::shared_ptr<Inside::Stream>>(inside->streams)) stream->put(event);
  });
}

void HttpServer::post(std::function<void()> call) {
  asio::post(inside_->context, std::move(call));
}

}  // namespace steer
