// The program `steer`: parses the command line, runs one command, turns errors into one line.
#include <fmt/format.h>

#include <iostream>

#include "steer/cmd/command.h"
#include "steer/core/check.h"

int main(int argc, char** argv) {
  CLI::App app("Train generative models and steer them, without retraining, toward anything you can score.",
               "steer");
  app.require_subcommand(1);
  app.failure_message(CLI::FailureMessage::help);
  app.set_help_flag("-h,--help", "show this help and leave");
  app.footer(
      "Examples:\n"
      "  steer train ddn --config configs/shapes_ddn.json --data shapes --out runs/shapes --minutes 5\n"
      "  steer sample runs/shapes -n 64 -o samples.png\n"
      "  steer guide runs/shapes --objective 'inpaint(photo.png, mask=left)' -n 8 -o guided.png\n"
      "steer COMMAND --help shows a command's flags.");
  steer::Run run;
  steer::add_train(app, run);
  steer::add_sample(app, run);
  steer::add_reconstruct(app, run);
  steer::add_encode(app, run);
  steer::add_decode(app, run);
  steer::add_guide(app, run);
  steer::add_import(app, run);
  steer::add_export(app, run);
  steer::add_evaluate(app, run);
  steer::add_inspect(app, run);
  steer::add_tree(app, run);
  steer::add_tune(app, run);
  steer::add_reflow(app, run);
  steer::add_likelihood(app, run);
  steer::add_density(app, run);
  steer::add_prior(app, run);
  steer::add_rates(app, run);
  steer::add_search(app, run);
  steer::add_compare(app, run);
  steer::add_search_similar(app, run);
  steer::add_cluster(app, run);
  steer::add_interpolate(app, run);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    const CLI::App* command = app.get_subcommands().empty() ? &app : app.get_subcommands().front();
    std::cerr << "steer: " << error.what() << "\n\n" << command->help();
    return 2;
  }
  try {
    return run();
  } catch (const c10::Error& error) {
    std::cerr << "steer: " << error.what_without_backtrace() << std::endl;
  } catch (const std::exception& error) {
    std::cerr << "steer: " << error.what() << std::endl;
  }
  return 1;
}
