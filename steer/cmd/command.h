// What every command shares: common flags, figures on stdout, what is said and shown meanwhile.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "steer/core/json.h"
#include "steer/work/opening.h"
#include "steer/work/samples.h"
#include "steer/work/telling.h"
#include "steer/work/watching.h"

namespace steer {

// A command registers itself and sets `run` to what it does when it is chosen.
using Run = std::function<int()>;
void add_train(CLI::App& app, Run& run);
void add_again(CLI::App& app, Run& run);
void add_sample(CLI::App& app, Run& run);
void add_reconstruct(CLI::App& app, Run& run);
void add_encode(CLI::App& app, Run& run);
void add_decode(CLI::App& app, Run& run);
void add_compare(CLI::App& app, Run& run);
void add_report(CLI::App& app, Run& run);
void add_grid(CLI::App& app, Run& run);
void add_front(CLI::App& app, Run& run);
void add_guide(CLI::App& app, Run& run);
void add_import(CLI::App& app, Run& run);
void add_export(CLI::App& app, Run& run);
void add_evaluate(CLI::App& app, Run& run);
void add_inspect(CLI::App& app, Run& run);
void add_tree(CLI::App& app, Run& run);
void add_tune(CLI::App& app, Run& run);
void add_likelihood(CLI::App& app, Run& run);
void add_reflow(CLI::App& app, Run& run);
void add_density(CLI::App& app, Run& run);
void add_prior(CLI::App& app, Run& run);
void add_rates(CLI::App& app, Run& run);
void add_search(CLI::App& app, Run& run);
void add_search_similar(CLI::App& app, Run& run);
void add_serve(CLI::App& app, Run& run);
void add_cluster(CLI::App& app, Run& run);
void add_probe(CLI::App& app, Run& run);
void add_tell(CLI::App& app, Run& run);
void add_interpolate(CLI::App& app, Run& run);
void add_outpaint(CLI::App& app, Run& run);
void add_words(CLI::App& app, Run& run);
void add_list(CLI::App& app, Run& run);

// Flags that almost every command has.
struct Common {
  bool json = false;
  int64_t seed = 0;
  std::string device = "cpu";
  int64_t threads = 0;
  std::string precision = "auto";
  bool force = false;  // of commands that write one file, or a page

  // Adds the flags; some commands have a --seed of their own, or none.
  void add_to(CLI::App* command, bool with_seed = true);
  // Prepares the process and says where to compute; Error for a word that names no device or a GPU that is
  // not there.
  Computing start() const;
};

// One line on stderr: what the command does now.
void say(const std::string& text);

// Figures as one line of JSON on stdout with --json, else the text.
void show(const Common& common, const Json& figures, const std::string& text);

// Columns padded to their widest cell, two spaces between; the first row is the head.
std::string table(const std::vector<std::vector<std::string>>& rows);

// Opens the model and says what it is on stderr.
LoadedModel opened(const std::string& run, const Computing& computing);

// A watch that draws a line of progress on stderr, a new one for each title, and asks to end on Ctrl-C.
WorkWatch on_terminal();

// Adds the flags of samples that a command is given; the count must lie in [least, most], `meaning` explains
// it.
void add_source_flags(CLI::App* command, SampleSource& source, int64_t least, int64_t most,
                      const std::string& meaning);

// Adds -o for a picture, and --force, without which what steer did not write is left as it is
// (check_picture_output).
void add_picture_flag(CLI::App* command, std::string& out, bool& force, const std::string& meaning);
// Adds --force alone, for a command that writes other files.
void add_force_flag(CLI::App* command, bool& force, const std::string& what);

// Adds --fit, whose `meaning` says of what, and --background: both go into the one text that work takes
// (fit_words.h).
void add_fit_flags(CLI::App* command, std::string& fit, const std::string& meaning);

// Adds --label and, unless the command's own samples are the condition, --condition.
void add_telling_flags(CLI::App* command, Telling& telling, bool with_given = true);

// Adds --prior FILE.
void add_prior_flag(CLI::App* command, std::string& path, const std::string& meaning);

}  // namespace steer
