#include "steer/serve/access.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>

namespace steer {
namespace {

constexpr const char* kLocal[] = {"127.0.0.1", "localhost", "[::1]"};

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

// Without telling by its time where two texts of one length differ.
bool same(const std::string& a, const std::string& b) {
  if (a.size() != b.size()) return false;
  unsigned char difference = 0;
  for (size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned char>(a[i] ^ b[i]);
  return difference == 0;
}

bool from_elsewhere(const AskedBy& by) {
  if (by.site != "cross-site" && by.site != "same-site") return false;
  const bool opens_page = by.method == "GET" && by.path == "/" && by.mode == "navigate";
  return !opens_page;
}

}  // namespace

std::optional<Refusal> refusal_of(const Access& access, const AskedBy& by) {
  const std::string host = lower(by.host);
  if (std::find(access.hosts.begin(), access.hosts.end(), host) == access.hosts.end())
    return Refusal{421, "host",
                   "expected this server by a name of its own, as " + access.hosts.front() +
                       "; --allow-host NAME adds one"};
  if (!by.origin.empty() && lower(by.origin) != "http://" + host)
    return Refusal{403, "origin", "expected a request of this server's own page"};
  if (from_elsewhere(by)) return Refusal{403, "origin", "expected a request of this server's own page"};
  if (access.token.empty() || by.path.rfind("/api/", 0) != 0) return {};
  if (!same(by.authorization, "Bearer " + access.token))
    return Refusal{401, "token",
                   "expected the token of this start: open the address that steer serve printed"};
  return {};
}

std::string random_name() {
  std::random_device device;
  std::string name;
  for (int i = 0; i < 4; ++i) name += fmt::format("{:08x}", static_cast<uint32_t>(device()));
  return name;
}

std::vector<std::string> own_hosts(int port, const std::vector<std::string>& further) {
  std::vector<std::string> hosts;
  for (const char* name : kLocal) hosts.push_back(fmt::format("{}:{}", name, port));
  for (const std::string& name : further) {
    hosts.push_back(lower(name));
    if (name.find(':') == std::string::npos) hosts.push_back(fmt::format("{}:{}", lower(name), port));
  }
  return hosts;
}

}  // namespace steer
