// steer compare: the same tasks over several models and ways of guidance, as a page of tables and pictures.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <limits>
#include <map>

#include "steer/cmd/comparison.h"
#include "steer/cmd/interruption.h"
#include "steer/cmd/report.h"
#include "steer/cmd/yardsticks.h"
#include "steer/core/check.h"
#include "steer/core/files.h"
#include "steer/core/json_lines.h"
#include "steer/core/options.h"
#include "steer/core/progress.h"
#include "steer/core/tensors.h"
#include "steer/picture/images.h"
#include "steer/search/knobs.h"

namespace steer {
namespace {

struct CompareFlags {
  Common common;
  std::string runs, tasks, out = "report";
};

// What one method made of one task.
struct Result {
  Json figures;
  std::string setting, picture, refused;
};

class Comparison {
 public:
  Comparison(const CompareFlags& flags, torch::Device device)
      : flags_(flags), device_(device), plan_(read_comparison(flags.tasks)) {
    open_runs();
    std::filesystem::create_directories(flags_.out);
    read_journal();
  }

  int run() {
    notice_interruption();
    std::vector<ReportTask> report;
    Json all = Json::array();
    for (size_t t = 0; t < plan_.tasks.size(); ++t) {
      report.push_back(run_task(t, all));
      if (interruption_asked()) {
        say("interrupted: what is done is kept; the same command goes on");
        return 130;
      }
      write_file(flags_.out + "/index.html", report_html("Comparison of guidance", report));
    }
    write_file(flags_.out + "/figures.json", all.dump(2) + "\n");
    std::string text;
    for (const ReportTask& task : report)
      text += task.name + ": " + task.objective + "\n" + table_of(task) + "\n";
    show(flags_.common, all, text + flags_.out + "/index.html shows it with pictures\n");
    return 0;
  }

 private:
  void open_runs() {
    size_t at = 0;
    while (at <= flags_.runs.size()) {
      const size_t comma = std::min(flags_.runs.find(',', at), flags_.runs.size());
      const std::string item = flags_.runs.substr(at, comma - at);
      const size_t equals = item.find('=');
      STEER_CHECK(!item.empty() && equals != 0 && equals != item.size() - 1,
                  "[compare] --runs: expected NAME=RUN,... but got ", in_quotes(flags_.runs));
      const std::string path = equals == std::string::npos ? item : item.substr(equals + 1);
      names_.push_back(equals == std::string::npos ? item : item.substr(0, equals));
      models_.push_back(open_model(flags_.common, path, device_));
      fingerprints_.push_back(std::to_string(weight_fingerprint(models_.back().model->module())));
      const std::string family = models_.back().model->family();
      STEER_CHECK(family == "ddn" || family == "diffusion", "[compare] ", path,
                  ": expected a ddn or a diffusion model but got a ", family);
      at = comma + 1;
    }
    const ImageShape first = models_.front().model->shape();
    for (size_t i = 1; i < models_.size(); ++i) {
      const ImageShape other = models_[i].model->shape();
      STEER_CHECK(
          other.channels == first.channels && other.height == first.height && other.width == first.width,
          "[compare] --runs: expected models of one image shape but ", names_[0], " and ", names_[i],
          " differ");
    }
  }

  void read_journal() {
    const std::string path = flags_.out + "/results.jsonl";
    const JsonLines lines = read_json_lines(path);
    for (const Json& json : lines.values)
      known_[json.at("key").dump()] = {json.at("figures"), json.at("setting"), json.at("picture"),
                                       json.at("refused")};
    log_ = std::make_unique<LogFile>(path, lines.bytes);
  }

