// steer search-similar: an index of a data set by codes, and the images in it that are like a given one.
#include <fmt/format.h>

#include <filesystem>

#include "steer/cmd/command.h"
#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/work/outputs.h"
#include "steer/work/pictures.h"
#include "steer/work/similar.h"

namespace steer {
namespace {

struct SearchSimilarFlags {
  Common common;
  IndexOptions indexing;
  SimilarOptions options;
  std::vector<std::string> queries;
  std::string run, query_split = "test", index = "codes.idx", out = "similar.png";
  int64_t evaluate = 0;
};

// Figures that begin with the model and the index.
Json with_index(const SearchSimilarFlags& flags, const Json& more) {
  Json figures = {{"run", flags.run}, {"index", flags.index}};
  figures.update(more);
  return figures;
}

CodeIndex made_index(const SearchSimilarFlags& flags, const LoadedModel& loaded) {
  const CodeIndex index = index_of(loaded, flags.indexing, on_terminal());
  const std::string bytes = write_index(index);
  const int64_t images = index.codes.code.size(0);
  write_file(flags.index, bytes);
  say(fmt::format("wrote {}: {} images in {} bytes", flags.index, images, bytes.size()));
  if (flags.queries.empty() && flags.evaluate == 0)
    show(flags.common, with_index(flags, {{"images", images}, {"bytes", bytes.size()}}), "");
  return index;
}

void answer_queries(const SearchSimilarFlags& flags, const LoadedModel& loaded, const CodeIndex& index) {
  const SimilarSamples similar = similar_to_files(loaded, index, flags.index, flags.queries,
                                                  flags.indexing.fit, flags.options, on_terminal());
  const Json figures = with_index(flags, similar.figures);
  write_picture(flags.out, similar.picture, figures);
  say(fmt::format("wrote {}", flags.out));
  std::vector<std::vector<std::string>> rows = {{"query", "rank", "image", "shared layers", "equal layers"}};
  for (const Neighbour& one : similar.found)
    rows.push_back({one.query, std::to_string(one.rank), std::to_string(one.row), std::to_string(one.prefix),
                    std::to_string(one.agreeing)});
  show(flags.common, figures,
       table(rows) + fmt::format("{} layers; each row of the picture is a query and its {} nearest\n",
                                 similar.layers, similar.neighbours));
}

void evaluate_queries(const SearchSimilarFlags& flags, const LoadedModel& loaded, const CodeIndex& index) {
  const SimilarAgreement found =
      similar_agreement(loaded, index, flags.index, flags.indexing.data, flags.query_split, flags.evaluate,
                        flags.options, on_terminal());
  const auto percent = [](double value) { return fmt::format("{:.1f} %", 100 * value); };
  show(flags.common, with_index(flags, found.figures),
       table({{"neighbours with the query's label", "nearest", fmt::format("nearest {}", found.neighbours)},
              {"by " + flags.options.by, percent(found.first_by_code), percent(found.all_by_code)},
              {"by pixels", percent(found.first_by_values), percent(found.all_by_values)}}) +
           fmt::format("{} queries in {} images; the nearest shares {:.2f} layers on average\n",
                       found.queries, found.samples, found.shared_layers));
}

int run_search_similar(SearchSimilarFlags flags) {
  check_picture_output(flags.out, flags.common.force);
  const bool exists = std::filesystem::exists(flags.index),
             ask = flags.evaluate > 0 || !flags.queries.empty(), known = !flags.indexing.data.empty();
  STEER_CHECK(ask || known,
              "[search-similar] expected images to look for, --evaluate N, or --data DIR to index");
  STEER_CHECK(exists || known, "[search-similar] ", flags.index,
              ": expected an index but there is none; --data DIR makes it");
  if (!ask || !exists) check_file_output(flags.index, OutputKind::kIndex, flags.common.force);
  const Computing computing = flags.common.start();
  flags.indexing.device = flags.options.device = computing.device;
  CodeIndex index;
  if (ask && exists) index = read_index(read_file(flags.index), flags.index);
  const LoadedModel loaded = opened(flags.run, computing);
  if (!ask || !exists) index = made_index(flags, loaded);
  if (flags.evaluate > 0) {
    evaluate_queries(flags, loaded, index);
  } else if (ask) {
    answer_queries(flags, loaded, index);
  }
  return 0;
}

}  // namespace

void add_search_similar(CLI::App& app, Run& run) {
  auto flags = std::make_shared<SearchSimilarFlags>();
  IndexOptions& index = flags->indexing;
  SimilarOptions& options = flags->options;
  CLI::App* command = app.add_subcommand(
      "search-similar", "index a data set by its codes and find the images that are like given ones");
  command->add_option("run", flags->run, "run folder or checkpoint file of a ddn")->required();
  command->add_option("queries", flags->queries, "PNG, JPEG or WebP files to look for");
  command->add_option("--data", index.data,
                      "the data set to index; with --evaluate, where queries come from");
  command->add_option("--split", index.split, "its part to index: train, test or validation")
      ->capture_default_str();
  command->add_option("--indexed,--images", index.count, "index this many of its images; 0 = all")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  add_fit_flags(command, index.fit, "images of another size: resize, pad or crop");
  command->add_option("--index", flags->index, "file of the index (docs/code_format.md)")
      ->capture_default_str();
  command->add_option("-n,--count,--neighbours", options.neighbours, "images to find for each")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  command
      ->add_option(
          "--by", options.by,
          "sketch: nearest is whose decoded image, at 8x8 pixels as the index keeps it, is nearest to "
          "the query; prefix: whose code shares most layers with the query's from the first on, equal "
          "ones by their sketches")
      ->capture_default_str()
      ->check(CLI::IsMember({"sketch", "prefix"}));
  command
      ->add_option("--evaluate", flags->evaluate,
                   "in place of a picture: share of neighbours with the query's label over this many images")
      ->check(CLI::PositiveNumber);
  command->add_option("--query-split", flags->query_split, "with --evaluate: where queries come from")
      ->capture_default_str();
  add_picture_flag(command, flags->out, flags->common.force,
                   "picture to write: each row a query and what is like it");
  flags->common.add_to(command);
  command->callback([=, &run] { run = [=] { return run_search_similar(*flags); }; });
}

}  // namespace steer
