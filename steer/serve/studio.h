// The studio: a page on this machine that draws, steers and searches with models, and the JSON that it
// speaks.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "steer/work/opening.h"

namespace steer {

// What a studio serves, to whom.
struct StudioOptions {
  std::vector<std::string> models;  // run folders and checkpoint files beside those that ship
  std::vector<std::pair<std::string, std::string>> guides;  // NAME, FILE: what words may name besides models
  std::string address = "127.0.0.1";                        // to listen at
  int port = 7878;                                          // the first that is tried; 0: any free one
  std::vector<std::string> hosts;                           // further names by which pages may ask for it
  bool token = true;      // whether requests must bear the token of this start
  bool programs = false;  // whether words may start programs
  std::string history;    // folder of what is made; empty: default_history()
  std::string assets;     // folder of the page's files; empty: those built in
  Computing computing;    // how models compute
};

// $XDG_DATA_HOME/steer/history, or ~/.local/share/steer/history.
std::string default_history();

// A studio, listening. Jobs run on the thread that calls run(), requests are answered on another.
class Studio {
 public:
  // Error for models and guides that are none, folders that cannot be made and ports that are taken; for an
  // address of other machines without a token.
  explicit Studio(const StudioOptions& options);
  ~Studio();
  Studio(const Studio&) = delete;
  Studio& operator=(const Studio&) = delete;

  // What a browser opens: http://127.0.0.1:7878/#TOKEN. The token is behind the #, so that no log has it.
  std::string address() const;
  // Where it listens, and the token, or nothing.
  int port() const;
  const std::string& token() const;

  // Works until stop(), which any thread may call, or until the process is asked to end.
  void run();
  void stop();

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

}  // namespace steer