  ReportTask run_task(size_t t, Json& all) {
    const ComparedTask& entry = plan_.tasks[t];
    const ImageShape shape = models_.front().model->shape();
    YardstickFlags asked;
    asked.judge = entry.judge, asked.features = entry.features, asked.reference = entry.reference;
    asked.same_judge = entry.same_judge;
    const Yardsticks yardsticks = asked.open(entry.objective, shape, device_);
    const torch::Tensor truth = entry.data.empty()
                                    ? torch::Tensor()
                                    : load_images(entry.data, entry.split, entry.fit, shape, entry.count).x;
    TaskOptions options;
    options.objective = entry.objective, options.count = entry.count, options.batch = entry.batch;
    options.seed = static_cast<uint64_t>(flags_.common.seed), options.fit = entry.fit;
    const Task task(options, shape, truth, device_);
    const std::vector<std::string> metrics = measurable(task, yardsticks);

    ReportTask report;
    report.name = entry.name, report.objective = task.words();
    report.note = fmt::format(
        "{} samples for each method, seeds from {}{}{}", task.count(), flags_.common.seed,
        entry.judge.empty() ? "" : "; judged by " + entry.judge,
        plan_.search > 0
            ? fmt::format("; strengths of methods with a gradient searched with {} trials "
                          "of {} samples on other seeds{}",
                          plan_.search, plan_.search_samples, truth.defined() ? " and training images" : "")
            : "; strengths as set, not searched");
    report.columns = metrics;
    report.columns.insert(report.columns.end(), {"seconds", "evaluations"});
    const std::string stem = fmt::format("task{}", t + 1);
    constexpr int64_t kShown = 20;
    const int64_t some = std::min(kShown, task.count());
    if (task.degraded().defined()) {
      picture(stem + "_given.png", task.degraded().narrow(0, 0, some).clamp(-1, 1));
      report.given.push_back({"given", stem + "_given.png"});
    }
    if (truth.defined()) {
      picture(stem + "_truth.png", truth.narrow(0, 0, some));
      report.given.push_back({"truth", stem + "_truth.png"});
    }
    std::vector<Json> figures;
    for (size_t m = 0; m < models_.size(); ++m) {
      for (const auto& [name, json] : plan_.methods.items()) {
        const ComparedMethod method = compared_method(name, json, flags_.tasks);
        Model& model = *models_[m].model;
        if (method.family != model.family() || interruption_asked()) continue;
        if (method.method == "pigdm" && task.objective().linear().empty()) continue;
        const Json key = {{"task", options_json(entry)},
                          {"seed", flags_.common.seed},
                          {"run", names_[m]},
                          {"model", fingerprints_[m]},
                          {"method", name},
                          {"as", json},
                          {"search", {plan_.search, plan_.search_samples}}};
        const std::string file = fmt::format("{}_{}_{}.png", stem, file_name(names_[m]), file_name(name));
        auto found = known_.find(key.dump());
        if (found == known_.end()) {
          const Result result =
              run_method(entry, task, yardsticks, metrics, model, method, json, names_[m] + " " + name, file);
          if (interruption_asked()) continue;
          log_->write({{"key", key},
                       {"figures", result.figures},
                       {"setting", result.setting},
                       {"picture", result.picture},
                       {"refused", result.refused}});
          found = known_.emplace(key.dump(), result).first;
        }
        const Result& result = found->second;
        ReportRow row{names_[m], name,           result.refused.empty() ? result.setting : result.refused,
                      {},        result.picture, {}};
        for (const std::string& column : report.columns) row.cells.push_back(cell(result.figures, column));
        report.rows.push_back(row);
        figures.push_back(result.figures);
        all.push_back({{"task", entry.name},
                       {"run", names_[m]},
                       {"method", name},
                       {"setting", row.setting},
                       {"figures", result.figures}});
      }
    }
    mark_best(report, figures);
    return report;
  }

  Result run_method(const ComparedTask& entry, const Task& task, const Yardsticks& yardsticks,
                    const std::vector<std::string>& metrics, Model& model, const ComparedMethod& method,
                    const Json& json, const std::string& title, const std::string& file) {
    Result result;
    result.figures = Json::object();
    try {
      GuidancePlan plan = plan_of(method, model, json, flags_.tasks);
      if (plan_.search > 0 && method.searched)
        plan.guidance = searched(entry, yardsticks, model, method, plan, title);
      Progress progress(title, 1.0, isatty(STDERR_FILENO), std::cerr, "");
      const Made made = task.run(
          model,
          [&](SampleRequest& request, int64_t, int64_t) {
            plan.put_into(request);
            if (method.method == "unguided") request.objective = nullptr;
          },
          [&](double share) { progress.update(share); });
      progress.finish();
      result.figures = measure(task, made, yardsticks, metrics);
      result.figures["seconds"] = made.seconds / static_cast<double>(task.count());
      result.figures["evaluations"] = made.evaluations;
      result.setting = setting_text(plan, method);
      picture(file, made.images.narrow(0, 0, std::min<int64_t>(20, task.count())));
      result.picture = file;
    } catch (const Error& error) {
      // What cannot work is part of the answer.
      result.refused = error.what();
    }
    return result;
  }

