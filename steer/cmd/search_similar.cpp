// steer search-similar: an index of a data set by codes, and the images in it that are like a given one.
#include <fmt/format.h>

#include <filesystem>

#include "steer/cmd/command.h"
#include "steer/codes/code_index.h"
#include "steer/codes/similarity.h"
#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/core/tensors.h"
#include "steer/modalities/modalities.h"

namespace steer {
namespace {

constexpr int64_t kSketchSide = 8;

struct SearchSimilarFlags {
  Common common;
  std::vector<std::string> queries;
  std::string run, data, split = "train", query_split = "test", fit, index = "codes.idx", out = "similar.png";
  std::string by = "sketch";
  int64_t images = 0, neighbours = 8, evaluate = 0, batch = 64;
};

CodeIndex built(const SearchSimilarFlags& flags, const DdnModel& model, torch::Device device) {
  const torch::Tensor x = load_images(flags.data, flags.split, flags.fit, model.shape(), flags.images).x;
  say(fmt::format("encoding {} images", x.size(0)));
  const Reconstruction made = reconstruct_all(model, x, flags.batch, 1, device);
  const int64_t side = std::min(kSketchSide, model.shape().height);
  const torch::Tensor sketch = to_bytes(area_resize(made.images.clamp(-1, 1), side, side));
  return {model.code_file(made.code, Coder::kAdaptive), sketch, flags.data, flags.split, flags.fit};
}

torch::Tensor distances(const torch::Tensor& images, const torch::Tensor& x) {
  return (images - x).square().mean({1, 2, 3});
}

// What in the index is like one image [1, C, H, W] with this code.
SimilarCodes similar_to(const SearchSimilarFlags& flags, const torch::Tensor& x, const torch::Tensor& query,
                        const torch::Tensor& codes, const torch::Tensor& sketches) {
  const torch::Tensor distance = distances(sketches, area_resize(x, sketches.size(2), sketches.size(3)));
  if (flags.by == "sketch") return nearest_rows(query, codes, distance, flags.neighbours);
  return similar_codes(query, codes, flags.neighbours,
                       [&](const torch::Tensor& rows) { return distance.index_select(0, rows); });
}

// The images of the index's data set at these rows.
torch::Tensor pictures(const CodeIndex& index, const torch::Tensor& rows, const ImageShape& shape) {
  DataOptions options;
  options.path = index.data;
  options.split = index.split;
  options.size = shape.height;
  options.channels = shape.channels;
  if (!index.fit.empty()) options.fit = index.fit;
  const auto data = make_dataset(options);
  return data->batch({rows.data_ptr<int64_t>(), rows.data_ptr<int64_t>() + rows.numel()}).data.x;
}

int answer_queries(const SearchSimilarFlags& flags, const DdnModel& model, const CodeIndex& index,
                   const torch::Tensor& codes, torch::Device device) {
  const torch::Tensor x = read_images(flags.queries, model.shape(), flags.fit);
  const torch::Tensor query = model.reconstruct(x.to(device)).code.cpu();
  const int64_t n = std::min(flags.neighbours, codes.size(0));
  std::vector<std::vector<std::string>> rows = {{"query", "rank", "image", "shared layers", "equal layers"}};
  Json found = Json::array();
  std::vector<torch::Tensor> cells;
  const torch::Tensor sketches = from_bytes(index.sketch);
  for (int64_t q = 0; q < x.size(0); ++q) {
    const SimilarCodes similar = similar_to(flags, x[q].unsqueeze(0), query[q], codes, sketches);
    cells.push_back(x[q].unsqueeze(0));
    cells.push_back(pictures(index, similar.row, model.shape()));
    const std::string& name = flags.queries[static_cast<size_t>(q)];
    for (int64_t i = 0; i < n; ++i) {
      const auto row = similar.row[i].item<int64_t>(), prefix = similar.prefix[i].item<int64_t>();
      const auto agreeing = similar.agreeing[i].item<int64_t>();
      rows.push_back({name, std::to_string(i + 1), std::to_string(row), std::to_string(prefix),
                      std::to_string(agreeing)});
      found.push_back(
          {{"query", name}, {"image", row}, {"shared_layers", prefix}, {"equal_layers", agreeing}});
    }
  }
  const Json figures = {{"run", flags.run},        {"index", flags.index}, {"images", codes.size(0)},
                        {"layers", codes.size(1)}, {"by", flags.by},       {"found", found}};
  write_picture(flags.out, image_grid(at::cat(cells), n + 1), figures);
  show(flags.common, figures,
       table(rows) + fmt::format("{} layers; each row of the picture is a query and its {} nearest\n",
                                 codes.size(1), n));
  return 0;
}

// How often the nearest images have the label of the query, beside plain distance between pixels.
int evaluate(const SearchSimilarFlags& flags, const DdnModel& model, const CodeIndex& index,
             const torch::Tensor& codes, torch::Device device) {
  const Loaded known = load_images(index.data, index.split, index.fit, model.shape(), codes.size(0));
  const std::string& data = flags.data.empty() ? index.data : flags.data;
  const Loaded asked = load_images(data, flags.query_split, index.fit, model.shape(), flags.evaluate);
  STEER_CHECK(known.x.size(0) == codes.size(0), "[search-similar] ", index.data, ": expected ", codes.size(0),
              " images as the index has but got ", known.x.size(0));
  STEER_CHECK(known.label.min().item<int64_t>() >= 0, "[search-similar] ", index.data,
              ": expected labels to evaluate by but it has none");
  say(fmt::format("encoding {} queries", asked.x.size(0)));
  const torch::Tensor query = reconstruct_all(model, asked.x, flags.batch, 1, device).code;
  const torch::Tensor sketches = from_bytes(index.sketch);
  const int64_t n = std::min(flags.neighbours, codes.size(0));
  // Shares of the first and of all n neighbours: by code, by pixels.
  torch::Tensor first = at::zeros({2}, torch::kFloat64), all = at::zeros({2}, torch::kFloat64);
  double prefix = 0;
  for (int64_t q = 0; q < asked.x.size(0); ++q) {
    const torch::Tensor x = asked.x[q].unsqueeze(0);
    const SimilarCodes similar = similar_to(flags, x, query[q], codes, sketches);
    prefix += similar.prefix[0].item<double>();
    const torch::Tensor by_pixels = std::get<1>(distances(known.x, x).topk(n, 0, false));
    const torch::Tensor rows = at::stack({similar.row, by_pixels});
    const torch::Tensor right =
        known.label.index_select(0, rows.flatten()).view({2, n}).eq(asked.label[q]).to(torch::kFloat64);
    first += right.select(1, 0);
    all += right.mean(1);
  }
  const auto count = static_cast<double>(asked.x.size(0));
  const auto share = [&](const torch::Tensor& sum, int64_t i) { return sum[i].item<double>() / count; };
  const Json figures = {{"run", flags.run},
                        {"index", flags.index},
                        {"images", codes.size(0)},
                        {"queries", asked.x.size(0)},
                        {"by", flags.by},
                        {"n", n},
                        {"first_by_code", share(first, 0)},
                        {"first_by_pixels", share(first, 1)},
                        {"all_by_code", share(all, 0)},
                        {"all_by_pixels", share(all, 1)},
                        {"mean_shared_layers", prefix / count}};
  const auto percent = [](double value) { return fmt::format("{:.1f} %", 100 * value); };
  show(flags.common, figures,
       table({{"neighbours with the query's label", "nearest", fmt::format("nearest {}", n)},
              {"by " + flags.by, percent(share(first, 0)), percent(share(all, 0))},
              {"by pixels", percent(share(first, 1)), percent(share(all, 1))}}) +
           fmt::format("{} queries in {} images; the nearest shares {:.2f} layers on average\n",
                       asked.x.size(0), codes.size(0), prefix / count));
  return 0;
}

int run_search_similar(const SearchSimilarFlags& flags) {
  const bool exists = std::filesystem::exists(flags.index),
             ask = flags.evaluate > 0 || !flags.queries.empty();
  STEER_CHECK(ask || !flags.data.empty(),
              "[search-similar] expected images to look for, --evaluate N, or --data DIR to index");
  STEER_CHECK(exists || !flags.data.empty(), "[search-similar] ", flags.index,
              ": expected an index but there is none; --data DIR makes it");
  const torch::Device device = flags.common.start();
  CodeIndex index;
  if (ask && exists) index = read_index(read_file(flags.index), flags.index);
  const LoadedDdn loaded = open_ddn(flags.common, flags.run, device, "search-similar");
  const DdnModel& model = *loaded.model;
  if (!ask || !exists) {
    index = built(flags, model, device);
    const std::string bytes = write_index(index);
    write_file(flags.index, bytes);
    say(fmt::format("wrote {}: {} images in {} bytes", flags.index, index.codes.code.size(0), bytes.size()));
    if (!ask) {
      const Json figures = {{"run", flags.run},
                            {"index", flags.index},
                            {"images", index.codes.code.size(0)},
                            {"bytes", bytes.size()}};
      show(flags.common, figures, "");
      return 0;
    }
  }
  const torch::Tensor codes = model.code_in(index.codes, flags.index);
  return flags.evaluate > 0 ? evaluate(flags, model, index, codes, device)
                            : answer_queries(flags, model, index, codes, device);
}

}  // namespace

void add_search_similar(CLI::App& app, Run& run) {
  auto flags = std::make_shared<SearchSimilarFlags>();
  CLI::App* command = app.add_subcommand(
      "search-similar", "index a data set by its codes and find the images that are like given ones");
  command->footer(
      "  steer search-similar RUN --data DIR --index codes.idx          makes the index\n"
      "  steer search-similar RUN photo.png --index codes.idx -n 8      looks in it");
  command->add_option("run", flags->run, "run folder or checkpoint file of a ddn")->required();
  command->add_option("queries", flags->queries, "PNG or JPEG files to look for");
  command->add_option("--data", flags->data,
                      "the data set to index; with --evaluate, where queries come from");
  command->add_option("--split", flags->split, "its part to index: train or test")->capture_default_str();
  command->add_option("--images", flags->images, "index this many of its images; 0 = all")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  command->add_option("--fit", flags->fit, "images of another size: resize or pad")
      ->check(CLI::IsMember({"resize", "pad", "crop"}));
  command->add_option("--index", flags->index, "file of the index (docs/code_format.md)")
      ->capture_default_str();
  command->add_option("-n,--neighbours", flags->neighbours, "images to find for each")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  command
      ->add_option(
          "--by", flags->by,
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
  command->add_option("-o,--out", flags->out, "picture to write: each row a query and what is like it")
      ->capture_default_str();
  flags->common.add_to(command);
  command->callback([=, &run] { run = [=] { return run_search_similar(*flags); }; });
}

}  // namespace steer
