// The program `steer`: parses the command line, runs one command, turns errors into one line.
#include <fmt/format.h>
#include <torch/cuda.h>

#include <iostream>

#include "steer/cmd/command.h"
#include "steer/cmd/examples.h"
#include "steer/cmd/flags.h"
#include "steer/cmd/interruption.h"
#include "steer/cmd/standard_streams.h"
#include "steer/cmd/usage_fault.h"
#include "steer/cmd/whole_numbers.h"
#include "steer/core/build.h"
#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/core/machine.h"
#include "steer/work/outputs.h"

namespace {

// What --version prints: the build, then what of this machine it will use.
std::string version_text() {
  const steer::Build& build = steer::this_build();
  const steer::Machine machine = steer::this_machine();
  std::string features;
  for (const auto& [has, name] : {std::pair<bool, const char*>{machine.avx2, "AVX2"},
                                  {machine.avx512, "AVX-512"},
                                  {machine.bfloat16, "bfloat16 products"}})
    if (has) features += (features.empty() ? "; " : ", ") + std::string(name);
  const auto gpus = torch::cuda::device_count();
  return fmt::format("steer {} ({})\nlibtorch   {}\nprocessor  {}, {} cores{}\ndevices    cpu{}\n",
                     build.version, build.commit, build.torch, machine.processor, machine.cores, features,
                     gpus > 0 ? fmt::format(", cuda ({} GPUs)", gpus) : "");
}

}  // namespace

int main(int argc, char** argv) {
  steer::hold_standard_streams();
  CLI::App app("Train generative models and steer them, without retraining, toward anything you can score.",
               "steer");
  app.require_subcommand(1);
  app.failure_message(CLI::FailureMessage::help);
  app.set_help_flag("-h,--help", "show this help and leave");
  app.set_version_flag("--version", version_text,
                       "show version, commit, libtorch, processor and devices, and leave");
  app.footer(
      "Examples:\n"
      "  steer train ddn --config shapes_ddn --data shapes --out runs/shapes --minutes 5\n"
      "  steer sample runs/shapes -n 64 -o samples.png\n"
      "  steer guide runs/shapes --objective 'inpaint(photo.png, mask=left)' -n 8 -o guided.png\n"
      "steer COMMAND --help shows a command's flags; steer manual | man -l - shows everything. Where it is: "
      "built as\n"
      "build/steer; cmake --install build --prefix PREFIX puts it into PREFIX/bin, with library, headers and "
      "models.");
  steer::Run run;
  steer::add_train(app, run);
  steer::add_sample(app, run);
  steer::add_reconstruct(app, run);
  steer::add_encode(app, run);
  steer::add_decode(app, run);
  steer::add_guide(app, run);
  steer::add_grid(app, run);
  steer::add_front(app, run);
  steer::add_again(app, run);
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
  steer::add_report(app, run);
  steer::add_search_similar(app, run);
  steer::add_serve(app, run);
  steer::add_cluster(app, run);
  steer::add_probe(app, run);
  steer::add_tell(app, run);
  steer::add_interpolate(app, run);
  steer::add_outpaint(app, run);
  steer::add_words(app, run);
  steer::add_list(app, run);
  std::string shell, out;
  const auto print = [&out](const std::string& text) {
    if (out.empty()) {
      std::cout << text;
    } else {
      steer::check_file_output(out, steer::OutputKind::kText, false);
      steer::write_file(out, text);
    }
    return 0;
  };
  CLI::App* completion = app.add_subcommand("completion", "print a script of completions for a shell");
  completion->add_option("shell", shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  CLI::App* manual = app.add_subcommand("manual", "print the manual page: steer manual | man -l -");
  for (CLI::App* command : {completion, manual})
    command->add_option("-o,--out", out, "a file to write in place of printing");
  completion->callback([&] { run = [&] { return print(steer::completion_script(app, shell)); }; });
  manual->callback(
      [&] { run = [&] { return print(steer::manual_page(app, steer::this_build().version)); }; });
  steer::add_examples(app);
  steer::refuse_long_numbers(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {
      app.exit(error);
      return steer::standard_output_arrived() ? 0 : 1;
    }
    if (argc < 2) std::cerr << app.help() << "\n";
    std::cerr << steer::usage_fault(app, error.what()) << std::endl;
    return 2;
  }
  try {
    const int status = run();
    return steer::standard_output_arrived() ? status : 1;
  } catch (const c10::Error& error) {
    std::cerr << "steer: " << error.what_without_backtrace() << std::endl;
  } catch (const std::exception& error) {
    std::cerr << "steer: " << error.what() << std::endl;
  }
  // What was asked to end says so as an error.
  return steer::interruption_asked() ? 130 : 1;
}
