// Who may ask a studio that listens on a port of this machine. Any page of any site can send requests to it,
// and other users of the machine can too: names of hosts, origins and a token keep both out.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace steer {

// What a request says of where it comes from; empty where it does not say so.
struct AskedBy {
  std::string method;         // GET
  std::string path;           // decoded, without what stands after ?
  std::string host;           // Host
  std::string origin;         // Origin
  std::string site;           // Sec-Fetch-Site
  std::string mode;           // Sec-Fetch-Mode
  std::string authorization;  // Authorization
};

// Who is let in.
struct Access {
  std::vector<std::string> hosts;  // as Host must name this server, with the port: "127.0.0.1:7878"
  std::string token;               // that requests below /api/ must bear; empty: none
};

// Why a request is refused.
struct Refusal {
  int status = 403;     // of HTTP
  std::string code;     // one word for programs
  std::string message;  // one line for people
};

// Nothing for requests that are let in. Host must be one of ours, else 421: a name that a stranger's server
// was made to mean 127.0.0.1 (DNS rebinding) stops here. Origin, where it is told, must be that host, else
// 403, `null` included; other sites and ports by Sec-Fetch-Site are 403, save for opening the page itself.
// Below /api/ "Authorization: Bearer TOKEN" is asked for, else 401.
std::optional<Refusal> refusal_of(const Access& access, const AskedBy& by);

// 128 random bits as 32 hexadecimal digits: a token, the name of a job.
std::string random_name();

// What Host may say of a server at a port of this machine alone, and by these further names, with their ports
// or without.
std::vector<std::string> own_hosts(int port, const std::vector<std::string>& further);

}  // namespace steer