  GuidanceOptions searched(const ComparedTask& entry, const Yardsticks& yardsticks, Model& model,
                           const ComparedMethod& method, const GuidancePlan& plan, const std::string& title) {
    // Other seeds, and training images, so that nothing is selected on what is reported.
    constexpr uint64_t kFresh = 2000000;
    const torch::Tensor truth =
        entry.data.empty()
            ? torch::Tensor()
            : load_images(entry.data, "train", entry.fit, model.shape(), plan_.search_samples).x;
    TaskOptions options;
    options.objective = entry.objective, options.count = plan_.search_samples, options.batch = entry.batch;
    options.seed = static_cast<uint64_t>(flags_.common.seed) + kFresh, options.fit = entry.fit;
    const Task task(options, model.shape(), truth, device_);
    const std::string metric = !entry.metric.empty() ? entry.metric : yardsticks.judge ? "accuracy" : "psnr";
    const std::vector<Knob> knobs = suited_knobs(method.method, truth.defined());
    SearchOptions search_options;
    search_options.samples = plan_.search_samples;
    search_options.budget = plan_.search * plan_.search_samples;
    search_options.sweeps = 1000;
    search_options.higher_is_better = higher_is_better(metric);
    SearchHooks hooks;
    hooks.stop = interruption_asked;
    hooks.run = [&](const std::vector<double>& values, int64_t) {
      Trial trial;
      trial.metric = std::numeric_limits<double>::quiet_NaN();
      GuidancePlan turned_plan = plan;
      turned_plan.guidance = turned(method.guidance, method.method, knobs, values);
      try {
        const Made made =
            task.run(model, [&](SampleRequest& request, int64_t, int64_t) { turned_plan.put_into(request); });
        trial.metric = measure(task, made, yardsticks, {metric})[metric].get<double>();
      } catch (const Error&) {
        // Not finite: too strong.
      }
      say(fmt::format("search {}: {}; {} {:.4g}", title, described(knobs, values), metric, trial.metric));
      return trial;
    };
    const SearchResult found = search(knobs, search_options, hooks);
    STEER_CHECK(found.best >= 0, "[compare] ", title, ": no strength that was tried works");
    return turned(method.guidance, method.method, knobs,
                  found.trials[static_cast<size_t>(found.best)].values);
  }

  void picture(const std::string& file, const torch::Tensor& images) const {
    write_png(flags_.out + "/" + file, image_grid(images, 20));
  }

  static std::string file_name(const std::string& text) {
    std::string name;
    for (const char c : text) name += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
    return name;
  }

  static std::string cell(const Json& figures, const std::string& column) {
    if (!figures.contains(column) || figures[column].is_null()) return "";
    const double value = figures[column].get<double>();
    if (column == "accuracy") return fmt::format("{:.1f} %", 100 * value);
    if (column == "psnr") return fmt::format("{:.2f} dB", value);
    if (column == "evaluations") return value > 0 ? fmt::format("{:.0f}", value) : "1 pass";
    return fmt::format("{:.3g}", value);
  }

  static void mark_best(ReportTask& report, const std::vector<Json>& figures) {
    for (ReportRow& row : report.rows) row.best.assign(report.columns.size(), false);
    for (size_t c = 0; c < report.columns.size(); ++c) {
      const std::string& column = report.columns[c];
      if (column == "seconds" || column == "evaluations" || column == "diversity") continue;
      const double sign = higher_is_better(column) ? 1 : -1;
      int64_t best = -1;
      for (size_t r = 0; r < figures.size(); ++r) {
        if (!figures[r].contains(column) || figures[r][column].is_null()) continue;
        if (best < 0 || sign * figures[r][column].get<double>() >
                            sign * figures[static_cast<size_t>(best)][column].get<double>())
          best = static_cast<int64_t>(r);
      }
      if (best >= 0) report.rows[static_cast<size_t>(best)].best[c] = true;
    }
  }

  static std::string table_of(const ReportTask& task) {
    std::vector<std::vector<std::string>> rows = {{"run", "method"}};
    rows[0].insert(rows[0].end(), task.columns.begin(), task.columns.end());
    for (const ReportRow& row : task.rows) {
      rows.push_back({row.run, row.method});
      rows.back().insert(rows.back().end(), row.cells.begin(), row.cells.end());
    }
    return table(rows);
  }

  const CompareFlags& flags_;
  torch::Device device_;
  ComparisonPlan plan_;
  std::vector<std::string> names_, fingerprints_;
  std::vector<LoadedModel> models_;
  std::map<std::string, Result> known_;
  std::unique_ptr<LogFile> log_;
};

}  // namespace

void add_compare(CLI::App& app, Run& run) {
  auto flags = std::make_shared<CompareFlags>();
  CLI::App* command = app.add_subcommand(
      "compare",
      "run the same tasks over several models and ways of guidance; writes a page with tables and pictures");
  command->add_option("--runs", flags->runs, "NAME=RUN,NAME=RUN: ddn and diffusion models of one image shape")
      ->required();
  command
      ->add_option(
          "--objectives", flags->tasks,
          "a JSON file: {\"tasks\": [{\"name\", \"objective\", \"data\", \"judge\", \"features\", \"count\", "
          "...}], \"methods\": {...}, \"search\": trials}; docs/guidance.md explains it")
      ->required();
  command
      ->add_option("-o,--out", flags->out,
                   "folder to write: index.html, its pictures, figures.json; a folder of an interrupted "
                   "comparison is gone on with")
      ->capture_default_str();
  flags->common.add_to(command);
  command->callback([=, &run] {
    run = [=] {
      const torch::Device device = flags->common.start();
      return Comparison(*flags, device).run();
    };
  });
}

}  // namespace steer
