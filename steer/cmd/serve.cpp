// steer serve: the page.
#include <fmt/format.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <thread>

#include "steer/cmd/command.h"
#include "steer/cmd/interruption.h"
#include "steer/core/check.h"
#include "steer/serve/studio.h"

namespace steer {
namespace {

struct ServeFlags {
  Common common;
  StudioOptions options;
  std::vector<std::string> guides;
  bool no_token = false;
};

// Ends the studio once the process is asked to end.
class EndWatch {
 public:
  explicit EndWatch(Studio& studio) {
    notice_interruption();
    thread_ = std::thread([this, &studio] {
      while (!over_ && !interruption_asked()) std::this_thread::sleep_for(std::chrono::milliseconds(50));
      studio.stop();
    });
  }
  ~EndWatch() {
    over_ = true;
    thread_.join();
  }

 private:
  std::atomic<bool> over_{false};
  std::thread thread_;
};

int run_serve(const ServeFlags& flags) {
  StudioOptions options = flags.options;
  options.token = !flags.no_token;
  for (const std::string& guide : flags.guides) {
    const size_t equals = guide.find('=');
    STEER_CHECK(equals != std::string::npos, "[serve] --guide: expected NAME=FILE but got ", guide);
    options.guides.emplace_back(guide.substr(0, equals), guide.substr(equals + 1));
  }
  options.computing = flags.common.start();
  Studio studio(options);
  show(flags.common, {{"address", studio.address()}, {"port", studio.port()}, {"token", studio.token()}},
       fmt::format("{}\n", studio.address()));
  if (options.address != "127.0.0.1" && options.address != "::1")
    say("[serve] others can reach this, and what they send and get is not encrypted: TLS is a proxy's to "
        "add");
  say("open it in a browser; Ctrl-C ends");
  const EndWatch ends(studio);
  studio.run();
  say("bye");
  return 0;
}

}  // namespace

void add_serve(CLI::App& app, Run& run) {
  auto flags = std::make_shared<ServeFlags>();
  StudioOptions& options = flags->options;
  CLI::App* command =
      app.add_subcommand("serve", "a page on this machine: draw, steer and search in a browser");
  command->add_option("models", options.models,
                      "run folders and checkpoint files beside the models that ship");
  command
      ->add_option("--guide", flags->guides,
                   "NAME=FILE: a network or file that objectives may name on the page (repeatable)")
      ->allow_extra_args(false);
  command->add_option("--port", options.port, "port to listen at, or the next free one; 0 = any")
      ->capture_default_str()
      ->check(CLI::Range(0, 65535));
  command
      ->add_option("--host", options.address, "address to listen at; others than this machine's are a risk")
      ->capture_default_str();
  command
      ->add_option("--allow-host", options.hosts,
                   "a further name by which browsers may ask for it (repeatable)")
      ->allow_extra_args(false);
  command->add_option("--history", options.history,
                      "folder of what is made (default: ~/.local/share/steer/history)");
  command->add_option("--assets", options.assets, "folder of the page's files, for work on the page");
  command->add_flag("--allow-programs", options.programs,
                    "let objectives start programs, which run with your rights");
  command->add_flag("--no-token", flags->no_token, "let every user of this machine in");
  flags->common.add_to(command, false);
  command->callback([=, &run] { run = [=] { return run_serve(*flags); }; });
}

}  // namespace steer
