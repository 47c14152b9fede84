// A client of HTTP that sends what tests tell it, bytes as they are.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

namespace steer {

// A connection to a port of this machine; what does not come within ten seconds comes never.
class TestClient {
 public:
  explicit TestClient(int port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in place{};
    place.sin_family = AF_INET, place.sin_port = htons(static_cast<uint16_t>(port));
    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval patience{10, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&place), sizeof place), 0);
  }
  ~TestClient() { ::close(socket_); }
  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;

  // False once the other side takes no more.
  bool send(const std::string& bytes) {
    for (size_t at = 0; at < bytes.size();) {
      const ssize_t sent = ::send(socket_, bytes.data() + at, bytes.size() - at, MSG_NOSIGNAL);
      if (sent <= 0) return false;
      at += static_cast<size_t>(sent);
    }
    return true;
  }

  // Adds what comes to what came, until `text` is in it; false where the connection ends before.
  bool wait_for(const std::string& text) {
    while (got_.find(text) == std::string::npos)
      if (!receive()) return false;
    return true;
  }

  // One answer with a length: its head and body, taken out of what came.
  std::string answer() {
    if (!wait_for("\r\n\r\n")) return std::exchange(got_, "");
    const size_t head = got_.find("\r\n\r\n") + 4, said = got_.find("Content-Length: ");
    const size_t length = said < head ? std::stoul(got_.substr(said + 16)) : 0;
    while (got_.size() < head + length && receive()) continue;
    std::string whole = got_.substr(0, head + length);
    got_.erase(0, head + length);
    return whole;
  }

  // Whether the other side has closed it.
  bool closed() {
    while (receive()) continue;
    return true;
  }

  const std::string& got() const { return got_; }

 private:
  bool receive() {
    char bytes[65536];
    const ssize_t count = ::recv(socket_, bytes, sizeof bytes, 0);
    if (count <= 0) return false;
    got_.append(bytes, static_cast<size_t>(count));
    return true;
  }

  int socket_;
  std::string got_;
};

// The status of an answer, 0 where there is none; and its body.
inline int status_of(const std::string& answer) {
  return answer.rfind("HTTP/1.1 ", 0) == 0 ? std::stoi(answer.substr(9, 3)) : 0;
}
inline std::string body_of(const std::string& answer) {
  const size_t end = answer.find("\r\n\r\n");
  return end == std::string::npos ? "" : answer.substr(end + 4);
}

}  // namespace steer
